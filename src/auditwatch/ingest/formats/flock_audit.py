"""Plate-reader search audits as Flock exports them: organisation, network and portal files.

The columns changed over the years, so they are found by name, and a header counts wherever it
stands. Column names, search types, masks and traps as seen in files that agencies released.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.redaction import is_mask
from auditwatch.ingest import plates, usdates
from auditwatch.ingest.csvtables import read_csv_tables
from auditwatch.ingest.recordwise import refuse_mapping
from auditwatch.ingest.sheettables import SHEET_HEAD, read_sheet_tables
from auditwatch.ingest.tables import Completed, Layout, begins_with_header, settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk, Flags
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "flock-audit"
SAYS: Final = "Flock search audits (organisation, network, portal), every header era, CSV and XLSX"
NAMES: Final = {
    "event_id": ("id", "searchid"),
    "time": ("searchtime", "searchtimestamp", "searchdatetime", "time"),
    "day": ("searchdate", "date"),
    "operator": ("name", "username", "user", "userid"),
    "agency": ("orgname", "organizationname", "organization", "org"),
    "plate": ("licenseplate", "plate", "licenseplatenumber"),
    "reason": ("reason", "searchreason"),
    "case_id": ("case", "casenumber", "caseno", "casenum"),
    "offense": ("offensetype", "offense"),
    "type": ("searchtype",),
    "moderation": ("moderation",),
    "networks": ("totalnetworkssearched", "networkssearched", "networkcount"),
    "devices": ("totaldevicessearched", "devicessearched"),
}
WHEN: Final = frozenset({"searchtime", "searchtimestamp", "searchdatetime", "searchdate"})
SPLIT: Final = frozenset({"date", "time"})
REACH: Final = frozenset(
    {
        "totalnetworkssearched",
        "totaldevicessearched",
        "networkssearched",
        "devicessearched",
        "networkcount",
        "timeframe",
    }
)
WHO: Final = frozenset({*NAMES["operator"], *NAMES["agency"]})
#: Columns whose values are neither a time nor a count: one there has come from its neighbour.
WORDS: Final = (
    "event_id",
    "operator",
    "agency",
    "plate",
    "reason",
    "case_id",
    "type",
    "moderation",
)
COUNTS: Final = ("networks", "devices")
DOUBTS: Final = {
    "other_organisations": "{count} of {rows} searches are by other organisations than the one "
    "in agency.name; their operators are written with the organisation",
    "unnamed_operators": "{count} of {rows} searches do not name the operator, or mask the name; "
    "the organisation stands in for all of them",
    "unread_plates": "{count} of {rows} searches have a plate that is masked or no single plate; "
    "they have no subject",
}
OTHER: Final = "other"


def sniff(head: bytes) -> bool:
    """Tell whether one of the first lines has the columns that all eras share."""
    return begins_with_header(head.removeprefix(SHEET_HEAD), _layout(""))


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the searches of an audit.

    Parameters
    ----------
    stream : Stream
        CSV or XLSX.
    request : Request
        Limit, and the agency by whose name its own operators are known.

    Yields
    ------
    Chunk
        In file order.

    Raises
    ------
    InputError
        ``AW-INGEST-005`` no header, ``-008`` a spreadsheet that cannot be read, ``-012`` a mapping
        file names columns.
    UsageError
        ``AW-INGEST-004`` a header names a column twice.
    """
    refuse_mapping(request, stream)
    layout = _layout(request.agency)
    sheets = stream.head.startswith(SHEET_HEAD[:4])
    tables = read_sheet_tables if sheets else read_csv_tables
    yield from settle(tables(stream, request, layout), layout)


def _layout(agency: str) -> Layout:
    """Return what the tables of an audit look like."""
    return Layout(
        NAMES,
        _is_header,
        lambda columns: _complete(columns, agency),
        "a line with Search Time, Name or Org Name, and Total Networks Searched or Time Frame",
        DOUBTS,
    )


def _is_header(keys: frozenset[str]) -> bool:
    """Tell whether some column names say when, who, and how far it was searched."""
    return (bool(keys & WHEN) or keys >= SPLIT) and bool(keys & WHO) and bool(keys & REACH)


def _complete(columns: Mapping[str, pa.Array], agency: str) -> Completed:
    """Return the fields of each search."""
    count = len(next(iter(columns.values())))
    counts: dict[str, int] = {}
    found = {name: columns[name] for name in ("agency", "case_id") if name in columns}
    found["system"] = pa.repeat(pa.scalar("ALPR"), count)
    found["subject_kind"] = pa.repeat(pa.scalar("vehicle"), count)
    found["event_time"] = usdates.to_iso(_whole_time(columns))
    if "event_id" in columns:
        found["event_id"] = usdates.lower_uuids(columns["event_id"])
    found["operator_id"], absent = _operators(columns, agency, counts)
    if "plate" in columns:
        keys = plates.vehicle_keys(columns["plate"])
        counts["unread_plates"] = plates.unread(columns["plate"], keys)
        found["subject_id"] = keys
    if "reason" in columns or "offense" in columns:
        found["reason"] = _reasons(columns.get("reason"), columns.get("offense"))
    found["transaction"], found["origin"] = _transactions(columns.get("type"), count)
    if "moderation" in columns:
        blocked = pc.equal(pc.utf8_lower(pc.utf8_trim_whitespace(columns["moderation"])), "block")
        found["outcome"] = pc.if_else(blocked, "denied", pa.scalar(None, pa.string()))
    return Completed(found, _codes(columns, count), absent, counts)


