"""Everything that is wrong with a pack, at once; each check fires on its fault and nowhere else."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tests.rule_bench import PERMIT, RULE, SHIPPED, Told, make_pack, runner

from auditwatch.check import load_rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EXCEPTION = """\
kind: exception
id: EX-1
because: A week of inventory.
ticket: MEMO-1
lifts: {permits: [PATROL-GUNS]}
only: {operators: [T1], purposes: [C]}
effective: {from: "2026-03-10", until: "2026-03-11"}
requested_by: Sgt. Lee
approved: {by: Lt. Moreno, date: "2026-03-01"}
ceiling: {lookups_a_night: 2, severity: high}
"""
DECISIONS = """\
kind: decisions
decisions:
  - title: a permit at work
    lookup: {operator_unit: patrol-north, transaction: QG, purpose: C, case_id: 26-00417}
    verdict: permitted PATROL-GUNS
  - title: a forbid at work
    lookup: {operator_unit: licensing, transaction: QG}
    verdict: forbidden NO-WEEKENDS
"""
CLEAN = {
    "detections__gun-query": RULE,
    "permits__guns": PERMIT.replace(
        '{from: "2026-01-01", until: "2026-07-01"}', '{from: "2026-01-01"}'
    ),
    "exceptions__ex": EXCEPTION,
    "tests__guns": DECISIONS,
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """The command in this process."""
    return runner(capsys)


def clean_pack(folder: Path, **changed: str) -> Path:
    """Write a pack without any warning, with some files written otherwise."""
    pack = make_pack(folder, **(CLEAN | changed))
    (pack / "detections/gun.yml").unlink()
    (pack / "detections/many.yml").unlink()
    return pack


def codes(told: Told) -> set[str]:
    """Return the codes of all problems but notes about requirements of the catalogue."""
    return {one["code"] for one in told.json["problems"]} - {"AW-LINT-210"}


def test_a_pack_that_is_right_has_no_problem(run: Callable[..., Told], tmp_path: Path) -> None:
    """What the checks below spoil is without a warning before."""
    told = run("rules", "lint", clean_pack(tmp_path / "p"), "--json")
    assert told.code == 0
    assert codes(told) == set()


R, P, X, T = CLEAN
SPOILED: dict[str, tuple[str, str, str]] = {
    "AW-LINT-002": (R, "known", "no"),
    "AW-LINT-101": (R, "gun and (late or known)", "gun and known"),
    "AW-LINT-102": (R, "local_hour|gte: 22", "local_hour|gte: 0"),
    "AW-LINT-103": (R, "{transaction: QG}", "{reason_state: plaecholder}"),
    "AW-LINT-104": (R, "{transaction: QG}", "{reason_norm|re: 'Gun'}"),
    "AW-LINT-105": (R, "{transaction: QG}", '{transaction: "QG "}'),
    "AW-LINT-106": (R, "gun and (late or known)", "gun and not gun and late and known"),
    "AW-LINT-108": (R, "{transaction: QG}", "{transaction: [QG, qg]}"),
    "AW-LINT-109": (R, "fires: false", "fires: true"),
    "AW-LINT-117": (R, "{local_hour|gte: 22}", "{local_hour|gte: 22, local_hour|lt: 22}"),
    "AW-LINT-110": (R, "title: by day", "title: late"),
    "AW-LINT-111": (R, "asked for a gun", "violated policy"),
    "AW-LINT-112": (R, "A sample.", "TODO"),
    "AW-LINT-113": (R, " on {night}", ""),
    "AW-LINT-114": (R, "status:", "date: 2026-02-01\nmodified: 2026-01-01\nstatus:"),
    "AW-LINT-115": (R, "status: test", "status: deprecated"),
    "AW-LINT-116": (R, "name: gun-query", "name: guns"),
    "AW-LINT-201": (T, "permitted PATROL-GUNS", "permitted"),
    "AW-LINT-202": (P, "for: [C]", "for: [C, U]"),
    "AW-LINT-203": (P, "[QG]}\n    for", "[QG], systems: [ALPR]}\n    for"),
    "AW-LINT-205": (P, "authority: A sample.\n    verified: agency\n    who", "who"),
    "AW-LINT-206": (P, "agency\n    who: {units: [patrol]}", "U\n    who: {units: [patrol]}"),
    "AW-LINT-207": (X, "{operators: [T1], purposes: [C]}", "{units: [traffic]}"),
    "AW-LINT-208": (X, "lookups_a_night: 2", "lookups_a_night: 5000"),
    "AW-LINT-209": (X, "2026-03", "2025-03"),
}  # fmt: skip


@pytest.mark.parametrize("code", SPOILED)
def test_each_check_fires_on_its_fault_alone(
    run: Callable[..., Told], tmp_path: Path, code: str
) -> None:
    """A fault brings its own code, and no check fires that has nothing to do with it."""
    name, right, wrong = SPOILED[code]
    assert right in CLEAN[name]
    pack = clean_pack(tmp_path / "p", **{name: CLEAN[name].replace(right, wrong)})
    told = run("rules", "lint", pack, "--json", "--fail-on", "info")
    found = codes(told)
    assert found == {code}
    assert told.code == 1
    file = f"{name.replace('__', '/')}.yml"
    assert {one["file"] for one in told.json["problems"] if one["code"] == code} <= {
        file,
        "permits/guns.yml",
    }


def test_two_rules_that_ask_the_same_are_told(run: Callable[..., Told], tmp_path: Path) -> None:
    """The second of two rules with one condition is shown, with the first one's name."""
    other = RULE.replace("gun-query", "gun-again").replace("a001", "a009")
    told = run(
        "rules", "lint", clean_pack(tmp_path / "p", **{"detections__gun-again": other}), "--json"
    )
    assert codes(told) == {"AW-LINT-107"}


