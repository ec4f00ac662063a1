"""The faults that fault_proxy.py makes are those it says."""

import socket
import threading
import time
import unittest

import harness
from fault_proxy import POSTGRES, TO_CLIENT, TO_SERVER, FaultProxy, Http2Frames, PostgresMessages


class Echo:
    """A server that sends back what it is sent, and keeps it."""

    def __init__(self, test, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.received = bytearray()
        self.ended = threading.Event()
        test.addCleanup(self.listener.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    while data := connection.recv(65_536):
                        self.received += data
                        connection.sendall(data)
                except OSError:
                    pass
            self.ended.set()


class EchoTest(unittest.TestCase):
    """An echo behind a proxy."""

    def start(self, protocol=None):
        directory = harness.temporary_directory(self)
        self.echo = Echo(self, directory / "echo")
        self.proxy = FaultProxy("127.0.0.1:0", f"unix:{directory}/echo", protocol)
        self.enterContext(self.proxy)

    def connect(self):
        host, port = self.proxy.address.split(":")
        client = socket.create_connection((host, int(port)), timeout=harness.DEADLINE_S)
        self.addCleanup(client.close)
        return client

    @staticmethod
    def read(client, count):
        data = b""
        while len(data) < count and (part := client.recv(count - len(data))):
            data += part
        return data


class BytesTest(EchoTest):
    def setUp(self):
        self.start()

    def test_everything_gets_through_both_ways(self):
        client = self.connect()
        sent = bytes(range(256)) * 4_000
        threading.Thread(target=client.sendall, args=(sent,)).start()
        self.assertEqual(self.read(client, len(sent)), sent)

    def test_cut_ends_connections_in_order(self):
        client = self.connect()
        client.sendall(b"a")
        self.assertEqual(self.read(client, 1), b"a")
        self.assertEqual(self.proxy.cut(), 1)
        self.assertEqual(client.recv(1), b"")
        self.assertTrue(self.echo.ended.wait(harness.DEADLINE_S))

    def test_cut_by_reset(self):
        client = self.connect()
        client.sendall(b"a")
        self.assertEqual(self.read(client, 1), b"a")
        self.proxy.cut(reset=True)
        with self.assertRaises(ConnectionResetError):
            client.recv(1)

    def test_half_close_lets_the_other_way_open(self):
        client = self.connect()
        client.sendall(b"a")
        self.assertEqual(self.read(client, 1), b"a")
        self.proxy.half_close(TO_CLIENT)
        self.assertEqual(client.recv(1), b"")
        client.sendall(b"b")
        harness.wait_until(lambda: bytes(self.echo.received) == b"ab", "the server is sent more")

    def test_cut_after_bytes_lets_no_more_through(self):
        self.proxy.cut_after_bytes(3, TO_SERVER)
        client = self.connect()
        client.sendall(b"abcdef")
        while client.recv(16):
            pass
        self.assertTrue(self.echo.ended.wait(harness.DEADLINE_S))
        self.assertEqual(bytes(self.echo.received), b"abc")
        self.assertFalse(self.proxy.is_armed())

    def test_swallowed_reply_reaches_the_server_alone(self):
        self.proxy.swallow_reply()
        client = self.connect()
        client.sendall(b"abc")
        self.assertEqual(client.recv(16), b"")
        self.assertTrue(self.echo.ended.wait(harness.DEADLINE_S))
        self.assertEqual(bytes(self.echo.received), b"abc")

    def test_refused_connections_end_at_once_until_it_recovers(self):
        self.proxy.refuse()
        self.assertEqual(self.connect().recv(1), b"")
        self.proxy.recover()
        client = self.connect()
        client.sendall(b"a")
        self.assertEqual(self.read(client, 1), b"a")

    def test_delay_is_at_least_what_it_says(self):
        self.proxy.slow_down(delay_s=0.1)
        client = self.connect()
        started = time.monotonic()
        client.sendall(b"a")
        self.assertEqual(self.read(client, 1), b"a")
        self.assertGreaterEqual(time.monotonic() - started, 0.2)


def query(text):
    return b"Q" + (len(text) + 5).to_bytes(4, "big") + text.encode() + b"\0"


STARTUP = (8).to_bytes(4, "big") + (196_608).to_bytes(4, "big")


class PostgresTest(EchoTest):
    def setUp(self):
        self.start(POSTGRES)
        self.client = self.connect()
        self.sent = STARTUP + query("BEGIN") + query("SET LOCAL synchronous_commit = on;")

    def test_everything_gets_through_both_ways(self):
        self.client.sendall(self.sent)
        self.assertEqual(self.read(self.client, len(self.sent)), self.sent)

    def test_cut_after_bytes_lets_no_more_through(self):
        self.proxy.cut_after_bytes(3, TO_SERVER)
        self.client.sendall(self.sent)
        self.assertEqual(self.client.recv(16), b"")
        self.assertTrue(self.echo.ended.wait(harness.DEADLINE_S))
        self.assertEqual(bytes(self.echo.received), self.sent[:3])

    def commit_cut(self, delivered):
        self.proxy.cut_commit(delivered)
        self.client.sendall(STARTUP + query("COMMIT") + self.sent[len(STARTUP):] + query("COMMIT"))
        while self.client.recv(65_536):
            pass
        self.assertTrue(self.echo.ended.wait(harness.DEADLINE_S))
        # The first one ends a transaction that only reads.
        return bytes(self.echo.received).count(query("COMMIT")) - 1

    def test_a_commit_that_is_not_delivered_never_comes(self):
        self.assertEqual(self.commit_cut(False), 0)

    def test_a_commit_that_is_delivered_comes(self):
        self.assertEqual(self.commit_cut(True), 1)

    def test_rewritten_words_arrive_as_new(self):
        self.proxy.rewrite(b"commit = on;", b"commit =off;")
        self.client.sendall(self.sent)
        self.read(self.client, len(self.sent))
        self.assertIn(b"SET LOCAL synchronous_commit =off;", bytes(self.echo.received))


class FramingTest(unittest.TestCase):
    """However bytes come, frames and messages are the same."""

    def assert_split(self, make, parts):
        whole = b"".join(parts)
        for size in (1, 2, 3, 7, len(whole)):
            splitter = make()
            found = []
            for start in range(0, len(whole), size):
                found += splitter.split(whole[start:start + size])
            self.assertEqual(found, parts)

    def test_frames(self):
        def frame(kind, body):
            return len(body).to_bytes(3, "big") + bytes([kind, 0]) + bytes(4) + body

        self.assert_split(Http2Frames, [frame(4, b""), frame(1, b"abc"), frame(0, b"x" * 300)])

    def test_messages(self):
        ssl = (8).to_bytes(4, "big") + (80_877_103).to_bytes(4, "big")
        self.assert_split(PostgresMessages, [ssl, STARTUP, query("BEGIN"), b"S\0\0\0\4"])


if __name__ == "__main__":
    unittest.main()
