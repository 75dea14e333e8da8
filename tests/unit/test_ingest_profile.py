"""Columns that do not say what their name promises: masks, and one value in every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditwatch.config import Settings
from auditwatch.ingest import SourceRead, read_source

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "event_id,event_time,operator_id,system,subject_id,reason\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an empty catalogue."""
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "transactions.yml").write_text("transactions: []\n")
    return tmp_path


def read(folder: Path, subjects: list[str], reason: str = "stop {n}") -> SourceRead:
    """Read a file with these subjects, one record each."""
    path = folder / "trail.csv"
    rows = (
        f"A{n},2026-03-14T02:{n // 60:02d}:{n % 60:02d}Z,T{n % 7},DMV,{one},{reason.format(n=n)}\n"
        for n, one in enumerate(subjects)
    )
    path.write_text(HEADER + "".join(rows))
    return read_source(path, Settings(), rules=folder)


def told(found: SourceRead) -> dict[str, str]:
    """Return the gaps by kind."""
    return {gap["kind"]: gap["detail"] for gap in found.gaps.to_pylist()}


@pytest.mark.parametrize("mask", ["***", "* * *", "###", "REDACTED", "[redacted]", " (Masked) "])
def test_a_mask_is_no_subject_and_is_told(folder: Path, mask: str) -> None:
    """What a mask hides is not one subject whom everybody looks up; how many there are is said."""
    found = read(folder, [mask, "V-1", mask, "V-2"])
    assert found.lookups["subject_id"].to_pylist() == [None, "V-1", None, "V-2"]
    assert "subject_id: 2 of 4 records" in told(found)["masked_values"]


@pytest.mark.parametrize("plate", ["9ZZ*", "*", "REDACTED-1", "#12", "V-REDACTED"])
def test_what_only_looks_like_a_mask_is_a_subject(folder: Path, plate: str) -> None:
    """A plate with a wildcard is what was searched for, not a mask."""
    found = read(folder, [plate])
    assert found.lookups["subject_id"].to_pylist() == [plate]
    assert told(found) == {}


def test_a_column_of_one_value_is_told(folder: Path) -> None:
    """A reason that is the same in a hundred records was written by nobody who typed it."""
    same = read(folder, [f"V-{n}" for n in range(120)], "official use")
    assert told(same) == {
        "one_value": "reason: all 120 records hold the same value; the column was overwritten "
        "before release, or the export is of one alone"
    }
    assert told(read(folder, [f"V-{n}" for n in range(120)])) == {}
    assert told(read(folder, [f"V-{n}" for n in range(20)], "official use")) == {}
