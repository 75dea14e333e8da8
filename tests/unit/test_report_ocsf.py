from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.findings_fabric import (
    Fabric,
    decided,
    gathered,
    hit,
    lookup,
    make_fabric,
    night_of,
    result,
    surprise,
    verdict,
)
from tests.ocsf_essentials import faults

from auditwatch.cli import cli
from auditwatch.config import make_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    """Three nights: one rule twice, a forbidden use that was decided, a pattern of 25 lookups."""
    root = tmp_path_factory.mktemp("ocsf")
    make_workspace(root)
    rows = [lookup(day, 1, "CANARY-T1", "CANARY-P1") for day in range(2)]
    rows += [lookup(2, n, "CANARY-T2", "CANARY-P2") for n in range(25)]
    bidi = lookup(2, 40, "CANARY-T3", "CANARY-P3", reason="\u202e=cmd\r\n<13>1 forged")
    forbidden = verdict(bidi, "forbidden", story="pair", severity="high")
    nights = [
        result(night_of(0), gathered(night_of(0), rows[:1], hits=[hit(rows[0], "colleague")])),
        result(night_of(1), gathered(night_of(1), rows[1:2], hits=[hit(rows[1], "colleague")])),
        result(
            night_of(2),
            gathered(night_of(2), [*rows[2:], bidi], [forbidden], surprises=[surprise(rows[2:27])]),
        ),
    ]
    made = make_fabric(root, [*rows, bidi], nights)
    (forbids,) = (one for one in made.store.findings() if one.kind == "policy")
    decided(made.store, forbids.finding_id, "misuse", "seen", "lead")
    yield made
    made.store.close()


def told(fabric: Fabric, *more: str) -> str:
    """Return what the command writes."""
    arguments = ["-w", str(fabric.workspace.root), "report", "ocsf", *more]
    return CliRunner().invoke(cli, arguments, catch_exceptions=False).stdout


def test_every_finding_is_a_sound_detection_finding(fabric: Fabric) -> None:
    """Class 2004 of 1.8.0: nothing required is missing, nothing unknown is there."""
    events = [json.loads(line) for line in told(fabric).splitlines()]
    assert len(events) == len(fabric.store.findings()) == 3
    assert [fault for event in events for fault in faults(event)] == []
    assert told(fabric) == told(fabric)


def test_it_says_what_became_of_a_finding(fabric: Fabric) -> None:
    """New ones are created, grown ones updated, decided ones closed with a verdict."""
    events = {
        json.loads(line)["finding_info"]["types"][0]: json.loads(line)
        for line in told(fabric).splitlines()
    }
    assert events["rule"]["activity_name"] == "Update"
    assert events["pattern"]["activity_name"] == "Create"
    assert (events["policy"]["activity_name"], events["policy"]["verdict"]) == (
        "Close",
        "True Positive",
    )
    assert events["policy"]["unmapped"]["disposition"] == "misuse"


def test_evidence_has_file_and_line_and_is_cut_with_its_number(fabric: Fabric) -> None:
    """Twenty records at most, and how many there are."""
    events = [json.loads(line) for line in told(fabric).splitlines()]
    (pattern,) = (one for one in events if one["unmapped"]["kind"] == "pattern")
    assert len(pattern["evidences"]) == 20
    assert pattern["finding_info"]["related_events_count"] == 25
    assert {one["data"]["file"] for one in pattern["evidences"]} == {"cad_export_2026-03-05.csv"}
    assert pattern["evidences"][-1]["data"]["line"] == 2026


def test_identities_are_masked_and_lines_are_whole(fabric: Fabric) -> None:
    """No canary of the trail and no character that tears a line."""
    text = told(fabric)
    assert "CANARY" not in text
    assert text.isascii()
    assert "CANARY-T1" in told(fabric, "--reveal", "--reason", "hearing")


def test_one_night_has_what_it_brought(fabric: Fabric) -> None:
    """New and grown of that night only, and which of them is new."""
    events = [json.loads(line) for line in told(fabric, "--night", night_of(1)).splitlines()]
    assert [(one["finding_info"]["types"], one["activity_name"]) for one in events] == [
        (["rule"], "Update")
    ]
