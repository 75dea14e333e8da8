"""The one door to pySigma: a Sigma detection section becomes atoms and a tree.

Text goes in as the strict reader kept it (no YAML typing), every item is tried by itself first, so
that a refusal has the place of the item and not of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sigma.exceptions import SigmaError
from sigma.rule.detection import SigmaDetection, SigmaDetectionItem, SigmaDetections

from auditwatch.check.amounts import amount
from auditwatch.check.atoms import UnsupportedError, make_tree
from auditwatch.check.condition import Atom, Leaf, Node, any_of, replaced
from auditwatch.check.expanding import expand
from auditwatch.check.fields import FIELDS, Field
from auditwatch.check.section import check_pattern
from auditwatch.core.strict import suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from auditwatch.check.catalogue import WordList
    from auditwatch.check.section import Section
    from auditwatch.core.strict import Plain

    Scalar = int | str | bool | None
    Path = tuple[str | int, ...]

__all__ = ["ANY_TEXT", "compile_detection"]

#: The column of a foreign event that stands for all its columns of text.
ANY_TEXT: Final = "*"

TEXT_PARTS: Final = frozenset({"contains", "startswith", "endswith"})
ENCODINGS: Final = frozenset({"wide", "utf16le", "utf16be", "utf16", "base64", "base64offset"})
CLOCK_PARTS: Final = frozenset({"minute", "hour", "day", "week", "month", "year"})
NUMERIC: Final = frozenset({"gt", "gte", "lt", "lte"})
MODIFIERS: Final = frozenset(
    (
        *("all", "re", "i", "m", "s", "cased", "cidr", "fieldref", "exists", "expand"),
        *("neq", "windash", *TEXT_PARTS, *ENCODINGS, *CLOCK_PARTS, *NUMERIC),
    )
)
ABSENT: Final = frozenset({"", "null", "~"})
WORD: Final = re.compile(r"[^\s()]+")
GRAMMAR: Final = frozenset({"and", "or", "not", "of", "all", "any", "them", "1"})


@dataclass(frozen=True)
class _Reading:
    """What is at hand while one detection section is read."""

    section: Section
    lists: Mapping[str, WordList]
    keywords: tuple[str, ...]
    known: Mapping[str, Field] | None
    aside: Collection[str]

    @property
    def foreign(self) -> bool:
        """Whether columns are taken as they come."""
        return self.known is None

    def is_written(self, path: Path, *words: str) -> bool:
        """Tell whether a scalar without quotes means one of these words to YAML."""
        return self.section.document.changed.get((*self.section.path, *path)) in words


def compile_detection(
    section: Section,
    lists: Mapping[str, WordList],
    keywords: tuple[str, ...] = (),
    known: Mapping[str, Field] | None = FIELDS,
    aside: Collection[str] = (),
) -> Node:
    """Compile a Sigma ``detection`` mapping.

    Parameters
    ----------
    section : Section
        Selections and a ``condition``; a list of conditions is read as alternatives.
    lists : mapping of str to WordList
        Named lists for the ``expand`` modifier.
    keywords : tuple of str
        Text columns that a selection without field names searches; empty refuses such selections.
    known : mapping of str to Field, or None
        Columns that may be named. None for events of others: any column, and Sigma's own
        meanings of ``null``, ``''`` and ``exists``.
    aside : collection of str
        Keys that stand among the selections and are none.

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
    Sigma specification 2.1: text compares without letter case, ``re`` with it. In lookups null and
    the empty text are both *absent*.
    """
    reading = _Reading(section, lists, keywords, known, ("condition", *aside))
    detections = {
        name: _selection(reading, (name,), section.document.at(*section.path, name))
        for name in section.keys
        if name not in reading.aside
    }
    trees = [_parsed(reading, detections, *where) for where in _conditions(reading)]
    tree = any_of(trees)
    return tree if reading.foreign else replaced(tree, _on_lookups)


def _conditions(reading: _Reading) -> list[tuple[Path, str]]:
    """Return the conditions with their places."""
    section = reading.section
    given = section.document.at(*section.path, "condition") if section.has("condition") else None
    if reading.foreign and isinstance(given, list) and given:
        texts: list[tuple[Path, Plain]] = [(("condition", n), one) for n, one in enumerate(given)]
    else:
        texts = [(("condition",), section.text("condition"))]
    for path, text in texts:
        if not isinstance(text, str):
            raise section.error("not a text", *path, code="AW-RULES-010", expected="a condition")
    return [(path, str(text)) for path, text in texts]


def _parsed(
    reading: _Reading, detections: Mapping[str, SigmaDetection], path: Path, condition: str
) -> Node:
    """Return the tree of one condition."""
    _check_condition(reading.section, path, condition, detections)
    try:
        whole = SigmaDetections(detections=dict(detections), condition=[condition])
        tree = whole.parsed_condition[0].parsed
        return make_tree(tree, reading.keywords, foreign=reading.foreign)
    except SigmaError as error:
        raise reading.section.error(
            f"this condition cannot be read: {error}",
            *path,
            code="AW-RULES-010",
            expected="names of selections with and, or, not, 1 of, all of",
        ) from error
    except UnsupportedError as error:
        raise reading.section.error(f"{error} is not supported", code="AW-RULES-009") from error


def _check_condition(
    section: Section, path: Path, condition: str, selections: Collection[str]
) -> None:
    """Refuse a condition that names a selection which is not there."""
    for word in WORD.findall(condition):
        if word in GRAMMAR or word in selections or "*" in word:
            continue
        if re.fullmatch(r"[A-Za-z0-9_-]+", word):
            raise section.error(
                f"the condition names {word!r}, which is no selection",
                *path,
                code="AW-RULES-010",
                expected="one of " + ", ".join(selections),
                hint=suggest(word, selections),
            )


def _selection(reading: _Reading, path: Path, value: Plain) -> SigmaDetection:
    """Return a selection as pySigma's: items checked, lists filled in, numbers typed."""
    if isinstance(value, dict) and value:
        return SigmaDetection(
            [_item(reading, (*path, key), key, given) for key, given in value.items()]
        )
    words: Plain = [value] if isinstance(value, str) else value
    if isinstance(words, list) and words:
        if all(isinstance(word, str) and word for word in words):
            return _keywords(reading, path, words)
        return SigmaDetection(
            [_selection(reading, (*path, n), inner) for n, inner in enumerate(words)]
        )
    raise reading.section.error(
        "a selection without content", *path, code="AW-RULES-003", expected="column: value"
    )


