"""Starts annalsd, runs annals, and talks gRPC: what every end-to-end test stands on.

By hand, from the root of the source tree, with a build in build/release:
  tests/run -R e2e.test_cli
"""

import contextlib
import csv
import datetime
import functools
import io
import json
import lzma
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SOURCE_DIR = pathlib.Path(os.environ["ANNALS_SOURCE_DIR"])
BIN_DIR = pathlib.Path(os.environ["ANNALS_BIN_DIR"])
SAMPLE_DIR = SOURCE_DIR / "deploy" / "sample"
KURSK_SAMPLE = SAMPLE_DIR / "kursk-2025-01.ndjson"
EXCHANGE_SAMPLE = SAMPLE_DIR / "exchange-2022-09.ndjson"
UCDP_SAMPLE = SAMPLE_DIR / "ucdp-ged-ukraine.csv.xz"
# An older release of the same events.
UCDP_SAMPLE_2019 = SOURCE_DIR / "tests" / "data" / "ukraine_2019.csv.xz"
DEADLINE_S = 60

sys.path.insert(0, os.environ["ANNALS_PYTHON_DIR"])

import grpc  # noqa: E402
from annals.v1 import catalog_service_pb2 as catalog_pb  # noqa: E402
from annals.v1 import catalog_service_pb2_grpc as catalog_grpc  # noqa: E402
from annals.v1 import event_filter_pb2 as filter_pb  # noqa: E402
from annals.v1 import event_service_pb2 as event_pb  # noqa: E402
from annals.v1 import event_service_pb2_grpc as event_grpc  # noqa: E402
from annals.v1 import events_pb2 as events_pb  # noqa: E402
from annals.v1 import ingest_service_pb2 as ingest_pb  # noqa: E402
from annals.v1 import ingest_service_pb2_grpc as ingest_grpc  # noqa: E402
from annals.v1 import status_service_pb2 as status_pb  # noqa: E402
from annals.v1 import status_service_pb2_grpc as status_grpc  # noqa: E402
from annals.v1 import values_pb2 as values_pb  # noqa: E402
from google.rpc import error_details_pb2  # noqa: E402
from google.rpc import status_pb2 as rpc_status_pb  # noqa: E402


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """Polls `condition` until it holds; its value is returned."""
    deadline = time.monotonic() + deadline_s
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {deadline_s} s: {what}")
        pause.wait(0.02)


def temporary_directory(test):
    """A directory that any user may enter, gone after the test; short, as sockets lie in it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="annals-", dir="/tmp"))
    path.chmod(0o755)
    add_cleanup = getattr(test, "addClassCleanup" if isinstance(test, type) else "addCleanup")
    add_cleanup(shutil.rmtree, path, ignore_errors=True)
    return path


def seeded_random():
    """A random source whose seed is printed; ANNALS_SEED repeats a run."""
    seed = int(os.environ.get("ANNALS_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"ANNALS_SEED={seed}", file=sys.stderr)
    return random.Random(seed)


def parent_process(pid):
    """The parent's id, or None where the process is gone."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])


