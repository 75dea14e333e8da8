"""What reviewers did, line by line: the lists behind the numbers of the audit of the auditors."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import and_, func, select

from auditwatch.core.words import masked_reason
from auditwatch.findings import tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

__all__ = ["ACTIONS", "QUESTIONED", "Line", "conduct_of", "said_of", "since"]

HASTE: Final = 10  # seconds between opening a finding and deciding it
WITHIN: Final = timedelta(days=90)  # what the audit of the auditors looks at
LINES_MOST: Final = 200

#: Actions whose detail somebody typed, who may have written whom it is about.
TYPED: Final = ("decide", "reveal")

#: What a number of the page counts, to the actions of the journal behind it.
ACTIONS: Final = {
    "views": ("view",),
    "reveals": ("reveal",),
    "refused": ("refused",),
    "decided": ("propose", "conclude"),
    "approved": ("approve",),
}


class Line(msgspec.Struct, frozen=True):
    """One thing that somebody did: who, when, on which finding, and in what words."""

    actor: str
    at: str
    finding_id: str
    said: str


def since(now: datetime) -> str:
    """Return the instant from which the audit of the auditors looks, as the tables have it."""
    return (now - WITHIN).isoformat(timespec="seconds")


def conduct_of(connection: Connection, account: str, what: str, start: str) -> list[Line]:
    """Return what an account did since an instant, the latest first, 200 at most.

    Parameters
    ----------
    connection : Connection
        To read from.
    account : str
        Who.
    what : str
        One of `ACTIONS` or of `QUESTIONED`; anything else for all of it.
    start : str
        As from `since`.
    """
    if what in QUESTIONED:
        found = [line for line in QUESTIONED[what](connection, start) if line.actor == account]
        return sorted(found, key=lambda line: line.at, reverse=True)[:LINES_MOST]
    table = tables.journal
    query = select(table.c.actor, table.c.at, table.c.finding_id, table.c.action, table.c.detail)
    query = query.where(table.c.actor == account, table.c.at >= start)
    if what in ACTIONS:
        query = query.where(table.c.action.in_(ACTIONS[what]))
    rows = connection.execute(query.order_by(table.c.number.desc()).limit(LINES_MOST))
    return [Line(row[0], row[1], row[2], f"{row[3]} {said_of(row[3], row[4])}") for row in rows]


def said_of(action: str, detail: str) -> str:
    """Return what the journal says of an action: no digest, and no words that may name somebody."""
    if action in TYPED:
        return masked_reason(detail, frozenset())
    return detail.partition(", sha256 ")[0]


def _cleared(connection: Connection, start: str) -> list[Line]:
    """Return the proposals that clear."""
    table = tables.steps
    query = select(table.c.actor, table.c.at, table.c.finding_id, table.c.outcome).where(
        table.c.act == "propose", table.c.outcome.startswith("cleared"), table.c.at >= start
    )
    return [Line(*row) for row in connection.execute(query)]


def _hasty(connection: Connection, start: str) -> list[Line]:
    """Return the proposals and approvals within ten seconds of that person's first view."""
    views, table = tables.journal, tables.steps
    first = (
        select(func.min(views.c.at))
        .where(
            views.c.action == "view",
            views.c.finding_id == table.c.finding_id,
            views.c.actor == table.c.actor,
        )
        .scalar_subquery()
    )
    query = select(table.c.actor, table.c.at, table.c.finding_id, table.c.act, first).where(
        table.c.act.in_(("propose", "approve")), table.c.at >= start
    )
    found = []
    for actor, at, finding_id, act, seen in connection.execute(query):
        taken = datetime.fromisoformat(at) - datetime.fromisoformat(seen or at)
        seconds = int(taken.total_seconds())
        if seen and 0 <= seconds < HASTE:
            found.append(Line(actor, at, finding_id, f"{act} after {seconds} s"))
    return found


def _unused(connection: Connection, start: str) -> list[Line]:
    """Return the reveals after which that person did nothing on the finding."""
    table, steps = tables.journal, tables.steps
    later = (
        select(steps.c.finding_id)
        .where(
            and_(steps.c.finding_id == table.c.finding_id, steps.c.actor == table.c.actor),
            steps.c.at >= table.c.at,
        )
        .exists()
    )
    query = select(table.c.actor, table.c.at, table.c.finding_id, table.c.detail).where(
        table.c.action == "reveal", table.c.at >= start, ~later
    )
    rows = connection.execute(query)
    return [Line(row[0], row[1], row[2], said_of("reveal", row[3])) for row in rows]


#: What deserves a question, to the lines behind its number.
QUESTIONED: Final[dict[str, Callable[[Connection, str], list[Line]]]] = {
    "cleared": _cleared,
    "hasty": _hasty,
    "unused": _unused,
}
