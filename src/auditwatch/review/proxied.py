"""People whom a proxy in front has signed in: taken at its word, from its own address only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.core.errors import RefusedError
from auditwatch.review.sessions import enter_as

if TYPE_CHECKING:
    from starlette.requests import Request

    from auditwatch.review.desk import Desk
    from auditwatch.review.sessions import Session
    from auditwatch.review.visit import Site

__all__ = ["proxied"]


def proxied(desk: Desk, site: Site, request: Request, session: Session | None) -> Session:
    """Return the session of whom the proxy names: the one there is, or a new one.

    Parameters
    ----------
    desk : Desk
        Whose accounts they are.
    site : Site
        Which proxy, and in which header.
    request : Request
        As it came.
    session : Session or None
        Of the browser's cookie; another person's is not used.

    Raises
    ------
    RefusedError
        ``AW-REVIEW-026`` the request does not come from the proxy, or names nobody, or two;
        ``-005`` no such account, or one that may not sign in.
    """
    way = site.sign_in
    peer = request.client.host if request.client is not None else ""
    names = request.headers.getlist(way.proxy_header)
    if peer not in way.proxy_addresses or len(names) != 1 or not names[0].strip():
        raise RefusedError(
            "nobody has signed you in",
            code="AW-REVIEW-026",
            expected="a request of the proxy, from its own address, that names one account",
            hint="come by the address of the proxy; sign_in.proxy_addresses says where it stands",
        )
    name = names[0].strip().casefold()
    if session is not None and session.account.account == name:
        return session
    return enter_as(desk.database, name, desk.now(), "by the proxy")