def _whole_time(columns: Mapping[str, pa.Array]) -> pa.Array:
    """Return date and time as one text, whether they stand in one column or two."""
    both = [columns[name] for name in ("day", "time") if name in columns]
    if len(both) < 2:
        return both[0]
    day = pc.replace_substring_regex(both[0], r"[T ]00:00:00$", "")
    joined = pc.binary_join_element_wise(day, both[1], " ")
    return pc.if_else(pa.array(usdates.are_stamps(both[1])), both[1], joined)


def _operators(
    columns: Mapping[str, pa.Array], agency: str, counts: dict[str, int]
) -> tuple[pa.Array, frozenset[str]]:
    """Return who searched: people of other organisations by name and organisation.

    Account labels such as ``S. Sam`` are unique in one organisation at most.
    """
    orgs = columns.get("agency")
    if "operator" not in columns:
        assert orgs is not None  # a header names one of them
        counts["unnamed_operators"] = len(orgs)
        return orgs, frozenset({"operator_id"})
    people = pc.utf8_trim_whitespace(columns["operator"])
    if orgs is None:
        return people, frozenset()
    orgs = pc.utf8_trim_whitespace(orgs)
    own = pc.equal(pc.utf8_lower(orgs), agency.strip().lower())
    other = pc.invert(pc.or_(own, pc.equal(orgs, "")))
    unnamed = pc.and_(pc.or_(_masked(people), pc.equal(people, "")), pc.not_equal(orgs, ""))
    counts["other_organisations"] = pc.sum(other).as_py() or 0
    counts["unnamed_operators"] = pc.sum(unnamed).as_py() or 0
    tail = pc.if_else(other, pc.binary_join_element_wise(" (", orgs, ")", ""), "")
    return pc.if_else(unnamed, orgs, pc.binary_join_element_wise(people, tail, "")), frozenset()


def _masked(texts: pa.Array) -> pa.Array:
    """Flag masks, each distinct text looked at once."""
    codes = texts.dictionary_encode()
    flags = [is_mask(text) for text in codes.dictionary.to_pylist()]
    return pa.array(flags, pa.bool_()).take(codes.indices)


def _reasons(typed: pa.Array | None, offense: pa.Array | None) -> pa.Array:
    """Return what was typed and what was chosen from the list of offences, each as written."""
    if typed is None or offense is None:
        return offense if typed is None else typed
    chosen = pc.utf8_trim_whitespace(offense)
    silent = pc.or_(pc.equal(chosen, ""), pc.equal(pc.utf8_lower(chosen), OTHER))
    both = pc.binary_join_element_wise(typed, chosen, "; ")
    empty = pc.equal(pc.utf8_trim_whitespace(typed), "")
    return pc.if_else(empty, offense, pc.if_else(silent, typed, both))


def _transactions(types: pa.Array | None, count: int) -> tuple[pa.Array, pa.Array]:
    """Return what was asked, and the origin of searches that no person made."""
    if types is None:
        return pa.repeat(pa.scalar("PLATE"), count), pa.nulls(count, pa.string())
    keys, origins = {}, {}
    for text in pc.unique(types).to_pylist():
        word = text.strip().lower().removesuffix("mobile").rstrip(" -")
        keys[text] = "PLATE." + "_".join(word.split()).upper() if word else "PLATE"
        origins[text] = plates.machine_origin(word)
    texts = types.to_pylist()
    return (
        pa.array([keys[text] for text in texts], pa.string()),
        pa.array([origins[text] for text in texts], pa.string()),
    )


def _codes(columns: Mapping[str, pa.Array], count: int) -> list[str | None]:
    """Return a code for each record whose values stand under the wrong headers."""
    shifted = np.zeros(count, np.bool_)
    for name in WORDS:
        if name in columns:
            shifted |= usdates.are_stamps(columns[name])
    for name in COUNTS:
        if name in columns:
            shifted |= _no_count(columns[name])
    return ["columns_shifted" if one else None for one in shifted]


def _no_count(values: pa.Array) -> Flags:
    """Flag values that are neither a whole number, nor empty, nor masked."""
    strange = pc.invert(pc.match_substring_regex(values, r"^\s*[0-9][0-9,]*\s*$|^\s*$"))
    flags: Flags = strange.to_numpy(zero_copy_only=False).copy()
    for at in np.flatnonzero(flags):
        flags[at] = not is_mask(values[int(at)].as_py())
    return flags
