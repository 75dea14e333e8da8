"""A message switch's journal of CLETS and NCIC inquiries in CSV, a line for each message.

No public specification of the host journal was found; these are the fields that statutes and
published logs require (11 CCR 707(c), CJIS Security Policy 5.4.7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.clock import zone
from auditwatch.ingest.identifiers import subject_of
from auditwatch.ingest.namedcsv import header_names, read_named_csv
from auditwatch.ingest.times import QUALITIES, read_times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "clets-journal"
SAYS: Final = "a message switch's journal of CLETS and NCIC inquiries in CSV"
NAMES: Final = {
    "event_id": ("txn_id",),
    "event_time": ("event_time",),
    "agency": ("ori",),
    "mnemonic": ("mnemonic",),
    "terminal": ("terminal",),
    "operator_id": ("operator_id",),
    "requester_id": ("requester",),
    "transaction": ("mke",),
    "purpose": ("purpose",),
    "subject_kind": ("subject_kind",),
    "subject_name": ("name",),
    "case_id": ("case_no",),
    "reason": ("reason",),
    "system": ("source_system",),
    "outcome": ("outcome",),
    "born": ("dob",),
    "sid": ("sid",),
    "fbi": ("fbi",),
    "licence": ("oln",),
    "social": ("ssn",),
    "plate": ("plate",),
    "vin": ("vin",),
    "serial": ("serial",),
}
#: Columns that make the subject's key and are no fields themselves.
SAID: Final = ("born", "licence", "social", "plate", "vin", "serial")
RECORD: Final = ("sid", "fbi")
OWN: Final = frozenset({"mnemonic", *SAID, *RECORD})
TELLING: Final = frozenset({"txn_id", "mke", "ori", "event_time", "operator_id"})
SECOND: Final = 1_000_000
UTC: Final = "UTC"


def sniff(head: bytes) -> bool:
    """Tell whether the header names a message key, an agency and a transaction number."""
    return header_names(head) >= TELLING


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the inquiries of a journal; arguments and errors as for `read_named_csv`."""
    return read_named_csv(stream, request, NAMES, _complete, {})


def _complete(columns: Mapping[str, pa.Array]) -> Mapping[str, pa.Array]:
    """Return the fields of each inquiry."""
    found = {name: values for name, values in columns.items() if name not in OWN}
    if "event_id" in columns:
        found["event_id"] = _event_ids(columns)
    if "system" in columns:
        found["system"] = pc.utf8_upper(columns["system"])
    if "mnemonic" in columns:  # the switch's own address stands in where no terminal is named
        own = _filled(columns["terminal"]) if "terminal" in columns else None
        mnemonic = _filled(columns["mnemonic"])
        found["terminal"] = mnemonic if own is None else pc.coalesce(own, mnemonic)
    return {**found, **_subjects(columns)}


def _event_ids(columns: Mapping[str, pa.Array]) -> pa.Array:
    """Return ids that hold when the switch's counter starts again.

    A number alone comes back after a restart, and several agencies and the messages of one act may
    share it: the id also names agency, second (UTC) and message key.
    """
    parts = [
        _filled(columns["agency"]) if "agency" in columns else None,
        _seconds(columns["event_time"]),
        _filled(columns["transaction"]) if "transaction" in columns else None,
        _filled(columns["event_id"]),
    ]
    given = [part for part in parts if part is not None]
    joined = pc.binary_join_element_wise(*given, "/", null_handling="skip")
    return pc.if_else(pc.is_valid(parts[-1]), joined, pa.scalar(None, pa.string()))


def _seconds(times: pa.Array) -> pa.Array:
    """Return times that say their zone as seconds in UTC, and all others as written."""
    written = _filled(times)
    instants, quality = read_times(written, zone(UTC))
    seconds = pa.array(instants // SECOND * SECOND).cast(pa.timestamp("us")).cast(pa.timestamp("s"))
    exact = pa.array(quality == QUALITIES.index("exact"), pa.bool_())
    return pc.if_else(exact, pc.strftime(seconds, "%Y-%m-%dT%H:%M:%SZ"), written)


def _filled(values: pa.Array) -> pa.Array:
    """Return values without spaces around them; null where nothing is left."""
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _subjects(columns: Mapping[str, pa.Array]) -> Mapping[str, pa.Array]:
    """Return kind and key of whom or what each inquiry is about."""
    said = {name: columns[name] for name in SAID if name in columns}
    if "subject_name" in columns:
        said["name"] = columns["subject_name"]
    records = [_filled(columns[name]) for name in RECORD if name in columns]
    if records:
        said["record"] = pc.coalesce(*records)
    if not said:
        return {}
    count = len(columns["event_time"])
    kinds = columns.get("subject_kind", pa.nulls(count, pa.string())).to_pylist()
    rows = zip(*(values.to_pylist() for values in said.values()), strict=True)
    pairs = [
        subject_of(dict(zip(said, row, strict=True)), kind)
        for row, kind in zip(rows, kinds, strict=True)
    ]
    names = ("subject_kind", "subject_id")
    found = zip(*pairs, strict=True) if pairs else ((), ())
    return {name: pa.array(one, pa.string()) for name, one in zip(names, found, strict=True)}
