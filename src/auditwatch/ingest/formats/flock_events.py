"""Plate-reader event logs as Flock exports them: who changed which hot list, camera or user.

Most of its records are administration and no lookups. An entry in a hot list is one: whoever
enters a plate is told of every camera that reads it, which is a search that stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa

from auditwatch.ingest import plates, usdates
from auditwatch.ingest.csvtables import read_csv_tables
from auditwatch.ingest.recordwise import refuse_mapping
from auditwatch.ingest.sheettables import SHEET_HEAD, read_sheet_tables
from auditwatch.ingest.tables import Completed, Layout, begins_with_header, settle, squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "flock-events"
SAYS: Final = "Flock event logs: entries in hot lists are lookups, alerts are marked, CSV and XLSX"
NAMES: Final = {
    "time": ("timestamp",),
    "operator": ("user", "username"),
    "event": ("eventtype",),
    "entity": ("entitytype",),
    "details": ("entitydetails",),
    "event_id": ("eventid",),
}
MUST: Final = frozenset({"timestamp", "eventtype", "entitytype"})
PLATE: Final = ("licenseplate", "plate", "platenumber", "licenseplatenumber")
REASON: Final = ("reason", "notes", "note", "description")
CASE: Final = ("casenumber", "case", "caseno")
ENTRIES: Final = {
    "create": "CREATE",
    "created": "CREATE",
    "add": "CREATE",
    "added": "CREATE",
    "update": "UPDATE",
    "updated": "UPDATE",
}
ALERTS: Final = frozenset({"alert", "alerted", "hit", "match", "detection"})
DOUBTS: Final = {
    "unread_plates": "{count} entries in hot lists, among {rows} records, name no single plate; "
    "they have no subject",
}


class _Entry(NamedTuple):
    """What one record is."""

    transaction: str
    subject: str | None
    reason: str | None
    case: str | None
    origin: str | None


def sniff(head: bytes) -> bool:
    """Tell whether one of the first lines has the columns of an event log."""
    return begins_with_header(head.removeprefix(SHEET_HEAD), LAYOUT)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the hot-list entries and alerts of an event log.

    Parameters
    ----------
    stream : Stream
        CSV or XLSX.
    request : Request
        Limit.

    Yields
    ------
    Chunk
        In file order; all other records are counted as headers.

    Raises
    ------
    InputError
        ``AW-INGEST-005`` no header, ``-008`` a spreadsheet that cannot be read, ``-012`` a mapping
        file names columns.
    UsageError
        ``AW-INGEST-004`` a header names a column twice.
    """
    refuse_mapping(request, stream)
    sheets = stream.head.startswith(SHEET_HEAD[:4])
    tables = read_sheet_tables if sheets else read_csv_tables
    yield from settle(tables(stream, request, LAYOUT), LAYOUT)


def _complete(columns: Mapping[str, pa.Array]) -> Completed:
    """Return the fields of each entry."""
    count = len(columns["time"])
    nothing = pa.array([""] * count)
    parts = [columns.get(name, nothing).to_pylist() for name in ("event", "entity", "details")]
    entries = [_entry(*row) for row in zip(*parts, strict=True)]
    shifted = usdates.are_stamps(columns["event"]) | usdates.are_stamps(columns["entity"])
    found: dict[str, pa.Array] = {
        "event_time": usdates.to_iso(columns["time"]),
        "system": pa.repeat(pa.scalar("ALPR"), count),
        "subject_kind": pa.repeat(pa.scalar("vehicle"), count),
        "transaction": _texts(entries, "transaction"),
        "origin": _texts(entries, "origin"),
    }
    if "operator" in columns:
        found["operator_id"] = columns["operator"]
    if "event_id" in columns:
        found["event_id"] = usdates.lower_uuids(columns["event_id"])
    if "details" in columns:
        for name, one in (("subject_id", "subject"), ("reason", "reason"), ("case_id", "case")):
            found[name] = _texts(entries, one)
    unread = sum(one is not None and one.subject is None for one in entries)
    codes = [
        "columns_shifted" if wrong else None if one else ""
        for wrong, one in zip(shifted, entries, strict=True)
    ]
    return Completed(found, codes, counts={"unread_plates": unread})


def _texts(entries: list[_Entry | None], name: str) -> pa.Array:
    """Return one field of all records; nothing for those that are no lookups."""
    return pa.array([one and getattr(one, name) for one in entries], pa.string())


def _entry(event: str, entity: str, details: str) -> _Entry | None:
    """Return what a record is; None for administration."""
    if "hotlist" not in squeeze(entity):
        return None
    kind = squeeze(event)
    alert = kind in ALERTS
    if not alert and kind not in ENTRIES:
        return None
    labels = _labels(details)
    plate = _first(labels, PLATE)
    if plate is None and not alert:
        return None  # a list was made or renamed: nobody was looked for
    return _Entry(
        "HOTLIST.ALERT" if alert else f"HOTLIST.{ENTRIES[kind]}",
        plates.vehicle_key(plate) if plate else None,
        _first(labels, REASON),
        _first(labels, CASE),
        "hotlist" if alert else None,
    )


def _labels(details: str) -> dict[str, str]:
    """Return the values of ``Label: value`` lines by folded label, the first of each."""
    found: dict[str, str] = {}
    for line in details.splitlines():
        label, colon, value = line.partition(":")
        if colon and value.strip():
            found.setdefault(squeeze(label), value.strip())
    return found


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """Return the value of the first label that is there."""
    return next((labels[name] for name in names if name in labels), None)


LAYOUT: Final = Layout(
    NAMES,
    lambda keys: keys >= MUST,
    _complete,
    "a line with Timestamp, User, Event Type, Entity Type and Entity Details",
    DOUBTS,
)
