"""Who sees what, as people use it: what a caller may not see does not exist for that caller, and a
change of who may see a feed holds at once."""

import json
import re
import unittest

import grpc

import harness
from harness import catalog_pb, event_pb, filter_pb, ingest_pb

# Two ids of one length, so that columns stay as wide: one is a restricted feed, one is no feed.
HIDDEN, ABSENT = "secret", "absent"


def lines(*ids, **fields):
    window = {"start": "2025-01-12T00:00:00Z", "end": "2025-01-13T00:00:00Z",
              "precision": "TIME_PRECISION_DAY"}
    return "".join(json.dumps({"name": event_id, "kind": "EVENT_KIND_BATTLE", "title": "A battle",
                               "occurred": window, **fields}) + "\n" for event_id in ids)


class AccessTest(harness.AccessTest):
    callers = {"anna": ("--role", "reader"), "bob": ("--role", "reader"),
               "carl": ("--role", "contributor", "--feed", HIDDEN),
               "ed": ("--role", "editor", "--feed", HIDDEN),
               "dora": ("--role", "contributor", "--feed", "open"),
               "erik": ("--role", "editor", "--feed", "open")}
    maxDiff = None

    @classmethod
    def prepare(cls):
        def annals(caller, *arguments, **options):
            harness.run_annals(cls.server.address, "--token-file", cls.auth.token_file(caller),
                               *arguments, **options)

        annals("chief", "feeds", "create", "open", "--title", "Open", "--licence", "CC0-1.0")
        annals("chief", "feeds", "create", HIDDEN, "--title", "Hidden", "--licence", "CC0-1.0",
               "--restricted", "--reader", "principals/anna")
        annals("carl", "ingest", "-", "--feed", HIDDEN, stdin=lines("1", "2", "3"))
        annals("carl", "ingest", "-", "--feed", HIDDEN, stdin=lines("1", title="As it was learnt"))
        links = [{"kind": "LINK_KIND_PART_OF", "target": f"feeds/{HIDDEN}/events/1"},
                 {"kind": "LINK_KIND_PART_OF", "target": "feeds/open/events/2"}]
        annals("dora", "ingest", "-", "--feed", "open", stdin=lines("2"))
        annals("chief", "ingest", "-", "--feed", "open", stdin=lines("1", links=links))

    def names(self, caller, *arguments):
        shown = self.annals("query", *arguments, "-o", "ndjson", caller=caller).stdout
        return sorted(json.loads(line)["name"] for line in shown.splitlines())

    def outcome(self, caller, feed, *arguments, stdin=None):
        """What a command with FEED in its arguments says of `feed`, whose name is masked."""
        done = self.annals(*(word.replace("FEED", feed) for word in arguments), caller=caller,
                           stdin=stdin, status=None)
        return done.returncode, done.stdout.replace(feed, "FEED"), done.stderr.replace(feed, "FEED")

    # Asking

    def test_those_who_may_see_it_see_all_of_it(self):
        for caller in ("anna", "carl", "ed", "chief"):
            with self.subTest(caller=caller):
                hidden = [f"feeds/{HIDDEN}/events/{number}" for number in (1, 2, 3)]
                self.assertEqual(self.names(caller, "--feed", HIDDEN), hidden)
                self.assertEqual(self.names(caller, "--feed", HIDDEN, "--all"), hidden)
                self.assertLess(set(hidden), set(self.names(caller, "--all")))
                self.assertEqual(self.annals("count", "--feed", HIDDEN, caller=caller).stdout,
                                 "3\n")
                timeline = json.loads(self.annals("timeline", "--feed", HIDDEN, "-o", "json",
                                                  caller=caller).stdout)
                self.assertEqual(timeline["totals"]["eventCount"], "3")
                self.annals("get", f"{HIDDEN}/1", caller=caller)
                history = self.annals("history", f"{HIDDEN}/1", "-o", "ndjson", caller=caller)
                self.assertEqual(len(history.stdout.splitlines()), 2)
                feed = json.loads(self.annals("feeds", "get", HIDDEN, "-o", "json",
                                              caller=caller).stdout)
                self.assertEqual(feed["visibility"], "FEED_VISIBILITY_RESTRICTED")
                self.assertIn(HIDDEN, self.annals("feeds", "list", caller=caller).stdout)

    def test_for_others_it_is_as_a_feed_that_does_not_exist(self):
        reading = [
            ("query", "--feed", "FEED"), ("query", "--feed", "FEED", "--all"),
            ("query", "--feed", "FEED", "-o", "table"), ("query", "--feed", "FEED", "-o", "csv"),
            ("query", "--feed", "FEED", "--include-retracted", "-o", "json"),
            ("count", "--feed", "FEED"), ("count", "--feed", "FEED", "-o", "table"),
            ("timeline", "--feed", "FEED", "-o", "table"),
            ("timeline", "--feed", "FEED", "--and", "feed", "-o", "csv"),
            ("get", "FEED/1"), ("get", "FEED/1", "open/2", "-o", "ndjson"), ("history", "FEED/1"),
            ("feeds", "get", "FEED")]
        writing = [("retract", "FEED/1", "--reason", "x"), ("ingest", "-", "--feed", "FEED"),
                   ("ingest", "-", "--feed", "FEED", "--dry-run"),
                   ("ingest", "-", "--feed", "FEED", "--create-feed", "--title", "x",
                    "--licence", "x"),
                   ("feeds", "create", "FEED", "--title", "x", "--licence", "x")]
        editing = [("feeds", "update", "FEED", "--title", "x"),
                   ("feeds", "update", "FEED", "--public")]
        for caller, commands in (("bob", reading), ("dora", writing), ("erik", editing)):
            for command in commands:
                stdin = lines("1", "9") if command[0] == "ingest" else None
                with self.subTest(caller=caller, command=command):
                    self.assertEqual(self.outcome(caller, HIDDEN, *command, stdin=stdin),
                                     self.outcome(caller, ABSENT, *command, stdin=stdin))
        # The comparison can tell them apart: those who may see the feed are told another thing.
        for command in reading[::3]:
            with self.subTest(command=command):
                self.assertNotEqual(self.outcome("anna", HIDDEN, *command),
                                    self.outcome("anna", ABSENT, *command))

    def test_for_others_its_errors_are_those_of_what_does_not_exist(self):
        bob, dora = self.make_client("bob"), self.make_client("dora")
        name = f"feeds/{HIDDEN}/events/1"
        with self.refused(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND", "name"):
            bob.events.GetEvent(event_pb.GetEventRequest(name=name))
        with self.refused(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
            bob.events.ListEventRevisions(event_pb.ListEventRevisionsRequest(name=name))
        with self.refused(grpc.StatusCode.NOT_FOUND, "FEED_NOT_FOUND"):
            bob.catalog.GetFeed(catalog_pb.GetFeedRequest(name=f"feeds/{HIDDEN}"))
        with self.refused(grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_FEED", "rows[0].event.name"):
            dora.upsert(harness.event(name))
        with self.refused(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
            dora.ingest.RetractEvent(ingest_pb.RetractEventRequest(name=name, reason="x"))
        batch = bob.events.BatchGetEvents(event_pb.BatchGetEventsRequest(
            names=[name, "feeds/open/events/2"]))
        self.assertEqual((len(batch.events), list(batch.missing_names)), (1, [name]))
        feeds = filter_pb.EventFilter(feeds=[f"feeds/{HIDDEN}"])
        with self.refused(grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_FEED", "filter.feeds[0]"):
            next(bob.events.ExportEvents(event_pb.ExportEventsRequest(filter=feeds)))
        exported = bob.events.ExportEvents(event_pb.ExportEventsRequest())
        self.assertNotIn(HIDDEN, str(list(exported)))
        # Where the feed may be seen but not written to, that is what is told.
        with self.refused(grpc.StatusCode.PERMISSION_DENIED, "FEED_NOT_YOURS"):
            self.make_client("carl").upsert(harness.event("feeds/open/events/1"))

    def test_counts_are_of_what_is_seen(self):
        """X of Y: neither is told to those who do not see the feed."""
        seen = {}
        for caller in ("anna", "bob"):
            of_open = self.annals("count", "--feed", "open", "-o", "table", caller=caller).stdout
            shown, _, total = of_open.removesuffix(" events\n").partition(" of ")
            self.assertEqual(shown, "2", of_open)
            seen[caller] = int(total)
            status = json.loads(self.annals("status", "-o", "json", caller=caller).stdout)
            self.assertEqual(int(status["eventCount"]), seen[caller])
            self.assertEqual(int(self.annals("count", caller=caller).stdout), seen[caller])
            self.assertEqual(int(status["supersededRevisionCount"]) > 0, caller == "anna")
        self.assertEqual(seen["anna"] - seen["bob"], 3)

    def test_lists_and_groups_name_it_not(self):
        for command in (("feeds", "list"), ("query", "--all"), ("get", "open/1"),
                        ("timeline", "--and", "feed", "-o", "csv")):
            with self.subTest(command=command):
                self.assertNotIn(HIDDEN, self.annals(*command, caller="bob").stdout)
                self.assertIn(HIDDEN, self.annals(*command, caller="anna").stdout)

    def test_links_into_it_are_left_out(self):
        def targets(caller):
            [event] = json.loads(self.annals("get", "open/1", "-o", "json", caller=caller).stdout)
            return [link["target"] for link in event["links"]]

        self.assertEqual(targets("anna"), [f"feeds/{HIDDEN}/events/1", "feeds/open/events/2"])
        self.assertEqual(targets("bob"), ["feeds/open/events/2"])

    def test_writes_into_it_are_not_noticed(self):
        def answers():
            status = json.loads(self.annals("status", "-o", "json", caller="bob").stdout)
            del status["position"]  # Sealed, and another each time.
            return [status, *(self.annals(*command, caller="bob").stdout for command in (
                ("feeds", "list", "-o", "json"), ("query", "--all", "-o", "json"),
                ("timeline", "-o", "json", "--and", "feed")))]

        def masked(shown):
            return [re.sub(r'"position": *"[^"]*"', "", text) for text in shown[1:]] + shown[:1]

        before = masked(answers())
        self.annals("ingest", "-", "--feed", HIDDEN, caller="carl",
                    stdin=lines("3", title="Written while bob looks"))
        self.assertEqual(masked(answers()), before)

    # Who changed it

    def test_history_tells_editors_who(self):
        for caller in ("ed", "chief"):
            shown = self.annals("history", f"{HIDDEN}/1", "-o", "table", caller=caller).stdout
            rows = shown.splitlines()
            self.assertIn("BY", rows[0])
            self.assertEqual([("carl from unix" in row) for row in rows[1:]], [True, True], shown)
        newest = json.loads(self.annals("history", f"{HIDDEN}/1", "-o", "ndjson",
                                        caller="ed").stdout.splitlines()[0])
        self.assertEqual(newest["audit"]["principal"], "principals/carl")
        self.assertEqual(newest["audit"]["method"], "annals.v1.IngestService/IngestEvents")
        for caller in ("anna", "carl"):
            for output in ("table", "ndjson"):
                shown = self.annals("history", f"{HIDDEN}/1", "-o", output, caller=caller).stdout
                self.assertNotIn("carl", shown)
                self.assertNotIn('"audit":{', shown)

    def test_an_editor_of_another_feed_is_not_told_who(self):
        self.assertNotIn("dora", self.annals("history", "open/2", "-o", "table",
                                             caller="ed").stdout)
        self.assertIn("dora", self.annals("history", "open/2", "-o", "table",
                                          caller="erik").stdout)

    # Changes of who may see it

    def test_a_change_of_who_may_see_holds_at_once(self):
        self.annals("feeds", "create", "later", "--title", "Later", "--licence", "CC0-1.0",
                    "--restricted")
        self.annals("ingest", "-", "--feed", "later", stdin=lines("1"))
        before = self.make_client("bob").events.ListEvents(event_pb.ListEventsRequest()).position
        clients = {caller: self.make_client(caller) for caller in ("anna", "bob", "ed")}
        later = filter_pb.EventFilter(feeds=["feeds/later"])
        for flags, sees in (
                ([], ""), (["--public"], "anna bob ed"), (["--restricted"], ""),
                (["--reader", "principals/bob"], "bob"), (["--reader", "roles/reader"], "anna bob"),
                (["--reader", "principals/anna", "--reader", "roles/editor"], "anna ed"),
                (["--no-reader"], "")):
            if flags:
                self.annals("feeds", "update", "later", *flags)
            for caller, client in clients.items():
                for fields in ({}, {"as_of": {"position": before}}):
                    with self.subTest(flags=flags, caller=caller, fields=fields):
                        if caller in sees:
                            self.assertEqual(client.count(later, **fields), 1)
                            continue
                        with self.refused(grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_FEED"):
                            client.count(later, **fields)

    def test_a_feed_may_be_lost_from_sight_between_two_pages(self):
        self.annals("feeds", "create", "paged", "--title", "Paged", "--licence", "CC0-1.0")
        self.annals("ingest", "-", "--feed", "paged", stdin=lines(*"1234"))
        bob = self.make_client("bob")
        request = event_pb.ListEventsRequest(page_size=1, filter=filter_pb.EventFilter(
            feeds=["feeds/paged", "feeds/open"]))
        everything = event_pb.ListEventsRequest(page_size=1)
        tokens = [bob.events.ListEvents(asked).next_page_token for asked in (request, everything)]
        self.annals("feeds", "update", "paged", "--restricted")
        request.page_token, everything.page_token = tokens
        with self.refused(grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_FEED"):
            bob.events.ListEvents(request)
        while everything.page_token:
            page = bob.events.ListEvents(everything)
            self.assertNotIn("paged", str(page.events))
            everything.page_token = page.next_page_token


if __name__ == "__main__":
    unittest.main()
