"""Tests beside the rules: how they are written, what they assert, what a failure shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from defusedxml import ElementTree
from tests.rule_bench import RULE, SHIPPED, Told, make_pack, runner

from auditwatch.check import load_rules
from auditwatch.check.trial import try_samples
from auditwatch.check.trial.again import Again

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULE_TESTS = """\
kind: rule_tests
rule: many-guns
tests:
  - title: a burst after a pause
    lookup: {operator_id: T1, transaction: QG, subject_id: V-1AB}
    lookups:
      - {at: "2026-01-15T10:00:00"}
      - {after: 1h}
      - {after: 10s, times: 2, every: 5m}
    fires: [2, 3, 4]
    says: T1 asked 3 times
  - title: a second too late
    lookup: {operator_id: T1, transaction: QG, subject_id: V-1AB}
    lookups:
      - {at: "2026-01-15T10:00:00", times: 2, every: 1m}
      - {after: 541s}
    fires: false
"""
DECISIONS = """\
kind: decisions
decisions:
  - title: the permit's days
    lookup: {operator_unit: patrol-north, transaction: QG, purpose: C, case_id: 26-00417}
    nights:
      "2025-12-31": not_permitted
      "2026-01-01": permitted PATROL-GUNS
      "2026-06-30": permitted PATROL-GUNS
      "2026-07-01": not_permitted
"""
TABLE = """\
kind: decision_table
title: guns
lookup: {transaction: QG}
columns: [operator_unit, purpose, case_id, verdict, says]
rows:
  - [patrol-north, C, 26-00417, permitted PATROL-GUNS, Patrol may check]
  - [patrol-north, C, ~, justification_missing PATROL-GUNS case_number or incident_number, a case]
  - [patrol-north, A, 26-00417, permitted, ~]
  - [licensing, C, ~, forbidden NO-WEEKENDS, ~]
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """The command in this process."""
    return runner(capsys)


def verdicts(told: Told) -> dict[str, bool]:
    """Return which samples passed, by title."""
    return {one["sample"]: one["passed"] for one in told.json}


def test_a_row_of_lookups_is_written_by_spans_of_time(
    run: Callable[..., Told], tmp_path: Path
) -> None:
    """`after`, `times` and `every` make the times; `fires` names exactly the lookups that hit."""
    told = run("rules", "test", make_pack(tmp_path / "p", tests__many=RULE_TESTS), "--json")
    assert told.code == 0
    assert verdicts(told)["a burst after a pause"]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("[2, 3, 4]", "[1, 2, 3, 4]"),
        ("[2, 3, 4]", "[2, 3]"),
        ("T1 asked 3 times", "T1 asked 4 times"),
        ("after: 541s", "after: 540s"),
    ],
)
def test_a_wrong_expectation_of_a_row_fails(
    run: Callable[..., Told], tmp_path: Path, right: str, wrong: str
) -> None:
    """A place too many or too few, another sentence, or a second less makes the test fail."""
    pack = make_pack(tmp_path / "p", tests__many=RULE_TESTS.replace(right, wrong))
    told = run("rules", "test", pack)
    assert told.code == 1
    assert "1 failed" in told.out


def test_both_sides_of_a_date_are_one_case(run: Callable[..., Told], tmp_path: Path) -> None:
    """`nights` judges the same lookup on each day, and each day has its own place in the file."""
    told = run("rules", "test", make_pack(tmp_path / "p", tests__days=DECISIONS), "--json")
    policy = [one for one in told.json if one["rule"] == "policy"]
    assert [one["got"] for one in policy] == [
        "not_permitted",
        "permitted PATROL-GUNS",
        "permitted PATROL-GUNS",
        "not_permitted",
    ]
    assert [one["place"] for one in policy] == [f"tests/days.yml:{line}" for line in range(6, 10)]


def test_a_row_of_a_table_is_a_case(run: Callable[..., Told], tmp_path: Path) -> None:
    """A decision table asserts verdict, statement, what is missing, and the sentence."""
    told = run("rules", "test", make_pack(tmp_path / "p", tests__guns=TABLE), "--json")
    passed = verdicts(told)
    assert [passed[f"guns: row {row}"] for row in range(1, 5)] == [True, True, False, True]
    assert told.code == 1


def test_a_failure_shows_each_clause_with_what_was_found(
    run: Callable[..., Told], tmp_path: Path
) -> None:
    """The tree names the selections as written, and the value that each test met."""
    pack = make_pack(tmp_path / "p", detections__gun=RULE.replace("fires: false", "fires: true"))
    told = run("rules", "test", pack, "--rule", "gun-query")
    assert told.code == 1
    assert "detections/gun.yml:22: gun-query: by day\n  expected true, got false" in told.out
    assert "PASS  gun: transaction: QG   transaction is QG" in told.out
    assert "FAIL  late: local_hour|gte: 22   local_hour is 10" in told.out
    assert "FAIL  known: subject_id|contains: 1AB   subject_id is absent" in told.out


