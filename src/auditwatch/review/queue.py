"""The queue: what waits for whom, in order, without what is withheld."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import and_, false, func, or_, select

from auditwatch.findings import tables
from auditwatch.findings.rows import finding_from
from auditwatch.review.decide import Standing, state_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select

    from auditwatch.findings.model import Finding
    from auditwatch.review.accounts import Account
    from auditwatch.review.conflict import Circle

__all__ = ["PAGE", "TABS", "Filter", "Queue", "Row", "read_queue", "tab_counts"]

PAGE: Final = 50
OPEN: Final = ("open", "reopened")
BUSY: Final = ("in_triage", "waiting", "returned", "proposed", "escalated")

#: Tab to what a page calls it.
TABS: Final = {
    "new": "New",
    "mine": "Mine",
    "waiting": "Waiting for an answer",
    "approval": "For a second person",
    "investigation": "Under investigation",
    "closed": "Closed",
    "all": "All",
}


class Filter(msgspec.Struct, frozen=True):
    """What to list.

    Parameters
    ----------
    tab : str
        One of `TABS`.
    severity, kind, rule : str
        Only these; all when empty.
    page : int
        From 1.
    """

    tab: str = "new"
    severity: str = ""
    kind: str = ""
    rule: str = ""
    page: int = 1


class Row(msgspec.Struct, frozen=True):
    """One finding of the queue with its state and whom it is assigned to."""

    finding: Finding
    state: str
    standing: Standing


class Queue(msgspec.Struct, frozen=True):
    """One page of the queue.

    Parameters
    ----------
    rows : tuple of Row
        In order.
    more : bool
        Whether a page follows.
    withheld : int
        Findings that concern the reviewer or someone close, whatever the filter.
    """

    rows: tuple[Row, ...]
    more: bool
    withheld: int


def read_queue(connection: Connection, account: Account, circle: Circle, asked: Filter) -> Queue:
    """Return one page of the queue of an account, the most pressing first.

    Parameters
    ----------
    connection : Connection
        To read from.
    account : Account
        Whose queue it is.
    circle : Circle
        Whom the account must not see findings about.
    asked : Filter
        What to list.
    """
    findings, standings = tables.findings, tables.standings
    columns = (
        standings.c.version,
        standings.c.state.label("standing_state"),
        standings.c.assignee,
        standings.c.outcome.label("standing_outcome"),
        standings.c.quality,
    )
    query = (
        select(findings, *columns)
        .select_from(findings.outerjoin(standings, findings.c.finding_id == standings.c.finding_id))
        .where(_of_tab(asked.tab, account), findings.c.finding_id.not_in(withheld_from(circle)))
    )
    for column, value in (
        ("severity", asked.severity),
        ("kind", asked.kind),
        ("rule_id", asked.rule),
    ):
        query = query.where(findings.c[column] == value) if value else query
    order = (findings.c.priority.desc(), findings.c.last_seen.desc(), findings.c.finding_id)
    paged = query.order_by(*order).offset(PAGE * (asked.page - 1)).limit(PAGE + 1)
    rows = [_row(row) for row in connection.execute(paged).mappings()]
    return Queue(tuple(rows[:PAGE]), len(rows) > PAGE, _count_withheld(connection, circle))


def withheld_from(circle: Circle) -> Select[tuple[str]]:
    """Return the query of findings about somebody's circle."""
    parties = tables.parties
    about = [
        and_(parties.c.kind == kind, parties.c.identity.in_(sorted(names)))
        for kind, names in (("operator", _spellings(circle)), ("subject", circle.subjects))
        if names
    ]
    return select(parties.c.finding_id).where(or_(false(), *about))


def tab_counts(connection: Connection, account: Account) -> dict[str, int]:
    """Return how many findings each tab has, withheld ones among them."""
    findings, standings = tables.findings, tables.standings
    statuses = select(findings.c.status, func.count()).group_by(findings.c.status)
    by_status: dict[str, int] = {row[0]: row[1] for row in connection.execute(statuses)}
    joined = findings.join(standings, findings.c.finding_id == standings.c.finding_id)
    counts = {}
    for tab in ("mine", "waiting", "approval", "investigation"):
        query = select(func.count()).select_from(joined).where(_of_tab(tab, account))
        counts[tab] = connection.execute(query).scalar_one()
    busy = select(func.count()).select_from(joined)
    busy = busy.where(findings.c.status.in_(OPEN), standings.c.state.in_(BUSY))
    waiting = sum(by_status.get(status, 0) for status in OPEN)
    counts["new"] = waiting - connection.execute(busy).scalar_one()
    return counts


def _of_tab(tab: str, account: Account) -> ColumnElement[bool]:
    """Return the condition of a tab."""
    status, state = tables.findings.c.status, tables.standings.c.state
    states = {"waiting": "waiting", "approval": "proposed", "investigation": "escalated"}
    if tab == "new":
        return and_(status.in_(OPEN), or_(state.is_(None), state.not_in(BUSY)))
    if tab == "mine":
        return and_(
            tables.standings.c.assignee == account.account, state.in_(BUSY), status != "suppressed"
        )
    if tab in states:
        return and_(state == states[tab], status != "suppressed")
    if tab == "closed":
        return and_(status == "decided", or_(state.is_(None), state.not_in(BUSY)))
    return status.is_not(None)


def _row(row: Any) -> Row:
    """Return one row of the queue."""
    standing = Standing(
        row["version"] or 0,
        row["standing_state"] or "",
        row["assignee"] or "",
        row["standing_outcome"] or "",
        row["quality"] or "",
    )
    finding = finding_from(row)
    return Row(finding, state_of(finding.status, standing), standing)


def _count_withheld(connection: Connection, circle: Circle) -> int:
    """Count what is withheld."""
    found = withheld_from(circle).distinct().subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def _spellings(circle: Circle) -> frozenset[str]:
    """Return the operators of a circle in the spellings of trails: ids come in capitals mostly."""
    return frozenset(circle.operators) | {name.upper() for name in circle.operators}
