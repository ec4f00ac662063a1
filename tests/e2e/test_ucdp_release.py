"""UCDP files, release after release: what they create, correct and take back."""

import collections
import csv
import datetime
import functools
import io
import json
import lzma
import re
import sys
import unittest

import harness
from harness import event_pb

sys.path.insert(0, str(harness.SOURCE_DIR / "tests" / "support"))

import ucdp_release_diff  # noqa: E402
import ucdp_release_events  # noqa: E402

OLD = harness.UCDP_SAMPLE_2019
NEW = harness.UCDP_SAMPLE
OLD_ROWS = 1167
NEW_ROWS = 2989
MAPPING = harness.SOURCE_DIR / "clients" / "import" / "README.md"


def outcomes(result):
    """{"created": 5, …} of the summary that an import ends with."""
    summary = next(line for line in result.stderr.splitlines() if "unchanged " in line)
    return {what: int(count) for what, count in re.findall(r"(\w+) (\d+)", summary)}


def small_file(rows):
    """A file of some rows of the sample, as text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@functools.cache
def releases():
    """The rows of the two files by id."""
    return [{ucdp_release_diff.identifier(row["id"]): row
             for row in ucdp_release_diff.read_rows(path)} for path in (OLD, NEW)]


@functools.cache
def release_changes():
    """What becomes of each event, by the independent account of the columns."""
    old, new = releases()
    content = ucdp_release_diff.content
    return {"CREATED": new.keys() - old.keys(), "RETRACTED": old.keys() - new.keys(),
            "CORRECTED": {key for key in old.keys() & new.keys()
                          if content(old[key]) != content(new[key])}}


@functools.cache
def release_corrections():
    """{event id: the fields that differ}, by the independent account of the events."""
    return {name.rpartition("/")[2]: fields
            for name, fields in ucdp_release_events.corrections(OLD, NEW).items()}


def without_indexes(fields):
    """Of lists `annals changes` tells which element changed; the account only that one did."""
    return {field.partition("[")[0] for field in fields}


class UcdpReleaseTest(harness.ServerTest):
    def imported(self, file, feed, *arguments, **options):
        return harness.import_ucdp(self.server.address, file, feed, *arguments, **options)

    def import_text(self, text, feed, *arguments, **options):
        return self.imported("-", feed, *arguments, stdin=text, **options)

    def count(self, feed, *arguments):
        return int(self.annals("count", "--feed", feed, *arguments).stdout)

    def rows(self, feed, *arguments):
        return self.annals("query", "--feed", feed, "--all", "-o", "ndjson", *arguments).stdout

    def test_importing_again_changes_nothing(self):
        first = outcomes(self.imported(NEW, "twice"))
        self.assertEqual((first["created"], first["invalid"]), (NEW_ROWS, 0))
        self.assertEqual(self.count("twice"), NEW_ROWS)
        before = self.rows("twice")
        second = outcomes(self.imported(NEW, "twice"))
        self.assertEqual((second["created"], second["updated"], second["unchanged"]),
                         (0, 0, NEW_ROWS))
        self.assertEqual(self.rows("twice"), before)
        months = self.annals_json("timeline", "--feed", "twice", "--by", "month")
        self.assertTrue(months)

    def position(self):
        return self.client.events.ListEvents(
            event_pb.ListEventsRequest(page_size=1), timeout=harness.DEADLINE_S).position

    def check_rows(self, expected, *arguments):
        """What is exported is what the file's rows say, field by field."""
        found = {}
        for line in self.rows("replay", *arguments).splitlines():
            stored = json.loads(line)
            self.assertNotIn(stored["name"], found)
            found[stored["name"]] = ucdp_release_events.as_sent(stored)
        self.assertEqual(found.keys(), expected.keys())
        for name, event in found.items():
            self.assertEqual(event, expected[name])

    def test_each_release_is_held_row_by_row_at_its_position(self):
        old, new = (ucdp_release_events.events(path, "replay") for path in (OLD, NEW))
        self.assertEqual((len(old), len(new)), (OLD_ROWS, NEW_ROWS))
        before = self.position()
        self.imported(OLD, "replay")
        at_old = self.position()
        self.check_rows(old)
        self.imported(NEW, "replay", "--complete")
        at_new = self.position()
        self.check_rows(new)
        self.check_rows(new, "--as-of", at_new)
        self.check_rows(old, "--as-of", at_old)
        self.check_rows({}, "--as-of", before)
        # What was taken back is still told, as the older release had it.
        self.check_rows({**old, **new}, "--include-retracted")
        self.check_rows(old, "--include-retracted", "--as-of", at_old)

    def test_a_complete_release_corrects_and_retracts(self):
        first = outcomes(self.imported(OLD, "release"))
        self.assertEqual(first["created"], OLD_ROWS)
        old_rows = self.rows("release")
        between = datetime.datetime.now(datetime.timezone.utc).isoformat()

        trial = outcomes(self.imported(NEW, "release", "--complete", "--dry-run"))
        self.assertEqual(self.rows("release"), old_rows)
        second = outcomes(self.imported(NEW, "release", "--complete", "--reason", "2021 release"))
        expected = ucdp_release_diff.diff(OLD, NEW)
        self.assertEqual((expected["created"], expected["retracted"]), (1916, 94))
        for found in (trial, second):
            self.assertEqual({what: found[what] for what in expected}, expected)
            self.assertEqual(found["invalid"], 0)

        self.assertEqual(self.count("release"), NEW_ROWS)
        self.assertEqual(self.count("release", "--include-retracted"), NEW_ROWS + 94)
        self.assertEqual(self.rows("release", "--as-of", between), old_rows)
        self.assertEqual(self.count("release", "--as-of", between), OLD_ROWS)

        old_ids = {row["id"] for row in ucdp_release_diff.read_rows(OLD)}
        new_ids = {row["id"] for row in ucdp_release_diff.read_rows(NEW)}
        gone = min(old_ids - new_ids)
        event = self.annals_json("get", f"release/{gone}")[0]
        self.assertEqual(event["state"], "EVENT_STATE_RETRACTED")
        self.assertEqual(event["retractionReason"], "2021 release")

        third = outcomes(self.imported(NEW, "release", "--complete"))
        self.assertEqual((third["unchanged"], third.get("retracted", 0)), (NEW_ROWS, 0))

    def test_changes_are_those_between_the_two_files(self):
        self.imported(OLD, "changes")
        position = self.position()
        between = datetime.datetime.now(datetime.timezone.utc).isoformat()
        self.imported(NEW, "changes", "--complete", "--reason", "2021 release")
        asked = ("changes", "--feed", "changes", "--all", "-o", "ndjson")
        told = self.annals(*asked, "--since", between)
        changes = {change["name"].rpartition("/")[2]: change
                   for change in map(json.loads, told.stdout.splitlines())}

        expected = release_changes()
        found = {kind: {key for key, change in changes.items() if change["change"] == kind}
                 for kind in expected}
        self.assertEqual(found, expected)
        self.assertEqual(len(told.stdout.splitlines()), sum(map(len, expected.values())))
        outcome_counts = ucdp_release_diff.diff(OLD, NEW)
        self.assertEqual([len(found[kind]) for kind in ("CREATED", "CORRECTED", "RETRACTED")],
                         [outcome_counts[what] for what in ("created", "updated", "retracted")])
        for key in expected["RETRACTED"]:
            self.assertEqual(changes[key]["retraction_reason"], "2021 release")
        self.assertEqual({change["audit"]["principal"] for change in changes.values()},
                         {"principals/local"})

        corrected = {key: {field["field"]: field for field in changes[key]["fields"]}
                     for key in expected["CORRECTED"]}
        account = release_corrections()
        self.assertEqual({key: without_indexes(changed) for key, changed in corrected.items()},
                         account)
        for key, changed in corrected.items():
            self.check_counts(key, changed)

        [summary] = re.findall("annals: (.* corrected: .*)", told.stderr)
        self.assertTrue(summary.startswith(
            f"{len(found['CREATED']):,} created, {len(found['RETRACTED'])} retracted, "
            f"{len(found['CORRECTED'])} corrected: "), summary)
        by_field = collections.Counter(
            field for fields in account.values()
            for field in {name.partition(".")[0] for name in fields})
        self.assertEqual(dict(re.findall(r"(\w+) (\d+)", summary.partition("corrected: ")[2])),
                         {field: str(count) for field, count in by_field.items()})

        since_position = self.annals(*asked, "--since", position)
        self.assertEqual(since_position.stdout, told.stdout)
        self.assertEqual(since_position.stderr, told.stderr)

    def check_counts(self, key, changed):
        """The values of a correction are those of the two rows, contradictions as their hull."""
        counts = [{bound: int(release[key][bound]) for bound in ("low", "best", "high")}
                  for release in releases()]
        for of_row in counts:
            of_row.update(low=min(of_row.values()), high=max(of_row.values()))
        for bound in counts[0]:
            if field := changed.get(f"fatalities.{bound}"):
                self.assertEqual([int(field["before"]), int(field["after"])],
                                 [of_row[bound] for of_row in counts], key)

    def test_an_event_differs_as_its_rows_do(self):
        self.imported(OLD, "differs")
        self.imported(NEW, "differs", "--complete")
        key = min(key for key, fields in release_corrections().items()
                  if "fatalities.best" in fields)
        rows = self.annals_json("diff", f"differs/{key}")
        self.assertEqual({row["name"] for row in rows}, {f"feeds/differs/events/{key}"})
        self.check_counts(key, {row["field"]: row for row in rows})
        backwards = self.annals_json("diff", f"differs/{key}", 2, 1)
        self.assertEqual(sum(row["field"].startswith("fatalities.") for row in rows),
                         sum(row["field"].startswith("fatalities.") for row in backwards))
        created = min(release_changes()["CREATED"])
        self.assertIn("one revision", self.annals("diff", f"differs/{created}").stderr)
        self.assertIn("NOT_FOUND", self.annals("diff", f"differs/{key}", 3, status=1).stderr)
        self.annals("diff", f"differs/{key}", "first", status=2)

    def test_a_release_that_lost_a_fifth_is_refused_without_force(self):
        rows = ucdp_release_diff.read_rows(NEW)[:10]
        self.import_text(small_file(rows), "shrunk")
        refused = self.import_text(small_file(rows[:7]), "shrunk", "--complete", status=1)
        self.assertIn("FAILED_PRECONDITION", refused.stderr)
        self.assertEqual(self.count("shrunk"), 10)
        forced = self.import_text(small_file(rows[:7]), "shrunk", "--complete", "--force")
        self.assertEqual(outcomes(forced)["retracted"], 3)
        self.assertEqual(self.count("shrunk"), 7)

    def test_a_bad_row_is_named_and_the_rest_goes_in(self):
        rows = [dict(row) for row in ucdp_release_diff.read_rows(NEW)[:10]]
        self.import_text(small_file(rows), "bad-row")
        rows[4]["date_start"] = "some day"
        del rows[9]
        result = self.import_text(small_file(rows), "bad-row", "--complete", status=1)
        line = small_file(rows[:4]).count("\n") + 1
        self.assertRegex(result.stderr, rf"<stdin>:{line}: date_start: ")
        self.assertIn("nothing is retracted", result.stderr)
        found = outcomes(result)
        self.assertEqual((found["unchanged"], found["invalid"]), (8, 1))
        self.assertEqual(self.count("bad-row"), 10)

    def test_a_truncated_file_retracts_nothing(self):
        self.imported(OLD, "cut")
        cut = self.directory / "cut.csv.xz"
        cut.write_bytes(OLD.read_bytes()[:40_000])
        result = self.imported(cut, "cut", "--complete", "--force", status=1)
        self.assertIn("truncated", result.stderr)
        self.assertEqual(outcomes(result).get("updated", 0), 0)
        self.assertEqual(self.count("cut"), OLD_ROWS)

    def test_a_file_without_a_column_is_refused(self):
        text = lzma.open(OLD, "rt", encoding="utf-8").read().replace("where_prec", "precision", 1)
        result = self.import_text(text, "columns", status=1)
        self.assertIn("where_prec", result.stderr)
        self.assertEqual(self.count("columns"), 0)

    def test_regions_resolve(self):
        self.imported(NEW, "regions")
        found = self.annals_json("query", "--feed", "regions", "--all")
        by_id = {event["name"].rpartition("/")[2]: event["location"] for event in found}
        unresolved = []
        for row in ucdp_release_diff.read_rows(NEW):
            location = by_id[row["id"]]
            if row["where_prec"] in ("3", "4", "6") and "areaRegion" not in location:
                unresolved.append((row["id"], row["adm_1"]))
            if row["adm_1"] == "Donetsk oblast" and row["where_prec"] != "7":
                self.assertEqual(location["region"], "regions/UA-14", row["id"])
        self.assertEqual(unresolved, [])

    def test_the_account_knows_the_documented_columns(self):
        documented = set()
        for line in MAPPING.read_text().partition("| Column |")[2].splitlines()[2:]:
            if not line.startswith("|"):
                break
            documented.update(re.findall(r"`(\w+)`", line.split("|")[1]))
        self.assertEqual(documented, set(ucdp_release_diff.COLUMNS))


if __name__ == "__main__":
    unittest.main()
