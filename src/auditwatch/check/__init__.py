"""Checking: declared purposes against permitted uses, and lookups against detection rules."""

from auditwatch.check.facts import Facts, make_facts
from auditwatch.check.judge import (
    Judged,
    for_windows,
    judge,
    judge_policy,
    judge_rows,
    judge_windows,
)
from auditwatch.check.lifting import hold_ceilings
from auditwatch.check.needs import needs_of
from auditwatch.check.ruleset import Ruleset, load_rules

__all__ = [
    "Facts",
    "Judged",
    "Ruleset",
    "for_windows",
    "hold_ceilings",
    "judge",
    "judge_policy",
    "judge_rows",
    "judge_windows",
    "load_rules",
    "make_facts",
    "needs_of",
]
