"""Missing numbers: every one is told, and none where a source does not number its own records."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from auditwatch.core.clock import zone
from auditwatch.core.schema import COUNTERS, REJECTS
from auditwatch.ingest import number_rows
from auditwatch.ingest.times import local_parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditwatch.findings.gaps import Gap

NOON = datetime(2026, 3, 2, 16, tzinfo=UTC)
Row = tuple[str, datetime]


def judge(rows: Iterable[Row], refused: Iterable[int] = ()) -> list[Gap]:
    """Judge all nights of some records, one after the other as each ends; lines are places."""
    rows = list(rows)
    times = [time for _, time in rows]
    micros = [round(time.timestamp() * 1_000_000) for time in times]
    nights = local_parts(pa.array(micros).to_numpy(), zone("America/Los_Angeles"))[2].to_pylist()
    table = pa.table(
        {
            "event_id": [name for name, _ in rows],
            "event_time": pa.array(micros).cast(pa.timestamp("us", "UTC")),
            "night": nights,
            "source_id": ["s"] * len(rows),
            "line": range(2, 2 * len(rows) + 2, 2),
        }
    )
    rejects = pa.table([["s"] * len(list(refused)), list(refused)], names=["source_id", "line"])
    rejects = rejects.cast(pa.schema([REJECTS.schema.field(n) for n in ("source_id", "line")]))
    before, found = COUNTERS.empty(), []
    for night in sorted(set(nights)):
        bounds = [at for at, one in enumerate(nights) if one == night]
        first, last = min(times[at] for at in bounds), max(times[at] for at in bounds)
        near = [
            one == night
            or (first - timedelta(hours=1) < time < first and one < night)
            or (last < time < last + timedelta(minutes=1) and one > night)
            for one, time in zip(nights, times, strict=True)
        ]
        numbered = number_rows(table.filter(pa.array(near)), night, {})
        found += numbered.gaps(night, before, lambda _: rejects)
        before = pa.concat_tables([before, numbered.table(night, before)])
    return found


def counter(
    count: int, *, first: int = 1, form: str = "{:06d}", minutes: float = 10, start: datetime = NOON
) -> list[Row]:
    """Return records numbered one after the other."""
    return [(form.format(first + n), start + timedelta(minutes=minutes * n)) for n in range(count)]


def one_missing(seed: int) -> tuple[str, list[Gap]]:
    """Take one record out of one of one to three counters; return its id and what is found."""
    draw = random.Random(seed)
    forms = draw.sample([("{:06d}", 1), ("E{}", 7), ("M-{:05d}", 90), ("{:06d}", 500_000)], 3)
    counters = [
        counter(draw.randint(40, 400), first=first, form=form, start=NOON + timedelta(seconds=n))
        for n, (form, first) in enumerate(forms[: draw.randint(1, 3)])
    ]
    lost = draw.choice(draw.choice(counters)[1:-1])
    whole = sorted((row for rows in counters for row in rows), key=lambda row: row[1])
    return lost[0], judge(row for row in whole if row is not lost)


@pytest.mark.parametrize("seed", range(30))
def test_one_missing_number_is_always_told(seed: int) -> None:
    """Wherever it stood: on one night or between two, in one counter or in one of several."""
    lost, gaps = one_missing(seed)
    assert [gap.kind for gap in gaps] == ["missing_number"], lost
    assert "1 running number is missing" in gaps[0].says


@pytest.mark.long
def test_one_missing_number_is_told_in_ten_thousand_trails() -> None:
    """Recall is 100 %, and nothing else is told."""
    for seed in range(10_000):
        lost, gaps = one_missing(seed)
        assert [gap.kind for gap in gaps] == ["missing_number"], (seed, lost)


def test_holes_of_one_night_are_one_finding() -> None:
    """A hand-damaged file with many holes is one question, with the first places named."""
    rows = [row for n, row in enumerate(counter(80, minutes=1)) if n not in (20, 21, 50)]
    (gap,) = judge(rows)
    assert "3 running numbers are missing" in gap.says
    assert "2 between 000020 and 000023" in gap.says


@pytest.mark.parametrize(
    "rows",
    [
        [(f"{n * n + 7:06d}", NOON + timedelta(minutes=n)) for n in range(300)],
        [(f"{n:020x}:0", NOON + timedelta(minutes=n)) for n in range(300)],
        [
            (f"{random.Random(n).getrandbits(80):020x}", NOON + timedelta(minutes=n))
            for n in range(300)
        ],
        counter(300, first=1) + counter(300, first=1, start=NOON + timedelta(days=3)),
        counter(100, first=9_900, form="{}", minutes=1)
        + counter(100, first=0, form="{}", minutes=1, start=NOON + timedelta(minutes=100)),
        counter(300) + counter(300, first=500_000, start=NOON + timedelta(seconds=5)),
    ],
    ids=["sparse", "made", "random", "begun anew", "wrapped", "two counters"],
)
def test_what_is_not_numbered_one_by_one_gives_no_alarm(rows: list[Row]) -> None:
    """Sparse, made or random ids, a counter that begins anew or wraps, two side by side."""
    assert judge(rows) == []


def test_an_order_that_differs_from_the_clock_is_no_hole() -> None:
    """Numbers are given by one machine and times by another: also around midnight."""
    draw = random.Random(1)
    rows = [
        (name, time + timedelta(seconds=draw.randint(-20, 20)))
        for name, time in counter(6000, minutes=0.25, start=datetime(2026, 3, 2, 20, tzinfo=UTC))
    ]
    assert judge(rows) == []


def test_a_refused_record_explains_a_number() -> None:
    """What stands in the account as refused is not missing."""
    rows = counter(60, minutes=1)
    del rows[20]
    assert judge(rows, refused=[41]) == []
    assert len(judge(rows)) == 1


def test_a_source_that_always_lacks_numbers_is_one_standing_finding() -> None:
    """It counts what it does not export: told once, not every night."""
    rows = [row for n, row in enumerate(counter(3000, minutes=10)) if n % 40 != 7]
    kinds = [gap.kind for gap in judge(rows)]
    assert set(kinds[7:]) == {"numbers_not_ours"}
    assert len({gap.about for gap in judge(rows) if gap.kind == "numbers_not_ours"}) == 1


def test_a_counter_that_jumps_is_told_as_a_jump() -> None:
    """Far more numbers than were ever seen are no missing records, but somebody should know."""
    rows = counter(100, minutes=1) + counter(
        100, first=900_000, minutes=1, start=NOON + timedelta(minutes=100)
    )
    assert [gap.kind for gap in judge(rows)] == ["number_jump"]
