"""OCSF Datastore Activity (class 6005) and API Activity (6003), an event a line.

The schema has no place for a purpose, a reason or a case: they are taken from ``unmapped``, where
exporters put what it has no place for, and from ``metadata.labels`` and ``metadata.tags``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.ingest.envelope import begins_with
from auditwatch.ingest.jsonfields import first_text, joined, list_at
from auditwatch.ingest.jsontext import LineError, as_text, find_value, fold_keys
from auditwatch.ingest.mapping import fold_name
from auditwatch.ingest.recordwise import read_json_rows
from auditwatch.ingest.sqlkey import record_key, table_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.recordwise import Row
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "ocsf"
SAYS: Final = "OCSF datastore activity (6005) and API activity (6003), an event a line"
#: First name that is there and not null counts; dots lead into objects.
PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "event_id": ("metadata.uid",),
    "event_time": ("time_dt", "time"),
    "operator_id": ("actor.user.name", "actor.user.uid", "actor.user.email_addr"),
    "operator_role": ("actor.user.type",),
    "operator_unit": ("actor.user.org.ou_name",),
    "agency": ("actor.user.org.name",),
    "terminal": ("src_endpoint.hostname", "src_endpoint.ip"),
    "system": (
        "database.name",
        "databucket.name",
        "api.service.name",
        "metadata.product.name",
        "database.uid",
    ),
}
#: What the schema has no place for, by the names that it is given.
ADDED: Final[Mapping[str, tuple[str, ...]]] = {
    "requester_id": ("requester_id", "requester"),
    "subject_kind": ("subject_kind",),
    "subject_id": ("subject_id", "subject"),
    "subject_name": ("subject_name",),
    "purpose": ("purpose", "purpose_code"),
    "reason": ("reason",),
    "case_id": ("case_id", "case_no", "case_number", "case"),
}
FIELDS: Final = (*PLACES, *ADDED, "transaction", "outcome")
DATASTORE: Final = "6005"
API: Final = "6003"
ACTIVITIES: Final[Mapping[str, tuple[str, ...]]] = {
    DATASTORE: (
        *("UNKNOWN", "READ", "UPDATE", "CONNECT", "QUERY", "WRITE"),
        *("CREATE", "DELETE", "LIST", "ENCRYPT", "DECRYPT"),
    ),
    API: ("UNKNOWN", "CREATE", "READ", "UPDATE", "DELETE"),
}
CONNECT: Final = "CONNECT"
FAILED: Final = "2"  # status_id
DENIED: Final = "2"  # action_id, of the security control profile


def sniff(head: bytes) -> bool:
    """Tell whether the first object is an event of any OCSF class."""
    return begins_with(head, _knows)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the events; arguments and errors as for `read_json_rows`."""
    return read_json_rows(stream, request, FIELDS, _take, _knows)


def _knows(event: Object) -> bool:
    """Tell whether an object has the keys that each event of the schema has."""
    return {"class_uid", "activity_id"} <= event.keys() and ("time" in event or "time_dt" in event)


def _take(event: Object) -> Row | None:
    """Return the fields of an event; None when it is of another class or only a connection."""
    kind = first_text(event, "class_uid") or ""
    activity = _activity(event, kind) if kind in ACTIVITIES else CONNECT
    if activity == CONNECT:
        return None
    added = _added(event)
    own = {name: first_text(event, *places) for name, places in PLACES.items()}
    said = {
        name: next((text for one in added if (text := first_text(one, *names))), None)
        for name, names in ADDED.items()
    }
    if not said["subject_id"]:
        said |= _subject(event)
    return {**own, **said, "transaction": activity, "outcome": _outcome(event)}


def _activity(event: Object, kind: str) -> str:
    """Return what was done: the API's operation, the schema's word, or the source's own."""
    operation = first_text(event, "api.operation")
    if operation:
        return operation
    number, words = first_text(event, "activity_id") or "", ACTIVITIES[kind]
    known = number.isascii() and number.isdigit() and 0 < int(number[:3]) < len(words)
    return words[int(number)] if known else first_text(event, "activity_name") or words[0]


def _added(event: Object) -> list[Object]:
    """Return what the source added to the schema, under folded names; what counts most goes first.

    Names that stand twice among labels and tags are told apart by nothing: the first counts.
    """
    unmapped = find_value(event, "unmapped")[1]
    pairs = [
        *(_label(one) for one in list_at(event, "metadata.labels")),
        *(_tag(one) for one in list_at(event, "metadata.tags")),
    ]
    labelled = {fold_name(name): value for name, value in reversed(pairs) if name}
    return [fold_keys(unmapped) if isinstance(unmapped, dict) else {}, labelled]


def _label(one: object) -> tuple[str, str]:
    """Return name and value of a label such as ``purpose:C`` or ``purpose=C``."""
    text = as_text(one) or ""
    at = min((text.index(sign) for sign in ":=" if sign in text), default=0)
    return text[:at], text[at + 1 :].strip()


def _tag(one: object) -> tuple[str, str | None]:
    """Return name and value of a tag; both empty when it has not exactly one value."""
    if not isinstance(one, dict):
        raise LineError("nested_value")
    values = one.get("values")
    value = values[0] if isinstance(values, list) and len(values) == 1 else one.get("value")
    return as_text(one.get("name")) or "", as_text(value)


def _subject(event: Object) -> dict[str, str | None]:
    """Return kind and key of what was asked for: a table and record, a resource, or the words."""
    text = first_text(event, "query_info.query_string") or ""
    table = first_text(event, "table.name")
    named = table_named(text)
    if named or table:
        whole = _whole_name(named, table)
        key = record_key(text, "", whole)
        return {"subject_kind": "table", "subject_id": f"{whole}#{key}" if key else whole}
    resources = [fold_keys(one) for one in list_at(event, "resources") if isinstance(one, dict)]
    names = joined([first_text(one, "name", "uid") for one in resources])
    return {"subject_kind": None, "subject_id": names or text or None}


def _whole_name(named: str, table: str | None) -> str:
    """Return the table's name: the longer one when statement and event mean the same."""
    if (
        table
        and named
        and named.rsplit(".", maxsplit=1)[-1].lower() == table.split(".")[-1].lower()
    ):
        return max(named, table, key=len)
    return table or named


def _outcome(event: Object) -> str | None:
    """Return how it ended; success does not say what was found."""
    if first_text(event, "action_id") == DENIED:
        return "denied"
    return "error" if first_text(event, "status_id") == FAILED else None
