"""The one door to pySigma: a Sigma detection section becomes atoms and a tree.

Text goes in as the strict reader kept it (no YAML typing), every item is tried by itself first, so
that a refusal has the place of the item and not of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.exceptions import SigmaError
from sigma.rule.detection import SigmaDetectionItem, SigmaDetections
from sigma.types import (
    CompareOperators,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaFieldReference,
    SigmaNull,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SpecialChars,
)

from auditwatch.check.condition import Atom, Leaf, Node, all_of, any_of, negate
from auditwatch.check.fields import FIELDS
from auditwatch.check.section import check_pattern
from auditwatch.core.strict import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from auditwatch.check.catalogue import WordList
    from auditwatch.check.section import Section
    from auditwatch.core.strict import Plain

    Scalar = float | str | bool | None

__all__ = ["compile_detection"]

MODIFIERS: Final = frozenset(
    (
        *("contains", "startswith", "endswith", "all", "re", "i", "m", "s", "cased"),
        *("cidr", "fieldref", "exists", "gt", "gte", "lt", "lte", "expand"),
    )
)
NUMERIC: Final = frozenset({"gt", "gte", "lt", "lte"})
TEXT_PARTS: Final = frozenset({"contains", "startswith", "endswith"})
ABSENT: Final = frozenset({"", "null", "~"})
PLACEHOLDER: Final = re.compile(r"%([a-z0-9_]+)%")
#: Signs that Sigma text gives a meaning; in a list of values they stand for themselves.
SPECIAL: Final = re.compile(r"([\\*?])")
WORD: Final = re.compile(r"[^\s()]+")
GRAMMAR: Final = frozenset({"and", "or", "not", "of", "all", "any", "them", "1"})


@dataclass(frozen=True)
class _Reading:
    """What is at hand while one detection section is read."""

    section: Section
    lists: Mapping[str, WordList]
    keywords: tuple[str, ...]


def compile_detection(
    section: Section, lists: Mapping[str, WordList], keywords: tuple[str, ...] = ()
) -> Node:
    """Compile a Sigma ``detection`` mapping.

    Parameters
    ----------
    section : Section
        Selections and a ``condition``.
    lists : mapping of str to WordList
        Named lists for the ``expand`` modifier.
    keywords : tuple of str
        Text columns that a selection without field names searches; empty refuses such selections.

    Returns
    -------
    Node
        Opposites stand at the leaves only.

    Raises
    ------
    RuleError
        ``AW-RULES-004`` an unknown column or list, ``-008`` a regular expression RE2 refuses,
        ``-009`` a modifier or value that is not supported, ``-010`` a condition that cannot be
        read, ``-011`` anything else pySigma refuses.

    Notes
    -----
    Sigma specification 2.1: text compares without letter case, ``re`` with it. Null and the empty
    text are both *absent*.
    """
    reading = _Reading(section, lists, keywords)
    _check_condition(section)
    definitions = {
        name: section.text(name)
        if name == "condition"
        else _selection(reading, (name,), section.document.at(*section.path, name))
        for name in section.keys
    }
    try:
        tree = SigmaDetections.from_dict(definitions).parsed_condition[0].parsed
    except SigmaError as error:
        raise section.error(
            f"this condition cannot be read: {error}",
            "condition",
            code="AW-RULES-010",
            expected="names of selections with and, or, not, 1 of, all of",
        ) from error
    return _node(reading, tree)


def _check_condition(section: Section) -> None:
    """Refuse a condition that names a selection which is not there."""
    selections = [key for key in section.keys if key != "condition"]
    for word in WORD.findall(section.text("condition")):
        if word in GRAMMAR or word in selections or "*" in word:
            continue
        if re.fullmatch(r"[A-Za-z0-9_-]+", word):
            raise section.error(
                f"the condition names {word!r}, which is no selection",
                "condition",
                code="AW-RULES-010",
                expected="one of " + ", ".join(selections),
                hint=suggest(word, selections),
            )


def _selection(reading: _Reading, path: tuple[str | int, ...], value: Plain) -> object:
    """Return a selection as pySigma takes it: items checked, lists filled in, numbers typed."""
    if isinstance(value, dict) and value:
        pairs = [_item(reading, (*path, key), key, given) for key, given in value.items()]
        return dict(pairs)
    if isinstance(value, list) and value:
        if all(isinstance(inner, str) for inner in value):
            return _keywords(reading, path, [str(inner) for inner in value])
        return [_selection(reading, (*path, n), inner) for n, inner in enumerate(value)]
    if isinstance(value, str) and len(path) > 1:
        return _keywords(reading, path, [value])[0]
    raise reading.section.error(
        "a selection without content", *path, code="AW-RULES-003", expected="column: value"
    )


def _keywords(reading: _Reading, path: tuple[str | int, ...], words: list[str]) -> list[str]:
    """Return words to look for in the declared text columns."""
    if not reading.keywords:
        raise reading.section.error(
            "words without a column",
            *path,
            code="AW-RULES-009",
            expected="auditwatch.keywords naming the text columns to search, or column|contains",
        )
    return words


def _item(
    reading: _Reading, path: tuple[str | int, ...], key: str, given: Plain
) -> tuple[str, Scalar | list[Scalar]]:
    """Return one ``column|modifiers: values`` pair as pySigma takes it."""
    column, *modifiers = key.split("|")
    _check_column(reading, path, column)
    for modifier in modifiers:
        if modifier not in MODIFIERS:
            raise reading.section.error(
                f"modifier {modifier!r} is not supported",
                *path,
                code="AW-RULES-009",
                expected="one of " + ", ".join(sorted(MODIFIERS)),
                hint=suggest(modifier, MODIFIERS),
            )
    if "expand" in modifiers:
        key, given = _expand(reading, path, column, modifiers, given)
        modifiers = key.split("|")[1:]
    typed = _typed(reading, path, column, modifiers, given)
    _try_item(reading, path, key, typed)
    return key, typed


def _check_column(reading: _Reading, path: tuple[str | int, ...], column: str) -> None:
    """Refuse a column that rules cannot read."""
    if column not in FIELDS:
        raise reading.section.error(
            f"unknown column {column!r}",
            *path,
            code="AW-RULES-004",
            expected="one of " + ", ".join(FIELDS),
            hint=suggest(column, FIELDS),
        )


def _expand(
    reading: _Reading, path: tuple[str | int, ...], column: str, modifiers: list[str], given: Plain
) -> tuple[str, Plain]:
    """Put the entries of a named list in the place of ``%name%``; a missing list is refused."""
    found = PLACEHOLDER.fullmatch(given) if isinstance(given, str) else None
    if found is None or modifiers != ["expand"]:
        raise reading.section.error(
            "expand takes one named list and no other modifier",
            *path,
            code="AW-RULES-009",
            expected=f"{column}|expand: '%name_of_list%'",
        )
    words = reading.lists.get(found[1])
    if words is None:
        raise reading.section.error(
            f"unknown list {found[1]!r}",
            *path,
            code="AW-RULES-004",
            expected="one of " + ", ".join(reading.lists),
            hint=suggest(found[1], reading.lists),
        )
    if words.match == "value":
        return column, [SPECIAL.sub(r"\\\1", entry) for entry in words.entries]
    return f"{column}|re", list(words.patterns)


def _typed(
    reading: _Reading, path: tuple[str | int, ...], column: str, modifiers: list[str], given: Plain
) -> Scalar | list[Scalar]:
    """Return the values of one item with the type its column and modifiers ask for."""
    if isinstance(given, list):
        if not given:
            raise reading.section.error(
                "an empty list", *path, code="AW-RULES-003", expected="at least one value"
            )
        return [
            _typed_one(reading, (*path, position), column, modifiers, value)
            for position, value in enumerate(given)
        ]
    return _typed_one(reading, path, column, modifiers, given)


def _typed_one(
    reading: _Reading, path: tuple[str | int, ...], column: str, modifiers: list[str], value: Plain
) -> Scalar:
    """Return one value with its type; text stays text."""
    if value is None or (isinstance(value, str) and value in ABSENT):
        if modifiers:
            raise reading.section.error(
                "an empty value with a modifier matches everything or nothing",
                *path,
                code="AW-RULES-003",
                expected=f"a text, or {column}: null for an absent value",
            )
        return None
    if not isinstance(value, str):
        raise reading.section.error("not a text", *path, code="AW-RULES-003", expected="a text")
    if "exists" in modifiers:
        if value not in ("true", "false"):
            raise reading.section.error(
                "exists takes true or false", *path, code="AW-RULES-003", expected="true or false"
            )
        return value == "true"
    if NUMERIC.intersection(modifiers):
        return _number(reading, path, column, value)
    if "re" in modifiers:
        check_pattern(reading.section, value, *path)
    if "fieldref" in modifiers:
        _check_column(reading, path, value)
    if TEXT_PARTS.intersection(modifiers) and not value.strip("*"):
        raise reading.section.error(
            "a value that every text contains", *path, code="AW-RULES-003", expected="some text"
        )
    return value


def _number(reading: _Reading, path: tuple[str | int, ...], column: str, value: str) -> int:
    """Return a whole number to compare a number column with."""
    if not FIELDS[column].number:
        numbers = ", ".join(name for name, known in FIELDS.items() if known.number)
        raise reading.section.error(
            f"{column!r} holds no numbers", *path, code="AW-RULES-009", expected=f"one of {numbers}"
        )
    if not re.fullmatch(r"-?[0-9]{1,15}", value):
        raise reading.section.error(
            "not a whole number", *path, code="AW-RULES-003", expected="such as 3"
        )
    return int(value)


def _try_item(
    reading: _Reading, path: tuple[str | int, ...], key: str, typed: Scalar | list[Scalar]
) -> None:
    """Let pySigma read one item by itself, so that its refusal has a place."""
    try:
        SigmaDetectionItem.from_mapping(key, typed)
    except SigmaError as error:
        raise reading.section.error(str(error), *path, code="AW-RULES-011") from error


def _node(reading: _Reading, tree: object) -> Node:
    """Turn pySigma's condition tree into ours."""
    if isinstance(tree, ConditionNOT):
        return negate(_node(reading, tree.args[0]))
    if isinstance(tree, ConditionAND):
        return all_of([_node(reading, part) for part in tree.args])
    if isinstance(tree, ConditionOR):
        return any_of([_node(reading, part) for part in tree.args])
    if isinstance(tree, ConditionFieldEqualsValueExpression):
        return _leaf(reading, tree.field, tree.value)
    if isinstance(tree, ConditionValueExpression):
        contains = _contains(SigmaString(str(tree.value)))
        return any_of([_leaf(reading, column, contains) for column in reading.keywords])
    raise _unsupported(reading, type(tree).__name__)


