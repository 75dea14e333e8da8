"""pgAudit in PostgreSQL's plain log: a prefix set by the server, then the message.

A plain log is ambiguous by nature: application names and statements are text of the client's
choosing. csvlog and jsonlog are not; use them where you can.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import UsageError
from auditwatch.ingest.lines import LineReader
from auditwatch.ingest.pgaudit import MARK, Line, Sessions, as_columns
from auditwatch.ingest.spans import Chunk, Spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.pgaudit import Row
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Reject
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "pgaudit-stderr"
SAYS: Final = "pgAudit in PostgreSQL's plain log, by its log_line_prefix"
#: Tried in this order; the first that fits an audit line and names the user counts.
PREFIXES: Final = (
    "%m [%p] %q%u@%d/%a %h %c:%l ",
    "%m [%p] %q%u@%d/%a %r %c:%l ",
    "%m %u %d [%p]: ",
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%m [%p] %q%u@%d ",
    "%t [%p] %q%u@%d ",
)
STAMP: Final = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [A-Za-z0-9+:-]+"
#: Every length is bounded, by what the server itself cuts names to (63 bytes): without bounds, a
#: line made for it would take time with the cube of its length.
ESCAPES: Final = {
    "m": rf"(?P<time>{STAMP})",
    "t": rf"(?P<time>{STAMP})",
    "u": r"(?P<user>\S{0,63}?)",
    "d": r"(?P<database>\S{0,63}?)",
    "a": r"(?P<application>.{0,63}?)",
    "h": r"(?P<host>\[local\]|[^\s()]{0,255})",
    "r": r"(?P<host>\[local\]|[^\s()]{0,255})(?:\(\d{1,5}\))?",
    "c": r"(?P<session>[0-9a-f]{1,16}\.[0-9a-f]{1,16})",
    "l": r"(?P<number>[0-9]{1,18})",
    "p": r"\d{1,10}",
    "%": "%",
}
SEVERITY: Final = (
    r"(?:LOG|WARNING|INFO|NOTICE|DEBUG[1-5]?|ERROR|FATAL|PANIC|DETAIL|HINT|STATEMENT|CONTEXT|QUERY"
    r"|LOCATION): {1,2}(?P<message>.*)"
)
SNIFFED: Final = re.compile(rf"^{STAMP} .*?(?:LOG|WARNING|INFO|NOTICE|ERROR|FATAL): ".encode())
HEAD_LINES: Final = 500


def sniff(head: bytes) -> bool:
    """Tell whether the first line begins with a server's time and carries a severity."""
    return bool(SNIFFED.match(head))


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the audit records of a plain log.

    Parameters
    ----------
    stream : Stream
        The source.
    request : Request
        Mapping (its `prefix`) and limit.

    Yields
    ------
    Chunk
        In file order; log records that are no audit records are headers, lines before the first
        prefix are rejects.

    Raises
    ------
    UsageError
        ``AW-INGEST-009`` no known prefix fits, or the given one cannot be used.
    """
    pattern = _choose(stream, request.mapping.prefix)
    lines, sessions = LineReader(stream, request.limit), Sessions()
    for block in lines:
        starts = [n for n in range(len(block)) if pattern.match(_decoded(block, n, n + 1))]
        kept = _whole(block, starts, request.limit)
        if kept < len(block):
            lines.unread(block, kept)
        starts = [n for n in starts if n < kept]
        found = [
            (first, after, _record(block, first, after, pattern, request.limit))
            for first, after in pairwise([*starts, kept])
        ]
        yield _chunk(block, starts[0] if starts else kept, found, sessions)


def _decoded(block: Block, first: int, after: int) -> str:
    """Return some lines as text; bytes that are not UTF-8 are kept apart as half surrogates."""
    data = block.data[block.edges[first] : block.edges[after]]
    return data.decode("utf-8", "surrogateescape").rstrip("\r\n")


def _whole(block: Block, starts: list[int], limit: int) -> int:
    """Return how many lines are sure to belong to whole records.

    A record that has the block for itself is not given back: what follows is too long a line.
    """
    if block.last or not starts or starts[-1] == 0:
        return len(block)
    open_bytes = len(block.data) - int(block.edges[starts[-1]])
    return starts[-1] if open_bytes < limit else len(block)


def compile_prefix(prefix: str) -> re.Pattern[str]:
    """Return the expression of a log line with a given ``log_line_prefix``.

    Parameters
    ----------
    prefix : str
        As in postgresql.conf; ``%q`` is understood, other escapes match anything without spaces.
    """
    parts, optional = [], False
    for text, escape in re.findall(r"([^%]+)|%-?\d*(.)", prefix):
        if escape == "q":
            parts.append("(?:")
            optional = True
        else:
            parts.append(re.escape(text) if text else ESCAPES.get(escape, r"\S{0,63}"))
    return re.compile("".join(parts) + (")?" if optional else "") + SEVERITY, re.DOTALL)


def _choose(stream: Stream, given: str) -> re.Pattern[str]:
    """Return the expression of the first prefix that fits an audit line of the head."""
    head = stream.head.decode("utf-8", "surrogateescape").split("\n")[:HEAD_LINES]
    audit = [line for line in head if MARK in line]
    for prefix in (given,) if given else PREFIXES:
        try:
            pattern = compile_prefix(prefix)
        except re.error:
            continue
        named = {"time", "user"} <= set(pattern.groupindex)
        if named and any(_is_audit(pattern, line) for line in audit or head):
            return pattern
    raise UsageError(
        "no audit line with a known prefix" if audit else "no audit line near the start",
        code="AW-INGEST-009",
        where=str(stream.path),
        expected="a log_line_prefix with %m or %t and %u, such as " + repr(PREFIXES[0]),
        hint="copy log_line_prefix from postgresql.conf into a mapping file as prefix: '...'",
    )


def _is_audit(pattern: re.Pattern[str], line: str) -> bool:
    """Tell whether a line is an audit record of a known user under this prefix."""
    found = pattern.match(line)
    return bool(found and found["user"] and found["message"].startswith(MARK))


def _chunk(
    block: Block, before: int, read_lines: list[tuple[int, int, Line | str]], sessions: Sessions
) -> Chunk:
    """Return the audit records of a block; `before` lines stand before the first prefix."""
    found: list[Row] = []
    gaps: list[tuple[str, str]] = []
    records: list[tuple[int, int, int, int]] = []
    headers: list[tuple[int, int, int, int]] = []
    rejects: list[Reject] = [block.overlong] if block.overlong else []
    blanks = [n for n in range(before) if not block.text(n).strip()]
    rejects += [block.refuse(n, n + 1, "no_prefix") for n in range(before) if block.text(n).strip()]
    for first, after, read_one in read_lines:
        if isinstance(read_one, str):
            rejects.append(block.refuse(first, after, read_one))
            continue
        gaps += sessions.holes(read_one.session, read_one.number)
        if not read_one.message.startswith(MARK):
            headers.append(block.span(first, after))
        elif row := sessions.row(read_one):
            found.append(row)
            records.append(block.span(first, after))
        else:
            rejects.append(block.refuse(first, after, "audit_payload"))
    spans = Spans.of(block.span(n, n + 1) for n in blanks)
    return Chunk(
        as_columns(found),
        Spans.of(records),
        tuple(rejects),
        spans,
        Spans.of(headers),
        block.data,
        block.base,
        tuple(gaps),
    )


def _record(
    block: Block, first: int, after: int, pattern: re.Pattern[str], limit: int
) -> Line | str:
    """Read one log record with its continuation lines, or return why not."""
    data = block.data[block.edges[first] : block.edges[after]]
    if len(data) > limit:
        return "too_long"
    if b"\0" in data:
        return "nul_byte"
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return "not_utf8"
    found = pattern.match(text.rstrip("\r\n").replace("\n\t", "\n"))
    if not found:
        return "no_prefix"
    known = found.groupdict(default="")
    names = ("time", "user", "database", "host", "application", "session", "number", "message")
    return Line(*(known.get(name, "") for name in names))
