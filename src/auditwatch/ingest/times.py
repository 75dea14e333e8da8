"""Event times: texts to instants, and instants to the agency's own hour, weekday and night."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from auditwatch.ingest.spans import Ints

__all__ = ["BAD", "DATED", "QUALITIES", "local_parts", "parse_instant", "read_dates", "read_times"]

#: Values of time_quality by code; a negative code is a time that cannot be read.
QUALITIES: Final = ("exact", "assumed_zone", "ambiguous_fold", "skewed", "date_only")
EXACT, ASSUMED, FOLD, SKEWED, DATED = range(5)
BAD: Final = -1

SECOND: Final = 1_000_000
QUARTER: Final = 900 * SECOND  # zones change their offset at quarter-hours
DAY: Final = 86_400 * SECOND
MARGIN: Final = 2 * DAY  # more than any zone is away from UTC
EARLIEST: Final = 0  # 1970-01-01
LATEST: Final = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()) * SECOND
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

NAIVE: Final = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:[0-5]\d(?:\.\d{1,6})?"
NAIVE_ONLY: Final = rf"\A{NAIVE}\z"
ZONED: Final = rf"\A{NAIVE}(?:Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)\z"
LOOSE: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ]((?:[01]\d|2[0-3]):[0-5]\d)(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r" ?(?:([Zz]|UTC|GMT)|([+-])(0\d|1[0-4])(?::?([0-5]\d))?|([A-Z]{2,5}))?",
    re.ASCII,
)
DAY_ONLY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
NUMBER: Final = re.compile(r"(\d{5}|\d{10}|\d{13}|\d{16})(?:\.(\d{1,15}))?", re.ASCII)
#: Microseconds of one unit, by the digits of a count since 1970: seconds, milli-, microseconds.
COUNTED: Final = {10: SECOND, 13: SECOND // 1000, 16: 1}
SHEET_EPOCH_DAYS: Final = 25_569  # spreadsheets count days from 1899-12-30


def read_times(texts: pa.Array, agency: ZoneInfo, layout: str = "") -> tuple[Ints, Ints]:
    """Read event times.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,)
        As written; ISO 8601, a count since 1970 (10, 13 or 16 digits: seconds, milliseconds,
        microseconds), a spreadsheet's day number (5 digits, with a fraction), or as `layout` says.
    agency : ZoneInfo
        Zone of times that carry none.
    layout : str
        A ``strptime`` layout; empty for ISO 8601.

    Returns
    -------
    instants : ndarray of int64, shape (n,)
        Microseconds since 1970 in UTC.
    quality : ndarray of int64, shape (n,)
        Position in `QUALITIES`, or `BAD`.
    """
    instants = np.zeros(len(texts), np.int64)
    quality = np.full(len(texts), BAD, np.int64)
    rest = np.ones(len(texts), np.bool_)
    if not layout:
        for pattern, reading in ((ZONED, _read_zoned), (NAIVE_ONLY, _read_naive)):
            if not rest.any():
                break
            matched = pc.match_substring_regex(texts, pattern).fill_null(False)
            chosen = matched.to_numpy(zero_copy_only=False)
            some = texts if chosen.all() else texts.filter(matched)
            if chosen.any() and (read := reading(some, agency)):
                instants[chosen], quality[chosen] = read
                rest &= ~chosen
    one = _by_layout(agency, layout) if layout else lambda text: _one_time(text, agency)
    for at in np.flatnonzero(rest):
        text = texts[int(at)].as_py()
        read_one = one(text) if text else None
        if read_one:
            instants[at], quality[at] = read_one
    quality[(instants < EARLIEST) | (instants >= LATEST)] = BAD
    return instants, quality


def read_dates(texts: pa.Array, agency: ZoneInfo) -> tuple[Ints, Ints]:
    """Read days of a source that keeps no hour.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,)
        ``ccyy-mm-dd``.
    agency : ZoneInfo
        Zone whose days they are.

    Returns
    -------
    instants : ndarray of int64, shape (n,)
        Where each day begins, microseconds since 1970 in UTC; the lookup was made at some time
        of that day.
    quality : ndarray of int64, shape (n,)
        `DATED` or `BAD`.
    """
    coded = texts.dictionary_encode()
    days = [_start_of(text, agency) for text in coded.dictionary.to_pylist()]
    starts = np.array([*(BAD if day is None else day for day in days), BAD], np.int64)
    instants = starts[coded.indices.fill_null(len(days)).to_numpy()]
    known = (instants >= EARLIEST) & (instants < LATEST)
    return np.where(known, instants, 0), np.where(known, DATED, BAD)


def _start_of(text: str, agency: ZoneInfo) -> int | None:
    """Return where a day begins in the agency's zone (us); None when it is no day."""
    if not DAY_ONLY.fullmatch(text):
        return None
    try:
        wall = datetime.fromisoformat(f"{text}T00:00:00").replace(tzinfo=agency)
        return (wall - EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


def _read_zoned(texts: pa.Array, _: ZoneInfo) -> tuple[Ints, Ints] | None:
    """Read ISO times with an offset all at once; None when one of them is no date."""
    try:
        read = pc.cast(texts, pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        return None
    return read.cast(pa.int64()).to_numpy(), np.full(len(texts), EXACT, np.int64)


def _read_naive(texts: pa.Array, agency: ZoneInfo) -> tuple[Ints, Ints] | None:
    """Read ISO times without an offset all at once; None when one of them is no date."""
    try:
        local = pc.cast(texts, pa.timestamp("us")).cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    local = np.clip(local, EARLIEST - MARGIN, LATEST + MARGIN)  # the calendar ends at year 9999
    quarters, where = _distinct(local // QUARTER)
    known = [_shift_naive(int(quarter), agency) for quarter in quarters]
    shifts = np.array([shift for shift, _ in known], np.int64)
    quality = np.array([code for _, code in known], np.int64)
    return local - shifts[where], quality[where]


def _shift_naive(quarter: int, agency: ZoneInfo) -> tuple[int, int]:
    """Return offset (us) and quality of a local quarter-hour."""
    wall = (EPOCH + timedelta(microseconds=quarter * QUARTER)).replace(tzinfo=agency)
    first, second = _offset(wall), _offset(wall.replace(fold=1))
    if first == second:
        return first, ASSUMED
    return first, FOLD if first > second else SKEWED  # an hour that comes twice, or never


def _offset(wall: datetime) -> int:
    """Return the offset from UTC of a zoned time (us)."""
    return (wall.utcoffset() or timedelta()) // timedelta(microseconds=1)


def _one_time(text: str, agency: ZoneInfo) -> tuple[int, int] | None:
    """Read one time of any kind that is told without a layout."""
    return parse_instant(text, agency) or _read_number(text.strip(), agency)


def _read_number(text: str, agency: ZoneInfo) -> tuple[int, int] | None:
    """Read a count since 1970, or a spreadsheet's day number, which is local time."""
    found = NUMBER.fullmatch(text)
    if not found:
        return None
    whole, fraction = found[1], Fraction(f"0.{found[2] or 0}")
    if unit := COUNTED.get(len(whole)):
        return round((int(whole) + fraction) * unit), EXACT
    if not found[2]:
        return None  # a bare number of five digits may be anything
    # a day number holds some fifteen digits: the clock is good to the millisecond
    days = int(whole) - SHEET_EPOCH_DAYS + fraction
    return _in_zone(round(days * 86_400_000) * 1000, None, agency)


def parse_instant(text: str, agency: ZoneInfo) -> tuple[int, int] | None:
    """Read one ISO 8601 time, or ``YYYY-MM-DD HH:MM:SS`` with ``UTC`` or an offset.

    Parameters
    ----------
    text : str
        As written. A zone's abbreviation is understood when the agency's zone uses it at that
        time. Second 60 is the next minute's first.
    agency : ZoneInfo
        Zone of a time that carries none.

    Returns
    -------
    tuple of (int, int) or None
        Microseconds since 1970 in UTC and position in `QUALITIES`; None when it is no time.
    """
    found = LOOSE.fullmatch(text.strip())
    if not found:
        return None
    day, clock, seconds, fraction, utc, sign, hours, minutes, name = found.groups()
    past = int(seconds or 0)
    try:
        wall = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC)
    except ValueError:
        return None
    if past > 60:
        return None
    micros = (wall - EPOCH) // timedelta(microseconds=1)
    micros += past * SECOND + int((fraction or "0").ljust(6, "0")[:6])
    if utc:
        return micros, EXACT
    if sign:
        offset = (int(hours) * 60 + int(minutes or 0)) * 60 * SECOND
        return micros + (offset if sign == "-" else -offset), EXACT
    return _in_zone(micros, name, agency)


def _in_zone(local: int, name: str | None, agency: ZoneInfo) -> tuple[int, int] | None:
    """Place a local time in the agency's zone, by its abbreviation when it carries one."""
    if not EARLIEST - MARGIN <= local < LATEST + MARGIN:
        return None
    if not name:
        shift, quality = _shift_naive(local // QUARTER, agency)
        return local - shift, quality
    wall = (EPOCH + timedelta(microseconds=local)).replace(tzinfo=agency)
    for candidate in (wall, wall.replace(fold=1)):
        if candidate.tzname() == name:
            return local - _offset(candidate), EXACT
    return None


def _by_layout(agency: ZoneInfo, layout: str) -> Callable[[str], tuple[int, int] | None]:
    """Return a reader of times written in one layout."""
    zoned = any(mark in layout for mark in ("%z", "UTC", "GMT"))

    def read(text: str) -> tuple[int, int] | None:
        try:
            wall = datetime.strptime(text.strip(), layout)  # noqa: DTZ007 - its zone comes next
        except ValueError:
            return None
        if wall.tzinfo:
            return (wall - EPOCH) // timedelta(microseconds=1), EXACT
        micros = (wall.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
        return (micros, EXACT) if zoned else _in_zone(micros, None, agency)

    return read


def local_parts(instants: Ints, agency: ZoneInfo) -> tuple[Ints, Ints, pa.DictionaryArray]:
    """Return what the agency's own clock and calendar showed.

    Parameters
    ----------
    instants : ndarray of int64, shape (n,)
        Microseconds since 1970 in UTC.
    agency : ZoneInfo
        The agency's zone.

    Returns
    -------
    hours : ndarray of int64, shape (n,)
        0 to 23.
    weekdays : ndarray of int64, shape (n,)
        0 Monday to 6 Sunday.
    nights : pa.DictionaryArray, shape (n,)
        ISO dates.
    """
    quarters, where = _distinct(instants // QUARTER)
    offsets = [_offset(datetime.fromtimestamp(int(q) * 900, agency)) for q in quarters]
    local = instants + np.array(offsets, np.int64)[where]
    days, day = _distinct(local // DAY)
    names = [(EPOCH + timedelta(days=int(n))).date().isoformat() for n in days]
    nights = pa.DictionaryArray.from_arrays(pa.array(day, pa.int32()), pa.array(names, pa.string()))
    return local // (3600 * SECOND) % 24, (local // DAY + 3) % 7, nights


def _distinct(values: Ints) -> tuple[Ints, Ints]:
    """Return the distinct values in order and where each value is among them.

    They are hashed: many records share few quarter-hours, and sorting them all costs more.
    """
    coded = pa.array(values).dictionary_encode()
    found: Ints = coded.dictionary.to_numpy()
    order = np.argsort(found)
    rank = np.empty(len(found), np.int64)
    rank[order] = np.arange(len(found))
    return found[order], rank[coded.indices.to_numpy()]
