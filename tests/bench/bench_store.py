"""annalsd on a data directory of its own, for benches: started, loaded, looked at from outside."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[2]
BUILD = SOURCE_DIR / "build" / "release"


class Store:
    """annalsd on a data directory of its own."""

    def __init__(self, build, directory):
        self.build, self.directory, self.data = build, directory, directory / "data"
        self.log = open(directory / "annalsd.log", "w+")
        self.daemon = subprocess.Popen(
            [build / "bin" / "annalsd", "--data", self.data, "--listen", f"unix:{directory}/grpc",
             "--log-level", "warning"], stdout=self.log, stderr=self.log)
        self.server = f"unix:{directory}/grpc"
        deadline = time.monotonic() + 60
        while "annalsd ready" not in pathlib.Path(self.log.name).read_text():
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                sys.exit(pathlib.Path(self.log.name).read_text())
            time.sleep(0.05)
        self.run("annals", "feeds", "create", "bench", "--title", "Bench", "--licence", "CC0-1.0")
        lines = next(self.data.rglob("postmaster.pid")).read_text().split("\n")
        self.postmaster, self.socket = lines[0], lines[4]

    def run(self, program, *arguments):
        environment = dict(os.environ, ANNALS_SERVER=self.server)
        done = subprocess.run([self.build / "bin" / program, *arguments], env=environment,
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{program}: {done.stderr}")
        return done.stdout

    def load(self, program="ingest_load", **options):
        """Runs a program of tests/bench; answers what it prints."""
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()
                     if value is not True]
        arguments += [f"--{name}" for name, value in options.items() if value is True]
        done = subprocess.run([self.build / "bench" / program, "--server", self.server,
                               *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stderr)
        return json.loads(done.stdout)

    def psql(self, sql):
        done = subprocess.run(
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "psql", "-h",
             self.socket, "-U", "annals", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
             "annals"], input=sql, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stderr)
        return done.stdout.strip()

    def resident_mb(self):
        status = pathlib.Path(f"/proc/{self.daemon.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def cpu_s(self):
        """CPU seconds so far of annalsd, and of PostgreSQL's backends, ended ones too."""
        tick = os.sysconf("SC_CLK_TCK")

        def of(pid, fields):
            try:
                stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                return 0
            return sum(int(stat[field]) for field in fields) / tick
        own, ended = (11, 12), (13, 14)
        children = pathlib.Path(
            f"/proc/{self.postmaster}/task/{self.postmaster}/children").read_text()
        return of(self.daemon.pid, own), (of(self.postmaster, ended) +
                                          sum(of(pid, own) for pid in children.split()))

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait()


class Peak:
    """annalsd's largest resident size while it is entered."""

    def __init__(self, store):
        self.store, self.mb, self.ended = store, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.ended.wait(0.1):
            self.mb = max(self.mb, self.store.resident_mb())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


@contextlib.contextmanager
def bench_store(build, parent):
    """A store in a directory under `parent` that is gone afterwards."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="annals-bench-", dir=parent))
    directory.chmod(0o755)
    store = Store(build, directory)
    try:
        yield store
    finally:
        store.stop()
        shutil.rmtree(directory, ignore_errors=True)
