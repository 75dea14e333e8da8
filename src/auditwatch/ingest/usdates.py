"""Dates and ids as American web software writes them: ``03/14/2026, 09:13:55 AM UTC``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from auditwatch.ingest.spans import Flags

__all__ = ["are_stamps", "lower_uuids", "to_iso"]

WHEN: Final = (
    r"^\s*(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}),?\s+(?P<hour>\d{1,2})"
    r"(?P<minute>:\d{2})(?P<second>:\d{2})?\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>[A-Z]{2,5})?\s*$"
)
#: The same, or ISO 8601, alone in a cell or at its beginning.
STAMP: Final = r"^\s*(?:\d{1,2}/\d{1,2}/\d{4},?\s+\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2})"
#: Browsers put narrow and unbroken spaces before AM and PM.
SPACES: Final = "[\u00a0\u202f]"
UUID: Final = r"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"


def to_iso(texts: pa.Array) -> pa.Array:
    """Return American dates as ISO 8601 and any other text as it is.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,)
        Month before day, four digits of the year, twelve hours with AM or PM or twenty-four
        without, seconds or none, and a zone's letters or none.

    Returns
    -------
    pa.Array of string, shape (n,)
        An hour that no clock shows is left as it is, for the reader of times to refuse.
    """
    texts = pc.replace_substring_regex(texts, SPACES, " ")
    parts = pc.extract_regex(texts, WHEN)
    part = {field.name: pc.struct_field(parts, field.name) for field in parts.type}
    half = pc.utf8_upper(part["half"])
    shown = part["hour"].cast(pa.int64())
    twelve = pc.not_equal(half, "")
    hour = pc.if_else(twelve, pc.if_else(pc.equal(shown, 12), 0, shown), shown)
    hour = pc.if_else(pc.equal(half, "PM"), pc.add(hour, 12), hour)
    possible = pc.and_(pc.less_equal(shown, 12), pc.greater_equal(shown, 1))
    sound = pc.fill_null(pc.or_(pc.invert(twelve), possible), False)
    two = {name: pc.utf8_lpad(part[name], 2, "0") for name in ("month", "day")}
    day = pc.binary_join_element_wise(part["year"], two["month"], two["day"], "-")
    second = pc.if_else(pc.equal(part["second"], ""), ":00", part["second"])
    zone = part["zone"]
    zone = pc.if_else(pc.equal(zone, ""), "", pc.binary_join_element_wise(" ", zone, ""))
    zone = pc.if_else(pc.equal(part["zone"], "UTC"), "Z", zone)
    clock = pc.utf8_lpad(hour.cast(pa.string()), 2, "0")
    clock = pc.binary_join_element_wise(clock, part["minute"], second, zone, "")
    return pc.if_else(sound, pc.binary_join_element_wise(day, clock, "T"), texts)


def are_stamps(texts: pa.Array) -> Flags:
    """Flag texts that begin with a date and a time of day."""
    texts = pc.replace_substring_regex(texts, SPACES, " ")
    flags: Flags = pc.match_substring_regex(texts, STAMP).to_numpy(zero_copy_only=False)
    return flags


def lower_uuids(texts: pa.Array) -> pa.Array:
    """Return ids without spaces and marks around them, UUIDs in lower case."""
    bare = pc.utf8_trim(texts, " \t\r\n\ufeff{}")
    return pc.if_else(pc.match_substring_regex(bare, UUID), pc.utf8_lower(bare), bare)
