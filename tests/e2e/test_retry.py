"""Refused lines are read again when they can be: once, on the record, and nothing else changes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from auditwatch.core.schema import GAPS, LOOKUPS, REJECTS
from auditwatch.engine.lake import Lake
from auditwatch.findings.store import Store
from tests.e2e.conftest import Told, auditwatch

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "event_id,event_time,operator_id,terminal,system,transaction,reason\n"
GOOD = "A%d,2026-03-14T02:11:%02d-07:00,T1,M,NLETS,RQ,stop\n"
LONG = "L1,2026-03-15T02:11:00-07:00,T1,M,NLETS,RQ,%s\n" % ("x" * 3000)
TWICE = "A2,2026-03-14T02:11:02-07:00,T1,M,NLETS,RQ,%s\n" % ("y" * 3000)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a workspace that refuses records above 2,000 bytes, and has read such."""
    assert auditwatch("init", tmp_path / "w").code == 0
    rows = [HEADER, GOOD % (1, 1), LONG, GOOD % (2, 2), TWICE, "never,never,T1,M,NLETS,RQ,\n"]
    (tmp_path / "t.csv").write_text("".join(rows))
    limit(tmp_path, 2000)
    assert auditwatch("-w", tmp_path / "w", "ingest", tmp_path / "t.csv").code == 3
    return tmp_path


def limit(place: Path, size: int) -> None:
    """Set the longest record."""
    settings = place / "w" / "auditwatch.toml"
    lines = settings.read_text().splitlines()
    changed = [f"record_bytes_max = {size}" if "record_bytes" in one else one for one in lines]
    settings.write_text("\n".join(changed) + "\n")


def retry(place: Path, *more: object) -> Told:
    """Read refused records again."""
    return auditwatch("-w", place / "w", "rejects", "retry", "--json", place / "t.csv", *more)


def stored(place: Path) -> tuple[list[str], list[str]]:
    """Return ids of all lookups and reasons of all rejects in the lake."""
    lake = Lake(place / "w" / "lake")
    ids, codes = lake.read(LOOKUPS)["event_id"], lake.read(REJECTS)["reason_code"]
    return sorted(ids.to_pylist()), sorted(codes.to_pylist())


def test_what_is_readable_now_is_added_once(place: Path) -> None:
    """A longer limit lets one record in; one is a duplicate; what is still bad stays refused."""
    assert stored(place) == (["A1", "A2"], ["bad_time", "too_long", "too_long"])
    limit(place, 8000)
    for number in range(3):
        told = retry(place)
        assert told.code == 0, told.err
        account = json.loads(told.out)["sources"][0]
        names = ("lines", "accepted", "rejected", "blank", "header", "duplicate", "lookups")
        assert [account[name] for name in names] == [6, 3, 1, 0, 1, 1, 3]
        assert account["rejects"] == {"bad_time": 1}
        assert stored(place) == (["A1", "A2", "L1"], ["bad_time"])
        assert ("1 added, 1 known" in told.err) == (number == 0)
    with Store(place / "w" / "findings.db") as store:
        assert [action.action for action in store.journal()] == ["retry"] * 3


def test_a_copy_that_contradicts_is_noted_when_it_can_be_read(place: Path) -> None:
    """The second line of one record gives another reason: a gap of its night, noted once."""
    limit(place, 8000)
    for _ in range(2):
        assert retry(place).code == 0
        noted = Lake(place / "w" / "lake").read(GAPS).to_pylist()
        (said,) = (one["detail"] for one in noted if one["kind"] == "contradicting_copies")
        assert said.startswith("1 record of 2026-03-14 is told twice")
        assert "in t.csv: reason in 1" in said


def test_nothing_changes_when_nothing_can_be_read(place: Path) -> None:
    """With the same settings the same lines are refused."""
    before = stored(place)
    assert "0 added, 0 known already, 3 still refused" in retry(place).err
    assert stored(place) == before


@pytest.mark.parametrize("fails", ["lookups", "sources", "rejects"])
def test_a_crash_is_finished_by_doing_it_again(place: Path, fails: str) -> None:
    """Stopped before any of its commits, the next retry leaves what one would have left."""
    limit(place, 8000)
    script = place / "stopped.py"
    script.write_text(
        "import os, sys\n"
        "from auditwatch.engine.lake import Lake\n"
        "from auditwatch.cli import main\n"
        f"def stop(honest):\n"
        f"    def write(self, table, *rest, **more):\n"
        f"        if table.name == {fails!r}: os._exit(9)\n"
        f"        return honest(self, table, *rest, **more)\n"
        f"    return write\n"
        "for name in ('_commit', '_write'): setattr(Lake, name, stop(getattr(Lake, name)))\n"
        "main(sys.argv[1:])\n"
    )
    command = [str(place / "w"), "rejects", "retry", str(place / "t.csv")]
    done = subprocess.run([sys.executable, script, "-w", *command], check=False, timeout=100)
    assert done.returncode == 9
    told = retry(place)
    assert told.code == 0, told.err
    account = json.loads(told.out)["sources"][0]
    assert (account["accepted"], account["rejected"], account["duplicate"]) == (3, 1, 1)
    assert stored(place) == (["A1", "A2", "L1"], ["bad_time"])


def test_another_file_is_refused(place: Path) -> None:
    """Bytes that were never read cannot be read again."""
    (place / "t.csv").write_text(HEADER + GOOD % (9, 9))
    told = retry(place)
    assert (told.code, "AW-INGEST-033" in told.err) == (2, True)


def test_a_file_that_is_gone_cannot_be_tried_again(place: Path) -> None:
    """The message says why what is kept of a record is too little; a copy will do."""
    limit(place, 8000)
    (place / "t.csv").rename(place / "moved.csv")
    told = retry(place)
    assert told.code == 2
    assert "lacks the file's header" in " ".join(told.err.split())
    (place / "t.csv").symlink_to(place / "moved.csv")
    assert retry(place).code == 0
    assert stored(place)[0] == ["A1", "A2", "L1"]
