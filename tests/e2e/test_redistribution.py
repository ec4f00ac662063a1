"""A feed that forbids redistribution, as ACLED's terms do, is exported by those alone who may write
to it."""

import unittest

import harness


class RedistributionTest(harness.AccessTest):
    callers = {"anna": ("--role", "reader"),
               "carl": ("--role", "contributor", "--feed", "closed")}

    @classmethod
    def prepare(cls):
        cls.client.create_feed("open")
        harness.run_annals(
            cls.server.address, "--token-file", cls.auth.token_file(cls.ADMIN), "feeds", "create",
            "closed", "--title", "Closed", "--licence", "Terms", "--redistribution", "forbidden")
        cls.client.upsert(harness.event("feeds/open/events/1"),
                          harness.event("feeds/closed/events/1"))

    def test_export_is_refused_to_readers(self):
        for feeds in ([], ["--feed", "closed"], ["--feed", "open", "--feed", "closed"]):
            refused = self.annals("query", *feeds, "--all", caller="anna", status=1)
            self.assertEqual(refused.stdout, "")
            self.assertIn("FAILED_PRECONDITION", refused.stderr)
            self.assertIn("feeds/closed", refused.stderr)
        for caller, feed in (("anna", "open"), ("carl", "closed"), (self.ADMIN, "closed")):
            shown = self.annals("query", "--feed", feed, "--all", caller=caller)
            self.assertEqual(len(shown.stdout.splitlines()), 1)

    def test_it_is_shown_and_changed(self):
        self.assertIn("forbidden", self.annals("feeds", "list", "-o", "table").stdout)
        for word in ("allowed", "forbidden"):
            self.annals("feeds", "update", "closed", "--redistribution", word)
            self.annals("feeds", "update", "closed", "--attribution", "Them")
            feed = self.annals("feeds", "get", "closed", "-o", "table").stdout
            self.assertRegex(feed, rf"redistribution +{word}")


if __name__ == "__main__":
    unittest.main()
