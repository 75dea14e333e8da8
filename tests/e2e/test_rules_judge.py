"""`rules judge` as a developer of rules starts it: any Sigma rules, any events."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RULES = Path(__file__).parents[1] / "sigma_rules"
OFFICE = {
    "ParentImage": r"C:\Office\WINWORD.EXE",
    "Image": r"C:\Windows\cmd.exe",
    "CommandLine": "cmd /c x",
}
RUN_KEY = {"TargetObject": r"HKU\Software\CurrentVersion\Run\x", "Details": r"C:\Temp\a.exe"}
TRAIL = {"eventSource": "cloudtrail.amazonaws.com", "eventName": "stoplogging"}
ENCODED = "aAB0AHQAcAA6AC8ALwB4AA=="  # http://x, wide


def refused(second: int, *arns: str, who: str = "a") -> dict[str, Any]:
    """Return a refused call for secrets."""
    return {
        "eventTime": f"2026-01-01T00:{second // 60:02}:{second % 60:02}Z",
        "errorCode": None,
        "userIdentity": {"arn": who},
        "resources": [{"ARN": f"arn:secret:{arn}"} for arn in arns],
    }


CASES: dict[str, tuple[list[dict[str, Any]], list[tuple[int, str]]]] = {
    "office": (
        [
            OFFICE,
            {**OFFICE, "CommandLine": ""},
            {**OFFICE, "CommandLine": None},
            {**OFFICE, "CommandLine": r"C:\x\Office16\y.exe /UPDATE"},
            {"ParentImage": r"x\excel.exe", "OriginalFileName": "CMD.EXE", "CommandLine": "c"},
            {**OFFICE, "Image": r"C:\Windows\cmd.exe.txt"},
            {key.lower(): value for key, value in OFFICE.items()},
        ],
        [(1, "0001"), (5, "0001")],
    ),
    "encoded": (
        [{"CommandLine": f"x {dash}ENC {ENCODED}"} for dash in ("-", "/", "\u2013", "+")],
        [(1, "0002"), (2, "0002"), (3, "0002")],
    ),
    "run key": (
        [RUN_KEY, {**RUN_KEY, "InstalledUnder": r"c:\TEMP"}, {**RUN_KEY, "InstalledUnder": "d:"}],
        [(1, "0003"), (3, "0003")],
    ),
    "cloud": (
        [
            {**TRAIL, "userIdentity": {"type": "IAMUser"}},
            {**TRAIL, "userIdentity": {"type": "awsservice"}},
            {**TRAIL, "sourceIPAddress": "10.2.3.4"},
            {**TRAIL, "sourceIPAddress": "12.2.3.4"},
        ],
        [(1, "0004"), (4, "0004")],
    ),
    "correlation": (
        [
            refused(0, "a"),
            refused(300, "b", "c"),
            refused(600, "a"),
            refused(601, "a"),
            refused(900, who="b"),
        ],
        [(2, "0005"), (3, "0005"), (4, "0005")],
    ),
    "words": (
        [
            {"msg": "he SOLD the List", "level": 3},
            {"msg": "he sold the list", "level": "2.4"},
            {"deep": [{"er": "no"}]},
            {"ok": False, "n": 0},
            {"time": "2026-07-01T05:30:00Z"},
            {"time": "2026-07-01T04:30:00Z"},
        ],
        [(1, "0006"), (3, "0006"), (5, "0006")],
    ),
}


def judge(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [sys.executable, "-m", "auditwatch", "rules", "judge", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def lines(*events: dict[str, Any]) -> str:
    """Return events as JSON lines."""
    return "".join(json.dumps(event) + "\n" for event in events)


@pytest.mark.parametrize("case", CASES)
def test_rules_fire_as_their_authors_meant(tmp_path: Path, case: str) -> None:
    """A folder of rules in SigmaHQ's style hits the events it describes, and no others."""
    events, expected = CASES[case]
    (tmp_path / "e.jsonl").write_text(lines(*events))
    done = judge(RULES, tmp_path / "e.jsonl", "--json", "--timezone", "America/Los_Angeles")
    assert (done.returncode, done.stderr) == (0, "")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["event"], one["rule"][-4:]) for one in found] == expected


