"""Faults without end under writers and watchers, each followed by the proof that annalsd serves
again, and at the end of each part the comparison of everything with the store."""

import collections
import dataclasses
import os
import sys
import time

import harness
from harness import catalog_pb, ingest_pb
from history import FEEDS, History, Row, Store, check
from stack import Stack, pause
from watch_history import Watchers
from writers import Writers

PROBE_MAX_S = 3
PROGRESS_MAX_S = 30
# Whether batches with a name are held to one answer.
BATCH_IDS = os.environ.get("ANNALS_FAULTS_BATCH_IDS", "1") != "0"


@dataclasses.dataclass
class Plan:
    """How often what is done."""
    kills: int = 0
    postgres_kills: int = 0
    cuts: int = 0
    writers: int = 6
    watchers: int = 20
    faults_a_part: int = 60  # then everything is compared, and the next part begins anew
    patience: float = 1  # how many times as long as promised recovery may take

    def parts(self, random):
        """Lists of faults, shuffled: of a part with its own PostgreSQL, then one with another's."""
        faults = ["kill"] * self.kills + ["postgres kill"] * self.postgres_kills + \
            ["cut"] * self.cuts
        random.shuffle(faults)
        count = max(2, -(-len(faults) // self.faults_a_part))
        return [faults[number::count] for number in range(count)]


class Part:
    """One store, from its beginning to the comparison."""

    def __init__(self, number, faults, plan, random, output):
        self.number = number
        self.faults = faults
        self.plan = plan
        self.random = random
        self.output = output
        self.probes = 0
        self.keep = True
        # Every other part has PostgreSQL beside it, and half of the parts are on TCP.
        self.stack = Stack(embedded=number % 2 == 0, tcp=number % 4 >= 2,
                           patience=plan.patience)
        self.history = History(self.stack.directory / "history.ndjson")
        self.struck = collections.Counter()

    def say(self, text):
        print(f"part {self.number}: {text}", file=self.output, flush=True)

    def probe(self, client):
        """A write that proves that it serves."""
        self.probes += 1
        batch = self.history.batch([Row(f"feeds/{FEEDS[0]}/events/f-probe-{self.probes}", "v1")])
        attempt = self.history.sent(batch, "batch")
        request = ingest_pb.BatchUpsertEventsRequest(rows=[row.upsert() for row in batch.rows])
        try:
            answer = client.ingest.BatchUpsertEvents(request, timeout=PROBE_MAX_S)
        except harness.grpc.RpcError as error:
            self.history.failed(attempt, error)
            raise
        self.history.acknowledged(attempt, answer)

    def run(self):
        """Answers what was wrong."""
        with self.stack:
            with self.stack.client() as client:
                for feed in FEEDS:
                    client.catalog.CreateFeed(catalog_pb.CreateFeedRequest(feed=catalog_pb.Feed(
                        name=f"feeds/{feed}", title=feed, licence="CC0-1.0")),
                        timeout=harness.DEADLINE_S)
            watchers = Watchers(self.plan.watchers, self.stack.proxy.address, self.random)
            with watchers:
                with Writers(self.plan.writers, self.stack.proxy.address, self.history,
                             self.random) as writers:
                    for fault in self.faults:
                        self.strike(fault, writers)
                violations = self.compare(watchers)
            self.history.close()
            self.stack.keep = self.keep and bool(violations)
            if self.stack.keep:
                self.say(f"kept in {self.stack.directory}")
        return violations

    def strike(self, fault, writers):
        """A fault at a random moment, and work afterwards."""
        rows = self.random.randrange(1, 400)
        if not writers.wait_progress(rows, PROGRESS_MAX_S):
            self.history.wrong(f"nothing is acknowledged any more before {fault}")
        what = fault
        if fault == "kill":
            seconds = self.stack.kill_server(self.probe)
        elif fault == "postgres kill":
            seconds = self.stack.kill_postgres(self.probe)
        else:
            cut = self.stack.cut_clients
            if self.stack.database_proxy and self.random.random() < 0.5:
                cut = self.stack.cut_database
            what, seconds = cut(self.probe, self.random,
                                lambda: pause(self.random.uniform(0.05, 0.5)))
        self.struck[fault] += 1
        self.history.note("fault", fault=what, recovered_s=seconds)
        done = sum(self.struck.values())
        if done % 10 == 0 or seconds > 1:
            self.say(f"{done} of {len(self.faults)} faults, {writers.acknowledged()} rows"
                     f" acknowledged; {what}: serves again after {seconds:.2f} s")

    def compare(self, watchers):
        """Everything that was sent, answered and watched with what is stored."""
        started = time.monotonic()
        watchers.settle(self.stack, self.history)
        store = Store(self.stack.server)
        violations = check(self.history, store, BATCH_IDS)
        with self.stack.client() as client:
            violations += store.compare(client, self.random)
            violations += watchers.check(store, client)
        slow = self.stack.recoveries.pop("too slow", [])
        violations += [f"R1: it served again only after {seconds:.1f} s" for seconds in slow]
        attempts = [attempt for batch in self.history.batches for attempt in batch.attempts]
        revisions = sum(map(len, store.revisions.values()))
        self.say(f"{len(self.history.batches)} batches sent {len(attempts)} times,"
                 f" {sum(attempt.ok for attempt in attempts)} acknowledged; {len(store.revisions)}"
                 f" events, {revisions} revisions, {len(store.log)} positions;"
                 f" {watchers.summary()}; compared in {time.monotonic() - started:.1f} s")
        return violations


def run(plan, random, output=sys.stdout):
    """All parts. Answers what was wrong and the seconds that recovery took, by kind of fault."""
    violations, recoveries, struck = [], collections.defaultdict(list), collections.Counter()
    for number, faults in enumerate(plan.parts(random)):
        part = Part(number, faults, plan, random, output)
        violations += part.run()
        struck.update(part.struck)
        for kind, seconds in part.stack.recoveries.items():
            recoveries[kind] += seconds
    for kind, seconds in sorted(recoveries.items()):
        seconds.sort()
        print(f"{kind}: {len(seconds)} times, serves again after {seconds[len(seconds) // 2]:.2f} s"
              f" (median), {seconds[-1]:.2f} s at most", file=output)
    print(f"struck: {dict(struck)}; {len(violations)} violations", file=output, flush=True)
    return violations
