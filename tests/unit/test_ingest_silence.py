"""Silent hours: found where people had to look something up, never where they need not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from auditwatch.core.clock import night_bounds, zone
from auditwatch.core.schema import HOURS
from auditwatch.ingest import BASE_NIGHTS, find_silence
from auditwatch.ingest.times import local_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.findings.gaps import Gap

PLACE = "America/Los_Angeles"
AGENCY = zone(PLACE)
HOUR = 3_600_000_000
DAYS = 60


class Month:
    """Two months of a source, hour by hour; the second is judged."""

    def __init__(
        self,
        seed: int,
        rate: float,
        *,
        hours: float = 0,
        days: float = 0,
        holidays: int = 0,
        start: datetime = datetime(2026, 1, 19, 8, tzinfo=UTC),
        office: bool = False,
    ) -> None:
        """Draw counts: `hours` and `days` are the sizes of their gamma scatter, 0 for none."""
        rng = np.random.default_rng(seed)
        self.instants = (int(start.timestamp()) // 3600 + np.arange(DAYS * 24)) * HOUR
        local, weekday, nights = local_parts(self.instants, AGENCY)
        self.nights = np.array(nights.to_pylist())
        day = nights.indices.to_numpy()
        self.mean = rate * (1 + 0.8 * np.sin((local - 8) / 12 * np.pi))
        self.mean *= np.where(weekday >= 5, 0.6, 1.0)
        if office:
            open_now = (weekday < 5) & (local >= 8) & (local < 17)
            self.mean = np.where(open_now, rate, 0.0)
        if days:
            self.mean *= rng.gamma(days, 1 / days, day.max() + 1)[day]
        for one in rng.integers(30, DAYS, holidays):
            self.mean[day == one] *= 0.3
        scatter = rng.gamma(hours, 1 / hours, len(self.mean)) if hours else 1.0
        self.counts = rng.poisson(self.mean * scatter)
        size = hours or 1e9
        self.odds = np.exp(-size * np.log1p(self.mean / size))

    @property
    def judged(self) -> list[str]:
        """The nights of the second month."""
        return sorted(set(self.nights))[DAYS // 2 : DAYS]

    def table(self, system: str = "NCIC") -> pa.Table:
        """The month as HOURS."""
        kept = self.counts > 0
        columns = [
            pa.array(self.nights[kept]),
            pa.array(["journal"] * kept.sum()),
            pa.array([system] * kept.sum()),
            pa.array(self.instants[kept]).cast(pa.timestamp("us", "UTC")),
            pa.array(self.counts[kept]),
        ]
        return pa.table(columns, schema=HOURS.schema)


def judge(hours: pa.Table, nights: Sequence[str]) -> list[Gap]:
    """Judge nights, each as if it had just ended."""
    found = []
    for night in nights:
        since = (date.fromisoformat(night) - timedelta(days=BASE_NIGHTS)).isoformat()
        seen = pc.and_(pc.greater(hours["night"], since), pc.less_equal(hours["night"], night))
        found += find_silence(hours.filter(seen), night_bounds(night, PLACE), AGENCY)
    return found


SHAPES = [
    {"rate": 2},
    {"rate": 12},
    {"rate": 40},
    {"rate": 40, "hours": 8},
    {"rate": 25, "days": 8},
    {"rate": 25, "holidays": 3},
    {"rate": 30, "hours": 15, "days": 15, "holidays": 2},
    {"rate": 30, "office": True},
    {"rate": 30, "start": datetime(2026, 2, 1, 8, tzinfo=UTC)},
    {"rate": 30, "start": datetime(2025, 9, 21, 8, tzinfo=UTC)},
]


def recall_and_alarms(shape: dict[str, float], seeds: range) -> tuple[int, int, int]:
    """Return removed hours that were found, removed hours, and alarms without a removal."""
    found = removed = alarms = 0
    for seed in seeds:
        month = Month(seed, **shape)
        alarms += len(judge(month.table(), month.judged))
        certain = (
            (month.odds < 1e-6) & (month.counts > 0) & np.isin(month.nights, month.judged[:-1])
        )
        # beside another silent hour it would be that silence
        certain[1:] &= month.counts[:-1] > 0
        certain[:-1] &= month.counts[1:] > 0
        places = np.flatnonzero(certain)
        for place in np.random.default_rng(seed).choice(places, 6) if len(places) else ():
            kept = month.counts[place]
            month.counts[place] = 0
            nights = sorted({month.nights[place], month.nights[place + 1]})
            start = str(np.datetime64(int(month.instants[place]), "us"))[:13]
            told = judge(month.table(), nights)
            found += any(gap.first_time[:13] == start for gap in told)
            removed += 1
            month.counts[place] = kept
    return found, removed, alarms


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_an_hour_that_had_to_have_lookups_is_missed_and_no_other(shape: dict[str, float]) -> None:
    """Few false alarms in a month, whether counts scatter, a holiday or a clock change comes."""
    found, removed, alarms = recall_and_alarms(shape, range(1))
    assert alarms <= 2
    assert found >= removed - 1


@pytest.mark.long
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_99_in_100_silent_hours_are_found_over_many_months(shape: dict[str, float]) -> None:
    """Of a hundred months of each shape: recall at least 0.99, at most one false alarm each."""
    found, removed, alarms = recall_and_alarms(shape, range(100))
    assert alarms <= 100
    assert found >= 0.99 * removed


def test_an_outage_of_days_is_one_story_that_keeps_its_beginning() -> None:
    """It is told when it ends; one that goes on is told after a week, and grows."""
    month = Month(5, 20)
    month.counts[40 * 24 : 50 * 24] = 0
    quiet = Month(6, 20)
    both = pa.concat_tables([month.table(), quiet.table("DMV")])
    gaps = judge(both, month.judged)
    assert {(gap.about[:2], gap.about[2][:10]) for gap in gaps} == {
        (("journal", "NCIC"), "2026-02-28")
    }
    assert len(gaps) == 5  # after seven to ten days, and when it ended
    assert "240 hours" in gaps[-1].says


def test_when_a_whole_source_is_silent_its_systems_are_not_told_one_by_one() -> None:
    """One outage, one finding."""
    one, other = Month(7, 20), Month(8, 20)
    for month in (one, other):
        month.counts[45 * 24 : 45 * 24 + 5] = 0
    gaps = judge(pa.concat_tables([one.table(), other.table("DMV")]), one.judged)
    assert [gap.about[1] for gap in gaps] == [""]


def test_nothing_is_said_before_three_weeks_are_known() -> None:
    """A short history says nothing about an hour of the week."""
    month = Month(9, 40)
    month.counts[15 * 24 + 12] = 0
    assert judge(month.table(), sorted(set(month.nights))[:20]) == []


def test_a_trail_of_a_few_busy_days_has_no_usual_week() -> None:
    """What comes now and then, such as drills, is not missed for the weeks between."""
    month = Month(5, 30)
    days = sorted(set(month.nights))
    month.counts[~np.isin(month.nights, [*days[:3], days[30], days[45]])] = 0
    assert judge(month.table(), [*days[:5], days[30], days[45]]) == []
