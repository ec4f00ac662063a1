"""What writers sent and were answered, and whether the store agrees: D1 to D4 of the README's
guarantees.

Every send and every answer goes to a file at once, which outlives whatever is killed. Events are
made from their name and the word for their content alone, so that each stored revision says which
send it came from. The class of a name is its first letter:

    f  sent with one content only           s  the same by several writers at once
    v  corrected, with versions of its own  w  the same by several writers at once
    a  two contents in turn, no versions    r  retracted and brought back
"""

import bisect
import collections
import csv
import dataclasses
import hashlib
import json
import subprocess
import sys
import threading
import time

import grpc

import harness
from harness import events_pb, ingest_pb, values_pb

FEEDS = ("north", "south")
KINDS = (events_pb.EVENT_KIND_BATTLE, events_pb.EVENT_KIND_STRIKE, events_pb.EVENT_KIND_PROTEST,
         events_pb.EVENT_KIND_RIOT)
FIRST_DAY_S = 1_736_640_000  # 2025-01-12T00:00:00Z
DAYS = 60
RETRACTED = "retracted"
WRITTEN = (ingest_pb.ROW_OUTCOME_CREATED, ingest_pb.ROW_OUTCOME_UPDATED)
ANSWERS = (*WRITTEN, ingest_pb.ROW_OUTCOME_UNCHANGED, ingest_pb.ROW_OUTCOME_STALE)
# What a call may end with when something was cut or killed; anything else is a wrong answer.
FAULT_CODES = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED,
               grpc.StatusCode.CANCELLED, grpc.StatusCode.RESOURCE_EXHAUSTED)
# What gRPC itself makes of a connection that was cut in the midst of a call, without a reason.
CUT_CODES = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)


def make_event(name, content):
    """The one event of this name and content."""
    digest = hashlib.sha256(f"{name} {content}".encode()).digest()
    fields = {"kind": KINDS[digest[0] % len(KINDS)], "description": "x" * (4 * digest[1]),
              "title": f"{name.rpartition('/')[2]} {content}"}
    if digest[2] % 4:
        fields["persons"] = values_pb.CountRange(best=digest[3])
    return harness.event(name, start=FIRST_DAY_S + digest[4] % DAYS * 86_400, **fields)


def content_of(event):
    """The word for what a stored event holds; None where nobody sends such an event."""
    if event.state == events_pb.EVENT_STATE_RETRACTED:
        return RETRACTED
    content = event.title.rpartition(" ")[2]
    sent = make_event(event.name, content)
    same = all(getattr(event, field) == getattr(sent, field)
               for field in ("kind", "title", "description", "persons", "occurred"))
    return content if same else None


def class_of(name):
    return name.rpartition("/")[2][0]


def version_of(content):
    return int(content[1:])


@dataclasses.dataclass
class Row:
    name: str
    content: str
    version: int = None
    reinstate: bool = False

    def upsert(self):
        row = ingest_pb.EventUpsert(event=make_event(self.name, self.content),
                                    reinstate=self.reinstate)
        if self.version is not None:
            row.source_version = self.version
        return row


@dataclasses.dataclass
class Attempt:
    """One sending of a batch."""
    batch: "Batch"
    sent: float
    ended: float = None
    ok: bool = False
    counts: dict = None
    outcomes: dict = dataclasses.field(default_factory=dict)  # by row: (outcome, revision or None)
    position: str = None


@dataclasses.dataclass
class Batch:
    """Rows that are sent together, perhaps several times."""
    number: int
    rows: list
    batch_id: str = ""
    attempts: list = dataclasses.field(default_factory=list)

    def taken(self):
        """The attempts that were acknowledged."""
        return [attempt for attempt in self.attempts if attempt.ok]


