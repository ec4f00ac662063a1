"""The annals command line against a real server: commands, formats, exit statuses, bad input."""

import csv
import io
import json
import os
import subprocess
import unittest

import harness
from harness import catalog_pb, events_pb

GOOD_LINE = {"name": "{id}", "kind": "EVENT_KIND_BATTLE", "title": "A battle",
             "occurred": {"start": "2025-01-12T00:00:00Z", "end": "2025-01-13T00:00:00Z",
                          "precision": "TIME_PRECISION_DAY"}}


def line(event_id, **changes):
    event = {**GOOD_LINE, "name": event_id, **changes}
    return json.dumps({key: value for key, value in event.items() if value is not None},
                      ensure_ascii=False)


class CliTest(harness.ServerTest):
    @classmethod
    def prepare(cls):
        cls.client.create_feed("cli")  # Never changed by a test.
        cls.client.create_feed("more")
        location = events_pb.Location(point={"latitude": 51.19, "longitude": 35.27})
        cls.client.upsert(
            harness.event("feeds/cli/events/one", title='Quote " and, comma', location=location,
                          persons={"low": 1, "high": 3}),
            harness.event("feeds/cli/events/two", title="Другий", start=1_736_726_400,
                          kind=events_pb.EVENT_KIND_STRIKE),
            harness.event("feeds/cli/events/three", title="Third", start=1_739_318_400))

    def names(self, *arguments):
        return [event["name"].rsplit("/", 1)[1]
                for event in self.annals_json("query", "--feed", "cli", *arguments)]

    def test_json_is_one_array(self):
        self.assertEqual(self.names(), ["three", "two", "one"])
        self.assertEqual(self.names("--order", "oldest"), ["one", "two", "three"])
        self.assertEqual(self.annals_json("query", "--feed", "cli", "--kind", "riot"), [])

    def test_ndjson_is_the_default_when_piped(self):
        lines = self.annals("query", "--feed", "cli").stdout.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertEqual(json.loads(lines[0])["name"], "feeds/cli/events/three")

    def test_csv(self):
        rows = list(csv.DictReader(io.StringIO(
            self.annals("query", "--feed", "cli", "-o", "csv").stdout)))
        self.assertEqual(len(rows), 3)
        self.assertEqual(rows[2]["title"], 'Quote " and, comma')
        self.assertEqual(rows[2]["lat"], "51.19")
        self.assertEqual(rows[1]["lat"], "", "no point, nothing invented")
        self.assertEqual(rows[2]["persons_best"], "", "unknown is not 0")
        self.assertEqual({(row["licence"], row["attribution"]) for row in rows},
                         {("CC0-1.0", "")})

    def test_geojson(self):
        collection = json.loads(self.annals("query", "--feed", "cli", "-o", "geojson").stdout)
        self.assertEqual(collection["type"], "FeatureCollection")
        self.assertEqual([f["geometry"] and f["geometry"]["coordinates"]
                          for f in collection["features"]], [None, None, [35.27, 51.19]])
        self.assertEqual([credit["name"] for credit in collection["credits"]], ["feeds/cli"])

    def test_credit_is_given_in_every_format(self):
        self.annals("feeds", "create", "credit", "--title", "Ours", "--licence", "CC-BY-4.0",
                    "--attribution", 'Us, "2026"')
        self.client.upsert(harness.event("feeds/credit/events/1"))
        for output in ("table", "json", "ndjson", "csv", "geojson"):
            for command in (["query", "--feed", "credit"], ["get", "credit/1"]):
                answer = self.annals(*command, "-o", output)
                self.assertIn('feeds/credit, licence CC-BY-4.0: Us, "2026"', answer.stderr)
        [row] = csv.DictReader(io.StringIO(
            self.annals("query", "--feed", "credit", "-o", "csv").stdout))
        self.assertEqual((row["licence"], row["attribution"]), ("CC-BY-4.0", 'Us, "2026"'))
        collection = json.loads(self.annals("get", "credit/1", "-o", "geojson").stdout)
        properties = collection["features"][0]["properties"]
        self.assertEqual((properties["licence"], properties["attribution"]),
                         ("CC-BY-4.0", 'Us, "2026"'))
        for command in ("count", "timeline"):
            self.assertIn("feeds/credit (CC-BY-4.0)",
                          self.annals(command, "--feed", "credit").stderr)

    def test_empty_answers_say_why(self):
        for arguments, told in (
                (["--since", "2030"], "begin between 2025-01-12 and 2025-02-12"),
                (["--kind", "riot"], "without filter.kinds 3 events would match"),
                (["--region", "UA"], "without filter.regions 3 events would match"),
                (["--as-of", "2001"], "not recorded so at that time; 3 events match now")):
            for command in ("query", "count", "timeline"):
                with self.subTest(arguments=arguments, command=command):
                    answer = self.annals(command, "--feed", "cli", *arguments)
                    self.assertIn("no events match", answer.stderr)
                    self.assertIn(told, answer.stderr)
        self.client.create_feed("hollow")
        self.assertIn("feeds/hollow holds no events",
                      self.annals("query", "--feed", "hollow").stderr)

    def test_table(self):
        table = self.annals("query", "--feed", "cli", "-o", "table").stdout
        self.assertIn("Другий", table)
        self.assertIn("cli/one", table)

    def test_limit_says_of_how_many(self):
        result = self.annals("query", "--feed", "cli", "--limit", "2")
        self.assertEqual(len(result.stdout.splitlines()), 2)
        self.assertIn("2 of 3", result.stderr)
        self.assertEqual(len(self.annals("query", "--feed", "cli", "--all").stdout.splitlines()), 3)

    def test_count_is_a_bare_number_when_piped(self):
        self.assertEqual(self.annals("count", "--feed", "cli").stdout, "3\n")
        self.assertEqual(self.annals("count", "--feed", "cli", "--since", "2025-02").stdout, "1\n")

    def test_timeline(self):
        answer = self.annals_json("timeline", "--feed", "cli", "--by", "month")
        groups = {group["keys"][0]: int(group["totals"]["eventCount"])
                  for group in answer["groups"]}
        self.assertEqual(groups, {"2025-01-01T00:00:00Z": 2, "2025-02-01T00:00:00Z": 1})
        both = self.annals("timeline", "--feed", "cli", "--and", "kind", "-o", "csv")
        self.assertIn("STRIKE", both.stdout.upper())

    def test_get_and_history(self):
        for title in ("Другий", "Інший"):
            self.client.upsert(harness.event("feeds/more/events/two", title=title))
        [event] = self.annals_json("get", "more/two")
        self.assertEqual(event["title"], "Інший")
        revisions = self.annals("history", "more/two", "-o", "ndjson").stdout.splitlines()
        titles = [json.loads(revision)["event"]["title"] for revision in revisions]
        self.assertEqual(titles, ["Інший", "Другий"])
        missing = self.annals("get", "more/two", "more/none", "-o", "json", status=1)
        self.assertEqual(len(json.loads(missing.stdout)), 1)
        self.assertIn("feeds/more/events/none", missing.stderr)

    def test_retract(self):
        self.client.create_feed("retract")
        self.client.upsert(harness.event("feeds/retract/events/gone"))
        self.annals("retract", "retract/gone", "--reason", "Entered twice")
        self.assertEqual(self.annals("count", "--feed", "retract").stdout, "0\n")
        found = self.annals_json("query", "--feed", "retract", "--include-retracted")
        self.assertEqual([event["state"] for event in found], ["EVENT_STATE_RETRACTED"])
        [event] = self.annals_json("get", "retract/gone")
        self.assertEqual(event["retractionReason"], "Entered twice")
        self.annals("retract", "retract/none", "--reason", "x", status=1)
        self.annals("retract", "retract/gone", status=2)

    def test_feeds(self):
        self.annals("feeds", "create", "cli-feeds", "--title", "A", "--licence", "CC0-1.0")
        again = self.annals("feeds", "create", "cli-feeds", "--title", "A", "--licence", "CC0-1.0",
                            status=1)
        self.assertIn("ALREADY_EXISTS", again.stderr)
        self.annals("feeds", "update", "cli-feeds", "--attribution", "Me")
        got = json.loads(self.annals("feeds", "get", "cli-feeds", "-o", "ndjson").stdout)
        self.assertEqual((got["title"], got["attribution"]), ("A", "Me"))
        listed = self.annals("feeds", "list", "-o", "ndjson").stdout.splitlines()
        self.assertIn("feeds/cli-feeds", [json.loads(feed)["name"] for feed in listed])

    def test_regions_and_actors(self):
        found = self.annals("regions", "find", "Курская область", "-o", "ndjson").stdout
        self.assertEqual(json.loads(found.splitlines()[0])["name"], "regions/RU-KRS")
        below = self.annals("regions", "list", "--parent", "UA", "-o", "ndjson").stdout
        self.assertIn("regions/UA-43", [json.loads(row)["name"] for row in below.splitlines()])
        shape = json.loads(self.annals("regions", "get", "RU-KRS", "-o", "geojson").stdout)
        self.assertIn("coordinates", json.dumps(shape))
        found = self.annals("actors", "find", "North Korea", "-o", "ndjson").stdout
        self.assertEqual(json.loads(found.splitlines()[0])["name"], "actors/prk")
        self.assertTrue(self.annals("actors", "list", "-o", "ndjson").stdout)

    def test_status(self):
        status = json.loads(self.annals("status", "-o", "ndjson").stdout)
        self.assertRegex(status["engine"], r"^PostgreSQL 15\.")
        self.assertRegex(status["version"], r"^\d+\.\d+\.\d+$")

    def test_names_are_never_chosen_in_silence(self):
        result = self.annals("count", "--region", "Kurs", status=2)
        self.assertIn("RU-KRS", result.stderr)
        self.annals("count", "--region", "Nowhere at all", status=2)
        for text, code in (("Dekhelia", "x-esb-5132"), ("Donetzk", "UA-14"), ("Κουρσκ", "RU-KRS")):
            result = self.annals("count", "--region", text, status=2)
            self.assertRegex(result.stderr, rf"\n  0\.\d\d  {code}  ")
            self.assertEqual(result.stdout, "")
            found = self.annals("regions", "find", text, "-o", "ndjson").stdout.splitlines()
            best = json.loads(found[0])
            self.assertEqual(best["name"], f"regions/{code}")
            self.assertLessEqual(best["score"], 0.3)
        result = self.annals("count", "--actor", "North Corea", status=2)
        self.assertIn("prk  North Korea", result.stderr)
        self.annals("regions", "find", "Xyzzyx", status=1)

    def test_subordinates_are_found_while_they_are_that(self):
        def day(number):
            return {"seconds": 1_736_640_000 + 86_400 * number}  # From 2025-01-12.

        validity = {"start": day(0), "end": day(2)}
        for actor in (
                {"name": "actors/cli-front"},
                {"name": "actors/cli-brigade",
                 "parents": [{"parent": "actors/cli-front", "validity": validity}]}):
            self.client.catalog.CreateActor(catalog_pb.CreateActorRequest(actor=catalog_pb.Actor(
                title=actor["name"], kind=catalog_pb.ACTOR_KIND_STATE_FORCE, **actor)))
        self.client.create_feed("units")
        who = [{"actor": "actors/cli-brigade", "role": events_pb.PARTICIPANT_ROLE_DEPLOYED}]
        self.client.upsert(*(
            harness.event(f"feeds/units/events/{number}", start=day(number)["seconds"],
                          participants=who) for number in (-1, 0, 1, 2)))
        self.assertEqual(self.annals("count", "--actor", "cli-front").stdout, "2\n")
        self.assertEqual(self.annals("count", "--actor", "cli-brigade").stdout, "4\n")
        self.assertIn("cli-brigade (2025-01-12 … 2025-01-13)",
                      self.annals("actors", "get", "cli-front", "-o", "table").stdout)
        self.assertIn("cli-front (2025-01-12 … 2025-01-13)",
                      self.annals("actors", "get", "cli-brigade", "-o", "table").stdout)

    def test_bad_lines_are_named_and_the_rest_goes_in(self):
        text = "\n".join([
            line("lines-1"),
            "{ this is no JSON",
            line("lines-3", title=None),
            line("lines-4", occurred={"start": "2025-01-13T00:00:00Z",
                                      "end": "2025-01-12T00:00:00Z",
                                      "precision": "TIME_PRECISION_DAY"}),
            line("lines-5", location={"point": {"latitude": 91, "longitude": 0}}),
            line("lines-6", nonsense=1),
            line("lines-7", title="Добре")]) + "\n"
        result = self.annals("ingest", "-", "--feed", "more", stdin=text, status=1)
        for number, field in ((2, ""), (3, "title"), (4, "occurred.end"),
                              (5, "location.point.latitude"), (6, "nonsense")):
            complaint = [row for row in result.stderr.splitlines() if f":{number}:" in row]
            self.assertEqual(len(complaint), 1, result.stderr)
            self.assertIn(field, complaint[0])
        self.assertIn("created 2", result.stderr)
        self.assertEqual(len(self.annals_json("get", "more/lines-1", "more/lines-7")), 2)

    def test_dry_run_changes_nothing(self):
        result = self.annals("ingest", "-", "--feed", "more", "--dry-run", stdin=line("dry") + "\n")
        self.assertIn("created 1", result.stderr)
        self.annals("get", "more/dry", status=1)

    def test_compressed_input(self):
        for suffix, command in ((".gz", ["gzip"]), (".xz", ["xz"])):
            with self.subTest(suffix=suffix):
                path = self.directory / f"events.ndjson{suffix}"
                path.write_bytes(subprocess.run(
                    command, input=line(f"packed{suffix}").encode(), capture_output=True,
                    check=True).stdout)
                self.annals("ingest", path, "--feed", "more")
                self.annals("get", f"more/packed{suffix}")

    def test_missing_feed_is_told(self):
        result = self.annals("ingest", "-", "--feed", "cli-none", stdin=line("x"), status=1)
        self.assertIn("--create-feed", result.stderr)

    def test_usage_errors_exit_2(self):
        for arguments in (["query", "--nonsense"], ["nonsense"], [], ["query", "--kind", "dance"],
                          ["query", "--since", "yesterday-ish"], ["query", "--radius", "50km"],
                          ["query", "--bbox", "1,2,3"], ["query", "--role", "captor"],
                          ["query", "-o", "yaml"], ["timeline", "--by", "fortnight"]):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.annals(*arguments, status=2).stdout, "")

    def test_refused_by_the_server_exits_1(self):
        result = self.annals("query", "--region", "regions/XX-NO", status=1)
        self.assertIn("INVALID_ARGUMENT", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_no_server_exits_1(self):
        result = harness.run_annals(f"unix:{self.directory}/nobody.sock", "count", status=1)
        self.assertIn("annalsd", result.stderr)

    def test_help_goes_to_stdout(self):
        self.assertIn("timeline", self.annals("--help").stdout)
        for command in ("query", "count", "timeline", "get", "history", "diff", "changes", "ingest",
                        "import", "new", "edit", "retract", "offer", "feeds", "regions", "actors",
                        "status"):
            self.assertTrue(self.annals(command, "--help").stdout)

    def test_broken_pipe_is_no_error(self):
        self.client.create_feed("pipe")
        self.client.upsert(*(harness.event(f"feeds/pipe/events/{i}", description="x" * 2_000)
                             for i in range(1_000)))
        reader, writer = os.pipe()
        process = subprocess.Popen(
            [harness.BIN_DIR / "annals", "--server", self.server.address, "query", "--feed", "pipe",
             "--all"], stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        os.read(reader, 100)
        os.close(reader)
        _, complaint = process.communicate(timeout=harness.DEADLINE_S)
        self.assertEqual((process.returncode, complaint), (0, b""))


if __name__ == "__main__":
    unittest.main()