def test_a_permit_within_another_is_told(run: Callable[..., Told], tmp_path: Path) -> None:
    """A permit that asks for more and covers less is needless; the wider one is not."""
    permits = CLEAN["permits__guns"].split("forbids:")
    narrow = (
        permits[0].split("permits:\n")[1]
        .replace("PATROL-GUNS", "NORTH-GUNS")
        .replace("[patrol]", "[patrol-north]")
        .replace("[case_number, incident_number]", "[case_number]")
    )  # fmt: skip
    pack = clean_pack(tmp_path / "p", permits__guns=permits[0] + narrow + "forbids:" + permits[1])
    told = run("rules", "lint", pack, "--json")
    assert codes(told) == {"AW-LINT-201", "AW-LINT-204"}
    assert all(
        "'NORTH-GUNS'" in one["what"] for one in told.json["problems"] if "210" not in one["code"]
    )


FAULTS = {
    "detections__a": "x: [",
    "detections__gun-query": RULE.replace("level: low", "levle: low"),
    "permits__guns": PERMIT.replace("for: [C]", "for: [QX]").replace("y: low", "y: huge"),
    "tests__guns": "kind: tests\n",
    "exceptions__ex": EXCEPTION.replace("Lt. Moreno", "Sgt. Lee"),
}  # fmt: skip


def test_every_fault_is_shown_at_once(run: Callable[..., Told], tmp_path: Path) -> None:
    """Faults of several files, and of several entries of one, come in one look, by place."""
    told = run("rules", "lint", make_pack(tmp_path / "p", **FAULTS), "--json")
    errors = [one for one in told.json["problems"] if one["level"] == "error"]
    assert told.code == 2
    assert [(one["file"], one["code"]) for one in errors] == [
        ("detections/a.yml", "AW-YAML-001"),
        ("detections/gun-query.yml", "AW-YAML-006"),
        ("permits/guns.yml", "AW-RULES-004"),
        ("permits/guns.yml", "AW-RULES-004"),
        ("tests/guns.yml", "AW-RULES-004"),
    ]


def test_the_first_fault_is_the_loader_s(run: Callable[..., Told], tmp_path: Path) -> None:
    """What a scan would refuse first is among the faults, word for word."""
    pack = make_pack(tmp_path / "p", detections__gun=RULE.replace("status: test", "status: tset"))
    with pytest.raises(Exception, match="AW-RULES-004") as caught:
        load_rules(pack)
    told = run("rules", "lint", pack)
    assert told.code == 2
    assert str(caught.value).split(": ", 1)[1].split(" [")[0] in told.out


