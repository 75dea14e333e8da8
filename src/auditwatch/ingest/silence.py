"""Silent hours: hours without a lookup in which, by the weeks before, there had to be some."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import HOURS
from auditwatch.findings.gaps import Gap
from auditwatch.ingest.times import local_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import numpy.typing as npt

    from auditwatch.ingest.spans import Flags, Ints

    Floats = npt.NDArray[np.float64]

__all__ = ["BASE_NIGHTS", "find_silence", "hours_of"]

HOUR: Final = 3_600_000_000  # microseconds
WEEK: Final = 168  # hours
WEEKS: Final = 8  # looked back at
WEEKS_LEAST: Final = 3
#: Nights of HOURS that judging a night needs.
BASE_NIGHTS: Final = 7 * WEEKS + 1
CHANCE: Final = 1e-6  # an hour is silent by chance at most this often
LATE: Final = 168  # hours after which a source that stays away is silent, not late
AROUND: Final = 6  # hours before and after a silence that say how busy the day was
BUSY: Final = 2.0  # times the usual: busier hours around promise no more
SPREAD: Final = 3.0  # standard errors above the mean that it may be


def hours_of(rows: pa.Table, source_of: Mapping[str, str]) -> pa.Table:
    """Count lookups by night, source, system and hour.

    Parameters
    ----------
    rows : pa.Table
        Lookups that a person made: night, event_time, system, source_id.
    source_of : mapping of str to str
        File (source_id) to the name of its source in the settings; files that are not in it were
        named by hand and count together, however they were cut.

    Returns
    -------
    pa.Table
        HOURS, sorted.
    """
    files = rows["source_id"].combine_chunks().dictionary_encode()
    names = [source_of.get(one or "", "") for one in files.dictionary.to_pylist()]
    hours = rows["event_time"].cast(pa.int64()).to_numpy() // HOUR * HOUR
    table = pa.table(
        {
            "night": rows["night"].cast(pa.string()),
            "source": pa.array(names, pa.string()).take(files.indices),
            "system": pc.fill_null(rows["system"].cast(pa.string()), ""),
            "hour": pa.array(hours).cast(pa.timestamp("us", "UTC")),
        }
    )
    keys = ["night", "source", "system", "hour"]
    counted = table.group_by(keys).aggregate([([], "count_all")])
    renamed = counted.rename_columns([*keys, "lookups"]).select(HOURS.names)
    return renamed.sort_by([(key, "ascending") for key in keys]).cast(HOURS.schema)


@dataclass(frozen=True)
class _Calendar:
    """Hours in a row and what the agency's clock showed.

    Parameters
    ----------
    first : int
        First hour, hours since 1970 in UTC.
    local : ndarray of int64, shape (n,)
        Agency-local hours since 1970-01-01 00:00 of each: one is missing when the clock jumps
        ahead, one comes twice when it goes back.
    tonight : tuple of int
        Positions of the first hour of the night to judge and of the first one after it.
    """

    first: int
    local: Ints
    tonight: tuple[int, int]


@dataclass(frozen=True)
class _Run:
    """Silent hours of one stream: positions from `start` to before `end`."""

    start: int
    end: int
    expected: float
    weeks: int


def find_silence(hours: pa.Table, bounds: tuple[datetime, datetime], agency: ZoneInfo) -> list[Gap]:
    """Find silences that ended in one night, and those that go on for a week.

    Parameters
    ----------
    hours : pa.Table
        HOURS of the night and of at most `BASE_NIGHTS` nights before it.
    bounds : tuple of datetime
        First instant of the night and of the next.
    agency : ZoneInfo
        The agency's zone: weeks are compared by its own clock.

    Returns
    -------
    list of Gap
        ``silent_hours``, one for each silence of a source, or of a system of it when others of
        its systems went on.

    Notes
    -----
    A count of lookups scatters more than Poisson's: the odds of none are those of a negative
    binomial. Its mean is that of the same hours of the week in up to eight weeks before, three
    standard errors up, at the level of the hours around (a holiday is quiet all day); its scatter
    is what this source's hours had around such means. Below 1e-6, a silence is a gap; one that an
    earlier week had too is none.
    """
    if not hours.num_rows:
        return []
    calendar = _calendar(hours, bounds, agency)
    found: list[Gap] = []
    for source in sorted(set(hours["source"].cast(pa.string()).to_pylist())):
        own = hours.filter(pc.equal(hours["source"].cast(pa.string()), source))
        whole = list(_silent(_series(own, calendar), calendar))
        found += [_gap(source, "", run, calendar) for run in whole]
        systems = sorted(set(own["system"].cast(pa.string()).to_pylist()))
        for system in systems if len(systems) > 1 else ():
            part = own.filter(pc.equal(own["system"].cast(pa.string()), system))
            found += [
                _gap(source, system, run, calendar)
                for run in _silent(_series(part, calendar), calendar)
                if not any(_meet(run, other) for other in whole)
            ]
    return found


def _calendar(hours: pa.Table, bounds: tuple[datetime, datetime], agency: ZoneInfo) -> _Calendar:
    """Lay out all hours from the first with a lookup to the end of the night."""
    start, end = (round(one.timestamp()) * 1_000_000 for one in bounds)
    first = int(pc.min(hours["hour"].cast(pa.int64())).as_py()) // HOUR
    row = np.arange(min(first, start // HOUR), -(-end // HOUR), dtype=np.int64)
    local_hours, _, nights = local_parts(row * HOUR, agency)
    days = nights.dictionary.cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    local = days[nights.indices.to_numpy()] * 24 + local_hours
    return _Calendar(int(row[0]), local, (int(start // HOUR - row[0]), len(row)))


def _series(hours: pa.Table, calendar: _Calendar) -> Ints:
    """Return lookups by hour of the calendar."""
    counts = np.zeros(len(calendar.local), np.int64)
    places = hours["hour"].cast(pa.int64()).to_numpy() // HOUR - calendar.first
    within = places < len(counts)
    np.add.at(counts, places[within], hours["lookups"].to_numpy()[within])
    return counts


def _silent(counts: Ints, calendar: _Calendar) -> Iterator[_Run]:
    """Yield the silences of one stream that this night is the first to see whole."""
    spoken = np.flatnonzero(counts)
    start, end = calendar.tonight
    spans = [(a + 1, b) for a, b in pairwise(spoken.tolist()) if b - a > 1 and b >= start]
    if end - spoken[-1] > LATE:
        spans.append((int(spoken[-1]) + 1, end))
    if not spans:
        return
    since = int(spoken[0])
    weeks = _weeks(counts, calendar, since)
    for first, after in spans:
        if first - since < WEEKS_LEAST * WEEK and after - first > WEEK:
            continue  # hours of one week stand in for several: a stream that young has no usual
        run = _expected(weeks, first, after)
        if run and run.expected and _odds(run, counts, weeks, int(spoken[-1])) < CHANCE:
            yield run


def _weeks(counts: Ints, calendar: _Calendar, since: int) -> Floats:
    """Return what each hour had in each of the weeks before, shape (hours, weeks).

    Not a number where the stream had not begun, or the clock jumped over that hour.
    """
    base = int(calendar.local.min())
    size = int(calendar.local.max()) - base + 1
    heard = np.bincount(calendar.local[since:] - base, minlength=size)
    total = np.bincount(
        calendar.local[since:] - base, weights=counts[since:].astype(float), minlength=size
    )
    by_local = np.where(heard > 0, total / np.maximum(heard, 1), np.nan)
    back = (calendar.local - base)[:, None] - WEEK * np.arange(1, WEEKS + 1)[None, :]
    return np.where(back >= 0, by_local[np.maximum(back, 0)], np.nan)


def _expected(weeks: Floats, first: int, after: int) -> _Run | None:
    """Return what a silence should have had; None when the weeks before do not say."""
    before = weeks[first:after].copy()
    # a silence of more than a week is no usual week for its own end
    reach = np.arange(after - first)[:, None] - WEEK * np.arange(1, WEEKS + 1)[None, :]
    before[reach >= 0] = np.nan
    heard = np.isfinite(before).sum(axis=0)
    long = len(before) > WEEK
    known: Flags = heard > 0 if long else heard * 2 > len(before)
    silent: Flags = known & (np.nansum(before, axis=0) == 0) & (not long)
    # one silent week among four or more was an outage of its own
    if known.sum() < WEEKS_LEAST or silent.sum() > (known.sum() > WEEKS_LEAST):
        return None
    usual = before[:, known & ~silent]
    said = np.isfinite(usual).any(axis=1)
    means = np.nansum(usual[said], axis=1) / np.isfinite(usual[said]).sum(axis=1)
    return _Run(first, after, float(means.sum()), int((known & ~silent).sum()))


def _odds(run: _Run, counts: Ints, weeks: Floats, last: int) -> float:
    """Return the probability of no lookup at all in a silence."""
    number = np.isfinite(weeks).sum(axis=1)
    usual = np.nansum(weeks, axis=1) / np.maximum(number, 1)
    begin, stop = max(run.start - AROUND, 0), min(run.end + AROUND, last + 1)
    around = np.r_[begin : run.start, run.end : stop]
    around = around[number[around] > 0]
    level = _level(counts[around].sum(), usual[around].sum())
    scatter = _scatter(counts[: run.start], usual[: run.start], number[: run.start])
    # how far off the mean may be: its weeks scatter, and so do the hours that tell the level
    error = (1 / run.expected + scatter) / run.weeks + scatter / max(len(around), 1)
    mean = level * run.expected * (1 + SPREAD * np.sqrt(error))
    return float(np.exp(-mean if scatter < 1e-9 else -np.log1p(scatter * mean) / scatter))


def _level(had: float, usual: float) -> float:
    """Return how busy some hours were against what is usual for them."""
    return min(had / usual, BUSY) if usual >= 1 else 1.0


def _scatter(counts: Ints, usual: Floats, number: Ints) -> float:
    """Return by how much hours scatter more than Poisson's: 1/size of the negative binomial.

    By moments, each hour against the mean of the same hour in the weeks before it, at the level
    of the hours around it: a quiet day is no scatter of its hours.
    """
    kernel = np.r_[np.ones(AROUND), 0, np.ones(AROUND)]
    told = number >= 2
    if told.sum() < len(kernel):
        return 0.0
    had, should = (np.convolve(one * told, kernel, "same") for one in (counts, usual))
    level = np.minimum(had / np.maximum(should, 1), BUSY)
    means = (level * usual)[told]
    error = means * (1 + level[told] / number[told] + means / np.maximum(had[told], 1))
    squares = float((means**2 * (1 + 1 / number[told] + 1 / kernel.sum())).sum())
    excess = float(((counts[told] - means) ** 2 - error).sum())
    return max(excess / squares, 0.0) if squares else 0.0


def _meet(one: _Run, other: _Run) -> bool:
    """Tell whether two silences have an hour in common."""
    return one.start < other.end and other.start < one.end


def _gap(source: str, system: str, run: _Run, calendar: _Calendar) -> Gap:
    """Put a silence into words."""
    first, last = (_clock(calendar.local[place]) for place in (run.start, run.end - 1))
    count = run.end - run.start
    hours = "1 hour" if count == 1 else f"{count:,} hours"
    when = f"from {first} to the end of {last}" if count > 1 else f"in the hour from {first}"
    whose = " of ".join(part for part in (system, source) if part)
    of = f" of {whose}" if whose else ""
    return Gap(
        kind="silent_hours",
        about=(source, system, _instant(calendar.first + run.start)),
        place=f"{whose + ', ' if whose else ''}{hours} from {first}",
        says=f"There is no lookup{of} {when} (agency's clock, {hours}). "
        f"By the same hours of {run.weeks} weeks before, about {run.expected:,.0f} were to be "
        "expected: that nobody made one has odds below one in a million.",
        first_time=_instant(calendar.first + run.start),
        # a silence without end was seen whole after a week: it is not asked again every night
        last_time=_instant(calendar.first + min(run.end, run.start + LATE)),
    )


def _clock(local: int) -> str:
    """Return an agency-local hour as people write it."""
    return str(np.datetime64(int(local), "h")).replace("T", " ") + ":00"


def _instant(hour: int) -> str:
    """Return an hour as ISO 8601 in UTC."""
    return f"{np.datetime64(int(hour), 'h')}:00:00.000000Z"
