"""Checking: declared purposes against permitted uses, and lookups against detection rules."""

from auditwatch.check.facts import Facts, make_facts
from auditwatch.check.judge import Judged, judge
from auditwatch.check.lifting import hold_ceilings
from auditwatch.check.ruleset import Ruleset, load_rules

__all__ = ["Facts", "Judged", "Ruleset", "hold_ceilings", "judge", "load_rules", "make_facts"]
