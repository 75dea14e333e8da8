"""Microsoft 365's unified audit log: a record a line, as the management API gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.ingest.envelope import begins_with
from auditwatch.ingest.jsonfields import first_text, host_of, in_utc
from auditwatch.ingest.recordwise import read_json_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.recordwise import Row
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "m365"
SAYS: Final = "Microsoft 365 unified audit log, a record a line"
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
MARKS: Final = frozenset(["creationtime", "operation", "recordtype", "userid", "organizationid"])
NO_ACTS: Final = frozenset(["UserLoggedIn", "UserLoginFailed", "UserLoggedOut", "MailboxLogin"])
FAILED: Final = frozenset(["failed", "false", "failure"])


def sniff(head: bytes) -> bool:
    """Tell whether the first object is a record of the unified log."""
    return begins_with(head, _knows)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield what people did; arguments and errors as for `read_json_rows`."""
    return read_json_rows(stream, request, FIELDS, _take, _knows)


def _knows(record: Object) -> bool:
    """Tell whether an object has the keys of the log's common schema."""
    return record.keys() >= MARKS


def _take(record: Object) -> Row | None:
    """Return the fields of an act; None for a login."""
    operation = first_text(record, "operation")
    if operation in NO_ACTS:
        return None
    mailbox = first_text(record, "mailboxownerupn")
    return {
        "event_id": first_text(record, "id"),
        "event_time": in_utc(first_text(record, "creationtime")),
        "operator_id": first_text(record, "userid"),
        "terminal": host_of(first_text(record, "clientip", "clientipaddress")),
        "system": first_text(record, "workload") or NAME,
        "transaction": operation,
        "subject_kind": "mailbox" if mailbox else first_text(record, "itemtype"),
        "subject_id": mailbox or first_text(record, "objectid"),
        "outcome": _outcome(first_text(record, "resultstatus")),
    }


def _outcome(status: str | None) -> str | None:
    """Return whether an act failed; success does not say what was found."""
    return "error" if status and status.lower() in FAILED else None
