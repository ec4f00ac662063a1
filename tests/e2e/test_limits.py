"""Every limit of the contract and every kind of bad input is refused with INVALID_ARGUMENT, the
field and a stable reason; never with an empty answer, page one or INTERNAL."""

import math
import unittest

import grpc

import harness
from harness import catalog_pb, event_pb, events_pb, filter_pb, ingest_pb

INVALID = grpc.StatusCode.INVALID_ARGUMENT


def circle(latitude, longitude, radius_m=1_000):
    return filter_pb.EventFilter(circle=filter_pb.Circle(
        center={"latitude": latitude, "longitude": longitude}, radius_m=radius_m))


def ring(*points):
    return filter_pb.Ring(points=[{"longitude": lon, "latitude": lat} for lon, lat in points])


def polygon(*points, holes=()):
    return filter_pb.EventFilter(polygon=filter_pb.Polygon(
        exterior=ring(*points), holes=[ring(*hole) for hole in holes]))


def box(west, south, east, north):
    return filter_pb.EventFilter(box=filter_pb.Box(west=west, south=south, east=east, north=north))


SQUARE = ((0, 0), (10, 0), (10, 10), (0, 10))


def many_vertices(count):
    return [(10 * math.cos(2 * math.pi * i / count), 10 * math.sin(2 * math.pi * i / count))
            for i in range(count)]


