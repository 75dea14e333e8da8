"""Columns that do not say what their name promises: masks, and one value in every row."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditwatch.config import Settings, shipped_rules
from auditwatch.core.cells import STATES
from auditwatch.core.errors import RuleError
from auditwatch.core.redaction import is_mask
from auditwatch.ingest import SourceRead, read_source

HEADER = "event_id,event_time,operator_id,system,subject_id,reason\n"


#: Cells of each state, for a reason.
CELLS = {
    "value": ["stolen veh", "26-00417", "9ZZ*", "fi", "PC 459"],
    "empty": ["", "  "],
    "masked": ["***", "[REDACTED]", "REDACTED as asked", "GC 7923.600", "# # #"],
    "placeholder": [".", "n/a", "Test", "-"],
}
CELL = st.sampled_from([(state, cell) for state, cells in CELLS.items() for cell in cells])


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


@settings(max_examples=50)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=30))
def test_every_cell_is_counted_in_its_state_and_no_mask_becomes_a_key(
    rows: list[tuple[tuple[str, str], tuple[str, str]]],
) -> None:
    """The counts of a column add up to its records; of a mask only that it was there is kept."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow([*HEADER.strip().split(","), "case_id"])
    for n, ((_, reason), (_, case)) in enumerate(rows):
        lines.writerow([f"A{n}", "2026-03-14T02:00:00Z", "T1", "DMV", case, reason, case])
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "trail.csv"
        path.write_text(out.getvalue(), "utf-8")
        found = read_source(path, Settings(), rules=shipped_rules())
    fields = json.loads(found.source["field_states"][0].as_py())
    for field, at in (("reason", 0), ("case_id", 1)):
        wanted = {state: sum(row[at][0] == state for row in rows) for state in STATES}
        assert {state: fields[field][state] for state in STATES} == wanted
    assert fields["purpose"] == "not_exported"
    subjects = found.lookups["subject_id"].to_pylist()
    assert not [one for one in subjects if one and is_mask(one)]
    for ((state, cell), (of_case, _)), row in zip(rows, found.lookups.to_pylist(), strict=True):
        assert is_mask(row["reason_norm"] or "") == (state == "masked")
        assert row["reason"] == (cell if cell.strip() else None)
        assert is_mask(row["case_id"] or "") == (of_case == "masked")
        assert (row["case_id"] is None) == (of_case in ("empty", "placeholder"))


@pytest.mark.parametrize("mask", ["***", "Exempt GC 7923.600", "-"])
def test_masked_ids_make_no_duplicates(folder: Path, mask: str) -> None:
    """An id that was masked in every record is no id: each record gets one of its own."""
    path = folder / "trail.csv"
    rows = [f"{mask},2026-03-14T02:00:{n:02d}Z,T{n},DMV,V-{n},stop\n" for n in range(5)]
    path.write_text(HEADER + "".join(rows))
    found = read_source(path, Settings(), rules=shipped_rules())
    assert len(set(found.lookups["event_id"].to_pylist())) == 5
    assert found.source["duplicate"][0].as_py() == 0


def test_a_masked_operator_is_still_a_lookup(folder: Path) -> None:
    """Who asked is hidden; what was asked, when and why is not."""
    path = folder / "trail.csv"
    path.write_text(HEADER + "A1,2026-03-14T02:00:00Z,***,DMV,V-1,stop\n")
    found = read_source(path, Settings(), rules=folder)
    assert found.lookups["operator_id"].to_pylist() == ["***"]
    assert found.rejects.num_rows == 0


def test_two_masked_operators_are_not_one_who_is_followed(folder: Path) -> None:
    """A follow-up belongs to the lookup of the same person; behind a mask nobody knows."""
    (folder / "catalogue" / "transactions.yml").write_text(
        "transactions: [{key: RQ, followed_by: [DQ]}, {key: DQ}]\n"
    )
    path = folder / "trail.csv"
    for operator, heads in (("T1", ["A1", "A1"]), ("***", ["A1", "A2"])):
        rows = [
            f"A{n},2026-03-14T02:00:0{n}Z,{operator},NLETS,{key},V-1\n"
            for n, key in enumerate(("RQ", "DQ"), start=1)
        ]
        path.write_text("event_id,event_time,operator_id,system,transaction,subject_id\n")
        path.write_text(path.read_text() + "".join(rows))
        found = read_source(path, Settings(), rules=folder)
        assert found.lookups["lookup_id"].to_pylist() == heads


@pytest.mark.parametrize("entries", ["entries: x", "entries: ['']", "entries: ['(?=a)']"])
def test_a_list_of_masks_that_cannot_be_used_is_refused(folder: Path, entries: str) -> None:
    """A mistake in the list is told with its place; the source is not read by half a list."""
    lists = folder / "catalogue" / "lists"
    lists.mkdir()
    (lists / "masks.yml").write_text(f"kind: list\n{entries}\n")
    with pytest.raises(RuleError) as told:
        read(folder, ["V-1"])
    assert told.value.code == "AW-INGEST-034"
    assert "masks.yml" in told.value.where
