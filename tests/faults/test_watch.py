"""W1 to W6 of the README's guarantees: a short run of faults under writers and watchers with
filters of their own, which are cut and resume. The long run is tests/faults/run."""

import unittest

import campaign
import harness

PATIENCE = 10  # Others use the processors, too.


class WatchRunTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        plan = campaign.Plan(kills=3, postgres_kills=2, cuts=11, writers=3, watchers=8,
                             patience=PATIENCE)
        cls.violations = campaign.run(plan, harness.seeded_random())

    def assert_kept(self, promise):
        self.assertEqual([what for what in self.violations if what.startswith(promise)], [])

    def test_w1_ordered(self):
        self.assert_kept("W1")

    def test_w2_unique(self):
        self.assert_kept("W2")

    def test_w3_reliable(self):
        self.assert_kept("W3")

    def test_w4_atomic(self):
        self.assert_kept("W4")

    def test_w5_resumable(self):
        self.assert_kept("W5")

    def test_w6_bookmarkable(self):
        self.assert_kept("W6")

    def test_nothing_else_is_broken(self):
        self.assert_kept(("D", "R"))


if __name__ == "__main__":
    unittest.main()
