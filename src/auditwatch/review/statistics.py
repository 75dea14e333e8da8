"""What becomes of findings: by rule, by reviewer, by state; counts, never identities."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import sqrt
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import and_, case, func, select, true

from auditwatch.findings import tables
from auditwatch.findings.model import STATUSES
from auditwatch.review.conduct import ACTIONS, QUESTIONED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from auditwatch.findings.model import Finding

__all__ = [
    "Precision",
    "Reviewer",
    "Rule",
    "backlog",
    "nights_of_rule",
    "precision",
    "reviewers",
    "rules",
    "similar",
]

Z: Final = 1.96  # of a 95 % interval
BENIGN: Final = ("correct_hit", "correct_hit_but_benign")
OPEN: Final = ("open", "reopened")


class Precision(msgspec.Struct, frozen=True):
    """How often a rule was right to ask, with a 95 % interval (Wilson); in per cent."""

    right: int
    judged: int
    low: int
    high: int


class Rule(msgspec.Struct, frozen=True):
    """One rule and what became of its findings."""

    rule_id: str
    kind: str
    findings: int
    open: int
    outcomes: Mapping[str, int]
    precision: Precision


class Reviewer(msgspec.Struct, frozen=True):
    """What one person looked at and decided."""

    account: str
    views: int
    reveals: int
    refused: int
    decided: int
    approved: int
    cleared: int
    hasty: int
    unused: int


def precision(qualities: Mapping[str, int]) -> Precision:
    """Return how often a rule was right to ask; who could not tell does not count."""
    right = sum(qualities.get(name, 0) for name in BENIGN)
    judged = right + qualities.get("wrong_hit", 0)
    if not judged:
        return Precision(0, 0, 0, 100)
    share, room = right / judged, Z * Z / judged
    middle = (share + room / 2) / (1 + room)
    reach = Z * sqrt(share * (1 - share) / judged + room / (4 * judged)) / (1 + room)
    return Precision(
        right, judged, round(100 * max(middle - reach, 0)), round(100 * min(middle + reach, 1))
    )


def rules(connection: Connection, rule_id: str = "") -> list[Rule]:
    """Return all rules that have findings, those with most first.

    Parameters
    ----------
    connection : Connection
        To read from.
    rule_id : str
        Only this one; all when empty.
    """
    findings, standings = tables.findings, tables.standings
    meant = findings.c.rule_id == rule_id if rule_id else true()
    # by columns of one index, in its order: no row is read, nothing is sorted
    by = (findings.c.rule_id, findings.c.kind, findings.c.status)
    grouped = select(*by, func.count()).where(meant).group_by(*by)
    totals: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for name, kind, status, count in connection.execute(grouped):
        totals[name, kind][0] += count
        totals[name, kind][1] += count if status in OPEN else 0
    closed = (
        select(findings.c.rule_id, standings.c.outcome, standings.c.quality, func.count())
        .join(standings, findings.c.finding_id == standings.c.finding_id)
        .where(standings.c.state == "closed", meant)
        .group_by(findings.c.rule_id, standings.c.outcome, standings.c.quality)
    )
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    qualities: dict[str, Counter[str]] = defaultdict(Counter)
    for name, outcome, quality, count in connection.execute(closed):
        outcomes[name][outcome] += count
        qualities[name][quality] += count
    found = [
        Rule(name, kind, count, is_open, dict(outcomes[name]), precision(qualities[name]))
        for (name, kind), (count, is_open) in totals.items()
    ]
    return sorted(found, key=lambda rule: (-rule.findings, rule.rule_id))


def nights_of_rule(connection: Connection, rule_id: str) -> list[tuple[str, int]]:
    """Return how many findings each night brought a rule, the last thirty such nights."""
    table = tables.findings
    query = (
        select(table.c.night, func.count())
        .where(table.c.rule_id == rule_id)
        .group_by(table.c.night)
        .order_by(table.c.night.desc())
        .limit(30)
    )
    return [(row[0], row[1]) for row in connection.execute(query)][::-1]


def similar(connection: Connection, finding: Finding) -> dict[str, int]:
    """Return how findings of the same rule and story ended, outcome to number."""
    findings, standings = tables.findings, tables.standings
    same = and_(
        findings.c.rule_id == finding.rule_id,
        findings.c.story == finding.story,
        findings.c.finding_id != finding.finding_id,
        standings.c.state == "closed",
    )
    query = (
        select(standings.c.outcome, func.count())
        .join(findings, findings.c.finding_id == standings.c.finding_id)
        .where(same)
        .group_by(standings.c.outcome)
    )
    return dict(sorted((row[0], row[1]) for row in connection.execute(query)))


def backlog(connection: Connection) -> dict[str, dict[str, int]]:
    """Return findings by severity and status."""
    severity, status = tables.findings.c.severity, tables.findings.c.status
    # sums in the order of one index: groups of two columns would be sorted first
    sums = [func.sum(case((status == one, 1), else_=0)) for one in STATUSES]
    query = select(severity, *sums).group_by(severity)
    return {
        name: {word: int(count) for word, count in zip(STATUSES, counts, strict=True) if count}
        for name, *counts in connection.execute(query)
    }


def reviewers(connection: Connection, start: str) -> list[Reviewer]:
    """Return what each account looked at and decided since an instant, by name."""
    table = tables.journal
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for action in (name for names in ACTIONS.values() for name in names):
        query = select(table.c.actor, func.count()).group_by(table.c.actor)
        for actor, count in connection.execute(
            query.where(table.c.action == action, table.c.at >= start)
        ):
            counted[actor][action] = count
    cleared, hasty, unused = (
        Counter(line.actor for line in lines(connection, start)) for lines in QUESTIONED.values()
    )
    known = select(tables.accounts.c.account).order_by(tables.accounts.c.account)
    return [
        Reviewer(
            name,
            counted[name]["view"],
            counted[name]["reveal"],
            counted[name]["refused"],
            counted[name]["propose"] + counted[name]["conclude"],
            counted[name]["approve"],
            cleared[name],
            hasty[name],
            unused[name],
        )
        for name in connection.execute(known).scalars()
    ]