class Server:
    """One annalsd. `arguments` follow --listen; `prefix` is a command that it is run by, `program`
    what runs in the place of annalsd."""

    def __init__(self, directory, *arguments, listen=None, data=True, prefix=(), environment=None,
                 program="annalsd"):
        self.directory = pathlib.Path(directory)
        self.data = self.directory / "data"
        self.listen = listen or f"unix:{self.directory}/annalsd.sock"
        self.arguments = ["--data", str(self.data)] if data else []
        self.arguments += arguments
        self.prefix = list(prefix)
        self.environment = environment
        self.program = program
        self.process = None
        self.address = None  # The first of them.
        self.addresses = []
        self.lines = []

    def spawn(self):
        """Starts it without waiting."""
        self.lines = []
        self.address = None
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *self.prefix, str(BIN_DIR / self.program),
             "--listen", self.listen, *self.arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=self.environment, text=True, errors="replace")
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        return self

    def start(self):
        """Starts it and waits until it serves."""
        self.spawn()

        def ready():
            return self.address or self.process.poll() is not None

        wait_until(ready, f"annalsd serves at {self.listen}")
        if self.address is None:
            self._reader.join()
            raise AssertionError("annalsd ended at once:\n" + self.log())
        return self

    def _read(self, stream):
        with stream:
            for line in stream:
                self.lines.append(line)
                if line.startswith("annalsd ready: "):
                    words = dict(word.split("=", 1) for word in line.split() if "=" in word)
                    self.addresses = words["grpc"].split(",")
                    self.address = self.addresses[0]

    def log(self):
        return "".join(self.lines)

    def wait(self, deadline_s=DEADLINE_S):
        """Waits for its end and returns its exit status."""
        status = self.process.wait(deadline_s)
        self._reader.join(deadline_s)
        return status

    def signal(self, number):
        self.process.send_signal(number)

    def database(self):
        """Its PostgreSQL, as libpq reads it."""
        return f"host={self.data}/run port=5432 user=annals dbname=annals"

    def sql(self, query):
        """The rows that its PostgreSQL answers, as dicts of texts; NULL is empty."""
        answer = subprocess.run(
            ["psql", "-X", "--csv", "-v", "ON_ERROR_STOP=1", "-d", self.database(), "-c", query],
            capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        if answer.returncode != 0:
            raise AssertionError(f"{query}\n{answer.stderr}")
        return list(csv.DictReader(io.StringIO(answer.stdout)))

    def stop(self):
        """SIGTERM; returns the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait()

    def postmaster(self):
        """The id of its PostgreSQL's first process."""
        for file in self.data.rglob("postmaster.pid"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                pid = int(file.read_text().splitlines()[0])
                if parent_process(pid) is not None:
                    return pid
        return None


class _Headers(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor,
               grpc.StreamUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Sends with each call what `headers` answers at that moment."""

    def __init__(self, headers):
        self.headers = headers

    def intercept(self, continuation, details, request):
        metadata = [*(details.metadata or ()), *self.headers()]
        return continuation(details._replace(metadata=metadata), request)

    intercept_unary_unary = intercept_unary_stream = intercept
    intercept_stream_unary = intercept_stream_stream = intercept


class Client:
    """Stubs on one channel. Use as a context manager. `token` and `headers` may be changed: the
    next call brings the new ones. `tls` are credentials of grpc.ssl_channel_credentials; the
    connection is this client's own."""

    def __init__(self, address, token=None, headers=(), tls=None, options=()):
        self.token = token
        self.headers = headers
        options = [
            ("grpc.max_receive_message_length", 64 << 20), ("grpc.use_local_subchannel_pool", 1),
            ("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500),
            *options]
        channel = grpc.secure_channel(address, tls, options) if tls is not None else \
            grpc.insecure_channel(address, options)
        self.channel = grpc.intercept_channel(channel, _Headers(self._headers))
        self.events = event_grpc.EventServiceStub(self.channel)
        self.ingest = ingest_grpc.IngestServiceStub(self.channel)
        self.catalog = catalog_grpc.CatalogServiceStub(self.channel)
        self.status = status_grpc.StatusServiceStub(self.channel)

    def _headers(self):
        if self.token is None:
            return list(self.headers)
        return [*self.headers, ("authorization", f"Bearer {self.token}")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def create_feed(self, feed):
        self.catalog.CreateFeed(catalog_pb.CreateFeedRequest(feed=catalog_pb.Feed(
            name=f"feeds/{feed}", title=f"Feed {feed}", licence="CC0-1.0")), timeout=DEADLINE_S)

    def upsert(self, *events):
        request = ingest_pb.BatchUpsertEventsRequest(
            rows=[ingest_pb.EventUpsert(event=event) for event in events])
        return self.ingest.BatchUpsertEvents(request, timeout=DEADLINE_S)

    def list_all(self, event_filter=None, **fields):
        """Every event over all pages, in order."""
        request = event_pb.ListEventsRequest(filter=event_filter, page_size=1000, **fields)
        while True:
            answer = self.events.ListEvents(request, timeout=DEADLINE_S)
            yield from answer.events
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    def count(self, event_filter=None, **fields):
        request = event_pb.SummarizeEventsRequest(filter=event_filter, **fields)
        return self.events.SummarizeEvents(request, timeout=DEADLINE_S).totals.event_count


def error_detail(error, message):
    """`message` filled from the details of a failed call."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in rpc_status_pb.Status.FromString(value).details:
                if detail.Unpack(message):
                    return message
    kind = message.DESCRIPTOR.name
    raise AssertionError(f"no {kind} came with {error.code()}: {error.details()}")


def error_info(error):
    """The google.rpc.ErrorInfo of a failed call."""
    return error_detail(error, error_details_pb2.ErrorInfo())


def retry_delay_s(error):
    """After how long a refused call may be made again."""
    delay = error_detail(error, error_details_pb2.RetryInfo()).retry_delay
    return delay.seconds + delay.nanos / 1e9


def request_id(call):
    """What an ended call, or a failed one, was given to be named by."""
    [value] = [value for key, value in call.trailing_metadata() if key == "annals-request-id"]
    return value


def is_over(call):
    """Whether a call has ended; what it was answered need not have been read."""
    return not call.is_active()


class Hold:
    """Keeps the sending side of streams open, and silent, until the test ends."""

    def __init__(self, test):
        self._over = threading.Event()
        test.addCleanup(self._over.set)

    def messages(self, *first):
        """Yields these and then nothing."""
        yield from first
        self._over.wait(DEADLINE_S)


def event(name, start=1_736_640_000, days=1, **fields):
    """A valid event; 1,736,640,000 is 2025-01-12T00:00:00Z."""
    window = events_pb.OccurredWindow(precision=events_pb.TIME_PRECISION_DAY)
    window.start.seconds = start
    window.end.seconds = start + days * 86_400
    fields.setdefault("kind", events_pb.EVENT_KIND_BATTLE)
    fields.setdefault("title", "A battle")
    fields.setdefault("occurred", window)
    return events_pb.Event(name=name, **fields)


def run_program(program, *arguments, status=0, stdin=None, **options):
    """Runs one of our programs; the exit status must be `status`, or any where that is None."""
    result = subprocess.run(
        [BIN_DIR / program, *map(str, arguments)], input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, text=True,
        timeout=10 * DEADLINE_S, check=False, **options)
    if status is not None and result.returncode != status:
        raise AssertionError(f"{program} {' '.join(map(str, arguments))}: exit "
                             f"{result.returncode}, not {status}\n{result.stdout[-2000:]}\n"
                             f"{result.stderr[-2000:]}")
    return result


def run_annals(address, *arguments, **options):
    """Runs `annals` against a server, as run_program does."""
    return run_program("annals", "--server", address, *arguments, **options)


class AuthFile:
    """The file of --auth, written by `annalsd token` as an operator does."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.path = self.directory / "auth.json"
        self.tokens = {}  # The newest of each principal.

    def run(self, *arguments, **options):
        return run_program("annalsd", "token", *arguments, "--auth", self.path, **options)

    def create(self, principal, *rights):
        """A new token of `principal`."""
        token = self.run("create", principal, *rights).stdout.strip()
        self.tokens[principal] = token
        return token

    def token_file(self, principal):
        """A file of the principal's newest token, as `annals` reads it."""
        path = self.directory / f"{principal}.token"
        path.write_text(self.tokens[principal] + "\n")
        return path

    def revoke(self, token):
        self.run("revoke", token_id(token))

    def expire_time(self, token):
        """When the token expires, in seconds since 1970."""
        for principal in json.loads(self.path.read_text())["principals"]:
            for entry in principal["tokens"]:
                if entry["id"] == token_id(token):
                    return datetime.datetime.fromisoformat(entry["expire_time"]).timestamp()
        raise AssertionError("there is no such token")


def token_id(token):
    return token.split("_")[1]


def load_samples(address):
    """What deploy/quickstart loads, the way it does."""
    run_annals(address, "ingest", KURSK_SAMPLE, "--feed", "sample", "--create-feed",
               "--title", "January 2025, Kursk", "--licence", "CC0-1.0")
    run_annals(address, "ingest", EXCHANGE_SAMPLE, "--feed", "exchange-2022-09", "--create-feed",
               "--title", "21 September 2022, exchange of prisoners", "--licence", "CC0-1.0")
    import_ucdp(address, UCDP_SAMPLE, "ucdp-ged-ukraine")


def import_ucdp(address, file, feed, *arguments, **options):
    return run_annals(address, "import", "ucdp-ged", file, "--feed", feed, "--create-feed",
                      *arguments, **options)


@functools.cache
def ucdp_sample_rows():
    """The rows of deploy/sample/ucdp-ged-ukraine.csv.xz, read by none of our code."""
    text = lzma.open(UCDP_SAMPLE, "rt", encoding="utf-8", newline="").read()
    rows = list(csv.DictReader(io.StringIO(text)))
    return [row for row in rows if row["id"]]  # Its second header of tags has none.


class ServerTest(unittest.TestCase):
    """A server for the tests of a class; `prepare` fills it."""

    @classmethod
    def setUpClass(cls):
        cls.directory = temporary_directory(cls)
        cls.server = cls.make_server().start()
        cls.addClassCleanup(cls.server.stop)
        cls.client = cls.make_client()
        cls.prepare()

    @classmethod
    def make_server(cls):
        return Server(cls.directory)

    @classmethod
    def make_client(cls, **options):
        """A client that is closed after the tests."""
        client = Client(cls.server.address, **options)
        cls.addClassCleanup(client.channel.close)
        return client

    @classmethod
    def prepare(cls):
        """Fills the record before the tests."""

    def annals(self, *arguments, **options):
        return run_annals(self.server.address, *arguments, **options)

    def annals_json(self, *arguments):
        return json.loads(self.annals(*arguments, "-o", "json").stdout)

    @contextlib.contextmanager
    def refused(self, code, reason=None, field=None):
        """The call inside must fail with this code, and this reason and field where given."""
        with self.assertRaises(grpc.RpcError) as caught:
            yield
        error = caught.exception
        self.assertEqual(error.code(), code, error.details())
        info = error_info(error)
        self.assertEqual(info.domain, "annals")
        if reason is not None:
            self.assertEqual(info.reason, reason, error.details())
        if field is not None:
            self.assertEqual(info.metadata["field"], field, error.details())


class AccessTest(ServerTest):
    """As ServerTest, where who calls is asked: `client` and `annals` are the administrator's
    unless told otherwise."""

    ADMIN = "chief"
    callers = {}  # Others than the administrator: the flags of `annalsd token create`.
    arguments = ()  # of annalsd
    listen = None  # None is a UNIX socket.

    @classmethod
    def make_server(cls):
        cls.auth = AuthFile(cls.directory)
        cls.auth.create(cls.ADMIN, "--role", "admin")
        for principal, rights in cls.callers.items():
            cls.auth.create(principal, *rights)
        return Server(cls.directory, "--auth", str(cls.auth.path), *cls.arguments,
                      listen=cls.listen)

    @classmethod
    def make_client(cls, principal=ADMIN, **options):
        options.setdefault("token", cls.auth.tokens[principal])
        return super().make_client(**options)

    def annals(self, *arguments, caller=ADMIN, **options):
        return super().annals("--token-file", self.auth.token_file(caller), *arguments, **options)
