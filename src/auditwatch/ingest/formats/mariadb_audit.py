"""MariaDB's server_audit plugin: a line for each connection, statement and table.

One statement gives a line for each table it opens and then one for its text, all under one query
number. The table lines are the records, as pgAudit writes them; the line with the text says how
they were asked, and is a record itself only when no table of anybody's stands before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from auditwatch.ingest.accessclass import access, statement_access
from auditwatch.ingest.jsontext import LineError
from auditwatch.ingest.lines import LineReader
from auditwatch.ingest.recordwise import as_chunk, refuse_mapping
from auditwatch.ingest.spans import Reject
from auditwatch.ingest.sqlkey import record_key, table_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.recordwise import Row
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

    Pair = tuple["Line", "Line | None"]
    Found = Sequence[tuple[int, Pair | Reject | None]]

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "mariadb-audit"
SAYS: Final = "MariaDB's server_audit log: connections, statements, tables"
FIELDS: Final = (
    "event_id",
    "event_time",
    "operator_id",
    "terminal",
    "system",
    "transaction",
    "subject_kind",
    "subject_id",
    "outcome",
)
LINE: Final = re.compile(
    rb"(?P<time>\d{8} \d\d:\d\d:\d\d|\d{16}),(?P<server>[^,\0]*),(?P<user>[^,\0]*),"
    rb"(?P<host>[^,\0]*),(?P<connection>\d{1,20}),(?P<query>\d{1,20}),(?P<operation>[A-Z_]{1,30}),"
    rb"(?P<database>[^,\0]*),(?:'(?P<text>.*)'|(?P<name>[^,'\0]*)),(?P<code>\d{0,10})\r?\n?",
    re.DOTALL,
)
CONNECTIONS: Final = frozenset(
    ["CONNECT", "DISCONNECT", "FAILED_CONNECT", "CHANGEUSER", "PROXY_CONNECT"]
)
TABLES: Final = frozenset(["READ", "WRITE", "CREATE", "ALTER", "RENAME", "DROP"])
QUERY: Final = "QUERY"
KNOWN: Final = {*CONNECTIONS, *TABLES, QUERY}
SYSTEM_SCHEMA: Final = "mysql"
#: The optimiser looks these up by itself, for whatever statement.
STATISTICS: Final = frozenset(["table_stats", "column_stats", "index_stats"])
ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
ESCAPES: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
#: The plugin cuts statements at server_audit_query_log_limit, 1024 bytes unless set higher: what
#: may have been cut off could change what the rest means.
WHOLE_MAX: Final = 1024
DENIED: Final = frozenset(["1044", "1045", "1142", "1143", "1227", "1370"])
BLANK: Final = re.compile(rb"\s*")

Session = tuple[str, str]


@dataclass(frozen=True)
class Line:
    """One audit line, its statement unescaped.

    Parameters
    ----------
    time, server, user, host, connection, query, operation, database : str
        As written.
    name : str
        A table; empty for other lines.
    text : str
        The statement; empty for other lines.
    code : str
        Error number; ``0`` for success, empty for table lines.
    whole : bool
        Whether nothing can have been cut off the statement.
    """

    time: str
    server: str
    user: str
    host: str
    connection: str
    query: str
    operation: str
    database: str
    name: str
    text: str
    code: str
    whole: bool

    @property
    def session(self) -> Session:
        """Server and connection; the numbers of queries are those of a session."""
        return self.server, self.connection


@dataclass
class _Statements:
    """Which statements were told by their tables, when their text comes later."""

    told: dict[Session, str] = field(default_factory=dict)

    def row(self, pair: Pair) -> Row | None:
        """Return the fields of a line that is a record, else None."""
        line, asked = pair
        if line.operation in CONNECTIONS:
            self.told.pop(line.session, None)
            return None
        if line.operation == QUERY:
            return None if self.told.pop(line.session, "") == line.query else _statement_row(line)
        if _is_housekeeping(line, asked):
            return None
        self.told[line.session] = line.query
        return _table_row(line, asked)


def sniff(head: bytes) -> bool:
    """Tell whether the first line that is not empty is an audit line of a known kind."""
    first = head.lstrip().split(b"\n", 1)[0]
    matched = LINE.fullmatch(first)
    return bool(matched and matched["operation"].decode() in KNOWN)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the records of an audit log.

    Parameters
    ----------
    stream : Stream
        The source.
    request : Request
        The limit of a record; a mapping with columns is refused.

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
    lines, statements = LineReader(stream, request.limit), _Statements()
    for block in lines:
        found = _paired([_line(block, at, request.limit) for at in range(len(block))])
        kept = len(block) if block.last else _whole(block, found, request.limit)
        if kept < len(block):
            lines.unread(block, kept)
        edges = block.edges[: kept + 1]
        part = replace(block, data=block.data[: int(edges[-1])], edges=edges)
        yield as_chunk(part, FIELDS, found[:kept], statements.row)


def _whole(block: Block, found: Found, limit: int) -> int:
    """Return how many lines are surely followed by the text of their statements.

    A table line near the end may belong to a statement whose text comes with the next block.
    """
    near = int(block.edges[-1]) - limit
    for at, one in found:
        if not isinstance(one, tuple) or one[0].operation not in TABLES or one[1]:
            continue
        if at > 0 and block.edges[at] > near:
            return at
    return len(block)


def _paired(lines: Sequence[Line | Reject | None]) -> Found:
    """Give each line the next one with the text of its statement.

    A session's numbers are used again after the server was started: the next text of that number
    is the one that is meant, and none beyond the session's own end.
    """
    texts: dict[Session, dict[str, Line]] = {}
    found: list[tuple[int, Pair | Reject | None]] = []
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at]
        if line is None or isinstance(line, Reject):
            found.append((at, line))
            continue
        if line.operation in CONNECTIONS:
            texts.pop(line.session, None)
        elif line.operation == QUERY:
            texts.setdefault(line.session, {})[line.query] = line
        found.append((at, (line, texts.get(line.session, {}).get(line.query))))
    return found[::-1]


def _line(block: Block, at: int, limit: int) -> Line | Reject | None:
    """Read one line; None when it is empty, its reject when it is no audit line."""
    line = block.text(at)
    if BLANK.fullmatch(line):
        return None
    try:
        return _parsed(line, limit)
    except LineError as error:
        return block.refuse(at, at + 1, str(error))


def _parsed(line: bytes, limit: int) -> Line:
    """Read the fields of one line."""
    if len(line) > limit:
        raise LineError("too_long")
    matched = LINE.fullmatch(line)
    if not matched:
        raise LineError("nul_byte" if b"\0" in line else "audit_payload")
    try:
        values = {key: (one or b"").decode("utf-8") for key, one in matched.groupdict().items()}
    except UnicodeDecodeError as error:
        raise LineError("not_utf8") from error
    told = values["operation"]
    if told not in KNOWN or (told == QUERY) != (matched["text"] is not None):
        raise LineError("audit_payload")
    whole = len(matched["text"] or b"") < WHOLE_MAX
    # some clients send the zero byte that ends their statement; it is no part of the text
    text = ESCAPED.sub(_unescape, values.pop("text")).rstrip("\0")
    return Line(**values, text=text, whole=whole)


def _unescape(found: re.Match[str]) -> str:
    """Return the character that an escape stands for."""
    return ESCAPES.get(found[1], found[1])


def _is_housekeeping(line: Line, asked: Line | None) -> bool:
    """Tell whether the server opened a table of its own that nobody asked for by name."""
    if line.database != SYSTEM_SCHEMA:
        return False
    if asked and asked.text:
        return not re.search(rf"\b{re.escape(line.name)}\b", asked.text, re.IGNORECASE)
    return line.name in STATISTICS


def _table_row(line: Line, asked: Line | None) -> Row:
    """Return the fields of an access to a table, with what its statement tells of it."""
    name = f"{line.database}.{line.name}"
    # the table line says what was done to this table, the statement may do more than one thing
    command = statement_access(asked.text).partition(".")[2] if asked else ""
    counted = line.operation in ("READ", "WRITE")
    done = f"{line.operation}.{command or 'TABLE'}" if counted else access(line.operation)
    return {
        **_common(line, f"{line.operation}:{name}"),
        "transaction": done,
        "subject_kind": "table",
        "subject_id": _with_key(name, asked) if asked else name,
        "outcome": _outcome(asked.code) if asked else None,
    }


def _statement_row(line: Line) -> Row:
    """Return the fields of a statement that stands alone."""
    table = table_named(line.text) if line.whole else ""
    name = f"{line.database}.{table}" if table and "." not in table and line.database else table
    return {
        **_common(line, QUERY),
        "transaction": statement_access(line.text) or QUERY,
        "subject_kind": "table" if name else None,
        "subject_id": _with_key(name, line) if name else None,
        "outcome": _outcome(line.code),
    }


def _common(line: Line, what: str) -> Row:
    """Return the fields that lines of all kinds have."""
    day, clock = line.time[:8], line.time[9:]
    counted = " " not in line.time  # microseconds, as one cloud provider's build writes them
    stamp = line.time.replace(" ", "T")
    return {
        # connections and queries are numbered anew when the server starts: the time tells apart
        "event_id": f"{line.server}:{stamp}:{line.connection}:{line.query}:{what}",
        "event_time": line.time if counted else f"{day[:4]}-{day[4:6]}-{day[6:]} {clock}",
        "operator_id": line.user,
        "terminal": line.host,
        "system": line.database or line.server,
    }


def _with_key(name: str, asked: Line) -> str:
    """Return a table with the record that the statement names in it, if it surely names one."""
    key = record_key(asked.text, "", name) if asked.whole else ""
    return f"{name}#{key}" if key else name


def _outcome(code: str) -> str | None:
    """Return how a statement ended; success does not say whether there was such a record."""
    if code == "0":
        return None
    return "denied" if code in DENIED else "error"
