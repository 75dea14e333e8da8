"""Matters: what a year is counted from, whether it was investigated or decided in the queue.

A matter is an investigation of the register, or a finding whose standing decision says that it
was misuse and that no investigation took in. Which decisions say so is the form's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from auditwatch.findings.sentences import lookups_behind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from auditwatch.findings.investigations import Entry
    from auditwatch.findings.model import Finding, Piece, Review

__all__ = ["Matter", "Taken", "decided_matters", "registered_matters"]


@dataclass(frozen=True)
class Taken:
    """What was done about one person on one day."""

    day: str
    operator_id: str
    action: str


@dataclass(frozen=True)
class Matter:
    """One case of the year.

    Parameters
    ----------
    matter_id : str
        Number of the investigation, or id of the finding.
    opened : str
        Agency-local day, ISO.
    concluded : str
        The same; empty while it is pending.
    result : str
        confirmed, no_misuse, or empty while it is pending.
    operator_ids : tuple of str
        Persons of whom misuse was confirmed, sorted; a fault of procedure has none.
    queries : int
        Lookups that were confirmed to be misuse.
    finding_ids : tuple of str
        Findings that it is about.
    taken : tuple of Taken
        What was done, oldest first.
    registered : bool
        It was an investigation; otherwise a decision on a finding.
    """

    matter_id: str
    opened: str
    concluded: str
    result: str
    operator_ids: tuple[str, ...]
    queries: int
    finding_ids: tuple[str, ...]
    taken: tuple[Taken, ...]
    registered: bool


def registered_matters(entries: Iterable[Entry]) -> list[Matter]:
    """Return each investigation of the register, in order of its number.

    Parameters
    ----------
    entries : iterable of Entry
        Investigation by investigation, oldest first, as `investigations.every` returns them.
    """
    grouped = groupby(entries, lambda one: one.investigation_id)
    return [_registered(name, list(own)) for name, own in grouped]


def _registered(name: str, entries: Sequence[Entry]) -> Matter:
    """Return one investigation: the last word on each thing counts."""
    last = [one for one in entries if one.act in ("conclude", "reopen")][-1:]
    ended = last[0] if last and last[0].act == "conclude" else None
    allegations = {one.operator_id: one.word for one in entries if one.act == "person"}
    sustained = sorted(who for who, word in allegations.items() if word == "sustained")
    taken = [Taken(one.day, one.operator_id, one.word) for one in entries if one.act == "action"]
    confirmed = ended is not None and ended.word == "confirmed"
    return Matter(
        matter_id=name,
        opened=entries[0].day,
        concluded=ended.day if ended else "",
        result=ended.word if ended else "",
        operator_ids=tuple(sustained) if confirmed else (),
        queries=ended.queries if ended else 0,
        finding_ids=entries[0].finding_ids,
        taken=tuple(sorted(taken, key=lambda one: (one.day, one.operator_id, one.action))),
        registered=True,
    )


def decided_matters(
    reviewed: Iterable[tuple[Finding, Review, Sequence[Piece]]],
    confirming: Collection[str],
    within: Collection[str],
    zone: ZoneInfo,
) -> list[Matter]:
    """Return the findings that were decided to be misuse and that no investigation took in.

    Parameters
    ----------
    reviewed : iterable of (Finding, Review, sequence of Piece)
        Each with the decision that stands and its evidence.
    confirming : collection of str
        Dispositions that say misuse.
    within : collection of str
        Findings that investigations took in.
    zone : ZoneInfo
        The agency's clock: a decision belongs to a local day.
    """
    return [
        _decided(finding, review, pieces, zone)
        for finding, review, pieces in reviewed
        if review.disposition in confirming and finding.finding_id not in within
    ]


def _decided(finding: Finding, review: Review, pieces: Sequence[Piece], zone: ZoneInfo) -> Matter:
    """Return a finding as a matter that was opened and closed with its decision."""
    day = datetime.fromisoformat(review.at).astimezone(zone).date().isoformat()
    return Matter(
        matter_id=finding.finding_id,
        opened=day,
        concluded=day,
        result="confirmed",
        operator_ids=finding.operator_ids,
        queries=lookups_behind(pieces) if pieces else len(finding.event_ids),
        finding_ids=(finding.finding_id,),
        taken=(),
        registered=False,
    )
