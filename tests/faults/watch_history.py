"""What watchers saw, and whether it is what happened: W1 to W6 of the README's guarantees.

What should have been seen is computed from the histories of all events and a second, simple reading
of the filters; annalsd's is not asked.
"""

import collections
import dataclasses
import threading

import grpc

import harness
from harness import event_pb, events_pb, filter_pb, ingest_pb
from history import DAYS, FAULT_CODES, CUT_CODES, FEEDS, FIRST_DAY_S, KINDS, Row, make_event
from stack import pause

SETTLE_MAX_S = 60
RESUME_PAUSE_S = 0.1
CUT_ONE_IN = 150  # of messages, after which the watcher itself goes away
BOOKMARKS = 3  # of each watcher, that are watched from once more
DAY_S = 86_400


@dataclasses.dataclass
class Filter:
    """Some parts of EventFilter, of which absent ones ask for all."""
    kinds: tuple = ()
    feed: str = None
    days: tuple = None  # [first, last) since FIRST_DAY_S
    persons_min: int = None

    @classmethod
    def drawn(cls, random):
        days = None
        if random.random() < 0.4:
            first = random.randrange(DAYS - 5)
            days = (first, random.randrange(first + 5, DAYS + 1))
        return cls(kinds=tuple(random.sample(KINDS, random.choice((0, 0, 1, 2)))),
                   feed=random.choice((None, None, *FEEDS)), days=days,
                   persons_min=random.choice((None, None, 100, 200)))

    def message(self):
        message = filter_pb.EventFilter(kinds=self.kinds)
        if self.feed:
            message.feeds.append(f"feeds/{self.feed}")
        if self.days:
            message.occurred.start.seconds = FIRST_DAY_S + self.days[0] * DAY_S
            message.occurred.end.seconds = FIRST_DAY_S + self.days[1] * DAY_S
        if self.persons_min is not None:
            message.persons_min = self.persons_min
        return message

    def matches(self, event):
        """Whether it stands and is asked for."""
        if event.state not in (events_pb.EVENT_STATE_ACTIVE, events_pb.EVENT_STATE_UNSPECIFIED):
            return False
        if self.kinds and event.kind not in self.kinds:
            return False
        if self.feed and event.name.split("/")[1] != self.feed:
            return False
        if self.days:
            start = (event.occurred.start.seconds - FIRST_DAY_S) // DAY_S
            if not self.days[0] <= start < self.days[1]:
                return False
        if self.persons_min is None:
            return True
        best = event.persons.best if event.persons.HasField("best") else None
        return best is not None and best >= self.persons_min


@dataclasses.dataclass(frozen=True)
class Change:
    """A change as it should be, or was, told."""
    name: str
    revision: int
    kind: int
    entered_filter: bool


@dataclasses.dataclass
class Message:
    """One WatchEventsResponse; a checkpoint has no changes."""
    changes: list
    position: str
    commit_time: int  # in microseconds, 0 where absent
    write_continues: bool


def micros(timestamp):
    return timestamp.seconds * 1_000_000 + timestamp.nanos // 1_000


def expected_changes(store, event_filter):
    """All that happened to events of the filter: (position, id, commit time, change), in order."""
    found = []
    for name, revisions in store.revisions.items():
        before = False
        for revision in revisions:
            now = event_filter.matches(revision.event)
            kind = None
            if now:
                kind = event_pb.CHANGE_KIND_CREATED if revision.number == 1 else \
                    event_pb.CHANGE_KIND_UPDATED
            elif before and revision.event.state == events_pb.EVENT_STATE_RETRACTED:
                kind = event_pb.CHANGE_KIND_RETRACTED
            elif before:
                kind = event_pb.CHANGE_KIND_LEFT_FILTER
            if kind is not None:
                entered = kind == event_pb.CHANGE_KIND_UPDATED and not before
                found.append((revision.position, revision.event_id,
                              micros(revision.event.update_time),
                              Change(name, revision.number, kind, entered)))
            before = now
    return sorted(found, key=lambda item: item[:2])


