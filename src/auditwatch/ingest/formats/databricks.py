"""Databricks' audit log: what people did in workspaces and accounts, an event a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.ingest.envelope import begins_with
from auditwatch.ingest.jsonfields import first_text, host_of
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

NAME: Final = "databricks"
SAYS: Final = "Databricks audit log, an event a line"
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
MARKS: Final = frozenset(["servicename", "actionname"])
#: The columns of the system table have underscores; one of these stands in each event.
WHOSE: Final = frozenset(["useridentity", "workspaceid", "accountid", "requestparams", "response"])
LOGINS: Final = "login"
REFUSED: Final = ("401", "403")
#: What an action was about, by the names that its parameters are given.
SUBJECTS: Final = (
    ("table", ("full_name_arg", "table_full_name")),
    ("user", ("targetUserName", "user")),
    ("group", ("targetGroupName",)),
    ("secret", ("key",)),
    ("path", ("path", "mountPoint")),
    (None, ("name", "clusterId", "script_id", "tokenId", "workspaceConfKeys")),
)


def sniff(head: bytes) -> bool:
    """Tell whether the first object is an audit event."""
    return begins_with(head, _knows)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield what people did; arguments and errors as for `read_json_rows`."""
    return read_json_rows(stream, request, FIELDS, _take, _knows)


def _knows(event: Object) -> bool:
    """Tell whether an object has the keys of an audit event."""
    return event.keys() >= MARKS and not WHOSE.isdisjoint(event)


def _take(event: Object) -> Row | None:
    """Return the fields of an act; None for a login."""
    action = first_text(event, "actionname") or ""
    if action.lower().endswith(LOGINS):
        return None
    kind, subject = _subject(event)
    return {
        "event_id": first_text(event, "requestid"),
        "event_time": first_text(event, "timestamp"),
        "operator_id": first_text(event, "useridentity.email"),
        "terminal": host_of(first_text(event, "sourceipaddress")),
        "system": first_text(event, "servicename"),
        "transaction": action,
        "subject_kind": kind,
        "subject_id": subject,
        "outcome": _outcome(first_text(event, "response.statuscode")),
    }


def _subject(event: Object) -> tuple[str | None, str | None]:
    """Return kind and key of what an action was about."""
    text = first_text(event, "requestparams.commandtext") or ""
    if table := table_named(text):
        key = record_key(text, "", table)
        return "table", f"{table}#{key}" if key else table
    for kind, names in SUBJECTS:
        if found := first_text(event, *(f"requestparams.{name.lower()}" for name in names)):
            return kind, found
    return None, None


def _outcome(status: str | None) -> str | None:
    """Return how an action ended, by its HTTP status; success does not say what was found."""
    if status in REFUSED:
        return "denied"
    return "error" if status and status[:1] in "45" else None