REFUSED = {
    "duplicate key": ("    a: x\n    a: y\n  condition: s", "AW-YAML-002", "5:5"),
    "bad condition": ("    a: x\n  condition: s and t", "AW-RULES-010", "5:3"),
    "bad modifier": ("    a|contians: x\n  condition: s", "AW-RULES-009", "4:5"),
    "bad pattern": ("    a|re: '(?=x)'\n  condition: s", "AW-RULES-008", "4:5"),
    "bad network": ("    a|cidr: 10.0.0.1/8\n  condition: s", "AW-RULES-011", "4:5"),
    "no list": ("    a|expand: '%x%'\n  condition: s", "AW-RULES-004", "4:5"),
    "old aggregation": ("    a: x\n  condition: s | count() > 3", "AW-RULES-010", "5:3"),
    "timeframe": ("    a: x\n  timeframe: 5m\n  condition: s", "AW-RULES-009", "5:3"),
    "no number": ("    a|gte: many\n  condition: s", "AW-RULES-003", "4:5"),
    "four dashes": ("    a|windash: '-a -b -c -d'\n  condition: s", "AW-RULES-011", "4:5"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_rule_that_cannot_be_taken_is_named(tmp_path: Path, fault: str) -> None:
    """Nothing is judged by half a folder, unless that is asked for; then the rest is judged."""
    text, code, place = REFUSED[fault]
    (tmp_path / "r").mkdir()
    bad, good = tmp_path / "r/bad.yml", tmp_path / "r/good.yml"
    bad.write_text(f"title: bad\ndetection:\n  s:\n{text}\n")
    good.write_text("id: good\ntitle: x\ndetection:\n  s: {a: x}\n  condition: s\n")
    (tmp_path / "e.jsonl").write_text(lines({"a": "x"}))
    done = judge(tmp_path / "r", tmp_path / "e.jsonl", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{bad}:{place}: " in done.stderr
    assert f"[{code}]" in done.stderr
    rest = judge(tmp_path / "r", tmp_path / "e.jsonl", "--json", "--skip-unsupported")
    assert (rest.returncode, rest.stdout) == (0, '{"event": 1, "rule": "good"}\n')
    assert f"{bad}:{place}: " in rest.stderr


def test_a_correlation_of_a_refused_rule_is_refused_with_it(tmp_path: Path) -> None:
    """A correlation that lost one of its rules would say something else: it is named too."""
    (tmp_path / "r").mkdir()
    (tmp_path / "r/all.yml").write_text(
        "title: a\nname: a\ndetection: {s: {x|nope: y}, condition: s}\n---\ntitle: c\n"
        "correlation: {type: event_count, rules: [a], timespan: 5m, condition: {gte: 1}}\n"
    )
    (tmp_path / "e.jsonl").write_text("{}\n")
    done = judge(tmp_path / "r", tmp_path / "e.jsonl", "--skip-unsupported")
    assert done.returncode == 0
    assert f"{tmp_path}/r/all.yml:5: the correlation names 'a'" in done.stderr


def test_lists_of_the_folder_fill_in_expand(tmp_path: Path) -> None:
    """Lists of values may stand within a text and beside other modifiers; entries are literal."""
    (tmp_path / "r/lists").mkdir(parents=True)
    (tmp_path / "r/lists/hosts.txt").write_text("db1\nd*2\n")
    (tmp_path / "r/one.yml").write_text(
        "id: one\ntitle: x\ndetection:\n  s: {'h|expand|endswith': '-%hosts%', h: '*-d*'}\n"
        "  condition: s\n"
    )
    (tmp_path / "e.jsonl").write_text(lines({"h": "a-DB1"}, {"h": "a-d*2"}, {"h": "a-dx2"}))
    done = judge(tmp_path / "r", tmp_path / "e.jsonl", "--json")
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == [1, 2], done.stderr


def test_lines_that_hold_no_event_are_named_and_the_rest_is_judged(tmp_path: Path) -> None:
    """A bad line costs itself: it is named with its reason, and the command ends with 3."""
    (tmp_path / "r").mkdir()
    (tmp_path / "r/one.yml").write_text("id: one\ntitle: x\ndetection: {s: {a: x}, condition: s}\n")
    bad = [b"{", b"[1]", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff", b'{"a":' * 100_000, b"1"]
    good = b'{"a": "X"}'
    (tmp_path / "e.jsonl").write_bytes(b"\n".join([b"\xef\xbb\xbf" + good, *bad, b"", good]))
    done = judge(tmp_path / "r", tmp_path / "e.jsonl", "--json")
    assert done.returncode == 3
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == [1, 10]
    assert [f"e.jsonl:{n}: not judged" in done.stderr for n in range(1, 11)] == [
        *[False], *[True] * 7, *[False] * 2,
    ]  # fmt: skip


def test_halves_of_surrogate_pairs_are_judged_as_any_other_text(tmp_path: Path) -> None:
    """JSON can say what is no character; the rest of the text is judged all the same."""
    (tmp_path / "r").mkdir()
    (tmp_path / "r/one.yml").write_text(
        "id: one\ntitle: x\ndetection: {s: {a|endswith: x}, condition: s}\n"
    )
    (tmp_path / "e.jsonl").write_text(
        '{"a": "\\ud800x"}\n{"a": "\\ud83d\\ude00x"}\n{"\\ud800": 1}\n'
    )
    done = judge(tmp_path / "r", tmp_path / "e.jsonl", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2


def test_events_without_a_time_are_told_of(tmp_path: Path) -> None:
    """An event that a correlation cannot place in time is counted aloud; --time names the field."""
    (tmp_path / "r").mkdir()
    (tmp_path / "r/all.yml").write_text(
        "title: a\nname: a\ndetection: {s: {x: y}, condition: s}\n---\ntitle: c\n"
        "correlation: {type: event_count, rules: [a], timespan: 5m, condition: {gte: 2}}\n"
    )
    (tmp_path / "e.jsonl").write_text(lines({"x": "y", "odd": 1767225600}, {"x": "y", "odd": 0}))
    done = judge(tmp_path / "r", tmp_path / "e.jsonl", "--json")
    assert (done.returncode, done.stdout) == (3, "")
    assert "2 events without a time" in done.stderr
    assert (
        "1 event without a time"
        in judge(tmp_path / "r", tmp_path / "e.jsonl", "--time", "odd").stderr
    )
