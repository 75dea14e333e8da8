"""Journals through a whole scan: what stands in them is judged, and reads well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import auditwatch

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMPLES = Path(__file__).parents[2] / "sample_logs"
#: Sample to its lines by class, and its lookups.
SOURCES = {
    "clets_journal.csv": ("clets-journal", 8, 2, 1, 2, 1, 6),
    "mobile_chain.csv": ("mobile-chain", 10, 2, 1, 1, 0, 4),
    "nc_chri.csv": ("nc-chri", 5, 5, 1, 1, 0, 5),
    "nlets.txt": ("nlets-text", 10, 6, 1, 1, 0, 8),
}
ROSTER = """\
operator_id,role,unit,subject_id,surname,plate
T4471,officer,patrol-north,"P-ROE,SAMPLE B/1990-01-02",ROE,000 ZZZ
T5120,officer,patrol-south,,,
D0902,dispatcher,dispatch,,,
TQ,records_clerk,records,,,
MS,personnel_clerk,personnel,,,
"""


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace that judged all journals of the samples with a roster."""
    folder = tmp_path_factory.mktemp("journals")
    (folder / "roster.csv").write_text(ROSTER)
    auditwatch("init", folder / "w")
    files = [SAMPLES / name for name in SOURCES]
    told = auditwatch(
        "-w", folder / "w", "scan", *files, "--roster", folder / "roster.csv", "--json"
    )
    assert told.code == 3  # the samples hold far more damaged lines than a source may
    return folder / "w"


def _findings(workspace: Path) -> list[Mapping[str, object]]:
    """Return all findings."""
    told = auditwatch(
        "-w", workspace, "findings", "export", "--format", "json", "--reveal", "--reason", "test"
    )
    found: list[Mapping[str, object]] = json.loads(told.out)
    return found


def test_every_line_of_a_journal_has_its_place(scanned: Path) -> None:
    """The account of each sample is the one that a person counts."""
    files = [SAMPLES / name for name in SOURCES]
    told = auditwatch("-w", scanned, "ingest", "--json", *files)
    names = ("format", "accepted", "rejected", "blank", "header", "duplicate", "lookups")
    found = {
        one["name"]: tuple(one[name] for name in names) for one in json.loads(told.out)["sources"]
    }
    assert found == SOURCES


def test_one_vehicle_is_one_subject_in_all_journals(scanned: Path) -> None:
    """The operator's own plate, as the roster has it, is met in switch, archive and client."""
    own = [one for one in _findings(scanned) if "own vehicle" in str(one["reasons"])]
    assert [one["operator_ids"] for one in own] == [["T4471"]]
    (events,) = (one["event_ids"] for one in own)
    assert isinstance(events, list)
    assert len(events) == 3


def test_a_day_without_an_hour_is_shown_as_a_day(scanned: Path) -> None:
    """A finding on the statutory log says that its hour was not kept, never midnight."""
    hiring = [one for one in _findings(scanned) if "TQ" in str(one["operator_ids"])]
    assert hiring
    for one in hiring:
        told = auditwatch("-w", scanned, "findings", "show", str(one["finding_id"]))
        assert "hour not kept" in told.out
        assert "00:00" not in told.out
