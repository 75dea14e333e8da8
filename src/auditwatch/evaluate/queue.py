"""The reviewers' queue as it stood when each night ended, and what they got to see of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.findings.derive import assemble, derive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditwatch.evaluate.matching import Matcher
    from auditwatch.findings.model import Finding, Piece

__all__ = ["Budget", "Desk", "in_order", "queues"]

WEEK: Final = 7


@dataclass(frozen=True)
class Budget:
    """What reviewers can read.

    Parameters
    ----------
    per_week : float
        Findings in a week.
    nights : int
        Nights of the trail; seven with lookups are a week, so that a clock that jumped to another
        year brings nobody fifty years of reading.
    """

    per_week: float
    nights: int

    def by(self, nights: int) -> int:
        """Return how many findings can have been read after so many nights, at least one."""
        return max(1, round(self.per_week * nights / WEEK))

    @property
    def all(self) -> int:
        """Findings that can be read in all the nights of the trail."""
        return self.by(self.nights)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return what asks for a person, in the order in which the store lists it."""
    asking = [finding for finding in findings if finding.status != "suppressed"]
    by_id = sorted(asking, key=lambda one: one.finding_id)
    by_time = sorted(by_id, key=lambda one: one.last_seen, reverse=True)
    return sorted(by_time, key=lambda one: -one.priority)


def queues(pieces: Iterable[Piece], nights: Sequence[str]) -> Iterator[list[Finding]]:
    """Yield for each night the queue as it stood when that night had been judged.

    Parameters
    ----------
    pieces : iterable of Piece
        All evidence, each piece with the night on which it was judged.
    nights : sequence of str
        ISO dates, ascending.

    Notes
    -----
    A finding is a function of its evidence: with the evidence of later nights left out it is what
    it was then.
    """
    fresh: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        fresh[piece.night].append(piece)
    evidence: dict[str, list[Piece]] = defaultdict(list)
    standing: dict[str, Finding] = {}
    for night in nights:
        for name, own in assemble(fresh.get(night, ())).items():
            evidence[name] += own
            standing[name] = derive(name, evidence[name], {}, None)
        yield in_order(standing.values())


class Desk:
    """Reviewers beside a queue that grows night by night.

    Parameters
    ----------
    matcher : Matcher
        Knows the episodes.
    budget : Budget
        What they can read.

    Attributes
    ----------
    seen : list of int or None
        For each episode, after how many nights a finding about it stood within the budget so far.
    read : list of int or None
        After how many nights the finding about it was read, where each week the most pressing
        findings are read that were not read before, and none a second time.
    """

    def __init__(self, matcher: Matcher, budget: Budget) -> None:
        self._matcher, self._budget = matcher, budget
        self.seen: list[int | None] = [None] * len(matcher.episodes)
        self.read: list[int | None] = [None] * len(matcher.episodes)
        self._done: set[str] = set()

    def sit(self, nights: int, queue: Sequence[Finding]) -> None:
        """Look at the queue after so many nights; read what a week's end allows."""
        self._note(self.seen, queue[: self._budget.by(nights)], nights)
        if nights % WEEK == 0 or nights == self._budget.nights:
            left = self._budget.by(nights) - len(self._done)
            unread = [one for one in queue if one.finding_id not in self._done][:left]
            self._done.update(one.finding_id for one in unread)
            self._note(self.read, unread, nights)

    def _note(self, when: list[int | None], findings: Sequence[Finding], nights: int) -> None:
        """Keep the first time at which an episode is met."""
        for finding in findings:
            for n in self._matcher.about(finding.event_ids):
                when[n] = when[n] or nights
