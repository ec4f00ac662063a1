"""Runs that must find violations: proof that the checks see what they look for. Each answers the
violations that it found."""

import contextlib
import io
import subprocess
import tempfile

import harness
from campaign import Part, Plan
from stack import Postgres, database_at
from watch_history import check_reliable, check_unique

KILLS = 2
NAIVE_WRITERS = 16
NAIVE_TRANSACTIONS = 30  # of each writer
NAIVE_TABLE = "CREATE TABLE naive (seq bigserial PRIMARY KEY, recorded timestamptz DEFAULT now())"
NAIVE_WRITE = """BEGIN;
INSERT INTO naive DEFAULT VALUES;
SELECT pg_sleep(random() * 0.005);
COMMIT;
"""
LOCKED_WRITE = NAIVE_WRITE.replace("BEGIN;", "BEGIN;\nSELECT pg_advisory_xact_lock(1);")


def synchronous_commit_off(random):
    """D1 where commits are not waited for: annalsd as it is shipped, with one word changed on its
    way to PostgreSQL, which then loses what it acknowledged when it is killed."""
    part = Part(1, ["postgres kill"] * KILLS, Plan(watchers=0), random, io.StringIO())
    part.keep = False
    proxy = part.stack.database_proxy
    proxy.rewrite(b"synchronous_commit = on;", b"synchronous_commit =off;")
    violations = part.run()
    if not proxy.fired.get("rewrite"):
        raise AssertionError("annalsd does not ask for synchronous_commit in these words any more")
    return [violation for violation in violations if violation.startswith("D1")]


class Scratch:
    """A database with a table that is written to by many at once and followed by its numbers."""

    def __init__(self, directory):
        self.postgres = Postgres(f"{directory}/postgres")
        self.database = database_at(self.postgres.run)
        self.directory = directory

    def psql(self, *arguments, **options):
        return subprocess.run(["psql", "-X", "-q", "-A", "-t", "-d", self.database, *arguments],
                              check=True, capture_output=True, text=True,
                              timeout=harness.DEADLINE_S, **options).stdout

    def follow(self, write):
        """Lets the writers run while one reader asks for `seq > last` again and again. Answers all
        numbers that are there in the end, and those that the reader saw."""
        self.psql("-c", f"DROP TABLE IF EXISTS naive; {NAIVE_TABLE}")
        script = f"{self.directory}/write.sql"
        with open(script, "w", encoding="utf-8") as file:
            file.write(write)
        seen = []
        with subprocess.Popen(
                [self.postgres.programs / "pgbench", "-n", "-c", str(NAIVE_WRITERS), "-j", "2",
                 "-t", str(NAIVE_TRANSACTIONS), "-f", script, self.database],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as writers, \
            subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", self.database],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
            over = False
            while not over:
                over = writers.poll() is not None
                last = seen[-1] if seen else 0
                reader.stdin.write(f"SELECT seq FROM naive WHERE seq > {last} ORDER BY seq;\n"
                                   "\\echo end\n")
                reader.stdin.flush()
                for line in iter(reader.stdout.readline, "end\n"):
                    seen.append(int(line))
            reader.stdin.close()
        if writers.returncode != 0:
            raise AssertionError("pgbench failed")
        return [int(line) for line in self.psql("-c", "SELECT seq FROM naive").split()], seen


def naive_watch(_random):
    """W3 where changes are followed by a sequence, which is drawn in another order than that of
    commits. The same under a lock, as annalsd takes one, must lose nothing."""
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="annals-", dir="/tmp"))
        subprocess.run(["chmod", "755", directory], check=True)
        scratch = Scratch(directory)
        stack.callback(scratch.postgres.stop)
        expected, seen = scratch.follow(LOCKED_WRITE)
        if check_reliable(expected, seen) or check_unique(seen):
            raise AssertionError("the validators see losses where there are none")
        expected, seen = scratch.follow(NAIVE_WRITE)
        return check_reliable(expected, seen)


CONTROLS = {"synchronous-commit-off": synchronous_commit_off, "naive-watch": naive_watch}