def test_a_failed_verdict_shows_the_permit(run: Callable[..., Told], tmp_path: Path) -> None:
    """The permit that was expected is shown clause by clause, with the one that answered."""
    told = run("rules", "test", make_pack(tmp_path / "p", tests__guns=TABLE))
    assert "tests/guns.yml:8: policy: guns: row 3" in told.out
    assert "permit PATROL-GUNS, in force from 2026-01-01 until 2026-07-01" in told.out
    assert "FAIL  purpose is C   purpose is A, purpose_state is valid" in told.out


def test_results_are_written_for_build_servers(run: Callable[..., Told], tmp_path: Path) -> None:
    """JUnit XML has a case for each sample and a failure for each that failed."""
    pack = make_pack(tmp_path / "p", tests__guns=TABLE, tests__many=RULE_TESTS)
    told = run("rules", "test", pack, "--junit", tmp_path / "out.xml")
    assert told.code == 1
    root = ElementTree.parse(tmp_path / "out.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("8", "1")
    (failure,) = root.iter("failure")
    assert failure.get("message") == "expected permitted, got not_permitted"


def test_a_rule_that_is_not_there_is_named(run: Callable[..., Told], tmp_path: Path) -> None:
    """A misspelt name ends with 2 and the nearest name; nothing is printed to stdout."""
    told = run("rules", "test", make_pack(tmp_path / "p"), "--rule", "gun-kuery")
    assert (told.code, told.out) == (2, "")
    assert "did you mean 'gun-query'?" in told.err


SPOILED = {
    "after first": ('at: "2026-01-15T10:00:00"}', "after: 5m}", "AW-RULES-005"),
    "no span": ("after: 1h", "after: soon", "AW-RULES-003"),
    "too often": ("times: 2, every: 5m", "times: 0, every: 5m", "AW-RULES-003"),
    "places": ("[2, 3, 4]", "[second]", "AW-RULES-003"),
    "no such rule": ("rule: many-guns", "rule: many-gunz", "AW-RULES-004"),
    "unknown key": ("says: T1", "say: T1", "AW-YAML-006"),
    "no day in a roster": (
        "fires: false",
        "context: {roster: [{operator_id: T1, trained_until: soon}]}\n    fires: false",
        "AW-RULES-005",
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_test_that_cannot_be_read_is_refused_with_its_place(
    run: Callable[..., Told], tmp_path: Path, name: str
) -> None:
    """Each refusal has file, line and column, and the pack does not load."""
    right, wrong, code = SPOILED[name]
    pack = make_pack(tmp_path / "p", tests__many=RULE_TESTS.replace(right, wrong, 1))
    told = run("rules", "test", pack)
    assert (told.code, told.out) == (2, "")
    assert f"[{code}]" in told.err
    assert "tests/many.yml:" in told.err


SPOILED_TABLES = {
    "short row": ("[licensing, C, ~, forbidden NO-WEEKENDS, ~]", "[licensing, C]"),
    "no verdict": ("verdict, says]", "reason, says]"),
    "unknown column": ("purpose, case_id", "purpos, case_id"),
    "unquoted": ("[licensing, C,", "[licensing, NO,"),
}


@pytest.mark.parametrize("name", SPOILED_TABLES)
def test_a_table_that_cannot_be_read_is_refused(
    run: Callable[..., Told], tmp_path: Path, name: str
) -> None:
    """A row that does not fit, a column nobody knows and a code that YAML changes are refused."""
    right, wrong = SPOILED_TABLES[name]
    told = run("rules", "test", make_pack(tmp_path / "p", tests__t=TABLE.replace(right, wrong)))
    assert (told.code, told.out) == (2, "")
    assert "tests/t.yml:" in told.err


def test_the_shipped_pack_passes(run: Callable[..., Told]) -> None:
    """Every sample of the shipped pack gets what it expects."""
    told = run("rules", "test", SHIPPED)
    assert told.code == 0
    assert told.out.endswith("samples, 0 failed\n")


def test_what_has_not_changed_is_not_judged_again(tmp_path: Path) -> None:
    """After a change of one rule all trials are as if everything had been tried anew."""
    pack, again = make_pack(tmp_path / "p", tests__many=RULE_TESTS, tests__guns=TABLE), Again()
    first = again.trials(load_rules(pack))
    for text in (RULE.replace("gte: 22", "gte: 23"), RULE, "# moved\n" + RULE):
        (pack / "detections/gun.yml").write_text(text)
        rules = load_rules(pack)
        told = [(one.name, one.got, one.sample.place) for one in again.trials(rules)]
        assert told == [(one.name, one.got, one.sample.place) for one in try_samples(rules)]
    kept = again.trials(load_rules(pack))
    assert next(one for one in kept if one.name == "policy") in first
