"""Permitted uses as a captain and a judge would try them, through the command line alone."""

from __future__ import annotations

import csv
import json
import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import auditwatch, export

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Row = dict[str, str]

COLUMNS = (
    "event_id", "event_time", "operator_id", "operator_role", "operator_unit", "agency", "terminal",
    "system", "transaction", "subject_kind", "subject_id", "purpose", "reason", "case_id",
)  # fmt: skip

AMENDED = """\
kind: permits
permits:
  - id: PLATES-FOR-ANALYSTS
    says: Analysts may search plate reads with a reason.
    effective: {from: "2026-01-01"}
    approved: {by: Capt. R. Ito, date: "2025-12-12", document: GO-12.3}
    who: {units: [analysis]}
    may: {transactions: [CWQ]}
    for: [C]
    if: {any_of: [reason]}
  - id: PLATES-FOR-ANALYSTS
    replaces: "2026-01-01"
    says: Analysts may search plate reads for a case of their own.
    effective: {from: "2026-07-01"}
    approved: {by: Capt. R. Ito, date: "2026-06-03", document: GO-12.3 r2}
    who: {units: [analysis]}
    may: {transactions: [CWQ]}
    for: [C]
    if: {all_of: [own_case]}
"""
EXCEPTION = """\
kind: exception
id: EX-2026-017
because: Relicensing week, ordered by the sheriff while the fingerprint bureau moves.
ticket: MEMO-26-088
lifts: {forbids: [NO-CARRY-PERMIT-CHECKS], permits: [LICENSING-RETURNS]}
only: {operators: [L1], transactions: [QH]}
effective: {from: "2026-03-02", until: "2026-03-04"}
requested_by: Sgt. Lee
approved: {by: Lt. Moreno, date: "2026-03-01", document: MEMO-26-088}
ceiling: {lookups_a_night: 3, severity: high}
"""


