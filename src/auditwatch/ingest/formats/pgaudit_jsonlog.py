"""pgAudit in PostgreSQL's jsonlog: one object a log record, PostgreSQL 15 and later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from auditwatch.ingest.jsontext import LineError, as_text, read_objects
from auditwatch.ingest.lines import LineReader
from auditwatch.ingest.pgaudit import MARK, Line, Sessions, as_columns
from auditwatch.ingest.spans import Chunk, Reject, Spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.pgaudit import Row
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "pgaudit-jsonlog"
SAYS: Final = "pgAudit in PostgreSQL's jsonlog"
KEYS: Final = (
    "timestamp",
    "user",
    "dbname",
    "remote_host",
    "application_name",
    "session_id",
    "line_num",
    "message",
)


def sniff(head: bytes) -> bool:
    """Tell whether the first line is an object with the keys of a server's log record."""
    first = head.lstrip().split(b"\n", 1)[0]
    return first.startswith(b"{") and b'"error_severity"' in first and b'"timestamp"' in first


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the audit records of a jsonlog.

    Parameters
    ----------
    stream : Stream
        The source.
    request : Request
        Limit.

    Yields
    ------
    Chunk
        In file order; log records that are no audit records are headers.
    """
    sessions = Sessions()
    for block in LineReader(stream, request.limit):
        yield _chunk(block, sessions, request.limit)


def _chunk(block: Block, sessions: Sessions, limit: int) -> Chunk:
    """Return the audit records of a block."""
    found: list[Row] = []
    gaps: list[tuple[str, str]] = []
    blank = np.zeros(len(block), np.bool_)
    records, headers = [], []
    rejects: list[Reject] = [block.overlong] if block.overlong else []
    for at, record in read_objects(block, limit):
        span = block.span(at, at + 1)
        if record is None:
            blank[at] = True
        elif isinstance(record, Reject):
            rejects.append(record)
        else:
            try:
                line = _line(record)
            except LineError as error:
                rejects.append(block.refuse(at, at + 1, str(error)))
                continue
            gaps += sessions.holes(line.session, line.number)
            if not line.message.startswith(MARK):
                headers.append(span)
            elif row := sessions.row(line):
                found.append(row)
                records.append(span)
            else:
                rejects.append(block.refuse(at, at + 1, "audit_payload"))
    return Chunk(
        as_columns(found),
        Spans.of(records),
        tuple(rejects),
        block.spans(blank),
        Spans.of(headers),
        block.data,
        block.base,
        tuple(gaps),
    )


def _line(record: Object) -> Line:
    """Return what is needed of one log record."""
    values = [as_text(record.get(key)) or "" for key in KEYS]
    return Line(*values)
