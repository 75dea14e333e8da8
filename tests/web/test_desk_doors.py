"""Ways in: a required device, a proxy that is believed, an issuer that vouches, and who lies."""

from __future__ import annotations

import asyncio
import html
import re
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import segno
import uvicorn
from httpx import ASGITransport, AsyncClient
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from auditwatch.cli.press import PRESS
from auditwatch.config import SignIn
from auditwatch.core.errors import ConfigError, RefusedError
from auditwatch.review.app import make_app
from auditwatch.review.factors import code_of
from auditwatch.review.oidc import Issuer
from auditwatch.review.visit import Site
from tests.desk_fabric import PEOPLE, DeskFabric, enrol, make_desk
from tests.web.desk_client import ORIGIN, Browser, free_port

SQUARES = re.compile(r' d="([^"]+)"')

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from httpx import Response
    from starlette.requests import Request

PROXY = "10.0.0.9"
BEHIND = SignIn(way="proxy", proxy_addresses=(PROXY,))
PORT = free_port()
ISSUER = f"http://127.0.0.1:{PORT}"
CLIENT, SECRET, ANY = "desk", "a secret of nobody", "whatever it is"


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]
) -> Iterator[DeskFabric]:
    """A desk with accounts."""
    built = make_desk(tmp_path_factory.mktemp("desk") / "w", database=new_database())
    for one in PEOPLE:
        enrol(built.desk, one)
    yield built
    built.desk.database.close()
    built.fabric.store.close()


def test_a_new_key_can_be_read_by_a_camera(made: DeskFabric) -> None:
    """The picture is of the address beside it, another one at each visit."""
    browser = Browser(made, "vera")
    seen = set()
    for page in (browser.get("/account").text, browser.get("/account").text):
        picture = re.search(r"<svg.*?</svg>", page, re.DOTALL)
        address = re.search(r'href="(otpauth:[^"]*)"', page)
        assert picture
        assert address
        drawn = segno.make_qr(html.unescape(address[1])).svg_inline(light="#fff")
        assert SQUARES.findall(picture[0]) == SQUARES.findall(drawn)
        seen.add(picture[0])
    assert len(seen) == 2


def test_where_a_device_is_required_nothing_opens_before_there_is_one(made: DeskFabric) -> None:
    """Only the own account opens; after enrolling, everything that the role may."""
    site = Site(ORIGIN, PRESS, sign_in=SignIn(second_factor="required"))
    browser = Browser(made, "rolf", site)
    for path in ("/queue", "/overview", f"/findings/{made.finding_of('T3')}"):
        assert browser.get(path).headers["location"] == "/account"
    page = browser.get("/account").text
    found = re.search(r'name="key" value="([A-Z2-7]{32})"', page)
    assert found
    key, number = found[1], int(made.desk.now().timestamp()) // 30
    assert browser.post("/account/factor", key=key, code="000000").status_code == 400
    assert browser.post("/account/factor", key="not a key", code="000000").status_code == 400
    taken = browser.post("/account/factor", key=key, code=code_of(key, number))
    assert len(re.findall(r"<code>[0-9a-f]{16}</code>", taken.text)) == 10
    assert browser.get("/queue").status_code == 200
    assert key not in browser.get("/account").text
    again = browser.post("/account/factor", key=key, code=code_of(key, number + 1))
    assert again.status_code == 400


def by_proxy(made: DeskFabric, peer: str, *names: str, path: str = "/queue") -> Response:
    """Ask as a peer, with headers that name accounts."""
    app = make_app(made.desk, Site(ORIGIN, PRESS, sign_in=BEHIND))
    client = AsyncClient(transport=ASGITransport(app, client=(peer, 1)), base_url=ORIGIN)
    headers = [("x-remote-user", name) for name in names]
    return asyncio.run(client.get(path, headers=headers))


