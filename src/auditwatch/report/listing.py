"""A long table as lines of print: for a sheet of paper that thousands of cells would not reach.

A printer of pages works on every cell by itself; ten thousand rows would take it minutes. As lines
in columns the same rows take seconds. Nothing is left out: what is the same in every row is said
once above them, and a text that is too long for its column goes on below.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Final
from unicodedata import east_asian_width

from auditwatch.core.words import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditwatch.report.document import Cell, Column, Table

__all__ = ["LISTED_ABOVE", "Listing", "listing_of"]

LISTED_ABOVE: Final = 200  # rows
#: Characters of one width on a line: of an upright sheet, of a turned one.
UPRIGHT, TURNED = 126, 196
GAP: Final = "  "
LEAST: Final = 6  # characters of a column
TOGETHER: Final = 10  # rows that stay on one sheet


@dataclass(frozen=True)
class Listing:
    """A table as print.

    Parameters
    ----------
    same : tuple of (str, str)
        Label and text of each column that says the same in every row.
    head : str
        The labels of the other columns, each above its own.
    groups : tuple of str
        Some rows each, as lines.
    """

    same: tuple[tuple[str, str], ...]
    head: str
    groups: tuple[str, ...]


def listing_of(table: Table, *, turned: bool) -> Listing | None:
    """Return a table as print, or None for one that is short, written into or led to.

    Parameters
    ----------
    table : Table
        Of any number of rows.
    turned : bool
        Whether its sheet is turned.
    """
    led = table.anchor or any(one.link or one.heat or one.blank for one in table.columns)
    if led or len(table.rows) <= LISTED_ABOVE or len(set(table.rows)) == 1:
        return None
    texts = [
        [_text(cell, column) for cell in cells]
        for column, cells in zip(table.columns, zip(*table.rows, strict=True), strict=True)
    ]
    alike = [len(set(one)) == 1 for one in texts]
    same = [
        (column.label, one[0])
        for column, one, said in zip(table.columns, texts, alike, strict=True)
        if said and one[0]
    ]
    told = [(c, one) for c, one, said in zip(table.columns, texts, alike, strict=True) if not said]
    columns = [column for column, _ in told]
    widths = _widths(columns, [one for _, one in told], TURNED if turned else UPRIGHT)
    head = "\n".join(_lines([one.label for one in columns], columns, widths))
    rows = [
        "\n".join(_lines(row, columns, widths))
        for row in zip(*(one for _, one in told), strict=True)
    ]
    groups = ("\n".join(rows[n : n + TOGETHER]) for n in range(0, len(rows), TOGETHER))
    return Listing(tuple(same), head, tuple(groups))


def _text(cell: Cell, column: Column) -> str:
    """Return a cell as it is printed."""
    return f"{cell:,}" if column.number and isinstance(cell, int) else visible(str(cell))


def _span(text: str) -> int:
    """Return how many places a text takes; a sign of East Asia takes two."""
    return (
        len(text) if text.isascii() else sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
    )


def _widths(columns: Sequence[Column], texts: Sequence[Sequence[str]], line: int) -> list[int]:
    """Return how many places each column gets: the longest give way until a line holds all."""
    asked = [
        max(*map(_span, column.label.split()), *map(_span, one))
        for column, one in zip(columns, texts, strict=True)
    ]
    room = line - len(GAP) * (len(columns) - 1)
    most = max(asked, default=0)
    while sum(min(one, most) for one in asked) > room and most > LEAST:
        most -= 1
    return [min(one, most) for one in asked]


def _lines(row: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> Iterator[str]:
    """Yield the lines that a row takes, one where every text fits."""
    cells = [_broken(text, width) for text, width in zip(row, widths, strict=True)]
    for number in range(max(map(len, cells))):
        parts = (
            _placed(own[number] if number < len(own) else "", width, right=column.number)
            for own, column, width in zip(cells, columns, widths, strict=True)
        )
        yield GAP.join(parts).rstrip()


def _broken(text: str, width: int) -> list[str]:
    """Return a text in parts that fit."""
    if _span(text) <= width:
        return [text]
    return wrap(text, width if _span(text) == len(text) else width // 2, break_on_hyphens=False)


def _placed(text: str, width: int, *, right: bool) -> str:
    """Return a text filled up with blanks to the places of its column."""
    blanks = " " * (width - _span(text))
    return blanks + text if right else text + blanks
