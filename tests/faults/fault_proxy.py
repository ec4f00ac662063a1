"""A proxy that breaks what goes through it: between clients and annalsd, or between annalsd and
PostgreSQL, on TCP or UNIX sockets on either side.

    with FaultProxy("unix:/tmp/x/front.sock", server.address, HTTP2) as proxy:
        proxy.cut(reset=True)

For whole programs, from Python, at random or at a chosen moment. (The C++ tests of storage/postgres
lose the answer to one COMMIT with tests/support/cutting_proxy.h, in their own process.)

It knows enough of HTTP/2 to tell an answer from a ping, and enough of PostgreSQL's protocol to find
the COMMIT of a write. Methods may be called from any thread; what they ask holds when they return.
"""

import asyncio
import contextlib
import os
import pathlib
import socket
import struct
import threading

CHUNK_BYTES = 65_536
TO_CLIENT, TO_SERVER = "to client", "to server"
HTTP2, POSTGRES = "http2", "postgres"

HTTP2_DATA, HTTP2_HEADERS = 0, 1
POSTGRES_PROTOCOL_3 = 196_608
CONDITION_S = 30


def parse_address(address):
    """A socket family and what to bind or connect to: of unix:PATH or HOST:PORT."""
    if address.startswith("unix:"):
        return socket.AF_UNIX, address[len("unix:"):]
    host, _, port = address.rpartition(":")
    return socket.AF_INET, (host, int(port))


class Http2Frames:
    """What annalsd sends, in frames."""

    def __init__(self):
        self._bytes = bytearray()

    def split(self, data):
        """The frames that are whole now."""
        self._bytes += data
        frames = []
        while len(self._bytes) >= 9:
            size = 9 + int.from_bytes(self._bytes[:3], "big")
            if len(self._bytes) < size:
                break
            frames.append(bytes(self._bytes[:size]))
            del self._bytes[:size]
        return frames

    @staticmethod
    def is_answer(frame):
        return frame[3] in (HTTP2_DATA, HTTP2_HEADERS)


class PostgresMessages:
    """What annalsd sends to PostgreSQL, in messages."""

    def __init__(self):
        self._bytes = bytearray()
        self._started = False
        self._in_write = False

    def split(self, data):
        """The messages that are whole now."""
        self._bytes += data
        messages = []
        while (size := self._next_size()) is not None and len(self._bytes) >= size:
            if not self._started:
                protocol, = struct.unpack_from("!I", self._bytes, 4)
                self._started = protocol == POSTGRES_PROTOCOL_3
            messages.append(bytes(self._bytes[:size]))
            del self._bytes[:size]
        return messages

    def _next_size(self):
        """Of the message that comes next; None where that cannot be told yet. The first ones have
        no type before their length."""
        head = 1 if self._started else 0
        if len(self._bytes) < max(head + 4, 8 * (1 - head)):
            return None
        return head + struct.unpack_from("!I", self._bytes, head)[0]

    def ends_write(self, message):
        """Whether it is the COMMIT of a transaction that writes."""
        if message[:1] not in (b"Q", b"P"):
            return False
        text = message[5:].upper()
        if b"SYNCHRONOUS_COMMIT" in text:
            self._in_write = True
        if b"COMMIT\0" not in text or not self._in_write:
            return False
        self._in_write = False
        return True


class _Cut(Exception):
    """Ends a link."""


class _Link:
    """One connection through the proxy."""

    def __init__(self, client, server, protocol):
        self.sockets = {TO_CLIENT: client, TO_SERVER: server}
        self.http2 = Http2Frames() if protocol == HTTP2 else None
        self.postgres = PostgresMessages() if protocol == POSTGRES else None
        self.task = None
        self.reset = False
        self.stalled = False
        self.drop_reply = False  # The next bytes of the server are dropped, and the link cut.

    def split(self, towards, data):
        if towards == TO_CLIENT and self.http2:
            return self.http2.split(data)
        if towards == TO_SERVER and self.postgres:
            return self.postgres.split(data)
        return [data]

    def close(self):
        for end in self.sockets.values():
            if self.reset and end.family == socket.AF_INET:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()


