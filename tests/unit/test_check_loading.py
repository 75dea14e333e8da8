"""What the loader takes and what it refuses, always with file, line and column."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from auditwatch.check import load_rules
from auditwatch.core.errors import RuleError

SHIPPED = Path(__file__).parents[2] / "rules"

RULE = """\
title: A sample
id: 0b5a4c0e-7f43-4a2e-9a43-0d0f3ac1a001
name: a-sample
status: test
description: A sample.
logsource:
  product: lookups
detection:
  selection:
    purpose: C
  condition: selection
falsepositives:
  - Nothing
level: low
auditwatch:
  story: operator
  owner: auditor
  reason_template: "{operator_id} on {night}."
"""
PERMIT = """\
kind: permits
permits:
  - id: SAMPLE
    says: A sample.
    effective: {from: "2026-01-01", until: "2026-07-01"}
    approved: {by: Chief, date: "2025-12-01"}
    who: {units: [patrol]}
    may: {transactions: [RQ]}
    for: [C]
    if: {any_of: [reason]}
"""
NEXT_VERSION = """\
  - id: SAMPLE
    says: A sample, amended.
    effective: {from: "2026-06-30"}
    approved: {by: Chief, date: "2026-06-01"}
    who: {units: [patrol]}
    may: {transactions: [RQ]}
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the shipped pack, with one of its rules, that a test may spoil."""
    for folder in ("catalogue", "permits"):
        shutil.copytree(SHIPPED / folder, tmp_path / "rules" / folder)
    (tmp_path / "rules/detections").mkdir()
    shutil.copy(SHIPPED / "detections/self-lookup.yml", tmp_path / "rules/detections")
    return tmp_path / "rules"


def refusal(pack: Path, name: str, text: str) -> RuleError:
    """Return how the pack is refused with one file written."""
    (pack / name).write_text(text, "utf-8")
    with pytest.raises(RuleError) as caught:
        load_rules(pack)
    return caught.value


SPOILED_RULES = {
    "duplicate key": ("level: low", "level: low\nlevel: high", "AW-YAML-002", "15:1", ""),
    "misspelt key": ("level: low", "levle: low", "AW-YAML-006", "14:1", "'level'"),
    "alias": ("    purpose: C", "    purpose: &c C", "AW-YAML-003", "10:14", ""),
    "tag": ("    purpose: C", "    purpose: !!int 3x", "AW-YAML-0", "10:14", ""),
    "unknown column": ("    purpose: C", "    purpos: C", "AW-RULES-004", "10:5", "'purpose'"),
    "unknown modifier": ("purpose: C", "purpose|contians: C", "AW-RULES-009", "10:5", "'contains'"),
    "bad pattern": ("purpose: C", "reason|re: '(?=a)b'", "AW-RULES-008", "10:5", ""),
    "bad pattern in a list": ("purpose: C", "reason|re: [a, '(']", "AW-RULES-008", "10:20", ""),
    "unknown list": (
        "purpose: C",
        "reason|expand: '%junk_reason%'",
        "AW-RULES-004",
        "10:5",
        "junk",
    ),
    "list and modifier": (
        "purpose: C",
        "reason|contains|expand: '%protected_topics%'",
        "AW-RULES-009",
        "10:5",
        "match: value",
    ),
    "number test on text": ("purpose: C", "purpose|gte: 3", "AW-RULES-009", "10:5", ""),
    "no number": ("purpose: C", "local_hour|gte: ten", "AW-RULES-003", "10:5", ""),
    "no network": ("purpose: C", "terminal|cidr: 10.0.0.0/99", "AW-RULES-011", "10:5", ""),
    "every text": ("purpose: C", "reason|contains: '*'", "AW-RULES-003", "10:5", ""),
    "empty with modifier": ("purpose: C", "reason|contains: ''", "AW-RULES-003", "10:5", ""),
    "empty list": ("purpose: C", "purpose: []", "AW-RULES-003", "10:5", ""),
    "exists takes a word": ("purpose: C", "purpose|exists: maybe", "AW-RULES-003", "10:5", ""),
    "fieldref to nothing": (
        "purpose: C",
        "requester_id|fieldref: operator",
        "AW-RULES-004",
        "10:5",
        "",
    ),
    "unknown selection": (": selection", ": selektion", "AW-RULES-010", "11:3", "'selection'"),
    "broken condition": (": selection", ": selection and", "AW-RULES-010", "11:3", ""),
    "aggregation": (": selection", ": selection | count() > 3", "AW-RULES-010", "11:3", ""),
    "pattern of nothing": (": selection", ": 1 of filter_*", "AW-RULES-010", "11:3", ""),
    "words without column": ("    purpose: C", "    - secret", "AW-RULES-009", "9:3", ""),
    "unknown level": ("level: low", "level: severe", "AW-RULES-004", "14:1", ""),
    "unknown story": ("story: operator", "story: operater", "AW-RULES-004", "16:3", "'operator'"),
    "unknown product": ("product: lookups", "product: windows", "AW-RULES-004", "7:3", ""),
    "unknown placeholder": ("{night}", "{nigth}", "AW-RULES-012", "18:3", "'night'"),
    "free text in a sentence": ("{night}", "{reason}", "AW-RULES-012", "18:3", ""),
    "no UUID": ("0b5a4c0e-", "0b5a4c0x-", "AW-RULES-003", "2:1", ""),
    "bad day": ("status: test", "status: test\ndate: 2026-02-30", "AW-RULES-005", "5:1", ""),
    "nothing innocent": ("falsepositives:\n  - Nothing\n", "", "AW-RULES-002", "1:1", ""),
    "name taken": ("name: a-sample", "name: self-lookup", "AW-RULES-007", ":", ""),
}
SPOILED_PERMITS = {
    "unknown purpose": ("for: [C]", "for: [C, Q]", "AW-RULES-004", "9:14", ""),
    "unknown unit": ("[patrol]", "[patroll]", "AW-RULES-004", "7:19", "'patrol'"),
    "unknown transaction": ("[RQ]", "[RQ, RX]", "AW-RULES-004", "8:30", ""),
    "unknown requirement": ("[reason]", "[raeson]", "AW-RULES-004", "10:19", "'reason'"),
    "misspelt clause": ("    who:", "    woh:", "AW-YAML-006", "7:5", "'who'"),
    "bad day": ('from: "2026-01-01"', 'from: "2026-13-01"', "AW-RULES-005", "5:17", ""),
    "until is from": ('until: "2026-07-01"', 'until: "2026-01-01"', "AW-RULES-005", "5:37", ""),
    "no first day": ('{from: "2026-01-01", until: "2026-07-01"}', "{}", "AW-RULES-002", "5:5", ""),
    "approved late": ('date: "2025-12-01"', 'date: "2026-02-01"', "AW-RULES-015", "6:27", ""),
    "nobody named": ("    who: {units: [patrol]}\n", "", "AW-RULES-014", "3:5", ""),
    "a word twice": ("for: [C]", "for: [C, C]", "AW-RULES-003", "9:14", ""),
    "empty list": ("for: [C]", "for: []", "AW-RULES-003", "9:5", ""),
    "no mapping": ("who: {units: [patrol]}", "who: patrol", "AW-RULES-003", "7:5", ""),
}


@pytest.mark.parametrize("fault", SPOILED_RULES)
def test_spoiled_rule_is_refused_at_its_place(pack: Path, fault: str) -> None:
    """A rule with one fault is refused with code, file, line and column, and the nearest word."""
    good, bad, code, place, hint = SPOILED_RULES[fault]
    assert good in RULE
    error = refusal(pack, "detections/a-sample.yml", RULE.replace(good, bad, 1))
    assert error.code.startswith(code)
    assert error.where.startswith(("detections/a-sample.yml:", "detections/self-lookup.yml:"))
    assert place in error.where
    assert hint in error.hint


@pytest.mark.parametrize("fault", SPOILED_PERMITS)
def test_spoiled_permit_is_refused_at_its_place(pack: Path, fault: str) -> None:
    """A permit with one fault is refused with code, file, line and column, and the nearest word."""
    good, bad, code, place, hint = SPOILED_PERMITS[fault]
    assert good in PERMIT
    error = refusal(pack, "permits/sample.yml", PERMIT.replace(good, bad, 1))
    assert error.code == code
    assert error.where == f"permits/sample.yml:{place}"
    assert hint in error.hint


def test_good_samples_are_taken(pack: Path) -> None:
    """The samples that the refusals start from load, so that each refusal is due to its fault."""
    before = load_rules(pack).counts
    (pack / "detections/a-sample.yml").write_text(RULE, "utf-8")
    (pack / "permits/sample.yml").write_text(PERMIT, "utf-8")
    after = load_rules(pack).counts
    assert after["rules"] == before["rules"] + 1
    assert after["permits"] == before["permits"] + 1


def test_versions_of_one_permit_may_not_overlap(pack: Path) -> None:
    """Two versions in force on the same day are refused at the later one."""
    error = refusal(pack, "permits/sample.yml", PERMIT + NEXT_VERSION)
    assert error.code == "AW-RULES-006"
    assert error.where == "permits/sample.yml:13:5"
    assert "permits/sample.yml:3" in error.expected


def test_versions_that_meet_are_taken(pack: Path) -> None:
    """A version may begin on the day on which the one before ends."""
    text = PERMIT + NEXT_VERSION.replace("2026-06-30", "2026-07-01")
    (pack / "permits/sample.yml").write_text(text, "utf-8")
    assert [s.statement_id for s in load_rules(pack).statements].count("SAMPLE") == 2


def test_a_replacement_ends_the_version_before_it(pack: Path) -> None:
    """A version that says which one it replaces ends that one, and needs no end in it."""
    replacing = '  - id: SAMPLE\n    replaces: "2026-01-01"\n'
    text = (PERMIT + NEXT_VERSION).replace(', until: "2026-07-01"', "")
    text = replacing.join(text.rsplit("  - id: SAMPLE\n", 1))
    (pack / "permits/sample.yml").write_text(text, "utf-8")
    first, second = (s for s in load_rules(pack).statements if s.statement_id == "SAMPLE")
    assert (str(first.until), second.until) == ("2026-06-30", None)
    before = load_rules(pack, date(2026, 5, 31)).statements
    assert [s.until for s in before if s.statement_id == "SAMPLE"] == [None]


def test_an_end_that_a_replacement_made_was_not_known_before(pack: Path) -> None:
    """An end on the day a replacement begins is unknown until the replacement is approved."""
    later = NEXT_VERSION.replace("2026-06-30", "2026-07-01").replace(
        "  - id: SAMPLE\n", '  - id: SAMPLE\n    replaces: "2026-01-01"\n'
    )
    (pack / "permits/sample.yml").write_text(PERMIT + later, "utf-8")
    known = {
        day: [str(s.until) for s in load_rules(pack, day).statements if s.statement_id == "SAMPLE"]
        for day in (date(2025, 11, 1), date(2026, 5, 31), date(2026, 6, 1))
    }
    assert list(known.values()) == [[], ["None"], ["2026-07-01", "None"]]


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (("2026-06-30", "2026-07-02"), "AW-RULES-017", "13:5"),
        (("  - id: SAMPLE", '  - id: SAMPLE\n    replaces: "2026-01-02"'), "AW-RULES-017", "12:5"),
    ],
)
def test_versions_may_not_leave_a_gap(
    pack: Path, change: tuple[str, str], code: str, place: str
) -> None:
    """Days on which no version is in force, or a replacement of nothing, are refused."""
    error = refusal(pack, "permits/sample.yml", PERMIT + NEXT_VERSION.replace(*change))
    assert (error.code, error.where) == (code, f"permits/sample.yml:{place}")


SHADOW = """\
forbids:
  - id: NEVER
    says: Never.
    effective: {from: "2020-01-01"}
    approved: {by: Chief, date: "2019-12-01"}
    story: unit
    severity: low
    who: {units: [patrol, traffic]}
    may: {transactions: [vehicle_checks]}
