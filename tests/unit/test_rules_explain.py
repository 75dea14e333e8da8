"""Why a lookup was permitted or asked about: a tree that can never disagree with the judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.rule_bench import PERMIT, SHIPPED, Told, make_workspace, runner

from auditwatch.check import judge
from auditwatch.check.answers import YES
from auditwatch.check.columns import Columns
from auditwatch.check.sample import sample_batch
from auditwatch.check.trial.explaining import Lookup
from auditwatch.check.trial.pack import open_pack
from auditwatch.check.trial.sampled import batches_of, sample_facts
from auditwatch.check.trial.trying import alone

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EXCEPTION = """\
kind: exception
id: EX-1
because: A week of inventory, ordered by the sheriff.
ticket: MEMO-1
lifts: {permits: [PATROL-GUNS], rules: [many-guns]}
only: {operators: [T1], purposes: [C]}
effective: {from: "2026-03-10", until: "2026-03-11"}
requested_by: Sgt. Lee
approved: {by: Lt. Moreno, date: "2026-03-01"}
ceiling: {lookups_a_night: 2, severity: high}
"""
AMENDED = (
    PERMIT.split("forbids:")[0]
    + """\
  - id: PATROL-GUNS
    says: Patrol may check guns.
    effective: {from: "2026-07-01"}
    approved: {by: Chief, date: "2026-06-01"}
    who: {units: [patrol]}
    may: {transactions: [QG]}
    for: [C]