def write_trail(path: Path, rows: Iterable[Row]) -> Path:
    """Write lookups as a canonical CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def row(number: int, time: str, **more: str) -> Row:
    """Return one lookup by an analyst."""
    usual = {
        "event_id": f"E{number:06}", "event_time": time, "operator_id": "A1",
        "operator_role": "analyst", "operator_unit": "crime-analysis", "agency": "CA0990100",
        "terminal": "T-1", "system": "NLETS", "transaction": "CWQ", "subject_kind": "person",
        "subject_id": f"P-{number}", "purpose": "C", "reason": "robbery series",
    }  # fmt: skip
    return usual | more


def findings_of(workspace: Path) -> list[dict[str, Any]]:
    """Return the exported findings."""
    return [json.loads(line) for line in export(workspace).splitlines()]


def verdicts_of(workspace: Path, *options: str) -> dict[tuple[str, str], list[Any]]:
    """Return what ``rules verdicts`` counts, by first night and today's verdict."""
    told = auditwatch("-w", workspace, "rules", "verdicts", "--json", *options)
    assert told.code == 0, told.err
    return {
        (share["first"], share["otherwise"]): [share["verdict"], share["lookups"]]
        for share in json.loads(told.out)
    }


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A new workspace."""
    assert auditwatch("init", tmp_path / "w").code == 0
    return tmp_path / "w"


def test_a_policy_amended_in_mid_year_judges_each_month_by_its_own_text(
    workspace: Path, tmp_path: Path
) -> None:
    """June is judged by June's text and August by August's; what was known in May differs."""
    (workspace / "rules/permits/amended.yml").write_text(AMENDED, "utf-8")
    june = [row(n, f"2026-06-{n:02}T10:00:00-07:00") for n in range(10, 13)]
    august = [row(n, f"2026-08-{n:02}T10:00:00-07:00") for n in range(20, 25)]
    # the last minute of June on the agency's clock is already July in Greenwich
    edge = [row(90, "2026-07-01T06:59:00Z"), row(91, "2026-07-01T07:00:00Z")]
    cases = tmp_path / "cases.csv"
    cases.write_text("case_id,opened\n26-00417,2026-01-01\n", "utf-8")
    trail = write_trail(tmp_path / "trail.csv", [*june, *edge, *august])
    told = auditwatch("-w", workspace, "scan", trail, "--cases", cases)
    assert told.code == 0, told.err
    refused = [f for f in findings_of(workspace) if "PLATES-FOR-ANALYSTS" in f["rule_id"]]
    assert [one["event_ids"] for one in refused] == [["E000020", "E000021", "E000022", "E000023",
                                                      "E000024", "E000091"]]  # fmt: skip
    assert "It would have been permitted with the number of a case" in refused[0]["reasons"][0]
    assert verdicts_of(workspace) == {
        ("2026-06-10", ""): ["permitted", 4],
        ("2026-07-01", ""): ["justification_missing", 6],
    }
    assert verdicts_of(workspace, "--as-known-on", "2026-06-02") == {
        ("2026-06-10", ""): ["permitted", 4],
        ("2026-07-01", "justification_missing"): ["permitted", 6],
    }
    again = auditwatch(
        "-w", workspace, "scan", "--from", "2026-06-01", "--as-known-on", "2026-06-02"
    )
    assert again.code == 0, again.err
    assert "judged as known on 2026-06-02" in again.err
    assert [f for f in findings_of(workspace) if "PLATES-FOR-ANALYSTS" in f["rule_id"]] == []
    assert auditwatch("-w", workspace, "scan", "--as-known-on", "June").code == 2


def test_a_broken_policy_judges_nothing(workspace: Path, tmp_path: Path) -> None:
    """A file with a fault ends the scan with 2 and its place; no lookup is permitted by default."""
    broken = AMENDED.replace("who: {units", "woh: {units", 1)
    (workspace / "rules/permits/amended.yml").write_text(broken, "utf-8")
    trail = write_trail(tmp_path / "trail.csv", [row(1, "2026-06-10T10:00:00-07:00")])
    told = auditwatch("-w", workspace, "scan", trail)
    assert told.code == 2
    assert "permits/amended.yml:7:5: unknown key 'woh' [AW-YAML-006]" in told.err
    assert "did you mean 'who'?" in told.err
    assert export(workspace) == ""


def test_what_an_exception_lifts_stays_in_sight(workspace: Path, tmp_path: Path) -> None:
    """Inside its hours, for its operator and under its ceiling, it lifts; and all of it shows."""
    (workspace / "rules/exceptions").mkdir(exist_ok=True)
    (workspace / "rules/exceptions/one.yml").write_text(EXCEPTION, "utf-8")
    clerk = {
        "operator_id": "L1", "operator_role": "licensing_clerk", "operator_unit": "licensing",
        "system": "III", "transaction": "QH", "purpose": "F", "reason": "ccw renewal",
    }  # fmt: skip
    days = {1: 1, 2: 2, 3: 4, 4: 1}  # lookups of each day of March
    rows = [
        row(100 * day + n, f"2026-03-{day:02}T10:{n:02}:00-08:00", **clerk)
        for day, many in days.items()
        for n in range(many)
    ]
    rows.append(row(900, "2026-03-02T11:00:00-08:00", **(clerk | {"operator_id": "L2"})))
    told = auditwatch("-w", workspace, "scan", write_trail(tmp_path / "trail.csv", rows))
    assert told.code == 0, told.err
    (found,) = [f for f in findings_of(workspace) if f["rule_id"] == "NO-CARRY-PERMIT-CHECKS"]
    # the third was above its ceiling, the fourth is over, L2 was never meant
    assert found["event_ids"] == [
        "E000100", "E000300", "E000301", "E000302", "E000303", "E000400", "E000900",
    ]  # fmt: skip
    assert "Lifted by EX-2026-017: 2 lookups." in found["counter_evidence"]
    assert (found["status"], found["suppressed_by"]) == ("open", "")
    alone = write_trail(tmp_path / "alone.csv", [r for r in rows if r["event_id"] in
                                                 ("E000200", "E000201")])  # fmt: skip
    other = tmp_path / "other"
    assert auditwatch("init", other).code == 0
    (other / "rules/exceptions").mkdir(exist_ok=True)
    (other / "rules/exceptions/one.yml").write_text(EXCEPTION, "utf-8")
    told = auditwatch("-w", other, "scan", alone, "--fail-on", "high")
    assert told.code == 0, "what an exception lifts fails no threshold"
    (lifted,) = [f for f in findings_of(other) if f["rule_id"] == "NO-CARRY-PERMIT-CHECKS"]
    assert (lifted["status"], lifted["suppressed_by"]) == ("suppressed", "EX-2026-017")
    assert lifted["event_ids"] == ["E000200", "E000201"]
    assert auditwatch("-w", other, "findings", "list", "--json").out.strip() == "[]"
    (listed,) = json.loads(auditwatch("-w", other, "rules", "exceptions", "--json").out)
    assert listed["fires_again"] == [lifted["finding_id"]]
    assert listed["until"] == "2026-03-04T00:00"


CHECKS = (
    "CCW renewal", "ccw applicant", "CCW INITIAL APP", "LTC background", "license to carry",
    "concealed carry permit", "carry permit application", "CCW - new", "concealed weapon permit",
)  # fmt: skip
ARRESTS = (
    "ccw arrest", "carrying concealed weapon arrest", "25400 PC CCW", "booking ccw charge",
    "traffic stop, ccw suspect",
)  # fmt: skip
RETURNS = ("firearm return to owner", "LEGR", "gun release", "return of firearm, ccw holder")


def carry_year(checks: int) -> tuple[list[Row], set[str], set[str]]:
    """Return a day a week of a year; the ids of carry-permit checks, and of what is lawful."""
    draw = random.Random(6789)
    first = datetime.fromisoformat("2026-01-01T08:00:00-08:00")
    rows: list[Row] = []
    barred: set[str] = set()

    def add(operator: str, role: str, unit: str, **more: str) -> str:
        number = len(rows)
        time = first + timedelta(weeks=draw.randrange(52), minutes=draw.randrange(540))
        made = {"operator_id": operator, "operator_role": role, "operator_unit": unit}
        made["terminal"] = f"T-{number}"  # nothing here is one keystroke of several lines
        rows.append(row(number, time.isoformat(), **made, **more))
        return rows[-1]["event_id"]

    for _ in range(checks):
        key, system = draw.choice([("QH", "III"), ("QW", "NCIC"), ("DQ", "NLETS")])
        purpose = "F" if draw.random() < 0.8 else "C"
        clerk = f"L{draw.randrange(4)}"
        asked = {"transaction": key, "system": system, "purpose": purpose}
        barred.add(add(clerk, "licensing_clerk", "licensing", reason=draw.choice(CHECKS), **asked))
    for _ in range(checks // 6):
        unit = draw.choice(["patrol-north", "custody", "investigations"])
        asked = {"transaction": "QH", "system": "III", "purpose": "C"}
        add(f"O{draw.randrange(40)}", "officer", unit, reason=draw.choice(ARRESTS), **asked)
    for _ in range(checks // 20):
        asked = {"transaction": "QH", "system": "III", "purpose": "F"}
        clerk = f"L{draw.randrange(4)}"
        add(clerk, "licensing_clerk", "licensing", reason=draw.choice(RETURNS), **asked)
    return rows, barred, {one["event_id"] for one in rows} - barred


def test_a_year_of_carry_permit_checks_is_one_finding(workspace: Path, tmp_path: Path) -> None:
    """6,789 checks are one fault of process; arrests for the crime and returned guns are none."""
    rows, barred, lawful = carry_year(6789)
    assert len(barred) == 6789
    told = auditwatch("-w", workspace, "scan", write_trail(tmp_path / "trail.csv", rows))
    assert told.code == 0, told.err
    ruled = [f for f in findings_of(workspace) if f["kind"] in ("policy", "rule")]
    # each lookup here has a terminal of its own, so that none is folded
    ruled = [f for f in ruled if f["rule_id"] != "many-terminals"]
    holding = [f for f in ruled if set(f["event_ids"]) & barred]
    assert [(f["rule_id"], f["severity"]) for f in holding] == [("NO-CARRY-PERMIT-CHECKS", "high")]
    assert set(holding[0]["event_ids"]) == barred
    assert "licensing, 6,789 lookups by 4 operators" in holding[0]["title"]
    assert [f["rule_id"] for f in ruled if set(f["event_ids"]) & lawful] == []


def test_another_trade_is_a_folder(tmp_path: Path) -> None:
    """A hospital's pack judges looks at patient records; nothing else is installed or changed."""
    workspace = tmp_path / "hospital"
    assert auditwatch("init", workspace, "--rules", "hipaa").code == 0
    nurse = {
        "operator_id": "n4471", "operator_role": "RN", "operator_unit": "", "system": "EHR",
        "transaction": "FHIR.REST.READ", "purpose": "TREAT", "reason": "", "agency": "",
    }  # fmt: skip
    rows = [
        row(1, "2026-03-14T10:00:00-07:00", **nurse, case_id="Encounter/E-1", subject_id="P-1"),
        row(2, "2026-03-14T11:00:00-07:00", **nurse, case_id="Encounter/E-1", subject_id="P-2"),
        row(3, "2026-03-14T12:00:00-07:00", **(nurse | {"purpose": "HMARKT"})),
    ]
    (tmp_path / "roster.csv").write_text("operator_id,unit\nn4471,ward-3\n", "utf-8")
    (tmp_path / "stays.csv").write_text(
        "case_id,opened,unit,subjects\nENCOUNTER/E-1,2026-03-10,ward-3,P-1\n", "utf-8"
    )
    trail = write_trail(tmp_path / "trail.csv", rows)
    context = ("--roster", tmp_path / "roster.csv", "--cases", tmp_path / "stays.csv")
    told = auditwatch("-w", workspace, "scan", trail, *context)
    assert told.code == 0, told.err
    asked = {f["rule_id"]: f["event_ids"] for f in findings_of(workspace) if f["kind"] == "policy"}
    assert asked == {
        "TREATMENT:justification_missing": ["E000002"],
        "NO-MARKETING": ["E000003"],
    }
    refused = auditwatch("init", tmp_path / "x", "--rules", "hippa")
    assert (refused.code, "one of dppa, hipaa" in refused.err) == (2, True)
