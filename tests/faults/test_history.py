"""Each check of history.py and watch_history.py finds what breaks its promise, and nothing else."""

import random
import tempfile
import types
import unittest

import harness
import watch_history
from harness import event_pb, events_pb, ingest_pb
from history import RETRACTED, History, Revision, Row, check, content_of, make_event
from watch_history import Change, Filter, Message, expected_changes

CREATED, UPDATED = event_pb.CHANGE_KIND_CREATED, event_pb.CHANGE_KIND_UPDATED
UNCHANGED = ingest_pb.ROW_OUTCOME_UNCHANGED


def name_of(event):
    return f"feeds/north/events/{event}"


class Record:
    """A made-up store: puts take positions in turn."""

    def __init__(self):
        self.revisions = {}
        self.log = []

    def put(self, *contents):
        """One write of (event, content)."""
        self.log.append(len(self.log) + 1)
        for event, content in contents:
            name = name_of(event)
            stored = make_event(name, "v1" if content == RETRACTED else content)
            if content == RETRACTED:
                stored.state = events_pb.EVENT_STATE_RETRACTED
            revisions = self.revisions.setdefault(name, [])
            stored.revision = len(revisions) + 1
            stored.update_time.seconds = self.log[-1]
            revisions.append(Revision(stored.revision, self.log[-1], hash(name), stored, content))

    def position_of(self, row):
        return next((revision.position for revision in self.revisions.get(row.name, ())
                     if revision.content == row.content), None)


class HistoryTest(unittest.TestCase):
    def setUp(self):
        file = self.enterContext(tempfile.NamedTemporaryFile())
        self.history = History(file.name)
        self.addCleanup(self.history.close)
        self.record = Record()

    def send(self, *rows, acknowledged=True, batch_id="", batch=None, **counts):
        """Rows (event, content) or (event, content, version)."""
        batch = batch or self.history.batch(
            [Row(name_of(event), *rest) for event, *rest in rows], batch_id)
        attempt = self.history.sent(batch, "batch")
        if acknowledged:
            answer = ingest_pb.BatchUpsertEventsResponse()
            for count, value in (counts or {"created": len(batch.rows)}).items():
                setattr(answer.counts, count, value)
            self.history.acknowledged(attempt, answer)
        return batch

    def violations(self):
        return [violation[:2] for violation in check(self.history, self.record)]

    def test_what_is_stored_as_sent_is_in_order(self):
        self.send(("f-1", "v1"), ("v-1", "v1", 1))
        self.record.put(("f-1", "v1"), ("v-1", "v1"))
        self.send(("v-1", "v2", 2), updated=1)
        self.record.put(("v-1", "v2"))
        self.send(("f-2", "v1"), acknowledged=False)
        self.assertEqual(self.violations(), [])

    def test_an_acknowledged_row_that_is_lost(self):
        self.send(("f-1", "v1"))
        self.assertEqual(self.violations(), ["D1"])

    def test_a_row_that_is_stale_for_no_reason(self):
        batch = self.history.batch([Row(name_of("v-1"), "v1", 1)])
        attempt = self.history.sent(batch, "batch")
        answer = ingest_pb.BatchUpsertEventsResponse()
        answer.counts.stale = 1
        answer.results.add(outcome=ingest_pb.ROW_OUTCOME_STALE)
        self.history.acknowledged(attempt, answer)
        self.assertEqual(self.violations(), ["D1"])
        self.record.put(("v-1", "v2"))
        self.send(("v-1", "v2", 2), acknowledged=False)
        self.assertEqual(self.violations(), [])

    def test_content_that_took_effect_twice(self):
        self.send(("f-1", "v1"))
        self.record.put(("f-1", "v1"))
        self.record.put(("f-1", "v1"))
        self.assertEqual(self.violations(), ["D2", "D2"])

    def test_time_that_turned_back(self):
        self.send(("v-1", "v1", 1))
        self.send(("v-1", "v2", 2))
        for content in ("v1", "v2", "v1"):
            self.record.put(("v-1", content))
        self.assertEqual(self.violations(), ["D2"])

    def test_turns_that_were_not_sent(self):
        for content in ("vA", "vB"):
            self.send(("a-1", content), updated=1)
            self.record.put(("a-1", content))
        self.send(("a-1", "vA"), acknowledged=False)
        self.assertEqual(self.violations(), [])
        self.record.put(("a-1", "vA"))
        self.assertEqual(self.violations(), [])
        self.record.put(("a-1", "vB"))
        self.assertEqual(self.violations(), ["D2"])

    def test_a_named_batch_with_another_answer(self):
        batch = self.send(("f-1", "v1"), batch_id="x")
        self.record.put(("f-1", "v1"))
        self.send(batch=batch, unchanged=1)
        self.assertEqual(self.violations(), ["D2", "D2"])

    def test_a_ghost(self):
        self.record.put(("f-1", "v1"))
        self.assertEqual(self.violations(), ["D3"])

    def test_half_a_batch(self):
        self.send(("f-1", "v1"), ("f-2", "v1"), acknowledged=False)
        self.record.put(("f-1", "v1"))
        self.assertEqual(self.violations(), ["D3"])

    def test_a_batch_in_two_writes(self):
        self.send(("f-1", "v1"), ("f-2", "v1"), acknowledged=False)
        self.record.put(("f-1", "v1"))
        self.record.put(("f-2", "v1"))
        self.assertEqual(self.violations(), ["D3"])

    def test_a_gap_in_the_log(self):
        self.record.log = [1, 3]
        self.assertEqual(self.violations(), ["D3"])

    def test_positions_against_the_order_of_answers(self):
        self.send(("f-1", "v1"))
        self.send(("f-2", "v1"))
        self.record.put(("f-2", "v1"))
        self.record.put(("f-1", "v1"))
        self.assertEqual(self.violations(), ["D3"])

    def test_an_answer_that_no_fault_explains(self):
        self.history.wrong("INTERNAL")
        self.assertEqual(self.violations(), ["D4"])

    def test_content_is_told_from_the_stored_event(self):
        event = make_event(name_of("f-1"), "v7")
        self.assertEqual(content_of(event), "v7")
        event.description += "x"
        self.assertIsNone(content_of(event))


