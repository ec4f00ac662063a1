"""What README.md shows is what the programs do: its console blocks are run on a terminal of 130
columns and must answer to the letter, its Python must run, its flags and links must exist.

ANNALS_README_UPDATE=1 writes the answers into README.md instead.
"""

import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
import unittest

import harness

README = harness.SOURCE_DIR / "README.md"
COLUMNS = 130
CONSOLE = re.compile(r"^```console\n\$ annals (.*)\n((?:.*\n)*?)```$", re.M)


def on_a_terminal(arguments):
    """What `annals` prints on a terminal, both streams as they come."""
    terminal, program_side = pty.openpty()
    fcntl.ioctl(program_side, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [harness.BIN_DIR / "annals", *arguments], stdin=subprocess.DEVNULL, stdout=program_side,
        stderr=subprocess.DEVNULL, env={**os.environ, "NO_COLOR": "1"})
    os.close(program_side)
    shown = b""
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # The other side is closed.
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    assert process.wait(harness.DEADLINE_S) == 0, arguments
    return shown.decode().replace("\r\n", "\n")


def check_answers(test, questions):
    """The console blocks whose arguments match `questions` must answer to the letter."""
    text = README.read_text(encoding="utf-8")
    test.assertTrue(any(re.match(questions, block.group(1)) for block in CONSOLE.finditer(text)))

    def answer(match):
        if not re.match(questions, match.group(1)):
            return match.group(0)
        arguments = shlex.split(match.group(1))
        shown = on_a_terminal(["--server", test.server.address, *arguments])
        return f"```console\n$ annals {match.group(1)}\n{shown}```"

    answered = CONSOLE.sub(answer, text)
    if os.environ.get("ANNALS_README_UPDATE"):
        README.write_text(answered, encoding="utf-8")
    else:
        test.assertEqual([block.group(0) for block in CONSOLE.finditer(text)],
                         [block.group(0) for block in CONSOLE.finditer(answered)])


class ReadmeTest(harness.ServerTest):
    maxDiff = None

    @classmethod
    def prepare(cls):
        harness.load_samples(cls.server.address)
        cls.text = README.read_text(encoding="utf-8")

    def test_questions_have_these_answers(self):
        check_answers(self, r"(?!diff ).*")

    def test_python_runs(self):
        [program] = re.findall(r"^```python\n(.*?)^```$", self.text, re.M | re.S)
        program = program.replace("127.0.0.1:7070", self.server.address)
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONPATH": os.environ["ANNALS_PYTHON_DIR"]})
        self.assertIn("feeds/sample/events/kursk-capture", done.stdout)

    def test_flags_exist(self):
        manuals = ""
        for command in ([], ["token", "create"], ["rotate-keys"]):
            manuals += subprocess.run([harness.BIN_DIR / "annalsd", *command, "--help"],
                                      capture_output=True, text=True, check=True).stdout
        for command in ([], ["query"], ["timeline"], ["ingest"], ["import", "ucdp-ged"],
                        ["retract"], ["merge"], ["duplicates"], ["offer", "advance"],
                        ["feeds", "update"], ["feeds", "delete"], ["changes"], ["new"]):
            manuals += self.annals(*command, "--help").stdout
        of_others = {"--python_out", "--grpc_out", "--plugin"}  # protoc's
        flags = set(re.findall(r"(?<=[`| ])--[a-z][a-z_-]+", self.text)) - of_others
        self.assertEqual({flag for flag in flags if flag not in manuals}, set())

    def test_links_lead_somewhere(self):
        for source in ("README.md", "CONTRIBUTING.md", "storage/README.md",
                       "deploy/edge/README.md"):
            path = harness.SOURCE_DIR / source
            for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", path.read_text()):
                self.assertTrue((path.parent / target).exists(), f"{source}: {target}")


class ReleasesTest(harness.ServerTest):
    """What README.md tells of two releases of UCDP."""

    maxDiff = None

    @classmethod
    def prepare(cls):
        harness.import_ucdp(cls.server.address, harness.UCDP_SAMPLE_2019, "ucdp-ged")
        cls.position = cls.client.events.ListEvents(
            harness.event_pb.ListEventsRequest(page_size=1), timeout=harness.DEADLINE_S).position
        harness.import_ucdp(cls.server.address, harness.UCDP_SAMPLE, "ucdp-ged", "--complete")

    def test_differences_are_these(self):
        check_answers(self, "diff ")

    def test_changes_end_with_these_counts(self):
        told = self.annals("changes", "--since", self.position, "--limit", 0).stderr
        [counts] = re.findall("annals: (.* corrected: .*)", told)
        self.assertIn(f'"{counts}"', " ".join(README.read_text(encoding="utf-8").split()))


if __name__ == "__main__":
    unittest.main()
