"""A folder of monthly plate-reader audits, overlapping and hand-damaged: each search once."""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter

from auditwatch.core.schema import LOOKUPS
from auditwatch.engine.lake import Lake
from tests.e2e.conftest import auditwatch, export

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FOURTEEN = [
    "ID",
    "Name",
    "Org Name",
    "Total Networks Searched",
    "Total Devices Searched",
    "Time Frame",
    "License Plate",
    "Reason",
    "Case #",
    "Filters",
    "Search Time",
    "Search Type",
    "Text Prompt",
    "Moderation",
]
ELEVEN = [name for name in FOURTEEN if name not in FOURTEEN[4:5] + FOURTEEN[12:]]
OFFENSE = ["Search Time", "ID", "Org Name", "Name", "Total Networks Searched", "License Plate"]
OFFENSE += ["Offense Type", "Reason", "Case #", "Search Type"]
HOME = ZoneInfo("America/Los_Angeles")
PER_MONTH = 60
DAYS = 3  # few nights, so that judging them is quick


@dataclass(frozen=True)
class Search:
    """One search as it was."""

    key: str
    time: datetime
    cells: dict[str, str]

    @property
    def truth(self) -> tuple[str, ...]:
        """What must be stored of it."""
        plate = f"V-{self.cells['License Plate']}"
        told = (self.cells["Name"], plate, self.cells["Reason"], self.cells["Case #"])
        return (self.key, self.time.isoformat(), *told)

    def row(self, names: Sequence[str]) -> list[str]:
        """Return its cells under some columns."""
        return [self.cells.get(name, "") for name in names]


def _searches(seed: int) -> dict[int, list[Search]]:
    """Return the searches of January to March, by local month: the truth."""
    draw = random.Random(seed)
    months: dict[int, list[Search]] = {}
    for month in (1, 2, 3):
        start = datetime(2026, month, 1, tzinfo=HOME)
        found = []
        for n in range(PER_MONTH):
            # the first and the last hour too: they belong to another month in UTC
            hours = (0.5, 27 * 24 + 23.5)[n] if n < 2 else draw.uniform(0, DAYS * 24)
            time = (start + timedelta(hours=hours)).astimezone(UTC).replace(microsecond=0)
            key = f"{draw.getrandbits(32):08x}-0000-4000-8000-{month:06d}{n:06d}"
            frame = "03/07/2026, 02:00:00 AM UTC\n03/14/2026, 02:00:00 AM UTC"
            cells = {
                "ID": key,
                "Name": f"O. Person{draw.randrange(6)}",
                "Org Name": "Example Agency",
                "Total Networks Searched": str(draw.randrange(1, 900)),
                "Time Frame": frame,
                "License Plate": f"{draw.randrange(1, 9)}TST{draw.randrange(100, 999)}",
                "Reason": draw.choice(["stolen veh", 'said "look", twice', "bolo, north", "."]),
                "Case #": f"26-{draw.randrange(99999):05d}",
                "Filters": "california",
                "Search Time": time.strftime("%m/%d/%Y, %I:%M:%S %p UTC"),
                "Search Type": draw.choice(["lookup", "search - Mobile"]),
            }
            found.append(Search(key, time, cells))
        months[month] = sorted(found, key=lambda one: one.time)
    return months


def _csv(names: Sequence[str], rows: Sequence[list[str]]) -> str:
    """Return a table as CSV with its header."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([names, *rows])
    return out.getvalue()


def _xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    """Return rows as a spreadsheet of texts."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = made.add_worksheet()
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write_string(at, column, cell)
    made.close()
    return out.getvalue()


def _shift(row: list[str]) -> list[str]:
    """Return a row whose values stand one column to the left from the third on."""
    return [*row[:2], *row[3:], ""]


def deliver(folder: Path, seed: int) -> list[tuple[str, ...]]:
    """Write the hand-damaged files and return what every search in them was."""
    january, february, march = _searches(seed).values()
    rows = [one.row(FOURTEEN) for one in january]
    damaged = [_shift(rows[3]), rows[5][:4]]
    (folder / "2026-01.csv").write_bytes(
        ("\ufeffOrganization Audit\r\n\r\n" + _csv(FOURTEEN, rows + damaged)).encode()
    )
    late = [one.row(ELEVEN) for one in january[-20:] + february]
    half = len(late) // 2
    stacked = [["Audit of February"], [], ELEVEN, *late[:half], ELEVEN, *late[half:]]
    (folder / "2026-02.xlsx").write_bytes(_xlsx(stacked))
    first = _csv(OFFENSE, [one.row(OFFENSE) for one in march[:40]])
    second = _csv(ELEVEN, [one.row(ELEVEN) for one in march[30:]])
    (folder / "2026-03.csv").write_bytes((first + "\ufeff" + second).encode())
    network = [one.row(OFFENSE) for one in february[::3] + march[::2]]
    (folder / "network.csv").write_bytes(_csv(OFFENSE, network).encode())
    return sorted(one.truth for one in january + february + march)


def _stored(workspace: Path) -> list[tuple[str, ...]]:
    """Return what is stored of every lookup in the lake."""
    told = ["operator_id", "subject_id", "reason", "case_id"]
    rows = Lake(workspace / "lake").read(LOOKUPS, columns=["event_id", "event_time", *told])
    return sorted(
        (row["event_id"], row["event_time"].isoformat(), *(row[name] for name in told))
        for row in rows.to_pylist()
    )


@pytest.mark.parametrize("order", ["forward", "backward", "shuffled"])
def test_each_search_of_a_damaged_folder_is_one_lookup(tmp_path: Path, order: str) -> None:
    """Whatever the order of the files, every search is there once, as it was."""
    folder, workspace = tmp_path / "drop", tmp_path / "w"
    folder.mkdir()
    truth = deliver(folder, seed=8)
    assert auditwatch("init", workspace).code == 0
    files = sorted(folder.iterdir())
    if order != "forward":
        files.reverse()
    if order == "shuffled":
        files = files[1::2] + files[::2]
    told = auditwatch("-w", workspace, "ingest", "--json", *files)
    accounts = json.loads(told.out)["sources"]
    assert _stored(workspace) == truth
    for one in accounts:
        kinds = ("accepted", "rejected", "blank", "header", "duplicate")
        assert one["lines"] == sum(one[kind] for kind in kinds)
        assert one["format"] == "flock-audit"
    rejects = {one["name"]: one["rejects"] for one in accounts}
    assert rejects.pop("2026-01.csv") == {"columns_shifted": 1, "fields_few": 1}
    assert not any(rejects.values())


def test_delivering_the_folder_again_changes_nothing(tmp_path: Path) -> None:
    """The same files again, and one of them under another name and format, add nothing."""
    folder, workspace = tmp_path / "drop", tmp_path / "w"
    folder.mkdir()
    deliver(folder, seed=9)
    assert auditwatch("init", workspace).code == 0
    files = sorted(folder.iterdir())
    auditwatch("-w", workspace, "scan", *files)
    before, findings = _stored(workspace), export(workspace)
    again = folder / "again.xlsx"
    text = (folder / "network.csv").read_bytes().decode()
    again.write_bytes(_xlsx([["Network Audit"], *csv.reader(io.StringIO(text, newline=""))]))
    told = auditwatch("-w", workspace, "scan", "--json", *files, again)
    assert _stored(workspace) == before
    assert export(workspace) == findings
    (new,) = (one for one in json.loads(told.out)["sources"] if one["name"] == "again.xlsx")
    assert (new["accepted"], new["rejected"]) == (0, 0)
