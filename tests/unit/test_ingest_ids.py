"""One record or two: the source's own id together with the time, in whatever order they come."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from auditwatch.config import Settings
from auditwatch.core.schema import LOOKUPS
from auditwatch.engine.lake import Lake
from auditwatch.ingest import SourceRead, read_source, store_source

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "event_id,event_time,operator_id,terminal,system,transaction\n"
EARLY, LATE, LATER = (f"7,2026-03-14T20:00:0{n}Z,T{n},M,NLETS,RQ\n" for n in (1, 2, 3))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a small catalogue."""
    (tmp_path / "catalogue").mkdir()
    catalogue = "transactions:\n  - {key: RQ, followed_by: [DQ]}\n  - {key: DQ}\n"
    (tmp_path / "catalogue" / "transactions.yml").write_text(catalogue)
    return tmp_path


def read(folder: Path, *rows: str) -> SourceRead:
    """Read some rows as a file."""
    path = folder / "trail.csv"
    path.write_text(HEADER + "".join(rows))
    return read_source(path, Settings(), rules=folder)


def shown(rows: list[dict[str, object]]) -> dict[object, object]:
    """Return who made the lookup of each id."""
    return {row["event_id"]: row["operator_id"] for row in rows}


@pytest.mark.parametrize("order", list(permutations([EARLY, LATE, LATER])))
def test_records_that_share_an_id_at_different_times_are_all_kept(
    folder: Path, order: tuple[str, ...]
) -> None:
    """The earliest keeps the id and the others get their time, wherever they stand in the file."""
    found = read(folder, *order)
    assert shown(found.lookups.to_pylist()) == {
        "7": "T1",
        "7@1773518402000000": "T2",
        "7@1773518403000000": "T3",
    }
    assert found.source["duplicate"].to_pylist() == [0]


def test_the_same_id_at_the_same_time_is_one_record(folder: Path) -> None:
    """The first line counts and the second is a duplicate, among others that share the id too."""
    found = read(folder, LATE, EARLY, LATE)
    assert found.lookups["line"].to_pylist() == [2, 3]
    assert found.source["duplicate"].to_pylist() == [1]


def test_an_id_that_looks_like_one_made_here_is_not_taken_for_it(folder: Path) -> None:
    """A source cannot hide a record behind the id that another one would be given."""
    posing = LATER.replace("7,", "7@1773518402000000,", 1)
    found = read(folder, EARLY, LATE, posing)
    assert len(set(found.lookups["event_id"].to_pylist())) == 3


@pytest.mark.parametrize("files", list(permutations([(EARLY,), (LATE, LATER), (EARLY, LATER)])))
def test_an_id_used_again_in_another_file_hides_nothing(
    folder: Path, files: tuple[tuple[str, ...], ...]
) -> None:
    """However files with one id come, each of its times is stored once."""
    lake = Lake(folder / "lake")
    duplicates = 0
    for rows in files:
        account = store_source(read(folder, *rows), lake).account
        duplicates += account["duplicate"]
    stored = lake.read(LOOKUPS).to_pylist()
    assert sorted(str(row["operator_id"]) for row in stored) == ["T1", "T2", "T3"]
    assert len({row["event_id"] for row in stored}) == 3
    assert duplicates == 2


def test_a_cascade_names_its_head_by_the_id_it_is_stored_under(folder: Path) -> None:
    """When the head's id was taken at another time, its follow-ups name the new one."""
    lake = Lake(folder / "lake")
    store_source(read(folder, EARLY.replace("T1", "T9")), lake)
    head, tail = LATE, "8,2026-03-14T20:00:05Z,T2,M,NLETS,DQ\n"
    store_source(read(folder, head, tail), lake)
    rows = {row["event_id"]: row for row in lake.read(LOOKUPS).to_pylist()}
    assert rows["8"]["lookup_id"] == "7@1773518402000000"
    assert rows["8"]["lookup_id"] in rows
