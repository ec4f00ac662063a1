"""`annals watch`: what is written is printed, in order and once, whatever happens to the server in
between; and the hand-over from what is there to what changes."""

import json
import os
import signal
import subprocess
import threading
import unittest

import grpc

import harness
from harness import event_pb, filter_pb, ingest_pb


class Watch:
    """A running `annals watch -o ndjson`; `lines` are its lines so far, read from JSON."""

    def __init__(self, test, address, *arguments):
        self.process = subprocess.Popen(
            [harness.BIN_DIR / "annals", "--server", address, "watch", "-o", "ndjson",
             "--checkpoints", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        test.addCleanup(self.kill)
        self.lines = []
        self.errors = ""
        self.readers = [threading.Thread(target=self._read, daemon=True),
                        threading.Thread(target=self._read_errors, daemon=True)]
        for reader in self.readers:
            reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors += line

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()

    def wait(self):
        status = self.process.wait(harness.DEADLINE_S)
        for reader in self.readers:
            reader.join(harness.DEADLINE_S)
        self.process.stdout.close()
        self.process.stderr.close()
        return status

    def changes(self):
        """(kind, id) of each change."""
        return [(line["kind"].removeprefix("CHANGE_KIND_"),
                 line["event"]["name"].rpartition("/")[2]) for line in self.lines if "kind" in line]

    def position(self):
        """The last that was printed."""
        positions = [line["position"] for line in self.lines if "position" in line]
        return positions[-1] if positions else None

    def until(self, test, changes):
        """Waits for as many changes as these, which they must be."""
        harness.wait_until(
            lambda: len(self.changes()) >= len(changes) or self.process.poll() is not None,
            f"{len(changes)} changes; {self.changes()} {self.errors}")
        test.assertEqual(self.changes(), changes)

    def until_it_waits(self):
        """Until it has printed how far it followed."""
        harness.wait_until(self.position, f"a position; {self.errors}")


class WatchTest(harness.ServerTest):
    @classmethod
    def prepare(cls):
        cls.client.create_feed("f")

    def name(self, event):
        return f"feeds/{self._testMethodName}/events/{event}"

    def setUp(self):
        self.client.create_feed(self._testMethodName)

    def put(self, *events, **fields):
        return self.client.upsert(*[harness.event(self.name(event), **fields) for event in events])

    def watch(self, *arguments):
        return Watch(self, self.server.address, "--feed", self._testMethodName, *arguments)

    def now(self):
        return self.client.status.GetStatus(
            harness.status_pb.GetStatusRequest(), timeout=harness.DEADLINE_S).position

    def test_tells_each_kind_of_change(self):
        watch = self.watch("--kind", "battle", "--from", self.now())
        self.put("a", "b", "c")
        self.put("a", title="Another title")
        self.put("b", kind=harness.events_pb.EVENT_KIND_STRIKE)
        self.put("b")
        self.client.ingest.RetractEvent(ingest_pb.RetractEventRequest(
            name=self.name("a"), reason="Entered twice"), timeout=harness.DEADLINE_S)
        self.client.ingest.MergeEvents(ingest_pb.MergeEventsRequest(
            sources=[self.name("c")], target=self.name("b"), reason="The same"),
            timeout=harness.DEADLINE_S)
        self.put("strike", kind=harness.events_pb.EVENT_KIND_STRIKE)  # Of no concern.
        expected = [("UPDATED", "a"), ("LEFT_FILTER", "b"), ("UPDATED", "b"), ("RETRACTED", "a"),
                    ("MERGED", "c")]
        harness.wait_until(lambda: len(watch.changes()) >= 8, f"8 changes; {watch.errors}")
        # Events of one write come in an order of their own.
        self.assertEqual(sorted(watch.changes()[:3]),
                         [("CREATED", "a"), ("CREATED", "b"), ("CREATED", "c")])
        self.assertEqual(watch.changes()[3:], expected)
        changes = [line for line in watch.lines if "kind" in line]
        self.assertTrue(changes[5].get("enteredFilter"))
        self.assertEqual(changes[7]["event"]["mergedInto"], self.name("b"))

    def test_goes_on_from_a_printed_position(self):
        first = self.watch("--from", self.now())
        self.put("a")
        first.until(self, [("CREATED", "a")])
        first.kill()
        self.put("b")
        second = self.watch("--from", first.position())
        second.until(self, [("CREATED", "b")])
        second.kill()
        from_start = self.watch("--from", "start")
        from_start.until(self, [("CREATED", "a"), ("CREATED", "b")])

    def test_hands_over_from_what_is_there(self):
        self.put("old-1")
        self.put("old-2")
        watch = self.watch("--with-existing")
        harness.wait_until(watch.position, "the end of the listing")
        self.put("new")
        watch.until(self, [("CREATED", "new")])
        existing = [line["event"]["name"] for line in watch.lines
                    if "event" in line and "kind" not in line]
        self.assertEqual(sorted(existing), [self.name("old-1"), self.name("old-2")])

    def test_hands_over_under_writers_without_gap_or_double(self):
        """The copy that a client keeps is what the server lists."""
        stop = threading.Event()

        def write(writer):
            with harness.Client(self.server.address) as client:
                for number in range(200):
                    if stop.is_set():
                        return
                    client.upsert(harness.event(self.name(f"{writer}-{number % 50}"),
                                                title=f"Version {number}"))

        writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
        self.addCleanup(stop.set)
        for writer in writers:
            writer.start()
        harness.wait_until(lambda: self.client.count(filter_pb.EventFilter(
            feeds=[f"feeds/{self._testMethodName}"])) > 20, "some events")
        watch = self.watch("--with-existing")
        for writer in writers:
            writer.join()
        listed = {event.name: event.revision for event in self.client.list_all(
            filter_pb.EventFilter(feeds=[f"feeds/{self._testMethodName}"]))}

        def copy():
            return {line["event"]["name"]: int(line["event"]["revision"])
                    for line in list(watch.lines) if "event" in line}

        harness.wait_until(lambda: copy() == listed, "the copy is whole")
        told = [(line["event"]["name"], line["event"]["revision"]) for line in watch.lines
                if "event" in line]
        self.assertEqual(len(told), len(set(told)), "each once")

    def test_recipe_of_the_readme(self):
        """The same by bare calls, as in any language."""
        self.put("old")
        feed = filter_pb.EventFilter(feeds=[f"feeds/{self._testMethodName}"])
        position = self.now()
        self.put("between")
        listed = list(self.client.list_all(
            feed, as_of=harness.values_pb.AsOf(position=position)))
        self.assertEqual([event.name for event in listed], [self.name("old")])
        call = self.client.events.WatchEvents(
            event_pb.WatchEventsRequest(filter=feed, position=position),
            timeout=harness.DEADLINE_S)
        for response in call:
            if response.changes:
                break
        self.assertEqual([change.event.name for change in response.changes],
                         [self.name("between")])
        call.cancel()

    def test_interrupt_ends_it_and_tells_where_to_go_on(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            watch = self.watch("--from", self.now())
            self.put(f"before-{number.name}")
            harness.wait_until(watch.changes, f"a change; {watch.errors}")
            watch.process.send_signal(number)
            self.assertEqual(watch.wait(), -number, watch.errors)
            self.assertIn(f"--from {watch.position()}\n", watch.errors)

    def test_ends_where_nobody_reads(self):
        process = subprocess.Popen(
            [harness.BIN_DIR / "annals", "--server", self.server.address, "watch", "-o", "ndjson",
             "--checkpoints", "--from", "start"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        self.put("a")
        os.read(process.stdout.fileno(), 1)
        process.stdout.close()
        self.assertEqual(process.wait(harness.DEADLINE_S), 0)
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()

    def test_positions_of_others_are_refused(self):
        refused = self.annals("watch", "--from", "nonsense", status=1)
        self.assertEqual(refused.stdout, "")
        self.assertIn("INVALID_ARGUMENT", refused.stderr)

    def test_limit_ends_it(self):
        position = self.now()
        self.put("a")
        self.put("b")
        shown = self.annals("watch", "--feed", self._testMethodName, "--from", position, "--limit",
                            1, "-o", "csv").stdout.splitlines()
        self.assertEqual([line.split(",")[1] for line in shown], ["change", "created"])


class RestartTest(harness.ServerTest):
    """Each test kills the server, and leaves one that serves at the same address."""

    @classmethod
    def prepare(cls):
        cls.client.create_feed("f")

    def put(self, event):
        """Sends until it is in: the server may be down."""
        sent = harness.event(f"feeds/f/events/{event}")

        def is_in():
            try:
                self.client.upsert(sent)
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    raise
                return False
            return True

        harness.wait_until(is_in, f"{event} is in")

    def test_watch_goes_on_after_kills_of_the_server(self):
        watch = Watch(self, self.server.address, "--feed", "f", "--from", "start")
        expected = []
        for number in range(4):
            self.put(f"e{number}")
            expected.append(("CREATED", f"e{number}"))
            watch.until(self, expected)
            self.server.signal(signal.SIGKILL)
            self.server.wait()
            self.server.start()
        self.put("last")
        watch.until(self, expected + [("CREATED", "last")])
        self.assertIn("the server went away; connecting again", watch.errors)
        watch.process.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(), -signal.SIGINT)


if __name__ == "__main__":
    unittest.main()
