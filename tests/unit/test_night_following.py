"""Drop folders over several scans: what logs do by themselves is no gap, all else is a finding."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.findings_fabric import decided

from auditwatch.config import Workspace, find_workspace, make_workspace
from auditwatch.core.clock import now
from auditwatch.core.schema import LOOKUPS
from auditwatch.engine.lake import Lake
from auditwatch.findings.store import Store
from auditwatch.night import Request, run_scan
from auditwatch.night import following as drop_folders

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.findings.model import Finding
    from auditwatch.night import Scan

pytestmark = pytest.mark.usefixtures("unscored")

HEADER = "event_id,event_time,operator_id,system\n"
START = datetime(2026, 3, 2, 18, tzinfo=UTC)
SOURCES = '\n[sources.journal]\nfiles = "drop/*"\nformat = "csv"\nsettle_seconds = 0\n'


def lines(first: int, after: int, *, apart: timedelta = timedelta(hours=1)) -> str:
    """Return numbered lookups, an hour apart."""
    times = ((n, START + n * apart) for n in range(first, after))
    return "".join(f"E{n:05},{time:%Y-%m-%dT%H:%M:%SZ},T1,NLETS\n" for n, time in times)


@dataclass
class Folder:
    """A workspace that follows one drop folder."""

    root: Path

    @property
    def workspace(self) -> Workspace:
        """The workspace with its settings as they are now."""
        return find_workspace(self.root, self.root)

    def put(self, name: str, text: str, *, age_days: float = 1) -> Path:
        """Write a file as if it had been written some days ago."""
        path = self.root / "drop" / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        written = now().timestamp() - age_days * 86_400
        os.utime(path, (written, written))
        return path

    def scan(self) -> Scan:
        """Scan without files."""
        return run_scan(self.workspace, Request(), lambda *_: None)

    def gaps(self) -> list[Finding]:
        """Return the gap findings that are about the trail itself."""
        with Store(self.workspace.database) as store:
            found = store.findings(kinds=("gap",))
        return [one for one in found if not one.rule_id.startswith("missing:")]

    def kinds(self) -> list[str]:
        """Return the kinds of gap found, sorted."""
        return sorted(one.rule_id for one in self.gaps())

    def lookups(self) -> int:
        """Return how many lookups the lake holds."""
        return Lake(self.workspace.lake).read(LOOKUPS).num_rows


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A workspace that follows an empty drop folder."""
    root = make_workspace(tmp_path / "w")
    with (root / "auditwatch.toml").open("a") as file:
        file.write(SOURCES)
    (root / "drop").mkdir()
    return Folder(root)


def test_a_log_that_grows_and_is_rotated_is_no_gap(folder: Folder) -> None:
    """Renamed with its last lines still to come, begun anew, later packed: each lookup once."""
    log = folder.put("x.log", HEADER + lines(0, 30))
    folder.scan()
    log.rename(log.with_name("x.log.1"))
    folder.put("x.log.1", HEADER + lines(0, 36))
    folder.put("x.log", HEADER + lines(36, 40))
    folder.scan()
    assert (folder.lookups(), folder.kinds()) == (40, [])
    (folder.root / "drop" / "x.log.1").unlink()
    folder.put("x.log.1.gz", HEADER + lines(0, 36))
    folder.scan()
    assert (folder.lookups(), folder.kinds()) == (40, [])


