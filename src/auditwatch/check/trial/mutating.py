"""Which small changes of a pack its own tests notice: one that lives on is a missing test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditwatch.check.condition import all_of
from auditwatch.check.narrow import sure_rows, three_valued
from auditwatch.check.trial.changes import (
    of_clause,
    of_correlation,
    of_exemption,
    of_purpose,
    of_statement,
)
from auditwatch.check.trial.sampled import batches_of
from auditwatch.check.trial.trying import PLAIN, try_policy, try_rule, try_rules
from auditwatch.check.verdicts import on_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditwatch.check.condition import Node
    from auditwatch.check.policy import Policy, Question
    from auditwatch.check.rule import Rule
    from auditwatch.check.ruleset import Ruleset
    from auditwatch.check.sample import Sample
    from auditwatch.check.statement import Statement
    from auditwatch.check.trial.changes import Change
    from auditwatch.check.trial.pack import Pack
    from auditwatch.check.trial.sampled import Batch

__all__ = ["Mutant", "mutate"]


@dataclass(frozen=True)
class Mutant:
    """One small change, and whether a test noticed.

    Parameters
    ----------
    name : str
        The rule, statement, requirement, code or exception that was changed.
    what : str
        The change in words.
    where : str
        ``file:line`` or ``file:line:column``.
    noticed : bool
        Whether a sample got another answer than the expected one.
    """

    name: str
    what: str
    where: str
    noticed: bool


def mutate(pack: Pack) -> Iterator[Mutant]:
    """Yield every small change of a pack, each made alone.

    Parameters
    ----------
    pack : Pack
        One of which all samples pass: else everything would be noticed.
    """
    for rule in pack.ruleset.rules:
        yield from _rule(pack, rule)
    asked = _Asked(pack.ruleset)
    yield from _statements(pack, asked)
    yield from _requirements(pack, asked)
    yield from _purposes(pack, asked)
    yield from _exemptions(pack)


def _rule(pack: Pack, rule: Rule) -> Iterator[Mutant]:
    """Yield changes of a rule, tried on its samples and those of correlations that call it."""
    if rule.correlation is not None:
        for change in of_correlation(rule.correlation, rule.place):
            changed = replace(rule, correlation=change.made)
            noticed = any(not trial.passed for trial in try_rule(pack.ruleset, changed))
            yield _mutant(rule.rule_id, change, noticed=noticed)
        return
    clause = pack.clauses(rule)
    assert clause is not None, rule.rule_id
    source = pack.source_clauses(rule)
    batches = batches_of(pack.ruleset, rule.samples)
    for change in of_clause(clause):
        tree = change.made if source is None else all_of([source.node, change.made])
        noticed = any(_fires_otherwise(tree, batch) for batch in batches)
        if not noticed:
            noticed = _noticed_by_callers(pack.ruleset, replace(rule, tree=tree))
        yield _mutant(rule.rule_id, change, noticed=noticed)


def _fires_otherwise(tree: Node, batch: Batch) -> bool:
    """Tell whether a sample of a detection gets another answer, as the judge finds hits."""
    rows = set(sure_rows(tree, batch.columns).tolist())
    for sample, own in zip(batch.samples, batch.rows, strict=True):
        places = [str(place) for place, row in enumerate(own, 1) if row in rows]
        listed = sample.expected not in ("true", "false")
        got = ", ".join(places) if listed and places else str(bool(places)).lower()
        if got != sample.expected:
            return True
    return False


def _noticed_by_callers(ruleset: Ruleset, changed: Rule) -> bool:
    """Tell whether a sample of a correlation that calls a rule notices its change."""
    rules = tuple(changed if one.rule_id == changed.rule_id else one for one in ruleset.rules)
    other = replace(ruleset, rules=rules)
    callers = [one for one in rules if changed.rule_id in one.calls]
    return any(not trial.passed for trial in try_rules(other, callers))


class _Asked:
    """Every sample of the decision tables as a question, which no change of a statement changes."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.batches = batches_of(ruleset, ruleset.decisions)
        self.samples = [
            (sample, [batch.questions[row] for row in own])
            for batch in self.batches
            for sample, own in zip(batch.samples, batch.rows, strict=True)
        ]

    def noticed(self, policy: Policy) -> bool:
        """Tell whether a sample gets another answer by another policy."""
        return any(_is_other(policy, sample, own) for sample, own in self.samples)