def _contains(value: SigmaString) -> SigmaString:
    """Return a keyword as the text it means: found anywhere in the column."""
    if not value.startswith(SpecialChars.WILDCARD_MULTI):
        value = SpecialChars.WILDCARD_MULTI + value
    return (
        value
        if value.endswith(SpecialChars.WILDCARD_MULTI)
        else value + SpecialChars.WILDCARD_MULTI
    )


def _leaf(reading: _Reading, column: str, value: object) -> Node:
    """Return the atom for one column and one pySigma value."""
    for kind, make in _MAKERS.items():
        if isinstance(value, kind):
            return make(column, value)
    raise _unsupported(reading, type(value).__name__)


def _unsupported(reading: _Reading, name: str) -> Exception:
    """Return the refusal of a part of Sigma that is not supported."""
    return reading.section.error(f"{name} is not supported", code="AW-RULES-009")


def _text(column: str, value: SigmaString) -> Node:
    """Return the atom for a text with or without wildcards."""
    cased = isinstance(value, SigmaCasedString)
    if not value.contains_special():
        text = "".join(str(part) for part in value.s)
        return Leaf(Atom(column, "equals_cased" if cased else "equals", (text,)))
    body = "".join(_pattern_part(part) for part in value.s)
    pattern = f"^{body}$".removeprefix("^.*").removesuffix(".*$")
    return Leaf(Atom(column, "matches", (f"(?{'' if cased else 'i'}s:{pattern})",)))


