"""Merging, redacting and deleting on the command line; what is left of it in the database."""

import json
import unittest

import harness
from harness import events_pb

SECRET = "Ivan Ivanenko"


def place(latitude):
    return events_pb.Location(point={"latitude": latitude, "longitude": 35.27})


class MergeTest(harness.ServerTest):
    @classmethod
    def prepare(cls):
        for feed in ("merge-a", "merge-b", "removed", "purged"):
            cls.client.create_feed(feed)
        cls.client.upsert(
            harness.event("feeds/merge-a/events/1", title="As A has it", location=place(51.19)),
            harness.event("feeds/merge-b/events/1", title="As B has it", location=place(51.25)),
            harness.event("feeds/merge-b/events/far", location=place(52.5)))

    def test_duplicates_are_found_merged_and_unmerged(self):
        [pair] = self.annals_json("duplicates", "--feed", "merge-a")
        self.assertEqual((pair["first"]["name"], pair["second"]["name"]),
                         ("feeds/merge-a/events/1", "feeds/merge-b/events/1"))
        self.assertAlmostEqual(pair["distanceM"], 6_674, delta=50)
        table = self.annals("duplicates", "--distance", "10km", "-o", "table").stdout
        self.assertIn("merge-b/1", table)

        before = self.annals_json("get", "merge-a/1")
        self.annals("merge", "merge-a/1", "--into", "merge-b/1", "--reason", "Same", "--dry-run")
        self.assertEqual(self.annals_json("get", "merge-a/1"), before)
        self.annals("merge", "merge-a/1", "--into", "merge-b/1", "--reason", "Same")
        got = self.annals("get", "merge-a/1", "-o", "json")
        self.assertEqual(json.loads(got.stdout)[0]["title"], "As B has it")
        self.assertIn("feeds/merge-a/events/1: merged into feeds/merge-b/events/1", got.stderr)
        [merged] = self.annals_json("get", "merge-a/1", "--keep-merged")
        self.assertEqual((merged["title"], merged["mergedInto"]),
                         ("As A has it", "feeds/merge-b/events/1"))
        self.assertEqual(self.annals("count", "--feed", "merge-a").stdout, "0\n")
        self.assertEqual(
            self.annals("count", "--feed", "merge-a", "--include-retracted").stdout, "1\n")
        self.assertEqual(self.annals_json("duplicates", "--feed", "merge-a"), [])
        self.assertIn("merged into merge-b/1",
                      self.annals("history", "merge-a/1", "-o", "table").stdout)
        self.annals("merge", "merge-b/1", "--into", "merge-a/1", "--reason", "x", status=1)
        self.annals("retract", "merge-a/1", "--reason", "x", status=1)

        self.annals("unmerge", "merge-a/1", "--reason", "Not the same")
        [after] = self.annals_json("get", "merge-a/1")
        for event in (after, before[0]):
            for field in ("revision", "updateTime", "etag"):
                del event[field]
        self.assertEqual(after, before[0])

    def dump(self):
        """Every value of every table that may hold content, as text."""
        text = ""
        for table in ("event", "event_revision", "event_posting", "participant"):
            for row in self.server.sql(f"SELECT * FROM {table}"):
                for value in row.values():
                    if value.startswith("\\x"):
                        text += bytes.fromhex(value[2:]).decode("utf-8", "replace")
                    text += value + "\n"
        return text

    def test_nothing_of_a_redacted_event_is_left_in_the_tables(self):
        for title in (SECRET, f"{SECRET} again"):
            self.client.upsert(harness.event(
                "feeds/removed/events/1", title=title, description=SECRET, tags=[SECRET],
                location=events_pb.Location(place_name=SECRET),
                participants=[{"label": SECRET,
                               "role": events_pb.PARTICIPANT_ROLE_TARGET}]))
        self.annals("retract", "removed/1", "--reason", SECRET)
        self.assertIn(SECRET, self.dump())
        self.annals("redact", "removed/1", "--reason", "Safety", stdin="no\n", status=2)
        self.assertIn(SECRET, self.dump())
        self.annals("redact", "removed/1", "--reason", "Safety", stdin="removed/1\n")
        # Words are kept folded and apart.
        self.assertNotIn(SECRET.split()[-1].casefold(), self.dump().casefold())
        [event] = self.annals_json("get", "removed/1")
        self.assertEqual((event["title"], event["redacted"], event["state"]),
                         ("[redacted]", True, "EVENT_STATE_RETRACTED"))
        rows = self.annals("history", "removed/1", "-o", "ndjson").stdout
        self.assertEqual(len(rows.splitlines()), 4)
        self.assertNotIn(f'"title":"{SECRET}', rows)

    def test_purge(self):
        self.client.upsert(harness.event("feeds/purged/events/1", title=f"{SECRET} purged"))
        refused = self.annals("feeds", "delete", "purged", "--reason", "x", status=1)
        self.assertIn("feeds/purged has 1 events", refused.stderr)
        self.annals("feeds", "delete", "purged", "--purge", "--reason", "x", stdin="", status=2)
        self.annals("feeds", "delete", "purged", "--purge", "--reason", "x", stdin="purged\n")
        self.assertNotIn("purged", self.dump())
        self.annals("feeds", "get", "purged", status=1)
        self.annals("get", "purged/1", status=1)
        self.client.create_feed("purged-empty")
        self.annals("feeds", "delete", "purged-empty", "--reason", "A mistake", "--yes")
        self.annals("feeds", "get", "purged-empty", status=1)


if __name__ == "__main__":
    unittest.main()
