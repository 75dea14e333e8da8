"""Copies of evidence that leave the desk: who asked, who agreed, who made one; all in the journal.

A masked copy needs nobody else. A full one shows identities to whoever gets it, so a second person
agrees first. Both leave nothing but lines in the journal, and the journal is what is asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import select

from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.findings import journal
from auditwatch.findings.tables import journal as journal_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from auditwatch.findings.journal import Action
    from auditwatch.review.accounts import Account

__all__ = [
    "AGREED",
    "ASKED",
    "MADE",
    "UNAGREED",
    "Wish",
    "agree",
    "agreed_by",
    "ask",
    "makers_of",
    "wishes",
]

ASKED: Final = "copy-asked"
AGREED: Final = "copy-agreed"
MADE: Final = "copy-made"
UNAGREED: Final = "AW-REVIEW-041"  # asked for, and nobody agreed yet
#: How long an agreement lasts.
LASTS: Final = timedelta(hours=24)


class Wish(msgspec.Struct, frozen=True):
    """A full copy that somebody asked for within the last day.

    Parameters
    ----------
    finding_id, account, reason : str
        Of what, who needs it, and why.
    second : str
        Who agreed; empty while nobody did.
    """

    finding_id: str
    account: str
    reason: str
    second: str


def ask(
    connection: Connection, finding_id: str, account: Account, reason: str, at: datetime
) -> None:
    """Put on record that somebody needs a full copy, and why."""
    _note(connection, ASKED, finding_id, account, reason, at)


def agree(  # noqa: PLR0917 - who agrees to what, when
    connection: Connection,
    finding_id: str,
    account: Account,
    note: str,
    at: datetime,
    asker: str = "",
) -> str:
    """Agree, as the second person, to a copy that was asked for; return by whom.

    Parameters
    ----------
    connection, finding_id, account, note, at
        Within which transaction, to what, who, why and when.
    asker : str
        Whose wish is meant; whoever asked last when empty.

    Raises
    ------
    UsageError
        ``AW-REVIEW-040`` nobody asked.
    RefusedError
        ``AW-REVIEW-013`` the one who asked cannot agree.
    """
    asked = [
        one
        for one in journal.of_finding(connection, finding_id)
        if one.action == ASKED and asker in {"", one.actor}
    ]
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


def wishes(connection: Connection, at: datetime, finding_id: str = "") -> list[Wish]:
    """Return who asked for a full copy within the last day, once a finding; the latest last.

    Parameters
    ----------
    connection : Connection
        To read from.
    at : datetime
        Now, UTC.
    finding_id : str
        Of which finding; of all when empty.
    """
    table = journal_table
    query = (
        select(table)
        .where(table.c.action.in_((ASKED, AGREED)))
        .where(table.c.at >= (at - LASTS).isoformat(timespec="seconds"))
        .order_by(table.c.number)
    )
    if finding_id:
        query = query.where(table.c.finding_id == finding_id)
    told = [journal.Action(**row) for row in connection.execute(query).mappings()]
    asked: dict[tuple[str, str], str] = {}
    for one in told:
        if one.action == ASKED:
            asked.pop((one.finding_id, one.actor), None)
            asked[one.finding_id, one.actor] = one.detail
    return [
        Wish(name, who, why, agreed_by([one for one in told if one.finding_id == name], who, at))
        for (name, who), why in asked.items()
    ]


def makers_of(account: Account, second: str) -> tuple[str, ...]:
    """Return who makes a copy: who takes it and, where it is a full one, who agreed."""
    return (account.account, second) if second else (account.account,)


def agreed_by(actions: Iterable[Action], name: str, at: datetime) -> str:
    """Return who agreed to a full copy for an account within the last day; empty when nobody did.

    Parameters
    ----------
    actions : iterable of Action
        What the journal says of the finding, in order.
    name : str
        Account of who asks.
    at : datetime
        Now, UTC.
    """
    second = ""
    for one in actions:
        if one.action != AGREED or not one.detail.startswith(f"{name}: "):
            continue
        fresh = at - datetime.fromisoformat(one.at) <= LASTS
        second = one.actor if fresh and one.actor != name else second
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
