"""Answers agree with each other on real data: the timeline sums to the count, and the count is the
length of the list, of the export and of what an independent script finds."""

import datetime
import subprocess
import unittest

import harness
from harness import event_pb, filter_pb

FILTERS = 200


class QueriesTest(harness.ServerTest):
    @classmethod
    def prepare(cls):
        harness.load_samples(cls.server.address)
        cls.random = harness.seeded_random()

    def count(self, *arguments):
        return int(self.annals("count", *arguments).stdout)

    def test_count_is_the_number_of_rows(self):
        rows = harness.ucdp_sample_rows()
        self.assertEqual(len(rows), 2_989)
        self.assertEqual(self.count("--feed", "ucdp-ged-ukraine"), len(rows))
        names = {event.name for event in self.client.list_all(
            filter_pb.EventFilter(feeds=["feeds/ucdp-ged-ukraine"]))}
        self.assertEqual(names, {f"feeds/ucdp-ged-ukraine/events/{int(float(row['id']))}"
                                 for row in rows})

    def test_years_are_those_of_the_rows(self):
        for year in ("2014", "2015", "2021"):
            start, end = f"{year}-01-01", f"{int(year) + 1}-01-01"
            expected = sum(row["date_start"][:10] < end and row["date_end"][:10] >= start
                           for row in harness.ucdp_sample_rows())
            counted = self.count("--feed", "ucdp-ged-ukraine", "--since", start, "--until", end)
            self.assertEqual(counted, expected)

    def test_timeline_sums_to_the_count(self):
        for filters in (["--region", "UA"], ["--region", "UA", "--since", "2014-08-10"],
                        ["--region", "UA-14", "--until", "2016"], []):
            for bucket in ("day", "week", "month", "quarter", "year"):
                with self.subTest(filters=filters, bucket=bucket):
                    answer = self.annals_json("timeline", *filters, "--by", bucket)
                    total = sum(int(group["totals"]["eventCount"]) for group in answer["groups"])
                    self.assertEqual(total, self.count(*filters))
                    self.assertGreater(total, 0)

    def test_dimensions_sum_to_the_count(self):
        total = self.client.count()
        for attribute in (event_pb.EVENT_ATTRIBUTE_KIND, event_pb.EVENT_ATTRIBUTE_REGION,
                          event_pb.EVENT_ATTRIBUTE_COUNTRY, event_pb.EVENT_ATTRIBUTE_FEED):
            for first in ([], [event_pb.SummaryDimension(time_bucket=3)]):
                answer = self.client.events.SummarizeEvents(event_pb.SummarizeEventsRequest(
                    dimensions=first + [event_pb.SummaryDimension(attribute=attribute)]))
                grouped = sum(group.totals.event_count for group in answer.groups)
                self.assertEqual(grouped + answer.remainder_count, total)
                self.assertEqual(answer.record_count, total)

    def random_filter(self):
        """A filter, and the flags of the command line that say the same."""
        event_filter, flags = filter_pb.EventFilter(), []
        rows = harness.ucdp_sample_rows()
        near = self.random.choice(rows)
        if self.random.random() < 0.6:
            self.add_times(event_filter, flags)
        area = self.random.choice(("none", "region", "box", "circle", "world"))
        latitude, longitude = float(near["latitude"]), float(near["longitude"])
        if area == "region":
            code = self.random.choice(("UA", "UA-14", "UA-09", "UA-43", "RU", "RU-KRS"))
            event_filter.regions.regions.append(f"regions/{code}")
            flags += ["--region", code]
        elif area == "box":
            size = self.random.choice((0.0, 0.1, 1.0, 10.0))
            west, south = round(longitude - size, 6), round(latitude - size, 6)
            east, north = round(longitude + size, 6), round(latitude + size, 6)
            event_filter.box.CopyFrom(
                filter_pb.Box(west=west, south=south, east=east, north=north))
            flags += [f"--bbox={west},{south},{east},{north}"]
        elif area == "circle":
            radius_m = self.random.choice((1, 5_000, 50_000, 2_000_000))
            event_filter.circle.radius_m = radius_m
            event_filter.circle.center.latitude = latitude
            event_filter.circle.center.longitude = longitude
            flags += [f"--near={latitude},{longitude}", "--radius", f"{radius_m}m"]
        elif area == "world":
            event_filter.box.CopyFrom(filter_pb.Box(west=20, south=-90, east=10, north=90))
            flags += ["--bbox=20,-90,10,90"]
        self.add_parts(event_filter, flags, near)
        return event_filter, flags

    def add_times(self, event_filter, flags):
        first = datetime.date(2014, 1, 1) + datetime.timedelta(self.random.randrange(2_900))
        last = first + datetime.timedelta(self.random.choice((1, 7, 30, 365, 2_000)))
        midnight = datetime.time(tzinfo=datetime.timezone.utc)
        sides = self.random.choice(("since", "until", "both"))
        if sides != "until":
            event_filter.occurred.start.FromDatetime(datetime.datetime.combine(first, midnight))
            flags += ["--since", str(first)]
        if sides != "since":
            event_filter.occurred.end.FromDatetime(datetime.datetime.combine(last, midnight))
            flags += ["--until", str(last)]

    def add_parts(self, event_filter, flags, near):
        if self.random.random() < 0.3:
            kinds = self.random.sample((("battle", 7), ("violence-against-civilians", 9),
                                        ("capture", 1)), self.random.randrange(1, 3))
            for word, number in kinds:
                event_filter.kinds.append(number)
                flags += ["--kind", word]
        if self.random.random() < 0.3:
            label = near[self.random.choice(("side_a", "side_b"))]
            event_filter.actors.add(label=label)
            flags += ["--actor", f"label:{label}"]
        if self.random.random() < 0.3:
            feed = self.random.choice(("ucdp-ged-ukraine", "sample"))
            event_filter.feeds.append(f"feeds/{feed}")
            flags += ["--feed", feed]

    def test_count_is_the_length_of_list_and_export(self):
        found = 0
        for number in range(FILTERS):
            event_filter, flags = self.random_filter()
            with self.subTest(number=number, flags=flags):
                count = self.client.count(event_filter)
                listed = [event.name for event in self.client.list_all(
                    event_filter, order=self.random.randrange(1, 4))]
                exported = [event.name for part in self.client.events.ExportEvents(
                    event_pb.ExportEventsRequest(filter=event_filter)) for event in part.events]
                self.assertEqual(len(listed), count)
                self.assertEqual(sorted(listed), sorted(exported))
                self.assertEqual(len(set(listed)), count)
                self.assertEqual(self.count(*flags), count)
                lines = self.annals("query", *flags, "--all").stdout.count("\n")
                self.assertEqual(lines, count)
                found += count > 0
        self.assertGreater(found, FILTERS // 4, "most filters should find something")

    def test_orders(self):
        newest = [(event.occurred.start.seconds, event.name) for event in self.client.list_all()]
        oldest = [(event.occurred.start.seconds, event.name)
                  for event in self.client.list_all(order=2)]
        self.assertEqual([start for start, _ in newest],
                         sorted((start for start, _ in newest), reverse=True))
        self.assertEqual(sorted(newest), sorted(oldest))
        self.assertEqual([start for start, _ in oldest], sorted(start for start, _ in oldest))

    def test_pipeline(self):
        """As in the README: count = query --all | wc -l, in a shell."""
        program = harness.BIN_DIR / "annals"
        counted = subprocess.run(
            ["sh", "-c", f"{program} --server {self.server.address} query --all | wc -l"],
            capture_output=True, text=True, check=True).stdout
        self.assertEqual(int(counted), self.client.count())


if __name__ == "__main__":
    unittest.main()