# The validators. Each answers what is wrong.

def check_unique(keys):
    """W2: nothing is told twice."""
    return [f"W2: {key} was told {count} times"
            for key, count in collections.Counter(keys).items() if count > 1]


def check_reliable(expected, delivered):
    """W3: all that happened is told, and nothing else."""
    missing, extra = set(expected) - set(delivered), set(delivered) - set(expected)
    return [f"W3: {key} was not told" for key in missing] + \
        [f"W3: {key} was told and did not happen" for key in extra]


def check_ordered(places):
    """W1: `places` (position, event id) come in their order."""
    return [f"W1: {after} was told after {before}" for before, after in zip(places, places[1:])
            if before > after]


def check_atomic(messages, place_of):
    """W4: a message holds changes of one write, and a write comes whole before anything else."""
    wrong, open_write, closed = [], None, set()
    for message in messages:
        writes = {place_of(change)[0] for change in message.changes}
        if len(writes) > 1:
            wrong.append(f"W4: one message holds changes of the writes {sorted(writes)}")
            continue
        [write] = writes or {open_write}
        if open_write is not None and (write != open_write or not message.changes):
            wrong.append(f"W4: {message.position} came within the write {open_write}")
        if message.changes and write in closed:
            wrong.append(f"W4: the write {write} goes on after its end")
        open_write = write if message.write_continues else None
        if message.changes and not message.write_continues:
            closed.add(write)
    return wrong


class Watcher(threading.Thread):
    """Watches through `address`, and resumes whenever it is cut, until told to end."""

    def __init__(self, number, address, event_filter, random, position=None):
        super().__init__(daemon=True, name=f"watcher {number}")
        self.address = address
        self.filter = event_filter
        self.random = random
        self.position = position  # None: the beginning
        self.messages = []
        self.resumes = 0
        self.wrong = []
        self.ending = threading.Event()
        self.last_name = None  # The event after which there is no more.
        self.done = threading.Event()
        self._call = None

    def run(self):
        options = (("grpc.initial_reconnect_backoff_ms", 100),
                   ("grpc.max_reconnect_backoff_ms", 200))
        with harness.Client(self.address, options=options) as client:
            while not self.ending.is_set():
                try:
                    self.watch(client)
                except grpc.RpcError as error:
                    self.judge(error)
                self.resumes += 1
                pause(RESUME_PAUSE_S * self.random.random())

    def watch(self, client):
        request = event_pb.WatchEventsRequest(filter=self.filter.message())
        if self.position is None:
            request.origin = event_pb.WATCH_ORIGIN_BEGINNING
        else:
            request.position = self.position
        call = self._call = client.events.WatchEvents(request)
        if self.ending.is_set():
            call.cancel()
        for answer in call:
            self.take(answer)
            if self.random.randrange(CUT_ONE_IN) == 0:
                call.cancel()
                return

    def take(self, answer):
        changes = [Change(change.event.name, change.event.revision, change.kind,
                          change.entered_filter) for change in answer.changes]
        self.messages.append(Message(changes, answer.position, micros(answer.commit_time),
                                     answer.write_continues))
        self.position = answer.position
        if any(change.name == self.last_name for change in changes):
            self.done.set()

    def judge(self, error):
        """A watch is ended by what was cut, and by nothing else."""
        try:
            reason = harness.error_info(error).reason
        except AssertionError:
            reason = ""
        if error.code() not in FAULT_CODES and (reason or error.code() not in CUT_CODES):
            self.wrong.append(f"W5: the watch was ended: {error.code().name} {reason}"
                              f" {error.details()}")
            self.ending.set()

    def finish(self):
        self.ending.set()
        if self._call is not None:
            self._call.cancel()
        self.join(harness.DEADLINE_S)

    def changes(self):
        return [change for message in self.messages for change in message.changes]


