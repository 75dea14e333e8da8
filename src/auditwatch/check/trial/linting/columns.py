"""Tests that hold for everything, for nothing, or for a value that does not exist."""

from __future__ import annotations

import re
from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from auditwatch.check.condition import AllOf, AnyOf, Leaf, Node, leaves, negate
from auditwatch.check.testing import values_that_hold
from auditwatch.check.trial.linting.problem import Problem
from auditwatch.core.strict import suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from auditwatch.check.catalogue import Catalogue
    from auditwatch.check.condition import Atom
    from auditwatch.check.trial.clauses import Clause

__all__ = ["WORDS", "look_at_tests"]

#: Every value that a column of numbers can have.
RANGES: Final = {
    "local_hour": range(24),
    "local_minute": range(60),
    "local_weekday": range(7),
    "tier": range(5),
}
YES_NO: Final = frozenset({"yes", "no"})
#: Every value that a fact can have.
WORDS: Final[dict[str, frozenset[str]]] = {
    "purpose_state": frozenset({"valid", "withdrawn", "not_yet", "elsewhere", "undefined", "none"}),
    "reason_state": frozenset({"given", "placeholder", "none"}),
    "case_state": frozenset({"open", "closed", "not_yet_open", "not_found", "none"}),
    "case_operator": frozenset({"assigned", "not_assigned", "no_case"}),
    "case_unit": frozenset({"own", "other", "no_case"}),
    "case_subject": frozenset({"known", "not_known", "no_case"}),
    "operator_on_roster": YES_NO,
    "requester_on_roster": YES_NO,
    "operator_separated": YES_NO,
    "training_lapsed": YES_NO,
    "on_duty": YES_NO,
    "duty_near": YES_NO | {"not_given"},
    "origin": frozenset({"manual", "cascade", "hotlist", "batch"}),
    "outcome": frozenset({"hit", "no_record", "error", "denied"}),
    "time_quality": frozenset({"exact", "assumed_zone", "ambiguous_fold", "skewed", "date_only"}),
}
#: A pattern that all of these hold for says nothing.
PROBES: Final = ("", "x", "0", "…", "Two words", "\n")
UPPER: Final = re.compile(r"(?<!\\)[A-Z]")
LOWER_CASE: Final = "reason_norm"


def look_at_tests(clause: Clause, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield what is wrong with the tests of a detection.

    Parameters
    ----------
    clause : Clause
        The detection as its author wrote it.
    catalogue : Catalogue
        Names that exist.
    """
    for part in clause.walk():
        if not part.parts:
            for leaf in leaves(part.node):
                yield from _test(part, leaf.atom, catalogue)
        elif part.words in ("all of", "one of") or part.path:
            yield from _contradiction(part)


def _test(clause: Clause, atom: Atom, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield what is wrong with one test."""
    held = _always(atom)
    if held is not None:
        yield Problem(
            f"{clause.words!r} holds for {'every' if held else 'no'} value",
            code="AW-LINT-102",
            where=clause.where,
            expected="a test that some values pass and some do not",
            hint="correct it, or leave it out",
        )
    known = _known(atom.column, catalogue)
    for word in atom.operands if known is not None and atom.kind == "equals" else ():
        if known and word not in {one.casefold() for one in known}:
            yield Problem(
                f"{word!r} is no value of {atom.column}",
                code="AW-LINT-103",
                where=clause.where,
                expected="one of " + ", ".join(sorted(known)[:20]),
                hint=suggest(word, known) or "correct it, or add it to the catalogue",
            )
    if atom.column == LOWER_CASE and atom.kind in ("matches", "equals_cased"):
        yield from _cased(clause, atom)
    for word in atom.operands if atom.kind in ("equals", "equals_cased") else ():
        if word != word.strip():
            yield Problem(
                f"{word!r} begins or ends with a space",
                code="AW-LINT-105",
                where=clause.where,
                expected="the text alone: fields of the trail are stripped",
            )


def _always(atom: Atom) -> bool | None:
    """Return whether a test holds for every value, or for none; None when it depends."""
    if atom.column in RANGES and atom.kind == "compares":
        held = values_that_hold(atom, pa.array(RANGES[atom.column], pa.int64()))
        return True if held.all() else False if not held.any() else None
    if atom.kind in ("matches", "like") and np.all(values_that_hold(atom, pa.array(PROBES))):
        return True
    return None


def _known(column: str, catalogue: Catalogue) -> Collection[str] | None:
    """Return every value that a column can have; None when nobody knows them all."""
    named: dict[str, Collection[str]] = {
        "purpose": catalogue.purposes,
        "system": catalogue.systems,
        "operator_unit": catalogue.units,
        "unit": catalogue.units,
        "operator_role": catalogue.roles,
        "role": catalogue.roles,
        "unit_type": catalogue.unit_types,
        "number_kind": {*catalogue.numbers, "other", "none"},
    }
    return {**WORDS, **named}.get(column)


def _cased(clause: Clause, atom: Atom) -> Iterator[Problem]:
    """Yield a test of lower-case text for upper-case letters."""
    if any(UPPER.search(one) and "(?i" not in one for one in atom.operands):
        yield Problem(
            f"{clause.words!r} asks for upper-case letters in a lower-case text",
            code="AW-LINT-104",
            where=clause.where,
            expected="lower-case letters, or the modifier i: reason_norm|re|i",
        )


def _contradiction(clause: Clause) -> Iterator[Problem]:
    """Yield a branch that holds for nothing or for everything by its form alone."""
    node = clause.node
    if isinstance(node, AllOf) and (column := _without_numbers(node)):
        yield Problem(
            f"{clause.words!r} never holds: no {column} is within all of its limits",
            code="AW-LINT-117",
            where=clause.where,
            hint="compare gt, gte, lt and lte with each other",
        )
    if isinstance(node, Leaf) or not _opposed(node):
        return
    word = "never" if isinstance(node, AllOf) else "always"
    yield Problem(
        f"{clause.words!r} {word} holds: it joins a test and its opposite",
        code="AW-LINT-106",
        where=clause.where,
        hint="check 'not' and the brackets of the condition",
    )


def _opposed(node: AllOf | AnyOf) -> bool:
    """Tell whether a branch joins a test and its opposite."""
    parts: set[Node] = set(node.parts)
    return any(negate(part) in parts for part in parts if isinstance(part, Leaf))


def _without_numbers(node: AllOf) -> str:
    """Return a column whose limits, of tests that must all hold, leave no number; or nothing."""
    limits: defaultdict[str, list[tuple[str, Fraction]]] = defaultdict(list)
    for part in node.parts:
        if isinstance(part, Leaf) and part.wanted and part.atom.kind == "compares":
            kind, number = part.atom.operands
            limits[part.atom.column].append((kind, Fraction(number)))
    return next((column for column, told in limits.items() if _crossed(told)), "")


def _crossed(limits: list[tuple[str, Fraction]]) -> bool:
    """Tell whether a lower limit stands above an upper one, or on it where one excludes it."""
    return any(
        low > high or (low == high and (kind, other) != ("gte", "lte"))
        for kind, low in limits
        if kind in {"gt", "gte"}
        for other, high in limits
        if other in {"lt", "lte"}
    )
