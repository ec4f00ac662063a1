"""D1 to D4 of the README's guarantees: a short run of faults under writers, and the moments that
chance seldom hits, one by one. The long run is tests/faults/run."""

import os
import pathlib
import signal
import threading
import unittest

import grpc

import campaign
import harness
from harness import event_pb, ingest_pb
from stack import Stack

FEED = "faults"
RESENDS_MAX = 20
LOOKED_UP_MAX_S = 40  # how long annalsd may take to find out what became of a commit
PATIENCE = 10  # Others use the processors, too.


class ShortRunTest(unittest.TestCase):
    """kill -9 of annalsd and of PostgreSQL, and cut connections, at random moments."""

    @classmethod
    def setUpClass(cls):
        plan = campaign.Plan(kills=3, postgres_kills=3, cuts=12, writers=4, watchers=0,
                             patience=PATIENCE)
        cls.violations = campaign.run(plan, harness.seeded_random())

    def assert_kept(self, promise):
        self.assertEqual([what for what in self.violations if what.startswith(promise)], [])

    def test_d1_acknowledged_is_durable(self):
        self.assert_kept("D1")

    def test_d2_sent_again_has_one_effect(self):
        self.assert_kept("D2")

    def test_d3_no_ghosts_no_halves_positions_dense(self):
        self.assert_kept("D3")

    def test_d4_answers_are_true(self):
        self.assert_kept("D4")

    def test_r1_serves_again_after_each_fault(self):
        self.assert_kept("R1")


class FaultTest(unittest.TestCase):
    """A stack for the tests of a class, with a feed."""

    embedded = True

    @classmethod
    def setUpClass(cls):
        cls.stack = cls.enterClassContext(Stack(cls.embedded))
        cls.client = cls.enterClassContext(harness.Client(cls.stack.proxy.address))
        cls.direct = cls.enterClassContext(cls.stack.client())
        cls.direct.create_feed(FEED)

    def setUp(self):
        self.serves_again()

    @staticmethod
    def name(event):
        return f"feeds/{FEED}/events/{event}"

    def upsert(self, event, client=None, **fields):
        """Sends one event, and answers the row's outcome or the code of the error."""
        request = ingest_pb.BatchUpsertEventsRequest(rows=[ingest_pb.EventUpsert(
            event=harness.event(self.name(event), **fields))])
        try:
            answer = (client or self.client).ingest.BatchUpsertEvents(
                request, timeout=LOOKED_UP_MAX_S)
        except grpc.RpcError as error:
            return error.code()
        return answer.results[0].outcome

    def titles(self, event):
        """Of all its revisions, oldest first."""
        try:
            answer = self.direct.events.ListEventRevisions(
                event_pb.ListEventRevisionsRequest(name=self.name(event)),
                timeout=harness.DEADLINE_S)
        except grpc.RpcError as error:
            self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND, error.details())
            return []
        return [revision.event.title for revision in reversed(answer.revisions)]

    def serves_again(self):
        """Writes until one is taken."""
        harness.wait_until(
            lambda: self.upsert("again", self.direct) in
            (ingest_pb.ROW_OUTCOME_CREATED, ingest_pb.ROW_OUTCOME_UNCHANGED), "it serves again")


