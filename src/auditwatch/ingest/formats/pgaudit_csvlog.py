"""pgAudit in PostgreSQL's csvlog: no header, 23 to 26 columns by server version."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from auditwatch.core.errors import InputError
from auditwatch.ingest.csvtext import Dialect, read_rows, split_record
from auditwatch.ingest.lines import LineReader
from auditwatch.ingest.pgaudit import MARK, Line, Sessions, as_columns
from auditwatch.ingest.spans import Chunk, Spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.csvtext import Rows
    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.pgaudit import Row
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Reject
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "pgaudit-csvlog"
SAYS: Final = "pgAudit in PostgreSQL's csvlog, 23 to 26 columns"
START: Final = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Za-z0-9+:-]+,")
#: PostgreSQL 14 and later, 13, 9.0 to 12; the first number is the usual one.
WIDTHS: Final = (26, 25, 24, 23)
WANTED: Final = (0, 1, 2, 4, 5, 6, 13, 22)


def sniff(head: bytes) -> bool:
    """Tell whether the first record begins with a server's time and has a csvlog's columns."""
    return bool(START.match(head)) and _width(head) in WIDTHS


def _width(head: bytes) -> int:
    """Return how many columns the first record has."""
    parsed = split_record(head, 0, Dialect(WIDTHS, limit=len(head) + 1))
    return 0 if isinstance(parsed, str) else len(parsed[0])


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the audit records of a csvlog.

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

    Raises
    ------
    InputError
        ``AW-INGEST-005`` the first record has not the columns of a csvlog.
    """
    width = _width(stream.head)
    if width not in WIDTHS:
        raise InputError(
            "the first record is none of a csvlog",
            code="AW-INGEST-005",
            where=f"{stream.path}:1",
            expected="23 to 26 columns, as PostgreSQL writes them",
        )
    dialect = Dialect((width, *(one for one in WIDTHS if one != width)), limit=request.limit)
    lines, sessions = LineReader(stream, request.limit), Sessions()
    for block in lines:
        rows = read_rows(block, dialect, WANTED)
        if rows.consumed < len(block):
            lines.unread(block, rows.consumed)
        yield _chunk(block, rows, sessions)


def _chunk(block: Block, rows: Rows, sessions: Sessions) -> Chunk:
    """Return the audit records of a block."""
    found: list[Row] = []
    gaps: list[tuple[str, str]] = []
    rejects: list[Reject] = [block.overlong] if block.overlong else []
    kept = np.zeros(len(rows.records), np.bool_)
    other = np.zeros(len(rows.records), np.bool_)
    columns = [rows.columns[n].to_pylist() for n in WANTED]
    for at, values in enumerate(zip(*columns, strict=True)):
        time, user, database, host, session, number, message, application = values
        gaps += sessions.holes(session, number)
        if not message.startswith(MARK):
            other[at] = True
            continue
        line = Line(time, user, database, host, application, session, number, message)
        row = sessions.row(line)
        if row:
            kept[at] = True
            found.append(row)
        else:
            first = int(rows.records.line[at]) - block.line
            after = first + int(rows.records.lines[at])
            rejects.append(block.refuse(first, after, "audit_payload"))
    return Chunk(
        as_columns(found),
        rows.records.take(kept),
        (*rejects, *rows.rejects),
        rows.blanks,
        Spans.join([rows.headers, rows.records.take(other)]),
        block.data,
        block.base,
        tuple(gaps),
    )
