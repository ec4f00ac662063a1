"""Clients that write without end, send again whenever they are in doubt, and often when not."""

import threading
import time

import grpc

import harness
from harness import event_pb, ingest_pb
from history import FEEDS, RETRACTED, Row, content_of
from stack import pause

CALL_MAX_S = 10
RESENDS_MAX = 20
PAUSE_MAX_S = 0.04
STREAM_BATCHES_MAX = 8
RECONNECT_MS = 200


class Shared:
    """What writers agree on, so that they meet. Thread-safe."""

    def __init__(self):
        self._lock = threading.Lock()
        self._number = 0
        self._versions = 0

    def name(self):
        """Of an event that each of some calls in a row is given."""
        with self._lock:
            self._number += 1
            return f"feeds/{FEEDS[0]}/events/s-{self._number // 6}"

    def version(self):
        with self._lock:
            self._versions += 1
            return self._versions


class Writer(threading.Thread):
    """Writes through `address` until told to end."""

    def __init__(self, number, address, history, shared, random):
        super().__init__(daemon=True, name=f"writer {number}")
        self.number = number
        self.address = address
        self.history = history
        self.shared = shared
        self.random = random
        self.ending = threading.Event()
        self.error = None
        self.acknowledged = 0
        self._names = 0
        self._versions = {}  # of names that are corrected: the last one taken
        self._turns = {}  # of names that alternate: the last content taken
        self._retractable = {}  # names to retract or bring back: (version, whether retracted)
        self._old = []  # batches that were taken

    def run(self):
        options = (("grpc.initial_reconnect_backoff_ms", RECONNECT_MS // 2),
                   ("grpc.max_reconnect_backoff_ms", RECONNECT_MS))
        with harness.Client(self.address, options=options) as client:
            try:
                while not self.ending.is_set():
                    self.step(client)
                    pause(self.random.random() * PAUSE_MAX_S)
            except Exception as error:  # pylint: disable=broad-except
                self.error = error
                self.history.wrong(f"{self.name} failed: {error!r}")

    def step(self, client):
        """Writes something, in one call or several."""
        choice = self.random.random()
        if choice < 0.35:
            self.stream(client)
        elif choice < 0.6:
            self.settle(client, self.plain_batch())
        elif choice < 0.7 and self._old:
            self.send(client, self.random.choice(self._old[-50:]))
        elif choice < 0.8:
            row = Row(self.shared.name(), "v1")
            self.settle(client, self.history.batch([row]))
        elif choice < 0.87:
            version = self.shared.version()
            name = f"feeds/{FEEDS[1]}/events/w-{self.random.randrange(8)}"
            self.settle(client, self.history.batch([Row(name, f"v{version}", version)]))
        elif choice < 0.93:
            self.alternate(client)
        else:
            self.retract(client)

    def new_name(self, letter):
        self._names += 1
        feed = self.random.choice(FEEDS)
        return f"feeds/{feed}/events/{letter}-{self.number}-{self._names}"

    def plain_batch(self, taken=()):
        """New events that are never corrected, or new and corrected ones with versions, none of
        them in the batches given."""
        size = min(int(self.random.expovariate(1 / 6)) + 1, 60)
        batch_id = f"w{self.number}-{self._names}" if self.random.random() < 0.3 else ""
        if self.random.random() < 0.5:
            rows = [Row(self.new_name("f"), "v1") for _ in range(size)]
            return self.history.batch(rows, batch_id)
        busy = {row.name for batch in taken for row in batch.rows}
        known = [name for name in list(self._versions)[-200:] if name not in busy]
        names = self.random.sample(known, min(len(known), size // 2))
        names += [self.new_name("v") for _ in range(size - len(names))]
        rows = []
        for name in names:
            version = self._versions.get(name, 0) + 1
            self._versions[name] = version  # What was given up stays behind.
            rows.append(Row(name, f"v{version}", version))
        return self.history.batch(rows, batch_id)

    def send(self, client, batch):
        """Sends once, as a whole, and answers whether it was taken."""
        attempt = self.history.sent(batch, "batch")
        request = ingest_pb.BatchUpsertEventsRequest(
            rows=[row.upsert() for row in batch.rows], batch_id=batch.batch_id)
        try:
            answer = client.ingest.BatchUpsertEvents(request, timeout=CALL_MAX_S)
        except grpc.RpcError as error:
            self.history.failed(attempt, error)
            return False
        self.history.acknowledged(attempt, answer)
        self.acknowledged += len(batch.rows)
        if self.random.random() < 0.05:
            self.read_back(client, attempt)
        return True

    def settle(self, client, batch):
        """Sends until it is taken, and sometimes again; sometimes gives up."""
        if self.send(client, batch):
            if self.random.random() < 0.15:
                for _ in range(self.random.randrange(RESENDS_MAX)):
                    self.send(client, batch)
            self._old.append(batch)
            return True
        for _ in range(RESENDS_MAX):
            if self.ending.is_set() or self.random.random() < 0.1:
                return False
            pause(self.random.random() * 0.1)
            if self.send(client, batch):
                self._old.append(batch)
                return True
        return False

    def stream(self, client):
        """Some batches on one stream, without waiting in between."""
        batches = []
        for _ in range(self.random.randrange(1, STREAM_BATCHES_MAX + 1)):
            batches.append(self.plain_batch(batches))
        attempts = [self.history.sent(batch, "stream") for batch in batches]
        requests = [ingest_pb.IngestEventsRequest(batch=ingest_pb.EventBatch(
            rows=[row.upsert() for row in batch.rows], batch_id=batch.batch_id))
            for batch in batches]
        answered = 0
        try:
            for answer in client.ingest.IngestEvents(iter(requests), timeout=CALL_MAX_S):
                self.history.acknowledged(attempts[answered], answer)
                self.acknowledged += len(batches[answered].rows)
                self._old.append(batches[answered])
                answered += 1
            if answered < len(batches):
                self.history.wrong(f"a stream of {len(batches)} batches ended after {answered}")
        except grpc.RpcError as error:
            for attempt in attempts[answered:]:
                self.history.failed(attempt, error)
            for batch in batches[answered:]:
                self.settle(client, batch)

    def alternate(self, client):
        """One more turn of an event between two contents. After a failure its name is left: what is
        under way may come late, and nothing says that it is old."""
        if not self._turns or self.random.random() < 0.1:
            self._turns[self.new_name("a")] = "vB"
        name = self.random.choice(list(self._turns))
        if self.random.random() < 0.7:
            self._turns[name] = "vA" if self._turns[name] == "vB" else "vB"
        elif self._turns[name] == "vB":
            return
        if not self.send(client, self.history.batch([Row(name, self._turns[name])])):
            del self._turns[name]

    def retract(self, client):
        """Makes an event, takes one back or brings it back. After a failure its name is left."""
        if not self._retractable or self.random.random() < 0.3:
            name = self.new_name("r")
            if self.send(client, self.history.batch([Row(name, "v1", 1)])):
                self._retractable[name] = (1, False)
            return
        name = self.random.choice(list(self._retractable))
        version, retracted = self._retractable.pop(name)
        if retracted:
            row = Row(name, f"v{version + 1}", version + 1, reinstate=True)
            if self.send(client, self.history.batch([row])):
                self._retractable[name] = (version + 1, False)
            return
        attempt = self.history.sent(self.history.batch([Row(name, RETRACTED)]), "retract")
        try:
            client.ingest.RetractEvent(
                ingest_pb.RetractEventRequest(name=name, reason="An error of ours."),
                timeout=CALL_MAX_S)
        except grpc.RpcError as error:
            self.history.failed(attempt, error)
            return
        answer = ingest_pb.BatchUpsertEventsResponse()
        answer.counts.retracted = 1
        self.history.acknowledged(attempt, answer)
        self._retractable[name] = (version, True)

    def read_back(self, client, attempt):
        """What was acknowledged is readable at the position of its answer."""
        rows = {row.name: row for index, row in enumerate(attempt.batch.rows)
                if attempt.outcomes[index][0] != ingest_pb.ROW_OUTCOME_STALE}
        if any(name.rpartition("/")[2][0] not in "fv" for name in rows) or not rows:
            return
        request = event_pb.BatchGetEventsRequest(names=list(rows),
                                                 as_of={"position": attempt.position})
        try:
            answer = client.events.BatchGetEvents(request, timeout=CALL_MAX_S)
        except grpc.RpcError:
            return
        found = {event.name: content_of(event) for event in answer.events}
        wanted = {name: row.content for name, row in rows.items()}
        if found != wanted:
            self.history.wrong(f"at the position of its answer {wanted} reads {found}")


class Writers:
    """Several writers. Use as a context manager; leaving ends them."""

    def __init__(self, count, address, history, random):
        shared = Shared()
        self.writers = [Writer(number, address, history, shared, type(random)(random.random()))
                        for number in range(count)]

    def __enter__(self):
        for writer in self.writers:
            writer.start()
        return self

    def __exit__(self, *_):
        for writer in self.writers:
            writer.ending.set()
        for writer in self.writers:
            writer.join(harness.DEADLINE_S)
            if writer.is_alive():
                writer.history.wrong(f"{writer.name} hangs")

    def acknowledged(self):
        return sum(writer.acknowledged for writer in self.writers)

    def wait_progress(self, rows, deadline_s):
        """Until so many more rows were acknowledged; they were where it answers True."""
        wanted = self.acknowledged() + rows
        deadline = time.monotonic() + deadline_s
        while self.acknowledged() < wanted:
            for writer in self.writers:
                if writer.error:
                    raise writer.error
            if time.monotonic() > deadline:
                return False
            pause(0.005)
        return True
