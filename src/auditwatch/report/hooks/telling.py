"""Each hook is told, again and again for a while; what could not be delivered is said."""

from __future__ import annotations

import ssl
import time
from threading import Thread
from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import DeliveryError
from auditwatch.core.words import harmless
from auditwatch.report.hooks import mail, syslog, webhook
from auditwatch.report.hooks.target import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditwatch.report.hooks.news import News
    from auditwatch.report.hooks.target import Target

__all__ = ["tell"]

SENDERS: Final[dict[str, Callable[[Target, News], None]]] = {
    "https": webhook.send,
    "http": webhook.send,
    "syslog+udp": syslog.send,
    "syslog+tcp": syslog.send,
    "syslog+tls": syslog.send,
    "smtp": mail.send,
    "smtps": mail.send,
}
FIRST_WAIT: Final = 1.0  # s; the next one is twice as long


def tell(
    target: Target, news: News, wait: Callable[[float], None] = time.sleep
) -> DeliveryError | None:
    """Tell one hook; return why it could not be told, or nothing.

    Parameters
    ----------
    target : Target
        As `targets_of` returns it.
    news : News
        What to say.
    wait : callable
        Waits so many seconds.

    Notes
    -----
    However the other side behaves, it takes at most `attempts` times `timeout_seconds` and the
    waits between.
    """
    why: Exception = OSError("nobody was asked")
    for attempt in range(target.hook.attempts):
        if attempt:
            wait(FIRST_WAIT * 2 ** (attempt - 1))
        try:
            _bounded(lambda: SENDERS[target.scheme](target, news), target.hook.timeout_seconds)
        except (Refusal, ssl.SSLCertVerificationError) as error:
            return _undelivered(target, error, attempt + 1)
        except OSError as error:
            why = error
        else:
            return None
    return _undelivered(target, why, target.hook.attempts)


def _bounded(work: Callable[[], None], seconds: float) -> None:
    """Do some work or raise `TimeoutError`, also when the other side drips a byte at a time."""
    raised: list[BaseException] = []

    def do() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            raised.append(error)

    thread = Thread(target=do, daemon=True)  # one that hangs does not keep the program
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no end within {seconds:g} s")
    if raised:
        raise raised[0]


def _undelivered(target: Target, why: Exception, attempts: int) -> DeliveryError:
    """Return the error, without anything that the other side wrote."""
    if isinstance(why, ssl.SSLError):
        said = "its certificate is not trusted" if _distrusted(why) else "encryption failed"
    elif isinstance(why, OSError) and why.strerror:
        said = why.strerror
    else:
        said = str(why)
    tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    return DeliveryError(
        f"could not be told after {tries}: {harmless(said, 120)}",
        code="AW-HOOKS-001",
        where=f"hooks.{target.name} ({target.scheme}, {target.host})",
        hint="findings and reports are kept; tell it again: auditwatch report send",
    )


def _distrusted(error: ssl.SSLError) -> bool:
    """Tell whether a certificate was the reason."""
    return isinstance(error, ssl.SSLCertVerificationError)
