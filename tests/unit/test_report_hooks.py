from __future__ import annotations

import http.server
import json
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from tests.findings_fabric import (
    Fabric,
    gathered,
    hit,
    lookup,
    make_fabric,
    night_of,
    result,
)
from tests.ocsf_essentials import faults

from auditwatch.cli import cli
from auditwatch.config import Hook, Settings, Workspace, make_workspace
from auditwatch.core.errors import AuditwatchError, ConfigError, DeliveryError
from auditwatch.report.hooks.news import Line, News
from auditwatch.report.hooks.target import targets_of
from auditwatch.report.hooks.telling import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NEWS = News(
    "application/json", (b'{"a":1}\n',), (Line(4, "NIGHT", '{"a":1}'),), "Subject", "Said\n"
)
SECRET = "hunter2-CANARY"  # noqa: S105 - invented


def told(
    hook: Hook, root: Path, environment: dict[str, str] | None = None
) -> tuple[Any, list[float]]:
    """Tell one hook of NEWS; return what came of it, and the waits between attempts."""
    place = Workspace(root, Settings(hooks={"siem": hook}))
    (target,) = targets_of(place, environment or {})
    waits: list[float] = []
    return tell(target, NEWS, waits.append), waits


class Web(http.server.BaseHTTPRequestHandler):
    """Answers with the statuses it is given, the last one for ever, and keeps what it was sent."""

    def do_POST(self) -> None:
        """Keep and answer."""
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.got.append((self.path, dict(self.headers), body))
        status = server.statuses.pop(0) if len(server.statuses) > 1 else server.statuses[0]
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def web(*statuses: int, tls: Path | None = None) -> Iterator[Any]:
    """Serve posts on the loopback."""
    server: Any = http.server.HTTPServer(("127.0.0.1", 0), Web)
    server.got, server.statuses = [], list(statuses)
    if tls:
        server.socket = trusted_server(tls).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def listening(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Let a function talk with each connection on the loopback; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    one, _ = server.accept()
                except OSError:
                    return
                with one:
                    try:
                        talk(one)
                    except OSError:
                        continue

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of the loopback with its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    pem = folder / "own.pem"
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=here"
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(
        ["openssl", *request.split(), "-addext", "subjectAltName=IP:127.0.0.1", *files],
        check=True,
        capture_output=True,
    )
    pem.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return pem


def trusted_server(pem: Path) -> ssl.SSLContext:
    """Return the server's side of the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_a_post_carries_the_news_the_token_and_its_digest(tmp_path: Path) -> None:
    """What was made is what arrives, to the path that was named."""
    with web(202) as server:
        hook = Hook(f"http://127.0.0.1:{server.server_port}/in?a=b", credential_env="TOKEN")
        assert told(hook, tmp_path, {"TOKEN": SECRET}) == (None, [])
    ((path, headers, body),) = server.got
    assert (path, body) == ("/in?a=b", NEWS.posts[0])
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert len(headers["Idempotency-Key"]) == 64


def test_a_server_in_trouble_is_asked_again_after_longer_and_longer_waits(tmp_path: Path) -> None:
    """Waits of 1 and 2 s, and the same digest each time."""
    with web(503, 429, 200) as server:
        assert told(Hook(f"http://127.0.0.1:{server.server_port}"), tmp_path) == (None, [1.0, 2.0])
    assert len({headers["Idempotency-Key"] for _, headers, _ in server.got}) == 1


@pytest.mark.parametrize("status", [302, 400, 401])
def test_a_refusal_is_not_argued_with(tmp_path: Path, status: int) -> None:
    """One attempt, no redirect followed, the status said."""
    with web(status) as server:
        error, waits = told(Hook(f"http://127.0.0.1:{server.server_port}"), tmp_path)
    assert (len(server.got), waits) == (1, [])
    assert isinstance(error, DeliveryError)
    assert f"answered {status}" in str(error)


def drip(one: socket.socket) -> None:
    """Answer a letter at a time, without end."""
    for _ in range(60):
        one.sendall(b"H")
        threading.Event().wait(0.02)


def hang(one: socket.socket) -> None:
    """Take everything and never say a word."""
    one.settimeout(2)
    while one.recv(1 << 16):
        pass


@pytest.mark.parametrize("talk", [hang, drip])
@pytest.mark.parametrize("scheme", ["http", "https", "smtp", "smtps", "syslog+tls"])
def test_one_that_hangs_costs_its_time_and_no_more(
    tmp_path: Path, scheme: str, talk: Callable[[socket.socket], None]
) -> None:
    """Two attempts of a fifth of a second, then it is given up."""
    mail = {"sender": "a@b.example", "to": ("c@d.example",)} if "smtp" in scheme else {}
    with listening(talk) as port:
        hook = Hook(f"{scheme}://127.0.0.1:{port}", timeout_seconds=0.2, attempts=2, **mail)
        error, waits = told(hook, tmp_path)
    assert isinstance(error, DeliveryError)
    assert waits in ([1.0], [])  # a byte that is no TLS ends a handshake at once


@pytest.mark.parametrize("scheme", ["http", "smtp", "syslog+tcp"])
def test_nobody_there_is_said(tmp_path: Path, scheme: str) -> None:
    """The system's own words, with the name of the hook."""
    mail = {"sender": "a@b.example", "to": ("c@d.example",)} if scheme == "smtp" else {}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error, _ = told(Hook(f"{scheme}://127.0.0.1:{port}", attempts=1, **mail), tmp_path)
    assert "Connection refused" in str(error)
    assert "hooks.siem" in str(error)


def test_only_trusted_certificates_are_told(tmp_path: Path, certificate: Path) -> None:
    """With its own certificate trusted it arrives; without, one attempt and a clear word."""
    with web(200, tls=certificate) as server:
        address = f"https://127.0.0.1:{server.server_port}"
        assert told(Hook(address, ca_file=str(certificate)), tmp_path)[0] is None
        error, waits = told(Hook(address), tmp_path)
    assert len(server.got) == 1
    assert waits == []
    assert "certificate is not trusted" in str(error)


def test_syslog_over_udp_is_a_message_of_rfc_5424(tmp_path: Path) -> None:
    """Facility 13, severity 4; time, host, program, kind; then one line of JSON."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        hook = Hook(f"syslog+udp://127.0.0.1:{server.getsockname()[1]}")
        assert told(hook, tmp_path)[0] is None
        head, _, said = server.recv(65536).decode("ascii").partition(" - NIGHT - ")
    assert head.startswith("<108>1 20")
    assert head.split()[3] == "auditwatch"
    assert json.loads(said) == {"a": 1}


@pytest.mark.parametrize("scheme", ["syslog+tcp", "syslog+tls"])
def test_syslog_over_a_stream_counts_its_octets(
    tmp_path: Path, certificate: Path, scheme: str
) -> None:
    """Each message has its length before it, and all of it arrives before the end."""
    got: list[bytes] = []

    def keep(one: socket.socket) -> None:
        if scheme == "syslog+tls":
            one = trusted_server(certificate).wrap_socket(one, server_side=True)
        with one:
            while data := one.recv(65536):
                got.append(data)

    with listening(keep) as port:
        hook = Hook(f"{scheme}://127.0.0.1:{port}", ca_file=str(certificate))
        assert told(hook, tmp_path)[0] is None
    length, _, message = b"".join(got).partition(b" ")
    assert int(length) == len(message)
    assert message.startswith(b"<108>1 ")


def post_office(replies: dict[bytes, bytes], got: list[bytes]) -> Callable[[socket.socket], None]:
    """Return a small mail server."""

    def talk(one: socket.socket) -> None:
        one.settimeout(5)
        one.sendall(b"220 here\r\n")
        with one.makefile("rb") as lines:
            for line in lines:
                got.append(line)
                word = line[:4].strip().upper()
                if word == b"DATA":
                    one.sendall(b"354 go on\r\n")
                    while (part := lines.readline()) != b".\r\n":
                        got.append(part)
                one.sendall(replies.get(word, b"250 fine\r\n"))
                if word == b"QUIT":
                    return

    return talk


def test_a_mail_has_the_digest_and_goes_to_everybody(tmp_path: Path) -> None:
    """Subject, sender, text."""
    got: list[bytes] = []
    with listening(post_office({b"QUIT": b"221 bye\r\n"}, got)) as port:
        hook = Hook(
            f"smtp://127.0.0.1:{port}", sender="a@b.example", to=("c@d.example", "e@d.example")
        )
        assert told(hook, tmp_path)[0] is None
    text = b"".join(got)
    assert text.count(b"rcpt TO:") + text.count(b"RCPT TO:") == 2
    assert b"Subject: Subject\r\n" in text
    assert b"\r\n\r\nSaid\r\n" in text


@pytest.mark.parametrize(("reply", "attempts"), [(b"550 no CANARY\r\n", 1), (b"451 CANARY\r\n", 2)])
def test_a_mail_server_that_refuses_is_asked_again_only_if_it_says_so(
    tmp_path: Path, reply: bytes, attempts: int
) -> None:
    """5xx is for good; what the server wrote is not repeated."""
    with listening(post_office({b"RCPT": reply, b"QUIT": b"221 bye\r\n"}, [])) as port:
        hook = Hook(
            f"smtp://127.0.0.1:{port}", sender="a@b.example", to=("c@d.example",), attempts=2
        )
        error, waits = told(hook, tmp_path)
    assert len(waits) == attempts - 1
    assert reply[:3].decode() in str(error)
    assert "CANARY" not in str(error)


@pytest.mark.parametrize(
    "hook",
    [
        Hook("ftp://host/"),
        Hook("https://"),
        Hook("https://host:port/"),
        Hook("https://me:CANARY@host/"),
        Hook("http://siem.example/CANARY"),
        Hook("https://host/\r\nX: CANARY"),
        Hook("smtp://host"),
        Hook("syslog+udp://host", credential_env="TOKEN"),
        Hook("https://host", credential_env="MISSING"),
        Hook("https://host", credential_env="TORN"),
        Hook("https://host", ca_file="none.pem"),
    ],
    ids=str,
)
def test_a_hook_that_cannot_work_is_refused_before_anything_is_done(
    tmp_path: Path, hook: Hook
) -> None:
    """With a code, and without the address: it may hold a secret."""
    place = Workspace(tmp_path, Settings(hooks={"siem": hook}))
    with pytest.raises(ConfigError, match=r"AW-CONFIG-00[89]") as raised:
        targets_of(place, {"TOKEN": SECRET, "TORN": f"{SECRET}\r\nX: y"})
    assert "CANARY" not in str(raised.value)


def test_a_secret_never_shows(tmp_path: Path) -> None:
    """Neither in what a target prints nor in an error."""
    place = Workspace(tmp_path, Settings(hooks={"siem": Hook("https://host", credential_env="T")}))
    assert SECRET not in repr(targets_of(place, {"T": SECRET}))


@pytest.fixture
def fabric(tmp_path: Path) -> Iterator[Fabric]:
    """Two nights, the second with a finding that grew and one that is new."""
    make_workspace(tmp_path)
    rows = [lookup(0, 1, "CANARY-T1", "CANARY-P1"), lookup(1, 1, "CANARY-T1", "CANARY-P1")]
    rows += [lookup(1, 2, "CANARY-T2", "CANARY-P2")]
    nights = [
        result(night_of(0), gathered(night_of(0), rows[:1], hits=[hit(rows[0], "colleague")])),
        result(
            night_of(1),
            gathered(night_of(1), rows[1:], hits=[hit(row, "colleague") for row in rows[1:]]),
        ),
    ]
    made = make_fabric(tmp_path, rows, nights)
    yield made
    made.store.close()


def run(fabric: Fabric, hooks: str, *arguments: str) -> Result:
    """Run a command in the fabric with some hooks in its settings."""
    (fabric.workspace.root / "auditwatch.toml").write_text(hooks)
    return CliRunner().invoke(cli, ["-w", str(fabric.workspace.root), *arguments])


def test_send_tells_counts_and_findings_masked(fabric: Fabric) -> None:
    """One hook gets the counts of the night, one its findings as sound events; nobody is named."""
    with web(200) as server:
        port = server.server_port
        hooks = "".join(
            f'[hooks.{name}]\nurl = "http://127.0.0.1:{port}/{name}"\nsend = "{name}"\n'
            for name in ("night", "ocsf")
        )
        assert run(fabric, hooks, "report", "send").exit_code == 0
    bodies = {path: body for path, _, body in server.got}
    assert json.loads(bodies["/night"])["tables"]["severities"]
    events = [json.loads(line) for line in bodies["/ocsf"].splitlines()]
    assert sorted(one["activity_name"] for one in events) == ["Create", "Update"]
    assert [fault for event in events for fault in faults(event)] == []
    assert b"CANARY" not in b"".join(bodies.values())


def test_a_hook_that_fails_does_not_keep_others_from_being_told(fabric: Fabric) -> None:
    """Exit code 6, one complaint, and the other hook has it."""
    with web(400) as broken, web(200) as sound:
        hooks = "".join(
            f'[hooks.{name}]\nurl = "http://127.0.0.1:{server.server_port}"\n'
            for name, server in (("broken", broken), ("sound", sound))
        )
        told = run(fabric, hooks, "report", "send")
    assert told.exit_code == 6
    assert "AW-HOOKS-001" in told.stderr
    assert "1 hook told" in told.stderr
    assert len(sound.got) == 1


def test_a_scan_checks_its_hooks_before_it_reads_and_needs_none(fabric: Fabric) -> None:
    """A secret that is not set ends it with 2 before anything is done."""
    hooks = '[hooks.a]\nurl = "https://host"\ncredential_env = "AUDITWATCH_NOT_SET"\n'
    scanned = run(fabric, hooks, "scan", str(fabric.workspace.root / "missing.csv"))
    assert isinstance(scanned.exception, AuditwatchError)
    assert scanned.exception.code == "AW-CONFIG-009"
