"""From findings of no use to a draft, and from shadow to the queue: on what evidence."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.findings_fabric import decided
from tests.rule_bench import CORRELATION, PERMIT, RULE, Told, make_workspace, runner

from auditwatch.check import load_rules
from auditwatch.config import find_workspace
from auditwatch.findings.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

#: Two of one unit with case numbers typed into the reason, two of another without any, and one by
#: himself.
ROWS = [
    {
        "event_id": f"{day}-{who}",
        "event_time": f"2026-03-{day}T10:{number:02}:00-08:00",
        "operator_id": who,
        "operator_unit": unit,
        "reason": reason,
        "subject_id": "G-1AB" if who == "T5" else f"G-77{number}",
    }
    for day in ("03", "04", "05")
    for number, (who, unit, reason) in enumerate(
        (
            ("T1", "patrol-north", "inventory 26-00417"),
            ("T2", "patrol-north", "stock 26-00418"),
            ("T3", "patrol-south", "inventory"),
            ("T4", "patrol-south", "inventory"),
            ("T5", "patrol-central", "inventory 26-00419"),
        )
    )
]
#: What became of the findings of each unit.
OUTCOMES = {"patrol-north": "not_useful", "patrol-south": "misuse", "patrol-central": "not_useful"}
MANY = CORRELATION.replace("condition:", "generate: true\n  condition:")
#: Patrol needs an incident number; a case number does for another unit.
PERMITS = PERMIT.replace("[case_number, incident_number]", "[incident_number]").replace(
    "forbids:",
    """\
  - id: TRAFFIC-GUNS
    says: Traffic may check guns for a case.
    effective: {from: "2026-01-01"}
    approved: {by: Chief, date: "2025-12-01"}
    authority: A sample.
    verified: agency
    who: {units: [traffic]}
    may: {transactions: [QG]}
    for: [C]
    if: {all_of: [case_number]}
forbids:""",
)
SHADOW = (
    RULE.replace(
        "  owner: auditor\n",
        '  owner: auditor\n  mode: shadow\n  shadow_since: "2026-03-03"\n'
        "  budget: {findings_per_week: 20}\n",
    )
    .replace("gun and (late or known)", "gun or (late and known)")
    .replace('QG, local_hour: "10"', 'RQ, local_hour: "10"')
)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """The command in this process."""
    return runner(capsys)


@pytest.fixture
def workspace(
    run: Callable[..., Told], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Three nights, scanned and decided."""
    made = tmp_path_factory.getbasetemp() / "tuned"
    if not made.exists():
        made.mkdir()
        place = make_workspace(run, made, ROWS, permits__guns=PERMITS, detections__many=MANY)
        assert run("-w", place, "scan").code == 0
        for unit, outcome in OUTCOMES.items():
            with Store(find_workspace(place, place).database) as store:
                decided(store, finding_of(place, unit), outcome, "Seen.", "reviewer")
    return Path(shutil.copytree(made / "w", tmp_path / "w"))


def finding_of(workspace: Path, unit: str) -> str:
    """Return the finding about a unit, as the policy makes it."""
    with Store(find_workspace(workspace, workspace).database) as store:
        return next(one.finding_id for one in store.findings() if unit in one.title)


def test_what_a_unit_does_is_drafted_as_a_permit(run: Callable[..., Told], workspace: Path) -> None:
    """It asks for what all of its lookups came with, and loses nothing that was confirmed."""
    told = run("-w", workspace, "rules", "tune", finding_of(workspace, "patrol-north"), "--json")
    assert told.code == 0, told.out + told.err
    assert (told.json["kind"], told.json["proven"]) == ("permit", True)
    draft = told.json["draft"]
    assert 'who: {units: ["patrol-north"], roles: ["officer"]}' in draft
    assert 'may: {transactions: ["QG"]}' in draft
    assert 'for: ["C"]' in draft
    assert 'if: {all_of: ["case_number"]}' in draft
    assert "6 lookups permitted, 0 of them of other findings" in told.err
    assert told.json["diff"]["lost"] == []


