"""A log of criminal-history inquiries by the fields of North Carolina's statutory list.

14B NCAC 18B .0401 asks for the day of an inquiry and not for its hour: none is made up here. The
log is read with its header line, its columns in any order, or without one and in the list's order.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.ingest.csvtext import Dialect, read_rows, split_record
from auditwatch.ingest.identifiers import subject_of
from auditwatch.ingest.lines import LineReader
from auditwatch.ingest.namedcsv import header_names, read_named_csv
from auditwatch.ingest.recordwise import refuse_mapping
from auditwatch.ingest.spans import Chunk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditwatch.ingest.csvtext import Rows
    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "nc-chri"
SAYS: Final = (
    "a log of criminal-history inquiries by North Carolina's list, a day without an hour each"
)
#: In the order of the list; the NICS transaction number says nothing that a rule reads.
COLUMNS: Final = (
    "date_of_inquiry",
    "subject_name",
    "sid_or_fbi",
    "mke",
    "purpose_code",
    "user_initials",
    "attn",
    "attn2",
    "ntn",
)
FIELDS: Final = (
    "event_time",
    "subject_name",
    "record",
    "transaction",
    "purpose",
    "operator_id",
    "requester_id",
    "reason",
)
NAMES: Final = {field: (column,) for field, column in zip(FIELDS, COLUMNS, strict=False)}
#: What a record without a header must look like, so that no other CSV is taken for one.
SHAPES: Final = {
    0: re.compile(rb"\d{4}-\d\d-\d\d|\d\d?/\d\d?/\d{4}"),
    3: re.compile(rb"[A-Z]{2,5}"),
    4: re.compile(rb"[A-Z]?"),
    5: re.compile(rb"[A-Za-z0-9]{1,8}"),
}
AMERICAN: Final = r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$"
BOM: Final = b"\xef\xbb\xbf"


def sniff(head: bytes) -> bool:
    """Tell whether the first line names the list's columns or is a record in its order."""
    return header_names(head) >= set(COLUMNS[:6]) or _is_record(head)


def _is_record(head: bytes) -> bool:
    """Tell whether the first line is a record of the list's nine fields."""
    first = head.removeprefix(BOM).lstrip().split(b"\n", 1)[0].rstrip(b"\r")
    parsed = split_record(first, 0, Dialect((len(COLUMNS),), limit=len(first) + 1))
    if isinstance(parsed, str) or len(parsed[0]) != len(COLUMNS):
        return False
    return all(shape.fullmatch(parsed[0][at].strip()) for at, shape in SHAPES.items())


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the inquiries of a log; arguments and errors as for `read_named_csv`."""
    bare = _is_record(stream.head)
    chunks = _read_bare(stream, request) if bare else _read_headed(stream, request)
    for chunk in chunks:
        yield replace(chunk, dated=True)


def _read_headed(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the chunks of a log with its header line."""
    return read_named_csv(stream, request, NAMES, _complete, {})


def _read_bare(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the chunks of a log without a header line."""
    refuse_mapping(request, stream)
    dialect = Dialect((len(COLUMNS),), limit=request.limit)
    lines = LineReader(stream, request.limit)
    for block in lines:
        rows = read_rows(block, dialect, range(len(FIELDS)))
        if rows.consumed < len(block):
            lines.unread(block, rows.consumed)
        yield _chunk(block, rows)


def _chunk(block: Block, rows: Rows) -> Chunk:
    """Return the records of a block."""
    columns = {name: rows.columns[at] for at, name in enumerate(FIELDS)}
    if block.base == 0 and len(columns["event_time"]):
        columns["event_time"] = pc.utf8_ltrim(columns["event_time"], "\ufeff")
    return Chunk(
        _complete(columns),
        rows.records,
        (block.overlong, *rows.rejects) if block.overlong else rows.rejects,
        rows.blanks,
        rows.headers,
        block.data,
        block.base,
    )


def _complete(columns: Mapping[str, pa.Array]) -> Mapping[str, pa.Array]:
    """Return the fields of each inquiry; every one is about a person."""
    found = {name: values for name, values in columns.items() if name != "record"}
    nothing = pa.nulls(len(columns["event_time"]), pa.string())
    records = columns.get("record", nothing).to_pylist()
    names = columns.get("subject_name", nothing).to_pylist()
    keys = [
        subject_of({"record": record, "name": name})[1]
        for record, name in zip(records, names, strict=True)
    ]
    return {
        **found,
        "event_time": _days(columns["event_time"]),
        "subject_kind": pa.repeat(pa.scalar("person"), len(keys)),
        "subject_id": pa.array(keys, pa.string()),
    }


def _days(written: pa.Array) -> pa.Array:
    """Return days as ``ccyy-mm-dd``, those with strokes in the American order."""
    days = pc.utf8_trim_whitespace(written)
    padded = pc.replace_substring_regex(days, AMERICAN, r"\3-0\1-0\2")
    return pc.replace_substring_regex(padded, r"-0([0-9]{2})", r"-\1")