def _keywords(reading: _Reading, path: Path, words: list[Plain]) -> SigmaDetection:
    """Return words to look for in the declared text columns."""
    _check_keywords(reading, path)
    return SigmaDetection([_tried(reading, path, None, [str(word) for word in words])])


def _check_keywords(reading: _Reading, path: Path) -> None:
    """Refuse words without a column where none is declared to be searched."""
    if not reading.keywords:
        raise reading.section.error(
            "words without a column",
            *path,
            code="AW-RULES-009",
            expected="auditwatch.keywords naming the text columns to search, or column|contains",
        )


def _item(reading: _Reading, path: Path, key: str, given: Plain) -> SigmaDetectionItem:
    """Return one ``column|modifiers: values`` pair as pySigma's."""
    column, *modifiers = key.split("|")
    _check_modifiers(reading, path, modifiers)
    if column:
        _check_column(reading, path, column, modifiers)
    else:
        _check_keywords(reading, path)
    places, values = _listed(reading, path, given)
    if "expand" in modifiers:
        key, places, values = _expanded(reading, key, places, values)
        modifiers = key.split("|")[1:]
    typed = [
        _typed(reading, place, column, modifiers, value)
        for place, value in zip(places, values, strict=True)
    ]
    key = "|".join([column, *_as_pysigma(modifiers)])
    if not NUMERIC.intersection(modifiers) or CLOCK_PARTS.intersection(modifiers):
        return _tried(reading, path, key, typed)
    item = _tried(reading, path, key, [0] * len(typed))
    for expression, text in zip(item.value, typed, strict=True):
        expression.number.number = text  # type: ignore[attr-defined]  # pySigma would make a float of it; text is exact
    return item


def _as_pysigma(modifiers: Sequence[str]) -> list[str]:
    """Return modifiers by pySigma's names, a reference before how it is compared."""
    ordered = sorted(modifiers, key=lambda one: one != "fieldref")
    return ["wide" if one == "utf16le" else one for one in ordered]


def _check_modifiers(reading: _Reading, path: Path, modifiers: Sequence[str]) -> None:
    """Refuse modifiers that are not Sigma's, or that mean nothing together."""
    for modifier in modifiers:
        if modifier not in MODIFIERS:
            raise reading.section.error(
                f"modifier {modifier!r} is not supported",
                *path,
                code="AW-RULES-009",
                expected="one of " + ", ".join(sorted(MODIFIERS)),
                hint=suggest(modifier, MODIFIERS),
            )
    both = TEXT_PARTS.intersection(modifiers)
    if "re" in modifiers and both:
        raise reading.section.error(
            f"re with {min(both)}",
            *path,
            code="AW-RULES-009",
            expected="re alone: it matches anywhere unless it has ^ or $",
        )
    if len(set(modifiers)) < len(modifiers):
        raise reading.section.error(
            "a modifier twice", *path, code="AW-RULES-009", expected="each once"
        )


