"""Posts over HTTPS: no redirect is followed, no proxy is asked, nothing of the answer is kept."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Final

from auditwatch import __version__
from auditwatch.report.hooks.target import Refusal

if TYPE_CHECKING:
    from auditwatch.report.hooks.news import News
    from auditwatch.report.hooks.target import Target

__all__ = ["send"]

LATER: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)


def send(target: Target, news: News) -> None:
    """Post the news; a body carries its SHA-256, so that who got it twice can tell.

    Raises
    ------
    OSError
        Nobody there, too slow, or an answer that asks for another attempt.
    Refusal
        Any other answer than 2xx.
    """
    for body in news.posts:
        _post(target, body, news.content_type)


def _post(target: Target, body: bytes, content_type: str) -> None:
    """Post one body."""
    headers = {
        "Content-Type": content_type,
        "User-Agent": f"auditwatch/{__version__}",
        "Idempotency-Key": hashlib.sha256(body).hexdigest(),
    }
    if target.secret:
        headers["Authorization"] = f"Bearer {target.secret}"
    connection = _connection(target)
    try:
        connection.request("POST", target.path, body, headers)
        status = connection.getresponse().status
    except HTTPException as error:
        raise OSError("what came back is no HTTP") from error
    finally:
        connection.close()
    if status in LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise OSError(f"answered {status}")
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise Refusal(f"answered {status}")


def _connection(target: Target) -> HTTPConnection:
    """Return a connection that is not open yet."""
    seconds = target.hook.timeout_seconds
    if target.scheme == "http":
        return HTTPConnection(target.host, target.port, timeout=seconds)
    return HTTPSConnection(target.host, target.port, timeout=seconds, context=target.tls)
