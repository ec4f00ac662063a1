"""The life of the sample's exchange offer: told, advanced from the command line, and kept."""

import json

import harness
from harness import event_pb

OFFER = "sample/kursk-exchange-offer"
NAME = "feeds/sample/events/kursk-exchange-offer"


class OfferTest(harness.ServerTest):
    @classmethod
    def prepare(cls):
        cls.client.create_feed("sample")
        harness.run_annals(cls.server.address, "ingest", harness.KURSK_SAMPLE)

    def offer(self):
        [event] = self.annals_json("get", OFFER)
        return event

    def steps(self):
        return [step["status"].removeprefix("OFFER_STATUS_")
                for step in self.offer()["exchangeOffer"]["steps"]]

    def test_life(self):
        shown = self.annals("offer", "show", OFFER, "-o", "table").stdout
        self.assertIn("path          proposed 2025-01-12\n", shown)
        self.assertIn("offered       2 persons of actors/prk: soldier, held by actors/ukr\n", shown)
        self.assertIn("requested     unknown number of actors/ukr: prisoner, held by actors/rus\n",
                      shown)
        self.assertIn("concerns      sample/kursk-capture: capture 2025-01-05", shown)
        advance = ("offer", "advance", OFFER, "--status")

        # What cannot follow is refused, naming both steps, and changes nothing.
        self.annals(*advance, "rejected", "--on", "2025-03-01")
        result = self.annals(*advance, "agreed", "--on", "2025-03-02", status=1)
        self.assertIn("FAILED_PRECONDITION", result.stderr)
        self.assertIn("OFFER_STATUS_AGREED", result.stderr)
        self.assertIn("OFFER_STATUS_REJECTED", result.stderr)
        self.annals(*advance, "countered", "--on", "2025-02-01", "--dry-run")
        self.assertEqual(self.steps(), ["PROPOSED", "REJECTED"])

        # A late insertion; sending it again changes nothing.
        for _ in range(2):
            result = self.annals(*advance, "countered", "--on", "2025-02-01", "--claimant",
                                 "a newspaper")
            self.assertIn("its status is rejected, at revision 3", result.stderr)
        self.assertEqual(self.steps(), ["PROPOSED", "COUNTERED", "REJECTED"])

        # Neither the feed's content nor the record itself undoes it.
        for sent in (harness.KURSK_SAMPLE.read_text(),
                     self.annals("query", "--feed", "sample", "-o", "ndjson").stdout):
            result = self.annals("ingest", "-", stdin=sent)
            self.assertIn("unchanged 5", result.stderr)
        content = next(json.loads(line) for line in harness.KURSK_SAMPLE.read_text().splitlines()
                       if NAME in line)
        content["title"] = "Corrected"
        self.annals("ingest", "-", stdin=json.dumps(content))
        self.assertEqual(self.offer()["title"], "Corrected")
        self.assertEqual(self.steps(), ["PROPOSED", "COUNTERED", "REJECTED"])

        # Content that is at odds with what was added is told, and the rest goes in.
        content["exchangeOffer"]["steps"][0]["status"] = "OFFER_STATUS_EXECUTED"
        result = self.annals("ingest", "-", stdin=json.dumps(content), status=1)
        self.assertIn("exchange_offer.steps[0]", result.stderr)
        self.assertIn("ILLEGAL_STEP", result.stderr)
        self.assertEqual(self.offer()["title"], "Corrected")

        # Every step is a revision, as it stood.
        history = self.annals("history", OFFER, "-o", "table").stdout
        self.assertEqual(history.count("  exchange_offer  "), 2, history)
        request = event_pb.ListEventRevisionsRequest(name=NAME)
        revisions = self.client.events.ListEventRevisions(request).revisions
        self.assertEqual([len(one.event.exchange_offer.steps) for one in revisions], [3, 3, 2, 1])

        # An exchange that fulfils it is found from the offer.
        content.update(name="feeds/sample/events/exchange", kind="EVENT_KIND_EXCHANGE",
                       exchange={"offer": NAME})
        del content["exchangeOffer"]
        self.annals("ingest", "-", stdin=json.dumps(content))
        shown = self.annals("offer", "show", OFFER, "-o", "table").stdout
        self.assertIn("fulfilled by  sample/exchange: exchange", shown)

    def test_offers_alone_are_advanced(self):
        result = self.annals("offer", "advance", "sample/kursk-capture", "--status", "agreed",
                             "--on", "2025-02-01", status=1)
        self.assertIn("no exchange offer", result.stderr)
        self.annals("offer", "advance", "sample/none", "--status", "agreed", "--on", "2025-02-01",
                    status=1)
        self.annals("offer", "advance", OFFER, "--status", "agreed", status=2)
        self.annals("offer", status=2)