def _pattern_part(part: object) -> str:
    """Return the RE2 pattern of one part of a Sigma text."""
    if part == SpecialChars.WILDCARD_MULTI:
        return ".*"
    return "." if part == SpecialChars.WILDCARD_SINGLE else re.escape(str(part))


def _pattern(column: str, value: SigmaRegularExpression) -> Node:
    """Return the atom for a regular expression with its flags."""
    flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
    text = str(value.regexp.original)
    return Leaf(Atom(column, "matches", (f"(?{flags}:{text})" if flags else text,)))


def _comparison(column: str, value: SigmaCompareExpression) -> Node:
    """Return the atom for a number comparison."""
    names = {
        CompareOperators.GT: "gt",
        CompareOperators.GTE: "gte",
        CompareOperators.LT: "lt",
        CompareOperators.LTE: "lte",
    }
    return Leaf(Atom(column, "compares", (names[value.op], str(value.number.number))))


_FLAGS: Final = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}
_MAKERS: Final[dict[type, Callable[..., Node]]] = {
    SigmaString: _text,
    SigmaRegularExpression: _pattern,
    SigmaNull: lambda column, _: Leaf(Atom(column, "exists"), wanted=False),
    SigmaExists: lambda column, value: Leaf(Atom(column, "exists"), wanted=bool(value.exists)),
    SigmaCompareExpression: _comparison,
    SigmaCIDRExpression: lambda column, value: Leaf(Atom(column, "in_net", (str(value.cidr),))),
    SigmaFieldReference: lambda column, value: Leaf(Atom(column, "same", (str(value.field),))),
}
