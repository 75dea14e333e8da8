"""Message keys that no catalogue knows: counted in the night report, never a finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import auditwatch

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "event_time,operator_id,operator_unit,operator_role,system,transaction,purpose,reason\n"
#: A purpose that no permit of the unit covers, and a unit that no permit names.
ROWS = (
    "2026-03-14T09:00:00-07:00,T1,patrol-north,officer,DMV,IV,J,traffic stop on Main St\n"
    "2026-03-14T09:30:00-07:00,T1,patrol-north,officer,DMV,IV,C,traffic stop on Main St\n"
    "2026-03-14T10:00:00-07:00,T2,motor-pool,officer,DMV,L1,C,traffic stop on Main St\n"
    "2026-03-14T10:30:00-07:00,T2,motor-pool,officer,DMV,,C,traffic stop on Main St\n"
)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace that judged a night of local keys."""
    folder = tmp_path_factory.mktemp("unmapped")
    (folder / "night.csv").write_text(HEADER + ROWS)
    auditwatch("init", folder / "w")
    assert auditwatch("-w", folder / "w", "scan", folder / "night.csv").code == 0
    return folder / "w"


def test_unknown_keys_make_no_finding(scanned: Path) -> None:
    """Whatever purpose or unit stands beside it, a key that nobody knows accuses nobody."""
    told = auditwatch("-w", scanned, "findings", "list", "--json")
    assert json.loads(told.out) == []


def test_unknown_keys_are_counted_in_the_night_report(scanned: Path) -> None:
    """The report names each key with its number of lookups."""
    report = scanned / "report.html"
    told = auditwatch("-w", scanned, "report", "night", "-o", report)
    assert told.code == 0
    page = report.read_text()
    assert "<bdi>IV</bdi> (2 lookups)" in page
    assert "<bdi>L1</bdi> (1 lookup)" in page


def test_a_mapping_file_makes_them_known(tmp_path: Path) -> None:
    """With the keys said in a mapping file the same trail is judged in full."""
    (tmp_path / "night.csv").write_text(HEADER + ROWS)
    (tmp_path / "agency.yml").write_text("transactions: {IV: RQ, L1: QW}\n")
    auditwatch("init", tmp_path / "w")
    mapped = ("--mapping", tmp_path / "agency.yml")
    assert auditwatch("-w", tmp_path / "w", "scan", tmp_path / "night.csv", *mapped).code == 0
    told = auditwatch("-w", tmp_path / "w", "findings", "list", "--json")
    assert len(json.loads(told.out)) > 0
