"""The queue: what waits for whom, in order, without what is withheld."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import and_, false, func, or_, select

from auditwatch.findings import tables
from auditwatch.findings.rows import finding_from
from auditwatch.review.decide import Standing, state_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from auditwatch.findings.model import Finding
    from auditwatch.review.accounts import Account
    from auditwatch.review.conflict import Circle

__all__ = [
    "PAGE",
    "TABS",
    "Filter",
    "Queue",
    "Row",
    "chosen_rows",
    "neighbours",
    "read_queue",
    "tab_counts",
    "withheld_from",
]

PAGE: Final = 50
OPEN: Final = ("open", "reopened")
SETTLED: Final = ("decided", "suppressed")
BUSY: Final = ("in_triage", "waiting", "returned", "proposed", "escalated")

#: Tabs that are a state.
STATE_TABS: Final = {"waiting": "waiting", "approval": "proposed", "investigation": "escalated"}

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
    severity, kind, rule, status, outcome, night : str
        Only these; all when empty.
    page : int
        From 1; for terminals, which ask for a page by its number.
    after, before : str
        Id of the finding that the list begins after, or ends before; for browsers, which walk.
    """

    tab: str = "new"
    severity: str = ""
    kind: str = ""
    rule: str = ""
    status: str = ""
    outcome: str = ""
    night: str = ""
    page: int = 1
    after: str = ""
    before: str = ""


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
    more, earlier : bool
        Whether findings follow, and whether some come before.
    withheld : int
        Findings that concern the reviewer or someone close, whatever the filter.
    """

    rows: tuple[Row, ...]
    more: bool
    earlier: bool
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
    back = bool(asked.before) and not asked.after
    query = _asked(select(tables.findings.c.finding_id), account, circle, asked)
    query = _beside(connection, query, asked.before if back else asked.after, back=back)
    paged = query.order_by(*_order(back=back)).offset(PAGE * (asked.page - 1)).limit(PAGE + 1)
    rows = list(connection.execute(paged).scalars())
    shown, over = rows[:PAGE], len(rows) > PAGE
    return Queue(
        tuple(_rows(connection, shown)),
        more=back or over,
        earlier=over if back else bool(asked.after) or asked.page > 1,
        withheld=_count_withheld(connection, circle),
    )


def _rows(connection: Connection, finding_ids: Sequence[str]) -> list[Row]:
    """Return findings with their standings, in the order of the queue."""
    # the ids come from indexes alone; only those shown are read in full
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
        .where(findings.c.finding_id.in_(finding_ids))
        .order_by(*_order(back=False))
    )
    return [_row(row) for row in connection.execute(query).mappings()]


def chosen_rows(connection: Connection, circle: Circle, finding_ids: Sequence[str]) -> list[Row]:
    """Return the findings of some ids that are not withheld, in the order of the queue."""
    findings = tables.findings
    query = select(findings.c.finding_id).where(
        findings.c.finding_id.in_(finding_ids), findings.c.finding_id.not_in(withheld_from(circle))
    )
    return _rows(connection, list(connection.execute(query).scalars()))


def neighbours(
    connection: Connection, account: Account, circle: Circle, asked: Filter, finding_id: str
) -> tuple[str, str]:
    """Return the findings before and after one in a list, empty where the list ends.

    Parameters
    ----------
    connection, account, circle, asked
        As of `read_queue`.
    finding_id : str
        Where to look from; it need not be on the list any more.
    """
    found = []
    for back in (True, False):
        query = _asked(select(tables.findings.c.finding_id), account, circle, asked)
        query = _beside(connection, query, finding_id, back=back).order_by(*_order(back=back))
        found.append(connection.execute(query.limit(1)).scalar() or "")
    return found[0], found[1]


def _asked(query: Select[Any], account: Account, circle: Circle, asked: Filter) -> Select[Any]:
    """Narrow a query of findings to what is asked for and not withheld."""
    findings, standings = tables.findings, tables.standings
    query = query.select_from(
        findings.outerjoin(standings, findings.c.finding_id == standings.c.finding_id)
    ).where(_of_tab(asked.tab, account), findings.c.finding_id.not_in(withheld_from(circle)))
    for column, value in (
        (findings.c.severity, asked.severity),
        (findings.c.kind, asked.kind),
        (findings.c.rule_id, asked.rule),
        (findings.c.status, asked.status),
        (standings.c.outcome, asked.outcome),
        (findings.c.night, asked.night),
    ):
        query = query.where(column == value) if value else query
    return query


def _order(*, back: bool) -> tuple[ColumnElement[Any], ...]:
    """Return the order of the queue, or its reverse."""
    columns = tables.findings.c
    if back:
        return columns.priority.asc(), columns.last_seen.asc(), columns.finding_id.desc()
    return columns.priority.desc(), columns.last_seen.desc(), columns.finding_id.asc()


def _beside(
    connection: Connection, query: Select[Any], finding_id: str, *, back: bool
) -> Select[Any]:
    """Narrow a query to what comes after a finding in the order of the queue, or before it."""
    columns = tables.findings.c
    keys = select(columns.priority, columns.last_seen).where(columns.finding_id == finding_id)
    key = connection.execute(keys).first() if finding_id else None
    if key is None:
        return query
    priority, seen = columns.priority, columns.last_seen
    if back:
        level = and_(seen == key[1], columns.finding_id < finding_id)
        return query.where(priority >= key[0], or_(priority > key[0], seen > key[1], level))
    level = and_(seen == key[1], columns.finding_id > finding_id)
    return query.where(priority <= key[0], or_(priority < key[0], seen < key[1], level))


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
    waiting = select(func.count()).where(findings.c.status.in_(OPEN))
    # what is grouped by is named first: servers do not see that two parameters are the same
    busy_ones = (
        select(
            standings.c.state,
            (standings.c.assignee == account.account).label("own"),
            findings.c.status.in_(OPEN).label("is_open"),
        )
        .join(findings, findings.c.finding_id == standings.c.finding_id)
        .where(standings.c.state.in_(BUSY), findings.c.status != "suppressed")
        .subquery()
    )
    by = (busy_ones.c.state, busy_ones.c.own, busy_ones.c.is_open)
    query = select(*by, func.count()).group_by(*by)
    counts = dict.fromkeys(("mine", *STATE_TABS), 0)
    busy = 0
    for state, own, is_open, count in connection.execute(query):
        counts["mine"] += count if own else 0
        busy += count if is_open else 0
        for tab, name in STATE_TABS.items():
            counts[tab] += count if name == state else 0
    counts["new"] = connection.execute(waiting).scalar_one() - busy
    return counts


def _of_tab(tab: str, account: Account) -> ColumnElement[bool]:
    """Return the condition of a tab."""
    status, state = tables.findings.c.status, tables.standings.c.state
    if tab == "new":
        # said so, no index of states tempts anybody to sort all that waits
        return and_(status.not_in(SETTLED), or_(state.is_(None), state.not_in(BUSY)))
    if tab == "mine":
        return and_(
            tables.standings.c.assignee == account.account, state.in_(BUSY), status != "suppressed"
        )
    if tab in STATE_TABS:
        return and_(state == STATE_TABS[tab], status != "suppressed")
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