class History:
    """What was sent and answered. Thread-safe."""

    def __init__(self, path):
        self._file = open(path, "a", encoding="utf-8")
        self._lock = threading.Lock()
        self.batches = []
        self.wrong_answers = []

    def close(self):
        self._file.close()

    def _write(self, what, **fields):
        self._file.write(json.dumps({"what": what, "time": time.monotonic(), **fields}) + "\n")
        self._file.flush()

    def note(self, what, **fields):
        """Something that happened besides."""
        with self._lock:
            self._write(what, **fields)

    def batch(self, rows, batch_id=""):
        with self._lock:
            batch = Batch(len(self.batches), rows, batch_id)
            self.batches.append(batch)
            return batch

    def sent(self, batch, how):
        """Must be called before the batch is sent."""
        with self._lock:
            attempt = Attempt(batch, time.monotonic())
            batch.attempts.append(attempt)
            self._write("sent", batch=batch.number, how=how, batch_id=batch.batch_id,
                        rows=[[row.name, row.content, row.version] for row in batch.rows])
            return attempt

    def acknowledged(self, attempt, answer):
        """`answer`: BatchUpsertEventsResponse or IngestEventsResponse."""
        counts = {field.name: value for field, value in answer.counts.ListFields()}
        outcomes = {result.index: (result.outcome, result.revision) for result in answer.results}
        with self._lock:
            attempt.ended, attempt.ok = time.monotonic(), True
            attempt.counts, attempt.outcomes = counts, outcomes
            attempt.position = answer.position
            self._write("acknowledged", batch=attempt.batch.number, counts=counts,
                        outcomes=sorted(outcomes.items()), position=answer.position)

    def failed(self, attempt, error):
        """It is not known whether the batch is stored."""
        try:
            reason = harness.error_info(error).reason
        except AssertionError:
            reason = ""
        code = error.code()
        with self._lock:
            attempt.ended = time.monotonic()
            self._write("failed", batch=attempt.batch.number, code=code.name, reason=reason)
            allowed = code in FAULT_CODES or reason == "OUTCOME_UNKNOWN" or \
                (code in CUT_CODES and not reason)
            if not allowed:
                self.wrong_answers.append(f"{code.name} {reason}: {error.details()}")

    def wrong(self, what):
        """An answer that cannot be true."""
        with self._lock:
            self._write("wrong", answer=what)
            self.wrong_answers.append(what)


@dataclasses.dataclass
class Revision:
    number: int
    position: int
    event_id: int  # The order of events within a write.
    event: events_pb.Event
    content: str


class Store:
    """All that a store holds, as its tables say; compared with what annalsd answers."""

    def __init__(self, server):
        self.revisions = collections.defaultdict(list)  # by name, oldest first
        columns = "id, position, encode(record, 'hex')"
        for row in copy(server, f"SELECT {columns} FROM event UNION ALL"
                                f" SELECT {columns} FROM event_revision"):
            event = events_pb.Event.FromString(bytes.fromhex(row[2]))
            self.revisions[event.name].append(
                Revision(event.revision, int(row[1]), int(row[0]), event, content_of(event)))
        for revisions in self.revisions.values():
            revisions.sort(key=lambda revision: revision.number)
        self.log = [int(row[0]) for row in copy(server, "SELECT position FROM commit_log"
                                                        " ORDER BY commit_time")]

    def position_of(self, row):
        """Where a row was stored; None where it is not."""
        for revision in self.revisions.get(row.name, ()):
            if revision.content == row.content:
                return revision.position
        return None

    def compare(self, client, random):
        """What annalsd answers otherwise: the export, and the histories of some events."""
        wrong = []
        exported = {}
        request = harness.event_pb.ExportEventsRequest(
            filter=harness.filter_pb.EventFilter(include_retracted=True))
        for part in client.events.ExportEvents(request, timeout=harness.DEADLINE_S):
            for event in part.events:
                if event.name in exported:
                    wrong.append(f"D3: {event.name} is exported twice")
                exported[event.name] = event
        current = {name: revisions[-1].event for name, revisions in self.revisions.items()}
        for name in exported.keys() ^ current.keys():
            wrong.append(f"D3: {name} is exported or stored, not both")
        for name in random.sample(sorted(current), min(200, len(current))):
            answer = client.events.ListEventRevisions(
                harness.event_pb.ListEventRevisionsRequest(name=name, page_size=1000),
                timeout=harness.DEADLINE_S)
            answered = [(r.event.revision, content_of(r.event)) for r in answer.revisions]
            stored = [(r.number, r.content) for r in reversed(self.revisions[name])]
            if answered != stored:
                wrong.append(f"D3: the history of {name} is {answered}, stored is {stored}")
        return wrong


