"""Checking: declared purposes against permitted uses, and lookups against detection rules."""

from auditwatch.check.facts import Facts, make_facts
from auditwatch.check.judge import Judged, judge
from auditwatch.check.needs import needs_of
from auditwatch.check.ruleset import Ruleset, load_rules

__all__ = ["Facts", "Judged", "Ruleset", "judge", "load_rules", "make_facts", "needs_of"]
