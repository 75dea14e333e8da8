"""What a rule or a statement made of one lookup: its tree with answers and actual values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from auditwatch.check.answers import NO, UNKNOWN, YES
from auditwatch.check.condition import leaves
from auditwatch.check.fields import FIELDS, Field
from auditwatch.check.narrow import three_valued
from auditwatch.check.trial.tree import FREE_TEXT, Line, Value
from auditwatch.check.verdicts import ask

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from auditwatch.check.columns import Columns
    from auditwatch.check.condition import Node
    from auditwatch.check.policy import Decision, Policy, Question
    from auditwatch.check.rule import Rule
    from auditwatch.check.statement import Statement
    from auditwatch.check.trial.clauses import Clause
    from auditwatch.check.trial.pack import Pack

__all__ = ["Lookup"]

NAMED_MAX: Final = 8
#: The case or incident number that exceptions are limited to; no rule reads it.
NUMBER: Final = Field("number", "case or incident number", identity="case")
#: Attribute of a statement for each clause on what was declared, and the column it looks at.
DECLARED: Final = {
    "transaction": "transactions",
    "unit": "units",
    "role": "roles",
    "jurisdiction": "jurisdictions",
    "system": "systems",
    "purpose": "purposes",
}
#: What else such a clause turns on.
LOOKED_AT: Final = {"purpose": ("purpose_state",)}


@dataclass(frozen=True)
class Lookup:
    """One lookup as a rule pack sees it.

    Parameters
    ----------
    pack : Pack
        The pack.
    columns : Columns
        A batch of lookups that head themselves.
    row : int
        Which of its rows.
    """

    pack: Pack
    columns: Columns
    row: int

    @cached_property
    def policy(self) -> Policy:
        """The pack's statements."""
        return self.pack.ruleset.policy

    @cached_property
    def question(self) -> Question:
        """What the policy is asked about it."""
        return ask(self.policy, self.columns)[self.row]

    @property
    def decision(self) -> Decision:
        """What the policy says of it, ceilings of exceptions aside."""
        return self.policy.decide(self.question)

    def value(self, name: str) -> Value:
        """Return what it has in a column."""
        column, field = self.columns.coded(name), FIELDS.get(name, NUMBER)
        code = int(column.codes[self.row])
        if code == column.absent and not field.fact:
            return Value(name, "", without="absent")
        if code >= column.absent:
            return Value(name, "", without="unknown")
        text = str(column.values[code].as_py())
        return Value(name, text, FREE_TEXT if field.free_text else field.identity)

    def clause(self, clause: Clause) -> Line:
        """Return a branch of a detection with its answer."""
        parts = tuple(map(self.clause, clause.parts))
        if len(parts) == 1:  # one line for a name, or for not, and the one thing it stands for
            (part,) = parts
            words = f"{clause.words} " if clause.words == "not" else f"{clause.words}: "
            answer = self._answer(clause.node)
            return Line(answer, words + part.words, part.values, part.place, part.parts)
        read = () if parts else [name for leaf in leaves(clause.node) for name in leaf.atom.columns]
        values = tuple(map(self.value, dict.fromkeys(read)))
        return Line(self._answer(clause.node), clause.words, values, clause.place, parts)

    def rule(self, rule: Rule, *, hit: bool) -> Line:
        """Return a rule with its answer.

        Parameters
        ----------
        rule : Rule
            Which rule.
        hit : bool
            Whether the judge found the lookup in a window; asked of a correlation only.
        """
        title = f"rule {rule.rule_id}: {rule.title}"
        if rule.correlation is not None:
            named = {one.rule_id: one for one in self.pack.ruleset.rules}
            parts = tuple(self.rule(named[name], hit=hit) for name in rule.calls)
            window = Line(YES if hit else NO, f"in a window with {rule.correlation.asks}")
            return Line(YES if hit else NO, title, (), rule.place, (*parts, window))
        clauses = (self.pack.source_clauses(rule), self.pack.clauses(rule))
        lines = tuple(self.clause(one) for one in clauses if one is not None)
        return Line(self._answer(rule.tree), title, (), rule.place, lines)

    def statement(self, statement: Statement) -> Line:
        """Return a permit or forbid with the answer of each of its clauses."""
        clauses = self.policy.read(statement, self.question).clauses
        lines = [
            Line(
                clauses[clause],
                f"{clause} is {_listed(wanted)}",
                tuple(map(self.value, (clause, *LOOKED_AT.get(clause, ())))),
            )
            for clause, attribute in DECLARED.items()
            if (wanted := getattr(statement, attribute)) is not None
        ]
        if statement.any_of:
            best = _either(self.question.answers[name] for name in statement.any_of)
            parts = self._required(statement.any_of, deep=best != YES)
            lines.append(Line(best, "one of", parts=parts))
        lines.extend(self._required(statement.all_of))
        if statement.unless:
            parts = self._required(statement.unless, deep=clauses["unless"] != YES)
            lines.append(Line(clauses["unless"], "none of", parts=parts))
        kind = "forbid" if statement.forbids else "permit"
        title = f"{kind} {statement.statement_id}, in force {_spell(statement)}"
        return Line(_every(clauses.values()), title, (), statement.place, tuple(lines))

    def _required(self, names: Iterable[str], *, deep: bool = True) -> tuple[Line, ...]:
        """Return requirements with their answers; how those came about where that matters."""
        lines = []
        for name in names:
            answer = self.question.answers[name]
            means = f"{name}: {self.pack.ruleset.requirements[name].means}"
            parts = (self.clause(self.pack.required(name)),) if deep and answer != YES else ()
            lines.append(Line(answer, means, parts=parts))
        return tuple(lines)

    def _answer(self, node: Node) -> int:
        """Return what a tree says of it, as the judge reads trees."""
        return int(three_valued(node, self.columns)[self.row])


def _every(answers: Collection[int]) -> int:
    """Return whether all answers are yes."""
    return NO if NO in answers else UNKNOWN if UNKNOWN in answers else YES


def _either(given: Iterable[int]) -> int:
    """Return whether one of the answers is yes."""
    answers = list(given)
    return YES if YES in answers else UNKNOWN if UNKNOWN in answers else NO


def _listed(names: Iterable[str]) -> str:
    """Return names as alternatives, long lists cut."""
    known = sorted(names)
    more = len(known) - NAMED_MAX
    return " or ".join(known[:NAMED_MAX]) + (f" or {more} more" if more > 0 else "")


def _spell(statement: Statement) -> str:
    """Return when a statement is in force."""
    until = f" until {statement.until.isoformat()}" if statement.until else " on"
    return f"from {statement.since.isoformat()}{until}"
