from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from tests.findings_fabric import (
    Fabric,
    decided,
    follower,
    gathered,
    hit,
    lookup,
    make_fabric,
    night_of,
    result,
    surprise,
    verdict,
)

from auditwatch.cli import cli
from auditwatch.config import make_workspace
from auditwatch.core import clock
from auditwatch.core.schema import COUNT_NIGHTS, PAIR_NIGHTS
from auditwatch.findings.model import NightSummary
from auditwatch.score import views

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    """Two nights; on the second one rule speaks of two operators and one use is forbidden."""
    root = tmp_path_factory.mktemp("night")
    make_workspace(root)
    rows = [lookup(0, 1, "CANARY-T1", "CANARY-P1"), lookup(1, 1, "CANARY-T1", "CANARY-P1")]
    rows += [lookup(1, 2, "CANARY-T2", "CANARY-P2"), lookup(1, 50, "CANARY-T3", "CANARY-P3")]
    forbidden = verdict(rows[3], "forbidden", story="pair", severity="high")
    nights = [
        result(night_of(0), gathered(night_of(0), rows[:1], hits=[hit(rows[0], "colleague")])),
        result(
            night_of(1),
            gathered(
                night_of(1), rows[1:], [forbidden], [hit(row, "colleague") for row in rows[1:3]]
            ),
            summary=NightSummary(lookups=3, verdicts={"forbidden": 1, "permitted": 2}),
        ),
    ]
    made = make_fabric(root, [*rows, follower(rows[3])], nights)
    yield made
    made.store.close()


def night(fabric: Fabric, form: str, *more: str) -> str:
    """Write the night's report through the command line and return it."""
    path = fabric.workspace.root / f"out.{form}"
    arguments = ["-w", str(fabric.workspace.root), "report", "night", "--format", form]
    CliRunner().invoke(cli, [*arguments, "-o", str(path), *more], catch_exceptions=False)
    return path.read_text()


def test_the_numbers_are_those_of_the_night(fabric: Fabric) -> None:
    """New and grown by severity, what spoke beside what is usual, lookups by hour, the backlog."""
    tables = json.loads(night(fabric, "json"))["tables"]
    severities = {row["severity"]: (row["new"], row["grown"]) for row in tables["severities"]}
    assert severities["high"] == (1, 0)
    assert severities["medium"] == (1, 1)
    spoke = {
        row["rule"]: (row["findings"], row["lookups"], row["usual"]) for row in tables["rules"]
    }
    assert spoke["colleague"] == (2, 2, 1)
    assert sum(row["lookups"] for row in tables["hours"]) == 3
    assert sum(row["open"] for row in tables["backlog"]) == len(tables["queue"]) == 3


def test_the_page_and_the_json_say_the_same(fabric: Fabric) -> None:
    """Each row of the numbers stands on the page with the same cells."""
    page, tables = night(fabric, "html"), json.loads(night(fabric, "json"))["tables"]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.DOTALL)
    told = {tuple(re.sub("<[^>]*>", " ", one).split()) for one in rows}
    for name in ("severities", "rules", "units", "backlog", "hours"):
        for row in tables[name]:
            assert tuple(" ".join(f"{cell}" for cell in row.values()).split()) in told


def test_a_mail_names_nobody_and_tells_the_counts(fabric: Fabric) -> None:
    """Not even pseudonyms, and not those of a finding's title."""
    mail = night(fabric, "mail", "--reveal", "--reason", "test")
    assert "CANARY" not in mail
    assert not re.search(r"(operator|subject|case|terminal)-[0-9a-f]{8}", mail)
    assert mail.startswith("Subject: Example Agency, CA0990100: Night of ")
    assert re.search(r"high +1 +0\n", mail)
    assert fabric.store.journal_head() in mail


def test_a_quiet_night_has_a_mail(fabric: Fabric) -> None:
    """Silence must mean that something failed."""
    mail = night(fabric, "mail", "--night", night_of(0))
    assert "1 finding new, 0 grown" in mail


@pytest.mark.parametrize("form", ["html", "csv", "json", "mail"])
def test_two_runs_are_byte_equal(fabric: Fabric, form: str) -> None:
    """The same night, lookups and decisions give the same bytes."""
    assert night(fabric, form) == night(fabric, form)


def test_decisions_stand_beside_the_rule(fabric: Fabric) -> None:
    """Of two findings that one rule led to, one was misuse."""
    names = [one.finding_id for one in fabric.store.findings() if one.rule_id == "colleague"]
    decided(fabric.store, names[0], "misuse", "seen", "lead")
    decided(fabric.store, names[1], "explained", "seen", "lead")
    rules = json.loads(night(fabric, "json"))["tables"]["rules"]
    assert {(row["confirmed"], row["decided"]) for row in rules if row["rule"] == "colleague"} == {
        (1, 2)
    }
    assert all(row["decided_lately"] == row["decided"] for row in rules)
    for name in names:
        decided(fabric.store, name, "withdrawn", "back", "lead")


