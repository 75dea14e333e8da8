"""Where hooks lead: settings checked, and secrets fetched, before anything is read or scanned."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from auditwatch.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditwatch.config import Hook, Workspace

__all__ = ["Refusal", "Target", "targets_of"]

#: Scheme to the port that is meant when none is given.
PORTS: Final = {
    "https": 443,
    "http": 80,
    "syslog+udp": 514,
    "syslog+tcp": 601,
    "syslog+tls": 6514,
    "smtp": 25,
    "smtps": 465,
}
ENCRYPTED: Final = ("https", "syslog+tls", "smtps")
MAIL: Final = ("smtp", "smtps")


class Refusal(Exception):  # noqa: N818 - the other side refuses; telling makes an error of it
    """The other side will not take it, however often it is asked."""


@dataclass(frozen=True)
class Target:
    """One hook, ready to be told.

    Parameters
    ----------
    name, scheme, host, path : str
        Of the settings, and the parts of the address; `path` with its query.
    port : int
        As given, or that of the scheme.
    hook : Hook
        The settings.
    secret : str
        Token or password; empty for none. Never shown.
    tls : SSLContext, optional
        For schemes that are encrypted from the start, and for mail that offers it.
    """

    name: str
    scheme: str
    host: str
    port: int
    path: str
    hook: Hook
    secret: str = field(repr=False)
    tls: ssl.SSLContext | None = field(repr=False)

    @property
    def near(self) -> bool:
        """Whether it never leaves this machine."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name or number alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def targets_of(workspace: Workspace, environment: Mapping[str, str]) -> list[Target]:
    """Return every hook of the settings, ready.

    Parameters
    ----------
    workspace : Workspace
        Whose settings.
    environment : mapping
        Where secrets are.

    Raises
    ------
    ConfigError
        ``AW-CONFIG-008`` an address that cannot be used, ``-009`` a secret or a certificate that is
        not there.
    """
    return [
        _target(name, hook, workspace, environment)
        for name, hook in workspace.settings.hooks.items()
    ]


def _target(name: str, hook: Hook, workspace: Workspace, environment: Mapping[str, str]) -> Target:
    """Return one hook, ready."""
    place = f"hooks.{name}"
    try:
        parts = urlsplit(hook.url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is no number, a bracket too many
        parts, host, port = urlsplit(""), "", None
    scheme = parts.scheme
    if scheme not in PORTS or not host or not hook.url.isascii() or not hook.url.isprintable():
        raise _unusable("no address that a hook can have", place, f"{', '.join(PORTS)}://HOST")
    if parts.username or parts.password or parts.fragment or " " in hook.url:
        raise _unusable(
            "secrets have no place in an address", place, "credential_env = the variable"
        )
    if scheme == "http" and not is_loopback(host):
        raise _unusable("not encrypted, and not on this machine", place, "https://")
    if scheme in MAIL and not (hook.sender and hook.to and hook.send == "night"):
        raise _unusable("mail lacks something", place, 'sender, to, and send = "night"')
    if hook.credential_env and scheme.startswith("syslog"):
        raise _unusable("syslog has no secrets", place, "no credential_env")
    secret = environment.get(hook.credential_env, "") if hook.credential_env else ""
    if hook.credential_env and not (secret and secret.isascii() and secret.isprintable()):
        raise ConfigError(
            f"the environment has no usable {hook.credential_env[:60]}",
            code="AW-CONFIG-009",
            where=place,
            expected="one line of ASCII",
            hint="set it for the account that scans; never write it into the settings",
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    encrypted = scheme in (*ENCRYPTED, *MAIL)
    tls = _trust(hook, workspace, place) if encrypted else None
    return Target(name, scheme, host, port or PORTS[scheme], path, hook, secret, tls)


def _trust(hook: Hook, workspace: Workspace, place: str) -> ssl.SSLContext:
    """Return whom to believe: the system's certificates, or those of a file."""
    file = workspace.root / hook.ca_file if hook.ca_file else None
    try:
        return ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            "cannot read the certificates to trust",
            code="AW-CONFIG-009",
            where=f"{place}.ca_file",
            expected="a PEM file, relative to the workspace",
        ) from error


def _unusable(what: str, place: str, expected: str) -> ConfigError:
    """Return the error of an address that cannot be used; it may hold a secret, so is not shown."""
    return ConfigError(
        what,
        code="AW-CONFIG-008",
        where=place,
        expected=expected,
        hint="docs/how-to/tell-others.md has an example of each kind",
    )
