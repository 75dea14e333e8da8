"""The shipped pack on logs of other kinds, through the command line alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import auditwatch, export
from tests.e2e.test_policy import row, write_trail

SAMPLES = Path(__file__).parents[2] / "sample_logs"


def findings(workspace: Path) -> dict[str, list[str]]:
    """Return the lookups of each finding of policy or rules, by what found it."""
    found: dict[str, list[str]] = {}
    for line in export(workspace).splitlines():
        one: dict[str, Any] = json.loads(line)
        if one["kind"] != "pattern":
            found.setdefault(one["rule_id"], []).extend(one["event_ids"])
    return {name: sorted(names) for name, names in found.items()}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A new workspace."""
    assert auditwatch("init", tmp_path / "w").code == 0
    return tmp_path / "w"


def test_face_searches_are_read_by_a_mapping_and_judged(workspace: Path, tmp_path: Path) -> None:
    """A probe with a reason for an open case is permitted; the others are asked about."""
    log = SAMPLES / "face_recognition.csv"
    cases = tmp_path / "cases.csv"
    cases.write_text(
        "case_id,opened,unit\n26-00417,2026-01-02,investigations\n"
        "26-00431,2026-01-02,crime-analysis\n",
        "utf-8",
    )
    told = auditwatch(
        "-w", workspace, "scan", log, "--mapping", f"{log}.mapping.yml", "--cases", cases
    )
    assert told.code == 3, "the sample has a line that is rejected"
    found = findings(workspace)
    assert {name: ids for name, ids in found.items() if not name.startswith("missing")} == {
        "FACE-SEARCHES:justification_missing": ["FR-2026-000420", "FR-2026-000421"],
        "NO-FACE-SEARCHES-ELSEWHERE": ["FR-2026-000422"],
        "face-search-without-case": ["FR-2026-000421", "FR-2026-000422"],
        "protected-topic": ["FR-2026-000421"],
    }


def test_plate_searches_are_decided_without_purpose_codes(workspace: Path, tmp_path: Path) -> None:
    """An export that has no codes lacks nothing; with a roster searches are permitted."""
    roster = tmp_path / "roster.csv"
    log = SAMPLES / "flock_organization_audit.xlsx"
    expected = json.loads((SAMPLES / f"{log.name}.expected.json").read_text("utf-8"))
    names = {one["operator_id"] for one in expected["lookups"] if one.get("operator_id")}
    lines = [f'"{name}",patrol-north,officer' for name in sorted(names)]
    roster.write_text("\n".join(["operator_id,unit,role", *lines]) + "\n", "utf-8")
    told = auditwatch("-w", workspace, "scan", log, "--roster", roster)
    assert told.code in (0, 3), told.err
    assert "missing:field:purpose" not in findings(workspace)
    verdicts = auditwatch("-w", workspace, "rules", "verdicts", "--json")
    assert "permitted" in {one["verdict"] for one in json.loads(verdicts.out)}


def test_an_account_used_during_leave_and_numbers_that_settle_nothing(
    workspace: Path, tmp_path: Path
) -> None:
    """Suspension is read from the roster; a case that lists nobody is no missing table."""
    trail = write_trail(
        tmp_path / "trail.csv",
        [
            row(1, "2026-03-10T10:00:00-07:00"),
            row(2, "2026-03-12T10:00:00-07:00"),
            row(3, "2026-03-12T11:00:00-07:00", transaction="DQ", reason="", case_id="26-00417"),
        ],
    )
    (tmp_path / "roster.csv").write_text(
        "operator_id,unit,suspended_from,suspended_until\nA1,crime-analysis,2026-03-11,2026-03-20\n",
        "utf-8",
    )
    (tmp_path / "cases.csv").write_text("case_id,opened\n26-00417,2026-01-02\n", "utf-8")
    context = ("--roster", tmp_path / "roster.csv", "--cases", tmp_path / "cases.csv")
    told = auditwatch("-w", workspace, "scan", trail, *context)
    assert told.code == 0, told.err
    found = findings(workspace)
    assert found["lookup-while-suspended"] == ["E000002", "E000003"]
    assert found["missing:silent:cases"] == ["E000003"]
    assert "the table of cases does not say enough about them" in export(workspace)