def copy(server, query):
    """The rows of a query, as lists of texts."""
    with subprocess.Popen(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", server.database(),
                           "-c", f"COPY ({query}) TO STDOUT (FORMAT csv)"],
                          stdout=subprocess.PIPE, text=True) as psql:
        csv.field_size_limit(sys.maxsize)
        yield from csv.reader(psql.stdout)
    if psql.returncode != 0:
        raise AssertionError(query)


def check(history, store, batch_ids=True):
    """Every way in which the store and what writers were told disagree. `batch_ids`: that batches
    with a name are answered as the first time."""
    violations = [f"D4: wrong answer: {wrong}" for wrong in history.wrong_answers]
    for batch in history.batches:
        violations += check_acknowledged(batch, store)
        violations += check_whole(batch, store)
        if batch_ids and batch.batch_id:
            violations += check_first_answer(batch)
    violations += check_created_once(history)
    violations += check_effects(history, store)
    violations += check_positions(history, store)
    return violations


def check_acknowledged(batch, store):
    """D1: acknowledged - stored = nothing; and each row's result is what is stored."""
    for attempt in batch.taken():
        if sum(attempt.counts.values()) != len(batch.rows):
            yield f"D1: batch {batch.number} of {len(batch.rows)} rows: {attempt.counts}"
        for index, row in enumerate(batch.rows):
            outcome, revision = attempt.outcomes.get(index, (None, 0))
            revisions = store.revisions.get(row.name, [])
            if outcome not in (None, *ANSWERS):
                yield f"D4: {row.name} {row.content} was answered {outcome}"
            elif outcome == ingest_pb.ROW_OUTCOME_STALE:
                if not any(r.content != RETRACTED and version_of(r.content) > row.version
                           for r in revisions):
                    yield f"D1: {row.name} {row.content} was STALE, but nothing newer is stored"
            elif store.position_of(row) is None:
                yield f"D1: {row.name} {row.content} was acknowledged and is not stored"
            elif revision and (revision > len(revisions) or
                               revisions[revision - 1].content != row.content):
                yield f"D1: {row.name} {row.content} is not its revision {revision}"


def check_whole(batch, store):
    """D3: an atomic write is wholly in, at one position, or wholly out."""
    if any(class_of(row.name) not in "fvr" for row in batch.rows):
        return  # Others wrote the same.
    positions = {store.position_of(row) for row in batch.rows if not overtaken(row, store)}
    if len(positions) > 1:
        yield f"D3: batch {batch.number} is stored at {sorted(map(str, positions))}"


def overtaken(row, store):
    """Whether it may have come too late: a newer version is stored, and not this one."""
    contents = [revision.content for revision in store.revisions.get(row.name, ())]
    return row.version is not None and row.content not in contents and \
        any(version_of(content) > row.version for content in contents if content != RETRACTED)


def check_first_answer(batch):
    """D2: a batch with a name has one answer."""
    answers = {json.dumps(attempt.counts, sort_keys=True) for attempt in batch.taken()}
    if len(answers) > 1:
        yield f"D2: batch {batch.number} named {batch.batch_id} was answered {sorted(answers)}"
    if answers and all(class_of(row.name) == "f" for row in batch.rows):
        if answers != {json.dumps({"created": len(batch.rows)})}:
            yield f"D2: the new rows of batch {batch.number} were answered {sorted(answers)}"