class FaultProxy:
    """`protocol` is HTTP2, POSTGRES or None (bytes). Listens from start() on."""

    def __init__(self, listen, target, protocol=None):
        self.address = listen
        self.target = target
        self.protocol = protocol
        self.fired = {}  # How often each kind of fault struck.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._changed = threading.Condition()
        # Below: only in the loop's thread.
        self._listener = None
        self._links = set()
        self._refusing = False
        self._delay_s = 0.0
        self._bytes_per_s = None
        self._armed = None  # (kind, options), of the fault that waits for its moment
        self._rewrites = []

    # What can be asked of it.

    def start(self):
        self._thread.start()
        self._call(self._listen)
        return self

    def stop(self):
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(CONDITION_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CONDITION_S)
        self._loop.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def cut(self, reset=False):
        """Ends every connection: by FIN, or by RST where it is TCP. Answers how many there were."""
        return self._call(self._cut_all, reset)

    def refuse(self, refusing=True):
        """While on, new connections are closed at once."""
        self._call(setattr, self, "_refusing", refusing)

    def half_close(self, towards):
        """Tells one side of every connection that the other will send no more."""
        self._call(self._half_close_all, towards)

    def slow_down(self, delay_s=0.0, bytes_per_s=None):
        """Everything is delayed, or throttled, from now on; slow_down() ends it."""
        self._call(self._slow_down, delay_s, bytes_per_s)

    def cut_after_bytes(self, count, towards, reset=False, stall=False):
        """The next connection to carry so many bytes from now on is cut in their midst; with
        `stall` it only stops, in both directions, until it is cut."""
        self._call(self._arm, "bytes", {"left": count, "towards": towards, "reset": reset,
                                        "stall": stall})

    def swallow_reply(self, reset=False):
        """What the client sends gets through; the next answer does not, and its connection is
        cut."""
        self._call(self._arm, "reply", {"reset": reset})

    def cut_commit(self, delivered, reset=False):
        """PostgreSQL only. The connection of the next write is cut at its COMMIT: True when the
        server has answered, False before it has it, None as soon as it was sent on."""
        self._call(self._arm, "commit", {"delivered": delivered, "reset": reset})

    def rewrite(self, old, new):
        """PostgreSQL only. From now on `old` is replaced in what is sent to the server by `new`,
        which is as long."""
        assert len(old) == len(new)
        self._call(self._rewrites.append, (old, new))

    def disarm(self):
        """What waits for its moment waits no longer."""
        self._call(self._arm, None, {})

    def is_armed(self):
        return self._call(lambda: self._armed is not None)

    def wait_fired(self, kind, count=1, deadline_s=CONDITION_S):
        """Waits until a kind of fault has struck so often in all: cut, half close, refused, bytes,
        reply, commit, rewrite."""
        with self._changed:
            return self._changed.wait_for(lambda: self.fired.get(kind, 0) >= count, deadline_s)

    def strike(self, random):
        """Some fault that ends by itself, or that recover() ends. Answers what it was."""
        reset = random.random() < 0.5
        towards = random.choice((TO_CLIENT, TO_SERVER))
        choice = random.choice(("cut", "half close", "bytes", "stall", "reply", "delay", "throttle",
                                "refuse"))
        if choice == "cut":
            self.cut(reset)
        elif choice == "half close":
            self.half_close(towards)
        elif choice in ("bytes", "stall"):
            self.cut_after_bytes(random.randrange(1, 20_000), towards, reset, choice == "stall")
        elif choice == "reply":
            self.swallow_reply(reset)
        elif choice == "delay":
            self.slow_down(delay_s=random.uniform(0.005, 0.2))
        elif choice == "throttle":
            self.slow_down(bytes_per_s=random.randrange(2_000, 100_000))
        else:
            self.refuse()
            self.cut(reset)
        return f"{choice}{' by reset' if reset else ''} {towards}"

    def recover(self):
        """Ends whatever strike() began; stalled connections are cut."""
        self._call(self._recover)

    # The rest runs in the loop's thread.

    def _call(self, function, *arguments):
        async def run():
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(CONDITION_S)

    def _note(self, kind):
        with self._changed:
            self.fired[kind] = self.fired.get(kind, 0) + 1
            self._changed.notify_all()

    def _listen(self):
        family, where = parse_address(self.address)
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        if family == socket.AF_INET:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(where)
        self._listener.bind(where)
        if family == socket.AF_INET:
            host, port = self._listener.getsockname()
            self.address = f"{host}:{port}"
        else:
            pathlib.Path(where).chmod(0o777)  # PostgreSQL's user may be another.
        self._listener.listen(128)
        self._listener.setblocking(False)
        self._loop.create_task(self._accept())

    async def _close(self):
        self._listener.close()
        tasks = asyncio.all_tasks(self._loop) - {asyncio.current_task(self._loop)}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self):
        while True:
            client, _ = await self._loop.sock_accept(self._listener)
            client.setblocking(False)
            if self._refusing:
                self._note("refused")
                client.close()
            else:
                self._loop.create_task(self._serve(client))

    async def _serve(self, client):
        family, where = parse_address(self.target)
        server = socket.socket(family, socket.SOCK_STREAM)
        server.setblocking(False)
        link = _Link(client, server, self.protocol)
        link.task = asyncio.current_task(self._loop)
        self._links.add(link)
        pumps = []
        try:
            await self._loop.sock_connect(server, where)
            pumps = [self._loop.create_task(self._pump(link, towards))
                     for towards in (TO_CLIENT, TO_SERVER)]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_EXCEPTION)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._links.discard(link)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            link.close()

    async def _pump(self, link, towards):
        sink = link.sockets[towards]
        source = link.sockets[TO_CLIENT if towards == TO_SERVER else TO_SERVER]
        while True:
            data = await self._loop.sock_recv(source, CHUNK_BYTES)
            if not data:
                sink.shutdown(socket.SHUT_WR)
                return
            if link.stalled:
                await asyncio.sleep(CONDITION_S)
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            if self._bytes_per_s:
                await asyncio.sleep(len(data) / self._bytes_per_s)
            ready = bytearray()
            try:
                for part in link.split(towards, data):
                    await self._pass(link, towards, part, ready)
            finally:
                # Also what came before the cut.
                if ready:
                    await self._loop.sock_sendall(sink, ready)

    async def _pass(self, link, towards, part, ready):
        """Adds to `ready` what may go on of `part`, a frame, a message or some bytes."""
        if link.stalled:
            return
        if link.drop_reply and towards == TO_CLIENT:
            raise _Cut
        for old, new in self._rewrites:
            if towards == TO_SERVER and old in part:
                part = part.replace(old, new)
                self._note("rewrite")
        kind, options = self._armed or (None, {})
        is_commit = link.postgres is not None and towards == TO_SERVER and \
            link.postgres.ends_write(part)
        if kind == "commit" and is_commit:
            self._fire(link, options["reset"])
            if options["delivered"] is False:
                raise _Cut
            if options["delivered"] is None:
                ready += part
                raise _Cut
            link.drop_reply = True
        elif kind == "reply" and towards == TO_CLIENT and \
                (link.http2 is None or link.http2.is_answer(part)):
            self._fire(link, options["reset"])
            raise _Cut
        elif kind == "bytes" and towards == options["towards"]:
            if len(part) >= options["left"]:
                self._fire(link, options["reset"])
                ready += part[:options["left"]]
                link.stalled = options["stall"]
                if not link.stalled:
                    raise _Cut
                return
            options["left"] -= len(part)
        ready += part

    def _fire(self, link, reset):
        kind, _ = self._armed
        self._armed = None
        link.reset = reset
        self._note(kind)

    def _arm(self, kind, options):
        self._armed = (kind, options) if kind else None

    def _cut_all(self, reset):
        links = list(self._links)
        for link in links:
            link.reset = reset
            link.task.cancel()
        self._note("cut")
        return len(links)

    def _half_close_all(self, towards):
        for link in self._links:
            with contextlib.suppress(OSError):
                link.sockets[towards].shutdown(socket.SHUT_WR)
        self._note("half close")

    def _slow_down(self, delay_s, bytes_per_s):
        self._delay_s, self._bytes_per_s = delay_s, bytes_per_s

    def _recover(self):
        self._armed = None
        self._refusing = False
        self._slow_down(0.0, None)
        self._cut_all(reset=False)
