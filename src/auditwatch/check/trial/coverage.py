"""Which branches of a pack its own samples reach: each test both ways, each clause failing alone.

A branch is what a change could break without any sample noticing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auditwatch.check.answers import NO, YES
from auditwatch.check.condition import Leaf
from auditwatch.check.fields import FIELDS
from auditwatch.check.lifting import reached_rows
from auditwatch.check.narrow import three_valued
from auditwatch.check.trial.sampled import batches_of
from auditwatch.check.trial.trying import try_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from auditwatch.check.exemption import Exemption
    from auditwatch.check.policy import Policy, Question
    from auditwatch.check.rule import Rule
    from auditwatch.check.statement import Statement
    from auditwatch.check.trial.clauses import Clause
    from auditwatch.check.trial.pack import Pack
    from auditwatch.check.trial.sampled import Batch

__all__ = ["Branch", "cover"]

#: Attribute of a statement for each clause that can fail.
CLAUSES: Final = {
    "transaction": "transactions",
    "unit": "units",
    "role": "roles",
    "jurisdiction": "jurisdictions",
    "system": "systems",
    "purpose": "purposes",
}
DAY: Final = timedelta(days=1)
SPAN: Final = timedelta(days=3660)  # as good as for ever


@dataclass(frozen=True)
class Branch:
    """One branch of a pack.

    Parameters
    ----------
    name : str
        The rule, statement, requirement, code or exception it is of.
    what : str
        What a sample would have to show.
    where : str
        ``file:line`` or ``file:line:column``.
    covered : bool
        Whether a sample shows it.
    """

    name: str
    what: str
    where: str
    covered: bool


def cover(pack: Pack) -> list[Branch]:
    """Return every branch of a pack.

    Parameters
    ----------
    pack : Pack
        With its samples.

    Returns
    -------
    list of Branch
        Of rules, requirements, permits and forbids, codes, exceptions, in this order. For each test
        of a detection that it holds and that it does not; for each permit that it holds, that each
        of its clauses fails alone, and both sides of each of its dates.
    """
    rules = pack.ruleset
    decisions = batches_of(rules, rules.decisions)
    found: list[Branch] = []
    for rule in rules.rules:
        found += _rule(pack, rule)
    for name in pack.required_names:
        found += _both_ways(name, pack.required(name), decisions)
    asked = [question for batch in decisions for question in batch.questions]
    for statement in rules.statements:
        found += _statement(rules.policy, statement, asked)
    for code, purpose in rules.catalogue.purposes.items():
        where = pack.purposes[code].place
        days = [one.day for one in asked if one.purpose == code]
        for limit in sorted(set(purpose.limits)):
            found += _sides(code, "the code", limit, days, where)
    for exemption in rules.exemptions.values():
        found += _exemption(exemption, decisions)
    return found


def _rule(pack: Pack, rule: Rule) -> Iterator[Branch]:
    """Yield the branches of a rule: of a correlation whether its windows hold."""
    clause = pack.clauses(rule)
    if clause is not None:
        callers = [one for one in pack.ruleset.rules if rule.rule_id in one.calls]
        samples = [*rule.samples, *(one for caller in callers for one in caller.samples)]
        yield from _both_ways(rule.rule_id, clause, batches_of(pack.ruleset, samples))
        return
    got = {trial.got != "false" for trial in try_rule(pack.ruleset, rule)}
    for held, what in ((True, "a window holds"), (False, "no window holds")):
        yield Branch(rule.rule_id, what, rule.place, held in got)


def _both_ways(name: str, clause: Clause, batches: Sequence[Batch]) -> Iterator[Branch]:
    """Yield for each selection and each test of a detection that it holds, and that it does not."""
    for part in clause.walk():
        if len(part.parts) != 1 and (part.path or not part.parts):
            seen = {int(one) for each in batches for one in three_valued(part.node, each.columns)}
            answers = ((YES, "holds"), (NO, "does not hold"))
            for answer, words in answers[:1] if _is_always_known(part) else answers:
                yield Branch(name, f"{part.words!r} {words}", part.where, answer in seen)


def _is_always_known(clause: Clause) -> bool:
    """Tell whether a test asks for any value of a fact: one without a value is not known."""
    node = clause.node
    return isinstance(node, Leaf) and node.atom.kind == "exists" and FIELDS[node.atom.column].fact


def _statement(policy: Policy, one: Statement, asked: Sequence[Question]) -> Iterator[Branch]:
    """Yield the branches of a permit or forbid."""
    read = [(question, policy.read(one, question).clauses) for question in asked]
    ours = [(question, clauses) for question, clauses in read if _in_force(one, question.day)]
    whole = [question for question, clauses in read if set(clauses.values()) == {YES}]
    alone = {
        failing[0]
        for _, clauses in ours
        if len(failing := [name for name, answer in clauses.items() if answer != YES]) == 1
        and clauses[failing[0]] == NO
    }
    yield _of(one, "it applies", covered=any(_in_force(one, each.day) for each in whole))
    for clause, attribute in CLAUSES.items():
        if getattr(one, attribute) is not None:
            yield _of(one, f"{clause} fails alone", covered=clause in alone)
    yield from _requirements(one, ours)
    days = [question.day for question in whole]
    yield from _sides(one.statement_id, "the beginning", one.since, days, one.place)
    if one.until is not None:
        yield from _sides(one.statement_id, "the end", one.until, days, one.place)


def _requirements(
    one: Statement, read: Iterable[tuple[Question, Mapping[str, int]]]
) -> Iterator[Branch]:
    """Yield that each requirement decides alone: one that is missing, one that is enough."""
    told = {
        _deciding(one, question)
        for question, clauses in read
        if all(clauses[name] == YES for name in CLAUSES)
    }
    for name in one.any_of:
        yield _of(one, f"{name} alone is enough", covered=("enough", name) in told)
    if one.any_of:
        words = f"none of {', '.join(one.any_of)}"
        yield _of(one, words, covered=("missing", ", ".join(one.any_of)) in told)
    for name in one.all_of:
        yield _of(one, f"{name} alone is missing", covered=("missing", name) in told)
    for name in one.unless:
        yield _of(one, f"{name} alone lifts it", covered=("lifting", name) in told)


def _deciding(one: Statement, question: Question) -> tuple[str, str]:
    """Return what alone decides whether a statement applies, and how; nothing when more does."""
    answers = question.answers
    enough = [name for name in one.any_of if answers[name] == YES]
    missing = [name for name in one.all_of if answers[name] == NO]
    if one.any_of and all(answers[name] == NO for name in one.any_of):
        missing.append(", ".join(one.any_of))
    lifting = [name for name in one.unless if answers[name] == YES]
    if lifting and not missing and len(lifting) == 1:
        return "lifting", lifting[0]
    if len(missing) == 1 and not lifting:
        return "missing", missing[0]
    if not missing and not lifting and len(enough) == 1:
        return "enough", enough[0]
    return "", ""


def _of(one: Statement, what: str, *, covered: bool) -> Branch:
    """Return a branch of a statement."""
    return Branch(one.statement_id, what, one.place, covered)


def _in_force(one: Statement, day: date) -> bool:
    """Tell whether a version is in force on a day."""
    return one.since <= day and (one.until is None or day < one.until)


def _sides(
    name: str, words: str, limit: date, days: Sequence[date], where: str
) -> Iterator[Branch]:
    """Yield both sides of a date."""
    for day, side in ((limit - DAY, "the day before"), (limit, "on")):
        yield Branch(name, f"{side} {words}, {day.isoformat()}", where, day in days)


def _exemption(one: Exemption, batches: Sequence[Batch]) -> Iterator[Branch]:
    """Yield that an exception reaches a lookup, and that it does not reach another one."""
    reached = {bool(held) for batch in batches for held in reached_rows(one, batch.columns)}
    yield Branch(one.exception_id, "it reaches a lookup", one.place, True in reached)
    for clause in ("since", "until", *one.only):
        covered = any(_fails_alone(one, clause, batch) for batch in batches)
        yield Branch(one.exception_id, f"{clause} fails alone", one.place, covered)


def _fails_alone(one: Exemption, term: str, batch: Batch) -> bool:
    """Tell whether one term keeps an exception from a lookup that it would reach without it."""
    if term == "since":
        wider = replace(one, since=one.since - SPAN)
    elif term == "until":
        wider = replace(one, until=one.until + SPAN)
    else:
        wider = replace(one, only={name: one.only[name] for name in one.only if name != term})
    return bool((reached_rows(wider, batch.columns) & ~reached_rows(one, batch.columns)).any())
