"""How much one caller may ask for: what is beyond is refused with the time after which it is not,
and no other caller is the worse for it."""

import time
import unittest

import grpc

import harness
from harness import event_pb, ingest_pb

EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
CALLS_MAX = 500
DAY_S = 86_400


class QuotaTest(harness.AccessTest):
    callers = {name: ("--role", "contributor", "--feed", "shared")
               for name in ("quick", "other", "streamer", "batcher", "sender")}

    @classmethod
    def prepare(cls):
        cls.client.create_feed("shared")

    def exhausted(self, call, reason):
        """The call must be refused for this; how long the caller is told to wait is returned."""
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        self.assertEqual(caught.exception.code(), EXHAUSTED, caught.exception.details())
        self.assertEqual(harness.error_info(caught.exception).reason, reason)
        return harness.retry_delay_s(caught.exception)

    def rows(self, first, count):
        return [ingest_pb.EventUpsert(event=harness.event(f"feeds/shared/events/{number}"))
                for number in range(first, first + count)]


class RequestsTest(QuotaTest):
    arguments = ("--requests-per-second", "5")

    def test_a_refused_request_is_taken_after_the_time_that_was_told(self):
        client, other = self.make_client("quick"), self.make_client("other")

        def exhaust():
            for _ in range(CALLS_MAX):
                client.count()

        for _ in range(3):
            delay = self.exhausted(exhaust, "TOO_MANY_REQUESTS")
            refused = time.monotonic()
            self.assertGreater(delay, 0)
            self.assertLessEqual(delay, 1 / 5)
            other.count()
            harness.wait_until(lambda r=refused, d=delay: time.monotonic() >= r + d, "it passes")
            client.count()


class StreamsTest(QuotaTest):
    arguments = ("--streams-max", "1")

    def test_one_stream_at_a_time(self):
        client = self.make_client("streamer")
        first = client.ingest.IngestEvents(harness.Hold(self).messages(
            ingest_pb.IngestEventsRequest(batch=ingest_pb.EventBatch(rows=self.rows(0, 1)))))
        self.assertEqual(next(first).counts.created, 1)

        def export():
            return list(client.events.ExportEvents(event_pb.ExportEventsRequest()))

        self.assertGreater(self.exhausted(export, "TOO_MANY_STREAMS"), 0)
        self.assertGreater(self.exhausted(
            lambda: list(client.ingest.IngestEvents(iter(()))), "TOO_MANY_STREAMS"), 0)
        client.count()  # Other calls are none of them.
        other = self.make_client("other")
        self.assertTrue(list(other.events.ExportEvents(event_pb.ExportEventsRequest())))
        first.cancel()

        def exported():
            try:
                return export()
            except grpc.RpcError as error:
                self.assertEqual(error.code(), EXHAUSTED)
                return None

        harness.wait_until(exported, "there is room when the first has ended")


class RowsTest(QuotaTest):
    arguments = ("--rows-per-day", "10")

    def test_rows_of_batches(self):
        client = self.make_client("batcher")

        def send(first, count):
            return client.ingest.BatchUpsertEvents(
                ingest_pb.BatchUpsertEventsRequest(rows=self.rows(first, count)))

        self.assertEqual(send(100, 6).counts.created, 6)
        delay = self.exhausted(lambda: send(106, 5), "TOO_MANY_ROWS")
        self.assertGreater(delay, 0)
        self.assertLessEqual(delay, DAY_S - time.time() % DAY_S + 1)
        with self.refused(grpc.StatusCode.NOT_FOUND):  # None of a refused batch went in.
            client.events.GetEvent(event_pb.GetEventRequest(name="feeds/shared/events/106"))
        self.assertEqual(send(106, 4).counts.created, 4, "what was refused is not counted")
        self.exhausted(lambda: send(110, 1), "TOO_MANY_ROWS")
        self.assertGreaterEqual(client.count(), 10, "asking goes on")
        self.make_client("other").upsert(harness.event("feeds/shared/events/others"))

    def test_rows_of_streams(self):
        client = self.make_client("sender")
        answers = client.ingest.IngestEvents(iter([
            ingest_pb.IngestEventsRequest(batch=ingest_pb.EventBatch(rows=self.rows(first, 6)))
            for first in (200, 206)]))
        self.assertEqual(next(answers).counts.created, 6)
        self.exhausted(lambda: next(answers), "TOO_MANY_ROWS")
        with self.refused(grpc.StatusCode.NOT_FOUND):
            client.events.GetEvent(event_pb.GetEventRequest(name="feeds/shared/events/206"))


del QuotaTest  # What it has in common is no test.

if __name__ == "__main__":
    unittest.main()
