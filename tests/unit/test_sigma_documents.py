"""Sigma documents of more than one rule: filters, collections, several documents of a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from auditwatch.check.eventjudge import judge_events
from auditwatch.check.foreign import ForeignRules, load_foreign

if TYPE_CHECKING:
    from pathlib import Path

START = "title: start\nname: start\nid: r-1\nlogsource: {product: windows, category: proc}\n"
RULE = START + "detection: {s: {Image|endswith: '\\cmd.exe'}, condition: s}\n"
OTHER = "title: other\nid: r-2\nlogsource: {product: linux}\ndetection: {s: {a: x}, condition: s}\n"
FILTER = """\
title: not the administrators
logsource: {product: Windows}
filter:
  rules: [start]
  adm: {User|startswith: adm_}
  svc: {User: [svc1, svc2]}
  condition: not 1 of them
"""
COMMANDS = [
    {"Image": r"C:\cmd.exe", "User": user, "a": "x"} for user in ("ann", "ADM_bob", "svc2", None)
]


def loaded(folder: Path, *documents: str) -> ForeignRules:
    """Return the rules of one file of several documents."""
    (folder / "r").mkdir()
    (folder / "r/all.yml").write_text("---\n".join(documents))
    return load_foreign(folder / "r")


def hits(folder: Path, rules: ForeignRules, *events: dict[str, Any]) -> list[tuple[int, str]]:
    """Return line and rule of each hit."""
    assert not rules.refused, rules.refused
    (folder / "e.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
    return judge_events(rules, folder / "e.jsonl", ZoneInfo("UTC")).hits


@pytest.mark.parametrize("named", ["[start]", "r-1", "any", "[r-1, r-2]"])
def test_a_filter_takes_away_what_it_excludes(tmp_path: Path, named: str) -> None:
    """By id, name or any: rules of its logsource alone, whichever document comes first."""
    filtering = FILTER.replace("[start]", named)
    rules = loaded(tmp_path, filtering, RULE, OTHER)
    found = hits(tmp_path, rules, *COMMANDS)
    assert [line for line, rule in found if rule == "r-1"] == [1, 4]
    assert [line for line, rule in found if rule == "r-2"] == [1, 2, 3, 4]


def test_correlations_count_what_filters_leave(tmp_path: Path) -> None:
    """Two commands within a minute, one of them an administrator's, are one."""
    correlation = (
        "title: many\nid: c-1\ncorrelation: {type: event_count, rules: [start], timespan: 1m, "
        "condition: {gte: 2}}\n"
    )
    events = [one | {"ts": f"2026-01-01T00:00:0{n}Z"} for n, one in enumerate(COMMANDS)]
    rules = loaded(tmp_path, RULE, correlation, FILTER)
    assert hits(tmp_path, rules, *events) == [(4, "c-1")]


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        (("[start]", "[strat]"), "AW-RULES-033", 4),
        (("  rules: [start]\n", ""), "AW-RULES-002", 3),
        (("1 of them", "rules"), "AW-RULES-010", 7),
        (("|startswith", "|starts"), "AW-RULES-009", 5),
    ],
)
def test_a_filter_that_would_let_everything_through_is_refused(
    tmp_path: Path, change: tuple[str, str], code: str, line: int
) -> None:
    """With its place; the rules stay, for whoever skips it."""
    rules = loaded(tmp_path, FILTER.replace(*change), RULE)
    (error,) = rules.refused
    assert error.code == code
    assert f"all.yml:{line}" in error.where
    assert [rule.rule_id for rule in rules.rules] == ["r-1"]


def test_a_collection_shares_its_head(tmp_path: Path) -> None:
    """What is global is said of each rule up to a reset; a repeat says anew what differs."""
    rules = loaded(
        tmp_path,
        "action: global\ntitle: t\ndetection: {known: {a: x}, condition: s and not known}\n",
        "id: one\ndetection: {s: {b: 'y'}, condition: nothing}\n",
        "action: repeat\nid: two\ndetection: {s: {c: z}}\n",
        "action: reset\n",
        "id: three\ntitle: t\ndetection: {s: {b: 'y'}, condition: s}\n",
    )
    events = ({"b": "y"}, {"b": "y", "a": "x"}, {"b": "y", "c": "z"})
    assert hits(tmp_path, rules, *events) == [
        (1, "one"), (1, "three"), (2, "three"), (3, "one"), (3, "three"), (3, "two"),
    ]  # fmt: skip


def test_a_fault_of_a_collection_stands_where_it_was_written(tmp_path: Path) -> None:
    """A place in the shared head, or in the rule; an action of no collection is refused."""
    head = "action: global\ntitle: t\ndetection:\n  known: {a|nope: x}\n  condition: s\n"
    rule = "id: one\ndetection: {s: {b: 'y'}}\n"
    rules = loaded(tmp_path, head, rule, "action: again\nid: two\n")
    assert [(one.code, one.where.rpartition("all.yml:")[2]) for one in rules.refused] == [
        ("AW-RULES-009", "4:11"),
        ("AW-RULES-032", "10:1"),
    ]
