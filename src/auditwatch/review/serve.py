"""Serving the desk: on this machine only, or by TLS."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import uvicorn

from auditwatch.core.errors import UsageError
from auditwatch.review.app import make_app
from auditwatch.review.visit import Site

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.review.desk import Desk
    from auditwatch.review.oidc import Issuer
    from auditwatch.review.press import Press

__all__ = ["Listening", "serve"]

REQUESTS_MOST: Final = 64  # at once; more are told to come back


class Listening:
    """Where the desk listens and how browsers reach it.

    Parameters
    ----------
    bind : str
        ``HOST:PORT``.
    origin : str
        Public address, such as ``https://desk.example.org``; where a proxy stands in front, its
        address. Empty: the address of `bind`.
    cert, key : Path or None
        Certificate and key of TLS.

    Raises
    ------
    UsageError
        ``AW-REVIEW-023`` another machine could reach the desk without TLS; ``-024`` not an address.
    """

    def __init__(
        self, bind: str, origin: str = "", cert: Path | None = None, key: Path | None = None
    ) -> None:
        self.host, self.port = _split(bind)
        self.cert, self.key = cert, key
        self.origin = origin.rstrip("/") or f"{'https' if cert else 'http'}://{bind}"
        named = urlsplit(self.origin)
        if named.scheme not in {"http", "https"} or not named.netloc or named.path or named.query:
            raise UsageError(
                "not the address of a site",
                code="AW-REVIEW-024",
                where=self.origin[:80],
                expected="scheme, host and port only, such as https://desk.example.org",
            )
        near = _loopback(self.host) and _loopback(named.hostname or "")
        if named.scheme != "https" and not near:
            raise UsageError(
                "other machines could reach the desk without TLS",
                code="AW-REVIEW-023",
                where=bind,
                expected="--tls-cert and --tls-key, or --origin https://… of the proxy in front",
                hint="or bind to 127.0.0.1 and come through an SSH tunnel",
            )


def serve(desk: Desk, listening: Listening, press: Press, banner: str = "") -> None:
    """Serve the desk until interrupted."""
    way = desk.workspace.settings.sign_in
    issuer = _issuer(desk, listening.origin) if way.way == "oidc" else None
    uvicorn.run(
        make_app(desk, Site(listening.origin, press, banner, way, issuer)),
        host=listening.host,
        port=listening.port,
        ssl_certfile=listening.cert,
        ssl_keyfile=listening.key,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        limit_concurrency=REQUESTS_MOST,
        timeout_keep_alive=15,
    )


def _issuer(desk: Desk, origin: str) -> Issuer:
    """Return who vouches for people; only who needs it has the packages for it."""
    try:
        from auditwatch.review.oidc import Issuer, read_secret  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise UsageError(
            "sign-in by OpenID Connect needs packages that are not installed",
            code="AW-REVIEW-029",
            where=str(error.name),
            hint="install the extra: pip install 'auditwatch[oidc]'",
        ) from error
    way = desk.workspace.settings.sign_in
    return Issuer(way, read_secret(desk.workspace.root / way.secret_file), origin)


def _split(bind: str) -> tuple[str, int]:
    """Return host and port."""
    host, _, port = bind.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise UsageError(
            "not a place to listen at",
            code="AW-REVIEW-024",
            where=bind[:80],
            expected="HOST:PORT, such as 127.0.0.1:8470",
        )
    return host.strip("[]"), int(port)


def _loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