def _is_other(policy: Policy, sample: Sample, questions: Sequence[Question]) -> bool:
    """Tell whether a policy says of a sample what is not expected."""
    decisions = [policy.decide(question) for question in questions]
    words = sample.expected.count(" ")
    told = dict.fromkeys(
        " ".join([one.verdict, *(one.statement_id, one.missing)[:words]]) for one in decisions
    )
    said = " ".join(PLAIN.text(decisions[0].says).split())
    return "; ".join(told) != sample.expected or " ".join(sample.says.split()) not in said


def _statements(pack: Pack, asked: _Asked) -> Iterator[Mutant]:
    """Yield changes of permits and forbids."""
    policy = pack.ruleset.policy
    for place, one in enumerate(policy.statements):
        for change in of_statement(one):
            made: tuple[Statement, ...] = () if change.made is None else (change.made,)
            others = (*policy.statements[:place], *made, *policy.statements[place + 1 :])
            changed = replace(policy, statements=others, _mattering={})
            yield _mutant(one.statement_id, change, noticed=asked.noticed(changed))


def _requirements(pack: Pack, asked: _Asked) -> Iterator[Mutant]:
    """Yield changes of requirements."""
    policy = pack.ruleset.policy
    for name in pack.required_names:
        for change in of_clause(pack.required(name)):
            noticed = any(
                _answers_otherwise(policy, name, change.made, batch) for batch in asked.batches
            )
            yield _mutant(name, change, noticed=noticed)


def _answers_otherwise(policy: Policy, name: str, tree: Node, batch: Batch) -> bool:
    """Tell whether a sample gets another answer when a requirement is another condition."""
    answers = three_valued(tree, batch.columns).tolist()
    for sample, own in zip(batch.samples, batch.rows, strict=True):
        asked = [(batch.questions[row], answers[row]) for row in own]
        changed = [replace(one, answers={**one.answers, name: answer}) for one, answer in asked]
        if _is_other(policy, sample, changed):
            return True
    return False


def _purposes(pack: Pack, asked: _Asked) -> Iterator[Mutant]:
    """Yield changes of purpose codes."""
    policy = pack.ruleset.policy
    for code, purpose in policy.catalogue.purposes.items():
        for change in of_purpose(purpose, pack.purposes[code].place):
            purposes = {**policy.catalogue.purposes, code: change.made}
            catalogue = replace(policy.catalogue, purposes=purposes)
            changed = replace(policy, catalogue=catalogue, _mattering={})
            noticed = any(
                _is_other(changed, sample, [on_day(changed, one, one.day) for one in own])
                for sample, own in asked.samples
            )
            yield _mutant(code, change, noticed=noticed)


def _exemptions(pack: Pack) -> Iterator[Mutant]:
    """Yield changes of exceptions, tried through the judge: a ceiling counts lookups."""
    ruleset = pack.ruleset
    for name, one in ruleset.exemptions.items():
        others = {key: value for key, value in ruleset.exemptions.items() if key != name}
        for change in of_exemption(one):
            made: Mapping[str, object] = {} if change.made is None else {name: change.made}
            changed = replace(ruleset, exemptions={**others, **made})  # type: ignore[dict-item]
            trials = try_policy(changed, ruleset.decisions)
            yield _mutant(name, change, noticed=any(not trial.passed for trial in trials))


def _mutant(name: str, change: Change, *, noticed: bool) -> Mutant:
    """Return what became of a change."""
    return Mutant(name, change.what, change.where, noticed)
