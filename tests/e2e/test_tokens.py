"""Who may call: the file of --auth as an operator makes it with `annalsd token`, what annalsd says
to those it does not know, and where it refuses to listen without asking who calls."""

import hashlib
import json
import os
import pwd
import stat
import subprocess
import unittest

import grpc

import harness
from harness import catalog_pb, event_pb, ingest_pb, status_pb

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
DENIED = grpc.StatusCode.PERMISSION_DENIED


class TokenCommandTest(unittest.TestCase):
    def setUp(self):
        self.auth = harness.AuthFile(harness.temporary_directory(self))

    def refused(self, *arguments, says, status=1):
        """`annalsd token` must refuse, say this, and leave the file as it was."""
        before = self.auth.path.read_bytes() if self.auth.path.exists() else None
        done = self.auth.run(*arguments, status=status)
        for words in says:
            self.assertIn(words, done.stderr)
        self.assertEqual(done.stdout, "")
        after = self.auth.path.read_bytes() if self.auth.path.exists() else None
        self.assertEqual(after, before)

    def test_create_shows_a_token_once_and_keeps_no_secret(self):
        # A mask that takes nothing away: the mode is annalsd's own doing.
        done = self.auth.run("create", "anna", "--role", "reader", umask=0)
        token = done.stdout.removesuffix("\n")
        self.assertRegex(token, r"^annals_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$")
        self.assertIn("principals/anna (reader)", done.stderr)
        secret = token[len("annals_000000000000_"):]
        self.assertEqual(stat.S_IMODE(self.auth.path.stat().st_mode), 0o600)
        text = self.auth.path.read_text()
        self.assertIn(hashlib.sha256(secret.encode()).hexdigest(), text)
        for shown in (text, done.stderr, self.auth.run("list").stdout):
            self.assertNotIn(secret, shown)

    def test_list_says_who_may_call_with_what_until_when(self):
        anna = self.auth.create("anna", "--role", "reader", "--expires", "never")
        carl = self.auth.create("carl", "--role", "contributor", "--feed", "a", "--feed", "b")
        self.auth.run("create", "eve", "--role", "admin", "--certificate", "eve.example.org")
        rows = [line.split() for line in self.auth.run("list").stdout.splitlines()[1:]]
        self.assertEqual(sorted(row[:-2] for row in rows if row[0] != "eve"), [
            ["anna", "reader", harness.token_id(anna)],
            ["carl", "contributor", "a,b", harness.token_id(carl)]])
        self.assertEqual([row[-1] for row in rows if row[0] == "anna"], ["never"])
        self.assertEqual([row for row in rows if row[0] == "eve"],
                         [["eve", "admin", "eve.example.org"]])

    def test_a_client_has_two_live_tokens_at_most(self):
        first = self.auth.create("anna", "--role", "reader")
        second = self.auth.create("anna")
        self.assertNotEqual(first, second)
        self.refused("create", "anna", says=[harness.token_id(first), harness.token_id(second)])
        self.auth.revoke(first)
        third = self.auth.create("anna")
        listed = self.auth.run("list").stdout
        self.assertNotIn(harness.token_id(first), listed)
        for token in (second, third):
            self.assertIn(harness.token_id(token), listed)

    def test_expired_tokens_do_not_count(self):
        self.auth.create("anna", "--role", "reader")
        self.auth.create("anna", "--expires", "1s")
        harness.wait_until(lambda: "(over)" in self.auth.run("list").stdout, "it expires")
        self.auth.create("anna")

    def test_rights_are_set_anew_where_they_are_given(self):
        self.auth.create("carl", "--role", "contributor", "--feed", "a")
        self.auth.create("carl", "--role", "editor", "--feed", "b")
        rows = self.auth.run("list").stdout.splitlines()[1:]
        self.assertEqual([row.split()[:3] for row in rows], 2 * [["carl", "editor", "b"]])

    def test_what_is_wrong_is_named(self):
        self.auth.create("anna", "--role", "reader")
        self.refused("create", "Anna!", "--role", "reader", says=["Anna!"])
        self.refused("create", "bob", says=["bob", "--role"])
        self.refused("create", "bob", "--role", "king", says=["king", "reader", "admin"])
        self.refused("create", "bob", "--role", "contributor", says=["contributor", "--feed"])
        self.refused("create", "bob", "--role", "reader", "--feed", "a", says=["reader", "--feed"])
        self.refused("create", "bob", "--role", "editor", "--feed", "A B", says=["A B"])
        self.refused("create", "bob", "--role", "reader", "--expires", "soon", says=["soon"])
        self.refused("create", "bob", "--role", "reader", "--expires", "-1d", says=["-1d"])
        self.refused("revoke", "0123456789ab", says=["0123456789ab"])
        self.auth.run("create", "eve", "--role", "admin", "--certificate", "eve.example.org")
        self.refused("create", "anna", "--certificate", "eve.example.org",
                     says=["eve.example.org", "eve"])

    def test_usage_errors_exit_2(self):
        for arguments in (["create"], ["revoke"], [], ["dance"], ["create", "anna", "--rôle", "x"]):
            with self.subTest(arguments=arguments):
                self.refused(*arguments, says=[], status=2)
        done = harness.run_program("annalsd", "token", "list", status=2)
        self.assertIn("--auth", done.stderr)

    def test_a_file_that_is_wrong_is_left_alone(self):
        for text, says in (("{", "line 1"), ("{}", "version"),
                           ('{"version": 1, "principals": [{"principal": "x", "role": "king"}]}',
                            "principals[0].role"),
                           ('{"version": 1, "principals": [], "more": 1}', "more")):
            with self.subTest(text=text):
                self.auth.path.write_text(text)
                self.refused("create", "anna", "--role", "reader",
                             says=[str(self.auth.path), says])
                self.refused("list", says=[str(self.auth.path), says])

    def test_a_file_that_is_not_there(self):
        self.refused("list", says=[str(self.auth.path)])
        self.auth.path = self.auth.directory / "none" / "auth.json"
        self.refused("create", "anna", "--role", "reader", says=[str(self.auth.path)])

    def test_changes_at_once_follow_one_another(self):
        names = [f"p{number}" for number in range(8)]
        changes = [subprocess.Popen(
            [harness.BIN_DIR / "annalsd", "token", "create", name, "--role", "reader", "--auth",
             self.auth.path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for name in names]
        self.assertEqual([change.wait(harness.DEADLINE_S) for change in changes], 8 * [0])
        principals = json.loads(self.auth.path.read_text())["principals"]
        self.assertEqual(sorted(entry["principal"] for entry in principals), names)

    @unittest.skipIf(os.getuid() != 0, "root alone can give files away")
    def test_a_change_by_root_leaves_the_file_to_its_owner(self):
        """Else annalsd, running as that user, could not read it: what was revoked would go on."""
        token = self.auth.create("anna", "--role", "reader")
        user = pwd.getpwnam("nobody")
        os.chown(self.auth.path, user.pw_uid, user.pw_gid)
        self.auth.path.chmod(0o660)
        self.auth.revoke(token)
        after = self.auth.path.stat()
        self.assertEqual((after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)),
                         (user.pw_uid, user.pw_gid, 0o660))


class CredentialsTest(harness.AccessTest):
    callers = {"anna": ("--role", "reader"),
               "carl": ("--role", "contributor", "--feed", "carls"),
               "ed": ("--role", "editor", "--feed", "carls")}

    @classmethod
    def prepare(cls):
        for feed in ("carls", "others"):
            cls.client.create_feed(feed)

    def calls(self, client):
        """A call of each kind."""
        batch = ingest_pb.EventBatch(rows=[ingest_pb.EventUpsert(
            event=harness.event("feeds/carls/events/1"))])
        return {
            "unary": lambda: client.events.ListEvents(event_pb.ListEventsRequest()),
            "status": lambda: client.status.GetStatus(status_pb.GetStatusRequest()),
            "write": lambda: client.upsert(batch.rows[0].event),
            "server stream": lambda: next(
                client.events.ExportEvents(event_pb.ExportEventsRequest())),
            "bidi stream": lambda: next(client.ingest.IngestEvents(
                iter([ingest_pb.IngestEventsRequest(batch=batch)]))),
        }

    def test_no_credentials(self):
        for kind, call in self.calls(self.make_client(token=None)).items():
            with self.subTest(kind=kind), self.refused(UNAUTHENTICATED, "NO_CREDENTIALS"):
                call()

    def test_credentials_that_are_none(self):
        token = self.auth.tokens["anna"]
        id_end = len("annals_000000000000")
        other = "A" if token[-1] != "A" else "B"
        words = set()
        for header in (
                "x", "Bearer", "Bearer x", f"Basic {token}", token, f"Bearer {token}x",
                f"Bearer {token[:-1]}", f"Bearer  {token}",
                f"Bearer {token[:-1]}{other}",  # a wrong secret
                f"Bearer annals_0123456789ab{token[id_end:]}",  # an id that is none
                f"Bearer {self.auth.tokens['ed'][:id_end]}{token[id_end:]}"):  # another's secret
            client = self.make_client(token=None, headers=[("authorization", header)])
            for kind, call in self.calls(client).items():
                with self.subTest(header=header, kind=kind):
                    with self.assertRaises(grpc.RpcError) as caught:
                        call()
                    self.assertEqual(caught.exception.code(), UNAUTHENTICATED)
                    self.assertEqual(harness.error_info(caught.exception).reason, "BAD_TOKEN")
                    words.add(caught.exception.details())
        self.assertEqual(len(words), 1, "which part is wrong is not told")
        self.assertNotIn(token, words.pop())

    def test_a_token_is_good_from_its_creation_on(self):
        for number in range(3):
            token = self.auth.create(f"new{number}", "--role", "reader")
            self.make_client(token=token).count()

    def test_the_scheme_is_written_as_one_likes(self):
        header = ("authorization", f"bearer {self.auth.tokens['anna']}")
        self.make_client(token=None, headers=[header]).count()

    def test_expired_token(self):
        client = self.make_client(token=self.auth.create("late", "--role", "reader",
                                                         "--expires", "1s"))

        def expired():
            try:
                client.count()
            except grpc.RpcError as error:
                return harness.error_info(error).reason
            return None

        self.assertEqual(harness.wait_until(expired, "the token expires"), "TOKEN_EXPIRED")
        for kind, call in self.calls(client).items():
            with self.subTest(kind=kind), self.refused(UNAUTHENTICATED, "TOKEN_EXPIRED"):
                call()

    def test_health_needs_none(self):
        channel = self.make_client(token=None).channel
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        for service in (b"", b"\n\x16annals.v1.EventService"):
            self.assertEqual(check(service, timeout=harness.DEADLINE_S), b"\x08\x01")  # SERVING

    def test_roles(self):
        anna, carl, ed = (self.make_client(name) for name in self.callers)
        update = catalog_pb.UpdateFeedRequest(feed=catalog_pb.Feed(
            name="feeds/carls", title="New", licence="CC0-1.0"))
        event = harness.event("feeds/carls/events/roles")
        for client in (anna, carl, ed):
            client.count()
            with self.refused(DENIED, "ROLE_TOO_LOW"):
                client.create_feed("more")
        with self.refused(DENIED, "ROLE_TOO_LOW"):
            anna.upsert(event)
        for client in (carl, ed):
            client.upsert(event)
            with self.refused(DENIED, "FEED_NOT_YOURS", "rows[0].event.name"):
                client.upsert(harness.event("feeds/others/events/1"))
        with self.refused(DENIED, "ROLE_TOO_LOW"):
            carl.catalog.UpdateFeed(update)
        ed.catalog.UpdateFeed(update)
        update.feed.visibility = catalog_pb.FEED_VISIBILITY_RESTRICTED
        with self.refused(DENIED, "VISIBILITY_NOT_YOURS"):
            ed.catalog.UpdateFeed(update)

    def test_annals_says_who_it_is(self):
        for caller, role, feeds in (("chief", "ROLE_ADMIN", []), ("anna", "ROLE_READER", []),
                                    ("carl", "ROLE_CONTRIBUTOR", ["feeds/carls"])):
            shown = self.annals("status", "-o", "json", caller=caller).stdout
            self.assertEqual(json.loads(shown)["caller"], {
                "principal": f"principals/{caller}", "role": role, "feeds": feeds})
        shown = self.annals("status", "-o", "table", caller="carl").stdout
        for words in ("principals/carl", "contributor", "carls"):
            self.assertIn(words, shown)

    def test_annals_takes_the_token_from_the_environment(self):
        environment = {**os.environ, "ANNALS_TOKEN_FILE": str(self.auth.token_file("anna"))}
        shown = harness.run_annals(self.server.address, "status", "-o", "json", env=environment)
        self.assertEqual(json.loads(shown.stdout)["caller"]["principal"], "principals/anna")
        # A flag goes before it.
        shown = self.annals("status", "-o", "json", caller="carl", env=environment)
        self.assertEqual(json.loads(shown.stdout)["caller"]["principal"], "principals/carl")

    def test_annals_without_a_token_that_is_good(self):
        done = harness.run_annals(self.server.address, "count", status=1)
        self.assertIn("UNAUTHENTICATED", done.stderr)
        self.assertIn("--token-file", done.stderr)
        self.assertEqual(done.stdout, "")
        wrong = self.directory / "wrong.token"
        wrong.write_text("annals_0123456789ab_" + 43 * "A" + "\n")
        done = harness.run_annals(self.server.address, "--token-file", wrong, "count", status=1)
        self.assertIn("UNAUTHENTICATED", done.stderr)
        self.assertNotIn("AAAA", done.stderr)
        done = harness.run_annals(self.server.address, "--token-file", self.directory / "none",
                                  "count", status=2)
        self.assertIn(str(self.directory / "none"), done.stderr)


class ExposureTest(unittest.TestCase):
    """annalsd must end before it listens: nothing of these tests is reached from elsewhere."""

    def setUp(self):
        self.directory = harness.temporary_directory(self)
        self.auth = harness.AuthFile(self.directory)

    def refused(self, *arguments, says, status=2, **options):
        server = harness.Server(self.directory, *map(str, arguments), **options).spawn()
        self.addCleanup(server.stop)
        self.assertEqual(server.wait(), status, server.log())
        for words in says:
            self.assertIn(words, server.log())

    def test_others_are_never_served_unasked_or_in_the_clear(self):
        self.auth.create("anna", "--role", "reader")
        tls = ("--tls-cert", "cert.pem", "--tls-key", "key.pem")
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0", "annals.example.org:0"):
            for arguments in ((), ("--auth", self.auth.path), tls):
                with self.subTest(address=address, arguments=arguments):
                    self.refused(*arguments, listen=address,
                                 says=[address, "--auth", "--tls-cert", "annalsd token create"])
            # Not refused with both: asked of check-config, which listens nowhere.
            harness.run_program("annalsd", "check-config", "--data", self.directory / "data",
                                "--listen", address, "--auth", self.auth.path, *tls)
        self.assertFalse((self.directory / "data").exists(), "refused before anything is done")

    def test_one_address_of_others_among_local_ones(self):
        self.refused("--listen", "0.0.0.0:0", says=["0.0.0.0:0"])

    def test_halves_of_tls(self):
        self.refused("--tls-cert", "cert.pem", says=["--tls-key"])
        self.refused("--tls-key", "key.pem", says=["--tls-cert"])
        self.refused("--tls-client-ca", "ca.pem", says=["--tls-cert"])

    def test_a_file_of_nobody(self):
        self.refused("--auth", self.auth.path, says=[str(self.auth.path)], status=1)
        self.auth.path.write_text('{"version": 1, "principals": []}')
        self.refused("--auth", self.auth.path, says=[str(self.auth.path), "annalsd token create"],
                     status=1)
        self.auth.path.write_text('{"version": 1, "principals": [{"principal": "x"}]}')
        self.refused("--auth", self.auth.path, says=["principals[0].role"], status=1)


if __name__ == "__main__":
    unittest.main()