def test_fixes_change_how_a_file_is_read_and_not_what_it_says(
    run: Callable[..., Told], tmp_path: Path
) -> None:
    """Codes and keys get quotes, comments stay, and a second run changes nothing."""
    text = (
        RULE.replace("owner: auditor", "owner: NO  # nobody yet")
        .replace(" late: {", " on: {")
        .replace("(late", "(on")
    )
    text = text.replace("{transaction: QG}", "{transaction: [QG, 0123]}")
    pack = clean_pack(tmp_path / "p", **{"detections__gun-query": text})
    told = run("rules", "lint", pack, "--fix")
    assert told.code == 0, told.out
    made = (pack / "detections/gun-query.yml").read_text()
    assert 'owner: "NO"  # nobody yet' in made
    assert '{transaction: [QG, "0123"]}' in made
    assert '"on": {local_hour|gte: 22}' in made
    assert run("rules", "lint", pack, "--fix").err == ""


def test_an_editor_s_text_is_looked_at_before_it_is_saved(
    run: Callable[..., Told], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--stdin` takes one file's content, shows its problems alone, and writes nothing."""
    pack = clean_pack(tmp_path / "p", permits__guns=PERMIT.replace("for: [C]", "for: [C, U]"))
    typed = RULE.replace("gun and (late or known)", "gun and known").encode()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(typed)))
    told = run("rules", "lint", pack, "--json", "--stdin", "detections/gun-query.yml")
    assert codes(told) == {"AW-LINT-101"}
    assert (pack / "detections/gun-query.yml").read_text() == RULE


@pytest.mark.parametrize("name", ["self-lookup.yml", "../elsewhere.yml", "detections/page.md"])
def test_a_file_of_no_pack_is_refused(run: Callable[..., Told], tmp_path: Path, name: str) -> None:
    """An editor that sends a file from elsewhere is told, rather than that all is well."""
    told = run("rules", "lint", clean_pack(tmp_path / "p"), "--stdin", name)
    assert (told.code, told.out, "AW-BENCH-009" in told.err) == (2, "", True)


def test_a_comment_keeps_a_warning_away(run: Callable[..., Told], tmp_path: Path) -> None:
    """Only the code that the comment names, and only at its line."""
    text = RULE.replace("gun and (late or known)", "gun and known")
    kept = text.replace("  late: {", "  # both, later. lint: ignore AW-LINT-101\n  late: {")
    other = text.replace("  late: {", "  # both, later. lint: ignore AW-LINT-102\n  late: {")
    pack = clean_pack(tmp_path / "p", **{"detections__gun-query": kept})
    assert run("rules", "lint", pack).code == 0
    (pack / "detections/gun-query.yml").write_text(other)
    assert run("rules", "lint", pack).code == 1


def test_other_programs_read_the_problems(run: Callable[..., Told], tmp_path: Path) -> None:
    """SARIF names rule, level, file, line and column; GitHub gets an annotation a problem."""
    text = RULE.replace("gun and (late or known)", "gun and known")
    pack = clean_pack(tmp_path / "p", **{"detections__gun-query": text})
    log: Any = json.loads(run("rules", "lint", pack, "--format", "sarif").out)
    results = [one for one in log["runs"][0]["results"] if one["ruleId"] == "AW-LINT-101"]
    (place,) = results[0]["locations"]
    assert results[0]["level"] == "warning"
    assert place["physicalLocation"]["region"] == {"startLine": 9, "startColumn": 3}
    assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("detections/gun-query.yml")
    lines = run("rules", "lint", pack, "--format", "github").out.splitlines()
    (line,) = (one for one in lines if one.startswith("::warning"))
    assert ",line=9,col=3,title=AW-LINT-101::the condition does not name" in line


@pytest.mark.parametrize("pack", [SHIPPED, *sorted((SHIPPED.parent / "packs").iterdir())])
def test_the_shipped_packs_are_clean(run: Callable[..., Told], pack: Path) -> None:
    """No shipped pack has a warning."""
    assert run("rules", "lint", pack).code == 0


def test_a_folder_that_is_no_pack_is_refused(run: Callable[..., Told], tmp_path: Path) -> None:
    """An empty folder is no pack without problems."""
    told = run("rules", "lint", tmp_path)
    assert (told.code, told.out) == (2, "")
    assert "AW-RULES-001" in told.err


def test_a_list_without_entries_is_refused(run: Callable[..., Told], tmp_path: Path) -> None:
    """A rule that expands an empty list could never hold."""
    pack = clean_pack(tmp_path / "p")
    path = pack / "catalogue/lists/staff.yml"
    path.write_text("kind: list\nname: staff\nmatch: word\nmeans: Nobody.\n")
    told = run("rules", "lint", pack)
    assert told.code == 2
    assert "lists/staff.yml:1:1: error: the list 'staff' has no entries [AW-RULES-002]" in told.out
