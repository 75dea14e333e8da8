"""One request as pages see it: who asks, for what, with which answers; and what they give back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import HTMLResponse, RedirectResponse, Response

from auditwatch.config import SignIn
from auditwatch.core.clock import zone
from auditwatch.core.errors import AuditwatchError, LockedError, RefusedError, UsageError
from auditwatch.core.words import local_time
from auditwatch.review.paper import page
from auditwatch.review.sessions import ABSOLUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from zoneinfo import ZoneInfo

    from auditwatch.review.accounts import Account
    from auditwatch.review.desk import Desk
    from auditwatch.review.oidc import Issuer
    from auditwatch.review.press import Press
    from auditwatch.review.sessions import Session

__all__ = ["BACK", "Page", "Site", "Visit", "keep_session", "status_of"]

BACK: Final = "/sign-in/back"  # where people come back to from the agency's own sign-in
FIELD_MOST: Final = 20_000  # characters in one answer of a form
#: Codes to what HTTP calls them; what is withheld looks like what does not exist.
STATUS: Final = {
    "AW-INVEST-005": 409,
    "AW-FINDINGS-002": 404,
    "AW-REVIEW-012": 404,
    "AW-REVIEW-014": 409,
    "AW-REVIEW-015": 409,
    "AW-REVIEW-021": 404,
    "AW-REVIEW-022": 413,
    "AW-STORE-001": 503,
    "AW-STORE-004": 503,
    "AW-STORE-008": 503,
}


def status_of(error: AuditwatchError) -> int:
    """Return what HTTP calls an error."""
    kinds = {UsageError: 400, RefusedError: 403, LockedError: 503}
    return STATUS.get(error.code) or kinds.get(type(error), 500)


class Site(msgspec.Struct, frozen=True):
    """How the desk is reached.

    Parameters
    ----------
    origin : str
        Scheme, host and port as browsers have them, such as ``https://desk.example.org``.
    press : Press
        Who makes the papers and packages that leave it.
    banner : str
        What every page says on top; empty for nothing.
    sign_in : SignIn
        How people come in.
    issuer : Issuer or None
        Who vouches for them, where they come in so.
    """

    origin: str
    press: Press
    banner: str = ""
    sign_in: SignIn = SignIn()
    issuer: Issuer | None = None

    @property
    def second_factor(self) -> bool:
        """Whether who has no second factor gets no further than to the page that takes one."""
        return self.sign_in.way == "local" and self.sign_in.second_factor == "required"

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS."""
        return self.origin.startswith("https://")

    @property
    def cookie(self) -> str:
        """Name of the session's cookie; browsers bind the prefix to this host and to TLS."""
        return "__Host-auditwatch" if self.secure else "auditwatch"


class Visit(msgspec.Struct, frozen=True):
    """One request.

    Parameters
    ----------
    desk : Desk
        The findings.
    site : Site
        How the desk is reached.
    session : Session or None
        Who asks; None before signing in.
    path, query, form : mapping
        Parts of the path, of the query, and answers of a form.
    cookies : mapping
        What the browser brings along.
    """

    desk: Desk
    site: Site
    session: Session | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, tuple[str, ...]]
    cookies: Mapping[str, str] = {}

    @property
    def account(self) -> Account:
        """The account of who asks; pages without one do not ask."""
        if self.session is None:
            raise UsageError("sign in first", code="AW-REVIEW-018", hint="open /sign-in")
        return self.session.account

    @property
    def enrolled(self) -> bool:
        """Whether who asks has a second factor."""
        return self.session is not None and self.session.enrolled

    @property
    def zone(self) -> ZoneInfo:
        """The agency's clock."""
        return zone(self.desk.workspace.settings.agency.timezone)

    @property
    def today(self) -> date:
        """The agency's day."""
        return self.desk.now().astimezone(self.zone).date()

    def when(self, at: str, *, seconds: bool = False) -> str:
        """Return an instant of the tables on the agency's clock."""
        return local_time(datetime.fromisoformat(at), self.zone, seconds=seconds)

    def answer(self, name: str) -> str:
        """Return one answer of a form; empty when it was not given."""
        given = self.form.get(name, ("",))[0]
        if len(given) > FIELD_MOST:
            raise UsageError(
                "this answer is too long",
                code="AW-REVIEW-019",
                where=name,
                expected=f"at most {FIELD_MOST:,} characters",
            )
        return given

    def number(self, name: str) -> int:
        """Return an answer that is a whole number from 0.

        Raises
        ------
        UsageError
            ``AW-REVIEW-019`` when it is not.
        """
        given = self.answer(name) or self.query.get(name, "")
        if not (given.isascii() and given.isdigit() and len(given) < 9):
            raise UsageError("not a whole number", code="AW-REVIEW-019", where=name)
        return int(given)

    def show(self, template: str, status: int = 200, **values: object) -> Response:
        """Return a page made from a template."""
        signed = self.session.account if self.session is not None else None
        token = self.session.form_token if self.session is not None else ""
        values = {"me": signed, "form_token": token, "banner": self.site.banner, **values}
        text = page(template, when=self.when, **values)
        return HTMLResponse(text, status)

    @staticmethod
    def go(path: str) -> Response:
        """Send the browser to another page of the desk."""
        return RedirectResponse(path, 303)


def keep_session(answer: Response, site: Site, session: Session) -> None:
    """Let the browser keep a session: for this host, out of reach of scripts and other sites."""
    answer.set_cookie(
        site.cookie,
        session.token,
        max_age=int(ABSOLUTE.total_seconds()),
        httponly=True,
        secure=site.secure,
        samesite="strict",
    )


class Page(msgspec.Struct, frozen=True):
    """One address of the desk.

    Parameters
    ----------
    method, path : str
        Of HTTP; the path as Starlette writes it.
    permission : str
        What who asks must have: one of `roles.PERMISSIONS`.
    answer : callable
        From a `Visit` to a response.
    """

    method: str
    path: str
    permission: str
    answer: Callable[[Visit], Response]
