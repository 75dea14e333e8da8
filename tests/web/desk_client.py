"""One person at the desk, by HTTP in this process."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from httpx import ASGITransport, AsyncClient

from auditwatch.cli.press import PRESS
from auditwatch.review.app import make_app
from auditwatch.review.pages import PAGES
from auditwatch.review.sessions import open_session
from auditwatch.review.visit import Site

if TYPE_CHECKING:
    from httpx import Response
    from starlette.types import ASGIApp

    from tests.desk_fabric import DeskFabric

#: Addresses that only send elsewhere, or that another site sends to.
BY_ITSELF = ("/", "/sign-in/start", "/sign-in/back")
ORIGIN = "https://desk.example.org"
FROM_US = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Browser:
    """One person at the desk; nobody when the name is empty."""

    def __init__(self, made: DeskFabric, name: str, site: Site | None = None) -> None:
        self.site = site or Site(ORIGIN, PRESS)
        self.client = client_of(make_app(made.desk, self.site))
        self.token = ""
        if name:
            session = open_session(made.desk.database, made.account(name), made.desk.now())
            self.client.cookies.set(self.site.cookie, session.token, domain="desk.example.org")
            self.token = session.form_token

    def get(self, path: str, headers: dict[str, str] | None = None) -> Response:
        """Open a page."""
        return asyncio.run(self.client.get(path, headers=headers))

    def post(self, path: str, headers: dict[str, str] | None = None, **answers: object) -> Response:
        """Send a form of this session."""
        form = urlencode({"form_token": self.token, **answers}, doseq=True).encode()
        return self.send(path, form, FROM_US if headers is None else headers)

    def send(self, path: str, body: bytes, headers: dict[str, str]) -> Response:
        """Send anything."""
        sent = {"content-type": "application/x-www-form-urlencoded", **headers}
        return asyncio.run(self.client.post(path, content=body, headers=sent))


def client_of(app: ASGIApp) -> AsyncClient:
    """Return a client of an application in this process."""
    return AsyncClient(transport=ASGITransport(app), base_url=ORIGIN)


def paths_of(made: DeskFabric, operator: str, subject: str) -> dict[str, str]:
    """Return every page that can be opened, template of its address to an address.

    Parameters
    ----------
    made : DeskFabric
        A desk that knows a finding about both.
    operator, subject : str
        Whose pages are meant.
    """
    masker = made.desk.workspace.masker()
    fills = {
        "{finding_id}": made.finding_of(operator),
        "{rule_id}": "colleague",
        "{account}": "lena",
        "{number:path}": "IA-2026-014",
    }
    tokens = {
        "/operators/": masker.name("operator", operator),
        "/subjects/": masker.name("subject", subject),
    }
    paths = {}
    for page in PAGES:
        if page.method == "GET" and page.path not in BY_ITSELF:
            path = page.path
            for start, token in tokens.items():
                path = path.replace(start + "{token}", start + token)
            for name, value in fills.items():
                path = path.replace(name, value)
            assert "{" not in path, f"{page.path}: say what to open"
            paths[page.path] = path
    return paths
