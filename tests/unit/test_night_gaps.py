"""What is missing from a trail, from its files to the findings and the night report."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from auditwatch.config import Workspace, find_workspace, make_workspace
from auditwatch.engine.lake import Lake
from auditwatch.findings.store import Store
from auditwatch.night import Request, run_scan
from auditwatch.report.night import write_night

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditwatch.findings.model import Finding
    from auditwatch.night import Scan

pytestmark = pytest.mark.usefixtures("unscored")

START = datetime(2026, 2, 2, 8, tzinfo=UTC)  # midnight on the agency's clock
FIELDS = ("event_id", "event_time", "operator_id", "system", "transaction", "subject_id", "reason")
Row = dict[str, str]


def trail(days: int, *, per_hour: int = 4, seed: int = 1) -> list[Row]:
    """Return numbered lookups, some each hour."""
    draw = random.Random(seed)
    rows = []
    for hour in range(days * 24):
        for second in sorted(draw.sample(range(3600), draw.randint(per_hour - 2, per_hour + 2))):
            time = START + timedelta(hours=hour, seconds=second)
            rows.append(
                {
                    "event_id": f"{len(rows):06d}",
                    "event_time": f"{time:%Y-%m-%dT%H:%M:%SZ}",
                    "operator_id": f"T{draw.randint(1, 9)}",
                    "system": "DMV",
                    "transaction": "RQ",
                    "subject_id": f"P{draw.randint(1, 10**6)}",
                    "reason": draw.choice(["traffic stop", "stolen vehicle", "welfare check"]),
                }
            )
    return rows


def local_night(row: Row) -> str:
    """Return the agency's date of a lookup."""
    return f"{datetime.fromisoformat(row['event_time']) - timedelta(hours=8):%Y-%m-%d}"


def damaged() -> list[Row]:
    """Return four weeks with an outage of six hours and one record taken out."""
    outage = {f"2026-02-24T{hour}" for hour in range(17, 23)}
    rows = [row for row in trail(26) if row["event_time"][:13] not in outage]
    for number, row in enumerate(rows):
        row["event_id"] = f"{number:06d}"
    del rows[1200]
    return rows


def write(path: Path, rows: Sequence[Row], fields: Sequence[str] = FIELDS) -> Path:
    """Write a canonical file."""
    lines = [",".join(row[name] for name in fields) for row in rows]
    path.write_text("\n".join([",".join(fields), *lines, ""]))
    return path


def new_workspace(root: Path, settings: str = "") -> Workspace:
    """Make a workspace."""
    make_workspace(root)
    with (root / "auditwatch.toml").open("a") as file:
        file.write(settings)
    return find_workspace(root, root)


def scan(workspace: Workspace, *files: Path) -> Scan:
    """Scan files."""
    return run_scan(workspace, Request(files=files), lambda *_: None)


def gaps(workspace: Workspace) -> list[Finding]:
    """Return the findings about the trail itself."""
    with Store(workspace.database) as store:
        found = store.findings(kinds=("gap",))
    return [one for one in found if not one.rule_id.startswith("missing:")]


def told(workspace: Workspace) -> set[tuple[str, str, tuple[str, ...]]]:
    """Return id, night and sentences of the gaps, without what says where a line stood."""
    return {
        (one.finding_id, one.night, tuple(said.split(" (line")[0] for said in one.reasons))
        for one in gaps(workspace)
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, unscored: None) -> Workspace:
    """The damaged trail scanned as one file."""
    del unscored
    folder = tmp_path_factory.mktemp("whole")
    workspace = new_workspace(folder / "w")
    scan(workspace, write(folder / "trail.csv", damaged()))
    return workspace


def test_an_outage_and_a_record_taken_out_are_findings(whole: Workspace) -> None:
    """Each with its night, its numbers, what would explain it, and below questions on people."""
    found = {one.rule_id: one for one in gaps(whole)}
    assert set(found) == {"silent_hours", "missing_number"}
    silence = found["silent_hours"]
    assert silence.night == "2026-02-24"
    assert "from 2026-02-24 09:00 to the end of 2026-02-24 14:00" in silence.reasons[0]
    assert all(one.counter_evidence and one.priority < 500 for one in found.values())
    assert "between 001199 and 001201" in found["missing_number"].reasons[0]


def test_however_a_trail_is_cut_the_same_is_missing(whole: Workspace, tmp_path: Path) -> None:
    """Two files under other names, the later one first, and a second scan: the same findings."""
    rows = damaged()
    workspace = new_workspace(tmp_path / "w")
    scan(
        workspace,
        write(tmp_path / "later.csv", rows[1200:]),
        write(tmp_path / "first.csv", rows[:1200]),
    )
    assert told(workspace) == told(whole)


