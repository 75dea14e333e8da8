"""How a table shares the width of a sheet of paper, told by what stands in it.

A printer that is told need not measure every cell of a column: on a thousand rows that is most of
its work. On a screen the browser does it better by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auditwatch.report.document import Column, Table

__all__ = ["Widths", "widths_of"]

ROWS_SEEN: Final = 300
GAP: Final = 2.5  # characters between columns
LABEL: Final = 1.25  # labels are bold
CAPITAL: Final = 1.4  # capitals are wider than letters on the whole
PROSE: Final = (28, 60)  # characters
FREE: Final = 44  # characters of other text before it may be broken; twice that in a small table
SMALL: Final = 3  # columns
NARROW: Final = 16.0  # characters of a column that gives no room worth taking
BLANK: Final = 24.0  # characters of small print: a few words by hand
LEAST: Final = 42.0  # percent of the sheet, so that a caption has room
#: Characters that fit on a line, and points of its print: of a usual table, of one with small
#: print, of a turned sheet.
SHEET: Final = ((6, 112, 8.5), (9, 136, 7.0), (99, 240, 6.0))  # up to so many columns
LARGER: Final = 1.35  # print where a table leaves room
SMALLEST: Final = 5.8  # points, where that spares the words of a table with small print


@dataclass(frozen=True)
class Widths:
    """Percent of the sheet that a table takes, points of its print, percent for each column."""

    table: float
    type: float
    columns: tuple[float, ...]


def widths_of(table: Table) -> Widths:
    """Return the widths of a table on paper.

    Notes
    -----
    Days, ids and numbers get what they need; other text gives way when the sheet is too narrow,
    down to its longest word where there is room for the longest words of all columns.
    """
    sheet, points = next(rest for most, *rest in SHEET if len(table.columns) <= most)
    free = FREE * 2 if len(table.columns) <= SMALL else FREE
    asked = [
        _asked(column, _lengths(table, n, column), free) for n, column in enumerate(table.columns)
    ]
    stiff = [
        wide if column.short or column.number or column.blank or wide <= NARROW else 0.0
        for wide, column in zip(asked, table.columns, strict=True)
    ]
    words = [
        fixed or min(wide, _longest_word(table, n))
        for n, (fixed, wide) in enumerate(zip(stiff, asked, strict=True))
    ]
    if sum(words) > sheet and len(table.columns) > SHEET[0][0]:
        smaller = max(sheet / sum(words), SMALLEST / points)
        sheet, points = sheet / min(1.0, smaller), points * min(1.0, smaller)
    least = words if sum(words) <= sheet else stiff
    room = max(sheet - sum(least), sheet / 3 if least is stiff else 0.0)
    soft = sum(asked) - sum(least)
    given = [
        least_of + (wide - least_of) * (min(1.0, room / soft) if soft else 0.0)
        for least_of, wide in zip(least, asked, strict=True)
    ]
    whole = sum(given)
    larger = min(LARGER, max(1.0, sheet / whole)) if len(table.columns) > SHEET[0][0] else 1.0
    return Widths(
        round(min(100.0, max(LEAST, 100 * larger * whole / sheet)), 1),
        round(points * larger, 1),
        tuple(round(100 * one / whole, 2) for one in given),
    )


def _lengths(table: Table, place: int, column: Column) -> list[float]:
    """Return how long the cells of a column are as they are shown, the first rows for all."""
    cells = [row[place] for row in table.rows[:ROWS_SEEN]]
    shown = [f"{one:,}" if column.number and isinstance(one, int) else str(one) for one in cells]
    return [_length(one) for one in shown] or [0.0]


def _length(text: str) -> float:
    """Return how wide a text is, in characters of usual width."""
    return len(text) + (CAPITAL - 1) * sum(map(str.isupper, text))


def _longest_word(table: Table, place: int) -> float:
    """Return how many characters the longest word of a column takes, with the gap after it."""
    words = (word for row in table.rows[:ROWS_SEEN] for word in str(row[place]).split())
    return max(map(_length, words), default=0.0) + GAP


def _asked(column: Column, lengths: list[float], free: float) -> float:
    """Return how many characters a column wants, with the gap after it."""
    if column.blank:
        return BLANK
    label = LABEL * max(map(_length, column.label.split()), default=0)
    longest = max(lengths)
    if column.short or column.number:
        return max(label, longest) + GAP
    if column.prose:
        low, high = PROSE
        return max(label, min(max(mean(lengths), low), high)) + GAP
    return max(label, min(longest, free)) + GAP
