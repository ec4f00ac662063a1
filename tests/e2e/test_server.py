"""annalsd as a process: addresses, configuration, its data directory, signals, users."""

import os
import pathlib
import pwd
import signal
import socket
import subprocess
import threading
import unittest

import harness
from harness import event_pb, ingest_pb


class ServerProcessTest(unittest.TestCase):
    def setUp(self):
        self.directory = harness.temporary_directory(self)

    def server(self, *arguments, **options):
        server = harness.Server(self.directory, *arguments, **options)
        self.addCleanup(server.stop)
        return server

    def refused(self, *arguments, status=1, **options):
        """annalsd must end by itself with this status; its words are returned."""
        server = harness.Server(self.directory, *arguments, **options).spawn()
        self.addCleanup(server.stop)
        self.assertEqual(server.wait(), status, server.log())
        return server.log()

    def store(self, server, feed="process"):
        with harness.Client(server.address) as client:
            client.create_feed(feed)
            client.upsert(harness.event(f"feeds/{feed}/events/1"))

    def count(self, server):
        with harness.Client(server.address) as client:
            return client.count()

    def test_port_is_chosen_and_told(self):
        server = self.server(listen="127.0.0.1:0").start()
        self.assertRegex(server.address, r"^127\.0\.0\.1:[1-9]\d+$")
        self.assertEqual(harness.run_annals(server.address, "count").stdout, "0\n")

    def test_taken_port_is_refused(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.assertIn(address, self.refused(listen=address))

    def test_two_servers_never_share_a_port(self):
        first = self.server(listen="127.0.0.1:0").start()
        other = harness.temporary_directory(self)
        second = harness.Server(other, listen=first.address).spawn()
        self.addCleanup(second.stop)
        self.assertEqual(second.wait(), 1)
        self.assertIn(first.address, second.log())

    def test_two_servers_never_share_a_socket(self):
        first = self.server().start()
        second = harness.Server(harness.temporary_directory(self), listen=first.address).spawn()
        self.addCleanup(second.stop)
        self.assertEqual(second.wait(), 1)
        self.assertEqual(self.count(first), 0)

    def test_other_than_loopback_is_refused(self):
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:7070"):
            with self.subTest(address=address):
                self.assertIn("--auth", self.refused(listen=address, status=2))

    def test_configuration_file(self):
        config = self.directory / "annalsd.toml"
        config.write_text(f'data = "{self.directory}/data"\nlog-level = "warning"\n')
        server = self.server("--config", str(config), data=False).start()
        self.assertTrue(server.postmaster())

    def test_unknown_configuration_key_is_refused(self):
        config = self.directory / "annalsd.toml"
        config.write_text('log-levle = "debug"\n')
        self.assertIn("log-levle", self.refused("--config", str(config), status=2))

    def test_environment(self):
        environment = {**os.environ, "ANNALS_DATA": str(self.directory / "data")}
        server = self.server(data=False, environment=environment).start()
        self.assertTrue(server.postmaster())

    def test_nowhere_to_keep_the_record_is_refused(self):
        self.assertIn("--data", self.refused(data=False, status=2))

    def test_second_server_on_the_same_data_is_refused(self):
        first = self.server().start()
        self.store(first)
        self.assertIn(str(first.data), self.refused(listen=f"unix:{self.directory}/other.sock"))
        self.assertEqual(self.count(first), 1, "the first goes on")

    def test_data_of_another_major_version_is_refused(self):
        server = self.server().start()
        self.store(server)
        self.assertEqual(server.stop(), 0)
        [version] = [
            path for path in server.data.rglob("PG_VERSION") if "base" not in path.parts]
        kept = version.read_text()
        version.write_text("14\n")
        self.assertIn("14", self.refused())
        version.write_text(kept)
        self.assertEqual(self.count(server.start()), 1, "refusing changed nothing")

    def test_restart_keeps_the_record(self):
        server = self.server().start()
        self.store(server)
        with harness.Client(server.address) as client:
            position = client.events.ListEvents(event_pb.ListEventsRequest()).position
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertEqual(self.count(server), 1)
        with harness.Client(server.address) as client:
            client.events.ListEvents(event_pb.ListEventsRequest(as_of={"position": position}))

    def test_sigterm_stops_postgres_too(self):
        server = self.server().start()
        postmaster = server.postmaster()
        self.assertTrue(postmaster)
        self.assertEqual(server.stop(), 0)
        self.assertIsNone(harness.parent_process(postmaster))

    def test_sigterm_lets_calls_finish(self):
        server = self.server().start()
        first_answer = threading.Event()
        may_end = threading.Event()
        with harness.Client(server.address) as client:
            client.create_feed("drain")

            def messages():
                rows = [ingest_pb.EventUpsert(event=harness.event("feeds/drain/events/1"))]
                yield ingest_pb.IngestEventsRequest(batch=ingest_pb.EventBatch(rows=rows))
                may_end.wait(harness.DEADLINE_S)
                rows[0].event.name = "feeds/drain/events/2"
                yield ingest_pb.IngestEventsRequest(batch=ingest_pb.EventBatch(rows=rows))

            answers = []

            def ingest():
                for answer in client.ingest.IngestEvents(messages()):
                    answers.append(answer)
                    first_answer.set()

            ingesting = threading.Thread(target=ingest)
            ingesting.start()
            self.assertTrue(first_answer.wait(harness.DEADLINE_S))
            server.signal(signal.SIGTERM)
            harness.wait_until(lambda: not accepts(server.address), "it takes no more calls")
            may_end.set()
            ingesting.join(harness.DEADLINE_S)
        self.assertEqual([answer.counts.created for answer in answers], [1, 1])
        self.assertEqual(server.wait(), 0)

    def test_killed_server_leaves_no_postgres(self):
        server = self.server().start()
        self.store(server)
        postmaster = server.postmaster()
        server.signal(signal.SIGKILL)
        server.wait()
        harness.wait_until(lambda: harness.parent_process(postmaster) is None,
                           "its PostgreSQL ends")
        self.assertEqual(self.count(server.start()), 1)

    def test_version(self):
        shown = subprocess.run([harness.BIN_DIR / "annalsd", "--version"], capture_output=True,
                               text=True, check=True).stdout
        self.assertRegex(shown, r"^annalsd \d+\.\d+\.\d+\n$")

    def test_check_config(self):
        for arguments, status in ((["--data", "x"], 0), (["--data", "x", "--listen", "?"], 2)):
            done = subprocess.run([harness.BIN_DIR / "annalsd", "check-config", *arguments],
                                  capture_output=True, check=False)
            self.assertEqual(done.returncode, status)

    @unittest.skipIf(os.getuid() != 0, "runs as that user already")
    def test_runs_as_a_normal_user(self):
        user = pwd.getpwnam("nobody")
        os.chown(self.directory, user.pw_uid, user.pw_gid)
        if not readable_by(user, harness.BIN_DIR / "annalsd"):
            copy = harness.temporary_directory(self) / "annalsd"
            copy.write_bytes((harness.BIN_DIR / "annalsd").read_bytes())
            copy.chmod(0o755)
            self.addCleanup(setattr, harness, "BIN_DIR", harness.BIN_DIR)
            harness.BIN_DIR = copy.parent
        server = self.server(prefix=[
            "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"])
        server.start()
        self.store(server)
        self.assertEqual(pathlib.Path(f"/proc/{server.postmaster()}").stat().st_uid, user.pw_uid)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.count(server.start()), 1)


def accepts(address):
    """Whether something listens at unix:PATH."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(address.removeprefix("unix:"))
        except OSError:
            return False
        return True


def readable_by(user, path):
    return subprocess.run(["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}",
                           "--clear-groups", "test", "-x", path], check=False).returncode == 0


if __name__ == "__main__":
    unittest.main()
