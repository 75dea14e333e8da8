"""Trying a rule pack on its own samples, through the same door as a scan."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from auditwatch.check.judge import judge, judge_rules
from auditwatch.check.lifting import hold_ceilings
from auditwatch.check.sample import Sample, sample_batch
from auditwatch.check.trial.sampled import context_key, sample_facts, together
from auditwatch.core.mask import Masker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from auditwatch.check.judge import Judged
    from auditwatch.check.rule import Rule
    from auditwatch.check.ruleset import Ruleset

__all__ = ["POLICY", "Trial", "alone", "try_policy", "try_rule", "try_rules", "try_samples"]

#: The name under which samples of the policy are tried.
POLICY: Final = "policy"
#: Identities in samples are invented: they are shown as they are.
PLAIN: Final = Masker("", reveal=True)


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
    said : str
        The sentence a reviewer would read; empty where there is none.
    """

    name: str
    sample: Sample
    got: str
    said: str = ""

    @property
    def passed(self) -> bool:
        """Whether the answer is the expected one."""
        return self.got == self.sample.expected and self.says_so

    @property
    def says_so(self) -> bool:
        """Whether the sentence has the words that are asked of it."""
        return " ".join(self.sample.says.split()) in " ".join(self.said.split())


def try_samples(ruleset: Ruleset) -> Iterator[Trial]:
    """Judge every sample of a rule pack, each as a source of its own.

    Parameters
    ----------
    ruleset : Ruleset
        The pack; samples stand in its rules and in the files of ``tests/``.

    Yields
    ------
    Trial
        One a sample: rules in order, then the decision tables. A rule is tried by itself: also one
        that serves correlations alone, and says nothing in a scan.
    """
    yield from try_rules(ruleset, ruleset.rules)
    yield from try_policy(ruleset, ruleset.decisions)


def try_rules(ruleset: Ruleset, rules: Sequence[Rule]) -> Iterator[Trial]:
    """Judge the samples of some rules.

    Parameters
    ----------
    ruleset : Ruleset
        The pack, for the catalogue and the rules that a correlation names.
    rules : sequence of Rule
        Of this pack, or changed ones.

    Yields
    ------
    Trial
        One a sample, rule by rule, in order.
    """
    detections = [rule for rule in rules if rule.correlation is None]
    tried = _detected(ruleset, [(rule, one) for rule in detections for one in rule.samples])
    for rule in rules:
        if rule.correlation is None:
            yield from tried[rule.rule_id]
            continue
        own = alone(ruleset, rule)
        for sample in rule.samples:  # each by itself: windows must not reach into another one
            (trial,) = _tried(own, [(rule, sample)])
            yield trial


def try_rule(ruleset: Ruleset, rule: Rule) -> Iterator[Trial]:
    """Judge the samples of one rule, as `try_rules`."""
    yield from try_rules(ruleset, [rule])


def _detected(
    ruleset: Ruleset, pairs: Sequence[tuple[Rule, Sample]]
) -> Mapping[str, Sequence[Trial]]:
    """Return the trials of detections by rule, those that know the same judged at once."""
    groups: dict[str, list[tuple[Rule, Sample]]] = defaultdict(list)
    for rule, sample in pairs:
        groups[context_key(sample)].append((rule, sample))
    found: dict[tuple[str, str, str], Trial] = {}
    for group in groups.values():
        rules = {rule.rule_id: rule for rule, _ in group}
        chosen = tuple(rules[name] for name in sorted(rules))
        own = replace(ruleset, rules=chosen, statements=(), exemptions={})
        for (rule, sample), trial in zip(group, _tried(own, group), strict=True):
            found[rule.rule_id, sample.place, sample.title] = trial
    tried: dict[str, list[Trial]] = defaultdict(list)
    for rule, sample in pairs:
        tried[rule.rule_id].append(found[rule.rule_id, sample.place, sample.title])
    return tried


def _tried(own: Ruleset, pairs: Sequence[tuple[Rule, Sample]]) -> Iterator[Trial]:
    """Yield what became of samples that are judged at once, each asked of its own rule alone."""
    samples = [sample for _, sample in pairs]
    said: dict[tuple[str, str], str] = {}
    for hit in judge_rules(own, sample_batch(samples), sample_facts(samples)).to_pylist():
        said[hit["rule_id"], hit["event_id"]] = PLAIN.text(hit["says"])
    for (rule, sample), names in zip(pairs, _names(samples), strict=True):
        told = [said.get((rule.rule_id, name)) for name in names]
        places = [str(place) for place, words in enumerate(told, 1) if words is not None]
        listed = sample.expected not in ("true", "false")
        got = ", ".join(places) if listed and places else str(bool(places)).lower()
        yield Trial(rule.rule_id, sample, got, next((one for one in told if one is not None), ""))


def try_policy(ruleset: Ruleset, samples: Sequence[Sample]) -> Iterator[Trial]:
    """Judge samples by the policy alone.

    Parameters
    ----------
    ruleset : Ruleset
        The pack.
    samples : sequence of Sample
        Of decision tables.

    Yields
    ------
    Trial
        One a sample, those with the same context together.
    """
    policy = replace(ruleset, rules=())
    for group in together(samples):
        judged = judge(policy, sample_batch(group), sample_facts(group))
        start = 0
        for sample in group:
            mine = judged.verdicts.slice(start, len(sample.lookups))
            start += len(sample.lookups)
            yield _decided(policy, sample, mine, judged)


def _decided(policy: Ruleset, sample: Sample, verdicts: pa.Table, judged: Judged) -> Trial:
    """Return what the policy said of one sample, a ceiling held over its lookups alone."""
    if policy.exemptions:
        verdicts, _ = hold_ceilings(policy.exemptions, verdicts, judged.hits)
    rows = verdicts.to_pylist()
    words = sample.expected.count(" ")
    told = dict.fromkeys(_words(row, words) for row in rows)
    return Trial(POLICY, sample, "; ".join(told), PLAIN.text(rows[0]["says"]) if rows else "")


def _words(row: dict[str, str], details: int) -> str:
    """Return a verdict in as many words as were asked for."""
    return " ".join([row["verdict"], *(row["statement_id"], row["missing"])[:details]])


def alone(ruleset: Ruleset, rule: Rule) -> Ruleset:
    """Return a pack with one rule, and those it calls, that permits and forbids nothing."""
    named = {one.rule_id: one for one in ruleset.rules}
    kept = {rule.rule_id: rule}
    waiting = [*rule.calls]
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = named[name]
            waiting.extend(named[name].calls)
    rules = tuple(kept[name] for name in sorted(kept))
    return replace(ruleset, rules=rules, statements=(), exemptions={})


def _names(samples: Iterable[Sample]) -> Iterator[list[str]]:
    """Yield the event ids of each sample's lookups."""
    start = 0
    for sample in samples:
        yield [f"s{start + place}" for place in range(len(sample.lookups))]
        start += len(sample.lookups)
