"""Who changed what is noted in the transaction of the change: as whom, from where, by which method,
under which request id, why; one row for each position, whatever is killed when."""

import json
import signal
import threading
import unittest

import grpc
from google.protobuf import json_format

import harness
from harness import catalog_pb, event_pb, events_pb, ingest_pb

ROUNDS = 2
SENDERS = 3
ACKNOWLEDGED_MIN = 20
COLUMNS = "principal, address, method, request_id, reason, subject, position"


class AuditTest(harness.AccessTest):
    callers = {"carl": ("--role", "contributor", "--feed", "carls"),
               "ed": ("--role", "editor", "--feed", "carls")}
    arguments = ("--listen", "127.0.0.1:0")

    @classmethod
    def prepare(cls):
        cls.unix, cls.tcp = cls.server.addresses
        cls.client.create_feed("carls")

    def client_at(self, address, principal, **options):
        client = harness.Client(address, token=self.auth.tokens[principal], **options)
        self.addCleanup(client.channel.close)
        return client

    def rows(self, where):
        return self.server.sql(f"SELECT {COLUMNS} FROM audit WHERE {where} ORDER BY id")

    def row_of(self, call):
        [row] = self.rows(f"request_id = '{harness.request_id(call)}'")
        return row

    def count(self):
        return self.server.sql("SELECT count(*) AS n FROM audit")[0]["n"]

    def position(self):
        return self.server.sql("SELECT max(position) AS n FROM commit_log")[0]["n"]

    def upsert(self, client, *events, **fields):
        return client.ingest.BatchUpsertEvents.with_call(ingest_pb.BatchUpsertEventsRequest(
            rows=[ingest_pb.EventUpsert(event=event) for event in events], **fields))

    def test_batch_from_each_side(self):
        """An edge speaks for its clients over the UNIX socket; over TCP nobody is believed."""
        stated = {"headers": [("x-real-ip", "192.0.2.7")]}
        for number, (address, options, noted) in enumerate((
                (self.unix, {}, "unix"), (self.unix, stated, "192.0.2.7 via unix"),
                (self.tcp, {}, "127.0.0.1"), (self.tcp, stated, "127.0.0.1"))):
            with self.subTest(noted=noted):
                client = self.client_at(address, "carl", **options)
                _, call = self.upsert(client, harness.event(f"feeds/carls/events/side-{number}"))
                self.assertEqual(self.row_of(call), {
                    "principal": "principals/carl", "address": noted,
                    "method": "annals.v1.IngestService/BatchUpsertEvents",
                    "request_id": harness.request_id(call), "reason": "", "subject": "",
                    "position": self.position()})

    def test_stream(self):
        client = self.client_at(self.tcp, "carl")
        messages = [ingest_pb.IngestEventsRequest(batch=ingest_pb.EventBatch(rows=[
            ingest_pb.EventUpsert(event=harness.event(f"feeds/carls/events/stream-{number}"))]))
            for number in range(3)]
        call = client.ingest.IngestEvents(iter(messages))
        self.assertEqual(sum(answer.counts.created for answer in call), 3)
        rows = self.rows(f"request_id = '{harness.request_id(call)}'")
        self.assertEqual([row["method"] for row in rows],
                         3 * ["annals.v1.IngestService/IngestEvents"])
        self.assertEqual(len({row["position"] for row in rows}), 3)

    def test_retraction_with_its_reason(self):
        client = self.client_at(self.tcp, "carl")
        self.upsert(client, harness.event("feeds/carls/events/gone"))
        reason = "Entered twice; o'clock, \"quoted\""
        harness.run_annals(self.tcp, "--token-file", self.auth.token_file("carl"), "retract",
                           "carls/gone", "--reason", reason)
        [row] = self.rows(f"position = {self.position()}")
        self.assertEqual((row["principal"], row["address"], row["method"], row["reason"]), (
            "principals/carl", "127.0.0.1", "annals.v1.IngestService/RetractEvent", reason))
        # As those who may edit the feed are told it, and nobody else.
        asked = event_pb.ListEventRevisionsRequest(name="feeds/carls/events/gone")
        audit = self.client_at(self.tcp, "ed").events.ListEventRevisions(asked).revisions[0].audit
        self.assertEqual((audit.principal, audit.address, audit.method, audit.request_id,
                          audit.reason), tuple(row[name] for name in (
                              "principal", "address", "method", "request_id", "reason")))
        for revision in client.events.ListEventRevisions(asked).revisions:
            self.assertFalse(revision.HasField("audit"))

    def test_checked_labels_of_captives(self):
        event = harness.event("feeds/carls/events/crew")
        event.participants.add(label="Saint Maria", role=events_pb.PARTICIPANT_ROLE_CAPTIVE)
        line = json_format.MessageToJson(event, indent=None)

        def ingest(caller, *flags, status):
            return harness.run_annals(self.tcp, "--token-file", self.auth.token_file(caller),
                                      "ingest", "-", *flags, stdin=line, status=status).stderr

        self.assertIn("LOOKS_LIKE_A_NAME", ingest("ed", status=1))
        self.assertIn("OVERRIDE_NOT_YOURS", ingest("carl", "--captive-labels-checked", status=1))
        ingest("ed", "--captive-labels-checked", status=0)
        [row] = self.rows(f"position = {self.position()}")
        reason = "captive labels checked: feeds/carls/events/crew"
        self.assertEqual((row["principal"], row["reason"]), ("principals/ed", reason))
        history = harness.run_annals(self.tcp, "--token-file", self.auth.token_file("ed"),
                                     "history", "carls/crew", "-o", "ndjson").stdout
        self.assertEqual(json.loads(history)["audit"]["reason"], reason)

    def test_release(self):
        client = self.client_at(self.tcp, "chief")
        client.create_feed("release")
        self.upsert(client, harness.event("feeds/release/events/1"),
                    harness.event("feeds/release/events/2"))
        end = ingest_pb.ReleaseEnd(feed="feeds/release", reason="Not in 26.1",
                                   retracted_share_max=1)
        batch = ingest_pb.EventBatch(rows=[ingest_pb.EventUpsert(
            event=harness.event("feeds/release/events/1"))])
        call = client.ingest.IngestEvents(iter([
            ingest_pb.IngestEventsRequest(batch=batch),
            ingest_pb.IngestEventsRequest(release_end=end)]))
        self.assertEqual(sum(answer.counts.retracted for answer in call), 1)
        self.assertEqual(self.row_of(call)["reason"], "Not in 26.1")

    def test_merge_redaction_and_deletion(self):
        client = self.client_at(self.tcp, "chief")
        client.create_feed("removed")
        self.upsert(client, harness.event("feeds/removed/events/1"),
                    harness.event("feeds/removed/events/2"))
        _, call = client.ingest.MergeEvents.with_call(ingest_pb.MergeEventsRequest(
            sources=["feeds/removed/events/1"], target="feeds/removed/events/2", reason="Same"))
        self.assertEqual(self.row_of(call), {
            "principal": "principals/chief", "address": "127.0.0.1",
            "method": "annals.v1.IngestService/MergeEvents",
            "request_id": harness.request_id(call), "reason": "Same", "subject": "",
            "position": self.position()})
        _, call = client.ingest.UnmergeEvents.with_call(ingest_pb.UnmergeEventsRequest(
            names=["feeds/removed/events/1"], reason="Not the same"))
        self.assertEqual(self.row_of(call)["reason"], "Not the same")
        _, call = client.ingest.RedactEvent.with_call(ingest_pb.RedactEventRequest(
            name="feeds/removed/events/1", reason="Safety"))
        self.assertEqual(self.row_of(call)["reason"], "Safety")
        _, call = client.catalog.DeleteFeed.with_call(catalog_pb.DeleteFeedRequest(
            name="feeds/removed", reason="Withdrawn", purge=True))
        row = self.row_of(call)
        self.assertEqual((row["subject"], row["reason"], row["position"]),
                         ("feeds/removed", "Withdrawn", self.position()))
        client.create_feed("empty")
        _, call = client.catalog.DeleteFeed.with_call(catalog_pb.DeleteFeedRequest(
            name="feeds/empty", reason="A mistake"))
        row = self.row_of(call)
        self.assertEqual((row["subject"], row["reason"], row["position"]),
                         ("feeds/empty", "A mistake", ""))

    def test_feeds(self):
        client = self.client_at(self.tcp, "ed")
        feed = catalog_pb.Feed(name="feeds/carls", title="New title", licence="CC0-1.0")
        _, call = client.catalog.UpdateFeed.with_call(catalog_pb.UpdateFeedRequest(feed=feed))
        self.assertEqual(self.row_of(call), {
            "principal": "principals/ed", "address": "127.0.0.1",
            "method": "annals.v1.CatalogService/UpdateFeed",
            "request_id": harness.request_id(call), "reason": "", "subject": "feeds/carls",
            "position": ""})
        [row] = self.rows("method = 'annals.v1.CatalogService/CreateFeed'"
                          " AND subject = 'feeds/carls'")
        self.assertEqual(row["principal"], "principals/chief")

    def test_what_changes_nothing_is_not_noted(self):
        client = self.client_at(self.tcp, "carl")
        event = harness.event("feeds/carls/events/same")
        self.upsert(client, event)
        before = self.count()
        self.upsert(client, event)
        self.upsert(client, harness.event("feeds/carls/events/dry"), validate_only=True)
        with self.refused(grpc.StatusCode.PERMISSION_DENIED):
            client.create_feed("refused")
        with self.refused(grpc.StatusCode.ABORTED):
            client.ingest.RetractEvent(ingest_pb.RetractEventRequest(
                name=event.name, reason="x", etag="stale"))
        self.assertEqual(self.count(), before)