def test_a_decision_of_long_ago_is_not_a_late_one(
    fabric: Fabric, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month back from the night, decisions count among those of all time only."""
    name = next(one.finding_id for one in fabric.store.findings() if one.rule_id == "colleague")
    long_ago = datetime(2025, 12, 1, 9, 0, tzinfo=UTC)
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", lambda: long_ago)
        decided(fabric.store, name, "misuse", "seen", "lead")
    rules = json.loads(night(fabric, "json"))["tables"]["rules"]
    (row,) = [one for one in rules if one["rule"] == "colleague"]
    told = ("confirmed", "decided", "confirmed_lately", "decided_lately")
    assert [row[one] for one in told] == [1, 1, 0, 0]
    decided(fabric.store, name, "withdrawn", "back", "lead")


def test_every_format_says_what_chance_would_have_made(tmp_path: Path) -> None:
    """Ten at work in every way that views see, at two decades: a tenth for each view."""
    make_workspace(tmp_path)
    rows = [lookup(day, n, f"T-{n}", f"P-{n}") for day in range(12) for n in range(10)]
    last = [row for row in rows if row["night"] == night_of(11)]
    pattern = surprise(last[:1], surprise_milli=2000)
    pieces = gathered(night_of(11), last, surprises=[pattern])
    nights = [result(night_of(day), []) for day in range(11)]
    made = make_fabric(tmp_path, rows, [*nights, result(night_of(11), pieces)])
    profiles = [dict.fromkeys(PAIR_NIGHTS.names) | shared(row) for row in rows]
    made.lake.append(PAIR_NIGHTS, pa.Table.from_pylist(profiles, PAIR_NIGHTS.schema), "pair_nights")
    expected = 10 * len(views()) / 100
    said = f"Chance alone would make about {expected:.2g} as strong as it on such a night"
    for form in ("json", "csv", "html"):
        assert said in night(made, form)
    (finding,) = made.store.findings()
    (queued,) = json.loads(night(made, "json"))["tables"]["queue"]
    assert queued["chance"] == "100 %"
    shown = CliRunner().invoke(
        cli, ["-w", str(tmp_path), "findings", "show", finding.finding_id], catch_exceptions=False
    )
    assert f"about {12 * expected:.2g} patterns as strong on all nights" in shown.stdout
    made.store.close()


def test_chance_makes_nothing_of_what_no_view_had_a_word_to_say_of(tmp_path: Path) -> None:
    """Of ten at work one pair could be a story, counted in two windows, and two subjects."""
    make_workspace(tmp_path)
    rows = [lookup(0, n, f"T-{n}", f"P-{n}") for n in range(10)]
    pattern = surprise(rows[:1], surprise_milli=500)
    made = make_fabric(
        tmp_path, rows, [result(night_of(0), gathered(night_of(0), rows, surprises=[pattern]))]
    )
    profiles = [dict.fromkeys(PAIR_NIGHTS.names) | shared(row) for row in rows]
    made.lake.append(PAIR_NIGHTS, pa.Table.from_pylist(profiles, PAIR_NIGHTS.schema), "pair_nights")
    counts = [
        ("pair", "T-0", "P-0", 4, 3),
        ("pair", "T-0", "P-1", 3, 3),
        ("pair", "T-1", "P-1", 2, 3),  # less than could be a story
        ("burst", None, "P-1", 3, 3),
        ("burst", None, "P-2", 5, 3),
        ("mix", None, None, 0, 0),  # silent units
    ]
    names = ("view", "operator_id", "subject_id", "observed", "least")
    kept = [
        dict.fromkeys(COUNT_NIGHTS.names)
        | {"night": night_of(0)}
        | dict(zip(names, one, strict=True))
        for one in counts
    ]
    made.lake.append(COUNT_NIGHTS, pa.Table.from_pylist(kept, COUNT_NIGHTS.schema), "counts")
    assert "Chance alone would make about 3 as strong as it on such a night" in night(made, "json")
    made.store.close()


def shared(row: dict[str, Any]) -> dict[str, Any]:
    """Return what a lookup and a profile of it both say."""
    names = ("night", "operator_id", "operator_unit", "operator_role", "subject_id", "agency")
    return {name: row[name] for name in names if name in PAIR_NIGHTS.names} | {"lookups": 1}


def test_the_night_tells_who_was_seen_by_unit_hour_and_night(fabric: Fabric) -> None:
    """Operators, subjects and lookups add up over units, hours and nights."""
    paper = json.loads(night(fabric, "json"))
    tables = paper["tables"]
    assert {row["seen"]: row["number"] for row in tables["seen"]} == {
        "Lookups": 3,
        "Operators": 3,
        "Subjects": 3,
        "Case numbers": 0,
    }
    (hours,) = tables["unit_hours"]
    assert sum(number for name, number in hours.items() if name != "unit") == 3
    said = [one["text"] for one in paper["sentences"]]
    assert "New findings name 2 lookups, 66.7 % of 3 judged." in said
    assert any(one.startswith("First 2026-02-02 09:07 PST, last ") for one in said)


def test_a_source_that_did_not_come_is_a_notice(fabric: Fabric) -> None:
    """Each source of the settings stands there with what it brought, on the page too."""
    settings = fabric.workspace.root / "auditwatch.toml"
    before = settings.read_text()
    settings.write_text(f'{before}\n[sources.clets]\nfiles = "drop/*.csv"\n')
    try:
        assert json.loads(night(fabric, "json"))["tables"]["expected"] == [
            {"source": "clets", "files": 0, "came": "no"}
        ]
        said = "0 of 1 expected source brought lookups of this night."
        page = night(fabric, "html")
        assert re.search(rf'class="notice">{said} Missing: <bdi>clets</bdi>\.', page)
    finally:
        settings.write_text(before)


def test_the_year_of_an_investigation_runs(fabric: Fabric) -> None:
    """One that has little left is a notice; the most urgent stands first."""
    for name, day in (("IA-2", "2025-12-01"), ("IA-1", "2025-03-01")):
        arguments = ["investigations", "open", name, "--on", day, "--note", "a letter came in"]
        CliRunner().invoke(
            cli, ["-w", str(fabric.workspace.root), *arguments], catch_exceptions=False
        )
    paper = json.loads(night(fabric, "json"))
    assert [(row["investigation"], row["left"]) for row in paper["tables"]["clocks"]] == [
        ("IA-1", 27),
        ("IA-2", 302),
    ]
    assert "1 investigation within 90 days of a year since it was opened." in str(paper)
