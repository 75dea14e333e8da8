"""Decisions of people: appended, never changed, each with its row in the journal."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import UTC
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from auditwatch.core import clock
from auditwatch.core.errors import UsageError
from auditwatch.findings import journal, tables
from auditwatch.findings.derive import covers, status
from auditwatch.findings.model import Finding, Review

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from auditwatch.findings.journal import Action
    from auditwatch.findings.model import Piece

__all__ = ["every", "follow", "history", "latest", "reveal"]


def follow(
    connection: Connection,
    finding: Finding,
    pieces: Sequence[Piece],
    *,
    disposition: str,
    note: str,
    reviewer: str,
    at: str,
) -> Review:
    """Append a decision that is complete and permitted; the journal tells of it."""
    before = history(connection, finding.finding_id)
    review = Review(
        finding_id=finding.finding_id,
        number=len(before) + 1,
        disposition=disposition,
        note=note,
        reviewer=reviewer,
        at=at,
        covers=covers(pieces),
    )
    connection.execute(insert(tables.reviews).values(asdict(review)))
    connection.execute(
        update(tables.findings)
        .where(tables.findings.c.finding_id == finding.finding_id)
        .values(status=status(pieces, _effective([*before, review])))
    )
    journal.append(
        connection,
        at=at,
        actor=review.reviewer,
        action="decide",
        finding_id=finding.finding_id,
        detail=f"{disposition}: {review.note}",
    )
    return review


def history(connection: Connection, finding_id: str) -> list[Review]:
    """Return all reviews of a finding, oldest first."""
    table = tables.reviews
    query = select(table).where(table.c.finding_id == finding_id).order_by(table.c.number)
    return [Review(**row) for row in connection.execute(query).mappings()]


def every(connection: Connection) -> list[Review]:
    """Return all reviews, by finding, oldest first."""
    table = tables.reviews
    columns = [table.c[field.name] for field in fields(Review)]
    query = select(*columns).order_by(table.c.finding_id, table.c.number)
    return [Review(*row) for row in connection.execute(query)]


def latest(connection: Connection) -> dict[str, Review]:
    """Return the review that stands for each finding that has one: few, since people make them."""
    found: dict[str, list[Review]] = {}
    for review in every(connection):
        found.setdefault(review.finding_id, []).append(review)
    return {name: _effective(reviews) for name, reviews in found.items()}


def _standing(reviews: Sequence[Review]) -> list[Review]:
    """Return the decisions that stand, oldest first: a withdrawal takes the one before it away."""
    standing: list[Review] = []
    for review in reviews:
        if review.disposition == "withdrawn":
            standing = standing[:-1]
        else:
            standing.append(review)
    return standing


def _effective(reviews: Sequence[Review]) -> Review:
    """Return the decision that stands, or the last withdrawal when none does."""
    return [reviews[-1], *_standing(reviews)][-1]


def reveal(connection: Connection, reviewer: str, reason: str, finding_id: str) -> Action:
    """Record that identities were shown, within the caller's writing transaction."""
    if not reviewer.strip() or not reason.strip():
        raise UsageError(
            "showing identities needs a reviewer and a reason",
            code="AW-FINDINGS-004",
            expected="who looks, and why in a sentence",
        )
    at = clock.now().astimezone(UTC).isoformat(timespec="seconds")
    return journal.append(
        connection,
        at=at,
        actor=reviewer.strip(),
        action="reveal",
        finding_id=finding_id,
        detail=reason.strip(),
    )
