"""Copies of evidence that leave the desk: who asked, who agreed, who made one; all in the journal.

A masked copy needs nobody else. A full one shows identities to whoever gets it, so a second person
agrees first. Both leave nothing but lines in the journal, and the journal is what is asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.findings import journal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from auditwatch.findings.journal import Action
    from auditwatch.review.accounts import Account

__all__ = ["AGREED", "ASKED", "MADE", "agree", "agreed_by", "ask"]

ASKED: Final = "copy-asked"
AGREED: Final = "copy-agreed"
MADE: Final = "copy-made"
#: How long an agreement lasts.
LASTS: Final = timedelta(hours=24)


def ask(
    connection: Connection, finding_id: str, account: Account, reason: str, at: datetime
) -> None:
    """Put on record that somebody needs a full copy, and why."""
    _note(connection, ASKED, finding_id, account, reason, at)


def agree(
    connection: Connection, finding_id: str, account: Account, note: str, at: datetime
) -> str:
    """Agree, as the second person, to the copy that was asked for last; return by whom.

    Raises
    ------
    UsageError
        ``AW-REVIEW-040`` nobody asked.
    RefusedError
        ``AW-REVIEW-013`` the one who asked cannot agree.
    """
    asked = [one for one in journal.of_finding(connection, finding_id) if one.action == ASKED]
    if not asked:
        raise UsageError(
            "nobody asked for a full copy of this finding",
            code="AW-REVIEW-040",
            where=finding_id,
            hint="whoever needs it asks first: auditwatch review package FINDING --full",
        )
    if asked[-1].actor == account.account:
        raise RefusedError(
            "the second person must be somebody else than the one who asked",
            code="AW-REVIEW-013",
            where=finding_id,
            hint="ask a lead or internal affairs",
        )
    _note(connection, AGREED, finding_id, account, f"{asked[-1].actor}: {note}", at)
    return asked[-1].actor


def agreed_by(actions: Iterable[Action], account: Account, at: datetime) -> str:
    """Return who agreed to a full copy for an account within the last day; empty when nobody did.

    Parameters
    ----------
    actions : iterable of Action
        What the journal says of the finding, in order.
    account : Account
        Who asks.
    at : datetime
        Now, UTC.
    """
    second = ""
    for one in actions:
        if one.action != AGREED or not one.detail.startswith(f"{account.account}: "):
            continue
        fresh = at - datetime.fromisoformat(one.at) <= LASTS
        second = one.actor if fresh and one.actor != account.account else second
    return second


def _note(  # noqa: PLR0917 - a line of the journal has as many
    connection: Connection,
    action: str,
    finding_id: str,
    account: Account,
    detail: str,
    at: datetime,
) -> None:
    """Write one line of the journal."""
    journal.append(
        connection,
        at=at.isoformat(timespec="seconds"),
        actor=account.account,
        action=action,
        finding_id=finding_id,
        detail=detail,
    )
