"""Certificates for tests, made with the openssl command line."""

import pathlib
import subprocess

import harness


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL, check=True,
                   capture_output=True, timeout=harness.DEADLINE_S)


class Authority:
    """Signs certificates. Its own is `certificate`."""

    def __init__(self, directory, name="ca"):
        self.directory = pathlib.Path(directory)
        self.certificate = self.directory / f"{name}.pem"
        self.key = self.directory / f"{name}.key"
        self._make(self.certificate, self.key, f"/CN={name}")

    def _make(self, certificate, key, subject, *arguments):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "1", "-subj", subject, "-keyout", key, "-out", certificate,
                *arguments)

    def issue(self, file, common_name, names="IP:127.0.0.1"):
        """The paths of a new certificate and its key, for these subject alternative names."""
        certificate, key = self.directory / f"{file}.pem", self.directory / f"{file}.key"
        self._make(certificate, key, f"/CN={common_name}", "-CA", self.certificate, "-CAkey",
                   self.key, "-addext", f"subjectAltName={names}",
                   "-addext", "basicConstraints=critical,CA:FALSE")
        return certificate, key

    def trust(self, pair=None):
        """What a client speaks TLS with that trusts this authority and shows `pair`."""
        certificate, key = (path.read_bytes() for path in pair) if pair else (None, None)
        return harness.grpc.ssl_channel_credentials(
            self.certificate.read_bytes(), key, certificate)
