"""annals new and annals edit against a real server, with a script in place of a person."""

import json
import pathlib
import re
import unittest

import harness

DAY = {"start": "2025-01-12T00:00:00Z", "end": "2025-01-13T00:00:00Z",
       "precision": "TIME_PRECISION_DAY"}
# Replaces words in the file that it is given; what is not there is an error.
SCRIPT = """import sys
path, *changes = [sys.argv[-1], *sys.argv[1:-1]]
text = open(path).read()
if text.startswith("#! "):
    sys.exit()  # Leaves what was refused.
for before, after in zip(changes[::2], changes[1::2]):
    assert before in text, before
    text = text.replace(before, after)
open(path, "w").write(text)
"""
GOOD = ('"title": ""', '"title": "Two soldiers"', '"start": "YYYY-MM-DDThh:mm:ssZ"',
        '"start": "2025-01-12T00:00:00Z"', '"end": "YYYY-MM-DDThh:mm:ssZ"',
        '"end": "2025-01-13T00:00:00Z"', '"precision": "",\n  }',
        '"precision": "TIME_PRECISION_DAY",\n  }')


class EditTest(harness.ServerTest):
    @classmethod
    def prepare(cls):
        cls.client.create_feed("hand")
        cls.script = cls.directory / "script.py"
        cls.script.write_text(SCRIPT)

    def editor(self, *changes):
        """A command for --editor that makes these changes."""
        words = [str(self.script), *changes]
        quoted = ["'" + word.replace("'", "'\\''") + "'" for word in words]
        return " ".join(["python3", *quoted])

    def new(self, *changes, **options):
        return self.annals("new", "--kind", "capture", "--feed", "hand", "--editor",
                           self.editor(*changes), **options)

    def kept(self, result):
        """The file that was kept, which is then gone."""
        [path] = re.findall(r"kept in (\S+):", result.stderr)
        text = pathlib.Path(path).read_text()
        self.addCleanup(pathlib.Path(path).unlink, missing_ok=True)
        return path, text

    def test_a_new_event_goes_in(self):
        name = self.new(*GOOD).stdout.strip()
        self.assertRegex(name, r"^feeds/hand/events/[0-9A-HJKMNP-TV-Z]{26}$")
        [event] = self.annals_json("get", name)
        self.assertEqual((event["kind"], event["title"], event["occurred"], event["revision"]),
                         ("EVENT_KIND_CAPTURE", "Two soldiers", DAY, "1"))

    def test_what_is_refused_comes_back_and_can_be_mended(self):
        script = self.directory / "mend.py"
        script.write_text(
            "import subprocess, sys\npath = sys.argv[-1]\ntext = open(path).read()\n"
            "if text.startswith('#! title: '):\n"
            "    text = text.replace('\"title\": \"\"', '\"title\": \"Mended\"')\n"
            "else:\n"
            f"    changes = {list(GOOD[2:])!r}\n"
            "    for before, after in zip(changes[::2], changes[1::2]):\n"
            "        text = text.replace(before, after)\n"
            "open(path, 'w').write(text)\n")
        result = self.annals("new", "--kind", "capture", "--feed", "hand", "--editor",
                             f"python3 {script}")
        self.assertIn("title: ", result.stderr)
        [event] = self.annals_json("get", result.stdout.strip())
        self.assertEqual(event["title"], "Mended")

    def test_what_is_refused_is_kept_and_sent_later(self):
        result = self.new(*GOOD[2:], status=1)
        path, text = self.kept(result)
        self.assertTrue(text.startswith("#! title: "), text[:80])
        self.assertIn("left as it was", result.stderr)
        sent = self.annals("new", "--from", path, "--editor",
                           "sed -i 's/: \"\",$/: \"Later\",/'")
        self.assertEqual(len(self.annals_json("get", sent.stdout.strip())), 1)

    def test_nothing_written_is_nothing_sent(self):
        for editor in ("true", "truncate -s 0", "sed -i s/^[^#].*//"):
            result = self.annals("new", "--kind", "battle", "--feed", "hand", "--editor", editor,
                                 status=1)
            self.assertIn("nothing was sent", result.stderr)
            self.assertNotIn("kept in", result.stderr)

    def test_text_survives_a_server_that_is_not_there(self):
        result = harness.run_annals(
            f"unix:{self.directory}/nobody.sock", "new", "--kind", "capture", "--feed", "hand",
            "--editor", self.editor(*GOOD), status=1)
        path, text = self.kept(result)
        self.assertIn("Two soldiers", text)
        self.annals("new", "--from", path, "--editor", "true")

    def test_an_event_is_changed(self):
        self.client.upsert(harness.event("feeds/hand/events/change", tags=["a", "b"],
                                         description="Line one\n# and two"))
        self.annals("edit", "hand/change", "--editor", self.editor("A battle", "A siege"))
        [event] = self.annals_json("get", "hand/change")
        self.assertEqual((event["title"], event["tags"], event["description"], event["revision"]),
                         ("A siege", ["a", "b"], "Line one\n# and two", "2"))
        changed = self.annals("diff", "hand/change", "-o", "ndjson").stdout.splitlines()
        self.assertEqual([json.loads(row)["field"] for row in changed], ["title"])

    def test_an_edit_that_changes_nothing_is_not_sent(self):
        self.client.upsert(harness.event("feeds/hand/events/same"))
        result = self.annals("edit", "hand/same", "--editor", self.editor("{", " {"), status=1)
        self.assertIn("nothing in it differs", result.stderr)
        self.assertNotIn("kept in", result.stderr)
        [event] = self.annals_json("get", "hand/same")
        self.assertEqual(event["revision"], "1")

    def test_what_another_changed_meanwhile_is_not_overwritten(self):
        self.client.upsert(harness.event("feeds/hand/events/race"))
        other = self.directory / "other.sh"
        other.write_text(
            f"{harness.BIN_DIR}/annals --server {self.server.address} edit hand/race "
            f"--editor 'sed -i \"s/A battle/Theirs/\"' && sed -i 's/A battle/Ours/' \"$1\"\n")
        result = self.annals("edit", "hand/race", "--editor", f"sh {other}", status=1)
        self.assertIn("ABORTED", result.stderr)
        self.assertIn("Ours", self.kept(result)[1])
        [event] = self.annals_json("get", "hand/race")
        self.assertEqual(event["title"], "Theirs")

    def test_names_stay(self):
        self.client.upsert(harness.event("feeds/hand/events/name"))
        result = self.annals("edit", "hand/name", "--editor",
                             self.editor("events/name\"", "events/other\""), status=1)
        self.assertIn("name: must stay", result.stderr)
        self.kept(result)
        self.annals("get", "hand/other", status=1)

    def test_what_does_not_stand_is_not_edited(self):
        self.client.upsert(harness.event("feeds/hand/events/gone"))
        self.annals("retract", "hand/gone", "--reason", "x")
        result = self.annals("edit", "hand/gone", "--editor", "true", status=1)
        self.assertIn("retracted", result.stderr)
        self.assertIn("NOT_FOUND", self.annals("edit", "hand/none", status=1).stderr)


if __name__ == "__main__":
    unittest.main()
