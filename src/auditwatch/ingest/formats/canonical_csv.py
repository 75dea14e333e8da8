"""CSV with a header line: canonical column names, or any others by a mapping file."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import InputError, UsageError
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
from auditwatch.ingest.mapping import match_columns, require_fields
from auditwatch.ingest.spans import Chunk, Spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "csv"
SAYS: Final = "CSV with a header line; canonical column names or a mapping file"
COLUMN_NAME: Final = re.compile(rb'"?[A-Za-z#][^",;\t\r\n]{0,60}"?')
HEADER_LINES_MAX: Final = 100


def sniff(head: bytes) -> bool:
    """Tell whether the first line that is not empty reads as column names."""
    lines = (line.strip() for line in head.removeprefix(BOM).split(b"\n"))
    first = next((line for line in lines if line and not line.startswith(b"#")), b"")
    names = re.split(rb"[,;\t]", first)
    return len(names) > 1 and all(COLUMN_NAME.fullmatch(name.strip()) for name in names if name)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the records of a CSV file.

    Parameters
    ----------
    stream : Stream
        The source.
    request : Request
        Mapping and limit.

    Yields
    ------
    Chunk
        In file order; the first one holds the header.

    Raises
    ------
    UsageError
        ``AW-INGEST-003`` a mandatory column is missing, ``-004`` a column occurs twice.
    InputError
        ``AW-INGEST-005`` no header line can be read.
    """
    lines = LineReader(stream, request.limit)
    header: bytes | None = None
    dialect = Dialect((1,))
    positions: dict[str, int] = {}
    for block in lines:
        if header is None:
            at, dialect, positions = _header(block, stream, request)
            header = block.text(at)
            yield _preamble(block, at)
            block = block.cut(at + 1, len(block))  # noqa: PLW2901 - the header is dealt with
        rows = read_rows(block, dialect, sorted(set(positions.values())), header)
        if rows.consumed < len(block):
            lines.unread(block, rows.consumed)
        yield rows_chunk(block, rows, positions)


def _header(block: Block, stream: Stream, request: Request) -> tuple[int, Dialect, dict[str, int]]:
    """Find the header line; return its position, the dialect and the columns of the fields."""
    mapping = request.mapping
    dialect = Dialect((1,), mapping.delimiter.encode("ascii"), request.limit)
    at = _first_line(block)
    if at is None:
        raise _no_header(stream)
    begin = int(block.edges[at]) + (len(BOM) if block.text(at).startswith(BOM) else 0)
    parsed = split_record(block.data, begin, dialect)
    if isinstance(parsed, str) or parsed[1] > block.edges[at + 1] or len(parsed[0]) > FIELDS_MAX:
        raise _no_header(stream)
    try:
        names = [name.decode("utf-8") for name in parsed[0]]
    except UnicodeDecodeError as error:
        raise _no_header(stream) from error
    where = f"{stream.path}:{block.line + at}"
    positions = match_columns(names, mapping, where)
    _check_delimiter(names, where)
    require_fields({*positions, *mapping.constants}, names, where)
    return at, replace(dialect, fields=(len(names),)), positions


def _first_line(block: Block) -> int | None:
    """Return the position of the first line that is neither empty nor a comment."""
    for at in range(min(len(block), HEADER_LINES_MAX)):
        line = block.text(at).removeprefix(BOM)
        if not BLANK.fullmatch(line) and not line.startswith(b"#"):
            return at
    return None


def _no_header(stream: Stream) -> InputError:
    """Return the error of a file without a readable header."""
    return InputError(
        "no header line",
        code="AW-INGEST-005",
        where=f"{stream.path}:1",
        expected="a first line with column names in UTF-8",
        hint="export the file with its header",
    )


def _check_delimiter(names: list[str], where: str) -> None:
    """Refuse a header that was cut at the wrong character."""
    if len(names) == 1 and (wrong := next((c for c in ";\t|" if c in names[0]), "")):
        raise UsageError(
            f"the columns are separated by {wrong!r}",
            code="AW-INGEST-003",
            where=where,
            expected="values separated by commas",
            hint=f"write a mapping file with delimiter: {wrong!r} and give it with --mapping",
        )


def _preamble(block: Block, at: int) -> Chunk:
    """Return the lines up to the header as a chunk without records."""
    blanks: list[tuple[int, int, int, int]] = []
    headers: list[tuple[int, int, int, int]] = []
    for n in range(at + 1):
        place = blanks if BLANK.fullmatch(block.text(n).removeprefix(BOM)) else headers
        place.append(block.span(n, n + 1))
    rejects = (block.overlong,) if block.overlong else ()
    return Chunk({}, Spans.of([]), rejects, Spans.of(blanks), Spans.of(headers))
