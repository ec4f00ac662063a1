"""annalsd with everything that can break round it: a PostgreSQL of its own or one beside it, a
proxy on each way, kills, and the proof that it serves again."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import grpc

import harness
from fault_proxy import HTTP2, POSTGRES, FaultProxy

SERVICE_RESTART_MAX_S = 2
POSTGRES_CRASH_MAX_S = 10
RETRY_S = 0.02
COMMIT_WAIT_S = 2  # for a writer to come to one


def pause(seconds):
    """Lets the others work for a while."""
    threading.Event().wait(seconds)


def children(pid):
    """The processes that this one started."""
    return [int(entry) for entry in os.listdir("/proc")
            if entry.isdigit() and harness.parent_process(entry) == pid]


def command_line(pid):
    """As ps shows it; empty where the process is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def wal_writer(postmaster):
    """The process that writes out what commits did not wait for."""
    return next(pid for pid in children(postmaster) if "walwriter" in command_line(pid))


def kill_postgres(postmaster):
    """SIGKILL to all of a PostgreSQL at one moment, as when the machine loses its power: none sees
    another die, and what only lay in its memory is gone."""
    processes = [postmaster, *children(postmaster)]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
    harness.wait_until(lambda: not any(is_running(pid) for pid in processes), "PostgreSQL is dead")


