"""Snowflake's account usage: rows of QUERY_HISTORY and ACCESS_HISTORY, an object a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from auditwatch.ingest.accessclass import access
from auditwatch.ingest.envelope import begins_with
from auditwatch.ingest.jsonfields import first_text, in_utc, joined, list_at
from auditwatch.ingest.jsontext import LineError, fold_keys
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

NAME: Final = "snowflake"
SAYS: Final = "Snowflake query and access history, a row a line as JSON"
FIELDS: Final = (
    "event_id",
    "event_time",
    "operator_id",
    "operator_role",
    "system",
    "transaction",
    "subject_kind",
    "subject_id",
    "outcome",
)
QUERY: Final = frozenset(["query_text", "query_type", "user_name"])
ACCESS: Final = frozenset(["query_id", "query_start_time", "user_name", "direct_objects_accessed"])
#: Rows of other views: who logged in, who may do what, what was moved between regions.
OTHERS: Final = (
    frozenset(["event_type", "is_success", "user_name", "client_ip"]),
    frozenset(["granted_to", "grantee_name", "granted_by"]),
    frozenset(["transfer_type", "source_cloud", "target_cloud"]),
)
NO_RIGHT: Final = frozenset(["3001", "003001"])
COUNTED: Final = "SELECT"


def sniff(head: bytes) -> bool:
    """Tell whether the first object is a row of one of the views."""
    return begins_with(head, _knows)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the statements; arguments and errors as for `read_json_rows`."""
    return read_json_rows(stream, request, FIELDS, _take, _knows)


def _knows(row: Object) -> bool:
    """Tell whether an object has the columns of one of the views."""
    return any(columns <= row.keys() for columns in (QUERY, ACCESS, *OTHERS))


def _take(row: Object) -> Row | None:
    """Return the fields of a statement; None for a row that is none."""
    if row.keys() >= ACCESS:
        return _access(row)
    return _query(row) if row.keys() >= QUERY else None


def _query(row: Object) -> Row:
    """Return the fields of a row of QUERY_HISTORY."""
    text = first_text(row, "query_text") or ""
    table = table_named(text)
    key = record_key(text, "", table)
    whole = _qualified(table, row)
    return {
        "event_id": first_text(row, "query_id"),
        # start_time carries its offset or is the account's; the collectors' own stamp is in UTC
        "event_time": first_text(row, "start_time") or in_utc(first_text(row, "p_event_time")),
        "operator_id": first_text(row, "user_name"),
        "operator_role": first_text(row, "role_name"),
        "system": first_text(row, "database_name") or NAME,
        "transaction": access(first_text(row, "query_type") or ""),
        "subject_kind": "table" if table else None,
        "subject_id": f"{whole}#{key}" if key else whole,
        "outcome": _outcome(row),
    }


def _qualified(table: str, row: Object) -> str:
    """Return a table with the session's database and schema before it, where it lacks them."""
    missing = ("database_name", "schema_name")[: max(0, 2 - table.count("."))] if table else ()
    session = [first_text(row, one) for one in ("database_name", "schema_name")]
    before = session[: len(missing)]
    return ".".join([*before, table]) if all(before) else table  # type: ignore[list-item]


def _outcome(row: Object) -> str | None:
    """Return how a statement ended, and for a read whether rows came back, where that is said."""
    if first_text(row, "execution_status") not in (None, "SUCCESS", "success"):
        return "denied" if first_text(row, "error_code") in NO_RIGHT else "error"
    rows = first_text(row, "rows_produced")
    if rows is None or first_text(row, "query_type") != COUNTED:
        return None
    return "no_record" if rows == "0" else "hit"


def _access(row: Object) -> Row:
    """Return the fields of a row of ACCESS_HISTORY: its objects are the subject, as one key."""
    read, written = list_at(row, "direct_objects_accessed"), list_at(row, "objects_modified")
    objects = [fold_keys(_object(one)) for one in read or written]
    kinds = {kind.lower() for one in objects if (kind := first_text(one, "objectdomain"))}
    return {
        "event_id": first_text(row, "query_id"),
        "event_time": first_text(row, "query_start_time"),
        "operator_id": first_text(row, "user_name"),
        "system": NAME,
        "transaction": "READ.ACCESS" if read else "WRITE.ACCESS",
        "subject_kind": kinds.pop() if len(kinds) == 1 else None,
        "subject_id": joined([first_text(one, "objectname") for one in objects]),
    }


def _object(one: Any) -> Object:
    """Return an element that has to be an object."""
    if not isinstance(one, dict):
        raise LineError("nested_value")
    return one
