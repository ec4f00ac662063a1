"""The keys that positions and page tokens are sealed with: they are rotated while annalsd serves,
and a token is good for its caller, its request and its store alone."""

import unittest

import grpc

import harness
from harness import catalog_pb, event_pb, filter_pb

INVALID = grpc.StatusCode.INVALID_ARGUMENT


class KeysTest(harness.AccessTest):
    callers = {"anna": ("--role", "reader"), "bob": ("--role", "reader")}

    @classmethod
    def prepare(cls):
        for feed in ("a", "b"):
            cls.client.create_feed(feed)
        for title in ("First", "Second"):
            cls.client.upsert(*(harness.event(f"feeds/a/events/{number}", title=title)
                                for number in range(3)))

    def rotate(self, *arguments):
        harness.run_program("annalsd", "rotate-keys", "--database", self.server.database(),
                            *arguments)

    def keys(self):
        return int(self.server.sql("SELECT count(*) AS n FROM token_key")[0]["n"])

    def page(self, client, token="", **fields):
        return client.events.ListEvents(
            event_pb.ListEventsRequest(page_size=1, page_token=token, **fields))

    def another_server(self):
        """A client of a second annalsd on the same database, which has its keys of today."""
        server = harness.Server(
            harness.temporary_directory(self), "--database", self.server.database(), "--auth",
            str(self.auth.path), data=False).start()
        self.addCleanup(server.stop)
        client = harness.Client(server.address, token=self.auth.tokens["anna"])
        self.addCleanup(client.channel.close)
        return client

    def test_what_was_given_before_a_rotation_stays_good(self):
        client = self.make_client("anna")
        given, keys = self.page(client), self.keys()
        self.rotate()
        self.assertEqual(self.keys(), keys + 1)
        other = self.another_server()
        fresh = self.page(other)
        for asked in (client, other):  # With keys of before, and of today.
            for answer in (given, fresh):
                second = self.page(asked, answer.next_page_token)
                self.assertEqual(len(second.events), 1)
                self.assertNotEqual(second.events[0].name, answer.events[0].name)
                self.page(asked, as_of={"position": answer.position},
                          min_position=answer.position)

    def test_keys_may_be_forgotten(self):
        client = self.make_client("anna")
        given = self.page(client)
        self.rotate("--forget-older")
        self.assertEqual(self.keys(), 1)
        other = self.another_server()
        with self.refused(INVALID, "BAD_PAGE_TOKEN", "page_token"):
            self.page(other, given.next_page_token)
        with self.refused(INVALID, "BAD_POSITION", "as_of.position"):
            self.page(other, as_of={"position": given.position})
        # One that has the older keys still hears of the new one from the first token under it.
        fresh = self.page(other)
        self.page(client, fresh.next_page_token)

    def test_another_callers_page_token(self):
        anna, bob = self.make_client("anna"), self.make_client("bob")
        revisions = event_pb.ListEventRevisionsRequest(name="feeds/a/events/1", page_size=1)
        feeds = catalog_pb.ListFeedsRequest(page_size=1)
        events = event_pb.ListEventsRequest(page_size=1)
        for call, request in (("events.ListEvents", events),
                              ("events.ListEventRevisions", revisions),
                              ("catalog.ListFeeds", feeds),
                              ("catalog.ListRegions", catalog_pb.ListRegionsRequest(page_size=1)),
                              ("catalog.ListActors", catalog_pb.ListActorsRequest(page_size=1))):
            with self.subTest(call=call):
                service, method = call.split(".")

                def ask(client, s=service, m=method, r=request):
                    return getattr(getattr(client, s), m)(r)

                request.page_token = ask(anna).next_page_token
                self.assertTrue(request.page_token)
                with self.refused(INVALID, "TOKEN_MISMATCH", "page_token"):
                    ask(bob)
                ask(anna)
        export = event_pb.ExportEventsRequest()
        export.resume_token = next(anna.events.ExportEvents(export)).resume_token
        with self.refused(INVALID, "TOKEN_MISMATCH", "resume_token"):
            next(bob.events.ExportEvents(export))
        next(anna.events.ExportEvents(export))

    def test_another_tokens_of_the_same_caller_go_on(self):
        given = self.page(self.make_client("bob"))
        changed = self.make_client(token=self.auth.create("bob"))
        self.assertEqual(len(self.page(changed, given.next_page_token).events), 1)

    def test_positions_are_of_nobody(self):
        given = self.page(self.make_client("anna")).position
        self.page(self.make_client("bob"), as_of={"position": given})

    def test_another_store(self):
        directory = harness.temporary_directory(self)
        server = harness.Server(directory).start()
        self.addCleanup(server.stop)
        with harness.Client(server.address) as foreign:
            foreign.create_feed("a")
            foreign.upsert(*(harness.event(f"feeds/a/events/{number}") for number in range(3)))
            given = self.page(foreign)
        client = self.make_client("anna")
        refused = grpc.StatusCode.FAILED_PRECONDITION
        with self.refused(refused, "OTHER_STORE", "as_of.position"):
            self.page(client, as_of={"position": given.position})
        with self.refused(refused, "OTHER_STORE", "min_position"):
            self.page(client, min_position=given.position)
        with self.refused(refused, "OTHER_STORE", "page_token"):
            self.page(client, given.next_page_token)

    def test_a_filter_is_part_of_the_request(self):
        client = self.make_client("anna")
        token = self.page(client).next_page_token
        with self.refused(INVALID, "TOKEN_MISMATCH", "page_token"):
            self.page(client, token, filter=filter_pb.EventFilter(feeds=["feeds/a"]))


if __name__ == "__main__":
    unittest.main()
