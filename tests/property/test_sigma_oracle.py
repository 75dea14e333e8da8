"""Generated Sigma rules on generated events, against a plain reader of the same."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sigma_oracle import NULL, correlates, detects, flat

from auditwatch.check.eventjudge import judge_events
from auditwatch.check.foreign import load_foreign

ZONE = ZoneInfo("America/Los_Angeles")
TEXTS = (
    "a",
    "B",
    "ab",
    "aß",
    "ASS",
    "É",
    "é-x",
    "x /b",
    "a*b",
    "a\\b",
    "\\*",
    "?",
    "a\nb",
    "",
    "null",
)
PATTERNS = (
    "a",
    "B",
    "*b",
    "a?b",
    "a\\*b",
    "\\\\",
    "*\\\\b",
    "ass",
    "-x",
    "x /b",
    "é*",
    "\\?",
    "null",
)
PLAIN = ("a", "ab", "-x", "cmd", "a b")
TEXT_MODIFIERS = (
    *("", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|neq"),
    *("|contains|all", "|windash", "|contains|windash", "|windash|startswith|cased"),
)
CODINGS = (
    *("|base64", "|base64|contains", "|base64offset|contains", "|wide|base64offset|contains"),
    *("|utf16le|base64", "|utf16be|base64|contains", "|utf16|base64offset|contains", "|wide"),
)
TIMES = (
    "2026-03-08T09:59:00Z",
    "2026-03-08T10:00:00Z",
    "2026-12-31 23:59:59",
    "2027-01-01",
    "then",
)
NETS = ("10.0.0.0/8", "2001:db8::/32", "10.1.2.3/32")


def some(values: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Return one value, or a list of several."""
    return st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=1, max_size=3)


def items_of(keys: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return an item with one of these keys."""
    return st.tuples(st.sampled_from(keys), values)


FIELDS = ("a", "b", "o.c")
RE_KEYS = tuple(f"{field}|{m}" for field in FIELDS for m in ("re", "re|i", "re|s"))
REFERENCES = ("a|fieldref", "a|fieldref|neq", "a|fieldref|startswith", "a|contains|fieldref")
COMPARED = ("n|gt", "n|gte", "n|lt", "n|lte")
CLOCK = ("t|minute", "t|hour", "t|day", "t|week", "t|month", "t|year")
ITEMS = st.one_of(
    items_of(tuple(f + m for f in FIELDS for m in TEXT_MODIFIERS), some(PATTERNS)),
    items_of(tuple("a" + m for m in CODINGS), some(PLAIN)),
    items_of(RE_KEYS, some(("^a.b$", "B|é", "s+$"))),
    items_of(tuple(f"{f}|exists" for f in ("a", "o", "o.c")), st.sampled_from(("true", "false"))),
    items_of(("a", "b", "o", "o.c", "a|neq"), st.just(NULL)),
    items_of(("a", "a|neq"), st.just("")),
    items_of(REFERENCES, some(FIELDS[1:])),
    items_of(COMPARED, some(("3", "3.5", "9007199254740993"))),
    items_of(("ip|cidr", "ip|cidr|neq"), some(NETS)),
    items_of(CLOCK, some(("1", "2", "3", "12", "53"))),
    items_of(("t|hour|gte", "t|hour|lt", "t|year|gt"), st.sampled_from(("2", "3", "2026"))),
)  # fmt: skip
MAPS = st.lists(ITEMS, min_size=1, max_size=2, unique_by=lambda one: one[0]).map(dict)
WORDS = st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2)
SELECTIONS = st.one_of(
    MAPS,
    st.lists(MAPS, min_size=1, max_size=2),
    WORDS,
    WORDS.map(lambda words: {"|all": words}),
    st.tuples(st.sampled_from(PATTERNS), MAPS).map(list),
)


@cache
def trees(names: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Return conditions over these selections."""
    leaf = st.sampled_from([*names, ("1", "s_*"), ("all", "s_*"), ("1", "them"), ("all", "them")])
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.sampled_from(["and", "or"]), inner, inner),
        ),
        max_leaves=4,
    )


@st.composite
def detections(draw: st.DrawFn) -> dict[str, Any]:
    """Return selections and a condition over them."""
    more = st.dictionaries(st.sampled_from(["s_two", "t"]), SELECTIONS, max_size=2)
    found = {"s_one": draw(SELECTIONS), **draw(more)}
    return {**found, "condition": draw(trees(tuple(sorted(found))))}


