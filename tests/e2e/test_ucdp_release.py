"""UCDP files, release after release: what they create, correct and take back."""

import csv
import datetime
import io
import lzma
import re
import sys
import unittest

import harness

sys.path.insert(0, str(harness.SOURCE_DIR / "tests" / "support"))

import ucdp_release_diff  # noqa: E402

OLD = harness.SOURCE_DIR / "tests" / "data" / "ukraine_2019.csv.xz"
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
