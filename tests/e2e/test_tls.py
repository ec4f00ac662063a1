"""TLS on TCP, client certificates as credentials, and files that are wrong."""

import json
import unittest

import grpc

import harness
from certificates import Authority, openssl
from harness import event_pb, ingest_pb

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
REVOKED_MAX_S = 2


class TlsTest(harness.AccessTest):
    """A server with a certificate on loopback, and a UNIX socket beside it."""

    listen = "127.0.0.1:0"

    @classmethod
    def make_server(cls):
        cls.authority = Authority(cls.directory)
        certificate, key = cls.authority.issue("server", "annalsd")
        cls.tls = ("--tls-cert", str(certificate), "--tls-key", str(key))
        cls.arguments = (*cls.tls, "--listen", f"unix:{cls.directory}/annalsd.sock")
        return super().make_server()

    @classmethod
    def make_client(cls, *arguments, **options):
        options.setdefault("tls", cls.authority.trust())
        return super().make_client(*arguments, **options)

    def test_a_client_that_trusts_its_authority_is_served(self):
        self.client.count()
        shown = self.annals("--tls-ca", self.authority.certificate, "status", "-o", "json").stdout
        self.assertEqual(json.loads(shown)["caller"]["principal"], "principals/chief")

    def test_a_token_is_asked_for_all_the_same(self):
        with self.refused(UNAUTHENTICATED, "NO_CREDENTIALS"):
            self.make_client(token=None).count()

    def assert_no_connection(self, **options):
        """A client of this kind must not come as far as to be answered."""
        with self.make_client(**options) as client, self.assertRaises(grpc.RpcError) as caught:
            client.count()
        self.assertEqual(caught.exception.code(), UNAVAILABLE)

    def test_plaintext_is_not_served(self):
        self.assert_no_connection(tls=None)
        done = self.annals("--timeout", "1s", "count", status=1)
        self.assertIn("--tls-ca", done.stderr)

    def test_another_authority_is_not_trusted(self):
        other = Authority(self.directory, "other")
        self.assert_no_connection(tls=other.trust())
        self.annals("--timeout", "1s", "--tls-ca", other.certificate, "count", status=1)

    def test_unix_sockets_go_without(self):
        with harness.Client(self.server.addresses[1], token=self.auth.tokens["chief"]) as client:
            client.count()

    def test_two_servers_never_share_a_port(self):
        other = harness.temporary_directory(self)
        second = harness.Server(other, "--auth", str(self.auth.path), *self.tls,
                                listen=self.server.address).spawn()
        self.addCleanup(second.stop)
        self.assertEqual(second.wait(), 1)
        self.assertIn(self.server.address, second.log())
        self.client.count()


