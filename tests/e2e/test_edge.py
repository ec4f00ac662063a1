"""deploy/edge/annals.conf before annalsd: what it lets through, what it refuses and how, and that
hostile HTTP/2 costs annalsd little and others nothing.
"""

import concurrent.futures
import contextlib
import functools
import itertools
import os
import pathlib
import queue
import re
import shlex
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest
import unittest.mock

import grpc

import edge
import harness
import hostile_http2
from harness import event_pb, filter_pb, ingest_pb

QUICKSTART = harness.SOURCE_DIR / "deploy" / "quickstart"
HEALTH = "/grpc.health.v1.Health/Check"
SERVING = b"\x08\x01"
TOO_MANY = "too many calls from this address, or of all: try again later"
# An address of its own for each hostile client, as limits are for each address.
HOSTILE_ADDRESSES = map("127.0.0.{}".format, itertools.count(66))
LIST_EVENTS = b"/annals.v1.EventService/ListEvents"
BATCH_UPSERT = "/annals.v1.IngestService/BatchUpsertEvents"

# Of deploy/edge/annals.conf.
CONNECTIONS_OF_CLIENT = 64
CALLS_OF_CLIENT = 64
STREAMS_OF_CONNECTION = 32
RATE_BURST = 200

# What hostile clients may cost.
RSS_GROWTH_MB_MAX = 100
ANSWER_S_MAX = 2
ATTACK_S_MAX = 20
FLOOD_BYTES = 64 << 20
CPU_S_MAX = 1
# Files of annalsd that one hostile client may hold: its calls, and those that just ended.
FILES_GROWTH_MAX = CALLS_OF_CLIENT + RATE_BURST


def rss_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.M).group(1)) / 1024


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def call_health(channel, **options):
    return channel.unary_unary(HEALTH)(b"", timeout=harness.DEADLINE_S, **options)


def quickstart_questions():
    """The arguments of `annals` for each question of deploy/quickstart."""
    [text] = re.findall(r"^ask_questions\(\) {\n(.*?)^}$", QUICKSTART.read_text(), re.M | re.S)
    january = re.search(r"^  local january=\((.*)\)$", text, re.M).group(1)
    asked = re.findall(r"^  ask (.*)$", text, re.M)
    return [shlex.split(line.replace('"${january[@]}"', january)) for line in asked]


def start_edge(test, upstream):
    """An edge of a test or of its class, whose limits nobody has used."""
    started = edge.Edge(harness.temporary_directory(test), upstream)
    add_cleanup = getattr(test, "addClassCleanup" if isinstance(test, type) else "addCleanup")
    add_cleanup(started.stop)
    return started.start()


