"""Elements of records as objects while an XML parser passes by; nothing else is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auditwatch.ingest.jsontext import DEPTH_MAX, KEYS_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from auditwatch.ingest.jsontext import Object

__all__ = ["DamageError", "Mark", "Records"]

#: A record of the longest kind that is nothing but tags would take far more room than its text.
ELEMENTS_MAX: Final = 20 * KEYS_MAX


class DamageError(ValueError):
    """Well-formed XML that cannot be a record; its text is the reason code."""


@dataclass
class Mark:
    """Where a piece begins: a record, or what stands around records.

    Parameters
    ----------
    place : int
        First byte, in the unzipped source.
    record : bool
        Whether it is a record.
    closed : bool
        Whether the end tag of the record was seen.
    found : dict or None
        Its content, under its own name.
    code : str
        Why it is refused.
    """

    place: int
    record: bool
    closed: bool = False
    found: Object | None = field(default=None, repr=False)
    code: str = ""


class Records:
    """Target of an XML parser.

    An element becomes the text of its ``value`` attribute, as FHIR writes plain values, or else an
    object of its attributes and children; children of one name become a list.

    Parameters
    ----------
    tags : frozenset of str
        Records, with their namespace in braces: roots, or children of the root.
    place : callable
        Where the parser stands (bytes).
    start, limit : int
        Where it begins, and the longest record (bytes).

    Attributes
    ----------
    marks : list of Mark
        Where pieces begin, in file order; the reader takes them out.
    seen : int
        Where the parser last was.
    closed : bool
        Whether the root's end tag was seen.
    """

    def __init__(
        self, tags: frozenset[str], place: Callable[[], int], start: int, limit: int
    ) -> None:
        self._tags, self._place, self._limit = tags, place, limit
        self.marks: list[Mark] = []
        self.seen = start
        self.closed = False
        self._depth = 0
        self._open: Mark | None = None
        self._tag, self._at = "", 0
        self._nodes: list[tuple[str | None, Object]] = []
        self._elements = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Note a start tag.

        Raises
        ------
        DamageError
            ``bad_xml`` for a record inside a record of its kind or where none may stand: another
        tag is damaged.
        """
        self.seen = self._place()
        if self._open is not None:
            if tag == self._tag:
                raise DamageError("bad_xml")
            self._grow(self._open, attributes)
        elif self._depth <= 1 and tag in self._tags:
            self._open = Mark(self.seen, record=True)
            self._tag, self._at = tag, self._depth
            self._nodes, self._elements = [(None, {})], 0
            self.marks.append(self._open)
        elif tag in self._tags:
            raise DamageError("bad_xml")
        elif self._depth == 1:
            self.marks.append(Mark(self.seen, record=False))
        self._depth += 1

    def end(self, tag: str) -> None:
        """Note an end tag."""
        self.seen = self._place()
        self._depth -= 1
        if self._open is not None and self._depth == self._at:
            self._close(self._open)
        elif self._open is not None:
            self._shrink(self._open, _local(tag))
        elif self._depth == 0:
            self.marks.append(Mark(self.seen, record=False))
        self.closed = self._depth == 0

    def data(self, _: str) -> None:
        """Note some text, which no record needs."""
        self.seen = self._place()

    def comment(self, _: str) -> None:
        """Note a comment."""
        self.seen = self._place()

    def pi(self, _: str, __: str | None = None) -> None:
        """Note a processing instruction."""
        self.seen = self._place()

    def _grow(self, mark: Mark, attributes: Mapping[str, str]) -> None:
        """Begin an element of a record."""
        self._elements += 1
        if self.seen - mark.place > self._limit:
            mark.code = "too_long"
        elif self._depth - self._at >= DEPTH_MAX:
            mark.code = mark.code or "too_deep"
        elif self._elements > ELEMENTS_MAX:
            mark.code = mark.code or "too_many_keys"
        if mark.code:
            self._nodes = []
            return
        plain = {name: text for name, text in attributes.items() if not name.startswith("{")}
        self._nodes.append((plain.pop("value", None), dict(plain)))

    def _shrink(self, mark: Mark, name: str) -> None:
        """End an element of a record: it becomes a value of the one around it."""
        if mark.code:
            return
        text, inside = self._nodes.pop()
        value = inside if text is None else text
        around = self._nodes[-1][1]
        if name not in around:
            around[name] = value
        elif isinstance(around[name], list):
            around[name].append(value)
        else:
            around[name] = [around[name], value]

    def _close(self, mark: Mark) -> None:
        """End a record."""
        if self.seen - mark.place > self._limit:
            mark.code = "too_long"
        mark.closed = True
        mark.found = None if mark.code else {_local(self._tag): self._nodes[0][1]}
        self._open = None


def _local(tag: str) -> str:
    """Return the name of a tag without its namespace."""
    return tag.rpartition("}")[2]
