"""The desk as a web application: every address has a permission, every answer the same armour."""

from __future__ import annotations

import hmac
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from auditwatch.core.errors import AuditwatchError, RefusedError, UsageError
from auditwatch.review.pages import PAGES
from auditwatch.review.paper import STATIC
from auditwatch.review.proxied import proxied
from auditwatch.review.roles import PERMISSIONS
from auditwatch.review.sessions import read_session
from auditwatch.review.visit import Visit, keep_session, status_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from auditwatch.review.desk import Desk
    from auditwatch.review.visit import Page, Site

__all__ = ["make_app"]

LOG: Final = logging.getLogger(__name__)
FORM_BYTES: Final = 1 << 18
FORM_FIELDS: Final = 1_200
#: No script but our own files, no style but our own sheet, nothing from anywhere else, no frame.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
TRANSPORT: Final = {"strict-transport-security": "max-age=31536000"}


def make_app(desk: Desk, site: Site, pages: Sequence[Page] = PAGES) -> ASGIApp:
    """Return the application.

    Parameters
    ----------
    desk : Desk
        The findings; closed by whoever opened it.
    site : Site
        How the desk is reached.
    pages : sequence of Page
        Its addresses.

    Raises
    ------
    ValueError
        A page has no permission that exists: a fault of ours, found before anybody is served.
    """
    for one in pages:
        if one.permission not in PERMISSIONS:
            raise ValueError(f"{one.method} {one.path} has no known permission")
    routes: list[Any] = [
        Route(one.path, _endpoint(one, desk, site), methods=[one.method]) for one in pages
    ]
    routes.append(Mount("/static", StaticFiles(directory=STATIC)))
    plain = Starlette(
        routes=routes,
        exception_handlers={
            404: _nothing_here(desk, site),
            405: _nothing_here(desk, site),
        },
    )
    return _Armour(plain, site)


class _Armour:
    """Refuses other hosts and gives every answer its headers."""

    def __init__(self, inner: ASGIApp, site: Site) -> None:
        self._inner = inner
        self._host = urlsplit(site.origin).netloc.encode("ascii")
        headers = {**HEADERS, **(TRANSPORT if site.secure else {})}
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return

        async def armoured(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in self._headers}
                theirs = [(name, value) for name, value in message["headers"] if name not in ours]
                message = {**message, "headers": [*theirs, *self._headers]}
            await send(message)

        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if hosts != [self._host]:
            await PlainTextResponse("no such host\n", 421)(scope, receive, armoured)
            return
        await self._inner(scope, receive, armoured)


def _endpoint(one: Page, desk: Desk, site: Site) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers one address: session, permission, form, then the page itself."""

    async def answer(request: Request) -> Response:
        body = await _body(request) if one.method == "POST" else b""
        return await run_in_threadpool(_serve, one, desk, site, request, body)

    return answer


def _serve(one: Page, desk: Desk, site: Site, request: Request, body: bytes | None) -> Response:
    """Answer one request, or say in one shape why not."""
    query, cookies = dict(request.query_params), request.cookies
    blank = Visit(desk, site, None, request.path_params, query, {}, cookies)
    visit = blank
    try:
        token = request.cookies.get(site.cookie, "")
        session = read_session(desk.database, token, desk.now()) if token else None
        if site.sign_in.way == "proxy":
            session = proxied(desk, site, request, session)
        visit = Visit(desk, site, session, blank.path, query, {}, cookies)
        if one.permission != "public":
            if session is None:
                return RedirectResponse("/sign-in", 303)
            desk.require(session.account, one.permission)
            if site.second_factor and not session.enrolled and one.permission != "self":
                return RedirectResponse("/account", 303)
        if one.method == "POST":
            visit = Visit(desk, site, session, blank.path, query, _form(body), cookies)
            _refuse_forged(visit, request)
        answer = one.answer(visit)
        if session is not None and session.token != token and one.path != "/sign-out":
            keep_session(answer, site, session)
        return answer  # noqa: TRY300 - an error of any line above is told in the same shape
    except AuditwatchError as error:
        return _told(visit, error)
    except Exception as error:  # noqa: BLE001 - the last resort must not show a record to anybody
        return _broken(blank, error)


async def _body(request: Request) -> bytes | None:
    """Return the body of a form; None when it is too large."""
    taken = b""
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > FORM_BYTES:
            return None
    return taken


def _form(body: bytes | None) -> dict[str, tuple[str, ...]]:
    """Return the answers of a form."""
    if body is None:
        raise UsageError(
            "this form is too large",
            code="AW-REVIEW-022",
            expected=f"at most {FORM_BYTES:,} bytes",
        )
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            max_num_fields=FORM_FIELDS,
            errors="strict",
        )
    except ValueError as error:
        raise _no_form() from error
    if any("\0" in text for pair in pairs for text in pair):  # not every database can keep one
        raise _no_form()
    form: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        form[name] = (*form.get(name, ()), value)
    return form


def _no_form() -> UsageError:
    """Return the error for a body that no page of ours sends."""
    return UsageError(
        "not a form of this desk",
        code="AW-REVIEW-019",
        expected="application/x-www-form-urlencoded in UTF-8, without NUL",
    )


def _refuse_forged(visit: Visit, request: Request) -> None:
    """Refuse a form that did not come from a page of ours, in this very session."""
    origin = request.headers.get("origin")
    fetched = request.headers.get("sec-fetch-site")
    from_us = origin == visit.site.origin if origin else fetched == "same-origin"
    if fetched not in {None, "same-origin"}:
        from_us = False
    if visit.session is not None:
        given = visit.answer("form_token").encode("utf-8", "surrogatepass")
        from_us &= hmac.compare_digest(given, visit.session.form_token.encode())
    if not from_us:
        raise RefusedError(
            "this form does not come from a page of this session",
            code="AW-REVIEW-020",
            hint="open the page again and send the form from there",
        )


def _told(visit: Visit, error: AuditwatchError) -> Response:
    """Say what is wrong; what is withheld reads like what does not exist."""
    status = status_of(error)
    if status == 404:
        return _absent(visit)
    return visit.show(
        "error",
        status,
        title=error.what,
        code=error.code,
        expected=error.expected,
        hint=error.hint,
    )


def _absent(visit: Visit) -> Response:
    """Say that there is nothing at this address for this person."""
    return visit.show(
        "error",
        404,
        title="there is nothing here for you",
        code="AW-REVIEW-021",
        expected="",
        hint="go back to the queue; what concerns you or someone close is withheld",
    )


def _nothing_here(desk: Desk, site: Site) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return what answers an address that does not exist."""

    async def answer(_request: Request, _error: Exception) -> Response:
        return _absent(Visit(desk, site, None, {}, {}, {}))

    return answer


def _broken(visit: Visit, error: Exception) -> Response:
    """Say that we failed: no trace and no value, neither on the page nor in the log."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace is not None else None
    place = f"{Path(code.co_filename).name}:{trace.tb_lineno}" if code and trace else "?"
    LOG.error("%s: internal fault (%s) [AW-INTERNAL-001]", place, type(error).__name__)
    return visit.show(
        "error",
        500,
        title="something here is broken",
        code="AW-INTERNAL-001",
        expected="",
        hint="nothing was changed; tell whoever runs this desk what you did and when",
    )
