"""JSON lines: one object a line, canonical keys, or any others by a mapping file."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditwatch.core.schema import SOURCE_FIELDS
from auditwatch.ingest.envelope import Envelope
from auditwatch.ingest.jsonfields import joined
from auditwatch.ingest.jsontext import LineError, as_text, find_value, read_objects
from auditwatch.ingest.lines import LineReader
from auditwatch.ingest.mapping import fold_name, require_fields
from auditwatch.ingest.spans import Chunk, Reject, Spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "jsonl"
SAYS: Final = "JSON lines, an object a line; canonical keys or a mapping file"
SERVER_LOG: Final = re.compile(rb'"error_severity"\s*:|"backend_type"\s*:')


def sniff(head: bytes) -> bool:
    """Tell whether the first line that is not empty begins an object of no known server log."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
    return first.startswith(b"{") and not SERVER_LOG.search(first)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the records of a JSON lines file.

    Parameters
    ----------
    stream : Stream
        The source.
    request : Request
        Mapping and limit.

    Yields
    ------
    Chunk
        In file order.

    Raises
    ------
    UsageError
        ``AW-INGEST-003`` no record of the first block has a mandatory key.
    """
    names = _names(request)
    envelope = Envelope(request.mapping.record, lambda found: _has_all(found, names, request))
    text = _text if request.mapping.columns else as_text
    checked = False
    for block in LineReader(stream, request.limit):
        chunk, first = _chunk(block, names, request.limit, envelope, text)
        if first is not None and not checked:
            known = {*chunk.columns, *request.mapping.constants}
            require_fields(known, list(first), f"{stream.path}:{chunk.records.line.min()}")
            checked = True
        yield replace(chunk, remarks=envelope.remarks())


def _has_all(found: Object, names: Mapping[str, tuple[str, ...]], request: Request) -> bool:
    """Tell whether an object has what every lookup must have."""
    known = {name for name, keys in names.items() if any(find_value(found, k)[0] for k in keys)}
    known |= set(request.mapping.constants)
    return {"event_time", "operator_id"} <= known and bool({"system", "transaction"} & known)


def _text(value: Any) -> str | None:
    """Return a mapped value as text: of a list of plain values, all of them."""
    return joined(value) if isinstance(value, list) else as_text(value)


def _names(request: Request) -> dict[str, tuple[str, ...]]:
    """Return folded names to look for by field."""
    wanted = request.mapping.columns or {name: (name,) for name in SOURCE_FIELDS}
    return {name: tuple(map(fold_name, keys)) for name, keys in wanted.items()}


def _chunk(
    block: Block,
    names: Mapping[str, tuple[str, ...]],
    limit: int,
    envelope: Envelope,
    text: Callable[[Any], str | None],
) -> tuple[Chunk, Object | None]:
    """Return one block as columns, and its first object."""
    values: dict[str, list[str | None]] = {name: [] for name in names}
    seen: set[str] = set()
    blank = np.zeros(len(block), np.bool_)
    records, first = [], None
    rejects = [block.overlong] if block.overlong else []
    for at, found in read_objects(block, limit):
        if found is None:
            blank[at] = True
        elif isinstance(found, Reject):
            rejects.append(found)
        else:
            try:
                folded = envelope.open(found)
                first = folded if first is None else first
                row = {name: _value(folded, keys, name, seen, text) for name, keys in names.items()}
            except LineError as error:
                rejects.append(block.refuse(at, at + 1, str(error)))
                continue
            records.append(block.span(at, at + 1))
            for name, value in row.items():
                values[name].append(value)
    columns = {name: pa.array(values[name], pa.string()) for name in names if name in seen}
    spans = Spans.of(records)
    return Chunk(
        columns, spans, tuple(rejects), block.spans(blank), data=block.data, base=block.base
    ), first if records else None


def _value(
    record: Object,
    keys: tuple[str, ...],
    name: str,
    seen: set[str],
    text: Callable[[Any], str | None],
) -> str | None:
    """Return a field's text and note that the source has it."""
    for key in keys:
        there, value = find_value(record, key)
        if there:
            seen.add(name)
            return text(value)
    return None
