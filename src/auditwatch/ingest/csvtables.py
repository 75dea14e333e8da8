"""CSV exports whose header may stand anywhere, come again, or give way to another one."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow.compute as pc

from auditwatch.ingest.csvtext import (
    BLANK,
    BOM,
    FIELDS_MAX,
    Dialect,
    read_rows,
    rows_chunk,
    split_record,
)
from auditwatch.ingest.lines import LineReader
from auditwatch.ingest.spans import Chunk, Spans
from auditwatch.ingest.tables import Table, is_title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.csvtext import Rows
    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.stream import Stream
    from auditwatch.ingest.tables import Layout

__all__ = ["read_csv_tables"]

#: No column name has a digit, and every record has one: a cheap look before the close one.
HEADER_LIKE: Final = r"\A[^0-9\x00]*[A-Za-z][^0-9\x00]*\z"


def read_csv_tables(stream: Stream, request: Request, layout: Layout) -> Iterator[Chunk]:
    """Yield the records of all tables of a CSV export, under the layout's own names.

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
        In file order.

    Raises
    ------
    InputError
        ``AW-INGEST-005`` no line is a header.
    UsageError
        ``AW-INGEST-004`` a header names a column twice.
    """
    lines = LineReader(stream, request.limit)
    reader = _Tables(lines, layout, request, str(stream.path))
    for block in lines:
        yield from reader.read(block)
    if reader.table is None:
        raise layout.no_header(str(stream.path))


class _Tables:
    """Reads blocks with the header that holds where they begin."""

    def __init__(self, lines: LineReader, layout: Layout, request: Request, where: str) -> None:
        self._lines = lines
        self._layout = layout
        self._where = where
        self._dialect = Dialect((1,), limit=request.limit)
        self.table: Table | None = None

    def read(self, block: Block) -> Iterator[Chunk]:
        """Yield the lines of a block, as far as they can be decided on, cut at its headers."""
        if block.overlong:
            yield Chunk({}, Spans.of([]), (block.overlong,))
        start, headers = 0, self._headers(block)
        while start < len(block):
            while headers and headers[0][0] < start:
                headers.popleft()
            stop = headers[0][0] if headers else len(block)
            if stop == start:
                yield self._begin(block, start, headers[0][1])
                start += 1
                continue
            if self.table is None:
                yield self._titles(block, start, stop)
                start = stop
                continue
            rows = self._rows(piece := block.cut(start, stop))
            yield rows_chunk(piece, rows, self.table.positions)
            start += rows.consumed
            if start == stop:
                continue
            after = self._behind(block, start)
            if after is None:
                self._lines.unread(block, start)
                return
            if after > start:  # the header is text inside a value
                while headers and headers[0][0] < after:
                    headers.popleft()
                continue
            rows = self._rows(piece := replace(block.cut(start, stop), last=True))
            yield rows_chunk(piece, rows, self.table.positions)
            start = stop

    def _headers(self, block: Block) -> deque[tuple[int, list[str]]]:
        """Return position and values of each line that reads as a header."""
        alike = pc.match_substring_regex(block.array(), HEADER_LIKE)
        found: deque[tuple[int, list[str]]] = deque()
        for at in map(int, np.flatnonzero(alike.to_numpy(zero_copy_only=False))):
            values = self._values(block, at)
            if len(values) <= FIELDS_MAX and self._layout.is_header(self._layout.keys(values)):
                found.append((at, values))
        return found

    def _behind(self, block: Block, at: int) -> int | None:
        """Return the line behind an open record; its own if broken, None if more is needed."""
        begin = int(block.edges[at])
        parsed = split_record(block.data, begin, self._dialect)
        if isinstance(parsed, str):
            more = not block.last and len(block.data) - begin < self._dialect.limit
            return None if parsed == "open_quote" and more else at
        sound = len(parsed[0]) in self._dialect.fields and _is_text(block.data[begin : parsed[1]])
        return int(np.searchsorted(block.edges, parsed[1])) if sound else at

    def _rows(self, piece: Block) -> Rows:
        """Read the records of some lines with the columns that hold."""
        positions = self.table.positions.values() if self.table else ()
        return read_rows(piece, self._dialect, sorted(set(positions)))

    def _values(self, block: Block, at: int) -> list[str]:
        """Return the values of one line; none when they are no text or do not end there."""
        line = block.text(at).removeprefix(BOM)
        parsed = split_record(line, 0, self._dialect)
        try:
            return [] if isinstance(parsed, str) else [one.decode("utf-8") for one in parsed[0]]
        except UnicodeDecodeError:
            return []

    def _begin(self, block: Block, at: int, values: list[str]) -> Chunk:
        """Take a header and return its line."""
        line = block.line + at
        table = Table.of(values, self._layout, f"{self._where}:{line}")
        gaps = table.change(self.table, self._layout, line)
        self.table = table
        self._dialect = replace(self._dialect, fields=(len(values),))
        return Chunk({}, Spans.of([]), headers=Spans.of([block.span(at, at + 1)]), gaps=gaps)

    def _titles(self, block: Block, start: int, stop: int) -> Chunk:
        """Return lines above the first header: titles, empty ones, and records of nothing."""
        blanks, titles, rejects = [], [], []
        for at in range(start, stop):
            values = self._values(block, at)
            if BLANK.fullmatch(block.text(at).removeprefix(BOM)):
                blanks.append(block.span(at, at + 1))
            elif values and is_title(values):
                titles.append(block.span(at, at + 1))
            else:
                long = len(block.text(at)) > self._dialect.limit
                rejects.append(block.refuse(at, at + 1, "too_long" if long else "no_header"))
        return Chunk({}, Spans.of([]), tuple(rejects), Spans.of(blanks), Spans.of(titles))


def _is_text(data: bytes) -> bool:
    """Tell whether some bytes are UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
