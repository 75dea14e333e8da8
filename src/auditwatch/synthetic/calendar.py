"""The city's own clock: local days and hours against instants, across the change of summer time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from auditwatch.synthetic.draws import Ints, Texts

__all__ = ["DAY", "HOUR", "ZONE", "Calendar", "make_calendar"]

ZONE = "America/Los_Angeles"
HOUR = 3600
DAY = 24 * HOUR
_BEFORE_DAYS = 200
_AFTER_DAYS = 60


@dataclass(frozen=True)
class Calendar:
    """Local time of one city for one stretch of days.

    Parameters
    ----------
    first_day : date
        First local day of the trail.
    days : int
        Length of the trail.
    midnight : int
        First local midnight as if it were UTC, seconds since 1970.
    hour_offsets : ndarray of int64
        UTC offset in seconds of each UTC hour around the trail.
    first_hour : int
        UTC hour number, since 1970, of the first of `hour_offsets`.
    """

    first_day: date
    days: int
    midnight: int
    hour_offsets: Ints
    first_hour: int

    def offset(self, time: Ints) -> Ints:
        """Return the UTC offset in seconds at each instant."""
        return self.hour_offsets[time // HOUR - self.first_hour]

    def local(self, time: Ints) -> Ints:
        """Return each instant as seconds of the local clock since 1970-01-01 local."""
        return time + self.offset(time)

    def instant(self, day: Ints, seconds: Ints) -> Ints:
        """Return instants from a day number and seconds on the local clock after its midnight."""
        naive = self.midnight + day * DAY + seconds
        return naive - self.offset(naive - self.offset(naive))

    def day(self, time: Ints) -> Ints:
        """Return the local day number of each instant, 0 for the first day."""
        return (self.local(time) - self.midnight) // DAY

    def hour(self, time: Ints) -> Ints:
        """Return the local hour of each instant, 0 to 23."""
        return self.local(time) % DAY // HOUR

    def year(self, time: Ints) -> Ints:
        """Return the local calendar year of each instant."""
        years = (self.local(time) // DAY).astype("datetime64[D]").astype("datetime64[Y]")
        return years.astype(np.int64) + 1970

    def day_of_month(self, time: Ints) -> Ints:
        """Return the local day of the month of each instant, 0 for the first."""
        days = (self.local(time) // DAY).astype("datetime64[D]")
        first = days.astype("datetime64[M]").astype("datetime64[D]")
        return np.asarray((days - first).astype(np.int64))

    def bounds(self) -> tuple[int, int]:
        """Return the first instant of the trail and the first one after it."""
        start, end = self.instant(np.array([0, self.days]), np.zeros(2, dtype=np.int64))
        return int(start), int(end)

    def iso(self, time: Ints) -> Texts:
        """Return each instant as ISO 8601 with the local offset, to the second."""
        offset = self.offset(time)
        clock = np.datetime_as_string((time + offset).astype("datetime64[s]")).astype(np.object_)
        known, place = np.unique(offset, return_inverse=True)
        return np.asarray(clock + np.array([_zone_text(o) for o in known], dtype=object)[place])

    def iso_day(self, time: Ints) -> Texts:
        """Return the local date of each instant in ISO form."""
        days = (self.local(time) // DAY).astype("datetime64[D]")
        return np.datetime_as_string(days).astype(np.object_)


def _zone_text(offset: int) -> str:
    """Write an offset in seconds as ``-07:00``."""
    hours, rest = divmod(abs(int(offset)), HOUR)
    return f"{'-' if offset < 0 else '+'}{hours:02d}:{rest // 60:02d}"


def make_calendar(first_day: date, days: int) -> Calendar:
    """Return the calendar of `days` local days from `first_day`, with room before and after."""
    zone = ZoneInfo(ZONE)
    start = datetime.combine(first_day - timedelta(days=_BEFORE_DAYS), datetime.min.time(), UTC)
    hours = (days + _BEFORE_DAYS + _AFTER_DAYS) * 24
    first_hour = int(start.timestamp()) // HOUR
    offsets = []
    for hour in range(first_hour, first_hour + hours):
        shift = datetime.fromtimestamp(hour * HOUR, zone).utcoffset() or timedelta(0)
        offsets.append(int(shift.total_seconds()))
    midnight = int(datetime.combine(first_day, datetime.min.time(), UTC).timestamp())
    return Calendar(first_day, days, midnight, np.array(offsets, dtype=np.int64), first_hour)