def test_a_proxy_is_believed_from_its_own_address(made: DeskFabric) -> None:
    """Whom it names has a session of its own, with a form token, on record."""
    answer = by_proxy(made, PROXY, " Rita ")
    assert answer.status_code == 200
    assert "Rita, reviewer" in answer.text
    assert "HttpOnly" in answer.headers["set-cookie"]
    last = made.fabric.store.journal()[-2]
    assert (last.actor, last.action, last.detail) == ("rita", "sign in", "by the proxy")


@pytest.mark.parametrize(
    ("peer", "names"),
    [
        ("10.0.0.8", ("rita",)),
        ("127.0.0.1", ("rita",)),
        (PROXY, ()),
        (PROXY, ("",)),
        (PROXY, ("rita", "lena")),
        (PROXY, ("nobody",)),
        (PROXY, ("rita,lena",)),
    ],
)
def test_nobody_else_is_believed(made: DeskFabric, peer: str, names: tuple[str, ...]) -> None:
    """Another machine, no name, two names, no such account: refused, and no session."""
    answer = by_proxy(made, peer, *names)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_behind_a_proxy_no_password_opens_and_no_cookie_of_another(made: DeskFabric) -> None:
    """The proxy's word counts, whatever the browser kept from before."""
    site = Site(ORIGIN, PRESS, sign_in=BEHIND)
    browser = Browser(made, "lena", site)
    browser.client._transport = ASGITransport(make_app(made.desk, site), client=(PROXY, 1))
    shown = browser.get("/queue", {"x-remote-user": "rita"})
    assert "Rita, reviewer" in shown.text
    headers = {"x-remote-user": "rita", "origin": ORIGIN}
    entered = browser.post("/sign-in", headers, name="lena", password=ANY)
    assert entered.status_code == 403


class FakeIssuer:
    """An issuer on this machine that says what a test tells it to."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self.signs: Any = self.key
        self.header = {"alg": "ES256", "kid": "one"}
        self.changes: dict[str, Any] = {}
        self.asked: dict[str, str] = {}
        self.given: dict[str, str] = {}

    def app(self) -> Starlette:
        """Return the issuer as an application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.about),
                Route("/keys", self.keys),
                Route("/token", self.token, methods=["POST"]),
            ]
        )

    async def about(self, _request: Request) -> JSONResponse:
        """Say where everything is."""
        return JSONResponse(
            {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys",
                "response_types_supported": ["code"],
            }
        )

    async def keys(self, _request: Request) -> JSONResponse:
        """Give the public key."""
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def token(self, request: Request) -> JSONResponse:
        """Give a word for a code, as a test wants it."""
        self.given = dict(parse_qsl((await request.body()).decode()))
        now = self.changes["now"]
        claims = {
            "iss": ISSUER, "aud": CLIENT, "sub": "4711", "iat": now, "exp": now + 300,
            "nonce": self.asked["nonce"], "preferred_username": "ian",
        }  # fmt: skip
        claims |= {k: v for k, v in self.changes.items() if k != "now"}
        claims = {name: value for name, value in claims.items() if value is not None}
        return JSONResponse({"id_token": jwt.encode(self.header, claims, self.signs)})