def check_created_once(history):
    """D2: who is told CREATED is told so once, but for repeated answers to a named batch."""
    creators = collections.defaultdict(list)
    for batch in history.batches:
        answers = batch.taken()[:1] if batch.batch_id else batch.taken()
        for attempt in answers:
            for index, (outcome, _) in attempt.outcomes.items():
                if outcome == ingest_pb.ROW_OUTCOME_CREATED:
                    creators[batch.rows[index].name].append(batch.number)
    for name, batches in creators.items():
        if len(batches) > 1:
            yield f"D2: {name} was created by batches {batches}"


def check_effects(history, store):
    """D2: one effect for any number of sends; D3: what is stored was sent."""
    sent, turns = collections.defaultdict(set), collections.defaultdict(list)
    for batch in history.batches:
        for row in batch.rows:
            sent[row.name].add(row.content)
            if class_of(row.name) == "a":
                turns[row.name] += [(attempt, row.content) for attempt in batch.attempts]
    for name, revisions in store.revisions.items():
        contents = [revision.content for revision in revisions]
        if [revision.number for revision in revisions] != list(range(1, len(revisions) + 1)):
            yield f"D3: {name} has revisions {[revision.number for revision in revisions]}"
        ghosts = set(contents) - sent.get(name, set())
        if ghosts:
            yield f"D3: {name} holds {ghosts}, which nobody sent"
            continue
        if any(one == other for one, other in zip(contents, contents[1:])):
            yield f"D2: {name} has the same content twice in turn: {contents}"
        if class_of(name) in "fs" and len(contents) != 1:
            yield f"D2: {name} was sent with one content and has {contents}"
        if class_of(name) in "vwr":
            versions = [version_of(content) for content in contents if content != RETRACTED]
            if versions != sorted(set(versions)):
                yield f"D2: {name} went back: {contents}"
        if class_of(name) == "a":
            yield from check_turns(name, contents, turns[name])


def check_turns(name, contents, turns):
    """A, B, A, B as sent. Of a turn that failed it is not known how often it took place; it is the
    last content of its name."""
    turns.sort(key=lambda turn: turn[0].sent)
    expected = []
    for attempt, content in turns:
        if attempt.ok and expected[-1:] != [content]:
            expected.append(content)
    doubtful = {content for attempt, content in turns if not attempt.ok}
    if contents != expected and not (contents[:-1] == expected and contents[-1] in doubtful):
        yield f"D2: {name} has {contents}, sent were {expected} and perhaps {sorted(doubtful)}"


def check_positions(history, store):
    """D3: positions are dense and in the order of commits, and what was acknowledged before another
    batch was sent lies before it."""
    if store.log != list(range(1, len(store.log) + 1)):
        gaps = [here for here, number in zip(store.log, range(1, len(store.log) + 1))
                if here != number]
        yield f"D3: the commit log is not dense in its order: {gaps[:5]}"
    ends, sends = [], []
    for batch in history.batches:
        if any(class_of(row.name) not in "fv" for row in batch.rows) or not batch.attempts:
            continue
        position = store.position_of(batch.rows[0])
        if position is None:
            continue
        sends.append((batch.attempts[0].sent, position, batch.number))
        taken = [attempt.ended for attempt in batch.taken()]
        if taken:
            ends.append((min(taken), position))
    ends.sort()
    highest, floors = 0, []
    for _, position in ends:
        highest = max(highest, position)
        floors.append(highest)
    times = [ended for ended, _ in ends]
    for sent, position, number in sends:
        before = bisect.bisect_left(times, sent)
        if before and floors[before - 1] >= position:
            yield f"D3: batch {number} at {position} was sent after {floors[before - 1]}" \
                  " was answered"
