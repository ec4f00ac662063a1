"""nginx as deploy/edge/annals.conf has it: what is shipped is what is tested."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess

import harness

NGINX = "/usr/sbin/nginx"  # not in everyone's PATH
CONFIGURATION = harness.SOURCE_DIR / "deploy" / "edge" / "annals.conf"
# Files that nginx would keep beside those of the system's nginx; only root may write there.
TEMPORARY = "".join(f"  {kind}_temp_path {{0}}/{kind};\n"
                    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
START_ATTEMPTS_MAX = 5


def free_port():
    """A port of loopback that nothing listens at; something else may take it at any moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(directory):
    """A certificate of its own for this host, edge.crt, and its key, edge.key."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=annals", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", directory / "edge.key",
         "-out", directory / "edge.crt"], check=True, capture_output=True)
    return directory / "edge.crt"


class Edge:
    """One nginx before the UNIX socket `upstream`, in an empty directory; it ends with the test."""

    def __init__(self, directory, upstream):
        self.directory = pathlib.Path(directory)
        self.upstream = upstream
        self.certificate = make_certificate(self.directory)
        self.process = None
        self.port = None
        self.proxy_port = None  # what it takes there begins with a PROXY line

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def configure(self):
        """Writes the shipped file with this host's places in it."""
        text = CONFIGURATION.read_text()
        for shipped, here in (
                ("user www-data;", "" if os.getuid() else "user www-data;"),
                ("/run/nginx.pid", f"{self.directory}/nginx.pid"),
                ("/var/log/nginx/error.log", f"{self.directory}/error.log"),
                ("/var/log/nginx/annals.log", f"{self.directory}/annals.log"),
                ("/etc/annals/edge", f"{self.directory}/edge"),
                ("/run/annals/annalsd.sock", self.upstream.removeprefix("unix:")),
                ("listen 443;", f"listen {self.address};"),
                ("listen [::]:443;", ""),
                ("127.0.0.1:7443", f"127.0.0.1:{self.proxy_port}"),
                ("\nhttp {\n", "\nhttp {\n" + TEMPORARY.format(self.directory))):
            assert shipped in text, f"{CONFIGURATION} has no {shipped}"
            text = text.replace(shipped, here)
        file = self.directory / "nginx.conf"
        file.write_text(text)
        return file

    def start(self):
        """Starts it and waits until it serves."""
        for _ in range(START_ATTEMPTS_MAX):
            self.port, self.proxy_port = free_port(), free_port()
            command = [NGINX, "-p", self.directory, "-e", self.directory / "error.log",
                       "-c", self.configure()]
            checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
            assert checked.returncode == 0, checked.stderr
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *command, "-g", "daemon off;"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            harness.wait_until(lambda: self.accepts() or self.process.poll() is not None,
                               f"nginx serves at {self.address}")
            if self.process.poll() is None:
                return self
        raise AssertionError("nginx did not start:\n" + self.log())

    def accepts(self):
        with contextlib.suppress(OSError), \
                socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def log(self):
        return (self.directory / "error.log").read_text()

    def processes(self):
        """The ids of its first process and of the workers."""
        first = self.process.pid
        children = pathlib.Path(f"/proc/{first}/task/{first}/children").read_text()
        return [first, *map(int, children.split())]

    def stop(self):
        """Ends it at once, whatever it is at; returns the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(harness.DEADLINE_S)
