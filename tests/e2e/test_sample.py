"""The samples of deploy/sample answer the questions of the README: January 2025 in Kursk."""

import unittest

import harness

JANUARY = ("--since", "2025-01-01", "--until", "2025-02-01")
KURSK = ("--region", "RU-KRS", *JANUARY)


def roles(event):
    """{role: [who]}; an event in protobuf JSON."""
    found = {}
    for participant in event.get("participants", []):
        role = participant["role"].removeprefix("PARTICIPANT_ROLE_")
        found.setdefault(role, []).append(participant.get("actor") or participant.get("label"))
    return found


class SampleTest(harness.ServerTest):
    @classmethod
    def prepare(cls):
        harness.load_samples(cls.server.address)

    def only(self, *arguments):
        events = self.annals_json("query", *arguments)
        self.assertEqual(len(events), 1, [event["name"] for event in events])
        return events[0]

    def test_capture(self):
        capture = self.only(*KURSK, "--kind", "capture")
        # Protobuf JSON writes 64-bit numbers as strings.
        self.assertEqual(capture["persons"]["best"], "2")
        self.assertEqual(capture["location"]["resolvedRegion"], "regions/RU-KRS")
        self.assertNotIn("point", capture["location"], "a report known to a region has no point")
        occurred = capture["occurred"]
        self.assertLess(occurred["start"], occurred["end"])
        self.assertEqual(occurred["precision"], "TIME_PRECISION_RANGE")
        self.assertLessEqual(occurred["end"], "2025-01-13T00:00:00Z", "announced on the 12th")
        self.assertIn("CAPTOR", roles(capture))
        self.assertIn("CAPTIVE", roles(capture))
        self.assertTrue(capture["claims"])
        groups = capture["capture"]["captives"]
        self.assertEqual(sum(int(group["persons"]["best"]) for group in groups), 2)

    def test_deployment(self):
        deployment = self.only(*KURSK, "--kind", "deployment")
        self.assertEqual(deployment["deployment"]["strength"]["best"], "11000")
        self.assertIn("DEPLOYED", roles(deployment))
        stances = {claim["stance"] for claim in deployment["claims"]}
        self.assertIn("CLAIM_STANCE_ASSERTS", stances)
        self.assertIn("CLAIM_STANCE_NEITHER", stances, "Russia neither confirmed nor denied it")

    def test_exchange_offer(self):
        offer = self.only(*KURSK, "--kind", "exchange-offer")
        details = offer["exchangeOffer"]
        self.assertEqual(details["status"], "OFFER_STATUS_PROPOSED")
        capture = self.only(*KURSK, "--kind", "capture")
        self.assertIn({"kind": "LINK_KIND_CONCERNS", "target": capture["name"]}, offer["links"])
        self.assertEqual([side["heldBy"] for side in details["requested"]], ["actors/rus"])
        self.assertTrue(details["alternatives"], "those who do not wish to return")
        self.assertIn("ADDRESSEE", roles(offer))
        self.assertIn("HOLDER", roles(offer))

    def test_offer_is_found_by_the_addressees_name(self):
        offer = self.only("--kind", "exchange-offer", "--actor", "North Korea",
                          "--role", "addressee")
        self.assertEqual(offer["kind"], "EVENT_KIND_EXCHANGE_OFFER")

    def test_five_events_are_linked(self):
        events = self.annals_json("query", "--feed", "sample", "--all")
        self.assertEqual(len(events), 5)
        names = {event["name"] for event in events}
        for event in events:
            for link in event.get("links", []):
                self.assertIn(link["target"], names)

    def test_region_by_name_in_any_script(self):
        by_code = self.annals("query", *KURSK, "--all").stdout
        for name in ("Kursk Oblast", "Курск", "Курская область", "Курська область"):
            with self.subTest(name=name):
                found = self.annals("query", "--region", name, *JANUARY, "--all")
                self.assertEqual(found.stdout, by_code)

    def test_unknown_counts_are_absent(self):
        casualties = self.only("--feed", "sample", "--kind", "casualty-report")
        self.assertNotIn("fatalities", casualties)

    def test_loading_again_changes_nothing(self):
        before = self.client.status.GetStatus(harness.status_pb.GetStatusRequest())
        harness.load_samples(self.server.address)
        after = self.client.status.GetStatus(harness.status_pb.GetStatusRequest())
        self.assertEqual(after.event_count, before.event_count)
        self.assertEqual(after.superseded_revision_count, before.superseded_revision_count)
        # Positions are sealed anew each time; what they say is when the last change was.
        self.assertEqual(after.last_change_time, before.last_change_time)


if __name__ == "__main__":
    unittest.main()
