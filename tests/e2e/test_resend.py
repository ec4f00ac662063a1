"""`annals query -o ndjson | annals ingest -` changes nothing: each row is UNCHANGED, for the
samples and for events of every kind with random text, times and counts. ANNALS_SEED repeats a run.
"""

import json
import re
import unittest

import harness

PIECES = ("Kursk", "Курск", "Ґалаґан", "e\u0301", "쿠르스크", "كورسك", "\u202eright", "𝕂", "👩‍👩‍👧",
          '"', "\\", "<&'/%s>", "\ufeff", "\u200b", "\U0010ffff", "{}")
TEXTS = {"title", "description", "note", "placeName", "unit", "purpose", "circumstances", "source",
         "value", "taxonomy"}
TIMES = ("0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00.000000001Z",
         "2025-01-12T08:30:00.123456Z", "9999-12-31T23:59:59.999999999Z")
COUNTS = (0, 1, 2, 11_000, 1_000_000_000)
COPIES = 60


class ResendTest(harness.ServerTest):
    @classmethod
    def prepare(cls):
        harness.load_samples(cls.server.address)
        cls.random = harness.seeded_random()

    def text(self):
        return " ".join(self.random.choices(PIECES, k=self.random.randrange(1, 5)))

    def varied(self, value, name=""):
        """A sample's event, or a part of one, with other words, times and counts."""
        if isinstance(value, list):
            return [self.varied(item, name) for item in value]
        if not isinstance(value, dict):
            if name in ("reportedTime", "time"):
                return self.random.choice(TIMES)
            return self.text() if name in TEXTS else value
        if value.keys() & {"low", "best", "high"}:
            bounds = sorted(self.random.choices(COUNTS, k=len(value)))
            return dict(zip((bound for bound in ("low", "best", "high") if bound in value),
                            map(str, bounds)))
        return {key: self.varied(item, key) for key, item in value.items()}

    def resend(self, *arguments):
        rows = self.annals("query", *arguments, "--all", "--include-retracted", "-o", "ndjson")
        count = len(rows.stdout.splitlines())
        summary = self.annals("ingest", "-", stdin=rows.stdout).stderr
        self.assertEqual(re.findall(r"(\w+) (\d+)", summary.splitlines()[-1]), [
            ("created", "0"), ("updated", "0"), ("unchanged", str(count)), ("invalid", "0")])
        again = self.annals("query", *arguments, "--all", "--include-retracted", "-o", "ndjson")
        self.assertEqual(again.stdout, rows.stdout)
        return count

    def test_samples_are_taken_back_unchanged(self):
        feeds = "sample,exchange-2022-09,ucdp-ged-ukraine"
        self.assertEqual(self.resend("--feed", feeds), 5 + 2 + 2_989)

    def test_random_events_are_taken_back_unchanged(self):
        sources = [json.loads(line) for path in (harness.KURSK_SAMPLE, harness.EXCHANGE_SAMPLE)
                   for line in path.read_text(encoding="utf-8").splitlines()]
        sent = []
        for copy in range(COPIES):
            for source in sources:
                event = self.varied(source)
                event["name"] = f"{source['name'].rpartition('/')[2]}-{copy}"
                sent.append(json.dumps(event, ensure_ascii=self.random.random() < 0.5))
        taken = self.annals("ingest", "-", "--feed", "varied", "--create-feed", "--title",
                            "Varied", "--licence", "CC0-1.0", stdin="\n".join(sent))
        self.assertIn(f"created {len(sent)}, updated 0, unchanged 0, invalid 0", taken.stderr)
        self.assertEqual(self.resend("--feed", "varied"), len(sent))


if __name__ == "__main__":
    unittest.main()
