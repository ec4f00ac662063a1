"""The scenarios that annals was made for, asked back as a person would ask: the five facts of
January 2025 in Kursk and the exchange of 21 September 2022. Each answer is compared with a file
of golden/, written to be read: what was typed, and what `annals` answered.

ANNALS_GOLDEN_UPDATE=1 writes the answers into golden/ instead; read what changed before committing
it. What differs from run to run (times of recording, etags) is masked.
"""

import json
import os
import re
import shlex
import unittest

import harness

GOLDEN_DIR = harness.SOURCE_DIR / "tests" / "e2e" / "golden"
MASKS = (
    (re.compile(r"^(recorded +)[-0-9]+ [:0-9]+,", re.M), r"\1<time>,"),
    (re.compile(r'^( *"(?:createTime|updateTime|etag)": )"[^"]*"', re.M), r'\1"<masked>"'),
)

# The questions of each file. Those that end in --json show the record itself.
QUESTIONS = {
    "kursk_capture": (
        "query --kind capture --region Kursk --since 2025-01-01 --until 2025-02-01",
        'query --actor "North Korea" --role captive --kind capture',
        'query --actor "Armed Forces of Ukraine" --role captor --region RU',
        # The day is not given: any day of the window may be it, none after the announcement.
        "query --kind capture --datetime 2025-01-05",
        "query --kind capture --since 2025-01-13 --until 2025-02-01",
        "query --kind capture --datetime 2025-01-08 --match possible",
        "query --kind capture --datetime 2025-01-08 --match definite",
        # It is known to the oblast alone: it may have been in this box, and may not.
        "query --kind capture --bbox 36.0,51.5,36.5,51.9 --match possible",
        "query --kind capture --bbox 36.0,51.5,36.5,51.9 --match nominal",
        "query --kind capture --bbox 36.0,51.5,36.5,51.9 --match definite",
        "query --kind capture --bbox 30,48,45,56 --match definite",
        'query --text "taken alive" --place-uncertainty-max 300km',
        "get sample/kursk-capture",
        "get sample/kursk-capture --json",
    ),
    "kursk_deployment": (
        'query --kind deployment --region "Курская область" --datetime 2025-01',
        'query --actor "North Korean troops" --role deployed',
        "query --actor Russia --role host --kind deployment",
        "query --kind deployment --region Ukraine",
        "get sample/kursk-deployment",
        "get sample/kursk-deployment --json",
    ),
    "kursk_exchange_offer": (
        "query --kind exchange-offer --region Kursk --since 2025-01-01 --until 2025-02-01",
        'query --actor "President of Ukraine" --role offeror',
        'query --actor "Leader of North Korea" --role addressee',
        "query --actor Russia --role holder --since 2025",
        "get sample/kursk-exchange-offer",
        "get sample/kursk-exchange-offer --json",
    ),
    "kursk_statement": (
        "query --kind statement --since 2025-01-05 --until 2025-01-13",
        'query --actor "Korean People\'s Army" --role captive --kind statement',
        "query --actor Ukraine --role holder --kind statement",
        "get sample/kursk-statement",
        "get sample/kursk-statement --json",
    ),
    "kursk_casualties": (
        "query --kind casualty-report --since 2025-01-01 --until 2025-02-01",
        'query --actor "North Korea" --role target',
        "query --actor Ukraine --role claimant --kind casualty-report",
        "get sample/kursk-casualties",
        "get sample/kursk-casualties --json",
    ),
    "exchange_2022": (
        "query --kind exchange --datetime 2022-09-21",
        'query --text "commanders türkiye"',
        'query --actor "Saudi Arabia" --role mediator',
        "query --actor Türkiye --role mediator --kind exchange",
        "query --actor Russia --role holder --since 2022 --until 2023",
        "get exchange-2022-09/agreement",
        "get exchange-2022-09/exchange",
        "get exchange-2022-09/exchange --json",
    ),
}


def masked(text):
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text


def parties(event):
    """{(role, who)} of an event in protobuf JSON."""
    return {(party["role"].removeprefix("PARTICIPANT_ROLE_"),
             party.get("actor", party.get("label"))) for party in event["participants"]}


def exactly(count):
    return {"low": str(count), "best": str(count), "high": str(count)}


