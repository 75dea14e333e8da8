"""A tenth of what reviewers read is drawn by lot, so that precision is measured without bias.

Whoever reads the strongest findings only learns how good the strongest are, and what a view or a
rule is worth lower down nobody ever hears. The lot is the digest of a finding's id: everybody can
draw again, nobody can steer it, and it never changes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditwatch.findings.model import Finding

__all__ = ["Reading", "Sampled", "lot", "reading", "sampled"]

TENTH: Final = 10
OPEN: Final = ("open", "reopened")


@dataclass(frozen=True)
class Reading:
    """What to read in a week.

    Parameters
    ----------
    pressing : tuple of Finding
        The most pressing, in order.
    drawn : tuple of Finding
        Drawn by lot from all others that are open, by lot.
    """

    pressing: tuple[Finding, ...]
    drawn: tuple[Finding, ...]


@dataclass(frozen=True)
class Sampled:
    """What became of all findings whose lot has come up so far, pressing or not.

    Parameters
    ----------
    findings, decided, confirmed : int
        How many there are, were decided, were found to be wrong.
    """

    findings: int
    decided: int
    confirmed: int


def lot(finding_id: str) -> str:
    """Return the lot of a finding; the lowest comes up first."""
    return hashlib.sha256(f"lot:{finding_id}".encode()).hexdigest()


def reading(queue: Sequence[Finding], budget: int) -> Reading:
    """Divide a week between what is pressing and what is drawn.

    Parameters
    ----------
    queue : sequence of Finding
        What is open and asks about a person, the most pressing first.
    budget : int
        Findings that are read in a week; a tenth of them, one at least, is drawn. A single one is
        the most pressing.
    """
    tenth = min(max(1, round(budget / TENTH)), budget - 1)
    pressing = tuple(queue[: budget - tenth])
    others = sorted(queue[len(pressing) :], key=lambda one: lot(one.finding_id))
    return Reading(pressing, tuple(others[:tenth]))


def sampled(
    findings: Iterable[Finding], drawn: Sequence[Finding], confirmed: Mapping[str, bool]
) -> Sampled:
    """Return what became of the findings whose lot has come up.

    Parameters
    ----------
    findings : iterable of Finding
        All that ask about a person, open or not.
    drawn : sequence of Finding
        What is drawn now, as from `reading`.
    confirmed : mapping of str to bool
        Decided findings to whether something was wrong.

    Notes
    -----
    A lot knows nothing of a finding's priority, so what has come up is a fair sample of all.
    """
    last = max((lot(one.finding_id) for one in drawn), default="")
    up = [one.finding_id for one in findings if lot(one.finding_id) <= last]
    decided = [confirmed[name] for name in up if name in confirmed]
    return Sampled(len(up), len(decided), sum(decided))