def is_running(pid):
    """Not gone, and not only waiting for its parent to notice."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


class Postgres:
    """A cluster beside annalsd, which is started again by whoever runs it."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.data = self.directory / "cluster"
        self.run = self.directory / "run"
        self.settings = ["listen_addresses=", f"unix_socket_directories={self.run}", "port=5432",
                         "max_connections=64", "shared_buffers=128MB", "max_wal_size=1GB",
                         "timezone=UTC"]
        self.programs = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                            key=lambda path: int(path.parent.name))
        self.process = None
        self._as_owner = ["setpriv", "--pdeathsig", "INT"]
        for path in (self.data, self.run):
            path.mkdir(parents=True)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            self._as_owner += ["--reuid", str(owner.pw_uid), "--regid", str(owner.pw_gid),
                               "--clear-groups"]
            for path in (self.directory, self.data, self.run):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self.data.chmod(0o700)
        self._run("initdb", "-D", self.data, "-U", "annals", "-A", "trust", "--no-sync",
                  "-E", "UTF8", "--locale=C.UTF-8")
        self.start()
        self._run("createdb", "-h", self.run, "-U", "annals", "annals")

    def _run(self, program, *arguments):
        subprocess.run([*self._as_owner, self.programs / program, *arguments], check=True,
                       capture_output=True, timeout=harness.DEADLINE_S, cwd="/",
                       env={**os.environ, "HOME": str(self.directory)})

    def start(self):
        """Starts it; with what a crash left it first recovers."""
        command = [*self._as_owner, str(self.programs / "postgres"), "-D", str(self.data)]
        for setting in self.settings:
            command += ["-c", setting]
        with open(self.directory / "postgres.log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd="/", start_new_session=True)

        def ready():
            if self.process.poll() is not None:
                raise AssertionError((self.directory / "postgres.log").read_text()[-2000:])
            with contextlib.suppress(OSError, IndexError):
                lines = (self.data / "postmaster.pid").read_text().splitlines()
                return lines[0] == str(self.process.pid) and lines[7].startswith("ready")
            return False

        harness.wait_until(ready, "PostgreSQL is ready")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(harness.DEADLINE_S)

    def postmaster(self):
        return self.process.pid

    @property
    def socket(self):
        return f"unix:{self.run}/.s.PGSQL.5432"


def database_at(directory):
    """As libpq reads it: the database of annals behind a UNIX socket in this directory."""
    return f"host={directory} port=5432 user=annals dbname=annals"


class Stack:
    """annalsd behind a proxy. With `embedded` it runs its own PostgreSQL; else one stands beside
    it, behind a proxy of its own. `patience`: how many times as long as promised recovery may take.
    Use as a context manager."""

    def __init__(self, embedded, tcp=False, patience=1):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="annals-", dir="/tmp"))
        self.directory.chmod(0o755)
        self.postgres = self.database_proxy = None
        arguments = ["--requests-per-second", "0", "--calls-max", "0", "--streams-max", "0"]
        if not embedded:
            self.postgres = Postgres(self.directory / "postgres")
            front = self.directory / "front"
            front.mkdir()
            self.database_proxy = FaultProxy(f"unix:{front}/.s.PGSQL.5432", self.postgres.socket,
                                             POSTGRES).start()
            arguments += ["--database", database_at(front)]
        self.server = harness.Server(self.directory, *arguments, data=embedded)
        if not embedded:
            self.server.database = lambda: database_at(self.postgres.run)
        listen = "127.0.0.1:0" if tcp else f"unix:{self.directory}/front.sock"
        self.proxy = FaultProxy(listen, self.server.listen, HTTP2)
        self.patience = patience
        self.keep = False  # what it leaves behind, to be looked at
        self.recoveries = {}  # The seconds that each kind of fault cost.

    def __enter__(self):
        self.server.start()
        self.proxy.start()
        return self

    def __exit__(self, error, *_):
        self.proxy.stop()
        self.server.stop()
        if self.database_proxy:
            self.database_proxy.stop()
        if self.postgres:
            self.postgres.stop()
        if error is None and not self.keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    def client(self):
        """A client on no proxy."""
        return harness.Client(self.server.listen)

    def postmaster(self):
        return self.postgres.postmaster() if self.postgres else self.server.postmaster()

    # Faults. Each ends by proving that it serves again, and answers after how many seconds.

    def kill_server(self, probe):
        """kill -9 of annalsd; whoever runs it starts it again."""
        self.server.signal(signal.SIGKILL)
        self.server.wait()
        started = time.monotonic()
        self.server.start()
        return self._recovered("annalsd killed", started, SERVICE_RESTART_MAX_S, probe)

    def kill_postgres(self, probe):
        """kill -9 of all of PostgreSQL, with what no commit waited for still in its memory."""
        postmaster = self.postmaster()
        with contextlib.suppress(StopIteration, ProcessLookupError):
            os.kill(wal_writer(postmaster), signal.SIGSTOP)
        pause(0.1)
        started = time.monotonic()
        kill_postgres(postmaster)
        if self.postgres:
            self.postgres.process.wait(harness.DEADLINE_S)
            self.postgres.start()
        return self._recovered("PostgreSQL killed", started, POSTGRES_CRASH_MAX_S, probe)

    def cut_clients(self, probe, random, while_cut):
        """Some fault between clients and annalsd."""
        what = self.proxy.strike(random)
        while_cut()
        self.proxy.recover()
        return what, self._recovered("client cut", time.monotonic(), SERVICE_RESTART_MAX_S, probe,
                                     self.proxy.address)

    def cut_database(self, probe, random, while_cut):
        """Some fault between annalsd and PostgreSQL, most often at a COMMIT."""
        proxy = self.database_proxy
        if random.random() < 0.6:
            delivered = random.choice((True, False, None))
            fired = proxy.fired.get("commit", 0)
            proxy.cut_commit(delivered)
            proxy.wait_fired("commit", fired + 1, COMMIT_WAIT_S)
            what = f"COMMIT cut, delivered: {delivered}"
        else:
            what = proxy.strike(random)
            while_cut()
        proxy.recover()
        return what, self._recovered("database cut", time.monotonic(), POSTGRES_CRASH_MAX_S, probe)

    def _recovered(self, kind, started, limit_s, probe, address=None):
        """Makes writes until one is taken."""
        with harness.Client(address or self.server.listen) as client:
            while True:
                try:
                    probe(client)
                    break
                except grpc.RpcError as error:
                    if time.monotonic() - started > harness.DEADLINE_S:
                        raise AssertionError(f"{kind}: it does not serve again: {error}") from error
                pause(RETRY_S)
        seconds = time.monotonic() - started
        self.recoveries.setdefault(kind, []).append(seconds)
        if seconds > self.patience * limit_s:
            self.recoveries.setdefault("too slow", []).append(seconds)
        return seconds
