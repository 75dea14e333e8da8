"""Into the lake once: repeats, overlaps and crashes leave the same lookups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditwatch.config import Settings
from auditwatch.core.schema import GAPS, LOOKUPS, REJECTS, SOURCES
from auditwatch.engine.lake import Lake
from auditwatch.ingest import SourceRead, read_source, store_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from auditwatch.core.schema import Table

HEADER = "event_id,event_time,operator_id,system\n"
ROWS = [f"A{n},2026-03-{14 + n % 2}T20:00:{n:02d}Z,T1,NLETS\n" for n in range(10)]


class PowerCutError(Exception):
    """Nothing more happens."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an empty catalogue."""
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "transactions.yml").write_text("transactions: []\n")
    return tmp_path


def _read(folder: Path, name: str, rows: list[str]) -> SourceRead:
    """Read some rows as a file."""
    path = folder / name
    path.write_text(HEADER + "".join(rows))
    return read_source(path, Settings(), rules=folder)


def _ids(lake: Lake) -> list[str]:
    """Return the ids of all stored lookups."""
    return sorted(lake.read(LOOKUPS, columns=["event_id"])["event_id"].to_pylist())


def test_a_file_read_again_changes_nothing(folder: Path) -> None:
    """The second time is told from the first, whatever the file is called."""
    lake = Lake(folder / "lake")
    first = store_source(_read(folder, "a.csv", [*ROWS, "bad\n"]), lake)
    again = store_source(_read(folder, "b.csv", [*ROWS, "bad\n"]), lake)
    assert (first.fresh, again.fresh) == (True, False)
    assert again.account == first.account
    assert first.account["rejects"] == {"fields_few": 1}
    assert len(_ids(lake)) == 10
    assert lake.read(SOURCES).num_rows == 1
    assert lake.read(REJECTS).num_rows == 1


def test_overlapping_files_are_stored_once(folder: Path) -> None:
    """Records that an earlier file brought are duplicates, and the account still adds up."""
    lake = Lake(folder / "lake")
    store_source(_read(folder, "a.csv", ROWS[:6]), lake)
    account = store_source(_read(folder, "b.csv", ROWS[4:]), lake).account
    assert _ids(lake) == [f"A{n}" for n in range(10)]
    counted = [account[name] for name in ("accepted", "rejected", "blank", "header", "duplicate")]
    assert (counted, account["lines"]) == ([4, 0, 0, 1, 2], 7)
    assert (account["lookups"], account["first"][:10]) == (4, "2026-03-14")


@pytest.mark.parametrize("fails", ["lookups", "rejects", "gaps", "sources"])
def test_a_crash_is_finished_by_the_next_run(
    folder: Path, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever storing stops, doing it again leaves what one run would have left."""
    rows = [*(f"B{n:03},2026-03-14T20:00:00Z,T1,NLETS\n" for n in range(30)), "bad\n"]
    rows.append("B030,2026-03-14T20:00:00Z,***,NLETS\n")  # a mask is noted as a gap
    read = _read(folder, "a.csv", rows)
    whole = Lake(folder / "whole")
    wanted = store_source(read, whole).account
    lake = Lake(folder / "lake")

    def failing(honest: Callable[..., object]) -> Callable[..., object]:
        def write(lake: Lake, table: Table, *rest: object) -> object:
            if table.name == fails:
                raise PowerCutError
            return honest(lake, table, *rest)

        return write

    with monkeypatch.context() as patch:
        for name in ("append", "_commit"):
            patch.setattr(Lake, name, failing(getattr(Lake, name)))
        with pytest.raises(PowerCutError):
            store_source(read, lake)
    stored = store_source(read, lake)
    assert stored.fresh
    assert stored.account == wanted
    for table in (LOOKUPS, REJECTS, GAPS, SOURCES):
        assert lake.read(table).num_rows == whole.read(table).num_rows > 0


def test_a_file_of_known_records_alone_is_remembered(folder: Path) -> None:
    """A file that brings nothing new leaves its account and no lookups."""
    lake = Lake(folder / "lake")
    store_source(_read(folder, "a.csv", ROWS), lake)
    account = store_source(_read(folder, "b.csv", ROWS[:3]), lake).account
    assert (account["duplicate"], account["lookups"], account["first"]) == (3, 0, None)
    assert lake.read(SOURCES).num_rows == 2