def test_what_one_person_does_is_drafted_as_an_exception(
    run: Callable[..., Told], workspace: Path
) -> None:
    """One officer's habit is no policy; asked for a permit, the command drafts one all the same."""
    useless = finding_of(workspace, "patrol-central")
    told = run("-w", workspace, "rules", "tune", useless, "--json")
    assert (told.code, told.json["kind"]) == (0, "exception")
    told = run("-w", workspace, "rules", "tune", useless, "--as", "permit", "--json")
    assert (told.code, told.json["kind"]) == (0, "permit")


def test_a_draft_loads_once_somebody_filled_it_in_and_not_before(
    run: Callable[..., Told], workspace: Path
) -> None:
    """The file waits for sentence, authority and approval; with them the finding is gone."""
    useless = finding_of(workspace, "patrol-north")
    file = workspace / "rules/permits/draft.yml"
    told = run("-w", workspace, "rules", "tune", useless, "--as", "permit", "-o", file)
    assert told.code == 0, told.err
    assert run("-w", workspace, "rules", "lint").code != 0
    text = file.read_text()
    for blank, filled in (
        ('says: ""', "says: Patrol may check guns for a case."),
        ('authority: ""', "authority: Order 7"),
        ('by: "", date: ""', 'by: Chief, date: "2026-01-01"'),
    ):
        assert blank in text
        text = text.replace(blank, filled)
    since = text.split('from: "')[1][:10]
    file.write_text(text.replace(since, "2026-01-01"))
    load_rules(workspace / "rules")
    after = run("-w", workspace, "rules", "backtest", "--json").json
    left = {one for rule in after["rules"] for one in rule["findings"]}
    assert useless not in left
    assert finding_of(workspace, "patrol-south") in left


def test_nothing_is_drafted_for_what_nobody_cleared(
    run: Callable[..., Told], workspace: Path
) -> None:
    """A confirmed finding, and one that does not exist, are refused; nothing is printed."""
    for name in (finding_of(workspace, "patrol-south"), "F-NOSUCHTHING"):
        told = run("-w", workspace, "rules", "tune", name)
        assert (told.code, told.out) == (2, "")
        assert "AW-BENCH-025" in told.err


def test_no_permit_spares_what_a_rule_asks(run: Callable[..., Told], workspace: Path) -> None:
    """A rule's finding can be lifted by an exception, never by a permit."""
    with Store(find_workspace(workspace, workspace).database) as store:
        name = next(one.finding_id for one in store.findings() if one.rule_id == "gun-query")
        decided(store, name, "not_useful", "Seen.", "reviewer")
    told = run("-w", workspace, "rules", "tune", name, "--as", "permit")
    assert (told.code, told.out) == (2, "")
    assert "--as exception" in told.err


def test_a_rule_leaves_shadow_when_its_nights_speak_for_it(
    run: Callable[..., Told], workspace: Path
) -> None:
    """Too few nights, or a budget that is broken, keep it there and the file as it was."""
    rule = workspace / "rules/detections/gun.yml"
    asked = ("-w", workspace, "rules", "promote", "gun-query", "--by", "Lt. Moreno")
    rule.write_text(SHADOW.replace("per_week: 20", "per_week: 0"))
    early = run(*asked)
    assert early.code == 1
    assert "not yet: 3 of 14 nights in shadow" in early.out
    assert "not yet: above its budget" in early.out
    rule.write_text(SHADOW)
    assert run(*asked, "--nights", 3, "--check").out.startswith("day ")
    assert rule.read_text() == SHADOW
    told = run(*asked, "--nights", 3)
    assert told.code == 0, told.out
    assert 'nights: "3, 2026-03-03 to 2026-03-05"' in rule.read_text()
    assert "mode: shadow" not in rule.read_text()
    again = run(*asked)
    assert again.code == 2
    assert "AW-BENCH-024" in again.err


def test_a_rule_that_only_correlations_ask_is_not_promoted(
    run: Callable[..., Told], workspace: Path
) -> None:
    """It says nothing by itself, so that there is nothing to take out of shadow."""
    (workspace / "rules/detections/gun.yml").write_text(SHADOW)
    (workspace / "rules/detections/many.yml").write_text(CORRELATION)
    told = run("-w", workspace, "rules", "promote", "gun-query", "--by", "Lt. Moreno")
    assert (told.code, told.out) == (2, "")
    assert "serves correlations alone" in told.err
