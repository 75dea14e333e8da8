"""What a history lets a rule show: parts of it that no lookup ever meets leave it blind.

A rule without hits of which each part held on some lookup was put to the test: its zero means
something. One of which some part never held anywhere was not: nobody knows what it would do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.check.condition import AllOf, Node, leaves
from auditwatch.check.narrow import sure_count
from auditwatch.check.policy import UNMAPPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditwatch.check.columns import Columns
    from auditwatch.check.rule import Rule
    from auditwatch.check.statement import Statement
    from auditwatch.check.trial.pack import Pack

__all__ = ["blind_rule", "blind_statement", "reach"]

WORDS_MAX: Final = 60  # characters of one part
#: Clause of a statement and the column it looks at.
CLAUSES: Final = {
    "transactions": "transaction",
    "units": "unit",
    "roles": "role",
    "jurisdictions": "jurisdiction",
    "systems": "system",
    "purposes": "purpose",
}


def reach(rules: Iterable[Rule], columns: Columns) -> dict[str, int]:
    """Return by part the lookups of a batch on which it holds; those with none are left out.

    Parameters
    ----------
    rules : iterable of Rule
        Those that had no hit in the batch; what had one was not blind.
    columns : Columns
        The batch.
    """
    found = {}
    for rule in rules:
        for place, part in enumerate(_parts(rule)):
            found[_name(rule, place)] = sure_count(part, columns)
    for column in CLAUSES.values():
        coded = columns.coded(column)
        for text, number in zip(coded.texts(), columns.weight(column).tolist(), strict=False):
            found[f"{column}\x1f{text}"] = number
    return {name: number for name, number in found.items() if number}


def blind_rule(pack: Pack, rule: Rule, reached: Mapping[str, int]) -> list[str]:
    """Return the parts of a rule that no lookup met, as its author wrote them.

    None when each was met by some lookup: the rule could have shown itself.
    """
    if rule.correlation is not None:
        return [] if reached.get(_name(rule, 0)) else ["no lookup for its windows"]
    unmet = [part for place, part in enumerate(_parts(rule)) if not reached.get(_name(rule, place))]
    clauses = [one for one in (pack.source_clauses(rule), pack.clauses(rule)) if one]
    words = {one.node: one.words for clause in clauses for one in clause.walk()}
    return [f"never met: {_short(words.get(part) or _columns(part))}" for part in unmet]


def blind_statement(one: Statement, reached: Mapping[str, int]) -> list[str]:
    """Return the clauses of a permit or forbid of which the history has none of the values."""
    return [
        f"no lookup has one of its {clause}"
        for clause, column in CLAUSES.items()
        if (named := getattr(one, clause)) is not None
        and not any(reached.get(f"{column}\x1f{value}") for value in named | _also(clause, one))
    ]


def _also(clause: str, one: Statement) -> frozenset[str]:
    """Return what a clause covers beside its values: keys nobody mapped, in a group."""
    return frozenset([UNMAPPED]) if clause == "transactions" and one.by_group else frozenset()


def _parts(rule: Rule) -> tuple[Node, ...]:
    """Return what must hold together; of a correlation what any of its rules asks for."""
    if isinstance(rule.tree, AllOf) and rule.correlation is None:
        return rule.tree.parts
    return (rule.tree,)


def _name(rule: Rule, place: int) -> str:
    """Return the name of a part."""
    return f"{rule.rule_id}\x1f{place}"


def _columns(part: Node) -> str:
    """Return a part by the columns that it tests."""
    return "a test of " + ", ".join(dict.fromkeys(leaf.atom.column for leaf in leaves(part)))


def _short(words: str) -> str:
    """Return words that fit into a cell."""
    return words if len(words) <= WORDS_MAX else words[: WORDS_MAX - 1] + "…"
