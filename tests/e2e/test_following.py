"""A drop folder followed by scans without files: each lookup once, and nothing lost unseen."""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING

import pytest

from auditwatch.core.clock import now
from tests.e2e.conftest import Told, auditwatch

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "event_id,event_time,operator_id,system\n"
ROWS = [f"A{n:02d},2026-03-{14 + n // 10}T20:00:{n % 60:02d}Z,T1,NLETS\n" for n in range(40)]
SOURCES = """
[sources.journal]
files = "drop/*.csv*"
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace that follows an empty drop folder."""
    place = tmp_path / "w"
    auditwatch("init", place)
    with (place / "auditwatch.toml").open("a") as file:
        file.write(SOURCES)
    (place / "drop").mkdir()
    return place


def drop(workspace: Path, name: str, rows: list[str], *, age: float = 3600) -> Path:
    """Put a file into the drop folder, last written to `age` seconds ago."""
    path = workspace / "drop" / name
    text = (HEADER + "".join(rows)).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if name.endswith(".gz") else text)
    written = now().timestamp() - age
    os.utime(path, (written, written))
    return path


def scan(workspace: Path) -> Told:
    """Scan without files."""
    return auditwatch("-w", workspace, "scan", "--json")


def taken(told: Told) -> dict[str, int]:
    """Return lookups by file name of what a scan read."""
    return {one["name"]: one["accepted"] for one in json.loads(told.out)["sources"]}


def notes_of(told: Told) -> list[str]:
    """Return what a scan noted, but for the context tables that no test here gives."""
    return [note for note in json.loads(told.out)["notes"] if not note.startswith("not given")]


def test_each_scan_reads_what_is_new_and_nothing_twice(workspace: Path) -> None:
    """New files are read once; the next scan without new files reads none."""
    drop(workspace, "march.csv", ROWS[:20])
    drop(workspace, "april.csv.gz", ROWS[20:30])
    assert taken(scan(workspace)) == {"march.csv": 20, "april.csv.gz": 10}
    assert taken(scan(workspace)) == {}
    drop(workspace, "may.csv", ROWS[25:])
    assert taken(scan(workspace)) == {"may.csv": 10}


def test_a_file_that_grew_gives_its_new_lines_and_no_gap(workspace: Path) -> None:
    """Appending is what logs do: the old lines are duplicates, the new ones lookups."""
    drop(workspace, "march.csv", ROWS[:20])
    scan(workspace)
    drop(workspace, "march.csv", ROWS[:26])
    told = scan(workspace)
    assert taken(told) == {"march.csv": 6}
    assert notes_of(told) == []


@pytest.mark.parametrize(
    ("rows", "said"), [(ROWS[:5], "shrank from"), (ROWS[:3] + ROWS[30:], "replaced or changed")]
)
def test_a_file_that_lost_lines_is_told(workspace: Path, rows: list[str], said: str) -> None:
    """A known file that is shorter, or other inside, is a gap; what it held is kept."""
    drop(workspace, "march.csv", ROWS[:9])
    scan(workspace)
    drop(workspace, "march.csv", rows)
    notes = notes_of(scan(workspace))
    assert sum(said in note for note in notes) == 1, notes


def test_a_file_that_vanished_is_told_once_and_a_renamed_one_never(workspace: Path) -> None:
    """Rotation gives the same bytes another name; a file that is gone is told by its name."""
    march = drop(workspace, "march.csv", ROWS[:10])
    drop(workspace, "april.csv", ROWS[10:])
    scan(workspace)
    march.rename(march.with_name("march.csv.1"))
    assert notes_of(scan(workspace)) == ["march.csv: read before; nothing changed"]
    (workspace / "drop" / "april.csv").unlink()
    notes = notes_of(scan(workspace))
    assert len(notes) == 1
    assert "april.csv" in notes[0]
    assert notes_of(scan(workspace)) == []


def test_a_file_still_being_written_waits_for_the_next_scan(workspace: Path) -> None:
    """A file written to a moment ago is left alone and named."""
    drop(workspace, "march.csv", ROWS[:10])
    drop(workspace, "april.csv", ROWS[10:], age=0)
    told = scan(workspace)
    assert taken(told) == {"march.csv": 10}
    assert "april.csv: still being written" in json.loads(told.out)["notes"][0]


def test_one_file_that_cannot_be_read_does_not_stop_the_others(workspace: Path) -> None:
    """It is named with its reason, the rest is judged, and the scan ends with 3."""
    drop(workspace, "a.csv", ROWS[:10])
    (workspace / "drop" / "b.csv").write_bytes(b"\x1f\x8b\x08\x00\x00")
    os.utime(workspace / "drop" / "b.csv", (0, 0))
    drop(workspace, "c.csv", ROWS[10:])
    told = scan(workspace)
    assert told.code == 3
    assert taken(told) == {"a.csv": 10, "c.csv": 30}
    assert any("b.csv" in note and "gzip" in note for note in json.loads(told.out)["notes"])


def test_a_source_that_is_overdue_makes_the_scan_incomplete(workspace: Path) -> None:
    """A source that brings nothing within its hours is told, with code 3."""
    with (workspace / "auditwatch.toml").open("a") as file:
        file.write("overdue_hours = 24\n")
    drop(workspace, "a.csv", ROWS, age=30 * 3600)
    told = scan(workspace)
    assert told.code == 3
    assert "overdue" in json.loads(told.out)["notes"][0]


def test_a_misspelt_setting_of_a_source_is_named(workspace: Path) -> None:
    """The nearest right word is offered, code 2."""
    with (workspace / "auditwatch.toml").open("a") as file:
        file.write("setle_seconds = 10\n")
    told = scan(workspace)
    assert told.code == 2
    assert "settle_seconds" in told.err
