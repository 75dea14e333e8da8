"""Signing in by OpenID Connect: the code flow with PKCE, against the one issuer of the settings.

This is the only module that asks another machine for anything, and only where `sign_in.way` is
``oidc``. What it takes from there is a name; roles and links to logins stay with the accounts.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from auditwatch.core.errors import ConfigError, RefusedError
from auditwatch.review.visit import BACK

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.config import SignIn

__all__ = ["Issuer", "read_secret"]

WAIT: Final = 10.0  # seconds for an answer of the issuer
BYTES_MOST: Final = 1 << 20  # of one answer
MINUTES: Final = timedelta(minutes=10)  # from leaving for the issuer to coming back
AWAY_MOST: Final = 1000  # people on their way at once
LEEWAY: Final = 60  # seconds that clocks may differ
#: Signatures by key pairs only: with a shared secret anybody who has it could vouch for anybody.
ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
)
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")

Told = TypeVar("Told")


class _Metadata(msgspec.Struct, frozen=True):
    """What an issuer says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Token(msgspec.Struct, frozen=True):
    """What an issuer gives for a code; only its word on who it is counts."""

    id_token: str


@dataclass(frozen=True)
class _Away:
    """Somebody who left for the issuer: what the answer must carry."""

    nonce: str
    verifier: str
    at: datetime


class Issuer:
    """The issuer of the settings, as one desk uses it.

    Parameters
    ----------
    way : SignIn
        Address, client and claim.
    secret : str
        What the issuer gave this desk.
    origin : str
        The desk's own address.

    Raises
    ------
    ConfigError
        ``AW-REVIEW-028`` an address without TLS that is not on this machine.
    """

    def __init__(self, way: SignIn, secret: str, origin: str) -> None:
        _refuse_plain(way.issuer)
        self._way, self._secret, self._origin = way, secret, origin
        self._away: dict[str, _Away] = {}
        self._metadata: _Metadata | None = None
        self._keys: KeySet | None = None
        self._lock = threading.Lock()

    def begin(self, at: datetime) -> tuple[str, str]:
        """Return the address to send somebody to, and a ticket for the browser to bring back.

        Raises
        ------
        RefusedError
            ``AW-REVIEW-027`` the issuer does not answer, or is another one.
        """
        metadata = self._about()
        ticket, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        state = _digest(ticket)
        with self._lock:
            kept = {name: one for name, one in self._away.items() if at - one.at < MINUTES}
            self._away = dict(list(kept.items())[-AWAY_MOST:])
            self._away[state] = _Away(nonce, verifier, at)
        asked = {
            "response_type": "code",
            "client_id": self._way.client_id,
            "redirect_uri": self._origin + BACK,
            "scope": "openid profile email",
            "state": state,
            "nonce": nonce,
            "code_challenge": _digest(verifier),
            "code_challenge_method": "S256",
        }
        return f"{metadata.authorization_endpoint}?{urlencode(asked)}", ticket

    def finish(self, ticket: str, state: str, code: str, at: datetime) -> str:
        """Return the name of whom the issuer vouches for; each ticket is good once.

        Raises
        ------
        RefusedError
            ``AW-REVIEW-027`` not of this browser, too late, or no word that holds.
        """
        with self._lock:
            away = self._away.pop(state, None)
        if away is None or not ticket or _digest(ticket) != state or at - away.at > MINUTES:
            raise _refused("this answer does not belong to a sign-in of this browser")
        given = self._ask(
            "POST",
            self._about().token_endpoint,
            _Token,
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._origin + BACK,
                "code_verifier": away.verifier,
            },
            auth=(self._way.client_id, self._secret),
        )
        return self._name(given.id_token, away.nonce, at)

    def _name(self, word: str, nonce: str, at: datetime) -> str:
        """Return the account's name in the issuer's word, after checking all of it."""
        claims = self._claims(word)
        demands = jwt.JWTClaimsRegistry(
            now=int(at.timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self._way.issuer},
            aud={"essential": True, "value": self._way.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            demands.validate(claims)
        except JoseError as error:
            raise _refused("its word does not hold for this sign-in") from error
        audience = claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if (several or "azp" in claims) and claims.get("azp") != self._way.client_id:
            raise _refused("its word was given to another site")
        name = claims.get(self._way.claim)
        unproven = self._way.claim == "email" and claims.get("email_verified") is not True
        if not isinstance(name, str) or not name.strip() or unproven:
            raise _refused(f"its word has no {self._way.claim}")
        return name

    def _claims(self, word: str) -> dict[str, Any]:
        """Return what a word says, if a key of the issuer signed it; keys are asked anew once."""
        for fresh in (False, True):
            if self._keys is None or fresh:
                told = self._ask("GET", self._about().jwks_uri, dict[str, Any])
                try:
                    self._keys = KeySet.import_key_set(told)  # type: ignore[arg-type]
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise _refused("its keys cannot be read") from error
            try:
                return jwt.decode(word, self._keys, algorithms=list(ALGORITHMS)).claims
            except (JoseError, ValueError) as error:
                if fresh:
                    raise _refused("its word is not signed by it") from error
        raise AssertionError  # pragma: no cover - the second time returns or raises

    def _about(self) -> _Metadata:
        """Return what the issuer says of itself, asked for once."""
        if self._metadata is None:
            place = self._way.issuer.rstrip("/") + "/.well-known/openid-configuration"
            told = self._ask("GET", place, _Metadata)
            if told.issuer != self._way.issuer:
                raise _refused("it calls itself otherwise than the settings do")
            for address in (told.authorization_endpoint, told.token_endpoint, told.jwks_uri):
                _refuse_plain(address)
            self._metadata = told
        return self._metadata

    @staticmethod
    def _ask(method: str, address: str, kind: type[Told], **more: Any) -> Told:
        """Return what the issuer answers, as what it should be."""
        try:
            with httpx.Client(timeout=WAIT) as client:
                answer = client.request(method, address, **more)
            if answer.status_code == 200 and len(answer.content) <= BYTES_MOST:
                return msgspec.json.decode(answer.content, type=kind)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise _refused("it does not answer as an issuer does") from error
        raise _refused("it refuses")


def read_secret(path: Path) -> str:
    """Return the secret in a file.

    Raises
    ------
    ConfigError
        ``AW-REVIEW-028`` not readable, or empty.
    """
    try:
        secret = path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise _unusable("the secret for the issuer cannot be read", str(path)) from error
    if not secret:
        raise _unusable("the file with the secret for the issuer is empty", str(path))
    return secret


def _digest(text: str) -> str:
    """Return the SHA-256 of a text in base 64 for addresses, as PKCE wants it (RFC 7636)."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _refuse_plain(address: str) -> None:
    """Refuse an address that others on the way could answer for."""
    parts = urlsplit(address)
    near = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not near and (parts.scheme != "https" or not parts.hostname):
        raise _unusable("an address of the issuer is without TLS", address[:120])


def _unusable(what: str, where: str) -> ConfigError:
    """Return the error for settings that nobody could sign in with."""
    return ConfigError(
        what,
        code="AW-REVIEW-028",
        where=where,
        expected="https://… in sign_in.issuer, and a file with its secret in sign_in.secret_file",
    )


def _refused(why: str) -> RefusedError:
    """Return the error for somebody for whom the issuer's word does not hold."""
    return RefusedError(
        f"the agency's sign-in did not vouch for you: {why}",
        code="AW-REVIEW-027",
        hint="sign in again; if it stays so, tell whoever runs this desk",
    )
