"""Sources that do not say what their columns promise, from the file to the night report."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

from tests.e2e.conftest import auditwatch, export

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "event_id,event_time,operator_id,system,transaction,subject_kind,subject_id,purpose,reason,"
    "case_id"
)
RULE = "plate-read-without-purpose"
Cell = "Callable[[int], str]"


def write(path: Path, operator: Cell, subject: Cell, reason: Cell, case: Cell) -> Path:
    """Write a log of 120 plate-read searches of one night."""
    lines = []
    for n in range(120):
        time = f"2026-03-14T{n // 60 + 8:02d}:{n % 60:02d}:00-07:00"
        typed = f"{subject(n)},,{reason(n)},{case(n)}"
        lines.append(f"{path.stem}-{n},{time},{operator(n)},ALPR,PLATE,vehicle,{typed}")
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def scan(folder: Path, *files: Path) -> tuple[list[dict[str, object]], str]:
    """Scan files in a new workspace; return the findings and the words of the night report."""
    workspace = folder / "w"
    assert auditwatch("init", workspace).code == 0
    for path in files:
        told = auditwatch("-w", workspace, "scan", path)
        assert told.code == 0, told.err
    (page,) = (workspace / "reports").glob("*.html")
    words = " ".join(html.unescape(re.sub("<[^>]+>", " ", page.read_text())).split())
    return [json.loads(line) for line in export(workspace).splitlines()], words


def test_an_overwritten_reason_leaves_rules_blind_and_is_reported(tmp_path: Path) -> None:
    """The same words in every row were written by nobody: neither a good reason nor none."""
    path = write(
        tmp_path / "released.csv",
        lambda n: f"T{n % 9}",
        lambda n: f"V-{n}",
        lambda _: ".",
        lambda _: "",
    )
    findings, words = scan(tmp_path, path)
    assert {one["rule_id"] for one in findings if one["kind"] != "gap"} == set()
    assert (
        "released.csv : not exported: operator_role, operator_unit, requester_id, agency, terminal,"
        in words
    )
    said = "reason holds one value in every record, as if overwritten before release"
    because = f"Because {said} (released.csv) , some lookups could not be decided by"
    assert because in words
    assert "(120 lookups)" in words.partition(because)[2].partition(".")[0]


def test_the_same_reasons_typed_by_people_are_violations(tmp_path: Path) -> None:
    """A full stop here and there is a placeholder that someone typed: the rule speaks."""
    path = write(
        tmp_path / "own.csv",
        lambda n: f"T{n % 9}",
        lambda n: f"V-{n}",
        lambda n: "." if n % 2 else "stolen veh",
        lambda _: "",
    )
    findings, words = scan(tmp_path, path)
    events = [one["event_ids"] for one in findings if one["rule_id"] == RULE]
    assert sum(map(len, events)) == 60  # type: ignore[arg-type]
    assert "reason is a placeholder in 60 of 120 records" in words


def test_a_masked_network_audit_accuses_nobody(tmp_path: Path) -> None:
    """Operators, plates, reasons and cases behind masks: read in full, judged in nothing."""
    path = write(
        tmp_path / "network.csv",
        lambda _: "***",
        lambda _: "REDACTED",
        lambda n: ("[REDACTED]", "REDACTED as asked by the agency")[n % 2],
        lambda _: "GC 7923.600",
    )
    findings, words = scan(tmp_path, path)
    assert {one["kind"] for one in findings} <= {"gap"}
    assert not [one for one in findings if one["operator_ids"] or one["subject_ids"]]
    assert "operator_id is masked in every record (***)" in words
    assert "reason is masked in every record (REDACTED …, [REDACTED])" in words
    assert "asked by the agency" not in words
    assert "The views burst, dossier, harvest, " in words
    assert "could not see: operator_id is masked" in words


def test_ingest_says_what_a_source_does_not_say(tmp_path: Path) -> None:
    """The account tells it in a line to people and in counts to programs."""
    path = write(
        tmp_path / "n.csv", lambda _: "***", lambda n: f"V-{n}", lambda n: f"stop {n}", lambda _: ""
    )
    workspace = tmp_path / "w"
    auditwatch("init", workspace)
    told = auditwatch("-w", workspace, "ingest", path)
    assert "operator_id is masked in every record (***); purpose is empty in every" in told.err
    again = auditwatch("-w", workspace, "ingest", "--json", path)
    fields = json.loads(again.out)["sources"][0]["fields"]
    assert fields["operator_id"]["masks"] == {"***": 120}
    assert fields["terminal"] == "not_exported"
