"""Parquet with canonical column names, or any others by a mapping file; a row is a line."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from auditwatch.core.errors import InputError
from auditwatch.ingest.mapping import match_columns, require_fields
from auditwatch.ingest.spans import Chunk, Reject, Spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.request import Request
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "parquet"
SAYS: Final = "Parquet; canonical column names or a mapping file; line is the row number"
MAGIC: Final = b"PAR1"
BATCH_ROWS: Final = 1 << 16
PIECE_BYTES: Final = 1 << 20
BUFFER_BYTES: Final = 1 << 20  # of a column; else all of a row group is held
#: A row of a real trail takes some bytes, and a column of text some kilobytes a row at most; a file
#: that says otherwise is made to fill the memory.
ROWS_PER_BYTE_MAX: Final = 4
ROWS_GRACE: Final = 1 << 20
RATIO_MAX: Final = 200
RATIO_GRACE_BYTES: Final = 64 << 20
COLUMN_BYTES_MAX: Final = 512 << 20


def sniff(head: bytes) -> bool:
    """Tell whether a source begins like Parquet."""
    return head.startswith(MAGIC)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the rows of a Parquet file.

    Parameters
    ----------
    stream : Stream
        The source.
    request : Request
        Mapping.

    Yields
    ------
    Chunk
        In row order; bytes are not known, lines are row numbers from 1.

    Raises
    ------
    UsageError
        ``AW-INGEST-003`` a mandatory column is missing, ``-004`` a column occurs twice.
    InputError
        ``AW-INGEST-008`` the file is damaged, a column holds no scalar values, or the file unpacks
        to far more than its size.
    """
    # its index stands at the end: what is hashed is laid down, and read from there piece by piece
    with TemporaryFile(dir=request.folder) as whole:
        for piece in iter(lambda: stream.read(PIECE_BYTES), b""):
            whole.write(piece)
        yield from _read(whole, stream, request)


def _read(whole: IO[bytes], stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the rows of a file that can be read from any place."""
    try:
        file = _open(whole, stream)
        names = file.schema_arrow.names
        positions = match_columns(names, request.mapping, str(stream.path))
        known = {*positions, *request.mapping.constants}
        require_fields(known, names, str(stream.path))
        wanted = [names[n] for n in sorted(set(positions.values()))]
        row = 0
        for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
            columns = {one: _as_text(batch[names[n]], stream) for one, n in positions.items()}
            yield _chunk(columns, _rows(row, batch.num_rows))
            row += batch.num_rows
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damaged(stream) from error
    if row != file.metadata.num_rows:
        raise _damaged(stream)
    stream.count_rows(row)


def _damaged(stream: Stream) -> InputError:
    """Return the error of a file that is not what it says."""
    return InputError(
        "Parquet that cannot be read",
        code="AW-INGEST-008",
        where=str(stream.path),
        expected="a whole file with columns of text, numbers or times",
        hint="write the file again, or export CSV",
    )


def _open(whole: IO[bytes], stream: Stream) -> pq.ParquetFile:
    """Open a file whose contents are in proportion to its size, text as dictionaries."""
    size = whole.tell()
    about = pq.read_metadata(whole)
    groups = [about.row_group(n) for n in range(about.num_row_groups)]
    unpacked = sum(group.total_byte_size for group in groups)
    if about.num_rows > ROWS_PER_BYTE_MAX * size + ROWS_GRACE:
        raise _bomb(stream)
    if unpacked > RATIO_MAX * size + RATIO_GRACE_BYTES:
        raise _bomb(stream)
    schema = about.schema.to_arrow_schema()
    texts = [one.name for one in schema if one.type in {pa.string(), pa.large_string()}]
    return pq.ParquetFile(whole, read_dictionary=texts, buffer_size=BUFFER_BYTES)


def _bomb(stream: Stream) -> InputError:
    """Return the error of a file that would fill the memory."""
    return InputError(
        "Parquet that unpacks to far more than its size",
        code="AW-INGEST-008",
        where=str(stream.path),
        expected=f"at most {ROWS_PER_BYTE_MAX} rows a byte and {RATIO_MAX} times its size",
        hint="if you trust it, export it as CSV",
    )


def _chunk(columns: dict[str, pa.Array], spans: Spans) -> Chunk:
    """Return rows as a chunk, those that hold a NUL refused as in every other format."""
    flags = np.zeros(len(spans), np.bool_)
    for values in columns.values():
        found = pc.match_substring(values, "\0").fill_null(False)
        flags |= found.to_numpy(zero_copy_only=False)
    if not flags.any():
        return Chunk(columns, spans)
    bad, kept = spans.take(flags), pa.array(~flags)
    rejects = tuple(
        Reject(int(line), 1, int(start), int(end), "nul_byte", "")
        for line, start, end in zip(bad.line, bad.start, bad.end, strict=True)
    )
    texts = {name: values.filter(kept) for name, values in columns.items()}
    return Chunk(texts, spans.take(~flags), rejects)


def _rows(first: int, count: int) -> Spans:
    """Return the places of rows: each is one line, and stands in for one byte."""
    numbers = np.arange(first, first + count, dtype=np.int64)
    return Spans(numbers + 1, np.ones(count, np.int64), numbers, numbers + 1)


def _as_text(values: pa.Array, stream: Stream) -> pa.Array:
    """Return a column as text, times in ISO 8601."""
    if pa.types.is_dictionary(values.type):
        sizes = pc.binary_length(values.dictionary.cast(pa.large_binary())).take(values.indices)
        if (pc.sum(sizes).as_py() or 0) > COLUMN_BYTES_MAX:
            raise _bomb(stream)
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.timestamp("us", values.type.tz), safe=False)
        if values.type.tz:
            values = values.cast(pa.timestamp("us", "UTC"))
    text = values.cast(pa.string())
    text.validate(full=True)
    return text
