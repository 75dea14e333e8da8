"""One operator, one subject: always under a pseudonym, since a reveal is for one finding."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from auditwatch.core.errors import UsageError
from auditwatch.findings import tables
from auditwatch.findings.rows import finding_from
from auditwatch.review.decide import Standing, state_of
from auditwatch.review.pages.queue import queue_row
from auditwatch.review.pictures import bands_in_words, draw_nights
from auditwatch.review.queue import Row, withheld_from
from auditwatch.review.visit import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response


__all__ = ["PAGES"]

FINDINGS_MOST: Final = 100


def show_operator(visit: Visit) -> Response:
    """Show what asks about one operator, and the nights beside those of the peers."""
    operator_id, rows = _meant(visit, "operator")
    last = max(row.finding.night for row in rows)
    about = visit.desk.profiles.nights_of(operator_id, last)
    alone = [row.finding for row in rows if row.finding.operator_ids == (operator_id,)]
    nights = frozenset(day for finding in alone for day in finding.days)
    endings = Counter(row.standing.outcome for row in rows if row.state == "closed")
    return visit.show(
        "operator",
        token=visit.path["token"],
        rows=_shown(visit, rows),
        picture=draw_nights(about, nights),
        words=bands_in_words(about),
        numbers=[pair for pair in zip(about.nights, about.lookups, strict=True) if pair[1]],
        endings=sorted((name, count) for name, count in endings.items() if name),
        first=about.nights[0],
        last=about.nights[-1],
    )


def show_subject(visit: Visit) -> Response:
    """Show who looked at one subject, and what asks about it."""
    subject_id, rows = _meant(visit, "subject")
    last = max(row.finding.night for row in rows)
    masker = visit.desk.workspace.masker()
    people, known = visit.desk.profiles.lookers(subject_id, last), visit.desk.tokens
    return visit.show(
        "subject",
        token=visit.path["token"],
        rows=_shown(visit, rows),
        people=[
            (name, name in known, one)
            for one in people
            for name in [masker.name("operator", one.operator_id)]
        ],
        last=last,
    )


def _shown(visit: Visit, rows: list[Row]) -> list[dict[str, object]]:
    """Return findings as lists show them."""
    masker = visit.desk.workspace.masker()
    return [queue_row(row, masker) for row in rows]


def _meant(visit: Visit, kind: str) -> tuple[str, list[Row]]:
    """Return who a pseudonym stands for and the findings about them that are not withheld.

    Raises
    ------
    UsageError
        ``AW-REVIEW-021`` nobody of that pseudonym, or somebody of the reviewer's circle.
    """
    token, circle = visit.path["token"], visit.desk.circle(visit.account)
    identity = visit.desk.behind(kind, token)
    both = ([identity], []) if kind == "operator" else ([], [identity])
    if not identity or circle.meets(*both):
        raise UsageError("there is nothing here for you", code="AW-REVIEW-021")
    visit.desk.note(visit.account, "view", "", f"{kind} {token[:40]}")
    findings, parties, standings = tables.findings, tables.parties, tables.standings
    columns = (standings.c.version, standings.c.state.label("standing"), standings.c.assignee)
    query = (
        select(findings, *columns, standings.c.outcome, standings.c.quality)
        .join(parties, parties.c.finding_id == findings.c.finding_id)
        .outerjoin(standings, standings.c.finding_id == findings.c.finding_id)
        .where(parties.c.kind == kind, parties.c.identity == identity)
        .where(findings.c.finding_id.not_in(withheld_from(circle)))
        .order_by(findings.c.priority.desc(), findings.c.finding_id)
        .limit(FINDINGS_MOST)
    )
    rows = []
    with visit.desk.reading() as connection:
        for row in connection.execute(query).mappings():
            names = ("version", "standing", "assignee", "outcome", "quality")
            values = [row[name] for name in names]
            standing = Standing(values[0] or 0, *(value or "" for value in values[1:]))
            finding = finding_from(row)
            rows.append(Row(finding, state_of(finding.status, standing), standing))
    if not rows:
        raise UsageError("there is nothing here for you", code="AW-REVIEW-021")
    return identity, rows


PAGES: Final = (
    Page("GET", "/operators/{token}", "findings", show_operator),
    Page("GET", "/subjects/{token}", "findings", show_subject),
)