class ScenarioTest(harness.ServerTest):
    maxDiff = None

    @classmethod
    def prepare(cls):
        harness.load_samples(cls.server.address)

    def answer(self, question):
        arguments = shlex.split(question.removesuffix(" --json"))
        if not question.endswith(" --json"):
            return self.annals(*arguments, "-o", "table").stdout
        return json.dumps(self.annals_json(*arguments), ensure_ascii=False, indent=1) + "\n"

    def test_questions_have_these_answers(self):
        for name, questions in QUESTIONS.items():
            with self.subTest(name=name):
                told = masked("\n".join(
                    f"$ annals {question.replace(' --json', ' -o json')}\n{self.answer(question)}"
                    for question in questions))
                path = GOLDEN_DIR / f"{name}.txt"
                if os.environ.get("ANNALS_GOLDEN_UPDATE"):
                    path.write_text(told, encoding="utf-8")
                else:
                    self.assertEqual(path.read_text(encoding="utf-8"), told)

    def test_no_file_is_left_over(self):
        self.assertEqual({path.name for path in GOLDEN_DIR.iterdir()},
                         {f"{name}.txt" for name in QUESTIONS})

    # What must be told whatever the files say: they may be written anew by someone in a hurry.

    def event(self, name):
        return self.annals_json("get", name)[0]

    def stances(self, event):
        return {claim.get("actor", claim.get("source")):
                claim["stance"].removeprefix("CLAIM_STANCE_") for claim in event["claims"]}

    def test_the_capture_is_whole(self):
        capture = self.event("sample/kursk-capture")
        self.assertEqual(capture["persons"], exactly(2))
        self.assertEqual(capture["occurred"]["end"], "2025-01-13T00:00:00Z")
        self.assertEqual(capture["occurred"]["precision"], "TIME_PRECISION_RANGE")
        self.assertNotIn("point", capture["location"])
        details = capture["capture"]
        self.assertEqual([(group["condition"], group["persons"]) for group in details["captives"]],
                         [("injured: bandaged hands", exactly(1)), ("bandaged jaw", exactly(1))])
        self.assertEqual(details["wishes"], {"returnCount": "1", "stayCount": "1"})
        self.assertIn("offensive operation", details["circumstances"])
        self.assertIn("first confirmed capture of living", capture["description"])
        [video] = [claim for claim in capture["claims"] if "Video" in claim.get("source", "")]
        self.assertTrue(video["url"].startswith("https://"))
        self.assertEqual(parties(capture), {("CAPTOR", "actors/ukr-army"),
                                            ("CAPTIVE", "actors/prk-army")})

    def test_the_deployment_is_whole(self):
        deployment = self.event("sample/kursk-deployment")
        self.assertEqual(deployment["deployment"]["strength"], {"best": "11000"})
        self.assertEqual(self.stances(deployment), {
            "actors/ukr-hur": "ASSERTS", "actors/western-intelligence": "ASSERTS",
            "actors/rus": "NEITHER"})

    def test_the_offer_is_whole(self):
        offer = self.event("sample/kursk-exchange-offer")
        self.assertEqual(parties(offer), {
            ("OFFEROR", "actors/ukr-president"), ("ADDRESSEE", "actors/prk-leader"),
            ("ADDRESSEE", "actors/prk"), ("HOLDER", "actors/rus")})
        details = offer["exchangeOffer"]
        self.assertEqual(details["offered"], [{
            "side": "actors/prk", "category": "soldier", "persons": exactly(2),
            "heldBy": "actors/ukr"}])
        self.assertEqual(details["requested"], [{
            "side": "actors/ukr", "category": "prisoner", "heldBy": "actors/rus"}])
        self.assertEqual(len(details["alternatives"]), 2)
        self.assertEqual([step["status"] for step in details["steps"]], ["OFFER_STATUS_PROPOSED"])
        self.assertEqual(details["status"], "OFFER_STATUS_PROPOSED")

    def test_what_has_no_number_has_none(self):
        casualties = self.event("sample/kursk-casualties")
        self.assertFalse({"fatalities", "persons"} & casualties.keys())
        for claim in casualties["claims"]:
            self.assertFalse({"fatalities", "persons"} & claim.keys())

    def test_links_lead_from_fact_to_fact(self):
        links = {event["name"].rpartition("/")[2]: [
            (link["kind"].removeprefix("LINK_KIND_"), link["target"].rpartition("/")[2])
            for link in event.get("links", [])] for event in self.annals_json(
                "query", "--feed", "sample,exchange-2022-09", "--all")}
        self.assertEqual(links, {
            "kursk-capture": [("CONCERNS", "kursk-deployment")],
            "kursk-deployment": [],
            "kursk-exchange-offer": [("CONCERNS", "kursk-capture")],
            "kursk-statement": [("CONCERNS", "kursk-capture")],
            "kursk-casualties": [("CONCERNS", "kursk-deployment")],
            "agreement": [], "exchange": [("FULFILS", "agreement")]})

    def test_the_exchange_keeps_both_claims(self):
        exchange = self.event("exchange-2022-09/exchange")
        details = exchange["exchange"]
        to_ukraine = [group for group in details["delivered"] if group["heldBy"] == "actors/rus"]
        to_russia = [group for group in details["delivered"] if group["heldBy"] == "actors/ukr"]
        self.assertEqual([int(group["persons"]["best"]) for group in to_ukraine], [200, 5, 10])
        self.assertEqual([group["persons"] for group in to_russia], [{"low": "55", "high": "56"}])
        self.assertEqual([claim["persons"]["best"] for claim in exchange["claims"]
                          if "persons" in claim], ["55", "55", "56"])
        self.assertEqual(exchange["persons"], {"low": "270", "high": "271"})
        self.assertEqual(len(details["stages"]), 4)
        self.assertEqual(details["offer"], exchange["links"][0]["target"])
        self.assertTrue(all(claim["url"].startswith("https://") for claim in exchange["claims"]))
        self.assertLess({("MEDIATOR", "actors/tur"), ("MEDIATOR", "actors/sau")},
                        parties(exchange))
        agreement = self.event("exchange-2022-09/agreement")["exchangeOffer"]
        self.assertEqual([step["status"].removeprefix("OFFER_STATUS_")
                          for step in agreement["steps"]], ["PROPOSED", "AGREED", "EXECUTED"])
        self.assertEqual(agreement["conditions"],
                         ["Five commanders stay in Türkiye until the end of the war."])

    def test_no_captive_is_named(self):
        """Captives are parties of the catalogue or counts; no label stands for one."""
        for event in self.annals_json("query", "--feed", "sample,exchange-2022-09", "--all"):
            for party in event["participants"]:
                if party["role"] == "PARTICIPANT_ROLE_CAPTIVE":
                    self.assertIn("actor", party, event["name"])


if __name__ == "__main__":
    unittest.main()