class ClientCertificateTest(TlsTest):
    """As TlsTest, with clients that have to show a certificate; all of its tests hold here too."""

    @classmethod
    def make_server(cls):
        server = super().make_server()
        cls.client_ca = cls.directory / "client-ca.pem"
        cls.client_ca.write_bytes(cls.authority.certificate.read_bytes())
        server.arguments += ["--tls-client-ca", str(cls.client_ca)]
        cls.chief = cls.authority.issue("chief", "chief.example.org")
        cls.unknown = cls.authority.issue("unknown", "unknown.example.org",
                                          "DNS:elsewhere.example.org")
        return server

    @classmethod
    def make_client(cls, *arguments, **options):
        options.setdefault("tls", cls.authority.trust(cls.chief))
        return super().make_client(*arguments, **options)

    def annals(self, *arguments, **options):
        certificate, key = self.chief
        if "--tls-ca" in arguments:
            arguments = ("--tls-cert", certificate, "--tls-key", key, *arguments)
        return super().annals(*arguments, **options)

    def certified(self, file, common_name, *rights, names="IP:127.0.0.1"):
        """A client without a token, whose certificate is a principal's: `file`'s."""
        pair = self.authority.issue(file, common_name, names)
        self.auth.run("create", file, *rights)
        return self.make_client(token=None, tls=self.authority.trust(pair))

    def principal(self, client):
        return client.status.GetStatus(harness.status_pb.GetStatusRequest()).caller.principal

    def test_a_token_is_asked_for_all_the_same(self):
        """A certificate that names nobody lets nobody in; with a token it is the token's."""
        with self.refused(UNAUTHENTICATED, "UNKNOWN_CERTIFICATE"):
            self.make_client(token=None).count()
        self.assertEqual(self.principal(self.client), "principals/chief")

    def test_no_certificate_or_another_authoritys_is_no_connection(self):
        other = Authority(self.directory, "foreign")
        pair = other.issue("chief-of-others", "chief.example.org")
        for tls in (self.authority.trust(), grpc.ssl_channel_credentials(
                self.authority.certificate.read_bytes(), pair[1].read_bytes(),
                pair[0].read_bytes())):
            self.assert_no_connection(tls=tls)

    def test_a_certificate_is_a_principals(self):
        by_name = self.certified("rob", "rob.example.org", "--role", "reader", "--certificate",
                                 "rob.example.org")
        self.assertEqual(self.principal(by_name), "principals/rob")
        by_other_name = self.certified(
            "sue", "whoever", "--role", "reader", "--certificate", "spiffe://example.org/sue",
            names="DNS:other.example.org,URI:spiffe://example.org/sue")
        self.assertEqual(self.principal(by_other_name), "principals/sue")
        with self.refused(grpc.StatusCode.PERMISSION_DENIED, "ROLE_TOO_LOW"):
            by_name.create_feed("robs")
        # A token goes before it, a wrong one too.
        by_name.token = self.auth.tokens["chief"]
        self.assertEqual(self.principal(by_name), "principals/chief")
        by_name.token = "wrong"
        with self.refused(UNAUTHENTICATED, "BAD_TOKEN"):
            by_name.count()

    def test_annals_shows_its_certificate(self):
        certificate, key = self.authority.issue("tool", "tool.example.org")
        self.auth.run("create", "tool", "--role", "reader", "--certificate", "tool.example.org")
        shown = harness.run_annals(
            self.server.address, "--tls-ca", self.authority.certificate, "--tls-cert", certificate,
            "--tls-key", key, "status", "-o", "json").stdout
        self.assertEqual(json.loads(shown)["caller"]["principal"], "principals/tool")

    def test_unknown_certificate(self):
        with self.refused(UNAUTHENTICATED, "UNKNOWN_CERTIFICATE"):
            self.make_client(token=None, tls=self.authority.trust(self.unknown)).count()

    def test_an_authority_is_added_while_it_serves(self):
        more = Authority(self.directory, "more")
        certificate, key = more.issue("of-more", "of-more.example.org")
        self.auth.run("create", "max", "--role", "reader", "--certificate", "of-more.example.org")
        tls = grpc.ssl_channel_credentials(self.authority.certificate.read_bytes(),
                                           key.read_bytes(), certificate.read_bytes())
        self.assert_no_connection(token=None, tls=tls)
        both = self.directory / "both.pem"
        both.write_bytes(self.authority.certificate.read_bytes() + more.certificate.read_bytes())
        both.rename(self.client_ca)
        self.assertEqual(self.principal(self.make_client(token=None, tls=tls)), "principals/max")
        self.make_client().count()

    def test_a_revoked_certificate_is_good_for_nothing_within_two_seconds(self):
        self.client.create_feed("vera")
        client = self.certified("vera", "vera.example.org", "--role", "contributor", "--feed",
                                "vera", "--certificate", "vera.example.org")
        hold = harness.Hold(self)
        stream = client.ingest.IngestEvents(hold.messages(ingest_pb.IngestEventsRequest(
            batch=ingest_pb.EventBatch(rows=[ingest_pb.EventUpsert(
                event=harness.event("feeds/vera/events/1"))]))))
        self.assertEqual(next(stream).counts.created, 1)
        self.auth.run("revoke", "vera.example.org")
        harness.wait_until(lambda: harness.is_over(stream), "the stream ends", REVOKED_MAX_S)
        self.assertEqual(stream.code(), UNAUTHENTICATED)
        self.assertEqual(harness.error_info(stream).reason, "UNKNOWN_CERTIFICATE")
        with self.refused(UNAUTHENTICATED, "UNKNOWN_CERTIFICATE"):
            client.events.ListEvents(event_pb.ListEventsRequest())


class FilesTest(unittest.TestCase):
    def setUp(self):
        self.directory = harness.temporary_directory(self)
        self.authority = Authority(self.directory)
        self.certificate, self.key = self.authority.issue("server", "annalsd")

    def refused(self, *says, certificate=None, key=None, more=()):
        server = harness.Server(
            self.directory, "--tls-cert", str(certificate or self.certificate), "--tls-key",
            str(key or self.key), *map(str, more), listen="127.0.0.1:0").spawn()
        self.addCleanup(server.stop)
        self.assertEqual(server.wait(), 1, server.log())
        last = server.lines[-1]
        for words in says:
            self.assertIn(str(words), last)

    def test_what_is_wrong_is_named(self):
        missing = self.directory / "missing.pem"
        text = self.directory / "text.pem"
        text.write_text("no PEM\n")
        _, other_key = self.authority.issue("other", "other")
        self.refused("--tls-cert", missing, certificate=missing)
        self.refused("--tls-cert", text, certificate=text)
        self.refused("--tls-cert", self.key, certificate=self.key)
        self.refused("--tls-key", missing, key=missing)
        self.refused("--tls-key", text, key=text)
        self.refused("--tls-key", self.certificate, key=self.certificate)
        self.refused("--tls-key", other_key, key=other_key)
        locked = self.directory / "locked.key"
        openssl("pkcs8", "-topk8", "-in", self.key, "-out", locked, "-passout", "pass:secret")
        self.refused("--tls-key", locked, "passphrase", key=locked)
        self.refused("--tls-client-ca", missing, more=("--tls-client-ca", missing))
        self.refused("--tls-client-ca", text, more=("--tls-client-ca", text))


if __name__ == "__main__":
    unittest.main()
