"""Past nights judged anew: what rules would have brought, and what a change of them changes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.findings_fabric import decided
from tests.rule_bench import CORRELATION, PERMIT, RULE, Told, make_pack, make_workspace, runner

from auditwatch.check import load_rules
from auditwatch.config import find_workspace
from auditwatch.findings.store import Store
from auditwatch.night.history import open_history
from auditwatch.night.replay import replay, replay_both

if TYPE_CHECKING:
    from collections.abc import Callable

#: Three nights of two operators: late and early, of a known subject and of others, in bursts.
ROWS = [
    {
        "event_id": f"{day}-{hour}-{minute}",
        "event_time": f"2026-03-{day}T{hour:02}:{minute:02}:00-08:00",
        "operator_id": f"T{1 + minute % 2}",
        "subject_id": f"G-1AB{minute}" if hour == 9 else f"G-77{hour}",
        "case_id": "CR-26-00001" if minute < 2 else "",
    }
    for day in ("03", "04", "05")
    for hour in (9, 12, 23)
    for minute in (0, 1, 2, 4, 6)
]
EXCEPTION = """\
kind: exception
id: EX-1
because: A week of inventory, ordered by the sheriff.
ticket: MEMO-1
lifts: {permits: [PATROL-GUNS], rules: [gun-query, many-guns]}
only: {operators: [T1], purposes: [C]}
effective: {from: "2026-03-03", until: "2026-03-05"}
requested_by: Sgt. Lee
approved: {by: Lt. Moreno, date: "2026-03-01"}
ceiling: {lookups_a_night: 9, severity: high}
"""
#: Single queries are told of as well as many.
MANY = CORRELATION.replace("condition:", "generate: true\n  condition:")
SHADOW = RULE.replace(
    "  owner: auditor\n", '  owner: auditor\n  mode: shadow\n  shadow_since: "2026-03-04"\n'
)
#: What may differ between two packs, each against the small pack of all tests.
OTHERS = {
    "a test": {"detections__gun": RULE.replace("gte: 22", "gte: 12")},
    "a rule less": {"detections__gun": RULE.replace("gun and (late or known)", "gun and late")},
    "a sentence": {"detections__gun": RULE.replace("asked for a gun", "asked for a weapon")},
    "a severity": {"detections__gun": RULE.replace("level: low", "level: medium")},
    "shadow": {"detections__gun": SHADOW},
    "the single ones silent": {"detections__many": CORRELATION},
    "a window": {"detections__many": MANY.replace("gte: 3", "gte: 5")},
    "a permit": {
        "permits__guns": PERMIT.replace("[case_number, incident_number]", "[incident_number]")
    },
    "a permit and a test": {
        "permits__guns": PERMIT.replace("for: [C]", "for: [J]"),
        "detections__gun": RULE.replace("gte: 22", "gte: 23"),
    },
    "an exception": {"exceptions__one": EXCEPTION},
    "an exception above its ceiling": {
        "exceptions__one": EXCEPTION.replace("night: 9", "night: 1")
    },
}


#: What changes no evidence.
SAME = ("shadow",)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """The command in this process."""
    return runner(capsys)


@pytest.fixture
def workspace(
    run: Callable[..., Told], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A workspace of three nights, not judged yet: a copy of one that is made once."""
    made = tmp_path_factory.getbasetemp() / "three-nights"
    if not made.exists():
        made.mkdir()
        make_workspace(run, made, ROWS, detections__many=MANY)
    return Path(shutil.copytree(made / "w", tmp_path / "w"))


def test_two_rule_sets_in_one_pass_are_each_judged_as_if_alone(
    workspace: Path, tmp_path: Path
) -> None:
    """Whatever differs, either side has the evidence that it would have by itself, both ways."""
    history = open_history(find_workspace(workspace, tmp_path))
    one = load_rules(workspace / "rules")
    before = [list(night.old) for night in replay(history, one)]
    for number, (what, files) in enumerate(OTHERS.items()):
        folder = make_pack(tmp_path / str(number), **({"detections__many": MANY} | files))
        other = load_rules(folder)
        after = [list(night.old) for night in replay(history, other)]
        assert (before == after) == (what in SAME), what
        there, back = list(replay_both(history, one, other)), list(replay_both(history, other, one))
        assert [list(night.old) for night in there] == before, what
        assert [list(night.new) for night in there] == after, what
        assert [list(night.old) for night in back] == after, what
        assert [list(night.new) for night in back] == before, what


def test_a_backtest_makes_the_findings_of_a_scan(run: Callable[..., Told], workspace: Path) -> None:
    """The ids that a backtest names are those that a scan then puts into the queue."""
    told = run("-w", workspace, "rules", "backtest", "--json")
    assert told.code == 0, told.err
    named = {finding for rule in told.json["rules"] for finding in rule["findings"]}
    assert not queue(workspace)
    assert run("-w", workspace, "scan").code == 0
    assert named == {name for name, kind in queue(workspace) if kind in {"policy", "rule"}}


def queue(workspace: Path) -> set[tuple[str, str]]:
    """Return id and kind of each finding."""
    with Store(find_workspace(workspace, workspace).database) as store:
        return {(one.finding_id, one.kind) for one in store.findings()}


def share(told: Told, name: str) -> dict[str, Any]:
    """Return what a backtest says of one rule."""
    assert told.out, told.err
    (found,) = [rule for rule in told.json["rules"] if rule["name"] == name]
    return dict(found)


