"""How many findings of a rule its reviewers can bear, and how many of them may be for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.check.amounts import amount

if TYPE_CHECKING:
    from auditwatch.check.section import Section

__all__ = ["ACTIVE", "BUDGET", "MODES", "SHADOW", "Budget", "read_budget"]

ACTIVE: Final = "active"
#: Judged every night like any other, but what it finds stays out of the queue.
SHADOW: Final = "shadow"
MODES: Final = (ACTIVE, SHADOW)
#: Keys of a budget.
BUDGET: Final = ("findings_per_week", "cleared_at_most", "reviewed_at_least")
#: Reviewed findings below which a share says nothing, unless a rule says otherwise.
REVIEWED_AT_LEAST: Final = 10


@dataclass(frozen=True)
class Budget:
    """What a rule may cost.

    Parameters
    ----------
    findings_per_week : int or None
        At most so many new findings in a week, on average.
    cleared_at_most : float or None
        Share of its reviewed findings, 0 to 1, that may have been decided as explained or not
        useful.
    reviewed_at_least : int
        Reviewed findings below which the share is not judged.
    """

    findings_per_week: int | None = None
    cleared_at_most: float | None = None
    reviewed_at_least: int = REVIEWED_AT_LEAST


def read_budget(block: Section) -> Budget | None:
    """Read the ``budget`` of a rule's ``auditwatch`` block; None when it has none.

    Raises
    ------
    RuleError
        ``AW-RULES-002`` it limits nothing, ``-003`` a value is no number, ``AW-YAML-006`` an
        unknown key.
    """
    if not block.has("budget"):
        return None
    given = block.section("budget")
    given.only(*BUDGET)
    if not (given.has("findings_per_week") or given.has("cleared_at_most")):
        raise block.error(
            "a budget that limits nothing",
            "budget",
            code="AW-RULES-002",
            expected="findings_per_week, cleared_at_most or both",
        )
    least = given.whole("reviewed_at_least") if given.has("reviewed_at_least") else None
    return Budget(
        given.whole("findings_per_week") if given.has("findings_per_week") else None,
        _share(given, "cleared_at_most"),
        REVIEWED_AT_LEAST if least is None else least,
    )


def _share(given: Section, key: str) -> float | None:
    """Return a share of one, or None when it is not given."""
    if not given.has(key):
        return None
    found = amount(given.text(key))
    if found is None or not 0 <= found <= 1:
        raise given.error(f"{key!r} is no share", key, code="AW-RULES-003", expected="0 to 1")
    return float(found)
