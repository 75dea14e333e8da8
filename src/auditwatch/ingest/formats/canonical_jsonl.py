"""JSON lines: one object a line, canonical keys, or any others by a mapping file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditwatch.core.schema import SOURCE_FIELDS
from auditwatch.ingest.envelope import Envelope
from auditwatch.ingest.jsonfields import joined
from auditwatch.ingest.jsonshape import Shape, read_uniform
from auditwatch.ingest.jsontext import LineError, as_text, find_value, read_objects
from auditwatch.ingest.lines import LineReader
from auditwatch.ingest.mapping import fold_name, require_fields
from auditwatch.ingest.spans import Chunk, Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from auditwatch.ingest.jsonshape import Uniform
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
    taking = _Taking(names, envelope, _text if request.mapping.columns else as_text)
    checked = False
    for block in LineReader(stream, request.limit):
        chunk, first = _chunk(block, taking, request.limit)
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


@dataclass(frozen=True)
class _Taking:
    """How fields are taken: folded names to look for, out of which envelope, and as what text."""

    names: Mapping[str, tuple[str, ...]]
    envelope: Envelope
    text: Callable[[Any], str | None]

    def find(self, record: Object, name: str, seen: set[str]) -> object:
        """Return what stands in a field and note that the source has it."""
        for key in self.names[name]:
            there, value = find_value(record, key)
            if there:
                seen.add(name)
                return value
        return None


@dataclass
class _Slow:
    """What reading line by line has found."""

    taking: _Taking
    values: dict[str, list[str | None]]
    seen: set[str] = field(default_factory=set)
    first: Object | None = None
    at: list[int] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)

    def take(self, block: Block, at: int, found: Object | Reject | None) -> None:
        """Take in one line."""
        if found is None:
            self.blank.append(at)
        elif isinstance(found, Reject):
            self.rejects.append(found)
        else:
            try:
                folded = self.taking.envelope.open(found)
                self.first = folded if self.first is None else self.first
                # all are noted before one is refused: a bad value hides no column behind it
                told = {name: self.taking.find(folded, name, self.seen) for name in self.values}
                row = {name: self.taking.text(value) for name, value in told.items()}
            except LineError as error:
                self.rejects.append(block.refuse(at, at + 1, str(error)))
                return
            self.at.append(at)
            for name, value in row.items():
                self.values[name].append(value)


def _chunk(block: Block, taking: _Taking, limit: int) -> tuple[Chunk, Object | None]:
    """Return one block as columns, and its first object."""
    slow = _Slow(taking, {name: [] for name in taking.names})
    uniform = _uniform(block, taking, limit)
    rest = np.ones(len(block), np.bool_) if uniform is None else ~uniform.lines
    for at, found in read_objects(block, limit, rest):
        slow.take(block, at, found)
    places, columns = np.array(slow.at, np.int64), {}
    if uniform is not None:
        places = np.concatenate([np.flatnonzero(uniform.lines), places])
        slow.seen |= set(uniform.columns)
        slow.first = slow.first or dict.fromkeys(uniform.columns)
    order = pa.array(np.argsort(places, kind="stable"))
    for name in sorted(slow.seen):
        parts = [pa.array(slow.values[name], pa.string())]
        if uniform is not None:
            missing = pa.nulls(int(uniform.lines.sum()), pa.string())
            parts.insert(0, uniform.columns.get(name, missing))
        columns[name] = pa.concat_arrays(parts)
        if slow.at and uniform is not None:
            columns[name] = columns[name].take(order)
    records, blanks = np.zeros(len(block), np.bool_), np.zeros(len(block), np.bool_)
    records[places], blanks[slow.blank] = True, True
    rejects = [block.overlong, *slow.rejects] if block.overlong else slow.rejects
    return Chunk(
        columns,
        block.spans(records),
        tuple(rejects),
        block.spans(blanks),
        data=block.data,
        base=block.base,
    ), slow.first if len(places) else None


def _uniform(block: Block, taking: _Taking, limit: int) -> Uniform | None:
    """Read the lines that have the shape of the first record, if it is a plain one."""
    for _, found in read_objects(block, limit):
        if isinstance(found, dict):
            try:
                taking.envelope.open(found)
            except LineError:
                return None
            shape = None if taking.envelope.path else Shape.of(found, taking.names)
            return read_uniform(block, shape, limit) if shape else None
    return None
