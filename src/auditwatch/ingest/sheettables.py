"""Spreadsheets as tables: in a spreadsheet a row is a line, counted over all its sheets."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from auditwatch.ingest.csvtext import FIELDS_MAX
from auditwatch.ingest.spans import Chunk, Reject, Spans
from auditwatch.ingest.spreadsheet import BYTES_MAX, MAGIC, is_workbook, read_sheets
from auditwatch.ingest.tables import NAME_MAX, Table, is_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spreadsheet import Sheet
    from auditwatch.ingest.stream import Stream
    from auditwatch.ingest.tables import Layout

__all__ = ["SHEET_HEAD", "read_sheet_tables", "sheet_head"]

#: How the head of a spreadsheet begins when formats look at it; no zip archive begins like this.
SHEET_HEAD: Final = MAGIC + b"rows\n"
HEAD_ROWS: Final = 200
BATCH_ROWS: Final = 1 << 16
BATCH_CHARACTERS: Final = 8 << 20
MIDNIGHT: Final = " 00:00:00"
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2} 00:00:00")
CLOCK: Final = re.compile(r"\d{4}-\d{2}-\d{2} (?!00:00:00)\d{2}:\d{2}:\d{2}(?:\.\d+)?")


def sheet_head(stream: Stream) -> bytes:
    """Return the first rows of a spreadsheet as CSV behind `SHEET_HEAD`, for formats to look at.

    Parameters
    ----------
    stream : Stream
        A source that is not read yet.

    Returns
    -------
    bytes
        Nothing when the source is no spreadsheet.

    Raises
    ------
    InputError
        ``AW-INGEST-008`` it is one that cannot be read.
    """
    if not stream.head.startswith(MAGIC):
        return b""
    whole = stream.peek(BYTES_MAX)
    if not is_workbook(whole):
        return b""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    for sheet in read_sheets(whole, str(stream.path)):
        for row in islice(sheet.rows, HEAD_ROWS):
            if any(row):
                writer.writerow([value[: NAME_MAX + 1] for value in row[:FIELDS_MAX]])
    return SHEET_HEAD + out.getvalue().encode()


def read_sheet_tables(stream: Stream, request: Request, layout: Layout) -> Iterator[Chunk]:
    """Yield the records of all tables of a spreadsheet, under the layout's own names.

    Parameters
    ----------
    stream : Stream
        The source.
    request : Request
        The limit of a record.
    layout : Layout
        What a header looks like.

    Yields
    ------
    Chunk
        In the order of sheets and rows; bytes are not known, lines are row numbers from 1 that go
        on from sheet to sheet.

    Raises
    ------
    InputError
        ``AW-INGEST-005`` no row is a header, ``-008`` the file cannot be read.
    UsageError
        ``AW-INGEST-004`` a header names a column twice.
    """
    where = str(stream.path)
    tables = _Rows(layout, request.limit, where)
    places: list[str] = []
    for sheet in read_sheets(stream.read(BYTES_MAX), where):
        first = tables.rows + 1
        yield from tables.read(sheet)
        hidden = ", hidden" if sheet.hidden else ""
        places.append(f"{first:,} to {tables.rows:,} are sheet {len(places) + 1}{hidden}")
    if not tables.headed:
        raise layout.no_header(where)
    stream.count_rows(tables.rows)
    if len(places) > 1 or any("hidden" in place for place in places):
        gap = ("several_sheets", "rows " + "; ".join(places))
        yield Chunk({}, Spans.of([]), gaps=(gap,))


class _Rows:
    """Sorts the rows of sheets into headers, records and the rest."""

    def __init__(self, layout: Layout, limit: int, where: str) -> None:
        self._layout = layout
        self._limit = limit
        self._where = where
        self._table: Table | None = None
        self.rows = 0
        self.headed = False
        self._clear()

    def _clear(self) -> None:
        """Begin a new stretch."""
        self._first = self.rows
        self._size = 0
        self._values: list[list[str]] = []
        self._places: dict[str, list[tuple[int, int, int, int]]] = {
            kind: [] for kind in ("record", "blank", "header")
        }
        self._rejects: list[Reject] = []
        self._gaps: tuple[tuple[str, str], ...] = ()

    def read(self, sheet: Sheet) -> Iterator[Chunk]:
        """Yield the rows of one sheet, cut at its headers."""
        self._table = None
        for row in sheet.rows:
            if not any(value.strip() for value in row):
                self._place("blank")
            elif self._layout.is_header(self._layout.keys(row)):
                yield self._stretch()
                self._begin(row)
            elif code := self._trouble(row):
                self._place(code)
            else:
                self._values.append(row)
                self._size += sum(map(len, row))
                self._place("record")
            if self.rows - self._first == BATCH_ROWS or self._size > BATCH_CHARACTERS:
                yield self._stretch()
        yield self._stretch()

    def _begin(self, row: Sequence[str]) -> None:
        """Take a header."""
        line = self.rows + 1
        width = max(at for at, value in enumerate(row, 1) if value.strip())
        table = Table.of(row[:width], self._layout, f"{self._where}:{line}")
        self._gaps = table.change(self._table, self._layout, line)
        self._table, self.headed = table, True
        self._place("header")

    def _trouble(self, row: Sequence[str]) -> str:
        """Return why a row is no record: a title, or a reason code; nothing if it is one."""
        if self._table is None:
            return "header" if is_title(row) else "no_header"
        if any(value.strip() for value in row[len(self._table.names) :]):
            return "fields_many"
        text = "".join(row)
        if "\0" in text:
            return "nul_byte"
        return "too_long" if len(text.encode()) > self._limit else ""

    def _place(self, kind: str) -> None:
        """Put the next row into a class: each is one line, and stands in for one byte."""
        place = (self.rows + 1, 1, self.rows, self.rows + 1)
        self.rows += 1
        if kind in self._places:
            self._places[kind].append(place)
        else:
            self._rejects.append(Reject(*place, kind, ""))

    def _stretch(self) -> Chunk:
        """Return what was gathered and begin anew."""
        positions = self._table.positions if self._table else {}
        columns = {name: self._column(at) for name, at in positions.items()}
        spans = {kind: Spans.of(places) for kind, places in self._places.items()}
        chunk = Chunk(
            columns,
            spans["record"],
            tuple(self._rejects),
            spans["blank"],
            spans["header"],
            gaps=self._gaps,
        )
        self._clear()
        return chunk

    def _column(self, at: int) -> pa.Array:
        """Return one column; midnights without any other time of day in it are days."""
        values = [row[at] if at < len(row) else "" for row in self._values]
        midnights = [DAY.fullmatch(value) is not None for value in values]
        if any(midnights) and not any(map(CLOCK.fullmatch, values)):
            pairs = zip(values, midnights, strict=True)
            values = [value.removesuffix(MIDNIGHT) if day else value for value, day in pairs]
        return pa.array(values, pa.string())
