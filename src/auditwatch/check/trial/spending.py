"""What a rule spent of its budget: within it, above it, or too little is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.check.trial.intervals import rate_interval, share_interval

if TYPE_CHECKING:
    from auditwatch.check.budget import Budget

__all__ = ["ABOVE", "UNKNOWN", "WITHIN", "Spending", "spent"]

WITHIN: Final = "within"
ABOVE: Final = "above"
UNKNOWN: Final = "not known yet"


@dataclass(frozen=True)
class Spending:
    """One limit of a budget, and what was spent of it.

    Parameters
    ----------
    limit : str
        ``findings_per_week`` or ``cleared_at_most``.
    allowed, spent, low, high : float
        What the rule allows itself, what was seen, and its interval of 95 %.
    state : str
        `WITHIN`; `ABOVE` when even the low end is above; `UNKNOWN` with too few reviewed.
    """

    limit: str
    allowed: float
    spent: float
    low: float
    high: float
    state: str

    @property
    def words(self) -> str:
        """As a person reads it."""
        if self.state == UNKNOWN:
            return f"{self.limit} {self.state}: too few of its findings were reviewed"
        interval = f"{self.low:.2g} to {self.high:.2g}"
        return f"{self.limit} {self.spent:.2g} ({interval}), {self.state} {self.allowed:g}"


def spent(
    budget: Budget | None, findings: int, weeks: float, cleared: int, of: int
) -> list[Spending]:
    """Return what was spent of each limit of a budget.

    Parameters
    ----------
    budget : Budget or None
        The rule's.
    findings : int
        New findings in the period.
    weeks : float
        Its length.
    cleared, of : int
        How many of the reviewed findings were decided as explained or not useful.

    Notes
    -----
    A limit is broken when the low end of the interval is above it: one bad week breaks nothing.
    """
    told = []
    if budget is not None and budget.findings_per_week is not None:
        low, high = rate_interval(findings, weeks)
        allowed = float(budget.findings_per_week)
        state = ABOVE if low > allowed else WITHIN
        told.append(Spending("findings_per_week", allowed, findings / weeks, low, high, state))
    if budget is not None and budget.cleared_at_most is not None:
        told.append(_cleared(budget.cleared_at_most, cleared, of, budget.reviewed_at_least))
    return told


def _cleared(allowed: float, cleared: int, of: int, least: int) -> Spending:
    """Return what was spent of the share that may be for nothing."""
    if of < max(1, least):
        return Spending("cleared_at_most", allowed, 0.0, 0.0, 1.0, UNKNOWN)
    low, high = share_interval(cleared, of)
    state = ABOVE if low > allowed else WITHIN
    return Spending("cleared_at_most", allowed, cleared / of, low, high, state)
