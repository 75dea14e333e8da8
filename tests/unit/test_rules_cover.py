"""What a pack's own tests would not notice: branches that none reaches, changes that none sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.rule_bench import CORRELATION, PERMIT, RULE, SHIPPED, Told, make_pack, runner

from auditwatch.check.trial import try_policy
from auditwatch.check.trial.pack import open_pack
from auditwatch.check.trial.sampled import batches_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MORE = """\
    - title: the very hour
      lookup: {operator_id: T1, transaction: QG, local_hour: "22"}
      fires: true
    - title: the hour before
      lookup: {operator_id: T1, transaction: QG, local_hour: "21"}
      fires: false
    - title: by day, a known one
      lookup: {operator_id: T1, transaction: QG, local_hour: "10", subject_id: V-1AB7}
      fires: true
    - title: late, another key
      lookup: {operator_id: T1, transaction: DQ, local_hour: "22"}
      fires: false
"""
WINDOWS = """\
kind: rule_tests
rule: many-guns
tests:
  - title: on the edge
    lookup: {operator_id: T1, transaction: QG, subject_id: V-1AB7}
    lookups: [{at: "2026-01-15T10:00:00", times: 2, every: 1m}, {after: 9m}]
    fires: [1, 2, 3]
  - title: a second behind it
    lookup: {operator_id: T1, transaction: QG, subject_id: V-1AB7}
    lookups: [{at: "2026-01-15T10:00:00", times: 2, every: 1m}, {after: 541s}]
    fires: false
  - title: of two operators
    lookup: {operator_id: T1, transaction: QG, subject_id: V-1AB7}
    lookups: [{at: "2026-01-15T10:00:00", times: 2, every: 1m}, {after: 1m, operator_id: T2}]
    fires: false
"""
DECISIONS = """\
kind: decision_table
title: guns
lookup: {transaction: QG, operator_unit: patrol-north, purpose: C, case_id: 26-00417}
columns: [transaction, operator_unit, purpose, case_id, night, verdict]
rows:
  - [QG, patrol-north, C, I26-004471, "2026-01-01", permitted PATROL-GUNS]
  - [QG, patrol-north, C, 26-00417, "2025-12-31", not_permitted]
  - [QG, patrol-north, C, 26-00417, "2026-06-30", permitted PATROL-GUNS]
  - [QG, patrol-north, C, 26-00417, "2026-07-01", not_permitted]
  - [DQ, patrol-north, C, 26-00417, "2026-01-01", not_permitted]
  - [QG, records, C, 26-00417, "2026-01-01", not_permitted]
  - [QG, patrol-north, J, 26-00417, "2026-01-01", not_permitted]
  - [QG, patrol-north, C, GX-7, "2026-01-01", justification_missing]
  - [QG, licensing, C, GX-7, "2026-01-01", forbidden NO-WEEKENDS]
  - [DQ, licensing, C, GX-7, "2026-01-01", not_permitted]
  - [QG, licensing, C, GX-7, "2025-12-31", not_permitted]