@pytest.fixture(scope="module")
def serving() -> Iterator[FakeIssuer]:
    """An issuer that answers while these tests run."""
    issuer = FakeIssuer()
    server = uvicorn.Server(uvicorn.Config(issuer.app(), port=PORT, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield issuer
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def fake(serving: FakeIssuer) -> FakeIssuer:
    """The issuer as it is when nobody tampers with it."""
    serving.changes, serving.asked, serving.given = {}, {}, {}
    serving.signs, serving.header = serving.key, {"alg": "ES256", "kid": "one"}
    return serving


def way(**more: str) -> SignIn:
    """Return the settings for the issuer."""
    return SignIn(way="oidc", issuer=ISSUER, client_id=CLIENT, **more)


def word_of(fake: FakeIssuer, at: datetime, settings: SignIn | None = None) -> str:
    """Go the whole way once; return the name that comes of it."""
    issuer = Issuer(settings or way(), SECRET, ORIGIN)
    address, ticket = issuer.begin(at)
    fake.asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    fake.changes.setdefault("now", int(at.timestamp()))
    return issuer.finish(ticket, fake.asked["state"], "a code", at)


def test_whom_the_issuer_vouches_for_comes_in(made: DeskFabric, fake: FakeIssuer) -> None:
    """Out to the issuer with state, nonce and PKCE; back with a session, on record."""
    settings = way()
    site = Site(ORIGIN, PRESS, sign_in=settings, issuer=Issuer(settings, SECRET, ORIGIN))
    browser = Browser(made, "", site)
    left = browser.get("/sign-in/start")
    fake.asked = dict(parse_qsl(urlsplit(left.headers["location"]).query))
    fake.changes["now"] = int(made.desk.now().timestamp())
    assert fake.asked["code_challenge_method"] == "S256"
    assert "SameSite=lax" in left.headers["set-cookie"]
    back = f"/sign-in/back?code=c&state={fake.asked['state']}"
    assert Browser(made, "", site).get(back).status_code == 403  # another browser's
    left = browser.get("/sign-in/start")
    fake.asked = dict(parse_qsl(urlsplit(left.headers["location"]).query))
    back = f"/sign-in/back?code=c&state={fake.asked['state']}"
    assert browser.get(back).status_code == 200
    assert fake.given["code_verifier"] not in left.headers["location"]
    assert "Ian, internal affairs" in browser.get("/queue").text
    assert browser.get(back).status_code == 403  # each ticket is good once
    form = {"name": "ian", "password": ANY}
    assert browser.post("/sign-in", **form).status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "another site"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"preferred_username": None},
        {"preferred_username": ["ian"]},
        {"preferred_username": ""},
    ],
)
def test_a_word_that_was_not_meant_for_this_does_not_count(
    made: DeskFabric, fake: FakeIssuer, changes: dict[str, Any]
) -> None:
    """Each claim is asked for: issuer, audience, nonce, time, name."""
    fake.changes = changes
    with pytest.raises(RefusedError, match="AW-REVIEW-027"):
        word_of(fake, made.desk.now())


def test_a_word_that_another_signed_does_not_count(made: DeskFabric, fake: FakeIssuer) -> None:
    """Neither another key of the same name, nor the shared secret as a key, nor none at all."""
    at = made.desk.now()
    assert word_of(fake, at) == "ian"
    fake.signs = ECKey.generate_key("P-256", {"kid": "one"})
    with pytest.raises(RefusedError, match="not signed"):
        word_of(fake, at)
    fake.signs, fake.header = OctKey.import_key(SECRET * 4), {"alg": "HS256", "kid": "one"}
    with pytest.raises(RefusedError, match="not signed"):
        word_of(fake, at)


def test_a_mail_address_counts_only_when_it_was_proven(made: DeskFabric, fake: FakeIssuer) -> None:
    """Anybody can write anybody's address into a profile."""
    settings, at = way(claim="email"), made.desk.now()
    fake.changes = {"email": "ian"}
    with pytest.raises(RefusedError, match="AW-REVIEW-027"):
        word_of(fake, at, settings)
    fake.changes = {"email": "ian", "email_verified": True}
    assert word_of(fake, at, settings) == "ian"


def test_an_issuer_without_tls_is_never_asked() -> None:
    """Whoever sits on the way could vouch for anybody."""
    settings = SignIn(way="oidc", issuer="http://id.example.org", client_id=CLIENT)
    with pytest.raises(ConfigError, match="AW-REVIEW-028"):
        Issuer(settings, SECRET, ORIGIN)


def test_an_issuer_that_does_not_answer_lets_nobody_in(made: DeskFabric) -> None:
    """The desk says so and stays open for who is in already."""
    settings = SignIn(way="oidc", issuer="http://127.0.0.1:9", client_id=CLIENT)
    site = Site(ORIGIN, PRESS, sign_in=settings, issuer=Issuer(settings, SECRET, ORIGIN))
    answer = Browser(made, "", site).get("/sign-in/start")
    assert (answer.status_code, "AW-REVIEW-027" in answer.text) == (403, True)
    assert Browser(made, "ian", site).get("/queue").status_code == 200