"""


def test_permit_that_a_forbid_always_shadows_is_refused(pack: Path) -> None:
    """A permit that can never permit anything is refused, naming the forbid."""
    error = refusal(pack, "permits/sample.yml", PERMIT + SHADOW)
    assert (error.code, error.where) == ("AW-RULES-018", "permits/sample.yml:3:5")
    assert "NEVER (permits/sample.yml:12)" in error.expected


@pytest.mark.parametrize(
    "more",
    [
        "    for: [C]\n",  # a registration needs no purpose: without one the permit still serves
        "    when: {any_of: [carry_permit]}\n",
        "    unless: [firearm_return]\n",
    ],
)
def test_permit_that_a_forbid_shadows_in_part_is_taken(pack: Path, more: str) -> None:
    """A forbid with a condition, an exception or a purpose of its own leaves the permit its use."""
    (pack / "permits/sample.yml").write_text(PERMIT + SHADOW + more, "utf-8")
    assert load_rules(pack).counts["forbids"]


def test_forbid_that_ends_leaves_the_permit_its_days(pack: Path) -> None:
    """A forbid that is over before the permit is shadows it no longer."""
    text = PERMIT + SHADOW.replace('"2020-01-01"}', '"2020-01-01", until: "2026-06-30"}')
    (pack / "permits/sample.yml").write_text(text, "utf-8")
    assert load_rules(pack).counts["forbids"]


def test_unverified_fact_may_not_forbid(pack: Path) -> None:
    """A forbid that rests on what nobody verified is refused; a permit may."""
    error = refusal(pack, "permits/sample.yml", PERMIT + SHADOW + "    verified: U\n")
    assert (error.code, error.where) == ("AW-RULES-019", "permits/sample.yml:20:5")
    (pack / "permits/sample.yml").write_text(PERMIT + "    verified: U\n", "utf-8")
    assert load_rules(pack).counts["permits"]


def test_folder_that_is_no_part_of_a_pack_is_refused(pack: Path) -> None:
    """A misspelt folder beside the parts of a pack is refused instead of passed over."""
    (pack / "exeptions").mkdir()
    with pytest.raises(RuleError) as caught:
        load_rules(pack)
    assert (caught.value.code, caught.value.where) == ("AW-RULES-001", "exeptions")
    assert "exceptions" in caught.value.hint


EXCEPTION = """\
kind: exception
id: EX-1
because: One incident number for the whole checkpoint.
ticket: MEMO-26-088
lifts: {permits: [SAMPLE]}
only: {operators: [T7], transactions: [RQ]}
effective: {from: "2026-03-13T18:00", until: "2026-03-14T04:00"}
requested_by: Sgt. Lee
approved: {by: Lt. Moreno, date: "2026-03-10", document: MEMO-26-088}
ceiling: {lookups_a_night: 60, severity: low}
"""
SPOILED_EXCEPTIONS = {
    "no end": (', until: "2026-03-14T04:00"', "", "AW-RULES-020", "7:1", ""),
    "too late an end": ("2026-03-14T04:00", "2027-03-15", "AW-RULES-020", "7:39", ""),
    "ends before": ("2026-03-14T04:00", "2026-03-13T18:00", "AW-RULES-005", "7:39", ""),
    "half an hour": ("2026-03-14T04:00", "2026-03-14T04:30", "AW-RULES-005", "7:39", ""),
    "no such day": ("2026-03-14T04:00", "2026-02-30", "AW-RULES-005", "7:39", ""),
    "own approval": ("by: Lt. Moreno", "by: sgt.  LEE", "AW-RULES-021", "9:12", ""),
    "late approval": ('date: "2026-03-10"', 'date: "2026-03-14"', "AW-RULES-021", "9:28", ""),
    "nobody asked": ("requested_by: Sgt. Lee\n", "", "AW-RULES-002", "1:1", ""),
    "no ticket": ("ticket: MEMO-26-088\n", "", "AW-RULES-002", "1:1", ""),
    "no ceiling": (
        "ceiling: {lookups_a_night: 60, severity: low}\n",
        "",
        "AW-RULES-002",
        "1:1",
        "",
    ),
    "above its ceiling": (
        "severity: low",
        "severity: informational",
        "AW-RULES-022",
        "5:9",
        "",
    ),
    "no such ceiling": ("severity: low", "severity: critical", "AW-RULES-004", "10:32", ""),
    "everybody": ("operators: [T7], ", "", "AW-RULES-020", "6:1", ""),
    "unknown permit": ("[SAMPLE]", "[SAMPEL]", "AW-RULES-004", "5:19", "'SAMPLE'"),
    "a permit is no forbid": ("permits: [SAMPLE]", "forbids: [SAMPLE]", "AW-RULES-004", "5:19", ""),
    "unknown key": ("[RQ]", "[RQQ]", "AW-RULES-004", "6:40", "'RQ'"),
    "misspelt term": ("transactions:", "transaction:", "AW-YAML-006", "6:25", "'transactions'"),
    "lifts nothing": ("{permits: [SAMPLE]}", "{}", "AW-RULES-002", "5:1", ""),
}


@pytest.mark.parametrize("fault", SPOILED_EXCEPTIONS)
def test_spoiled_exception_is_refused_at_its_place(pack: Path, fault: str) -> None:
    """An exception with one fault is refused with code, file, line and column."""
    good, bad, code, place, hint = SPOILED_EXCEPTIONS[fault]
    assert good in EXCEPTION
    (pack / "exceptions").mkdir(exist_ok=True)
    (pack / "permits/sample.yml").write_text(PERMIT, "utf-8")
    (pack / "exceptions/one.yml").write_text(EXCEPTION, "utf-8")
    assert list(load_rules(pack).exemptions) == ["EX-1"]
    error = refusal(pack, "exceptions/one.yml", EXCEPTION.replace(good, bad, 1))
    assert (error.code, error.where) == (code, f"exceptions/one.yml:{place}")
    assert hint in error.hint


def test_id_cannot_be_a_permit_and_a_forbid(pack: Path) -> None:
    """One id is either a permit or a forbid."""
    forbid = NEXT_VERSION.replace("2026-06-30", "2026-07-01") + (
        "    story: operator\n    severity: low\n"
    )
    error = refusal(pack, "permits/sample.yml", PERMIT + "forbids:\n" + forbid)
    assert error.code == "AW-RULES-007"


def test_late_approval_with_a_reason_is_taken(pack: Path) -> None:
    """A statement approved after it took effect loads when it says why."""
    late = PERMIT.replace('date: "2025-12-01"', 'date: "2026-02-01"')
    late += "    retroactive: {because: The order was lost.}\n"
    (pack / "permits/sample.yml").write_text(late, "utf-8")
    assert load_rules(pack).counts["permits"]


def test_forbid_without_any_clause_is_refused(pack: Path) -> None:
    """A forbid that would forbid every lookup is refused."""
    text = PERMIT.replace("permits:\n  -", "forbids:\n  -").split("    who:", maxsplit=1)[0]
    error = refusal(pack, "permits/sample.yml", text + "    story: operator\n    severity: low\n")
    assert error.code == "AW-RULES-014"


CODES = ("NO", "0123", "1_000", "22:30", "on", "3.10")


def with_code(pack: Path, code: str) -> None:
    """Add a purpose code to the catalogue, as it stands in the file, and a permit for it."""
    purposes = pack / "catalogue/purposes.yml"
    added = f"  - {{code: {code}, name: Sample, means: Sample., authority: none}}\n"
    purposes.write_text(purposes.read_text("utf-8") + added, "utf-8")
    permit = PERMIT.replace("for: [C]", f"for: [{code}]")
    (pack / "permits/sample.yml").write_text(permit, "utf-8")


@pytest.mark.parametrize("code", [*(f'"{code}"' for code in CODES), "1e3", "S-1", "5"])
def test_codes_keep_their_text(pack: Path, code: str) -> None:
    """A purpose code in quotes, or one that no reader could mistake, stays as it is written."""
    with_code(pack, code)
    (sample,) = (s for s in load_rules(pack).statements if s.statement_id == "SAMPLE")
    assert sample.purposes == {code.strip('"')}


@pytest.mark.parametrize("code", CODES)
def test_codes_that_other_readers_change_are_refused(pack: Path, code: str) -> None:
    """Without quotes, a code that YAML 1.1 takes for a truth, a number or a time is refused."""
    with_code(pack, code)
    with pytest.raises(RuleError) as caught:
        load_rules(pack)
    line = (pack / "catalogue/purposes.yml").read_text("utf-8").count("\n")
    assert caught.value.code == "AW-YAML-009"
    assert caught.value.where == f"catalogue/purposes.yml:{line}:6"
    assert caught.value.expected == f'"{code}"'


@pytest.mark.parametrize("part", ["purposes", "transactions", "units", "verdicts", "logsources"])
def test_missing_part_of_the_catalogue_is_named(pack: Path, part: str) -> None:
    """A pack without a part of its catalogue is refused, naming the file."""
    (pack / f"catalogue/{part}.yml").unlink()
    with pytest.raises(RuleError) as caught:
        load_rules(pack)
    assert (caught.value.code, caught.value.where) == ("AW-RULES-001", f"catalogue/{part}.yml")


def test_missing_folder_is_named(tmp_path: Path) -> None:
    """A rules folder that is not there is refused with what to do."""
    with pytest.raises(RuleError, match="no such rules folder") as caught:
        load_rules(tmp_path / "rules")
    assert "init" in caught.value.hint


@pytest.mark.parametrize("name", ["detections/notes.txt", "permits/patrol.yaml"])
def test_file_that_would_be_passed_over_is_refused(pack: Path, name: str) -> None:
    """A file of another name than *.yml is refused instead of passed over in silence."""
    error = refusal(pack, name, RULE)
    assert (error.code, error.where) == ("AW-RULES-001", name)


def test_second_catalogue_part_is_refused(pack: Path) -> None:
    """A second document of one part is refused at its place."""
    error = refusal(pack, "catalogue/zz.yml", "kind: purposes\npurposes: []\n")
    assert (error.code, error.where) == ("AW-RULES-007", "catalogue/zz.yml:1:1")


def test_version_follows_content_and_not_layout(pack: Path) -> None:
    """Comments and blank lines leave the version alone; one changed word changes it."""
    before = load_rules(pack).version
    permits = pack / "permits/units.yml"
    text = permits.read_text("utf-8")
    permits.write_text("# a remark\n\n" + text, "utf-8")
    assert load_rules(pack).version == before
    permits.write_text(text.replace("Licensing may check guns", "Licensing checks guns"), "utf-8")
    assert load_rules(pack).version != before


def test_a_pack_is_compiled_again_when_a_byte_of_it_changed(pack: Path, tmp_path: Path) -> None:
    """Read twice it is the same, also from elsewhere; a comment or another day makes it anew."""
    first = load_rules(pack)
    assert load_rules(Path(shutil.copytree(pack, tmp_path / "copy"))) is first
    assert load_rules(pack, date(2026, 1, 1)) is not first
    path = pack / "permits" / "units.yml"
    path.write_text(path.read_text() + "# read\n")
    assert load_rules(pack) is not first
    path.write_text("kind: nothing")
    with pytest.raises(RuleError):
        load_rules(pack)