"""
FULL = {
    "detections__gun": RULE + MORE,
    "detections__many": CORRELATION,
    "permits__guns": PERMIT,
    "tests__many": WINDOWS,
    "tests__guns": DECISIONS,
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """The command in this process."""
    return runner(capsys)


def missed(told: Told) -> set[tuple[str, str]]:
    """Return name and words of every branch or change that no test shows, codes aside."""
    every: Any = told.json.get("branches") or told.json["changes"]
    seen = "covered" if "branches" in told.json else "noticed"
    return {(one["name"], one["what"]) for one in every if not one[seen] and len(one["name"]) > 1}


def test_a_pack_whose_tests_reach_everything_is_covered(
    run: Callable[..., Told], tmp_path: Path
) -> None:
    """Both ways of each test, each clause alone, both sides of each date: nothing is missing."""
    told = run("rules", "coverage", make_pack(tmp_path / "p", **FULL), "--json")
    assert missed(told) == set()


def test_a_pack_whose_tests_notice_everything_has_no_survivor(
    run: Callable[..., Told], tmp_path: Path
) -> None:
    """Each change of rules, windows and permits is noticed by some test."""
    told = run("rules", "mutate", make_pack(tmp_path / "p", **FULL), "--json")
    assert told.code == 0
    assert missed(told) == set()


RULES, TABLES, WINDOW = "detections__gun", "tests__guns", "tests__many"
GAPS = {
    "key": (RULES, "transaction: DQ", "transaction: QG", "'transaction: QG' does not hold"),
    "night": (TABLES, '12-31", not', '12-30", not', "the day before the beginning, 2025-12-31"),
    "last day": (TABLES, "2026-06-30", "2026-06-29", "the day before the end, 2026-06-30"),
    "unit": (TABLES, "QG, records", "QG, patrol-north", "unit fails alone"),
    "incident": (TABLES, "I26-004471", "26-00417", "incident_number alone is enough"),
}


@pytest.mark.parametrize("gap", GAPS)
def test_a_branch_that_no_test_reaches_is_named(
    run: Callable[..., Told], tmp_path: Path, gap: str
) -> None:
    """Take away the one test that reaches a branch, and that branch is named."""
    file, right, wrong, what = GAPS[gap]
    assert right in FULL[file]
    pack = make_pack(tmp_path / "p", **FULL | {file: FULL[file].replace(right, wrong)})
    told = run("rules", "coverage", pack, "--threshold", 100)
    assert told.code == 1
    assert what in told.out


SURVIVORS = {
    "hour": (RULES, '"22"}\n      fires: true', '"23"}\n      fires: true', "22 with gt"),
    "hour before": (RULES, '"21"', '"20"', "22 with 21"),
    "second behind": (WINDOW, "541s", "600s", "timespan a second longer"),
    "edge": (WINDOW, "{after: 9m}", "{after: 8m}", "timespan a second shorter"),
    "operators": (WINDOW, "operator_id: T2", "transaction: DQ", "not by operator_id"),
    "last day": (TABLES, "2026-06-30", "2026-06-29", "until 2026-06-30"),
    "incident": (TABLES, "I26-004471", "26-00417", "incident_number left out"),
}


@pytest.mark.parametrize("name", SURVIVORS)
def test_a_change_that_no_test_notices_is_named(
    run: Callable[..., Told], tmp_path: Path, name: str
) -> None:
    """Blunt one test, and the change that it alone would have noticed lives on."""
    file, right, wrong, what = SURVIVORS[name]
    assert right in FULL[file]
    pack = make_pack(tmp_path / "p", **FULL | {file: FULL[file].replace(right, wrong)})
    told = run("rules", "mutate", pack, "--threshold", "1")
    assert told.code == 1
    assert what in told.out


def test_nothing_is_changed_in_a_pack_whose_tests_fail(
    run: Callable[..., Told], tmp_path: Path
) -> None:
    """A pack that fails its own tests would notice everything: it is refused."""
    pack = make_pack(tmp_path / "p", tests__t=DECISIONS.replace("forb", "perm"))
    told = run("rules", "mutate", pack)
    assert (told.code, told.out) == (2, "")
    assert "AW-BENCH-005" in told.err


def test_one_name_can_be_looked_at(run: Callable[..., Told], tmp_path: Path) -> None:
    """`--name` narrows to one rule or permit; a name that is not there is refused."""
    pack = make_pack(tmp_path / "p", **FULL)
    told = run("rules", "coverage", pack, "--name", "PATROL-GUNS", "--json")
    assert {one["name"] for one in told.json["branches"]} == {"PATROL-GUNS"}
    assert run("rules", "mutate", pack, "--name", "PATROL").code == 2


def test_a_question_is_decided_as_the_judge_decides_its_lookup() -> None:
    """The shortcut by which changes are tried says of every shipped sample what the judge says."""
    pack = open_pack(SHIPPED)
    rules = pack.ruleset
    judged = {one.sample.place: one.got for one in try_policy(rules, rules.decisions)}
    for batch in batches_of(rules, rules.decisions):
        for sample, rows in zip(batch.samples, batch.rows, strict=True):
            decision = rules.policy.decide(batch.questions[rows[0]])
            words = [decision.verdict, decision.statement_id, decision.missing]
            got = " ".join(words[: 1 + sample.expected.count(" ")])
            assert got.startswith(judged[sample.place].split()[0])
            assert got.split()[:2] == judged[sample.place].split()[:2]


def test_the_shipped_pack_is_covered(run: Callable[..., Told]) -> None:
    """Every branch of the shipped rules, permits and forbids is reached by a test of theirs."""
    told = run("rules", "coverage", SHIPPED, "--threshold", 100)
    assert (told.code, told.out.splitlines()[:-1]) == (0, [])


@pytest.mark.long
def test_the_shipped_pack_s_tests_notice_nine_changes_of_ten(run: Callable[..., Told]) -> None:
    """The mutation score of the shipped pack; what is left makes no difference to any lookup."""
    assert run("rules", "mutate", SHIPPED, "--threshold", 0.9).code == 0
