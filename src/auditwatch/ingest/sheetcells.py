"""The cells of one sheet, from XML to text: read in pieces, nothing in them is evaluated.

An own reader because a sheet is a stream: the usual libraries lay a sheet out in memory from its
first to its last cell, and a file of a few kilobytes that names a far corner ends the process.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import IO

__all__ = ["DamagedSheetError", "Texts", "parse_xml", "read_cells", "read_texts"]

PIECE_BYTES: Final = 1 << 16
ROWS_MAX: Final = 1 << 20
COLUMNS_MAX: Final = 1 << 14
TEXT_MAX: Final = 1 << 20
EXACT_DIGITS: Final = 10**15
PLACE: Final = re.compile(r"([A-Za-z]{1,3})[0-9]{1,7}", re.ASCII)
ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
#: Spreadsheets count days from here, once past the day that they think 1900 had too many.
EPOCH: Final = dt.datetime.fromisoformat("1899-12-30")
DAYS_MAX: Final = 2_958_466  # year 9999
DAY_MS: Final = 86_400_000


class DamagedSheetError(ValueError):
    """A workbook that does not keep its own rules."""


def parse_xml(
    source: IO[bytes],
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Parse XML in pieces; after each piece the caller takes what the handlers have gathered.

    Parameters
    ----------
    source : binary file
        The XML.
    start, end, text : callable
        Called with the local name and the attributes of each element, with its name at its end,
        and with text.

    Yields
    ------
    None
        After each piece.

    Raises
    ------
    expat.ExpatError
        When it is no XML.
    DamagedSheetError
        When it has a document type: entities could make it any size, or name other files.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda name, attributes: start(_local(name), attributes)
    if end:
        parser.EndElementHandler = lambda name: end(_local(name))
    if text:
        parser.CharacterDataHandler = text
    while piece := source.read(PIECE_BYTES):
        parser.Parse(piece)
        yield
    parser.Parse(b"", True)
    yield


def _local(name: str) -> str:
    """Return the name of an element without its prefix."""
    return name[name.rfind(":") + 1 :]


def _refuse_doctype(*_: object) -> None:
    """Refuse a document type."""
    raise DamagedSheetError("a document type in a workbook")


@dataclass
class Texts:
    """Gathers text between marks, without how it is pronounced.

    Parameters
    ----------
    inside : frozenset of str
        Elements whose text counts.
    """

    inside: frozenset[str]
    parts: list[str] = field(default_factory=list)
    size: int = 0
    depth: int = 0
    silent: int = 0

    def start(self, name: str) -> None:
        """Begin an element."""
        self.depth += name in self.inside
        self.silent += name == "rPh"

    def end(self, name: str) -> None:
        """End an element."""
        self.depth -= name in self.inside
        self.silent -= name == "rPh"

    def add(self, text: str) -> None:
        """Take some text."""
        if self.depth and not self.silent:
            self.size += len(text)
            if self.size > TEXT_MAX:
                raise DamagedSheetError("more text than a cell can hold")
            self.parts.append(text)

    def take(self) -> str:
        """Return what was gathered and begin anew."""
        whole = "".join(self.parts)
        self.parts, self.size = [], 0
        return whole


def read_texts(source: IO[bytes]) -> list[str]:
    """Return the texts that the cells of a workbook share, in order."""
    found: list[str] = []
    texts = Texts(frozenset({"t"}))

    def end(name: str) -> None:
        texts.end(name)
        if name == "si":
            found.append(_plain(texts.take()))

    for _ in parse_xml(source, lambda name, _: texts.start(name), end, texts.add):
        pass
    return found


def _plain(text: str) -> str:
    """Undo the ``_x000D_`` way of writing characters that XML cannot hold."""
    return ESCAPE.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    """Return the character of a code; half of a pair is left as it was written."""
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code < 0xE000 else chr(code)


def read_cells(
    source: IO[bytes], shared: Sequence[str], dated: Sequence[bool]
) -> Iterator[list[str]]:
    """Yield the rows of a sheet from its first one on, an empty list for a row that is not there.

    Parameters
    ----------
    source : binary file
        The sheet's XML.
    shared : sequence of str
        As `read_texts`.
    dated : sequence of bool
        Whether a cell of each style shows a date or a time.

    Yields
    ------
    list of str
        Cells as text: numbers without ``.0``, days and times in ISO 8601, errors by their name,
        of a formula the value that was saved with it.

    Raises
    ------
    DamagedSheetError
        When rows or cells are not in order, or a cell is no value.
    """
    cells = _Cells(shared, dated)
    done = 0
    for _ in parse_xml(source, cells.start, cells.end, cells.texts.add):
        for number, row in cells.rows:
            yield from ([] for _ in range(number - done - 1))
            yield row
            done = number
        cells.rows.clear()


class _Cells:
    """Handlers that gather whole rows."""

    def __init__(self, shared: Sequence[str], dated: Sequence[bool]) -> None:
        self._shared = shared
        self._dated = dated
        self._number = 0
        self._row: list[str] = []
        self._column = 0
        self._kind = ""
        self._style = 0
        self.texts = Texts(frozenset({"v", "t"}))
        self.rows: list[tuple[int, list[str]]] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        self.texts.start(name)
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._number = _after(self._number, attributes.get("r"), ROWS_MAX)
            self._row, self._column = [], 0

    def end(self, name: str) -> None:
        """End an element."""
        self.texts.end(name)
        if name == "c":
            self._row += [""] * (self._column - 1 - len(self._row))
            self._row.append(self._value(self.texts.take()))
        elif name == "row":
            self.rows.append((self._number, self._row))

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        """Take the place, the kind and the style of a cell."""
        column = None
        if place := attributes.get("r"):
            found = PLACE.fullmatch(place)
            if not found:
                raise DamagedSheetError("a cell without a place")
            column = str(_column(found[1]))
        self._column = _after(self._column, column, COLUMNS_MAX)
        self._kind = attributes.get("t", "n")
        self._style = int(attributes.get("s", "0"))
        self.texts.take()

    def _value(self, text: str) -> str:
        """Return a cell as text."""
        if self._kind == "n":
            dated = 0 <= self._style < len(self._dated) and self._dated[self._style]
            return _number(text.strip(), dated=dated)
        if self._kind == "s":
            at = int(text)
            if not 0 <= at < len(self._shared):
                raise DamagedSheetError("a text that is not there")
            return self._shared[at]
        if self._kind == "b":
            return "TRUE" if text.strip() == "1" else "FALSE"
        return _plain(text)


def _after(last: int, written: str | None, most: int) -> int:
    """Return the number of the next row or column: as written, or one after the last."""
    number = int(written) if written else last + 1
    if not last < number <= most:
        raise DamagedSheetError("rows or cells out of order")
    return number


def _column(letters: str) -> int:
    """Return the number of a column, from 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _number(text: str, *, dated: bool) -> str:
    """Return a number as a person reads it."""
    if not text:
        return ""
    value = float(text)
    if dated and 0 <= value < DAYS_MAX:
        time = EPOCH + dt.timedelta(milliseconds=round(value * DAY_MS))
        return time.time().isoformat() if value < 1 else time.isoformat(" ")
    return str(int(value)) if value.is_integer() and abs(value) < EXACT_DIGITS else repr(value)
