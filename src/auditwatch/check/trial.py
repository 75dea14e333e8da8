"""Trying a rule pack on its own samples, through the same door as a scan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditwatch.check.facts import make_facts
from auditwatch.check.judge import judge
from auditwatch.check.lifting import hold_ceilings
from auditwatch.check.sample import Sample, sample_batch, sample_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.check.judge import Judged
    from auditwatch.check.rule import Rule
    from auditwatch.check.ruleset import Ruleset

__all__ = ["Trial", "try_samples"]


@dataclass(frozen=True)
class Trial:
    """One sample and what became of it.

    Parameters
    ----------
    name : str
        The rule it tries, or ``policy``.
    sample : Sample
        The sample with what it expects.
    got : str
        What `judge` answered, in the words of the expectation.
    """

    name: str
    sample: Sample
    got: str

    @property
    def passed(self) -> bool:
        """Whether the answer is the expected one."""
        return self.got == self.sample.expected


def try_samples(ruleset: Ruleset) -> Iterator[Trial]:
    """Judge every sample of a rule pack by itself.

    A rule is tried alone, with what its correlation names: also one that serves correlations and
    says nothing in a scan.

    Parameters
    ----------
    ruleset : Ruleset
        The pack; samples stand in its rules and in its decision tables.

    Yields
    ------
    Trial
        One a sample: rules in order, then the decision tables.
    """
    for rule in ruleset.rules:
        own = replace(ruleset, rules=_called(ruleset, rule))
        for sample in rule.samples:
            fired = rule.rule_id in _judged(own, sample).hits.column("rule_id").to_pylist()
            yield Trial(rule.rule_id, sample, "true" if fired else "false")
    for sample in ruleset.decisions:
        judged = _judged(ruleset, sample)
        verdicts, _ = hold_ceilings(ruleset.exemptions, judged.verdicts, judged.hits)
        (row,) = verdicts.to_pylist()
        got = row["verdict"]
        for detail in (row["statement_id"], row["missing"])[: sample.expected.count(" ")]:
            got = f"{got} {detail}"
        yield Trial("policy", sample, got)


def _called(ruleset: Ruleset, rule: Rule) -> tuple[Rule, ...]:
    """Return a rule with all that its correlation names, and what these name."""
    named = {one.rule_id: one for one in ruleset.rules}
    found = {rule.rule_id: rule}
    for name in rule.calls:
        found |= {one.rule_id: one for one in _called(ruleset, named[name])}
    return tuple(found[name] for name in sorted(found))


def _judged(ruleset: Ruleset, sample: Sample) -> Judged:
    """Judge one sample."""
    facts = make_facts(sample_context(sample), {"s0": sample.not_exported})
    return judge(ruleset, sample_batch([sample]), facts)
