"""Investigations as the desk shows them: the register, what the desk opened itself, the clocks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from auditwatch.findings import investigations, tables
from auditwatch.findings.matters import registered_matters
from auditwatch.review.queue import withheld_from
from auditwatch.review.yearclock import Clock, first_seen, pauses_of, run_clock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from auditwatch.findings.investigations import Entry
    from auditwatch.review.conflict import Circle

__all__ = ["Inquiry", "clocks", "inquiries", "kept_from"]


@dataclass(frozen=True)
class Inquiry:
    """One investigation.

    Parameters
    ----------
    number : str
        Of the register; empty for a finding that was escalated and that no entry took in.
    finding_ids : tuple of str
        What it is about.
    opened, concluded, result : str
        Agency-local days; result as in the register; both empty while it is pending.
    entries : tuple of Entry
        Of the register, oldest first.
    clock : Clock or None
        The year for discipline; None once it is concluded.
    """

    number: str
    finding_ids: tuple[str, ...]
    opened: str
    concluded: str
    result: str
    entries: tuple[Entry, ...]
    clock: Clock | None

    @property
    def tolled(self) -> bool:
        """Whether the clock stands still."""
        return self.clock is not None and bool(self.clock.ground)

    @property
    def proposals(self) -> int:
        """How many proposals wait for a second person."""
        return len(investigations.waiting(self.entries))


def inquiries(
    connection: Connection, circle: Circle, zone: ZoneInfo, today: date
) -> tuple[list[Inquiry], int]:
    """Return the investigations that somebody may see, pending ones by days left, and how many not.

    Parameters
    ----------
    connection : Connection
        To read from.
    circle : Circle
        Whom the person must keep away from.
    zone : ZoneInfo
        The agency's clock.
    today : date
        Agency-local day.
    """
    entries = investigations.every(connection)
    register = {name: list(own) for name, own in groupby(entries, lambda one: one.investigation_id)}
    taken_in = {name for one in entries for name in one.finding_ids}
    escalated = _escalated(connection, zone)
    for name in taken_in & escalated.keys():
        del escalated[name]
    seen = first_seen(connection, taken_in | escalated.keys(), zone)
    matters = {one.matter_id: one for one in registered_matters(entries)}
    found = [
        Inquiry(
            name,
            matters[name].finding_ids,
            matters[name].opened,
            matters[name].concluded,
            matters[name].result,
            tuple(own),
            _clock(own, seen, today) if not matters[name].concluded else None,
        )
        for name, own in register.items()
    ] + [
        Inquiry("", (name,), day.isoformat(), "", "", (), _running(seen.get(name, day), day, today))
        for name, day in sorted(escalated.items())
    ]
    kept = _away(connection, circle, taken_in | escalated.keys())
    shown = [one for one in found if not _concerns(one, circle, kept)]
    return sorted(shown, key=_pressing), len(found) - len(shown)


def kept_from(connection: Connection, circle: Circle) -> frozenset[str]:
    """Return the findings and the investigations that somebody must keep away from, by name."""
    findings = {str(name) for name in connection.execute(withheld_from(circle)).scalars()}
    entries = [
        entry
        for entry in investigations.every(connection)
        if (entry.operator_id and circle.meets({entry.operator_id}, ()))
        or not findings.isdisjoint(entry.finding_ids)
    ]
    return frozenset(findings | {entry.investigation_id for entry in entries})


def clocks(
    connection: Connection, finding_ids: Collection[str], zone: ZoneInfo, today: date
) -> dict[str, Clock]:
    """Return the clock of each finding that somebody who may open an investigation has seen.

    Parameters
    ----------
    connection, zone, today
        As of `inquiries`.
    finding_ids : collection of str
        Which findings; closed ones have no clock, so do not ask for them.
    """
    register = investigations.every(connection)
    within = {name: one.investigation_id for one in register for name in one.finding_ids}
    by_number: dict[str, list[Entry]] = defaultdict(list)
    for one in register:
        by_number[one.investigation_id].append(one)
    seen = first_seen(connection, finding_ids, zone)
    return {
        name: run_clock(day, pauses_of(by_number[within.get(name, "")]), today)
        for name, day in seen.items()
    }


def _escalated(connection: Connection, zone: ZoneInfo) -> dict[str, date]:
    """Return the findings that the desk put under investigation and did not close, with the day."""
    steps, standings = tables.steps, tables.standings
    query = (
        select(steps.c.finding_id, func.min(steps.c.at))
        .join(standings, standings.c.finding_id == steps.c.finding_id)
        .where(steps.c.act == "escalate", standings.c.state != "closed")
        .group_by(steps.c.finding_id)
    )
    return {
        name: datetime.fromisoformat(at).astimezone(zone).date()
        for name, at in connection.execute(query)
    }


def _running(seen: date, opened: date, today: date) -> Clock:
    """Return the clock of what a reviewer escalated: nobody may have seen it yet who must know."""
    return run_clock(min(seen, opened), (), today)


def _clock(entries: list[Entry], seen: Mapping[str, date], today: date) -> Clock:
    """Return the clock of an entry of the register: from the first that was known of it."""
    known = [seen[name] for name in entries[0].finding_ids if name in seen]
    began = min([date.fromisoformat(entries[0].day), *known])
    return run_clock(began, pauses_of(entries), today)


def _away(connection: Connection, circle: Circle, names: set[str]) -> set[str]:
    """Return which of these findings are withheld."""
    query = withheld_from(circle).where(tables.parties.c.finding_id.in_(sorted(names)))
    return {str(row[0]) for row in connection.execute(query)}


def _concerns(one: Inquiry, circle: Circle, kept: set[str]) -> bool:
    """Tell whether an investigation concerns the circle."""
    people = {entry.operator_id for entry in one.entries if entry.operator_id}
    return not kept.isdisjoint(one.finding_ids) or circle.meets(people, ())


def _pressing(one: Inquiry) -> tuple[bool, int, str, str]:
    """Return the order: pending by days left, then the concluded."""
    left = one.clock.left if one.clock is not None else 0
    return (one.clock is None, left, one.number, one.opened)
