"""The tables of an evaluation: what stands in them, as text, as CSV, as JSON."""

from __future__ import annotations

import csv
import io
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["WIDTH", "Column", "Sheet", "as_csv", "as_records", "as_text"]

WIDTH: Final = 100  # characters of a line
NAME_WIDTH: Final = 32
NOTHING: Final = "-"


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    name : str
        Its head.
    kind : str
        text, count, number, ratio, share, range (two shares) or span (two ratios).
    """

    name: str
    kind: str = "count"


@dataclass(frozen=True)
class Sheet:
    """One table.

    Parameters
    ----------
    name : str
        Of its file, without ending.
    title : str
        What it says, in one line.
    columns : tuple of Column
        From left to right.
    rows : tuple of tuple
        Cells; None where there is nothing to say.
    note : str
        How to read it.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""


def as_text(sheet: Sheet, rows_max: int) -> str:
    """Return a table as text of at most `WIDTH` columns: texts to the left, numbers to the right.

    Parameters
    ----------
    sheet : Sheet
        The table.
    rows_max : int
        Rows beyond these are counted, not shown.
    """
    heads = [column.name for column in sheet.columns]
    kinds = [column.kind for column in sheet.columns]
    lines = [
        [_shown(*cell) for cell in zip(row, kinds, strict=True)] for row in sheet.rows[:rows_max]
    ]
    widths = [max(map(len, cells)) for cells in zip(heads, *lines, strict=True)]
    told = [sheet.title, ""]
    for line in [heads, *lines]:
        cells = zip(line, widths, kinds, strict=True)
        padded = [c.ljust(w) if kind == "text" else c.rjust(w) for c, w, kind in cells]
        told.append("  ".join(padded).rstrip())
    if len(sheet.rows) > rows_max:
        told.append(f"… and {len(sheet.rows) - rows_max} more")
    return "\n".join([*told, *(["", *_wrapped(sheet.note)] if sheet.note else [])])


def as_csv(sheet: Sheet) -> bytes:
    """Return a table as CSV (RFC 4180) with bare numbers; a range is two columns."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    records = as_records(sheet)
    names = [name for column in sheet.columns for name in _names(column)]
    writer.writerow(names)
    writer.writerows([["" if r[n] is None else r[n] for n in names] for r in records])
    return out.getvalue().encode()


def as_records(sheet: Sheet) -> list[dict[str, Any]]:
    """Return the rows by column name, for JSON."""
    return [
        {
            name: part
            for column, cell in zip(sheet.columns, row, strict=True)
            for name, part in zip(_names(column), _parts(column, cell), strict=True)
        }
        for row in sheet.rows
    ]


def _names(column: Column) -> list[str]:
    """Return the names of a column outside of text."""
    name = column.name.replace(" ", "_").replace("%", "percent")
    return [f"{name}_from", f"{name}_to"] if column.kind in ("range", "span") else [name]


def _parts(column: Column, cell: Any) -> list[Any]:
    """Return what a cell holds, rounded as far as it means something."""
    values = [None, None] if cell is None and column.kind in ("range", "span") else [cell]
    if isinstance(cell, tuple):
        values = list(cell)
    return [round(value, 4) if isinstance(value, float) else value for value in values]


def _shown(cell: Any, kind: str) -> str:
    """Return a cell as text."""
    return NOTHING if cell is None else _FORMS[kind](cell)


def _text(cell: Any) -> str:
    """Return words, cut where they would push the rest off the page."""
    words = str(cell)
    return words if len(words) <= NAME_WIDTH else f"{words[: NAME_WIDTH - 1]}…"


_FORMS: Final[Mapping[str, Callable[[Any], str]]] = {
    "text": _text,
    "count": "{:,}".format,
    "number": lambda cell: f"{cell:,.0f}" if float(cell).is_integer() else f"{cell:,.1f}",
    "ratio": "{:.2f}".format,
    "share": lambda cell: f"{100 * cell:.0f} %",
    "range": lambda cell: f"{100 * cell[0]:.0f}-{100 * cell[1]:.0f}",
    "span": lambda cell: f"{cell[0]:.2f}-{cell[1]:.2f}",
}


def _wrapped(text: str) -> Sequence[str]:
    """Return a paragraph as lines."""
    return textwrap.wrap(text, WIDTH)
