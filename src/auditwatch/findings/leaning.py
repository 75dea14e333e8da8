"""What reviewers decided moves what is read next, by a bounded step for each rule and view.

No decision touches a finding, its priority or a baseline: only the order of a week's reading leans
towards what was confirmed and away from what was cleared, and forgets it when a decision is
withdrawn.
"""

from __future__ import annotations

from collections import Counter
from math import log10
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditwatch.findings.model import Finding

__all__ = ["in_reading_order", "leaning", "leanings"]

#: Milli-decades that decisions may add or take: five times as likely, no more. So nobody can talk
#: the queue out of a rule, and a grave hit stays above a soft one.
MOST: Final = 700
#: Decisions of the whole agency that a rule of which nobody decided anything is taken to have.
PRIOR: Final = 20.0
#: Of all findings, before anything was decided: one in four confirmed, as if of two decisions.
CONFIRMED_BEFORE: Final = 0.5
CLEARED_BEFORE: Final = 1.5


def leanings(findings: Iterable[Finding], confirmed: Mapping[str, bool]) -> dict[str, int]:
    """Return by how many milli-decades each rule, statement or view leans.

    Parameters
    ----------
    findings : iterable of Finding
        Those that were decided among them count for the rule or view that leads them.
    confirmed : mapping of str to bool
        Decided findings to whether something was wrong.

    Notes
    -----
    Log-odds of a rule's confirmed share against those of all findings, the share drawn towards all
    by `PRIOR` decisions. A rule of which nothing was decided does not lean.
    """
    right: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    for one in findings:
        if one.finding_id in confirmed:
            judged[one.rule_id] += 1
            right[one.rule_id] += confirmed[one.finding_id]
    good, total = sum(right.values()), judged.total()
    usual = (good + CONFIRMED_BEFORE) / (total + CONFIRMED_BEFORE + CLEARED_BEFORE)
    return {
        name: leaning((right[name] + PRIOR * usual) / (judged[name] + PRIOR), usual)
        for name in sorted(judged)
    }


def leaning(share: float, usual: float) -> int:
    """Return the bounded log-odds of a share against a usual one, in milli-decades."""
    odds = share / (1 - share) / (usual / (1 - usual))
    return max(-MOST, min(MOST, round(1000 * log10(odds))))


def in_reading_order(queue: Sequence[Finding], leans: Mapping[str, int]) -> list[Finding]:
    """Return the queue as it is read: by priority and what decisions add, ties as they were."""
    return sorted(queue, key=lambda one: -(one.priority + leans.get(one.rule_id, 0)))
