"""What stands beside a finding: others like it, others about the same people, who opened it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import func, select

from auditwatch.findings import tables
from auditwatch.review.queue import withheld_from

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from auditwatch.findings.model import Finding
    from auditwatch.review.conflict import Circle

__all__ = ["Ending", "Look", "alike_ended", "also_about", "who_looked"]

ALIKE_MOST: Final = 5
PARTIES_MOST: Final = 10


class Ending(msgspec.Struct, frozen=True):
    """How a finding ended."""

    finding_id: str
    night: str
    outcome: str


class Look(msgspec.Struct, frozen=True):
    """Which account opened a finding, how often, and when last."""

    account: str
    times: int
    last: str


def alike_ended(
    connection: Connection, finding: Finding, circle: Circle
) -> list[tuple[Ending, str]]:
    """Return the latest closed findings of the same rule and story, each with its title.

    Parameters
    ----------
    connection : Connection
        To read from.
    finding : Finding
        What they are like.
    circle : Circle
        Whom the reviewer must not see findings about.
    """
    findings, standings = tables.findings, tables.standings
    query = (
        select(findings.c.finding_id, findings.c.night, standings.c.outcome, findings.c.title)
        .join(standings, standings.c.finding_id == findings.c.finding_id)
        .where(
            findings.c.rule_id == finding.rule_id,
            findings.c.story == finding.story,
            findings.c.finding_id != finding.finding_id,
            findings.c.finding_id.not_in(withheld_from(circle)),
            standings.c.state == "closed",
        )
        .order_by(findings.c.night.desc(), findings.c.finding_id)
        .limit(ALIKE_MOST)
    )
    return [(Ending(*row[:3]), row[3]) for row in connection.execute(query)]


def also_about(connection: Connection, finding: Finding, circle: Circle) -> dict[str, int]:
    """Return how many other findings there are about the operators and about the subjects.

    Parameters
    ----------
    connection, finding, circle
        As of `alike_ended`.

    Returns
    -------
    dict
        Identity to number, only those with any; the first ten operators and subjects.
    """
    parties = tables.parties
    counts: dict[str, int] = {}
    for kind, names in (("operator", finding.operator_ids), ("subject", finding.subject_ids)):
        query = (
            select(parties.c.identity, func.count())
            .where(
                parties.c.kind == kind,
                parties.c.identity.in_(names[:PARTIES_MOST]),
                parties.c.finding_id != finding.finding_id,
                parties.c.finding_id.not_in(withheld_from(circle)),
            )
            .group_by(parties.c.identity)
        )
        counts |= {row[0]: row[1] for row in connection.execute(query)}
    return counts


def who_looked(connection: Connection, finding_id: str) -> list[Look]:
    """Return which accounts opened a finding, the latest first, as the journal has it."""
    table = tables.journal
    last = func.max(table.c.at)
    query = (
        select(table.c.actor, func.count(), last)
        .where(table.c.finding_id == finding_id, table.c.action == "view")
        .group_by(table.c.actor)
        .order_by(last.desc(), table.c.actor)
    )
    return [Look(row[0], row[1], row[2]) for row in connection.execute(query)]
