"""A client in another language: Python, with stubs made by protoc from the proto files alone."""

import unittest

import grpc

import harness
from harness import events_pb, event_pb, filter_pb, ingest_pb


class PythonClientTest(harness.ServerTest):
    @classmethod
    def prepare(cls):
        cls.client.create_feed("python")

    def test_batch_goes_in_and_comes_back(self):
        sent = harness.event(
            "feeds/python/events/battle-1", title="Бій під Суджею",
            persons={"best": 3}, tags=["a", "b"],
            location=events_pb.Location(point={"latitude": 51.19, "longitude": 35.27}))
        answer = self.client.upsert(sent)
        self.assertEqual(answer.counts.created, 1)
        self.assertEqual(answer.results[0].outcome, ingest_pb.ROW_OUTCOME_CREATED)
        got = self.client.events.GetEvent(
            event_pb.GetEventRequest(name=sent.name, min_position=answer.position))
        self.assertEqual(got.event.title, sent.title)
        self.assertEqual(got.event.location.point_region, "regions/RU-KRS")
        self.assertEqual(got.event.licence, "CC0-1.0")
        self.assertEqual(got.event.revision, 1)
        self.assertFalse(got.event.persons.HasField("low"), "unknown is not 0")
        self.assertEqual(self.client.upsert(sent).counts.unchanged, 1)

    def test_batch_is_all_or_nothing(self):
        good = harness.event("feeds/python/events/all-or-nothing")
        bad = harness.event("feeds/python/events/bad", title="")
        with self.refused(grpc.StatusCode.INVALID_ARGUMENT, field="rows[1].event.title"):
            self.client.upsert(good, bad)
        with self.refused(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
            self.client.events.GetEvent(event_pb.GetEventRequest(name=good.name))

    def test_stream_takes_the_good_rows(self):
        def messages():
            for batch in range(20):
                rows = [ingest_pb.EventUpsert(event=harness.event(
                    f"feeds/python/events/stream-{batch}-{row}", title=f"Row {row}"))
                    for row in range(50)]
                rows[7].event.kind = 99
                yield ingest_pb.IngestEventsRequest(batch=ingest_pb.EventBatch(rows=rows))

        answers = list(self.client.ingest.IngestEvents(messages(), timeout=harness.DEADLINE_S))
        self.assertEqual(len(answers), 20)
        for answer in answers:
            self.assertEqual((answer.counts.created, answer.counts.invalid), (49, 1))
            result = answer.results[0]
            self.assertEqual((result.index, result.field, result.reason),
                             (7, "kind", "UNKNOWN_KIND"))
        stored = self.client.events.ListEvents(event_pb.ListEventsRequest(
            filter=filter_pb.EventFilter(feeds=["feeds/python"]), page_size=1000,
            min_position=answers[-1].position))
        names = {event.name for event in stored.events}
        self.assertEqual(len([name for name in names if "/stream-" in name]), 20 * 49)

    def test_pages_walk_every_event_once(self):
        self.client.upsert(*(
            harness.event(f"feeds/python/events/page-{i}", start=1_000_000 + i // 3)
            for i in range(250)))
        window = {"start": {"seconds": 1_000_000}, "end": {"seconds": 1_000_100}}
        request = event_pb.ListEventsRequest(
            filter=filter_pb.EventFilter(occurred=window), page_size=17)
        names = []
        while True:
            page = self.client.events.ListEvents(request)
            names += [event.name for event in page.events]
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        self.assertEqual(len(names), 250)
        self.assertEqual(len(set(names)), 250)

    def test_as_of_reads_the_old_revision(self):
        name = "feeds/python/events/as-of"
        first = self.client.upsert(harness.event(name, title="First"))
        self.client.upsert(harness.event(name, title="Second"))
        old = self.client.events.GetEvent(event_pb.GetEventRequest(
            name=name, as_of={"position": first.position}))
        self.assertEqual(old.event.title, "First")
        revisions = self.client.events.ListEventRevisions(
            event_pb.ListEventRevisionsRequest(name=name)).revisions
        self.assertEqual([r.event.title for r in revisions], ["Second", "First"])
        self.assertFalse(revisions[0].HasField("end_time"))
        self.assertTrue(revisions[1].HasField("end_time"))

    def test_export_resumes(self):
        self.client.upsert(*(harness.event(f"feeds/python/events/export-{i}", start=2_000_000)
                             for i in range(2_500)))
        window = {"start": {"seconds": 2_000_000}, "end": {"seconds": 2_000_001}}
        request = event_pb.ExportEventsRequest(filter=filter_pb.EventFilter(occurred=window))
        call = self.client.events.ExportEvents(request)
        first = next(call)
        call.cancel()
        request.resume_token = first.resume_token
        rest = list(self.client.events.ExportEvents(request))
        names = [event.name for part in [first, *rest] for event in part.events]
        self.assertEqual(len(names), 2_500)
        self.assertEqual(len(set(names)), 2_500)

    def test_errors_say_what_and_where(self):
        request = event_pb.ListEventsRequest(filter=filter_pb.EventFilter(
            regions=filter_pb.RegionList(regions=["regions/UA", "regions/XX-NO"])))
        with self.refused(grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_REGION",
                          "filter.regions.regions[1]"):
            self.client.events.ListEvents(request)

    def test_health(self):
        check = self.client.channel.unary_unary("/grpc.health.v1.Health/Check")
        self.assertEqual(check(b""), b"\x08\x01", "SERVING")

    def test_reflection_names_the_services(self):
        reflect = self.client.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        answer = b"".join(reflect(iter([b"\x3a\x01*"])))  # list_services: "*"
        for service in ("Event", "Ingest", "Catalog", "Status"):
            self.assertIn(f"annals.v1.{service}Service".encode(), answer)


if __name__ == "__main__":
    unittest.main()