def check_watcher(watcher, store):
    """All that is wrong with what one watcher saw."""
    expected = expected_changes(store, watcher.filter)
    places = {(change.name, change.revision): (position, event_id, time)
              for position, event_id, time, change in expected}

    def place_of(change):
        return places.get((change.name, change.revision), (0, 0, 0))

    delivered = watcher.changes()
    wrong = list(watcher.wrong)
    wrong += check_unique([(change.name, change.revision) for change in delivered])
    wrong += check_reliable([change for *_, change in expected], delivered)
    wrong += check_ordered([place_of(change)[:2] for change in delivered])
    wrong += check_atomic(watcher.messages, place_of)
    wrong += [f"W4: {message.position} states another commit time than its write has"
              for message in watcher.messages for change in message.changes
              if message.commit_time != place_of(change)[2]]
    return wrong


class Watchers:
    """Several watchers with filters of their own. Use as a context manager; leaving ends them."""

    def __init__(self, count, address, random):
        make = type(random)
        self.random = random
        self.watchers = [
            Watcher(number, address, Filter() if number == 0 else Filter.drawn(random),
                    make(random.random())) for number in range(count)]

    def __enter__(self):
        for watcher in self.watchers:
            watcher.start()
        return self

    def __exit__(self, *_):
        for watcher in self.watchers:
            watcher.finish()

    def settle(self, stack, history):
        """Writes an event for each watcher, all in one write, and waits until they were told."""
        if not self.watchers:
            return
        rows = []
        for number, watcher in enumerate(self.watchers):
            tries = (Row(f"feeds/{feed}/events/f-last-{number}-{n}", "v1")
                     for n in range(10_000) for feed in FEEDS)
            row = next(row for row in tries
                       if watcher.filter.matches(make_event(row.name, row.content)))
            watcher.last_name = row.name
            rows.append(row)
        batch = history.batch(rows)
        attempt = history.sent(batch, "batch")
        with stack.client() as client:
            history.acknowledged(attempt, client.ingest.BatchUpsertEvents(
                ingest_pb.BatchUpsertEventsRequest(rows=[row.upsert() for row in rows]),
                timeout=harness.DEADLINE_S))
        for watcher in self.watchers:
            if not watcher.done.wait(SETTLE_MAX_S):
                watcher.wrong.append("W3: its last event was not told")
            watcher.finish()

    def check(self, store, client):
        """All that is wrong with what all of them saw."""
        wrong = []
        for watcher in self.watchers:
            wrong += [f"{what} ({watcher.name}, {watcher.filter})"
                      for what in [*check_watcher(watcher, store), *self.reread(watcher, client)]]
        return wrong

    def reread(self, watcher, client):
        """W6: from any position that was told, the rest is told again, to the letter."""
        if watcher.wrong:
            return
        count = min(BOOKMARKS, len(watcher.messages))
        for index in self.random.sample(range(len(watcher.messages)), count):
            rest = [change for message in watcher.messages[index + 1:]
                    for change in message.changes]
            call = client.events.WatchEvents(event_pb.WatchEventsRequest(
                filter=watcher.filter.message(), position=watcher.messages[index].position),
                timeout=harness.DEADLINE_S)
            again = Watcher(0, "", watcher.filter, self.random)
            again.last_name = watcher.last_name
            if rest:
                for answer in call:
                    again.take(answer)
                    if again.done.is_set():
                        break
            call.cancel()
            if again.changes() != rest:
                yield f"W6: from message {index} on {len(again.changes())} changes were told," \
                      f" not the {len(rest)} of before"

    def summary(self):
        changes = sum(len(watcher.changes()) for watcher in self.watchers)
        return f"{len(self.watchers)} watchers were told {changes} changes and resumed" \
               f" {sum(watcher.resumes for watcher in self.watchers)} times"
