"""Who was at work that night, in counts: when, in which unit, and beside the nights before."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import DELIVERIES, LOOKUPS, PAIR_NIGHTS
from auditwatch.core.words import harmless, local_day, local_time
from auditwatch.findings.sentences import counted
from auditwatch.report.document import Column, Picture, Sentences, Table
from auditwatch.report.pictures import nights_strip

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from auditwatch.config import FollowedSource
    from auditwatch.engine.lake import Lake
    from auditwatch.report.document import Cell

__all__ = ["Seen", "bars", "expected_sources", "unit_nights"]

#: Hours of a band: eight of them make a day, and fit on a telephone and on paper.
BAND: Final = 3
HEAT_NIGHTS: Final = 7
NO_UNIT: Final = "no unit"
COLUMNS: Final = (
    "event_id",
    "lookup_id",
    "event_time",
    "time_quality",
    "local_hour",
    "operator_unit",
    "operator_id",
    "subject_id",
    "case_id",
)


class Seen:
    """The lookups of one night without their machine-made followers, ready to be counted.

    Parameters
    ----------
    lake : Lake
        Where lookups are.
    night : str
        ISO date.
    zone : ZoneInfo
        The agency's clock.
    """

    def __init__(self, lake: Lake, night: str, zone: ZoneInfo) -> None:
        rows = lake.read(LOOKUPS, [night], list(COLUMNS))
        plain = rows.cast(pa.schema([LOOKUPS.schema.field(name) for name in rows.column_names]))
        self.heads = plain.filter(pc.equal(plain["event_id"], plain["lookup_id"]))
        self.zone = zone

    def counts(self) -> tuple[Table, Sentences]:
        """Return how many operators, subjects and case numbers there were, and since when."""
        names = {"operator_id": "Operators", "subject_id": "Subjects", "case_id": "Case numbers"}
        rows: tuple[tuple[Cell, ...], ...] = (
            ("Lookups", self.heads.num_rows),
            *(
                (words, pc.count_distinct(self.heads[name]).as_py())
                for name, words in names.items()
            ),
        )
        columns = (Column("seen", "Seen"), Column("number", "Number", number=True))
        return Table("seen", "Seen on this night", columns, rows), Sentences((self._stretch(),))

    def _stretch(self) -> str:
        """Say when the first and the last lookup was made."""
        if not self.heads.num_rows:
            return "No lookup was made."
        hours = self.heads.filter(pc.not_equal(self.heads["time_quality"], "date_only"))
        ends = pc.min_max((hours if hours.num_rows else self.heads)["event_time"]).as_py()
        told = local_time if hours.num_rows else local_day
        return f"First {told(ends['min'], self.zone)}, last {told(ends['max'], self.zone)}."

    def hours(self) -> tuple[Picture, Table]:
        """Return the lookups of each local hour."""
        found = Counter(self.heads["local_hour"].to_pylist())
        counts = {f"{hour:02d}": found.get(hour, 0) for hour in range(24)}
        busiest = max(counts, key=lambda hour: (counts[hour], hour))
        words = f"Lookups by hour, 00 to 23; most at {busiest}: {counts[busiest]:,}."
        columns = (Column("hour", "Hour"), Column("lookups", "Lookups", number=True))
        rows = tuple(counts.items())
        return bars(counts, words), Table("hours", "Lookups by local hour", columns, rows)

    def unit_hours(self) -> Table:
        """Return the lookups of each unit in bands of three hours, shaded by the unit's busiest."""
        grouped = self.heads.group_by(["operator_unit", "local_hour"]).aggregate(
            [([], "count_all")]
        )
        found: dict[str, Counter[int]] = defaultdict(Counter)
        for row in grouped.to_pylist():
            if row["local_hour"] is not None:
                unit = harmless(row["operator_unit"] or NO_UNIT, 80)
                found[unit][row["local_hour"] // BAND] += row["count_all"]
        bands = range(24 // BAND)
        columns = (
            Column("unit", "Unit"),
            *(
                Column(
                    f"h{BAND * n:02d}",
                    f"{BAND * n:02d}-{BAND * n + BAND - 1:02d}",
                    heat=True,
                    number=True,
                )
                for n in bands
            ),
        )
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (unit, *(found[unit][n] for n in bands)) for unit in sorted(found)
        )
        return Table(
            "unit_hours",
            "Lookups by unit and local hour; darker: busier for that unit",
            columns,
            rows,
        )


def unit_nights(lake: Lake, nights: list[str]) -> Table:
    """Return the lookups with a subject of each unit on the last seven nights, shaded."""
    shown = nights[-HEAT_NIGHTS:]
    rows = lake.read(PAIR_NIGHTS, shown, ["night", "operator_unit", "lookups"])
    grouped = rows.group_by(["operator_unit", "night"]).aggregate([("lookups", "sum")]).to_pylist()
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in grouped:
        found[harmless(row["operator_unit"] or NO_UNIT, 80)][row["night"]] += row["lookups_sum"]
    columns = (
        Column("unit", "Unit"),
        *(Column(night, night[len("2026-") :], heat=True, number=True) for night in shown),
    )
    told: tuple[tuple[Cell, ...], ...] = tuple(
        (unit, *(found[unit][night] for night in shown)) for unit in sorted(found)
    )
    caption = "Lookups with a subject by unit and night; darker: busier for that unit"
    return Table("unit_nights", caption, columns, told)


def expected_sources(
    lake: Lake, night: str, settings: Mapping[str, FollowedSource]
) -> tuple[Table, Sentences]:
    """Return which sources of the settings brought lookups of a night, and say how many."""
    used = set(
        pc.unique(
            pc.cast(lake.read(LOOKUPS, [night], ["source_id"])["source_id"], "string")
        ).to_pylist()
    )
    brought = Counter(
        row["source"] for row in lake.read(DELIVERIES).to_pylist() if row["source_id"] in used
    )
    rows = tuple(
        (harmless(name, 80), brought[name], "yes" if brought[name] else "no")
        for name in sorted(settings)
    )
    columns = (
        Column("source", "Source"),
        Column("files", "Files", number=True),
        Column("came", "Came"),
    )
    came = sum(name in brought for name in settings)
    said = (
        f"{came} of {counted(len(settings), 'expected source')} brought lookups of this night."
        if settings
        else "The settings name no source, so nobody knows what should have come."
    )
    return Table("expected", "Sources of the settings", columns, rows), Sentences(
        (said,), "notice" if came < len(settings) else "plain"
    )


def bars(counts: Mapping[str, int], words: str) -> Picture:
    """Return numbers as columns beside each other."""
    drawn = {name: (number, 0) for name, number in counts.items() if number}
    return Picture(nights_strip(drawn, list(counts), words), words)