"""
)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """The command in this process."""
    return runner(capsys)


def one(told: Told) -> Any:
    """Return what was said of the only lookup."""
    assert told.code == 0, told.err
    (explained,) = told.json
    return explained


def test_the_nearest_permit_and_the_one_change_are_told(
    run: Callable[..., Told], tmp_path: Path
) -> None:
    """Each clause stands with what the lookup has there; the sentence says what would help."""
    workspace = make_workspace(run, tmp_path, [{"reason": "check"}])
    told = run("-w", workspace, "rules", "explain", "e0")
    assert told.code == 0
    assert "verdict  justification_missing  PATROL-GUNS" in told.out
    assert "It would have been permitted with a case number" in told.out
    assert "PASS  unit is patrol-central or patrol-north or patrol-south" in told.out
    assert "FAIL  number: number_kind: case_number   number_kind is none" in told.out


def test_identities_and_free_text_are_masked(run: Callable[..., Told], tmp_path: Path) -> None:
    """Without a reveal neither operator nor subject nor an unusual word of the reason is shown."""
    rows = [{"reason": "ask Zorblatt", "subject_id": "V-1AB7", "event_time": "2026-03-10T23:00Z"}]
    workspace = make_workspace(run, tmp_path, rows)
    plain = run("-w", workspace, "rules", "explain", "e0", "--rule", "gun-query").out
    assert not [word for word in ("T1 ", "Zorblatt", "1AB7") if word in plain]
    told = run("-w", workspace, "rules", "explain", "e0", "--reveal")
    assert (told.code, told.out) == (2, "")
    told = run("-w", workspace, "rules", "explain", "e0", "--reveal", "--reason", "IA 14")
    assert "T1  V-1AB7" in told.out
    assert "Zorblatt" in told.out


def test_the_day_s_own_policy_judges_and_the_other_version_is_told(
    run: Callable[..., Told], tmp_path: Path
) -> None:
    """A lookup before an amendment is judged by the version of its day; the later one is named."""
    workspace = make_workspace(run, tmp_path, [{}], permits__guns=AMENDED)
    explained = one(run("-w", workspace, "rules", "explain", "e0", "--json"))
    assert explained["verdict"]["verdict"] == "justification_missing"
    assert explained["otherwise"] == [
        {
            "since": "2026-07-01",
            "until": "",
            "verdict": "permitted",
            "place": "permits/guns.yml:13",
        }
    ]


@pytest.mark.parametrize(("lookups", "verdict"), [(2, "permitted_by_exception"), (3, "justif")])
def test_an_exception_that_hid_it_is_told_with_its_ceiling_held(
    run: Callable[..., Told], tmp_path: Path, lookups: int, verdict: str
) -> None:
    """The explanation counts the whole night, as the scan does: above its ceiling it lifts none."""
    rows = [{"event_time": f"2026-03-10T10:0{n}:00-07:00"} for n in range(lookups)]
    workspace = make_workspace(run, tmp_path, rows, exceptions__ex=EXCEPTION)
    explained = one(run("-w", workspace, "rules", "explain", "e0", "--json"))
    assert explained["verdict"]["verdict"].startswith(verdict)
    (exception,) = explained["exceptions"]
    assert exception["answer"] == "pass"


def test_an_exception_that_does_not_reach_it_says_why(
    run: Callable[..., Told], tmp_path: Path
) -> None:
    """Each term of the exception has its answer; whom it names is not told."""
    rows = [{"operator_id": "T2", "event_time": "2026-03-11T10:00:00-07:00"}]
    workspace = make_workspace(run, tmp_path, rows, exceptions__ex=EXCEPTION)
    told = run("-w", workspace, "rules", "explain", "e0").out
    assert "FAIL  exception EX-1: A week of inventory" in told
    assert "FAIL  operator_id is one of 1 named   operator_id is operator-" in told
    assert "FAIL  from 2026-03-10 00 until 2026-03-11 00   night is 2026-03-11" in told
    assert "PASS  purpose is C" in told


def test_windows_are_seen_with_the_lookups_around(run: Callable[..., Told], tmp_path: Path) -> None:
    """A correlation asks about a lookup for the sake of others; one rule can be asked about."""
    rows = [{"event_time": f"2026-03-10T23:0{n}:00-07:00"} for n in range(3)]
    workspace = make_workspace(run, tmp_path, rows)
    explained = one(run("-w", workspace, "rules", "explain", "e1", "--json"))
    (asked,) = explained["rules"]
    assert (asked["rule"], asked["asks"]) == ("many-guns", True)
    alone = one(run("-w", workspace, "rules", "explain", "e1", "--rule", "gun-query", "--json"))
    (quiet,) = alone["rules"]
    assert (quiet["asks"], quiet["tree"]["answer"]) == (False, "pass")


UNKNOWN = {
    ("nothing",): "AW-BENCH-002",
    ("e0", "--rule", "gun-kuery"): "AW-BENCH-001",
    ("e0", "--night", "2026-03-09"): "AW-SCAN-002",
    ("F-ABCDEFGHJKMN",): "AW-FINDINGS-002",
    ("e0", "--rules", "nowhere"): "AW-RULES-001",
}


def test_what_cannot_be_explained_is_said(run: Callable[..., Told], tmp_path: Path) -> None:
    """An unknown lookup, rule, night, finding or folder ends with 2 and prints nothing else."""
    workspace = make_workspace(run, tmp_path, [{}])
    for arguments, code in UNKNOWN.items():
        told = run("-w", workspace, "rules", "explain", *arguments)
        assert (told.code, told.out, code in told.err) == (2, "", True), arguments


@pytest.mark.parametrize("folder", [SHIPPED, *sorted((SHIPPED.parent / "packs").iterdir())])
def test_a_tree_says_what_the_judge_says(folder: Path) -> None:
    """For each sample of each rule of a pack, every lookup: the tree holds where the rule hits."""
    pack = open_pack(folder)
    for rule in [one for one in pack.ruleset.rules if one.correlation is None]:
        for batch in batches_of(pack.ruleset, rule.samples):
            rows, facts = batch.columns.batch, sample_facts(batch.samples)
            found = judge(alone(pack.ruleset, rule), rows, facts).hits
            said = set(found["event_id"].to_pylist())
            for row in range(rows.num_rows):
                line = Lookup(pack, batch.columns, row).rule(rule, hit=False)
                assert (line.answer == YES) == (f"s{row}" in said), (rule.place, row)
                assert _every(line.parts) == line.answer, (rule.place, row)


@pytest.mark.parametrize("folder", [SHIPPED, *sorted((SHIPPED.parent / "packs").iterdir())])
def test_a_statement_s_tree_says_what_the_policy_says(folder: Path) -> None:
    """The statement that decided passes, the nearest permit of a refused lookup does not."""
    pack = open_pack(folder)
    for sample in pack.ruleset.decisions[::4]:
        columns = Columns(sample_batch([sample]), sample_facts([sample]), pack.ruleset.catalogue)
        lookup = Lookup(pack, columns, 0)
        decision = lookup.decision
        for statement in lookup.policy.in_force(lookup.question.day):
            if statement.statement_id == decision.statement_id:
                line = lookup.statement(statement)
                decided = decision.verdict in ("permitted", "forbidden")
                assert (line.answer == YES) == decided, sample.place
                assert _every(line.parts) == line.answer, sample.place


def _every(lines: Any) -> int:
    """Return what all of some lines come to."""
    answers = [line.answer for line in lines]
    return 0 if 0 in answers else 2 if 2 in answers else YES