def test_a_zero_is_blind_where_no_lookup_met_a_part(
    run: Callable[..., Told], workspace: Path
) -> None:
    """A rule of which each part was met has 0; one of which a part never was is blind, and why."""
    rule = workspace / "rules" / "detections" / "gun.yml"
    rule.write_text(RULE.replace("gte: 22", "gte: 24").replace("(late or known)", "late and known"))
    found = share(run("-w", workspace, "rules", "backtest", "--json"), "gun-query")
    assert found["findings"] == []
    assert found["blind"] == ["never met: local_hour|gte: 24"]
    rule.write_text(RULE.replace("(late or known)", "late and known"))
    found = share(run("-w", workspace, "rules", "backtest", "--json"), "gun-query")
    assert (found["findings"], found["blind"]) == ([], [])
    told = run("-w", workspace, "rules", "backtest").out
    assert "NO-WEEKENDS\tblind" in told


def test_precision_counts_what_people_decided(run: Callable[..., Told], workspace: Path) -> None:
    """Confirmed and cleared findings of a rule give its precision, with Wilson's interval."""
    assert run("-w", workspace, "scan").code == 0
    first, second = share(run("-w", workspace, "rules", "backtest", "--json"), "gun-query")[
        "findings"
    ]
    decide(workspace, first, "misuse")
    decide(workspace, second, "not_useful")
    found = share(run("-w", workspace, "rules", "backtest", "--json"), "gun-query")
    assert (found["confirmed"], found["cleared"]) == (1, 1)
    assert found["precision"] == pytest.approx([0.5, 0.0945, 0.9055], abs=1e-4)


def decide(workspace: Path, finding: str, disposition: str) -> None:
    """Record a decision."""
    with Store(find_workspace(workspace, workspace).database) as store:
        decided(store, finding, disposition, "Seen.", "reviewer")


def test_a_broken_budget_ends_with_1(run: Callable[..., Told], workspace: Path) -> None:
    """Only when even the low end of the interval is above what the rule allows itself."""
    rule = workspace / "rules" / "detections" / "gun.yml"
    for allowed, code in ((0, 1), (2, 0)):
        budget = f"  budget: {{findings_per_week: {allowed}, cleared_at_most: 0.5}}\n"
        rule.write_text(RULE.replace("  owner: auditor\n", "  owner: auditor\n" + budget))
        told = run("-w", workspace, "rules", "backtest", "--rule", "gun-query")
        assert told.code == code, told.out
        assert "cleared_at_most not known yet" in told.out


def test_a_confirmed_finding_that_would_go_ends_with_1(
    run: Callable[..., Told], workspace: Path, tmp_path: Path
) -> None:
    """The finding is named with its decision; one that nobody confirmed may go."""
    assert run("-w", workspace, "scan").code == 0
    early = RULE.replace("gun and (late or known)", "gun and known and not gun")
    other = make_pack(tmp_path / "other", detections__gun=early, detections__many=MANY)
    gone = run("-w", workspace, "rules", "diff", workspace / "rules", other)
    assert gone.code == 0
    assert "removed: " in gone.out
    changes = run("-w", workspace, "rules", "diff", workspace / "rules", other, "--json").json
    removed = [one["finding_id"] for one in changes["changes"] if one["what"] == "removed"]
    decide(workspace, removed[0], "policy_breach")
    lost = run("-w", workspace, "rules", "diff", workspace / "rules", other)
    assert lost.code == 1
    assert f"{removed[0]}  policy breach" in lost.out
    assert "1 confirmed finding would be lost" in lost.err
    back = run("-w", workspace, "rules", "diff", other, workspace / "rules", "--json")
    assert (back.code, back.json["lost"]) == (0, [])


def test_a_side_that_does_not_load_is_named(run: Callable[..., Told], workspace: Path) -> None:
    """Both sides have the same files, so the fault says on which side it is."""
    shutil.copytree(workspace / "rules", workspace / "draft")
    (workspace / "draft/detections/gun.yml").write_text("title: [")
    told = run("-w", workspace, "rules", "diff", workspace / "rules", workspace / "draft")
    assert (told.code, told.out) == (2, "")
    assert f"NEW {workspace / 'draft'}: detections/gun.yml:" in told.err


def test_old_may_be_a_revision(run: Callable[..., Told], workspace: Path) -> None:
    """The rules of a commit are read from git; a revision that is not there is said to be none."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    for arguments in (
        ["init", "-q"],
        ["add", "rules"],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "one"],
    ):
        subprocess.run(["git", *arguments], cwd=workspace, check=True)
    same = run("-w", workspace, "rules", "diff", "HEAD")
    assert same.out == "no finding differs\n", same.err
    rule = workspace / "rules" / "detections" / "gun.yml"
    rule.write_text(RULE.replace("level: low", "level: high"))
    assert "severity low to high" in run("-w", workspace, "rules", "diff", "HEAD").out
    told = run("-w", workspace, "rules", "diff", "HEAD~7")
    assert (told.code, told.out) == (2, "")
    assert "AW-BENCH-021" in told.err


def test_a_history_of_another_trade_is_refused(run: Callable[..., Told], tmp_path: Path) -> None:
    """Where the catalogue knows no transaction at all, nothing is printed but why."""
    workspace = make_workspace(run, tmp_path, [{"transaction": "ZZZZ"}])
    told = run("-w", workspace, "rules", "backtest")
    assert (told.code, told.out) == (2, "")
    assert "AW-BENCH-020" in told.err


def test_a_rule_in_shadow_is_judged_and_asks_nobody(
    run: Callable[..., Told], workspace: Path
) -> None:
    """Its findings stay out of the queue; a backtest shows them."""
    (workspace / "rules" / "detections" / "gun.yml").write_text(SHADOW)
    assert run("-w", workspace, "scan").code == 0
    with Store(find_workspace(workspace, workspace).database) as store:
        assert "gun-query" not in {one.rule_id for one in store.findings()}
    found = share(run("-w", workspace, "rules", "backtest", "--json"), "gun-query")
    assert (found["mode"], len(found["findings"])) == ("shadow", 2)
