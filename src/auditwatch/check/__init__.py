"""Checking: declared purposes against permitted uses, and lookups against detection rules."""

from auditwatch.check.facts import Facts, make_facts
from auditwatch.check.judge import Judged, judge, judge_policy
from auditwatch.check.lifting import hold_ceilings
from auditwatch.check.needs import needs_of
from auditwatch.check.ruleset import Ruleset, load_rules

__all__ = [
    "Facts",
    "Judged",
    "Ruleset",
    "hold_ceilings",
    "judge",
    "judge_policy",
    "load_rules",
    "make_facts",
    "needs_of",
]
