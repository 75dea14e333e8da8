"""The night as a mail, handed to a mail server; it names nobody."""

from __future__ import annotations

import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from smtplib import (
    SMTP,
    SMTP_SSL,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from typing import TYPE_CHECKING, Final

from auditwatch.core.clock import now
from auditwatch.report.hooks.target import Refusal

if TYPE_CHECKING:
    from auditwatch.report.hooks.news import News
    from auditwatch.report.hooks.target import Target

__all__ = ["send"]

FOR_GOOD: Final = 500  # replies from here on say that another attempt is no use


def send(target: Target, news: News) -> None:
    """Hand the mail over, encrypted when the server can; a password never goes otherwise.

    Raises
    ------
    OSError
        Nobody there, too slow, or asked to come again.
    Refusal
        The server will not take it.
    """
    try:
        with _connected(target) as server:
            _introduce(server, target)
            refused = server.send_message(_letter(target, news))
    except SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        _give_up(min(codes), error)
    except SMTPResponseException as error:
        _give_up(error.smtp_code, error)
    except SMTPException as error:  # itself an OSError, but its text may be the server's
        raise OSError("the mail server broke off") from error
    if refused:
        raise Refusal(f"the mail server refused {len(refused)} of {len(target.hook.to)} addresses")


def _connected(target: Target) -> SMTP:
    """Open a connection."""
    seconds = target.hook.timeout_seconds
    if target.scheme == "smtps":
        return SMTP_SSL(target.host, target.port, timeout=seconds, context=target.tls)
    return SMTP(target.host, target.port, timeout=seconds)


def _introduce(server: SMTP, target: Target) -> None:
    """Turn encryption on where it is offered, and sign in when there is a password."""
    server.ehlo()
    if target.scheme == "smtp" and server.has_extn("starttls"):
        server.starttls(context=target.tls)
        server.ehlo()
    if target.secret:
        if not isinstance(server.sock, ssl.SSLSocket) and not target.near:
            raise Refusal("the mail server offers no encryption, so it gets no password")
        server.login(target.hook.user, target.secret)


def _letter(target: Target, news: News) -> EmailMessage:
    """Return the mail."""
    letter = EmailMessage()
    letter["Subject"] = news.subject
    letter["From"] = target.hook.sender
    letter["To"] = ", ".join(target.hook.to)
    letter["Date"] = format_datetime(now())
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(news.text)
    return letter


def _give_up(code: int, error: SMTPException) -> None:
    """Raise what a reply means; its text is the server's and stays out."""
    signed_in = "sign-in refused" if isinstance(error, SMTPAuthenticationError) else "answered"
    if code >= FOR_GOOD:
        raise Refusal(f"{signed_in} {code}") from error
    raise OSError(f"{signed_in} {code}") from error
