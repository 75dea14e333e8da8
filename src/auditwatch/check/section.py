"""One mapping of a rule file, read strictly: refusals have a place and say what was expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.strict import suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import date

    from auditwatch.core.errors import RuleError
    from auditwatch.core.strict import Document, Plain

__all__ = ["Section", "check_pattern"]


@dataclass(frozen=True)
class Section:
    """A mapping at a path of a document.

    Parameters
    ----------
    document : Document
        The file's content with places.
    path : tuple of str or int
        Keys and list positions that lead to the mapping; empty for the document itself.

    Raises
    ------
    RuleError
        Every method raises it with ``file:line:column``: ``AW-RULES-002`` a required key is
        missing, ``-003`` a value of the wrong kind, ``-004`` an unknown name, ``-005`` a bad date,
        ``-008`` a pattern that RE2 refuses; ``AW-YAML-009`` a text that other YAML readers change.
    """

    document: Document
    path: tuple[str | int, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self._node, dict):
            raise self.document.error(
                "not a mapping", *self.path, code="AW-RULES-003", expected="keys with values"
            )

    @cached_property
    def _node(self) -> dict[str, Plain]:
        """The mapping itself."""
        return self.document.at(*self.path)  # type: ignore[return-value]  # refused when it is none

    @property
    def keys(self) -> list[str]:
        """Keys in the order of the file."""
        return list(self._node)

    @property
    def place(self) -> str:
        """``file:line`` of this mapping."""
        return self.document.place(*self.path).rsplit(":", 1)[0]

    def error(
        self, what: str, *keys: str | int, code: str, expected: str = "", hint: str = ""
    ) -> RuleError:
        """Return an error that points at a key of this mapping."""
        return self.document.error(what, *self.path, *keys, code=code, expected=expected, hint=hint)

    def only(self, *known: str) -> Section:
        """Return this section when it has no other keys than these."""
        self.document.refuse_unknown(known, *self.path)
        return self

    def has(self, key: str) -> bool:
        """Tell whether a key is there, with or without a value."""
        return key in self._node

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text value; without a default the key is required."""
        if not self.has(key):
            if default is not None:
                return default
            raise self.error(f"{key!r} is missing", code="AW-RULES-002", expected=f"{key}: …")
        value = self._node[key]
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"{key!r} is no text", key, code="AW-RULES-003", expected="some text")
        self.refuse_changed(value, key)
        return value

    def choice(self, key: str, known: Collection[str], default: str | None = None) -> str:
        """Return a text value that is one of the known words."""
        value = self.text(key, default)
        self._refuse_unnamed(value, known, key)
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return a value written ``true`` or ``false``."""
        if not self.has(key):
            return default
        value = self._node[key]
        if value not in ("true", "false"):
            raise self.error(
                f"{key!r} is no truth", key, code="AW-RULES-003", expected="true or false"
            )
        return value == "true"

    def whole(self, key: str) -> int:
        """Return a whole number of zero or more."""
        value = self.text(key)
        if not (value.isascii() and value.isdigit()):
            raise self.error(
                f"{key!r} is no whole number", key, code="AW-RULES-003", expected="such as 3"
            )
        return int(value)

    def day(self, key: str) -> date | None:
        """Return a calendar day written ``YYYY-MM-DD``, or None when the key is not there."""
        if not self.has(key):
            return None
        value = self.text(key)
        try:
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError as error:
            raise self.error(
                f"{key!r} is no calendar day", key, code="AW-RULES-005", expected="YYYY-MM-DD"
            ) from error

    def pattern(self, key: str) -> str:
        """Return an RE2 pattern; only RE2 bounds the time that hostile text can cost."""
        value = self.text(key)
        check_pattern(self, value, key)
        return value

    def texts(self, key: str, known: Collection[str] | None = None) -> tuple[str, ...]:
        """Return a list of texts, each once; empty when the key is not there.

        A single text stands for a list of one.
        """
        if not self.has(key):
            return ()
        value = self._node[key]
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not items:
            raise self.error(f"{key!r} is no list", key, code="AW-RULES-003", expected="[a, b]")
        for position, item in enumerate(items):
            place = (key,) if isinstance(value, str) else (key, position)
            if not isinstance(item, str) or not item.strip():
                raise self.error("not a text", *place, code="AW-RULES-003", expected="a text")
            self.refuse_changed(item, *place)
            if item in items[:position]:
                raise self.error(f"{item!r} twice", *place, code="AW-RULES-003", expected="once")
            if known is not None:
                self._refuse_unnamed(item, known, *place)
        return tuple(item for item in items if isinstance(item, str))

    def section(self, key: str) -> Section:
        """Return the mapping under a required key."""
        if not self.has(key):
            raise self.error(f"{key!r} is missing", code="AW-RULES-002", expected=f"{key}: …")
        return Section(self.document, (*self.path, key))

    def sections(self, key: str) -> Iterator[Section]:
        """Yield the mappings of the list under a key; none when the key is not there."""
        items = self._node[key] if self.has(key) else []
        if not isinstance(items, list):
            raise self.error(
                f"{key!r} is no list", key, code="AW-RULES-003", expected="a list of mappings"
            )
        for position in range(len(items)):
            yield Section(self.document, (*self.path, key, position))

    def refuse_changed(self, value: str, *place: str | int) -> None:
        """Refuse a text without quotes that other readers of the file take for something else."""
        other = self.document.changed.get((*self.path, *place))
        if other is not None:
            raise self.error(
                f"{value!r} stands without quotes: YAML 1.1 takes it for {other}",
                *place,
                code="AW-YAML-009",
                expected=f'"{value}"',
                hint="put it in quotes, so that every reader sees the same text",
            )

    def _refuse_unnamed(self, value: str, known: Collection[str], *place: str | int) -> None:
        """Refuse a word that is not among the known ones, naming the nearest."""
        if value not in known:
            raise self.error(
                f"unknown name {value!r}",
                *place,
                code="AW-RULES-004",
                expected="one of " + ", ".join(sorted(known)),
                hint=suggest(value, known),
            )


def check_pattern(section: Section, pattern: str, *keys: str | int) -> None:
    """Refuse a regular expression that RE2 does not take.

    Raises
    ------
    RuleError
        ``AW-RULES-008`` at the place of `keys`.
    """
    fault = _pattern_fault(pattern)
    if fault:
        raise section.error(
            f"this regular expression cannot be used: {fault}",
            *keys,
            code="AW-RULES-008",
            expected="RE2 syntax (no look-around, no back-references)",
        )


@lru_cache(maxsize=4096)
def _pattern_fault(pattern: str) -> str:
    """Return what RE2 has against a pattern; nothing when it takes it. Packs repeat patterns."""
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        return str(error).split(": ", 1)[-1]
    return ""
