"""Salesforce event log files and stored events, an event a line as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.ingest.envelope import begins_with
from auditwatch.ingest.jsonfields import first_text, in_utc
from auditwatch.ingest.recordwise import read_json_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.recordwise import Row
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "salesforce"
SAYS: Final = "Salesforce event log, an event a line"
FIELDS: Final = (
    "event_time",
    "operator_id",
    "requester_id",
    "agency",
    "terminal",
    "system",
    "transaction",
    "subject_kind",
    "subject_id",
    "outcome",
)
MARKS: Final = frozenset(["event_type", "timestamp_derived", "user_id", "organization_id"])
NO_ACTS: Final = frozenset(["Login", "LoginAs", "Logout"])
FAILED: Final = "failed"


def sniff(head: bytes) -> bool:
    """Tell whether the first object is an event."""
    return begins_with(head, _knows)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield what people did; arguments and errors as for `read_json_rows`."""
    return read_json_rows(stream, request, FIELDS, _take, _knows)


def _knows(event: Object) -> bool:
    """Tell whether an object has the columns of an event log file."""
    return event.keys() >= MARKS


def _take(event: Object) -> Row | None:
    """Return the fields of an act; None for a login."""
    name = first_text(event, "event_type")
    if name in NO_ACTS:
        return None
    who = first_text(event, "user_name", "username", "user_id_derived", "user_id")
    entity = first_text(event, "entity_name", "connected_app_name")
    return {
        "event_time": in_utc(first_text(event, "timestamp_derived")),
        # an administrator who works as somebody else is the operator
        "operator_id": first_text(event, "delegated_user_name") or who,
        "requester_id": who,
        "agency": first_text(event, "organization_id"),
        "terminal": first_text(event, "source_ip", "client_ip"),
        "system": NAME,
        "transaction": name,
        "subject_kind": "object" if entity else None,
        "subject_id": entity or first_text(event, "uri"),
        "outcome": _outcome(first_text(event, "status", "request_status")),
    }


def _outcome(status: str | None) -> str | None:
    """Return whether an act failed; success does not say what was found."""
    return "error" if status and status.lower() == FAILED else None
