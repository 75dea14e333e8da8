"""Syslog as RFC 5424 has it, over UDP, TCP (RFC 6587, counted octets) or TLS (RFC 5425).

A log's server never says that it wrote something down. Over TCP and TLS its end of the connection
is waited for a moment; over UDP nobody knows.
"""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING, Final

from auditwatch.core.clock import now
from auditwatch.report.hooks.target import Refusal

if TYPE_CHECKING:
    from auditwatch.report.hooks.news import Line, News
    from auditwatch.report.hooks.target import Target

__all__ = ["send"]

LOG_AUDIT: Final = 13  # facility
DATAGRAM_MAX: Final = 60_000  # bytes; more does not fit into a packet
LINGER_SECONDS: Final = 1.0
NOT_IN_NAMES: Final = re.compile(r"[^!-~]")


def send(target: Target, news: News) -> None:
    """Send each line as a message.

    Raises
    ------
    OSError
        Nobody there, or too slow.
    Refusal
        A message that is too long for a packet.
    """
    messages = [_message(line) for line in news.lines]
    if target.scheme == "syslog+udp":
        _datagrams(target, messages)
    else:
        _stream(target, messages)


def _message(line: Line) -> bytes:
    """Return one message; its text is ASCII, so it needs no mark of its encoding."""
    priority = 8 * LOG_AUDIT + line.severity
    at = now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    host = NOT_IN_NAMES.sub("", socket.gethostname())[:255] or "-"
    return f"<{priority}>1 {at} {host} auditwatch - {line.kind} - {line.text}".encode("ascii")


def _datagrams(target: Target, messages: list[bytes]) -> None:
    """Send a packet a message."""
    if any(len(one) > DATAGRAM_MAX for one in messages):
        raise Refusal("a message is too long for UDP; use syslog+tls or syslog+tcp")
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as out:
        out.settimeout(target.hook.timeout_seconds)
        out.connect(address)
        for message in messages:
            out.send(message)


def _stream(target: Target, messages: list[bytes]) -> None:
    """Send all messages on one connection, each with its length before it."""
    place = (target.host, target.port)
    with socket.create_connection(place, target.hook.timeout_seconds) as plain:
        framed = b"".join(b"%d %s" % (len(one), one) for one in messages)
        if target.tls is None:
            plain.sendall(framed)
            plain.shutdown(socket.SHUT_WR)
            _linger(plain)
            return
        with target.tls.wrap_socket(plain, server_hostname=target.host) as out:
            out.sendall(framed)
            # closed by the book, or the system may throw away what was not read yet
            out.settimeout(LINGER_SECONDS)
            with suppress(TimeoutError, ssl.SSLError, BrokenPipeError):
                out.unwrap()


def _linger(plain: socket.socket) -> None:
    """Wait a moment for the other side to close: then it has read everything."""
    plain.settimeout(LINGER_SECONDS)
    with suppress(TimeoutError):
        plain.recv(1)
