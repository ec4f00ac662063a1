"""The runs that must find violations do: what proves nothing when it fails proves nothing when it
passes."""

import unittest

import controls
import harness


class ControlTest(unittest.TestCase):
    def assert_found(self, control):
        self.assertTrue(controls.CONTROLS[control](harness.seeded_random()))

    def test_without_synchronous_commit_acknowledged_events_are_lost(self):
        self.assert_found("synchronous-commit-off")

    def test_a_watch_on_naive_sequences_loses_changes(self):
        self.assert_found("naive-watch")


if __name__ == "__main__":
    unittest.main()
