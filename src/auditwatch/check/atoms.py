"""What pySigma made of a detection section, as atoms and a tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    CompareOperators,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from auditwatch.check.condition import Atom, Leaf, Node, all_of, any_of, negate

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["UnsupportedError", "make_tree"]

COMPARISONS: Final = {
    CompareOperators.GT: "gt",
    CompareOperators.GTE: "gte",
    CompareOperators.LT: "lt",
    CompareOperators.LTE: "lte",
    CompareOperators.NEQ: "neq",
}
FLAGS: Final = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}


class UnsupportedError(Exception):
    """A part of Sigma for which there is no atom; the message is its name."""


def make_tree(tree: object, keywords: tuple[str, ...], *, foreign: bool) -> Node:
    """Turn pySigma's condition tree into ours.

    Parameters
    ----------
    tree : object
        A parsed condition.
    keywords : tuple of str
        Columns in which words without a column are looked for.
    foreign : bool
        Null is the field's absence or null alone; else the empty text is absent as well.

    Raises
    ------
    UnsupportedError
        For a part that has no atom.
    """
    if isinstance(tree, ConditionNOT):
        return negate(make_tree(tree.args[0], keywords, foreign=foreign))
    if isinstance(tree, ConditionAND):
        return all_of([make_tree(part, keywords, foreign=foreign) for part in tree.args])
    if isinstance(tree, ConditionOR):
        return any_of([make_tree(part, keywords, foreign=foreign) for part in tree.args])
    if isinstance(tree, ConditionFieldEqualsValueExpression):
        return _leaf(tree.field, tree.value, foreign=foreign)
    if isinstance(tree, ConditionValueExpression):
        value = _anywhere(tree.value)
        return any_of([_leaf(column, value, foreign=foreign) for column in keywords])
    raise UnsupportedError(type(tree).__name__)


def _anywhere(value: Any) -> Any:
    """Return a word without a column as the text it means: found anywhere in a text."""
    if isinstance(value, SigmaExpansion):
        return SigmaExpansion([_anywhere(one) for one in value.values])
    if not isinstance(value, SigmaString):
        return value
    if not value.startswith(SpecialChars.WILDCARD_MULTI):
        value = SpecialChars.WILDCARD_MULTI + value
    if not value.endswith(SpecialChars.WILDCARD_MULTI):
        value += SpecialChars.WILDCARD_MULTI
    return value


def _leaf(column: str, value: object, *, foreign: bool) -> Node:
    """Return the atom for one column and one pySigma value."""
    if isinstance(value, SigmaExpansion):
        return any_of([_leaf(column, one, foreign=foreign) for one in value.values])
    if isinstance(value, SigmaNull):
        return Leaf(Atom(column, "given" if foreign else "exists"), wanted=False)
    for kind, make in _MAKERS.items():
        if isinstance(value, kind):
            return make(column, value)
    raise UnsupportedError(type(value).__name__)


def _text(column: str, value: SigmaString) -> Node:
    """Return the atom for a text with or without wildcards."""
    cased = isinstance(value, SigmaCasedString)
    parts = [
        part if isinstance(part, SpecialChars) or cased else str(part).casefold()
        for part in value.s
    ]
    if not value.contains_special():
        text = "".join(map(str, parts))
        return Leaf(Atom(column, "equals_cased" if cased else "equals", (text,)))
    body = "".join(map(_pattern_part, parts))
    pattern = f"^{body}$".removeprefix("^.*").removesuffix(".*$")
    return Leaf(Atom(column, "matches" if cased else "like", (f"(?s:{pattern})",)))


def _pattern_part(part: object) -> str:
    """Return the RE2 pattern of one part of a Sigma text."""
    if part == SpecialChars.WILDCARD_MULTI:
        return ".*"
    return "." if part == SpecialChars.WILDCARD_SINGLE else re.escape(str(part))


def _pattern(column: str, value: SigmaRegularExpression) -> Node:
    """Return the atom for a regular expression with its flags."""
    flags = "".join(sorted(FLAGS[flag] for flag in value.flags))
    text = str(value.regexp.original)
    return Leaf(Atom(column, "matches", (f"(?{flags}:{text})" if flags else text,)))


def _comparison(column: str, value: SigmaCompareExpression) -> Node:
    """Return the atom for a comparison of numbers, or of a part of a time."""
    order, number = COMPARISONS[value.op], value.number
    if isinstance(number, SigmaTimestampPart):
        return _part(column, number, order)
    return Leaf(Atom(column, "compares", (order, str(number.number))))


def _part(column: str, value: SigmaTimestampPart, order: str = "eq") -> Node:
    """Return the atom for a part of a time."""
    part = value.timestamp_part.name.lower()
    return Leaf(Atom(column, "clock", (part, order, str(value.number))))


def _reference(column: str, value: SigmaFieldReference) -> Node:
    """Return the atom for a comparison with another column."""
    how = {
        (False, False): "equals",
        (True, False): "startswith",
        (False, True): "endswith",
        (True, True): "contains",
    }[value.starts_with, value.ends_with]
    return Leaf(Atom(column, "same", (str(value.field), how)))


_MAKERS: Final[dict[type, Callable[..., Node]]] = {
    SigmaString: _text,
    SigmaRegularExpression: _pattern,
    SigmaExists: lambda column, value: Leaf(Atom(column, "exists"), wanted=bool(value.exists)),
    SigmaCompareExpression: _comparison,
    SigmaTimestampPart: _part,
    SigmaCIDRExpression: lambda column, value: Leaf(Atom(column, "in_net", (str(value.cidr),))),
    SigmaFieldReference: _reference,
}
