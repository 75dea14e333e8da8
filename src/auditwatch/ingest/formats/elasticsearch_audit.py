"""Elasticsearch's audit log: one JSON object a line under flat, dotted keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.ingest.envelope import begins_with
from auditwatch.ingest.jsonfields import first_text, host_of, joined, list_at
from auditwatch.ingest.recordwise import read_json_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.recordwise import Row
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "elasticsearch-audit"
SAYS: Final = "Elasticsearch's audit log, a JSON object a line"
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
#: What was asked of data. The rest is about who is who: logins, settings, tampering.
ASKED: Final = {"access_granted": None, "access_denied": "denied"}
#: pgAudit's classes, by what an action begins with; the first that fits counts.
CLASSES: Final = {
    "indices:data/read/": "READ",
    "indices:data/write/": "WRITE",
    "indices:admin/": "DDL",
    "cluster:admin/xpack/security/": "ROLE",
}


def sniff(head: bytes) -> bool:
    """Tell whether the first object is an audit entry."""
    return begins_with(head, _knows)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the requests for data; arguments and errors as for `read_json_rows`."""
    return read_json_rows(stream, request, FIELDS, _take, _knows)


def _knows(entry: Object) -> bool:
    """Tell whether an object has the flat keys of an audit entry."""
    named = entry.get("type") == "audit" or "node.id" in entry or "node.name" in entry
    return named and "event.type" in entry and "event.action" in entry


def _take(entry: Object) -> Row | None:
    """Return the fields of a granted or denied request; None for all other entries."""
    event = first_text(entry, "event.action")
    if event not in ASKED:
        return None
    indices = joined(list_at(entry, "indices"))
    # who logged in, when he runs as somebody else; user.name is then the somebody
    really, shown = first_text(entry, "user.run_by.name"), first_text(entry, "user.name")
    return {
        "event_time": first_text(entry, "@timestamp", "timestamp"),
        "operator_id": really or shown,
        "requester_id": shown,
        "agency": first_text(entry, "cluster.name"),
        "terminal": host_of(first_text(entry, "origin.address")),
        "system": "elasticsearch",
        "transaction": _access(first_text(entry, "action")),
        "subject_kind": "index" if indices else None,
        "subject_id": indices,
        "outcome": ASKED[event],
    }


def _access(action: str | None) -> str | None:
    """Return class and action, such as ``READ.search``."""
    if not action:
        return None
    for start, kind in CLASSES.items():
        if action.startswith(start):
            return f"{kind}.{action.removeprefix(start)}"
    return f"MISC.{action}"