class WatchTest(unittest.TestCase):
    """A watch of everything, over three writes: two events, a correction, a retraction."""

    def setUp(self):
        self.record = Record()
        self.record.put(("f-1", "v1"), ("r-1", "v1"))
        self.record.put(("f-1", "v2"))
        self.record.put(("r-1", RETRACTED))
        self.expected = expected_changes(self.record, Filter())

    def messages(self, continues=False):
        """As they should be told; the first write in two messages where it `continues`."""
        parts = [self.expected[:1], self.expected[1:2]] if continues else [self.expected[:2]]
        parts += [self.expected[2:3], self.expected[3:]]
        return [Message([change for *_, change in part], str(number), part[0][2],
                        continues and number == 0) for number, part in enumerate(parts)]

    def violations(self, messages, event_filter=Filter()):
        watcher = types.SimpleNamespace(
            filter=event_filter, wrong=[], messages=messages,
            changes=lambda: [change for message in messages for change in message.changes])
        return sorted({what[:2] for what in watch_history.check_watcher(watcher, self.record)})

    def test_expected_changes_are_those_of_the_contract(self):
        told = {(change.name, change.revision): (change.kind, change.entered_filter)
                for *_, change in self.expected}
        self.assertEqual(told, {
            (name_of("f-1"), 1): (CREATED, False), (name_of("r-1"), 1): (CREATED, False),
            (name_of("f-1"), 2): (UPDATED, False),
            (name_of("r-1"), 2): (event_pb.CHANGE_KIND_RETRACTED, False)})

    def test_expected_changes_enter_and_leave_a_filter(self):
        record = Record()
        contents = [f"v{number}" for number in range(1, 60)]
        for content in contents:
            record.put(("f-1", content))
        kind = make_event(name_of("f-1"), "v2").kind
        before = False
        wanted = []
        for number, content in enumerate(contents, 1):
            now = make_event(name_of("f-1"), content).kind == kind
            if now:
                wanted.append(Change(name_of("f-1"), number, CREATED if number == 1 else UPDATED,
                                     number > 1 and not before))
            elif before:
                wanted.append(Change(name_of("f-1"), number, event_pb.CHANGE_KIND_LEFT_FILTER,
                                     False))
            before = now
        self.assertEqual([change for *_, change in expected_changes(record, Filter(kinds=(kind,)))],
                         wanted)

    def test_what_is_told_as_it_happened_is_in_order(self):
        self.assertEqual(self.violations(self.messages()), [])
        self.assertEqual(self.violations(self.messages(continues=True)), [])
        checkpoint = Message([], "c", 0, False)
        self.assertEqual(self.violations([checkpoint, *self.messages(), checkpoint]), [])

    def test_changes_out_of_order(self):
        first, *rest = self.messages()
        self.assertEqual(self.violations([*rest, first]), ["W1"])
        first.changes.reverse()
        self.assertEqual(self.violations([first, *rest]), ["W1"])

    def test_a_change_told_twice(self):
        messages = self.messages()
        self.assertIn("W2", self.violations([*messages, messages[-1]]))

    def test_a_change_that_is_not_told(self):
        self.assertEqual(self.violations(self.messages()[:-1]), ["W3"])

    def test_a_change_told_as_another(self):
        *messages, last = self.messages()
        last.changes = [Change(last.changes[0].name, 2, UPDATED, False)]
        self.assertEqual(self.violations([*messages, last]), ["W3"])

    def test_a_change_that_does_not_concern_the_filter(self):
        self.assertIn("W3", self.violations(self.messages(), Filter(feed="south")))

    def test_a_write_in_pieces(self):
        messages = self.messages(continues=True)
        messages[0].write_continues = False
        self.assertEqual(self.violations(messages), ["W4"])

    def test_two_writes_in_one_message(self):
        first, second, *rest = self.messages()
        first.changes += second.changes
        self.assertEqual(self.violations([first, *rest]), ["W4"])

    def test_a_checkpoint_within_a_write(self):
        first, *rest = self.messages(continues=True)
        self.assertEqual(self.violations([first, Message([], "c", 0, False), *rest]), ["W4"])

    def test_filters_are_drawn_that_ask_for_something(self):
        source = random.Random(1)
        events = [make_event(name_of(f"f-{number}"), "v1") for number in range(2_000)]
        for _ in range(200):
            drawn = Filter.drawn(source)
            self.assertTrue(any(drawn.matches(event) for event in events) or drawn.feed == "south")
            self.assertIsInstance(drawn.message(), harness.filter_pb.EventFilter)


if __name__ == "__main__":
    unittest.main()
