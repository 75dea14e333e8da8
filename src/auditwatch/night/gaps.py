"""What one night is missing: every kind of gap, from what the lake held when the night ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.clock import night_bounds, nights_missing, stretch_of, zone
from auditwatch.core.schema import (
    COUNTERS,
    DELIVERIES,
    GAPS,
    HOURS,
    LOOKUPS,
    REJECTS,
    SOURCES,
)
from auditwatch.findings.gaps import KINDS, Gap
from auditwatch.ingest import (
    BASE_NIGHTS,
    NUMBER_COLUMNS,
    SKEW_COLUMNS,
    clock_skew,
    feed_of,
    find_silence,
    hours_of,
    number_rows,
    stopped_columns,
)
from auditwatch.night.judging import is_judged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditwatch.engine.lake import Lake

__all__ = ["GapFinder", "noted_gaps"]

LEAD: Final = timedelta(hours=1)  # numbers are given in another order than lookups are made
TAIL: Final = timedelta(minutes=1)
#: Kinds that a reader notes as ``field: sentence``; only a change between two files is a gap.
FADED: Final = ("masked_values", "one_value")
#: Kinds whose sentence is the story: a source is overdue until it comes again, and says since when;
#: files contradict each other in twos.
TOLD_APART: Final = ("overdue_source", "contradicting_copies")


@dataclass(frozen=True)
class GapFinder:
    """Finds the gaps of nights, one after the other in order.

    Parameters
    ----------
    lake : Lake
        Where lookups are, and the hours and counters of each night, which later nights need.
    timezone : str
        IANA name of the agency's zone.
    """

    lake: Lake
    timezone: str

    def gaps(self, nights: Sequence[str]) -> dict[str, list[Gap]]:
        """Return the gaps of some nights and keep what later nights need of them.

        Parameters
        ----------
        nights : sequence of str
            ISO dates in order; all earlier ones were given before, by this scan or another.
        """
        hours, counters = self._hours(nights), self._counters(nights[0])
        found = {}
        for night in nights:
            tonight = hours.filter(_between(hours, _since(night), night))
            numbered = number_rows(self._numbers(night), night, self._source_of)
            before = counters.filter(_between(counters, _since(night), night, included=False))
            counters = pa.concat_tables([counters, numbered.table(night, before)])
            silences = find_silence(
                tonight, night_bounds(night, self.timezone), zone(self.timezone)
            )
            found[night] = [
                *silences,
                *self._silent_nights(night, silences),
                *numbered.gaps(night, before, self._refused),
                *stopped_columns(night, self._sources, self._source_of, self._faded),
                *self._skew(night),
                *self._noted.get(night, []),
            ]
        kept = pc.is_in(counters["night"], value_set=pa.array(nights, pa.string()))
        self.lake.replace(COUNTERS, counters.filter(kept), nights)
        return found

    @cached_property
    def _source_of(self) -> dict[str, str]:
        """File to the name of its source in the settings."""
        rows = self.lake.read(DELIVERIES).to_pylist()
        return {row["source_id"]: row["source"] for row in rows}

    @cached_property
    def _sources(self) -> list[dict[str, Any]]:
        """All files that were read."""
        rows: list[dict[str, Any]] = self.lake.read(SOURCES).to_pylist()
        return rows

    @cached_property
    def _feeds(self) -> dict[str, str]:
        """File to the row of deliveries that it continues."""
        return {one["source_id"]: feed_of(one, self._source_of) for one in self._sources}

    @cached_property
    def _faded(self) -> dict[str, dict[str, str]]:
        """File to its fields that say little, with what its reader noted of each."""
        faded: dict[str, dict[str, str]] = {}
        for row in self.lake.read(GAPS).to_pylist():
            if row["kind"] in FADED:
                name = row["detail"].partition(":")[0]
                faded.setdefault(row["source_id"], {})[name] = row["detail"]
        return faded

    @cached_property
    def _noted(self) -> dict[str, list[Gap]]:
        """What readers and drop folders noted, by night."""
        noted: dict[str, list[Gap]] = {}
        for night, row in noted_gaps(self.lake):
            if row["kind"] in KINDS:
                noted.setdefault(night, []).append(self._as_gap(night, row))
        return noted

    def _as_gap(self, night: str, row: Mapping[str, Any]) -> Gap:
        """Return a noted gap: what a source always has is one story, what happened one a night."""
        feed = self._feeds.get(row["source_id"], "")
        standing = KINDS[row["kind"]].standing
        story = row["detail"] if row["kind"] in TOLD_APART else night
        return Gap(
            kind=row["kind"],
            about=(feed,) if standing else (feed, story),
            place=feed,
            says=row["detail"] if row["detail"].endswith(".") else f"{row['detail']}.",
        )

    def _hours(self, nights: Sequence[str]) -> pa.Table:
        """Return the hours of nights and of those before them; made where they are not kept."""
        since = _since(nights[0])
        window = [one for one in self.lake.nights(LOOKUPS) if since < one <= nights[-1]]
        making = sorted({*nights, *window} - (set(self.lake.nights(HOURS)) - set(nights)))
        made = [HOURS.empty()]
        for one in making:
            columns = ["event_id", "lookup_id", "origin", "night", "event_time", "system"]
            rows = self.lake.read(LOOKUPS, [one], [*columns, "source_id"])
            made.append(hours_of(rows.filter(is_judged(rows)), self._source_of))
        self.lake.replace(HOURS, pa.concat_tables(made), making)
        return self.lake.read(HOURS, window).cast(HOURS.schema)

    def _counters(self, night: str) -> pa.Table:
        """Return the counters of the nights before one."""
        since = _since(night)
        window = [one for one in self.lake.nights(COUNTERS) if since < one < night]
        return self.lake.read(COUNTERS, window).cast(COUNTERS.schema)

    def _skew(self, night: str) -> list[Gap]:
        """Return the sources whose clocks differed on a night."""
        if len(set(self._feeds.values())) < 2:
            return []
        return clock_skew(self.lake.read(LOOKUPS, [night], SKEW_COLUMNS), self._feeds)

    def _silent_nights(self, night: str, silences: Sequence[Gap]) -> list[Gap]:
        """Return the nights without any record right before a night, unless silences say more."""
        known = self.lake.nights(LOOKUPS)
        missing = nights_missing(night, known)
        # a weekday that never had lookups is a day on which this agency does not work
        working = {date.fromisoformat(one).weekday() for one in known if one < night}
        usual = [one for one in missing if date.fromisoformat(one).weekday() in working]
        if not usual or any(gap.first_time[:10] <= usual[-1] for gap in silences):
            return []
        count = "1 night has" if len(missing) == 1 else f"{len(missing):,} nights have"
        idle = len(missing) - len(usual)
        but = f"; {idle:,} of them on weekdays that never had any" if idle else ""
        days = stretch_of(missing)
        says = f"{count} no record at all: {days}{but}. The trail may not have come."
        return [Gap("silent_night", (usual[0],), days, says)]

    def _numbers(self, night: str) -> pa.Table:
        """Return what ids a night has, with the hour before it and the minute after it."""
        start, end = night_bounds(night, self.timezone)
        day = date.fromisoformat(night)
        beside = [(day + timedelta(days=step)).isoformat() for step in (-1, 1)]
        rows = self.lake.read(LOOKUPS, [beside[0], night, beside[1]], NUMBER_COLUMNS)
        near = pc.and_(
            pc.greater_equal(rows["event_time"], pa.scalar(start - LEAD)),
            pc.less(rows["event_time"], pa.scalar(end + TAIL)),
        )
        return rows.filter(near)

    def _refused(self, files: Sequence[str]) -> pa.Table:
        """Return where some files have refused records."""
        return self.lake.pick(REJECTS, "source_id", files, columns=["source_id", "line"])


def noted_gaps(lake: Lake) -> list[tuple[str, dict[str, Any]]]:
    """Return what readers and drop folders noted, each with the night that it is told with.

    That is the night it names, else the last one of its file; a file without one is left out.
    """
    last = {one["source_id"]: one["last_night"] for one in lake.read(SOURCES).to_pylist()}
    noted = [
        (row["night"] or last.get(row["source_id"], ""), row) for row in lake.read(GAPS).to_pylist()
    ]
    return sorted(((night, row) for night, row in noted if night), key=str)


def _since(night: str) -> str:
    """Return the last night that is too old to matter to a night's gaps."""
    return (date.fromisoformat(night) - timedelta(days=BASE_NIGHTS)).isoformat()


def _between(rows: pa.Table, since: str, night: str, *, included: bool = True) -> pa.Array:
    """Flag rows of nights after one and up to another."""
    after = pc.greater(rows["night"], since)
    until = pc.less_equal if included else pc.less
    return pc.and_(after, until(rows["night"], night))
