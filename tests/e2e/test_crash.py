"""kill -9 of annalsd and of its PostgreSQL while events go in: no acknowledged event is lost, none
is doubled, none appears that was not sent, and it goes on by itself."""

import os
import signal
import threading
import unittest

import grpc

import harness
from harness import event_pb, ingest_pb

ROUNDS = 4
BATCH_ROWS = 40
ACKNOWLEDGED_MIN = 400


class Sender(threading.Thread):
    """Sends numbered batches on one stream until it breaks or is told to end. A batch may be sent
    without waiting for the answer to the one before."""

    def __init__(self, address, round_number):
        super().__init__(daemon=True)
        self.address = address
        self.round_number = round_number
        self.sent = []
        self.acknowledged = set()
        self.ending = threading.Event()
        self.error = None

    def messages(self):
        number = 0
        while not self.ending.is_set():
            rows = [ingest_pb.EventUpsert(event=harness.event(
                f"feeds/crash/events/{self.round_number}-{number}-{row}",
                title=f"Event {self.round_number}-{number}-{row}", description="x" * 500))
                for row in range(BATCH_ROWS)]
            self.sent.append([row.event.name for row in rows])
            yield ingest_pb.IngestEventsRequest(batch=ingest_pb.EventBatch(rows=rows))
            number += 1

    def run(self):
        with harness.Client(self.address) as client:
            try:
                answers = client.ingest.IngestEvents(self.messages())
                for number, answer in enumerate(answers):
                    assert answer.counts.created == BATCH_ROWS, answer
                    self.acknowledged.update(self.sent[number])
            except grpc.RpcError as error:
                self.error = error


class CrashTest(unittest.TestCase):
    def setUp(self):
        self.random = harness.seeded_random()
        self.server = harness.Server(harness.temporary_directory(self)).start()
        self.addCleanup(self.server.stop)
        self.sent, self.acknowledged = set(), set()
        with harness.Client(self.server.address) as client:
            client.create_feed("crash")

    def send_until_struck(self, round_number, strike):
        """Streams events, strikes at a random moment, and keeps what was sent and acknowledged.
        Answers the error that ended the stream, or None where it went on."""
        sender = Sender(self.server.address, round_number)
        sender.start()
        moment = self.random.randrange(ACKNOWLEDGED_MIN, 5 * ACKNOWLEDGED_MIN)
        harness.wait_until(lambda: len(sender.acknowledged) >= moment or not sender.is_alive(),
                           "events are acknowledged")
        self.assertTrue(sender.is_alive(), sender.error)
        strike()
        seen = len(sender.acknowledged)
        harness.wait_until(
            lambda: not sender.is_alive() or len(sender.acknowledged) > seen + ACKNOWLEDGED_MIN,
            "the stream ends or goes on")
        sender.ending.set()
        sender.join(harness.DEADLINE_S)
        self.assertFalse(sender.is_alive(), "the stream ends")
        self.sent.update(name for batch in sender.sent for name in batch)
        self.acknowledged |= sender.acknowledged
        return sender.error

    def check_record(self):
        with harness.Client(self.server.address) as client:
            stored = [event.name for event in client.list_all()]
            self.assertEqual(len(stored), len(set(stored)), "none doubled")
            self.assertLessEqual(self.acknowledged, set(stored), "no acknowledged event lost")
            self.assertLessEqual(set(stored), self.sent, "no ghosts")
            self.assertEqual(client.count(), len(stored))
            revisions = client.events.ListEventRevisions(
                event_pb.ListEventRevisionsRequest(name=stored[0])).revisions
            self.assertEqual(len(revisions), 1)
            self.check_batches_are_whole(stored)

    def check_batches_are_whole(self, stored):
        batches = {}
        for name in stored:
            batches.setdefault(name.rpartition("-")[0], []).append(name)
        torn = {batch: len(names) for batch, names in batches.items() if len(names) != BATCH_ROWS}
        self.assertEqual(torn, {}, "a batch is wholly in or wholly out")

    def test_killed_annalsd(self):
        for round_number in range(ROUNDS):
            def strike():
                self.server.signal(signal.SIGKILL)
                self.server.wait()

            error = self.send_until_struck(round_number, strike)
            self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
            self.server.start()
            self.check_record()
        print(f"acknowledged {len(self.acknowledged)} of {len(self.sent)} sent")

    def test_killed_postgres_recovers_by_itself(self):
        for round_number in range(ROUNDS):
            postmaster = self.server.postmaster()

            def strike(pid=postmaster):
                os.kill(pid, signal.SIGKILL)

            error = self.send_until_struck(round_number, strike)
            # A batch whose COMMIT was under way is looked up when the database is back: where it is
            # found the stream goes on, and where it cannot be said the answer is UNKNOWN.
            if error is not None:
                self.assertIn(error.code(), (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN))
                self.assertTrue(harness.error_info(error).reason)
            with harness.Client(self.server.address) as client:
                harness.wait_until(lambda c=client: self.answers(c), "it serves again by itself")
            self.assertNotEqual(self.server.postmaster(), postmaster)
            self.check_record()
        self.assertIsNone(self.server.process.poll(), "annalsd itself never ended")

    def answers(self, client):
        try:
            client.count()
        except grpc.RpcError as error:
            self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE, error.details())
            self.assertNotIn("libpq", error.details())
            return False
        return True

    def test_killed_backend_is_survived(self):
        """PostgreSQL restarts all its processes when one is killed."""
        def strike():
            pid = self.server.postmaster()
            children = [int(entry) for entry in os.listdir("/proc")
                        if entry.isdigit() and harness.parent_process(entry) == pid]
            os.kill(self.random.choice(children), signal.SIGKILL)

        self.send_until_struck(0, strike)
        with harness.Client(self.server.address) as client:
            harness.wait_until(lambda: self.answers(client), "it serves again by itself")
        self.check_record()


if __name__ == "__main__":
    unittest.main()
