"""Tokens and certificates are changed while calls go on, and not one of them fails; what was
revoked or has expired is good for nothing within two seconds, for streams that stand open too."""

import datetime
import socket
import ssl
import sys
import threading
import time
import unittest

import grpc

import harness
from certificates import Authority
from harness import event_pb, ingest_pb

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
CANCELLED = grpc.StatusCode.CANCELLED
OVER_MAX_S = 2
CALLS_MIN = 50  # Between two steps of a rotation.
CALLS_MAX = 100_000


def message(*events):
    rows = [ingest_pb.EventUpsert(event=event) for event in events]
    return ingest_pb.IngestEventsRequest(batch=ingest_pb.EventBatch(rows=rows))


def drain(call):
    """Takes all that a stream answers, whatever ends it."""
    try:
        for _ in call:
            pass
    except grpc.RpcError:
        return


class Load:
    """Makes calls on threads of its own until it is told to end; `calls` each take what number
    they are."""

    def __init__(self, test, *calls):
        self.ending = threading.Event()
        self.made = [0] * len(calls)
        self.errors = []
        self.threads = [threading.Thread(target=self._run, args=each, daemon=True)
                        for each in enumerate(calls)]
        test.addCleanup(self.end)
        for thread in self.threads:
            thread.start()

    def _run(self, index, call):
        while not self.ending.is_set() and self.made[index] < CALLS_MAX:
            try:
                call(self.made[index])
            except (grpc.RpcError, AssertionError) as error:
                self.errors.append(error)
            self.made[index] += 1

    def go_on(self, calls=CALLS_MIN):
        """Waits until each thread has made so many calls more."""
        before = list(self.made)
        harness.wait_until(lambda: self.errors or all(
            now >= then + calls for now, then in zip(self.made, before)), "calls are made")

    def end(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(harness.DEADLINE_S)


class TokenRotationTest(harness.AccessTest):
    callers = {"carl": ("--role", "contributor", "--feed", "carls"), "bob": ("--role", "reader")}

    @classmethod
    def prepare(cls):
        cls.client.create_feed("carls")
        cls.client.upsert(*(harness.event(f"feeds/carls/events/{number}", description="x" * 15_000)
                            for number in range(400)))

    def test_no_call_fails_while_tokens_are_changed(self):
        client = self.make_client("carl")
        bystander = self.make_client("bob")

        def ask(_):
            client.events.ListEvents(event_pb.ListEventsRequest(page_size=3))

        def write(number):
            client.upsert(harness.event("feeds/carls/events/written", title=f"Number {number}"))

        def stream(number):
            answers = client.ingest.IngestEvents(iter([message(harness.event(
                "feeds/carls/events/streamed", title=f"Number {number}"))]))
            self.assertEqual(next(answers).counts.invalid, 0)

        load = Load(self, ask, write, stream, lambda _: bystander.count())
        for _ in range(3):
            load.go_on()
            before = client.token
            # As soon as it is made: no client has to wait until annalsd has heard of it.
            client.token = self.auth.create("carl")
            load.go_on()
            self.auth.revoke(before)
            self.assert_revoked(before)
        load.go_on()
        load.end()
        print(f"{sum(load.made)} calls while 3 tokens were changed", file=sys.stderr)
        self.assertEqual(load.errors, [])

    def assert_revoked(self, token):
        with harness.Client(self.server.address, token=token) as client:
            def refused():
                try:
                    client.count()
                except grpc.RpcError as error:
                    return error.code()
                return None

            self.assertEqual(harness.wait_until(refused, "it is refused", OVER_MAX_S),
                             UNAUTHENTICATED)

    def open_calls(self, token):
        """Long calls, each in another state and on a connection of its own, by what they are."""
        hold = harness.Hold(self)
        refused = message(*(harness.event(f"feeds/carls/events/{'x' * 60}-{number}", title="")
                            for number in range(5_000)))

        def client():
            # Without probing, what is not taken stops at a window of 64 KiB.
            return self.make_client(token=token, options=[("grpc.http2.bdp_probe", 0)])

        def export():
            return client().events.ExportEvents(event_pb.ExportEventsRequest())

        calls = {
            "ingest, nothing is sent": client().ingest.IngestEvents(hold.messages(
                message(harness.event("feeds/carls/events/idle")))),
            "ingest, nothing was ever sent": client().ingest.IngestEvents(hold.messages()),
            "ingest, the answer is not taken": client().ingest.IngestEvents(
                hold.messages(refused)),
            "ingest, batches go on": client().ingest.IngestEvents(
                message(harness.event("feeds/carls/events/on", title=f"Number {number}"))
                for number in range(CALLS_MAX)),
            "export, nothing is read": export(),
            "export, no more is read": export(),
        }
        self.assertEqual(next(calls["ingest, nothing is sent"]).counts.invalid, 0)
        self.assertTrue(next(calls["export, no more is read"]).events)
        busy = threading.Thread(target=drain, args=(calls["ingest, batches go on"],), daemon=True)
        busy.start()
        self.addCleanup(busy.join, harness.DEADLINE_S)
        return calls

    def ends_told(self, principal):
        """When annalsd ended the principal's long calls, as its log tells: by method."""
        ends = []
        for line in list(self.server.lines):
            if f"caller=principals/{principal} " not in line:
                continue
            method = line.partition("method=")[2].split()[0].rpartition("/")[2]
            if method in ("IngestEvents", "ExportEvents"):
                ends.append((method, datetime.datetime.fromisoformat(line.split()[0]).timestamp()))
        return ends

    def watch(self, principal, calls):
        """Notes from now on when each call ends; none has."""
        ends = {}
        for kind, call in calls.items():
            def note(kind=kind):
                ends[kind] = time.time()

            self.assertTrue(call.add_callback(note), f"{kind}: goes on")
        self.assertEqual(self.ends_told(principal), [], "they go on")
        return ends

    def check_ends(self, principal, calls, ends, moment, reason):
        """All calls must end, and new ones be refused, within OVER_MAX_S of `moment`, and none
        before it. A client that reads is told; of one that does not, annalsd is rid."""
        client = self.make_client(token=self.auth.tokens[principal])

        def unary_refused():
            try:
                client.count()
            except grpc.RpcError as error:
                self.assertEqual(harness.error_info(error).reason, reason)
                ends["unary"] = time.time()
                return True
            return False

        harness.wait_until(unary_refused, "calls are refused")
        harness.wait_until(lambda: len(self.ends_told(principal)) == len(calls), "all end")
        ends.update({f"annalsd: {method} {number}": end
                     for number, (method, end) in enumerate(self.ends_told(principal))})
        told = {"ingest, nothing is sent", "ingest, nothing was ever sent", "ingest, batches go on"}
        harness.wait_until(lambda: told <= set(ends), "those who read are told")
        for kind, end in sorted(ends.items(), key=lambda item: item[1]):
            print(f"{reason}: {end - moment:6.3f} s  {kind}", file=sys.stderr)
            self.assertGreater(end, moment - 0.001, kind)  # The log's times are cut to that.
            self.assertLess(end - moment, OVER_MAX_S, kind)
        for kind, call in calls.items():
            drain(call)
            codes = (UNAUTHENTICATED,) if kind in told else (UNAUTHENTICATED, CANCELLED)
            self.assertIn(call.code(), codes, kind)
            if call.code() == UNAUTHENTICATED:
                self.assertEqual(harness.error_info(call).reason, reason, kind)

    def test_revoked_token(self):
        token = self.auth.create("rita", "--role", "contributor", "--feed", "carls")
        calls = self.open_calls(token)
        ends = self.watch("rita", calls)
        self.auth.revoke(token)
        moment = self.auth.path.stat().st_ctime  # However long the command takes to end.
        self.check_ends("rita", calls, ends, moment, "BAD_TOKEN")

    def test_expired_token(self):
        token = self.auth.create("eva", "--role", "contributor", "--feed", "carls",
                                 "--expires", "6s")
        calls = self.open_calls(token)
        moment = self.auth.expire_time(token)
        ends = self.watch("eva", calls)
        self.assertLess(time.time(), moment, "the calls stand before it expires")
        self.check_ends("eva", calls, ends, moment, "TOKEN_EXPIRED")

    def test_rights_that_change_end_streams_too(self):
        client = self.make_client(token=self.auth.create(
            "mia", "--role", "contributor", "--feed", "carls"))
        stream = client.ingest.IngestEvents(harness.Hold(self).messages(
            message(harness.event("feeds/carls/events/mia"))))
        self.assertEqual(next(stream).counts.invalid, 0)
        self.auth.create("mia", "--role", "reader")
        harness.wait_until(lambda: harness.is_over(stream), "the stream ends", OVER_MAX_S)
        self.assertEqual((stream.code(), harness.error_info(stream).reason),
                         (UNAUTHENTICATED, "RIGHTS_CHANGED"))
        client.count()
        with self.refused(grpc.StatusCode.PERMISSION_DENIED, "ROLE_TOO_LOW"):
            client.upsert(harness.event("feeds/carls/events/mia"))

    def test_others_go_on(self):
        """Only the calls of the token that was revoked end."""
        token = self.auth.create("nora", "--role", "contributor", "--feed", "carls")
        other = self.auth.create("nora")
        streams = []
        hold = harness.Hold(self)
        for number, kept in enumerate((token, other)):
            first = message(harness.event(f"feeds/carls/events/nora-{number}"))
            streams.append(self.make_client(token=kept).ingest.IngestEvents(hold.messages(first)))
            self.assertEqual(next(streams[-1]).counts.invalid, 0)
        self.auth.revoke(token)
        harness.wait_until(lambda: harness.is_over(streams[0]), "the stream ends", OVER_MAX_S)
        self.assertFalse(harness.is_over(streams[1]))

    def test_a_damaged_file_leaves_the_one_before_in_force(self):
        text = self.auth.path.read_text()
        for damaged in ("{", '{"version": 1, "principals": []}'):
            told = len(self.server.lines)
            self.auth.path.write_text(damaged)
            harness.wait_until(lambda t=told: "auth file not read" in "".join(
                self.server.lines[t:]), "it is told in the log")
            self.client.count()
        self.auth.path.write_text(text)
        self.client.count()


class CertificateRotationTest(harness.AccessTest):
    listen = "127.0.0.1:0"

    @classmethod
    def make_server(cls):
        cls.authority = Authority(cls.directory)
        cls.served = cls.directory / "served.pem", cls.directory / "served.key"
        for fresh, file in zip(cls.authority.issue("first", "first"), cls.served):
            fresh.rename(file)
        cls.arguments = ("--tls-cert", str(cls.served[0]), "--tls-key", str(cls.served[1]))
        return super().make_server()

    @classmethod
    def make_client(cls, *arguments, **options):
        return super().make_client(*arguments, tls=cls.authority.trust(), **options)

    def certificate_served(self):
        """What a new connection is shown, as PEM."""
        context = ssl.create_default_context(cafile=self.authority.certificate)
        context.set_alpn_protocols(["h2"])
        host, port = self.server.address.split(":")
        with socket.create_connection((host, int(port)), harness.DEADLINE_S) as plain, \
                context.wrap_socket(plain, server_hostname=host) as connection:
            return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True))

    def setUp(self):
        for fresh, file in zip(self.authority.issue("first", "first"), self.served):
            fresh.rename(file)

    def load(self):
        def connect(_):
            with harness.Client(self.server.address, token=self.auth.tokens["chief"],
                                tls=self.authority.trust()) as client:
                client.events.ListEvents(event_pb.ListEventsRequest(), timeout=harness.DEADLINE_S)

        return Load(self, connect, connect, lambda _: self.client.count())

    def assert_served(self, pem):
        harness.wait_until(lambda: self.certificate_served() == pem, "the new one is served", 10)

    def test_no_call_fails_while_certificates_are_changed(self):
        load = self.load()
        for number in range(4):
            load.go_on(10)
            pair = self.authority.issue(f"next{number}", f"next{number}")
            pem = pair[0].read_text()
            # Whichever comes first: for a moment the two do not belong together.
            for fresh, file in list(zip(pair, self.served))[::1 if number % 2 else -1]:
                fresh.rename(file)
            self.assert_served(pem)
        load.end()
        print(f"{load.made[0] + load.made[1]} connections and {load.made[2]} calls on one while 4 "
              "certificates were changed", file=sys.stderr)
        self.assertEqual(load.errors, [])

    def test_halves_that_do_not_belong_together_are_not_taken(self):
        load = self.load()
        load.go_on(10)
        before = self.certificate_served()
        pair = self.authority.issue("half", "half")
        pem = pair[0].read_text()
        told = len(self.server.lines)
        pair[0].rename(self.served[0])
        harness.wait_until(lambda: str(self.served[1]) in "".join(self.server.lines[told:]),
                           "it is told in the log")
        load.go_on(10)
        self.assertEqual(self.certificate_served(), before)
        pair[1].rename(self.served[1])
        self.assert_served(pem)
        load.end()
        self.assertEqual(load.errors, [])


if __name__ == "__main__":
    unittest.main()
