"""Teleport's audit events: what people did on servers and databases behind it, an event a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.ingest.accessclass import statement_access
from auditwatch.ingest.envelope import begins_with
from auditwatch.ingest.jsonfields import first_text, host_of, in_utc
from auditwatch.ingest.recordwise import read_json_rows
from auditwatch.ingest.sqlkey import record_key, table_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.recordwise import Row
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "teleport"
SAYS: Final = "Teleport audit events, an event a line"
FIELDS: Final = (
    "event_id",
    "event_time",
    "operator_id",
    "agency",
    "terminal",
    "system",
    "transaction",
    "subject_kind",
    "subject_id",
    "outcome",
)
MARKS: Final = frozenset(["event", "code", "time", "uid"])
#: Coming and going, and the bookkeeping of sessions and prepared statements.
NO_ACTS: Final = frozenset(
    [
        "auth",
        "user.login",
        "cert.create",
        "client.disconnect",
        "resize",
        *(f"session.{one}" for one in ("start", "join", "leave", "end", "data", "upload")),
        *(f"{kind}.session.{one}" for kind in ("app", "db") for one in ("start", "end", "chunk")),
        *(f"windows.desktop.session.{one}" for one in ("start", "end")),
        *(f"db.session.postgres.statements.{one}" for one in ("bind", "close")),
        *(f"db.session.mysql.statements.{one}" for one in ("close", "reset", "fetch")),
    ]
)
DATABASE: Final = "db.session."
COMMAND: Final = "session.command"


def sniff(head: bytes) -> bool:
    """Tell whether the first object is an audit event."""
    return begins_with(head, _knows)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield what people did; arguments and errors as for `read_json_rows`."""
    return read_json_rows(stream, request, FIELDS, _take, _knows)


def _knows(event: Object) -> bool:
    """Tell whether an object has the keys that each audit event has, its code of five or six."""
    code = event.get("code")
    coded = isinstance(code, str) and 5 <= len(code) <= 7 and code[:1] in "Tt"
    return coded and isinstance(event.get("event"), str) and event.keys() >= MARKS


def _take(event: Object) -> Row | None:
    """Return the fields of an act; None for an event that is none."""
    name = first_text(event, "event") or ""
    if name in NO_ACTS:
        return None
    kind, subject = _database(event) if name.startswith(DATABASE) else _server(event)
    return {
        "event_id": first_text(event, "uid"),
        "event_time": in_utc(first_text(event, "time")),
        "operator_id": first_text(event, "user"),
        "agency": first_text(event, "cluster_name"),
        "terminal": host_of(first_text(event, "addr.remote", "addr_remote", "src_addr")),
        "system": first_text(event, "db_service", "server_hostname", "server_id") or NAME,
        "transaction": statement_access(_statement(event)) or name,
        "subject_kind": kind,
        "subject_id": subject,
        "outcome": "error" if first_text(event, "success") == "false" else None,
    }


def _statement(event: Object) -> str:
    """Return the statement of an event of a database; empty for all others."""
    return first_text(event, "db_query", "query") or ""


def _database(event: Object) -> tuple[str | None, str | None]:
    """Return kind and key of what was asked of a database."""
    base = first_text(event, "db_name", "db_service")
    text = _statement(event)
    if not (table := table_named(text)):
        return ("database" if base else None), base
    key = record_key(text, "", table)
    whole = f"{base}.{table}" if base else table
    return "table", f"{whole}#{key}" if key else whole


def _server(event: Object) -> tuple[str | None, str | None]:
    """Return kind and key of what was touched on a server, or of what was set up."""
    run = first_text(event, "event") == COMMAND
    for kind, place in (("program" if run else "file", "path"), ("host", "dst_addr")):
        if found := first_text(event, place):
            return kind, found
    name = first_text(event, "name")
    return "setting" if name else None, name
