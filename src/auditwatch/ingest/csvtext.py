"""CSV, exact and columnar: clean lines are parsed all at once, every other line one at a time.

A line that matches one linear-time expression means the same to every CSV reader; such lines go to
a columnar parser together. Lines that do not match are read one by one by RFC 4180: a quoted value
may span lines when that gives exactly the expected fields; else the first line alone is refused and
reading goes on at the next one, so that a stray quote takes no neighbour with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from auditwatch.core.errors import IntegrityError
from auditwatch.ingest.spans import Chunk, Spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.spans import Flags, Reject

__all__ = ["FIELDS_MAX", "Dialect", "Rows", "read_rows", "rows_chunk", "split_record"]

FIELDS_MAX: Final = 500
BOM: Final = b"\xef\xbb\xbf"
BLANK: Final = re.compile(rb"[ \t\r\n]*")
OPEN_QUOTE: Final = re.compile(rb'"(?:[^"\x00]++|"")*+\Z')


@dataclass(frozen=True)
class Dialect:
    """How the records of one file are written.

    Parameters
    ----------
    fields : tuple of int
        Allowed numbers of fields in a record, most usual first.
    delimiter : bytes
        One character.
    limit : int
        Longest record (bytes).
    """

    fields: tuple[int, ...]
    delimiter: bytes = b","
    limit: int = 1 << 20

    @property
    def clean(self) -> str:
        """Expression of a line that every reader reads alike, for RE2."""
        mark = re.escape(self.delimiter.decode("ascii"))
        value = rf'(?:[^"{mark}\r\n\x00]*|"(?:[^"\r\n\x00]|"")*")'
        return rf"\A{value}(?:{mark}{value}){{{self.fields[0] - 1}}}\r?\n?\z"

    @property
    def value(self) -> re.Pattern[bytes]:
        """Expression of one value and what ends it."""
        mark = re.escape(self.delimiter)
        return re.compile(
            rb'(?:"((?:[^"\x00]++|"")*+)"|([^"' + mark + rb"\r\n\x00]*+))(" + mark + rb"|\r?\n|\Z)"
        )


@dataclass(frozen=True)
class Rows:
    """The records of one block.

    Parameters
    ----------
    columns : dict of int to pa.Array
        Values of the wanted fields by position, as text.
    records, blanks, headers : Spans
        Places.
    rejects : tuple of Reject
        Refused lines.
    swallowed : tuple of (int, int)
        First line and count of lines inside a quoted value that read as records themselves.
    consumed : int
        Lines of the block that are dealt with; the rest need what follows.
    """

    columns: dict[int, pa.Array]
    records: Spans
    blanks: Spans
    headers: Spans
    rejects: tuple[Reject, ...]
    swallowed: tuple[tuple[int, int], ...]
    consumed: int


@dataclass
class _Slow:
    """What the line-by-line reading of one block has found."""

    values: list[list[str]] = field(default_factory=list)
    spans: list[tuple[int, int, int, int]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    swallowed: list[tuple[int, int]] = field(default_factory=list)
    consumed: int = 0


def split_record(data: bytes, start: int, dialect: Dialect) -> tuple[list[bytes], int] | str:
    """Split one record by RFC 4180.

    Parameters
    ----------
    data : bytes
        Text that holds the record.
    start : int
        Where it begins.
    dialect : Dialect
        Delimiter and limit.

    Returns
    -------
    tuple or str
        Values as written (quotes undone) and the position behind the record; else why not:
        ``open_quote`` (the text or the limit ended inside a quoted value) or ``stray_quote``.
    """
    values: list[bytes] = []
    stop = min(len(data), start + dialect.limit)
    at, pattern = start, dialect.value
    while found := pattern.match(data, at, stop):
        quoted, bare, ending = found.groups()
        values.append(bare if quoted is None else quoted.replace(b'""', b'"'))
        at = found.end()
        if not ending and stop < len(data):
            return "open_quote"
        if ending != dialect.delimiter:
            return values, at
    return "open_quote" if OPEN_QUOTE.match(data, at, stop) else "stray_quote"


def read_rows(
    block: Block, dialect: Dialect, wanted: Sequence[int], header: bytes | None = None
) -> Rows:
    """Read the records of a block.

    Parameters
    ----------
    block : Block
        Whole lines.
    dialect : Dialect
        How records are written.
    wanted : sequence of int
        Fields to keep, by position.
    header : bytes, optional
        The header line; the same line again is a header, not a record.

    Returns
    -------
    Rows
        In the order of the lines.
    """
    lines = block.array()
    readable = block.readable()
    clean = _matches(lines, dialect, readable) & (np.diff(block.edges) <= dialect.limit)
    headers = _equal(block, header)
    blank = _blank(block, clean | headers)
    slow = _read_slowly(block, dialect, ~(clean | headers | blank), clean, readable)
    taken = _taken(block, slow)
    clean &= ~(headers | taken)
    fast = _parse(block, clean, dialect, wanted)
    records = Spans.join([block.spans(clean), Spans.of(slow.spans)])
    order = np.argsort(records.line, kind="stable")
    return Rows(
        {n: _merge(fast[n], [row[n] for row in slow.values], order) for n in wanted},
        records.take(order),
        block.spans(blank & ~taken),
        block.spans(headers & ~taken),
        tuple(slow.rejects),
        tuple(slow.swallowed),
        slow.consumed,
    )


def rows_chunk(block: Block, rows: Rows, positions: Mapping[str, int]) -> Chunk:
    """Return the records of a block under names.

    Parameters
    ----------
    block : Block
        Whole lines.
    rows : Rows
        What `read_rows` made of them.
    positions : mapping of str to int
        Name to the position of its column.

    Returns
    -------
    Chunk
        With a ``quoted_records`` gap for each value that holds text which reads as records.
    """
    rejects = (block.overlong, *rows.rejects) if block.overlong else rows.rejects
    gaps = tuple(
        (
            "quoted_records",
            f"a quoted value that begins in line {line} holds text that reads as records ({count})",
        )
        for line, count in rows.swallowed
    )
    columns = {name: rows.columns[n] for name, n in positions.items()}
    return Chunk(
        columns, rows.records, rejects, rows.blanks, rows.headers, block.data, block.base, gaps
    )


def _matches(lines: pa.Array, dialect: Dialect, readable: Flags) -> Flags:
    """Flag the lines that mean the same to every CSV reader."""
    if not len(lines):
        return np.zeros(0, np.bool_)
    found = pc.match_substring_regex(lines, dialect.clean)
    matched: Flags = found.to_numpy(zero_copy_only=False) & readable
    return matched


def _equal(block: Block, header: bytes | None) -> Flags:
    """Flag the lines that repeat the header, with or without a byte order mark."""
    found = np.zeros(len(block), np.bool_)
    if header is None:
        return found
    name = header.removeprefix(BOM).rstrip(b"\r\n")
    sizes = np.diff(block.edges)
    near = (sizes >= len(name)) & (sizes <= len(name) + len(BOM) + 2)
    for at in map(int, np.flatnonzero(near)):
        found[at] = block.text(at).removeprefix(BOM).rstrip(b"\r\n") == name
    return found


def _blank(block: Block, known: Flags) -> Flags:
    """Flag empty lines among those not known to be something else."""
    blank: Flags = (np.diff(block.edges) == 1) & block.ends_in_newline()
    for at in np.flatnonzero(~(known | blank)):
        blank[at] = BLANK.fullmatch(block.data, block.edges[at], block.edges[at + 1]) is not None
    return blank


def _read_slowly(
    block: Block, dialect: Dialect, odd: Flags, clean: Flags, readable: Flags
) -> _Slow:
    """Read the lines that are not clean, one at a time."""
    found, resume = _Slow(consumed=len(block)), 0
    for at in map(int, np.flatnonzero(odd)):
        if at < resume:
            continue
        parsed = split_record(block.data, int(block.edges[at]), dialect)
        if parsed == "open_quote" and not block.last and _within(block, at, dialect.limit):
            found.consumed = at
            break
        after = _after(block, at, parsed)
        code = _trouble(block, dialect, at, parsed, readable)
        if code:
            found.rejects.append(block.refuse(at, at + 1, code))
        elif isinstance(parsed, tuple):
            found.values.append([value.decode("utf-8") for value in parsed[0]])
            found.spans.append(block.span(at, after))
            inside = int(clean[at + 1 : after].sum())
            found.swallowed += [(block.line + at, inside)] if inside else []
            resume = after
    return found


def _within(block: Block, at: int, limit: int) -> bool:
    """Tell whether a record that begins at a line could still end within the limit."""
    return len(block.data) - int(block.edges[at]) < limit


def _trouble(
    block: Block, dialect: Dialect, at: int, parsed: tuple[list[bytes], int] | str, readable: Flags
) -> str:
    """Return why the record that begins at a line is refused; nothing if it is not."""
    line = block.text(at)
    if len(line) > dialect.limit:
        return "too_long"
    if b"\0" in line:
        return "nul_byte"
    if not readable[at]:
        return "not_utf8"
    if isinstance(parsed, str):
        bare = line.rstrip(b"\r\n")
        return "stray_return" if b"\r" in bare and b'"' not in bare else "stray_quote"
    after = _after(block, at, parsed)
    if after > at + 1:
        sound = len(parsed[0]) in dialect.fields and readable[at:after].all()
        return "" if sound else "stray_quote"
    return _miscount(len(parsed[0]), dialect)


def _miscount(fields: int, dialect: Dialect) -> str:
    """Return what is wrong with a number of fields; nothing if it is right."""
    if fields in dialect.fields:
        return ""
    return "fields_few" if fields < min(dialect.fields) else "fields_many"


def _after(block: Block, at: int, parsed: tuple[list[bytes], int] | str) -> int:
    """Return the line behind the record that begins at a line."""
    if isinstance(parsed, str):
        return at + 1
    return int(np.searchsorted(block.edges, parsed[1]))


def _taken(block: Block, slow: _Slow) -> Flags:
    """Flag lines that belong to a record of several lines or are left for the next block."""
    taken = np.zeros(len(block), np.bool_)
    for line, lines, _, _ in slow.spans:
        taken[line - block.line : line - block.line + lines] = True
    taken[slow.consumed :] = True
    return taken


def _parse(
    block: Block, clean: Flags, dialect: Dialect, wanted: Iterable[int]
) -> dict[int, pa.Array]:
    """Parse clean lines all at once, every value as text."""
    count = int(clean.sum())
    if not count:
        return {n: pa.array([], pa.string()) for n in wanted}
    names = [str(n) for n in range(dialect.fields[0])]
    table = pa.csv.read_csv(
        pa.BufferReader(block.gather(clean)),
        pa.csv.ReadOptions(column_names=names),
        pa.csv.ParseOptions(delimiter=dialect.delimiter.decode("ascii")),
        pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=[str(n) for n in wanted],
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    if table.num_rows != count:
        raise IntegrityError(
            f"{count} clean lines gave {table.num_rows} records", code="AW-INGEST-010"
        )
    return {n: table[str(n)].combine_chunks() for n in wanted}


def _merge(fast: pa.Array, slow: list[str], order: np.ndarray) -> pa.Array:
    """Put values of both ways of reading into the order of the lines."""
    fast = fast if isinstance(fast, pa.Array) else pa.concat_arrays(fast.chunks)
    if not slow:
        return fast
    return pa.concat_arrays([fast, pa.array(slow, pa.string())]).take(pa.array(order))