class UncertainCommitTest(FaultTest):
    """D4: the connection between annalsd and PostgreSQL is lost at the COMMIT."""

    embedded = False

    def setUp(self):
        super().setUp()
        self.proxy = self.stack.database_proxy

    def commit_lost(self, event, delivered, reset=False):
        self.proxy.cut_commit(delivered, reset)
        outcome = self.upsert(event)
        self.assertFalse(self.proxy.is_armed())
        return outcome

    def test_a_commit_that_took_place_is_acknowledged(self):
        outcome = self.commit_lost("done", delivered=True)
        self.assertEqual(outcome, ingest_pb.ROW_OUTCOME_CREATED)
        self.assertEqual(self.titles("done"), ["A battle"])
        self.assertEqual(self.upsert("done"), ingest_pb.ROW_OUTCOME_UNCHANGED)

    def test_a_commit_that_never_came_is_not_acknowledged(self):
        outcome = self.commit_lost("lost", delivered=False)
        self.assertEqual(outcome, grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(self.titles("lost"), [])
        self.assertEqual(self.upsert("lost"), ingest_pb.ROW_OUTCOME_CREATED)

    def test_a_commit_on_its_way_is_looked_up(self):
        outcome = self.commit_lost("race", delivered=None)
        stored = bool(self.titles("race"))
        self.assertEqual(outcome, ingest_pb.ROW_OUTCOME_CREATED if stored
                         else grpc.StatusCode.UNAVAILABLE)

    def test_what_cannot_be_looked_up_is_not_acknowledged(self):
        """PostgreSQL cannot be reached any more: the answer may be late, and says nothing."""
        fired = self.proxy.fired.get("commit", 0)
        self.proxy.cut_commit(True)
        outcomes = []
        sender = threading.Thread(target=lambda: outcomes.append(self.upsert("unknown")))
        sender.start()
        self.assertTrue(self.proxy.wait_fired("commit", fired + 1))
        self.proxy.refuse()
        self.proxy.cut()
        sender.join(2 * LOOKED_UP_MAX_S)
        self.proxy.recover()
        # It may have been looked up just before it was refused.
        self.assertIn(outcomes, ([grpc.StatusCode.UNKNOWN], [grpc.StatusCode.UNAVAILABLE],
                                 [grpc.StatusCode.DEADLINE_EXCEEDED],
                                 [ingest_pb.ROW_OUTCOME_CREATED]))
        self.serves_again()
        self.assertEqual(self.upsert("unknown"), ingest_pb.ROW_OUTCOME_UNCHANGED)


class ResendTest(FaultTest):
    """D2: sent again and again, from two connections at once, over cuts and restarts."""

    def test_a_lost_answer_and_up_to_twenty_resends_have_one_effect(self):
        random = harness.seeded_random()
        for number, title in enumerate(("First", "Second", "First")):
            self.stack.proxy.swallow_reply(reset=number % 2 == 0)
            self.assertEqual(self.upsert("resent", title=title), grpc.StatusCode.UNAVAILABLE)
            self.send_at_once("resent", title, random.randrange(1, RESENDS_MAX + 1))
            self.stack.kill_server(lambda client: self.upsert(f"up-{number}", client))
            self.send_at_once("resent", title, random.randrange(1, RESENDS_MAX + 1))
            self.assertEqual(self.titles("resent"), ["First", "Second", "First"][:number + 1])

    def send_at_once(self, event, title, times):
        """From two connections, each so often."""
        outcomes = []

        def send():
            with harness.Client(self.stack.proxy.address) as client:
                outcomes.extend(self.upsert(event, client, title=title) for _ in range(times))

        senders = [threading.Thread(target=send) for _ in range(2)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(harness.DEADLINE_S)
        self.assertEqual(outcomes, 2 * times * [ingest_pb.ROW_OUTCOME_UNCHANGED])

    def test_two_connections_at_once_create_once(self):
        outcomes = []
        barrier = threading.Barrier(2)

        def send():
            with harness.Client(self.stack.proxy.address) as client:
                for number in range(100):
                    barrier.wait(harness.DEADLINE_S)
                    outcomes.append(self.upsert(f"both-{number}", client))

        senders = [threading.Thread(target=send) for _ in range(2)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(harness.DEADLINE_S)
        self.assertEqual(outcomes.count(ingest_pb.ROW_OUTCOME_CREATED), 100)
        self.assertEqual(outcomes.count(ingest_pb.ROW_OUTCOME_UNCHANGED), 100)
        self.serves_again()


class FailpointTest(FaultTest):
    """annalsd dies, or loses PostgreSQL, at the very commit of a write."""

    PASS = 40  # Later than what it writes when it starts.

    def restart(self, program, **environment):
        """Ends annalsd, where it has not ended, and starts it, or one with failpoints."""
        self.stack.server.stop()
        self.stack.server.program = program
        self.stack.server.environment = {**os.environ, **environment}
        self.stack.server.start()

    def strike(self, point, action):
        """Writes events until the point acts. Answers the one that struck, and what its sender was
        told."""
        points = f"write.{point}={action}@{self.PASS}"
        self.restart("annalsd_failpoints", ANNALS_FAILPOINTS=points)
        self.assertIn(f"ANNALS_FAILPOINTS={points} ANNALS_FAILPOINTS_SEED=",
                      self.stack.server.log())
        outcomes = {}
        for number in range(self.PASS):
            event = f"{point}-{action}-{number}"
            outcomes[event] = self.upsert(event)
            if self.stack.server.process.poll() is not None:
                break
        if action == "kill":
            self.assertEqual(self.stack.server.wait(), -signal.SIGKILL)
            self.restart("annalsd")
        self.serves_again()
        self.check(outcomes)
        struck = list(outcomes)[-1] if action == "kill" else next(
            (event for event, outcome in outcomes.items()
             if outcome != ingest_pb.ROW_OUTCOME_CREATED), None)
        return struck, outcomes.get(struck)

    def check(self, outcomes):
        """What was acknowledged is there."""
        for event, outcome in outcomes.items():
            if outcome == ingest_pb.ROW_OUTCOME_CREATED:
                self.assertEqual(self.titles(event), ["A battle"], event)

    def test_killed_before_the_commit_nothing_is_stored(self):
        event, outcome = self.strike("before_commit", "kill")
        self.assertEqual(outcome, grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(self.titles(event), [])
        self.assertEqual(self.upsert(event, self.direct), ingest_pb.ROW_OUTCOME_CREATED)

    def test_killed_after_the_commit_it_is_stored_and_unchanged_when_sent_again(self):
        event, outcome = self.strike("after_commit", "kill")
        self.assertEqual(outcome, grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(self.titles(event), ["A battle"])
        self.assertEqual(self.upsert(event, self.direct), ingest_pb.ROW_OUTCOME_UNCHANGED)

    def test_a_connection_lost_before_the_commit_is_told_so(self):
        event, outcome = self.strike("before_commit", "error")
        self.assertEqual(outcome, grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(self.titles(event), [])

    def test_a_connection_lost_after_the_commit_is_looked_up(self):
        self.assertEqual(self.strike("after_commit", "error"), (None, None), "all acknowledged")
        self.assertIn("a commit in doubt was stored", self.stack.server.log())


class ShippedProgramTest(unittest.TestCase):
    def test_failpoints_are_not_in_annalsd(self):
        words = (b"ANNALS_FAILPOINTS", b"write.before_commit", b"by a failpoint")
        shipped = pathlib.Path(harness.BIN_DIR / "annalsd").read_bytes()
        failing = pathlib.Path(harness.BIN_DIR / "annalsd_failpoints").read_bytes()
        built_with = os.environ["ANNALS_WITH_FAILPOINTS"] in ("ON", "1", "TRUE")
        for word in words:
            self.assertIn(word, failing)
            self.assertEqual(word in shipped, built_with, word)


if __name__ == "__main__":
    unittest.main()
