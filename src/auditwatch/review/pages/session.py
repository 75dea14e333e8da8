"""Signing in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import RefusedError
from auditwatch.review.accounts import ABSOLUTE, open_session, sign_in, sign_out
from auditwatch.review.visit import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["PAGES"]


def home(visit: Visit) -> Response:
    """Send everybody to where their work is."""
    return visit.go("/queue" if visit.account.may("findings") else "/overview")


def ask(visit: Visit) -> Response:
    """Show the form to sign in with."""
    if visit.session is not None:
        return visit.go("/")
    return visit.show("sign_in", wrong="")


def enter(visit: Visit) -> Response:
    """Sign in, with a new session each time."""
    now = visit.desk.now()
    try:
        given = [visit.answer(name) for name in ("name", "password")]
        account = sign_in(visit.desk.database, given[0], given[1], now, visit.answer("code"))
    except RefusedError as error:
        return visit.show("sign_in", 403, wrong=error.what)
    session = open_session(visit.desk.database, account, now)
    answer = visit.go("/")
    answer.set_cookie(
        visit.site.cookie,
        session.token,
        max_age=int(ABSOLUTE.total_seconds()),
        httponly=True,
        secure=visit.site.secure,
        samesite="strict",
    )
    return answer


def leave(visit: Visit) -> Response:
    """End the session here, not only in the browser."""
    if visit.session is not None:
        sign_out(visit.desk.database, visit.session, visit.desk.now())
    answer = visit.go("/sign-in")
    answer.delete_cookie(visit.site.cookie, secure=visit.site.secure, httponly=True)
    return answer


PAGES: Final = (
    Page("GET", "/", "self", home),
    Page("GET", "/sign-in", "public", ask),
    Page("POST", "/sign-in", "public", enter),
    Page("POST", "/sign-out", "self", leave),
)