def _check_column(
    reading: _Reading, path: Path, column: str, modifiers: Sequence[str] = ()
) -> None:
    """Refuse a column that rules cannot read."""
    if reading.known is None:
        return
    if CLOCK_PARTS.intersection(modifiers):
        if column != "event_time":
            raise reading.section.error(
                f"{column!r} is no time", *path, code="AW-RULES-009", expected="event_time"
            )
    elif column not in reading.known:
        raise reading.section.error(
            f"unknown column {column!r}",
            *path,
            code="AW-RULES-004",
            expected="one of " + ", ".join(reading.known),
            hint=suggest(column, reading.known),
        )


def _listed(reading: _Reading, path: Path, given: Plain) -> tuple[list[Path], list[Plain]]:
    """Return the values of an item, each with its place."""
    if not isinstance(given, list):
        return [path], [given]
    if not given:
        raise reading.section.error(
            "an empty list", *path, code="AW-RULES-003", expected="at least one value"
        )
    return [(*path, n) for n in range(len(given))], list(given)


def _expanded(
    reading: _Reading, key: str, places: list[Path], values: list[Plain]
) -> tuple[str, list[Path], list[Plain]]:
    """Return key, places and values with named lists filled in."""
    filled: list[tuple[str, Path, str]] = []
    for place, value in zip(places, values, strict=True):
        found, texts = expand(reading.section, place, key, str(value or ""), reading.lists)
        filled += [(found, place, text) for text in texts]
    keys = {found for found, _, _ in filled}
    if len(keys) > 1:
        raise reading.section.error(
            "lists of values and of patterns in one item",
            *places[0],
            code="AW-RULES-009",
            expected="an item for each",
        )
    return keys.pop(), [place for _, place, _ in filled], [text for _, _, text in filled]


def _typed(
    reading: _Reading, path: Path, column: str, modifiers: Sequence[str], value: Plain
) -> Scalar:
    """Return one value with the type its column and modifiers ask for; text stays text."""
    if _is_null(reading, path, value):
        if modifiers and not {"neq", "all"}.issuperset(modifiers):
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
        return _truth(reading, path, value)
    if CLOCK_PARTS.intersection(modifiers):
        return int(_number(reading, path, value, whole=True))
    if NUMERIC.intersection(modifiers):
        return _compared(reading, path, column, value)
    if "re" in modifiers:
        check_pattern(reading.section, value, *path)
    if "fieldref" in modifiers:
        _check_column(reading, path, value)
    if not reading.foreign and TEXT_PARTS.intersection(modifiers) and not value.strip("*"):
        raise reading.section.error(
            "a value that every text contains", *path, code="AW-RULES-003", expected="some text"
        )
    return value


def _is_null(reading: _Reading, path: Path, value: Plain) -> bool:
    """Tell whether a value stands for an absent one."""
    if reading.foreign:
        return value is None or reading.is_written(path, "null")
    return value is None or (isinstance(value, str) and value in ABSENT)


def _truth(reading: _Reading, path: Path, value: str) -> bool:
    """Return what exists is compared with."""
    for word in ("true", "false"):
        if value == word or reading.is_written(path, word):
            return word == "true"
    raise reading.section.error(
        "exists takes true or false", *path, code="AW-RULES-003", expected="true or false"
    )


def _compared(reading: _Reading, path: Path, column: str, value: str) -> str:
    """Return the number that a column is compared with, as written."""
    if reading.known is not None and not reading.known[column].number:
        numbers = ", ".join(name for name, known in reading.known.items() if known.number)
        raise reading.section.error(
            f"{column!r} holds no numbers", *path, code="AW-RULES-009", expected=f"one of {numbers}"
        )
    return _number(reading, path, value, whole=not reading.foreign)


def _number(reading: _Reading, path: Path, value: str, *, whole: bool) -> str:
    """Return a text that is a number, or refuse it."""
    if amount(value) is None or (whole and not re.fullmatch(r"-?[0-9]{1,15}", value)):
        raise reading.section.error(
            "not a whole number" if whole else "not a number",
            *path,
            code="AW-RULES-003",
            expected="such as 3",
        )
    return value


def _tried(
    reading: _Reading, path: Path, key: str | None, typed: Sequence[Scalar]
) -> SigmaDetectionItem:
    """Let pySigma read one item by itself, so that its refusal has a place."""
    try:
        return SigmaDetectionItem.from_mapping(key, list(typed))
    except SigmaError as error:
        raise reading.section.error(str(error), *path, code="AW-RULES-011") from error


def _on_lookups(leaf: Leaf) -> Leaf:
    """Return a test of a time's part as one of the columns that the trail's times were put in."""
    if leaf.atom.kind != "clock":
        return leaf
    part, order, limit = leaf.atom.operands
    column = {"hour": "local_hour", "minute": "local_minute"}.get(part)
    if column is None:
        return Leaf(Atom("night", "clock", leaf.atom.operands), leaf.wanted)
    return Leaf(Atom(column, "compares", (order, limit)), leaf.wanted)