class Sender(threading.Thread):
    """Sends batches until its connection breaks; keeps the request ids of those acknowledged."""

    def __init__(self, address, token, name):
        super().__init__(daemon=True)
        self.client = harness.Client(address, token=token)
        self.feed_prefix = f"feeds/kept/events/{name}"
        self.acknowledged = []
        self.error = None

    def run(self):
        with self.client:
            for number in range(100_000):
                rows = [ingest_pb.EventUpsert(event=harness.event(
                    f"{self.feed_prefix}-{number}-{row}")) for row in range(5)]
                try:
                    _, call = self.client.ingest.BatchUpsertEvents.with_call(
                        ingest_pb.BatchUpsertEventsRequest(rows=rows), timeout=harness.DEADLINE_S)
                except grpc.RpcError as error:
                    self.error = error
                    return
                self.acknowledged.append(harness.request_id(call))


class KilledTest(harness.AccessTest):
    @classmethod
    def prepare(cls):
        cls.client.create_feed("kept")

    def test_every_position_has_its_row(self):
        random = harness.seeded_random()
        acknowledged = set()
        for round_number in range(ROUNDS):
            senders = [Sender(self.server.address, self.auth.tokens["chief"],
                              f"{round_number}-{sender}") for sender in range(SENDERS)]
            for sender in senders:
                sender.start()
            moment = random.randrange(ACKNOWLEDGED_MIN, 3 * ACKNOWLEDGED_MIN)
            harness.wait_until(lambda s=senders, m=moment: sum(
                len(sender.acknowledged) for sender in s) >= m, "batches are acknowledged")
            self.server.signal(signal.SIGKILL)
            self.server.wait()
            for sender in senders:
                sender.join(harness.DEADLINE_S)
                self.assertEqual(sender.error.code(), grpc.StatusCode.UNAVAILABLE)
                acknowledged.update(sender.acknowledged)
            self.server.start()
            self.check(acknowledged)
        print(f"acknowledged {len(acknowledged)} batches in {ROUNDS} rounds")

    def check(self, acknowledged):
        [counts] = self.server.sql(
            "SELECT (SELECT count(*) FROM commit_log) AS positions,"
            " (SELECT max(position) FROM commit_log) AS newest,"
            " (SELECT count(*) FROM audit WHERE position IS NOT NULL) AS noted,"
            " (SELECT count(*) FROM commit_log JOIN audit USING (position)"
            "  WHERE change_time = commit_time) AS both_agree")
        self.assertEqual(len(set(counts.values())), 1, counts)
        noted = {row["request_id"] for row in self.server.sql("SELECT request_id FROM audit")}
        self.assertLessEqual(acknowledged, noted)
        self.assertGreaterEqual(int(counts["positions"]), len(acknowledged))


if __name__ == "__main__":
    unittest.main()