def test_a_log_that_is_copied_and_emptied_is_no_gap(folder: Folder) -> None:
    """After copytruncate the same name, the same inode, begins from nothing."""
    log = folder.put("x.log", HEADER + lines(0, 30))
    folder.scan()
    folder.put("x.log.1", HEADER + lines(0, 30))
    log.write_bytes(b"")
    assert not folder.scan().incomplete
    folder.put("x.log", HEADER + lines(30, 35))
    folder.scan()
    assert (folder.lookups(), folder.kinds()) == (35, [])


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (HEADER + lines(0, 20), "shrunk_file"),
        ("", "shrunk_file"),
        (HEADER + lines(0, 10) + lines(11, 40), "replaced_file"),
        (HEADER + lines(20, 30) + lines(0, 20), "reordered_file"),
    ],
)
def test_a_known_file_that_is_not_what_it_was_is_a_finding(
    folder: Folder, after: str, kind: str
) -> None:
    """Each way has its own kind, is found once, keeps its id, and takes no lookup away."""
    folder.put("x.log", HEADER + lines(0, 30))
    folder.scan()
    folder.put("x.log", after)
    folder.scan()
    first = folder.gaps()
    folder.scan()
    assert [one.rule_id for one in first] == [kind]
    assert [one.finding_id for one in folder.gaps()] == [one.finding_id for one in first]
    assert "x.log" in first[0].reasons[0]
    assert first[0].counter_evidence
    assert folder.lookups() >= 30


def test_a_file_that_is_gone_is_a_finding(folder: Folder) -> None:
    """Its name is told; a second scan does not tell it again."""
    folder.put("a.csv", HEADER + lines(0, 30))
    folder.put("b.csv", HEADER + lines(30, 60)).unlink()
    b = folder.put("b.csv", HEADER + lines(30, 60))
    folder.scan()
    b.unlink()
    folder.scan()
    folder.scan()
    (gap,) = folder.gaps()
    assert (gap.rule_id, gap.severity) == ("vanished_file", "medium")
    assert "b.csv" in gap.reasons[0]


def test_the_same_file_under_another_name_changes_nothing(folder: Folder) -> None:
    """A copy, and a packed copy, bring no lookup; only the packed one is told as overlapping."""
    folder.put("a.csv", HEADER + lines(0, 30))
    folder.scan()
    folder.put("copy.csv", HEADER + lines(0, 30))
    folder.scan()
    assert (folder.lookups(), folder.kinds()) == (30, [])
    folder.put("packed.csv.gz", HEADER + lines(0, 30))
    folder.scan()
    assert (folder.lookups(), folder.kinds()) == (30, ["overlapping_file"])


def test_monthly_files_that_overlap_are_one_finding_that_stays_decided(folder: Folder) -> None:
    """It grows with each file, and is not asked again once somebody has decided it."""
    folder.put("m1.csv", HEADER + lines(0, 30))
    folder.put("m2.csv", HEADER + lines(25, 60))
    folder.scan()
    (gap,) = folder.gaps()
    assert (gap.rule_id, gap.severity) == ("overlapping_file", "informational")
    with Store(folder.workspace.database) as store:
        decided(store, gap.finding_id, "explained", "cut in UTC", "reviewer")
    folder.put("m3.csv", HEADER + lines(55, 120))
    folder.scan()
    (again,) = folder.gaps()
    assert (again.finding_id, again.status) == (gap.finding_id, "decided")
    assert again.night > gap.night


def test_records_from_long_before_what_was_delivered_are_a_finding(folder: Folder) -> None:
    """Up to a week late is normal; older records that come later are not."""
    folder.put("a.csv", HEADER + lines(24 * 14, 24 * 15))
    folder.scan()
    folder.put("b.csv", HEADER + lines(24 * 9, 24 * 10))
    folder.scan()
    assert "backdated_file" not in folder.kinds()
    folder.put("c.csv", HEADER + lines(24, 48))
    folder.scan()
    assert "backdated_file" in folder.kinds()


def test_a_new_file_with_an_old_date_is_a_finding(folder: Folder) -> None:
    """A file dated weeks before those that were read was put there later, or its date was set."""
    folder.put("a.csv", HEADER + lines(0, 30))
    folder.scan()
    folder.put("b.csv", HEADER + lines(30, 60), age_days=30)
    folder.scan()
    assert folder.kinds() == ["backdated_file"]


def test_records_dated_after_their_file_are_a_finding(folder: Folder) -> None:
    """Nobody can have looked something up a week after the log was written."""
    written = (now() - (START + timedelta(days=1))) / timedelta(days=1)
    folder.put("a.csv", HEADER + lines(0, 24), age_days=written)
    folder.scan()
    assert folder.kinds() == []
    folder.put("b.csv", HEADER + lines(24, 24 * 8), age_days=written)
    folder.scan()
    assert folder.kinds() == ["future_records"]