def test_scanning_each_night_finds_what_one_scan_of_all_finds(
    whole: Workspace, tmp_path: Path
) -> None:
    """No night is judged by its future: delivered day by day, the same gaps come out."""
    rows = damaged()
    workspace = new_workspace(tmp_path / "w")
    days = [0, 21, 22, 23, 27]
    for first, after in pairwise(days):
        since, until = (f"{START + timedelta(days=day):%Y-%m-%dT%H}" for day in (first, after))
        part = [row for row in rows if since <= row["event_time"] < until]
        scan(workspace, write(tmp_path / f"{first}.csv", part))
    assert told(workspace) == told(whole)


def test_silent_nights_bear_the_same_dates_wherever_they_are_told(tmp_path: Path) -> None:
    """An office that rests on Sundays: finding, note and number speak of all nights without any."""
    away = {f"2026-02-{day:02d}" for day in (8, 14, 15, 16)}  # two Sundays, a Saturday, a Monday
    rows = [row for row in trail(17, per_hour=2) if local_night(row) not in away]
    workspace = new_workspace(tmp_path / "w")
    notes = scan(workspace, write(tmp_path / "t.csv", rows)).notes
    (found,) = (one for one in gaps(workspace) if one.rule_id == "silent_night")
    assert found.title.endswith("2026-02-14 to 2026-02-16")
    assert "3 nights have no record at all: 2026-02-14 to 2026-02-16" in found.reasons[0]
    assert "1 of them on weekdays that never had any" in found.reasons[0]
    assert any("not one lookup of 2026-02-14 to 2026-02-16" in note for note in notes)


def test_the_night_report_shows_what_is_missing_apart(whole: Workspace) -> None:
    """The page says so in its first lines, then what, how likely, and what may explain it."""
    with Store(whole.database) as store:
        page = write_night(store, Lake(whole.lake), whole, "2026-02-24", whole.masker())
    text = page.read_text()
    assert "The trail has a gap" in text
    assert "What is missing from the trail" in text
    assert "odds below one in a million" in text
    assert "planned maintenance" in text


def test_a_column_that_is_no_longer_exported_is_a_finding(tmp_path: Path) -> None:
    """The delivery after the one that had it is named, and the field."""
    workspace = new_workspace(tmp_path / "w")
    rows = trail(4)
    half = len(rows) // 2
    scan(workspace, write(tmp_path / "clets-2026-02.csv", rows[:half]))
    less = [name for name in FIELDS if name != "reason"]
    scan(workspace, write(tmp_path / "clets-2026-03.csv", rows[half:], less))
    (gap,) = gaps(workspace)
    assert gap.rule_id == "stopped_column"
    assert "clets-2026-03.csv has no reason" in gap.reasons[0]


def test_a_column_that_is_masked_from_now_on_is_a_finding(tmp_path: Path) -> None:
    """A source that was masked from the start is none; one that begins to mask is."""
    workspace = new_workspace(tmp_path / "w")
    rows = trail(3)
    for row in rows:
        row["subject_id"] = "***"
    half = len(rows) // 2
    for row in rows[half:]:
        row["operator_id"] = "REDACTED"
    scan(workspace, write(tmp_path / "clets-2026-02.csv", rows[:half]))
    assert gaps(workspace) == []
    scan(workspace, write(tmp_path / "clets-2026-03.csv", rows[half:]))
    (gap,) = gaps(workspace)
    assert gap.rule_id == "faded_column"
    assert "operator_id" in gap.reasons[0]


@pytest.mark.parametrize(("seconds", "kinds"), [(41, ["clock_skew"]), (3, [])])
def test_two_sources_whose_clocks_differ_are_a_finding(
    tmp_path: Path, seconds: int, kinds: list[str]
) -> None:
    """The same lookups in two sources, 41 seconds apart, are; three seconds apart are not."""
    settings = "".join(
        f'[sources.{name}]\nfiles = "{name}.csv"\nsettle_seconds = 0\n'
        for name in ("cad", "switch")
    )
    workspace = new_workspace(tmp_path / "w", settings)
    rows = trail(2)
    write(workspace.root / "cad.csv", rows)
    late = []
    for row in rows:
        time = datetime.fromisoformat(row["event_time"]) + timedelta(seconds=seconds)
        changed = {"event_id": f"S{row['event_id']}", "event_time": f"{time:%Y-%m-%dT%H:%M:%SZ}"}
        late.append({**row, **changed})
    write(workspace.root / "switch.csv", late)
    scan(workspace)
    found = gaps(workspace)
    assert [one.rule_id for one in found] == kinds
    assert all(
        "switch tells the same lookups 41.0 s later than cad" in str(one.reasons) for one in found
    )
