"""Sources of one record a line, read by one function from a line to its fields."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import pyarrow as pa

from auditwatch.core.errors import InputError
from auditwatch.ingest.envelope import Envelope
from auditwatch.ingest.jsontext import LineError, read_objects
from auditwatch.ingest.lines import LineReader
from auditwatch.ingest.spans import Chunk, Reject, Spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from auditwatch.ingest.envelope import Knows
    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.stream import Stream

    Row = Mapping[str, str | None]

__all__ = ["as_chunk", "read_json_rows", "read_text_rows", "refuse_mapping"]

BLANK: Final = re.compile(rb"\s*")
BOM: Final = b"\xef\xbb\xbf"
_Found = TypeVar("_Found")


def read_json_rows(
    stream: Stream,
    request: Request,
    fields: Sequence[str],
    take: Callable[[Object], Row | None],
    knows: Knows | None = None,
) -> Iterator[Chunk]:
    """Yield the records of a log of one JSON object a line.

    Parameters
    ----------
    stream : Stream
        The source.
    request : Request
        The limit of a record; a mapping with columns is refused.
    fields : sequence of str
        Canonical names that this format exports, each in every chunk.
    take : callable
        From an object, numbers as text, to its fields by canonical name; None for a record that is
        no lookup. It refuses a record by raising LineError(code). Keys are as written; folded when
        `knows` is given.
    knows : callable, optional
        From an object under folded keys to whether it bears the marks of a record: then records
        are taken out of the envelope that the mapping names or the first object shows, and objects
        without the marks are refused.

    Yields
    ------
    Chunk
        In file order.

    Raises
    ------
    InputError
        ``AW-INGEST-012`` when a mapping file names columns.
    """
    refuse_mapping(request, stream)
    if knows is None:
        for block in LineReader(stream, request.limit):
            yield as_chunk(block, fields, read_objects(block, request.limit), take)
        return
    envelope = Envelope(request.mapping.record, knows)

    def opened(found: Object) -> Row | None:
        record = envelope.open(found)
        if not knows(record):
            raise LineError("unknown_record")
        return take(record)

    for block in LineReader(stream, request.limit):
        chunk = as_chunk(block, fields, read_objects(block, request.limit), opened)
        yield replace(chunk, remarks=envelope.remarks())


def read_text_rows(
    stream: Stream,
    request: Request,
    fields: Sequence[str],
    take: Callable[[str], Row | None],
) -> Iterator[Chunk]:
    """Yield the records of a log of one text line each.

    Parameters
    ----------
    stream, request, fields
        As for `read_json_rows`.
    take : callable
        From a line without its line end to its fields; None for a line that is no lookup. It
        refuses a line by raising LineError(code).

    Yields
    ------
    Chunk
        In file order.

    Raises
    ------
    InputError
        ``AW-INGEST-012`` when a mapping file names columns.
    """
    refuse_mapping(request, stream)
    for block in LineReader(stream, request.limit):
        yield as_chunk(block, fields, _texts(block, request.limit), take)


def refuse_mapping(request: Request, stream: Stream) -> None:
    """Refuse a mapping of columns where the format knows its own."""
    if request.mapping.columns:
        raise InputError(
            "this format knows its own columns",
            code="AW-INGEST-012",
            where=f"{stream.path} with {request.mapping.file}",
            expected="a mapping file without columns",
            hint="leave columns out, or name format: csv or jsonl in the mapping file",
        )


def _texts(block: Block, limit: int) -> Iterator[tuple[int, str | Reject | None]]:
    """Yield the position of each line with its text, its reject, or None when it is empty."""
    for at in range(len(block)):
        line = block.text(at)
        if block.base == 0 and at == 0:
            line = line.removeprefix(BOM)
        if BLANK.fullmatch(line):
            yield at, None
        elif len(line) > limit:
            yield at, block.refuse(at, at + 1, "too_long")
        elif b"\0" in line:
            yield at, block.refuse(at, at + 1, "nul_byte")
        else:
            try:
                yield at, line.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                yield at, block.refuse(at, at + 1, "not_utf8")


def as_chunk(
    block: Block,
    fields: Sequence[str],
    found: Iterable[tuple[int, _Found | Reject | None]],
    take: Callable[[_Found], Row | None],
) -> Chunk:
    """Return one block as columns, every line in its class.

    Parameters
    ----------
    block : Block
        Whole lines.
    fields : sequence of str
        Canonical names that the format exports.
    found : iterable of (int, value)
        For each line in order its position and what was read; its reject; None when it is empty.
    take : callable
        As for `read_json_rows`.
    """
    values: dict[str, list[str | None]] = {name: [] for name in fields}
    blank, header = np.zeros(len(block), np.bool_), np.zeros(len(block), np.bool_)
    records = []
    rejects = [block.overlong] if block.overlong else []
    for at, one in found:
        if one is None:
            blank[at] = True
        elif isinstance(one, Reject):
            rejects.append(one)
        else:
            try:
                row = take(one)
            except LineError as error:
                rejects.append(block.refuse(at, at + 1, str(error)))
                continue
            if row is None:
                header[at] = True
                continue
            records.append(block.span(at, at + 1))
            for name in fields:
                values[name].append(row.get(name))
    columns = {name: pa.array(values[name], pa.string()) for name in fields}
    return Chunk(
        columns,
        Spans.of(records),
        tuple(rejects),
        block.spans(blank),
        block.spans(header),
        block.data,
        block.base,
    )