class EdgeTest(unittest.TestCase):
    """annalsd with tokens on a UNIX socket, the samples in it, and an edge before it."""

    @classmethod
    def setUpClass(cls):
        cls.directory = harness.temporary_directory(cls)
        cls.tokens = cls.directory / "tokens"
        # Two clients: annalsd limits the streams of each by itself.
        cls.token, cls.other_token = (
            cls.make_token(client, "--role", "admin") for client in ("tester", "other"))
        cls.token_file = cls.directory / "token"
        cls.token_file.write_text(cls.token + "\n")
        cls.token_file.chmod(0o600)
        # The socket is its group's, which nginx's workers are in.
        group = [] if os.getuid() else ["setpriv", "--regid", "www-data", "--clear-groups"]
        # Under AddressSanitizer freed memory counts for longer than here measured.
        sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=16"
        cls.server = harness.Server(
            cls.directory, "--auth", str(cls.tokens), prefix=group,
            environment={**os.environ, "ASAN_OPTIONS": sanitizer}).start()
        cls.addClassCleanup(cls.server.stop)
        cls.edge = start_edge(cls, cls.server.address)
        with cls.as_client(cls.edge):
            harness.load_samples(cls.edge.address)

    @classmethod
    def make_token(cls, client, *arguments):
        done = subprocess.run(
            [harness.BIN_DIR / "annalsd", "token", "create", client, "--auth", cls.tokens,
             *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    @classmethod
    @contextlib.contextmanager
    def as_client(cls, through=None):
        """What `annals` is run with inside: the token, and TLS through an edge."""
        variables = {"ANNALS_TOKEN_FILE": str(cls.token_file)}
        if through is not None:
            variables["ANNALS_TLS_CA"] = str(through.certificate)
        with unittest.mock.patch.dict(os.environ, variables):
            yield

    def client(self, through=None, token=None):
        """Stubs through an edge, with a token; "" is none."""
        through = through or self.edge
        credentials = grpc.ssl_channel_credentials(through.certificate.read_bytes())
        if token != "":
            credentials = grpc.composite_channel_credentials(
                credentials, grpc.access_token_call_credentials(token or self.token))
        client = harness.Client(through.address, tls=credentials)
        self.addCleanup(client.channel.close)
        return client

    def hostile(self):
        """What connects a hostile client to the edge, from an address of its own."""
        address = next(HOSTILE_ADDRESSES)

        def connect():
            return hostile_http2.over_tls(hostile_http2.connect_tcp(self.edge.port, address),
                                          self.edge.certificate)

        return connect

    @contextlib.contextmanager
    def fails(self, code, details=None):
        with self.assertRaises(grpc.RpcError) as caught:
            yield
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        if details is not None:
            self.assertEqual(caught.exception.details(), details)

    def test_quickstart_answers_are_the_same(self):
        questions = quickstart_questions()
        self.assertGreaterEqual(len(questions), 7)
        for question in questions:
            with self.subTest(question=question):
                # A table, as positions in JSON are sealed anew for each answer.
                with self.as_client():
                    direct = harness.run_annals(self.server.address, *question, "-o", "table")
                with self.as_client(self.edge):
                    asked = harness.run_annals(self.edge.address, *question, "-o", "table")
                self.assertTrue(direct.stdout)
                self.assertEqual(asked.stdout, direct.stdout)

    def test_export_is_the_same(self):
        everything = ("query", "--all", "-o", "ndjson")
        with self.as_client():
            direct = harness.run_annals(self.server.address, *everything).stdout
        with self.as_client(self.edge):
            exported = harness.run_annals(self.edge.address, *everything).stdout
        self.assertEqual(exported, direct)
        self.assertGreater(len(exported), 1 << 20)

        request = event_pb.ExportEventsRequest(filter=filter_pb.EventFilter())
        parts = list(self.client().events.ExportEvents(request, timeout=harness.DEADLINE_S))
        self.assertEqual(sum(len(part.events) for part in parts), exported.count("\n"))

    def test_streams_go_both_ways(self):
        """A batch is sent when the one before is answered: nothing waits for the stream's end."""
        client = self.client()
        client.create_feed("both-ways")
        batches = queue.SimpleQueue()
        answers = client.ingest.IngestEvents(iter(batches.get, None), timeout=harness.DEADLINE_S)
        for number in range(50):
            rows = [ingest_pb.EventUpsert(
                event=harness.event(f"feeds/both-ways/events/{number}-{row}",
                                    description="x" * 10_000)) for row in range(10)]
            batches.put(ingest_pb.IngestEventsRequest(batch=ingest_pb.EventBatch(rows=rows)))
            self.assertEqual(next(answers).counts.created, 10)
        batches.put(None)
        self.assertEqual(list(answers), [])

    def test_large_batch_goes_in(self):
        client = self.client()
        client.create_feed("large")
        events = [harness.event(f"feeds/large/events/{i}", description="x" * 20_000)
                  for i in range(1_000)]
        self.assertEqual(client.upsert(*events).counts.created, 1_000)

    def test_change_is_the_clients(self):
        """The audit names who called and from where, not nginx."""
        client, name = self.client(), "feeds/whose/events/1"
        client.create_feed("whose")
        client.upsert(harness.event(name))
        [revision] = client.events.ListEventRevisions(
            event_pb.ListEventRevisionsRequest(name=name)).revisions
        self.assertEqual((revision.audit.principal, revision.audit.address),
                         ("principals/tester", "127.0.0.1 via unix"))

    def test_tokens_are_asked_for(self):
        for token in ("", "wrong", self.token[:-1]):
            with self.subTest(token=token):
                with self.fails(grpc.StatusCode.UNAUTHENTICATED):
                    self.client(token=token).count()
        self.assertEqual(call_health(self.client(token="").channel), SERVING)

    def test_public_is_annals_and_health_alone(self):
        channel = self.client().channel
        for path in ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                     "/grpc.channelz.v1.Channelz/GetServers", "/", "/annals.v1", "/annals.v2.A/B",
                     "/grpc.health.v1", "/x/../annals"):
            with self.subTest(path=path):
                with self.fails(grpc.StatusCode.UNIMPLEMENTED, "not served in public"):
                    list(channel.stream_stream(path)(iter([b""]), timeout=harness.DEADLINE_S))

    def test_http_1_is_not_spoken(self):
        context = ssl.create_default_context(cafile=self.edge.certificate)
        address = next(HOSTILE_ADDRESSES)
        with hostile_http2.connect_tcp(self.edge.port, address) as connected, \
                context.wrap_socket(connected, server_hostname="localhost") as stream:
            stream.sendall(b"POST " + LIST_EVENTS + b" HTTP/1.1\r\nHost: annals\r\n"
                           b"Content-Length: 0\r\n\r\n")
            answer = stream.recv(65_536)
        self.assertTrue(answer.startswith(b"HTTP/1.1 426 "), answer)
        self.assertNotIn(b"1.22", answer, "the version is hidden")

    @contextlib.contextmanager
    def attack(self, name):
        """Measures annalsd and the edge, and asks on through the edge, while an attack is inside.

        Yields a list for what the attack has to say about itself.
        """
        pids = {"annalsd": [self.server.process.pid], "nginx": self.edge.processes()}
        asking, over, told = self.client(), threading.Event(), []
        expected = asking.count()

        def resident():
            return {who: sum(map(rss_mb, of)) for who, of in pids.items()}

        def measure():
            """Asks until the attack is over: the slowest answer, the most memory, most files."""
            slowest_s, peaks, files, attacked = 0, resident(), 0, True
            while attacked:
                attacked = not over.wait(0.02)
                asked = time.monotonic()
                self.assertEqual(asking.count(), expected)
                slowest_s = max(slowest_s, time.monotonic() - asked)
                peaks = {who: max(peaks[who], now) for who, now in resident().items()}
                files = max(files, open_files(self.server.process.pid))
            return slowest_s, peaks, files

        before, files_before = resident(), open_files(self.server.process.pid)
        cpu_before_s, started = cpu_s(self.server.process.pid), time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            measured = pool.submit(measure)
            try:
                yield told
            finally:
                over.set()
        took_s = time.monotonic() - started
        slowest_s, peaks, files = measured.result()
        asked = time.monotonic()
        self.assertEqual(asking.count(), expected)
        answer_s = time.monotonic() - asked
        cpu_spent_s = cpu_s(self.server.process.pid) - cpu_before_s
        print(f"\n{name}: {' '.join(map(str, told))} in {took_s:.1f} s; "
              f"annalsd {before['annalsd']:.0f} MB, peak {peaks['annalsd']:.0f} MB, "
              f"{cpu_spent_s:.2f} s of CPU, "
              f"{files_before} files, most {files}; "
              f"nginx {before['nginx']:.0f} MB, peak {peaks['nginx']:.0f} MB; "
              f"an answer took {slowest_s:.2f} s at most, {answer_s:.2f} s after", file=sys.stderr)
        for who, peak in peaks.items():
            self.assertLess(peak - before[who], RSS_GROWTH_MB_MAX, who)
        self.assertLess(cpu_spent_s, CPU_S_MAX)
        self.assertLessEqual(files - files_before, FILES_GROWTH_MAX)
        self.assertLess(answer_s, ANSWER_S_MAX)

    def test_rapid_resets(self):
        count = 20_000
        with self.attack("rapid resets") as told:
            opened, connections = hostile_http2.rapid_resets(
                self.hostile(), LIST_EVENTS, count, ATTACK_S_MAX)
            told += [opened, "calls on", connections, "connections"]
        self.assertEqual(opened, count)

    def flood(self, name, *floods):
        """Each flood in turn, of FLOOD_BYTES; how much the edge took of the last, in bytes."""
        with self.attack(name) as told:
            for frames in floods:
                taken = hostile_http2.flood(self.hostile(), frames, FLOOD_BYTES, ATTACK_S_MAX)
                told += [f"{taken / (1 << 20):.1f} MB taken"]
        return taken

    def test_endless_headers(self):
        endless = functools.partial(hostile_http2.endless_headers, LIST_EVENTS)
        self.assertLess(self.flood("endless headers", endless), FLOOD_BYTES)

    def test_large_headers(self):
        large = functools.partial(hostile_http2.large_headers, LIST_EVENTS, 16_000, 60)
        self.assertLess(self.flood("large headers", large), FLOOD_BYTES)

    def test_headers_just_below_the_limit(self):
        large = functools.partial(hostile_http2.large_headers, LIST_EVENTS, 7_900, 1)
        self.flood("headers below the limit", large)

    def test_control_frames(self):
        self.flood("SETTINGS, PING", hostile_http2.settings, hostile_http2.pings)

    def test_idle_connections(self):
        """Of one client only so many stay, none reaches annalsd, and others are served."""
        tried = 4 * CONNECTIONS_OF_CLIENT
        with contextlib.ExitStack() as stack, self.attack("idle connections") as told:
            sockets, address = [], next(HOSTILE_ADDRESSES)
            for _ in range(tried):
                connected = hostile_http2.connect_tcp(self.edge.port, address)
                sockets.append(stack.enter_context(connected))

            def closed():
                return sum(not is_open(connected) for connected in sockets)

            harness.wait_until(lambda: closed() >= tried - CONNECTIONS_OF_CLIENT,
                               "those beyond the limit are closed")
            told += [closed(), "of", tried, "refused"]
        self.assertEqual(int(told[0]), tried - CONNECTIONS_OF_CLIENT)

    def test_calls_of_one_client(self):
        """Calls that do nothing are files of annalsd: so many of one client, and no more."""
        through = start_edge(self, self.server.address)
        clients = [self.client(through, token) for token in (self.token, self.other_token)]
        self.assertEqual(len(clients) * STREAMS_OF_CONNECTION, CALLS_OF_CLIENT)
        done = threading.Event()
        self.addCleanup(done.set)

        def nothing():
            done.wait(harness.DEADLINE_S)
            yield from ()

        files = open_files(self.server.process.pid)
        calls = [client.ingest.IngestEvents(nothing()) for client in clients
                 for _ in range(STREAMS_OF_CONNECTION)]
        harness.wait_until(
            lambda: open_files(self.server.process.pid) >= files + CALLS_OF_CLIENT,
            "annalsd has them all")
        other = self.client(through)
        with self.fails(grpc.StatusCode.RESOURCE_EXHAUSTED, TOO_MANY):
            other.count()
        with forwarded(through, "192.0.2.1") as connection:
            self.assertEqual(served_health(connection, 1), 1, "another client is served")
        self.assertLessEqual(open_files(self.server.process.pid), files + FILES_GROWTH_MAX)
        done.set()
        for call in calls:
            self.assertEqual(list(call), [])
        self.assertGreater(other.count(), 0)


class RefusalTest(unittest.TestCase):
    """What the edge passes on, and how its refusals reach gRPC clients; annalsd is played."""

    def setUp(self):
        self.calls = []
        self.socket = harness.temporary_directory(self) / "annalsd.sock"
        self.edge = start_edge(self, f"unix:{self.socket}")
        self.channel = grpc.secure_channel(self.edge.address, grpc.ssl_channel_credentials(
            self.edge.certificate.read_bytes()))
        self.addCleanup(self.channel.close)

    def serve(self):
        """Plays annalsd: keeps each call's metadata in self.calls and answers as health does."""
        calls = self.calls

        class Handler(grpc.GenericRpcHandler):
            def service(self, details):
                calls.append((details.method, details.invocation_metadata))
                return grpc.unary_unary_rpc_method_handler(lambda _request, _context: SERVING)

        server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
        server.add_generic_rpc_handlers([Handler()])
        server.add_insecure_port(f"unix:{self.socket}")
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())
        self.socket.chmod(0o666)  # nginx's workers are of another user

    def refusal(self, path, request=b""):
        with self.assertRaises(grpc.RpcError) as caught:
            self.channel.unary_unary(path)(request, timeout=harness.DEADLINE_S)
        return caught.exception.code(), caught.exception.details()

    def test_address_is_the_edges_word(self):
        self.serve()
        metadata = (("x-real-ip", "198.51.100.7"), ("x-forwarded-for", "198.51.100.7"),
                    ("authorization", "Bearer abc"))
        self.assertEqual(call_health(self.channel, metadata=metadata), SERVING)
        [(method, passed)] = self.calls
        self.assertEqual(method, HEALTH)
        self.assertEqual([value for key, value in passed if key == "x-real-ip"], ["127.0.0.1"])
        self.assertEqual([value for key, value in passed if key == "authorization"],
                         ["Bearer abc"])
        self.assertNotIn("198.51.100.7", {value for _, value in passed})

    def test_no_annalsd_is_unavailable(self):
        unavailable = (grpc.StatusCode.UNAVAILABLE, "annalsd is not reached: try again")
        self.assertEqual(self.refusal(LIST_EVENTS.decode()), unavailable)
        self.serve()
        self.assertEqual(call_health(self.channel), SERVING, "at once when there is one")

    def test_large_request_is_refused(self):
        self.serve()
        too_large = (grpc.StatusCode.RESOURCE_EXHAUSTED, "the request has too many bytes")
        for path, bytes_max in ((LIST_EVENTS.decode(), 1 << 20),
                                (BATCH_UPSERT, 65 << 20)):
            with self.subTest(path=path):
                self.assertEqual(self.refusal(path, bytes(bytes_max)), too_large)

    def test_compressed_request_is_refused(self):
        """A few bytes would become many in annalsd before it asks for the token."""
        self.serve()
        with self.assertRaises(grpc.RpcError) as caught:
            self.channel.unary_unary(HEALTH)(bytes(1_000), compression=grpc.Compression.Gzip,
                                             timeout=harness.DEADLINE_S)
        self.assertEqual((caught.exception.code(), caught.exception.details()),
                         (grpc.StatusCode.UNIMPLEMENTED, "compressed requests are not taken"))
        self.assertEqual(self.calls, [])

    def test_rate_of_one_client(self):
        self.serve()
        calls = [self.channel.unary_unary(HEALTH).future(b"", timeout=harness.DEADLINE_S)
                 for _ in range(5 * RATE_BURST)]
        refused = [call for call in calls if call.exception() is not None]
        self.assertGreaterEqual(len(calls) - len(refused), RATE_BURST)
        self.assertTrue(refused)
        self.assertEqual({(call.code(), call.details()) for call in refused},
                         {(grpc.StatusCode.RESOURCE_EXHAUSTED, TOO_MANY)})
        self.assertEqual(len(self.calls), len(calls) - len(refused), "the rest never came through")

        def served():
            with contextlib.suppress(grpc.RpcError):
                return call_health(self.channel) == SERVING
            return False

        harness.wait_until(served, "it is served again")

    def test_calls_of_all_clients(self):
        """What is open at once at annalsd has a bound; what needs no token takes no room of it."""
        self.serve()
        with contextlib.ExitStack() as stack:
            for path, at_once, of_client in ((HEALTH, 32, 16), (BATCH_UPSERT, 16, 4),
                                             (LIST_EVENTS.decode(), 512, CALLS_OF_CLIENT)):
                with self.subTest(path=path):
                    connections = [
                        connection for client in range(at_once // of_client + 2)
                        for connection in self.hold(stack, f"192.0.2.{client}", path, of_client)]
                    harness.wait_until(lambda: refused_calls(connections) >= 2 * of_client,
                                       "those beyond the limit are refused")
                    self.assertEqual(refused_calls(connections), 2 * of_client)
                    self.assertEqual(self.refusal(path),
                                     (grpc.StatusCode.RESOURCE_EXHAUSTED, TOO_MANY))

    def hold(self, stack, address, path, count):
        """Opens calls from an address whose message never comes; yields their connections."""
        for first in range(0, count, STREAMS_OF_CONNECTION):
            connection = stack.enter_context(forwarded(self.edge, address))
            for number in range(first, min(first + STREAMS_OF_CONNECTION, count)):
                connection.send(hostile_http2.header_frames(
                    2 * number + 1, hostile_http2.call_headers(path.encode())))
            yield connection

    def test_network_of_64_bits_is_one_client(self):
        self.serve()
        count = 5 * RATE_BURST
        with forwarded(self.edge, "2001:db8:0:1::1") as first, \
                forwarded(self.edge, "2001:db8:0:1:ffff::a") as neighbour, \
                forwarded(self.edge, "2001:db8:0:2::1") as other:
            self.assertLess(served_health(first, count), count)
            self.assertLess(served_health(neighbour, RATE_BURST), RATE_BURST)
            self.assertEqual(served_health(other, RATE_BURST), RATE_BURST)


@contextlib.contextmanager
def forwarded(through, address):
    """A connection to an edge from any address, as its own first part would forward it."""
    family = "TCP6" if ":" in address else "TCP4"
    with socket.create_connection(("127.0.0.1", through.proxy_port)) as connected:
        connected.sendall(f"PROXY {family} {address} {address} 1 1\r\n".encode())
        with hostile_http2.over_tls(connected, through.certificate) as stream:
            yield hostile_http2.Connection(stream)


def refused_calls(connections):
    """How many calls the edge ended: annalsd answers none whose message has not come."""
    for connection in connections:
        connection.receive()
    return sum(kind == hostile_http2.HEADERS and flags & hostile_http2.END_STREAM
               for connection in connections for kind, flags, _ in connection.frames)


def served_health(connection, count):
    return hostile_http2.served_calls(connection, HEALTH.encode(), count, harness.DEADLINE_S)


def is_open(connected):
    """Whether the other side has not closed; nothing is ever sent."""
    connected.setblocking(False)
    try:
        return connected.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
