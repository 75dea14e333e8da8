"""MongoDB: the server's own audit log, and events of an Atlas organisation; an object a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from auditwatch.ingest.envelope import begins_with
from auditwatch.ingest.jsonfields import first_text, in_utc, joined, list_at
from auditwatch.ingest.jsontext import LineError, as_text, find_value
from auditwatch.ingest.recordwise import read_json_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.recordwise import Row
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "mongodb"
SAYS: Final = "MongoDB's audit log, and Atlas organisation events, an object a line"
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
SERVER: Final = frozenset(["atype", "ts", "param", "result"])
ATLAS: Final = "eventtypename"
CHECK: Final = "authCheck"
#: Coming and going, and the server about itself.
NO_ACTS: Final = frozenset(
    ["authenticate", "logout", "clientMetadata", "startup", "shutdown", "applicationMessage"]
)
REFUSED: Final = "13"
#: pgAudit's classes, by what the name of a command or act begins with; the last that fits counts.
CLASSES: Final = {
    "READ": ("find", "aggregate", "count", "distinct", "getMore", "mapReduce"),
    "WRITE": ("findAndModify", "insert", "update", "delete", "bulkWrite"),
    "DDL": ("create", "drop", "rename", "collMod", "convertToCapped", "shardCollection", "import"),
    "ROLE": ("grant", "revoke"),
}
ABOUT_RIGHTS: Final = ("User", "UsersFromDatabase", "Role", "RolesFromDatabase")
#: Where a command says which documents it wants.
CONDITIONS: Final = ("param.args.filter", "param.args.query")
#: How the log writes values that JSON has no type for.
WRAPPED: Final = frozenset(["$oid", "$numberLong", "$numberInt", "$date", "$uuid"])


def sniff(head: bytes) -> bool:
    """Tell whether the first object is an audit message or an Atlas event."""
    return begins_with(head, _knows)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield what operators did; arguments and errors as for `read_json_rows`."""
    return read_json_rows(stream, request, FIELDS, _take, _knows)


def _knows(entry: Object) -> bool:
    """Tell whether an object has the keys of either log."""
    return entry.keys() >= SERVER or ATLAS in entry


def _take(entry: Object) -> Row | None:
    """Return the fields of an act; None for an entry that is none."""
    return _atlas(entry) if ATLAS in entry else _server(entry)


def _server(entry: Object) -> Row | None:
    """Return the fields of a message of the server's audit log."""
    kind = first_text(entry, "atype")
    if kind in NO_ACTS or first_text(entry, "remote.issystemuser") == "true":
        return None
    users = [find_value(one, "user")[1] for one in list_at(entry, "users") if isinstance(one, dict)]
    place = first_text(entry, "param.ns", "param.db")
    return {
        "event_time": first_text(entry, "ts.$date"),
        "operator_id": joined(users),
        "terminal": first_text(entry, "remote.ip"),
        "system": (place or "").split(".")[0] or NAME,
        "transaction": _access(first_text(entry, "param.command") if kind == CHECK else kind),
        **_subject(entry, kind, place),
        "outcome": _outcome(first_text(entry, "result")),
    }


def _access(command: str | None) -> str | None:
    """Return class and command, such as ``READ.find``."""
    if not command:
        return None
    fits = [name for name, firsts in CLASSES.items() if command.startswith(firsts)]
    kind = "ROLE" if command.endswith(ABOUT_RIGHTS) else fits[-1] if fits else "MISC"
    return f"{kind}.{command}"


def _subject(entry: Object, kind: str | None, place: str | None) -> Row:
    """Return kind and key of what an act was about: documents, a collection, or a user."""
    user = None if kind == CHECK else first_text(entry, "param.user")
    if user:
        return {"subject_kind": "user", "subject_id": f"{place}.{user}" if place else user}
    key = _key(entry) if kind == CHECK else ""
    return {
        "subject_kind": "collection" if place and "." in place else None,
        "subject_id": f"{place}#{key}" if place and key else place,
    }


def _key(entry: Object) -> str:
    """Return the document that a plain condition names, such as ``last_name=DOE``.

    The log's own keys were folded one level deep only: names of fields stand here as written.
    """
    condition = next((one for place in CONDITIONS if (one := find_value(entry, place)[1])), None)
    if not isinstance(condition, dict):
        return ""
    pairs = {name: _scalar(value) for name, value in condition.items()}
    plain = all(text and not name.startswith("$") for name, text in pairs.items())
    return "&".join(f"{name}={text}" for name, text in sorted(pairs.items())) if plain else ""


def _scalar(value: Any) -> str | None:
    """Return a plain value as text; None for a list, an operator such as $gt, or nothing."""
    if isinstance(value, dict):
        inside = next(iter(value.values())) if len(value) == 1 and value.keys() <= WRAPPED else None
        return _scalar(inside)
    return None if isinstance(value, list) else as_text(value)


def _outcome(result: str | None) -> str | None:
    """Return how an act ended; success does not say whether there was such a document."""
    if result == "0":
        return None
    return "denied" if result == REFUSED else "error"


def _atlas(entry: Object) -> Row | None:
    """Return the fields of an Atlas event; None for one that nobody caused."""
    operator, time = first_text(entry, "username"), first_text(entry, "created", "p_event_time")
    if not time:
        raise LineError("missing_time")
    if not operator:
        return None
    group = first_text(entry, "groupid")
    target = first_text(
        entry, "targetusername", "targetpublickey", "whitelistentry", "alertconfigid"
    )
    return {
        "event_id": first_text(entry, "id"),
        "event_time": in_utc(time),
        "operator_id": operator,
        "terminal": first_text(entry, "remoteaddress"),
        "system": "atlas",
        "transaction": first_text(entry, ATLAS),
        "subject_kind": "user" if first_text(entry, "targetusername") else None,
        "subject_id": target or first_text(entry, "collection", "database") or group,
    }
