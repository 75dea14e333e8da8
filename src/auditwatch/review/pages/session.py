"""Signing in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse

from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.review.sessions import enter_as, open_session, sign_in, sign_out
from auditwatch.review.visit import BACK, Page, Visit, keep_session

if TYPE_CHECKING:
    from starlette.responses import Response

    from auditwatch.review.oidc import Issuer

__all__ = ["PAGES"]


def home(visit: Visit) -> Response:
    """Send everybody to where their work is."""
    return visit.go("/queue" if visit.account.may("findings") else "/overview")


def ask(visit: Visit) -> Response:
    """Show the form to sign in with."""
    if visit.session is not None:
        return visit.go("/")
    return visit.show("sign_in", wrong="", way=visit.site.sign_in.way)


def enter(visit: Visit) -> Response:
    """Sign in, with a new session each time."""
    if visit.site.sign_in.way != "local":
        raise RefusedError(
            "passwords are not asked for here",
            code="AW-REVIEW-026",
            expected="sign_in.way = local",
            hint="come by the agency's own sign-in",
        )
    now = visit.desk.now()
    try:
        given = [visit.answer(name) for name in ("name", "password")]
        code, desk = visit.answer("code"), visit.desk
        account = sign_in(desk.database, desk.vault, given[0], given[1], now, code)
    except RefusedError as error:
        return visit.show("sign_in", 403, wrong=error.what, way="local")
    session = open_session(visit.desk.database, account, now)
    answer = visit.go("/")
    keep_session(answer, visit.site, session)
    return answer


def leave_for_issuer(visit: Visit) -> Response:
    """Send somebody to the agency's own sign-in."""
    address, ticket = _issuer(visit).begin(visit.desk.now())
    answer = RedirectResponse(address, 303)
    # the way back comes from the issuer's site, where a strict cookie would stay at home
    answer.set_cookie(
        _ticket(visit), ticket, max_age=600, httponly=True, secure=visit.site.secure, samesite="lax"
    )
    return answer


def come_back(visit: Visit) -> Response:
    """Take the issuer's word on who it is, and begin a session."""
    query, now = visit.query, visit.desk.now()
    ticket = visit.cookies.get(_ticket(visit), "")
    name = _issuer(visit).finish(ticket, query.get("state", ""), query.get("code", ""), now)
    session = enter_as(visit.desk.database, name, now, "by the issuer")
    # a page and not a redirect: the strict cookie goes with what a page of ours asks for
    answer = visit.show("entered")
    keep_session(answer, visit.site, session)
    answer.delete_cookie(_ticket(visit), secure=visit.site.secure, httponly=True)
    return answer


def _issuer(visit: Visit) -> Issuer:
    """Return who vouches for people."""
    if visit.site.issuer is None:
        raise UsageError("there is nothing here for you", code="AW-REVIEW-021")
    return visit.site.issuer


def _ticket(visit: Visit) -> str:
    """Return the name of the cookie that ties the way back to the way out."""
    return visit.site.cookie + "-away"


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
    Page("GET", "/sign-in/start", "public", leave_for_issuer),
    Page("GET", BACK, "public", come_back),
    Page("POST", "/sign-out", "self", leave),
)