VALUES = st.one_of(st.sampled_from(TEXTS), st.none(), st.booleans(), st.integers(0, 5))
CODED = ("YQ==", "eGNtZA==", "YWI=", "c\0m\0d\0", "//5hAA==", "AGEAYg==", "bQBkAA==")
EVENTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "a": st.one_of(VALUES, st.lists(VALUES, max_size=2), st.sampled_from(CODED)),
            "b": VALUES,
            "o": st.one_of(VALUES, st.fixed_dictionaries({}, optional={"c": VALUES})),
            "n": st.one_of(
                st.sampled_from(["3", "x", 3.5, 9007199254740992, 9007199254740993]),
                st.integers(0, 5),
            ),
            "ip": st.sampled_from(["10.1.2.3", "11.0.0.1", "2001:db8::1", "none"]),
            "t": st.sampled_from(TIMES),
        },
    ),
    min_size=2,
    max_size=8,
)


def written(value: Any) -> str:
    """Return a part of a rule as YAML in one line, every text in quotes but ``null``."""
    if value is NULL:
        return "null"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(k)}: {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return yaml.safe_dump(value, default_style='"', width=100_000).strip()


def spoken(tree: Any) -> str:
    """Return a condition as text."""
    if isinstance(tree, str):
        return tree
    first, *rest = tree
    if first in ("1", "all"):
        return f"{first} of {rest[0]}"
    if first == "not":
        return f"not ({spoken(rest[0])})"
    return f"({spoken(rest[0])}) {first} ({spoken(rest[1])})"


def judged(rules: list[dict[str, Any]], events: list[dict[str, Any]]) -> set[tuple[int, str]]:
    """Write rules and events, and judge them as the command does."""
    with tempfile.TemporaryDirectory() as folder:
        rule_file, event_file = Path(folder) / "r/all.yml", Path(folder) / "events.jsonl"
        rule_file.parent.mkdir()
        rule_file.write_text("\n---\n".join(map(written, rules)), "utf-8")
        event_file.write_text("".join(json.dumps(one) + "\n" for one in events), "utf-8")
        loaded = load_foreign(rule_file.parent)
        assert not loaded.refused, loaded.refused[0]
        result = judge_events(loaded, event_file, ZONE)
    assert not result.unread
    return set(result.hits)


def check_detections(found: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    """Judge by detections, and compare with the plain reader."""
    rules = [
        {"title": f"r{n}", "detection": {**one, "condition": spoken(one["condition"])}}
        for n, one in enumerate(found)
    ]
    expected = {
        (line, f"r{n}")
        for line, event in enumerate(events, 1)
        for n, one in enumerate(found)
        if detects(one, event, ZONE)
    }
    assert judged(rules, events) == expected


@settings(max_examples=80)
@given(st.lists(detections(), min_size=1, max_size=8), EVENTS)
def test_detections_agree_with_a_plain_reader(
    found: list[dict[str, Any]], events: list[dict[str, Any]]
) -> None:
    """Whatever rules and events are made up, the hits are those of a plain reader."""
    check_detections(found, events)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=5_000)
@given(st.lists(detections(), min_size=1, max_size=8), EVENTS)
def test_detections_agree_with_a_plain_reader_at_length(
    found: list[dict[str, Any]], events: list[dict[str, Any]]
) -> None:
    """The same for thousands."""
    check_detections(found, events)


def test_quoting_ends_with_its_pattern() -> None:
    """A pattern whose quoting nothing ends takes in none of the patterns beside it."""
    detection = {"s": {"a|re": [r"\Qa.", r"x\Qy\Ez", "^b"]}, "condition": "s"}
    events = [{"a": text} for text in ("1a.", "ab", "xyz", "bb")]
    assert judged([{"title": "r", "detection": detection}], events) == {
        (1, "r"),
        (3, "r"),
        (4, "r"),
    }


HOSTILE = st.text(st.characters(codec="utf-8"), max_size=12) | st.text(
    "\\*?%ß\u017f\u212a\u0130\u0131éÉ-/|\0\n'\"", max_size=6
)


@settings(max_examples=150)
@given(
    HOSTILE.filter(bool),
    HOSTILE.filter(bool),
    st.sampled_from(["", "|contains", "|cased", "|startswith"]),
)
def test_hostile_texts_hit_what_a_plain_reader_hits(one: str, other: str, modifier: str) -> None:
    """Whatever stands in a rule's value, it hits that text, and no other than a plain reader."""
    rules = [{"s": {f"a{modifier}": text}, "condition": "s"} for text in (one, other)]
    texts = (one, other, one.swapcase(), f"x{one}", f"{other}x", one.replace("\\", ""))
    check_detections(rules, [{"a": text} for text in texts])


RULES = ("x", "y", "z")
FRACTIONS = ("1", "2", "2.5", "10", "0.1")
LIMITS = st.dictionaries(
    st.sampled_from(["gt", "gte", "lt", "lte", "eq", "neq"]),
    st.sampled_from(FRACTIONS),
    min_size=1,
    max_size=2,
)


@st.composite
def correlations(draw: st.DrawFn) -> dict[str, Any]:
    """Return a correlation over some of the rules."""
    kind = draw(
        st.sampled_from(
            ["event_count", "value_count", "value_sum", "value_avg", "value_median",
             "value_percentile", "temporal", "temporal_ordered"]
        )
    )  # fmt: skip
    rules = list(draw(st.permutations(RULES))[: draw(st.integers(1, 3))])
    condition: Any = draw(LIMITS)
    if kind == "value_count":
        condition["field"] = draw(st.sampled_from(["v", ["v", "w"]]))
    elif kind.startswith("value"):
        condition["field"] = "v"
    if kind == "value_percentile":
        condition["percentile"] = draw(st.sampled_from(["0", "10", "33", "95", "100"]))
    if kind.startswith("temporal"):
        tree = trees_of(tuple(rules))
        condition = draw(st.one_of(st.none(), st.just(condition), tree))
    found = {
        "type": kind,
        "rules": rules,
        "group-by": draw(st.sampled_from([[], ["g"], ["g", "h"], ["who"]])),
        "timespan": draw(st.sampled_from(["1s", "3s", "1m", "1h"])),
        "condition": condition,
    }
    if found["group-by"] == ["who"]:
        found["aliases"] = {"who": {name: draw(st.sampled_from("gh")) for name in rules}}
    return found


@cache
def trees_of(rules: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Return conditions that name each of these rules."""
    first = st.sampled_from([rules[0], ("not", rules[0])])
    if len(rules) == 1:
        return first
    return st.tuples(
        st.sampled_from(["and", "or"]), first, st.deferred(lambda: trees_of(rules[1:]))
    )


MATCHES = st.lists(
    st.fixed_dictionaries(
        {
            "r": st.sets(st.sampled_from(RULES), min_size=1).map(sorted),
            "time": st.sampled_from([0, 1, 2, 3, 4, 60, 61, 3600]),
        },
        optional={
            "g": st.sampled_from(["p", "q", None]),
            "h": st.sampled_from(["p", "q"]),
            "v": st.sampled_from([1, 2, 2.5, "0.1", "x", 10]),
            "w": st.sampled_from(["k", "l"]),
        },
    ),
    min_size=4,
    max_size=16,
)  # fmt: skip


def check_correlations(made: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    """Judge by correlations, and compare with the plain reader."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    timed = [
        {**one, "@timestamp": (start + timedelta(seconds=one["time"])).isoformat()}
        for one in events
    ]
    matched = {
        name: [
            (one["time"], line, flat(one)) for line, one in enumerate(events, 1) if name in one["r"]
        ]
        for name in RULES
    }
    rules = [
        {"title": "t", "name": name, "detection": {"s": {"r": name}, "condition": "s"}}
        for name in RULES
    ]
    rules += [{"title": f"c{n}", "correlation": told_of(one)} for n, one in enumerate(made)]
    found = {(line, name) for line, name in judged(rules, timed) if name.startswith("c")}
    assert found == {
        (line, f"c{n}") for n, one in enumerate(made) for line in correlates(one, matched)
    }


def told_of(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a correlation as a rule file has it."""
    told = {key: value for key, value in rule.items() if value is not None and value != []}
    if isinstance(rule["condition"], tuple | str):
        told["condition"] = spoken(rule["condition"])
    return told


@settings(max_examples=80)
@given(st.lists(correlations(), min_size=1, max_size=8), MATCHES)
def test_correlations_agree_with_a_plain_reader(
    made: list[dict[str, Any]], events: list[dict[str, Any]]
) -> None:
    """Whatever correlations are made up, they hold at the events of a plain reader."""
    check_correlations(made, events)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=5_000)
@given(st.lists(correlations(), min_size=1, max_size=8), MATCHES)
def test_correlations_agree_with_a_plain_reader_at_length(
    made: list[dict[str, Any]], events: list[dict[str, Any]]
) -> None:
    """The same for thousands."""
    check_correlations(made, events)