def test_an_overdue_source_is_one_finding(folder: Folder) -> None:
    """It stays one while nothing comes, whatever other scans run meanwhile."""
    with (folder.root / "auditwatch.toml").open("a") as file:
        file.write("overdue_hours = 24\n")
    folder.put("a.csv", HEADER + lines(0, 30), age_days=0.5)
    assert not folder.scan().incomplete
    folder.put("a.csv", HEADER + lines(0, 30), age_days=3)
    for _ in range(2):
        assert folder.scan().incomplete
    (gap,) = folder.gaps()
    assert gap.rule_id == "overdue_source"
    assert "journal: overdue, nothing came since" in gap.reasons[0]


def test_a_link_is_left_alone(folder: Folder, tmp_path: Path) -> None:
    """Nobody can have another file read by putting a link into the drop folder."""
    (tmp_path / "secret.csv").write_text(HEADER + lines(0, 30))
    (folder.root / "drop" / "l.csv").symlink_to(tmp_path / "secret.csv")
    notes = folder.scan().notes
    assert any("l.csv: a link, left alone" in note for note in notes)
    assert folder.lookups() == 0


@pytest.mark.parametrize("event", ["grow", "delete", "replace"])
def test_what_happens_between_look_and_read_is_seen(
    folder: Folder, event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Growth goes on next time, a file gone is told, another file in its place is read next."""
    path = folder.put("x.log", HEADER + lines(0, 20))
    look = drop_folders.look

    def looked(workspace: Workspace) -> drop_folders.Followed:
        found = look(workspace)
        if event == "grow":
            folder.put("x.log", HEADER + lines(0, 25), age_days=0.5)
        elif event == "delete":
            path.unlink()
        else:
            path.rename(path.with_name("x.log.1"))
            folder.put("x.log", HEADER + lines(20, 40), age_days=0.5)
        return found

    monkeypatch.setattr("auditwatch.night.reading.look", looked)
    first = folder.scan()
    assert first.incomplete == (event == "delete")
    monkeypatch.undo()
    folder.scan()
    assert folder.lookups() == {"grow": 25, "delete": 0, "replace": 40}[event]
    assert folder.kinds() == []


def test_a_folder_of_many_files_is_looked_at_in_seconds(folder: Folder) -> None:
    """Three thousand known files are looked at without opening one."""
    drop = folder.root / "drop"
    for n in range(3_000):
        (drop / f"{n}.csv").write_text("x\n")
    looked = drop_folders.look(folder.workspace)
    assert len(looked.wanted) == 3_000


def test_half_a_last_line_is_no_record(folder: Folder) -> None:
    """Even where nothing waits for files to settle; once it has stood for long, it is one."""
    folder.put("x.log", HEADER + lines(0, 20) + "E00020,2026-03-0", age_days=0)
    notes = folder.scan().notes
    assert any("x.log: its last line is still being written" in note for note in notes)
    assert folder.lookups() == 0
    folder.put("x.log", HEADER + lines(0, 21), age_days=0)
    folder.scan()
    assert folder.lookups() == 21
    folder.put("x.log", HEADER + lines(0, 22).rstrip("\n"), age_days=0.5)
    folder.scan()
    assert folder.lookups() == 22


def test_half_a_line_written_while_others_are_read_is_left(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written between looking and reading waits for the next scan, whole."""
    folder.put("x.log", HEADER + lines(0, 20))
    look = drop_folders.look

    def looked(workspace: Workspace) -> drop_folders.Followed:
        found = look(workspace)
        folder.put("x.log", HEADER + lines(0, 21)[:-9], age_days=0.5)
        return found

    monkeypatch.setattr("auditwatch.night.reading.look", looked)
    scan = folder.scan()
    assert [account["lines"] for account in scan.accounts] == [21]
    assert folder.lookups() == 20
    monkeypatch.undo()
    folder.put("x.log", HEADER + lines(0, 21))
    folder.scan()
    assert (folder.lookups(), folder.kinds()) == (21, [])