class LimitsTest(harness.ServerTest):
    @classmethod
    def prepare(cls):
        cls.client.create_feed("limits")
        cls.client.create_feed("three")  # Never changed by a test.
        cls.client.upsert(*(harness.event(f"feeds/three/events/{i}") for i in range(3)))

    def list(self, **fields):
        return self.client.events.ListEvents(event_pb.ListEventsRequest(**fields))

    # Filters

    def test_filters(self):
        second = {"seconds": 10}
        cases = [
            (box(0, 50, 10, 40), "filter.box.south", "SOUTH_ABOVE_NORTH"),
            (box(0, -91, 10, 40), "filter.box.south", "LATITUDE_RANGE"),
            (box(0, 0, 10, 91), "filter.box.north", "LATITUDE_RANGE"),
            (box(-361, 0, 10, 40), "filter.box.west", "LONGITUDE_RANGE"),
            (box(math.nan, 0, 10, 40), "filter.box.west", "NOT_FINITE"),
            (circle(91, 0), "filter.circle.center.latitude", "LATITUDE_RANGE"),
            (circle(0, math.inf), "filter.circle.center.longitude", "NOT_FINITE"),
            (circle(0, 0, 0), "filter.circle.radius_m", "RADIUS_RANGE"),
            (circle(0, 0, -5), "filter.circle.radius_m", "RADIUS_RANGE"),
            (circle(0, 0, 20_100_001), "filter.circle.radius_m", "RADIUS_RANGE"),
            (circle(0, 0, math.nan), "filter.circle.radius_m", "NOT_FINITE"),
            (filter_pb.EventFilter(circle=filter_pb.Circle(radius_m=1)), "filter.circle.center",
             "REQUIRED"),
            (polygon((0, 0), (1, 1)), "filter.polygon.exterior", "TOO_FEW_POINTS"),
            (polygon((0, 0), (10, 10), (10, 0), (0, 10)), "filter.polygon.exterior",
             "SELF_CROSSING"),
            (polygon((0, 0), (10, 0), (10, 95)), "filter.polygon.exterior.points[2].latitude",
             "LATITUDE_RANGE"),
            (polygon(*many_vertices(10_001)), "filter.polygon.exterior",
             "TOO_MANY_VERTICES"),
            (polygon(*SQUARE, holes=[((20, 20), (21, 20), (21, 21))]), "filter.polygon.holes[0]",
             "HOLE_OUTSIDE"),
            (filter_pb.EventFilter(regions=filter_pb.RegionList(regions=["regions/XX-NO"])),
             "filter.regions.regions[0]", "UNKNOWN_REGION"),
            (filter_pb.EventFilter(regions=filter_pb.RegionList(regions=["Kursk!"])),
             "filter.regions.regions[0]", "BAD_NAME"),
            (filter_pb.EventFilter(regions=filter_pb.RegionList()), "filter.regions.regions",
             "REQUIRED"),
            (filter_pb.EventFilter(kinds=[99]), "filter.kinds[0]", "UNKNOWN_KIND"),
            (filter_pb.EventFilter(kinds=[0]), "filter.kinds[0]", "UNKNOWN_KIND"),
            (filter_pb.EventFilter(kinds=[1] * 201), "filter.kinds", "TOO_MANY_VALUES"),
            (filter_pb.EventFilter(feeds=["limits"]), "filter.feeds[0]", "BAD_NAME"),
            (filter_pb.EventFilter(actors=[{"actor": "actors/no-such"}]), "filter.actors[0].actor",
             "UNKNOWN_ACTOR"),
            (filter_pb.EventFilter(actors=[{}]), "filter.actors[0]", "REQUIRED"),
            (filter_pb.EventFilter(actors=[{"label": "x", "roles": [77]}]),
             "filter.actors[0].roles[0]", "UNKNOWN_VALUE"),
            (filter_pb.EventFilter(occurred={"start": second, "end": second}),
             "filter.occurred.end", "EMPTY_RANGE"),
            (filter_pb.EventFilter(recorded={"start": {"seconds": 1 << 60}}),
             "filter.recorded.start", "TIME_RANGE"),
        ]
        for wrong, field, reason in cases:
            with self.subTest(field=field, reason=reason):
                with self.refused(INVALID, reason, field):
                    self.list(filter=wrong)
                with self.refused(INVALID, reason, field):
                    self.client.count(wrong)
                with self.refused(INVALID, reason, field):
                    next(self.client.events.ExportEvents(
                        event_pb.ExportEventsRequest(filter=wrong)))

    def test_largest_polygon_is_taken(self):
        self.assertEqual(self.client.count(polygon(*many_vertices(10_000))), 0)

    # Pages, tokens and positions

    def test_page_size(self):
        with self.refused(INVALID, "PAGE_SIZE_NEGATIVE", "page_size"):
            self.list(page_size=-1)
        three = filter_pb.EventFilter(feeds=["feeds/three"])
        self.assertEqual(len(self.list(page_size=2_000_000_000, filter=three).events), 3)

    def test_page_tokens(self):
        token = self.list(page_size=1).next_page_token
        self.assertEqual(len(self.list(page_size=1, page_token=token).events), 1)
        for wrong in ("x", token[:-1], token[1:], token + "A", "A" * len(token)):
            with self.subTest(wrong=wrong), self.refused(INVALID, "BAD_PAGE_TOKEN", "page_token"):
                self.list(page_size=1, page_token=wrong)
        # A token of another question never gives page one of this.
        with self.refused(INVALID, "TOKEN_MISMATCH", "page_token"):
            self.list(page_size=1, page_token=token, order=2)
        with self.refused(INVALID, field="page_token"):
            self.client.catalog.ListFeeds(catalog_pb.ListFeedsRequest(page_token=token))

    def test_every_changed_character_of_a_token_is_noticed(self):
        token = self.list(page_size=1).next_page_token
        for index, letter in enumerate(token):
            changed = token[:index] + ("B" if letter != "B" else "C") + token[index + 1:]
            with self.refused(INVALID, field="page_token"):
                self.list(page_size=1, page_token=changed)

    def test_positions(self):
        position = self.list().position
        self.list(as_of={"position": position}, min_position=position)
        for wrong in ("x", position[:-1], position + "A"):
            with self.subTest(wrong=wrong):
                with self.refused(INVALID, "BAD_POSITION", "as_of.position"):
                    self.list(as_of={"position": wrong})
                with self.refused(INVALID, "BAD_POSITION", "min_position"):
                    self.list(min_position=wrong)
        with self.refused(INVALID, "AS_OF_IN_FUTURE", "as_of.time"):
            self.list(as_of={"time": {"seconds": 32_503_680_000}})
        with self.refused(INVALID, "REQUIRED", "as_of"):
            self.list(as_of={})

    def test_position_of_another_store(self):
        other = harness.Server(harness.temporary_directory(self)).start()
        self.addCleanup(other.stop)
        with harness.Client(other.address) as client:
            foreign = client.events.ListEvents(event_pb.ListEventsRequest()).position
        with self.refused(grpc.StatusCode.FAILED_PRECONDITION, "OTHER_STORE"):
            self.list(as_of={"position": foreign})

    # Other questions

    def test_summaries(self):
        def summarize(*dimensions):
            self.client.events.SummarizeEvents(
                event_pb.SummarizeEventsRequest(dimensions=dimensions))

        month, kind, feed = {"time_bucket": 3}, {"attribute": 1}, {"attribute": 5}
        summarize(month, kind)
        with self.refused(INVALID, field="dimensions"):
            summarize(month, kind, feed)
        with self.refused(INVALID, "DUPLICATE_DIMENSION"):
            summarize(kind, kind)
        with self.refused(INVALID, "REQUIRED"):
            summarize({})
        with self.refused(INVALID):
            summarize({"time_bucket": 77})

    def test_names(self):
        for name in ("", "x", "feeds/limits", "feeds/LIMITS/events/1", "feeds/limits/events/",
                     "feeds/limits/events/a b", "feeds/limits/events/" + "x" * 129):
            with self.subTest(name=name), self.refused(INVALID, field="name"):
                self.client.events.GetEvent(event_pb.GetEventRequest(name=name))
        with self.refused(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
            self.client.events.GetEvent(
                event_pb.GetEventRequest(name="feeds/limits/events/" + "x" * 128))
        with self.refused(INVALID, field="names"):
            self.client.events.BatchGetEvents(event_pb.BatchGetEventsRequest())
        with self.refused(INVALID, field="names"):
            self.client.events.BatchGetEvents(event_pb.BatchGetEventsRequest(
                names=["feeds/limits/events/1"] * 1_001))

    # Events

    def test_events(self):
        def wrong(**fields):
            return harness.event("feeds/limits/events/wrong", **fields)

        def location(**fields):
            return wrong(location=events_pb.Location(**fields))

        def window(start, end, precision=2):
            return wrong(occurred={"start": {"seconds": start}, "end": {"seconds": end},
                                   "precision": precision})

        center = {"latitude": 1, "longitude": 1}
        battle = {"actor": "actors/rus", "role": 10}
        cases = [
            (wrong(title=""), "title", "REQUIRED"),
            (wrong(title="x" * 301), "title", "TOO_LONG"),
            (wrong(title="a\nb"), "title", "LINE_BREAK"),
            (wrong(description="x" * 20_001), "description", "TOO_LONG"),
            (wrong(kind=0), "kind", "REQUIRED"),
            (wrong(kind=99), "kind", "UNKNOWN_KIND"),
            (window(86_400, 0), "occurred.end", "END_BEFORE_START"),
            (window(0, 86_400, 0), "occurred.precision", "REQUIRED"),
            (window(0, 86_400, 1), "occurred.precision", "PRECISION_MISMATCH"),
            (window(-(1 << 50), 0), "occurred.start", "TIME_RANGE"),
            (wrong(occurred={}), "occurred.start", "REQUIRED"),
            (location(point={"latitude": 91, "longitude": 0}), "location.point.latitude",
             "LATITUDE_RANGE"),
            (location(point={"latitude": 0, "longitude": 361}), "location.point.longitude",
             "LONGITUDE_RANGE"),
            (location(point={"latitude": math.nan, "longitude": 0}), "location.point.latitude",
             "NOT_FINITE"),
            (location(point=center, radius_m=-1), "location.radius_m", "RADIUS_RANGE"),
            (location(radius_m=5), "location.radius_m", "RADIUS_NEEDS_POINT"),
            (location(point=center, radius_m=5, area_region="regions/UA"), "location.radius_m",
             "RADIUS_AND_AREA_REGION"),
            (location(region="regions/XX-NO"), "location.region", "UNKNOWN_REGION"),
            (wrong(persons={"low": 3, "high": 2}), "persons.low", "COUNT_ORDER"),
            (wrong(persons={"low": 3, "best": 2}), "persons.low", "COUNT_ORDER"),
            (wrong(fatalities={"best": -1}), "fatalities.best", "NEGATIVE_COUNT"),
            (wrong(persons={}), "persons", "EMPTY_COUNT"),
            (wrong(persons={"best": 1_000_000_001}), "persons.best", "COUNT_TOO_LARGE"),
            (wrong(participants=[battle] * 201), "participants", "TOO_MANY_VALUES"),
            (wrong(participants=[{"actor": "actors/no-such", "role": 10}]),
             "participants[0].actor", "UNKNOWN_ACTOR"),
            (wrong(participants=[{"label": "x"}]), "participants[0].role", "REQUIRED"),
            (wrong(tags=["x" * 65]), "tags[0]", "TOO_LONG"),
            (wrong(language_code="not a language"), "language_code", "BAD_LANGUAGE"),
            (wrong(claims=[{"source": "A", "stance": 1, "url": "javascript:1"}]),
             "claims[0].url", "BAD_URL"),
            (wrong(claims=[{"source": "A", "stance": 1, "sha256": "00"}]), "claims[0].sha256",
             "BAD_SHA256"),
            (wrong(links=[{"kind": 1, "target": "x"}]), "links[0].target", "BAD_NAME"),
            (wrong(capture={}), "capture", "DETAILS_MISMATCH"),
            (harness.event("feeds/no-such/events/1"), "name", "UNKNOWN_FEED"),
            (harness.event("events/1"), "name", "BAD_NAME"),
        ]
        for event, field, reason in cases:
            with self.subTest(field=field, reason=reason):
                with self.refused(INVALID, reason, f"rows[0].event.{field}"):
                    self.client.upsert(event)

    def test_event_of_more_than_64_kib(self):
        claims = [{"source": "s" * 1_900, "stance": 1} for _ in range(40)]
        with self.refused(INVALID, "EVENT_TOO_LARGE"):
            self.client.upsert(harness.event("feeds/limits/events/large", claims=claims))
        self.client.upsert(harness.event("feeds/limits/events/large", start=0, claims=claims[:30]))

    def test_offers_follow_their_life_cycle(self):
        def offer(*statuses):
            steps = [{"status": status, "occurred": {
                "start": {"seconds": 86_400 * day}, "end": {"seconds": 86_400 * (day + 1)},
                "precision": 2}} for day, status in enumerate(statuses)]
            return harness.event("feeds/limits/events/offer", start=0,
                                 kind=events_pb.EVENT_KIND_EXCHANGE_OFFER,
                                 exchange_offer=events_pb.ExchangeOffer(steps=steps))

        self.client.upsert(offer(1, 3, 6))
        with self.refused(grpc.StatusCode.FAILED_PRECONDITION, "ILLEGAL_STEP"):
            self.client.upsert(offer(1, 7, 3))

    # Batches and bytes

    def test_batch_sizes(self):
        rows = [ingest_pb.EventUpsert(event=harness.event(f"feeds/limits/events/b{i}", start=0))
                for i in range(5_001)]
        with self.refused(INVALID, "BATCH_TOO_LARGE", "rows"):
            self.client.ingest.BatchUpsertEvents(ingest_pb.BatchUpsertEventsRequest(rows=rows))
        with self.refused(INVALID, "REQUIRED", "rows"):
            self.client.ingest.BatchUpsertEvents(ingest_pb.BatchUpsertEventsRequest())
        before = self.client.count()
        answer = self.client.ingest.BatchUpsertEvents(ingest_pb.BatchUpsertEventsRequest(
            rows=rows[:5_000], validate_only=True))
        self.assertEqual(answer.counts.created, 5_000)
        self.assertEqual(self.client.count(), before, "only validated")

    def test_name_twice_in_a_batch(self):
        event = harness.event("feeds/limits/events/twice")
        with self.refused(INVALID, "DUPLICATE_NAME", "rows[1].event.name"):
            self.client.upsert(event, event)

    def test_invalid_utf8(self):
        good = harness.event("feeds/limits/events/utf8", title="AAAA")
        request = ingest_pb.BatchUpsertEventsRequest(rows=[ingest_pb.EventUpsert(event=good)])
        method = "/annals.v1.IngestService/BatchUpsertEvents"
        send = self.client.channel.unary_unary(method)
        with self.refused(INVALID, "INVALID_UTF8", "rows[0].event.title"):
            send(request.SerializeToString().replace(b"AAAA", b"A\xff\xfeA"))
        with self.refused(INVALID, "MALFORMED_MESSAGE"):
            send(b"\xff\xff\xff\xff")

    def test_invalid_utf8_in_a_stream_costs_one_row(self):
        rows = [ingest_pb.EventUpsert(event=harness.event(f"feeds/limits/events/u{i}", title=t))
                for i, t in enumerate(("fine", "AAAA"))]
        message = ingest_pb.IngestEventsRequest(batch=ingest_pb.EventBatch(rows=rows))
        bad = message.SerializeToString().replace(b"AAAA", b"A\xff\xfeA")
        call = self.client.channel.stream_stream("/annals.v1.IngestService/IngestEvents")
        [answer] = call(iter([bad]))
        answer = ingest_pb.IngestEventsResponse.FromString(answer)
        self.assertEqual((answer.counts.created, answer.counts.invalid), (1, 1))
        self.assertEqual((answer.results[0].field, answer.results[0].reason),
                         ("title", "INVALID_UTF8"))

    def test_injection_is_text(self):
        for text in ("'; DROP TABLE event; --", "b\\", "%s", "$1", "{c}", "d\"", "a' OR '1'='1"):
            with self.subTest(text=text):
                found = self.client.count(filter_pb.EventFilter(actors=[{"label": text}]))
                self.assertEqual(found, 0)
                self.client.upsert(harness.event(
                    "feeds/limits/events/injected", title=text, start=0,
                    participants=[{"label": text, "role": 1}]))
                found = self.client.list_all(filter_pb.EventFilter(actors=[{"label": text}]))
                self.assertIn(text, [event.title for event in found])

    # Catalogue

    def test_catalogue(self):
        create = self.client.catalog.CreateFeed
        for feed, field in (({"name": "feeds/UPPER", "title": "x", "licence": "x"}, "feed.name"),
                            ({"name": "feeds/a", "licence": "x"}, "feed.title"),
                            ({"name": "feeds/a", "title": "x"}, "feed.licence"),
                            ({"name": "feeds/a", "title": "x", "licence": "x",
                              "reliability": "G"}, "feed.reliability")):
            with self.subTest(field=field), self.refused(INVALID, field=field):
                create(catalog_pb.CreateFeedRequest(feed=catalog_pb.Feed(**feed)))
        with self.refused(grpc.StatusCode.ALREADY_EXISTS, "FEED_EXISTS"):
            create(catalog_pb.CreateFeedRequest(feed=catalog_pb.Feed(
                name="feeds/limits", title="x", licence="x")))
        with self.refused(grpc.StatusCode.NOT_FOUND, "FEED_NOT_FOUND"):
            self.client.catalog.GetFeed(catalog_pb.GetFeedRequest(name="feeds/no-such"))
        with self.refused(grpc.StatusCode.NOT_FOUND, "REGION_NOT_FOUND"):
            self.client.catalog.GetRegion(catalog_pb.GetRegionRequest(name="regions/XX-NO"))
        with self.refused(INVALID, field="text"):
            self.client.catalog.ResolveNames(catalog_pb.ResolveNamesRequest(target=1))

    def test_retraction(self):
        retract = self.client.ingest.RetractEvent
        with self.refused(INVALID, "REQUIRED", "reason"):
            retract(ingest_pb.RetractEventRequest(name="feeds/three/events/1"))
        with self.refused(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
            retract(ingest_pb.RetractEventRequest(name="feeds/limits/events/none", reason="x"))
        with self.refused(grpc.StatusCode.ABORTED, "ETAG_MISMATCH"):
            retract(ingest_pb.RetractEventRequest(name="feeds/three/events/1", reason="x",
                                                  etag="stale"))


if __name__ == "__main__":
    unittest.main()
