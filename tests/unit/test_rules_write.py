"""What helps to write rules and to sign them: schemas, templates, pages, lint on every save."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.rule_bench import CORRELATION, PERMIT, RULE, SHIPPED, Told, make_pack, runner

from auditwatch.check import load_rules
from auditwatch.check.trial.matrix import matrix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FOLDERS = {"detection": "detections", "permits": "permits", "tests": "tests"}
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """The command in this process."""
    return runner(capsys)


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Tell whether a value fits a schema: what our schemas use of draft 7, and no more."""
    known = {"$schema", "title", "description", *CHECKS}
    assert known.issuperset(schema), schema.keys()
    return all(check(value, schema[key], schema) for key, check in CHECKS.items() if key in schema)


def typed(value: Any, names: str | list[str], _: object) -> bool:
    """Tell whether a value has one of some types; a truth is no number."""
    listed = [names] if isinstance(names, str) else names
    if isinstance(value, bool):
        return "boolean" in listed
    return any(isinstance(value, TYPES[name]) for name in listed)


def extra(value: Any, rest: Any, schema: dict[str, Any]) -> bool:
    """Tell whether keys that no property or pattern names fit what is said of the rest."""
    if not isinstance(value, dict):
        return True
    patterns = schema.get("patternProperties", {})
    left = [
        key
        for key in value
        if key not in schema.get("properties", {})
        and not any(re.search(pattern, str(key)) for pattern in patterns)
    ]
    return not left if rest is False else all(fits(value[key], rest) for key in left)


CHECKS: dict[str, Callable[[Any, Any, dict[str, Any]], bool]] = {
    "type": typed,
    "enum": lambda value, known, _: any(value == o and type(value) is type(o) for o in known),
    "const": lambda value, wanted, _: bool(value == wanted),
    "pattern": lambda v, text, _: not isinstance(v, str) or bool(re.search(text, v)),
    "minItems": lambda value, least, _: not isinstance(value, list) or len(value) >= least,
    "items": lambda v, one, _: not isinstance(v, list) or all(fits(item, one) for item in v),
    "required": lambda v, keys, _: not isinstance(v, dict) or set(keys) <= set(v),
    "properties": lambda v, known, _: (
        not isinstance(v, dict) or all(fits(v[key], known[key]) for key in v if key in known)
    ),
    "patternProperties": lambda v, known, _: (
        not isinstance(v, dict)
        or all(fits(v[k], one) for text, one in known.items() for k in v if re.search(text, str(k)))
    ),
    "additionalProperties": extra,
    "anyOf": lambda value, several, _: any(fits(value, one) for one in several),
    "oneOf": lambda value, several, _: sum(fits(value, one) for one in several) == 1,
}


class Editor(yaml.SafeLoader):
    """YAML as editors read it, by version 1.2: no times, no truths but true and false."""


Editor.yaml_implicit_resolvers = {
    first: [(tag, text) for tag, text in known if not tag.endswith((":timestamp", ":bool"))]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Editor.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


@pytest.mark.parametrize("pack", [SHIPPED, *sorted((SHIPPED.parent / "packs").iterdir())])
def test_every_shipped_file_fits_its_schema(run: Callable[..., Told], pack: Path) -> None:
    """No false alarm: what loads, an editor does not mark."""
    made = run("rules", "schema", "--rules", pack).json
    misfits = [
        path.name
        for kind, folder in FOLDERS.items()
        for path in sorted((pack / folder).glob("*.yml"))
        for document in yaml.load_all(path.read_text("utf-8"), Editor)
        if not fits(document, made[kind])
    ]
    assert misfits == []


WRONG = {
    "misspelt key": ("detection", RULE, "level: low", "levle: low"),
    "unknown column": ("detection", RULE, "{transaction: QG}", "{transactoin: QG}"),
    "unknown modifier": ("detection", RULE, "local_hour|gte", "local_hour|gt3"),
    "no such level": ("detection", RULE, "level: low", "level: lower"),
    "no such state": ("detection", RULE, "{transaction: QG}", "{reason_state: plaecholder}"),
    "no reason": ("detection", RULE, "falsepositives: [Nothing]\n", ""),
    "test without a name": ("detection", RULE, "- title: late\n      lookup", "- lookup"),
    "unknown rule": ("detection", CORRELATION, "rules: [gun-query]", "rules: [gun-kuery]"),
    "no span": ("detection", CORRELATION, "timespan: 10m", "timespan: soon"),
    "unknown code": ("permits", PERMIT, "for: [C]", "for: [QX]"),
    "unknown unit": ("permits", PERMIT, "units: [patrol]", "units: [patrole]"),
    "no date": ("permits", PERMIT, 'from: "2026-01-01"', "from: soon"),
    "no severity": ("permits", PERMIT, "    severity: low\n", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_does_not_fit(run: Callable[..., Told], tmp_path: Path, name: str) -> None:
    """The right file fits; with one mistake it does not."""
    kind, text, right, wrong = WRONG[name]
    assert right in text
    schema = run("rules", "schema", kind, "--rules", make_pack(tmp_path / "p")).json
    (fit,), (misfit,) = (yaml.load_all(one, Editor) for one in (text, text.replace(right, wrong)))
    assert fits(fit, schema)
    assert not fits(misfit, schema)


def test_an_editor_s_setting_is_printed(run: Callable[..., Told], tmp_path: Path) -> None:
    """With -o the schemas are files, and the setting names which rule files each is for."""
    told = run("rules", "schema", "--rules", SHIPPED, "-o", tmp_path / "s")
    paths = told.json["yaml.schemas"]
    assert set(paths.values()) == {
        "**/detections/*.yml",
        "**/permits/*.yml",
        "**/exceptions/*.yml",
        "**/tests/*.yml",
    }
    assert all((tmp_path / "s" / f"{kind}.schema.json").is_file() for kind in FOLDERS)


@pytest.mark.parametrize("kind", ["detection", "correlation", "permit", "exception"])
def test_a_new_file_loads_and_its_own_test_fails(
    run: Callable[..., Told], tmp_path: Path, kind: str
) -> None:
    """A template is part of the pack at once, and nobody can forget to write it."""
    pack = make_pack(tmp_path / "p")
    assert run("rules", "new", kind, "brand-new", "--rules", pack).code == 0
    load_rules(pack)
    told = run("rules", "test", pack)
    assert told.code == 1
    assert "brand-new.yml" in told.out
    again = run("rules", "new", kind, "brand-new", "--rules", pack)
    assert (again.code, "AW-BENCH-007" in again.err) == (2, True)


def test_a_name_that_is_none_is_refused(run: Callable[..., Told], tmp_path: Path) -> None:
    """A name cannot lead out of the folder."""
    told = run("rules", "new", "detection", "../elsewhere", "--rules", make_pack(tmp_path / "p"))
    assert (told.code, "AW-BENCH-006" in told.err) == (2, True)


def test_the_table_is_the_policy_of_the_day(run: Callable[..., Told], tmp_path: Path) -> None:
    """A permit is in the tables of its days alone, with what it asks for; a forbid says so."""
    pack = make_pack(tmp_path / "p")
    rules = load_rules(pack)
    place = ("C", "patrol-north", "QG")
    words = {
        day: matrix_of(rules, date.fromisoformat(day)).cells[place].words
        for day in ("2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01")
    }
    asked = "with case number or incident number"
    assert list(words.values()) == ["no", asked, asked, "no"]
    page = run("rules", "doc", pack, "--on", "2026-03-01").out
    assert "**PATROL-GUNS**: Patrol may check guns in a criminal matter." in page
    assert f"| patrol-north | no | {asked} |" in page.replace("| no | no |", "| no |")
    assert "| licensing |" in page
    assert "forbidden" in page


def test_what_changed_between_two_days_is_a_table(run: Callable[..., Told], tmp_path: Path) -> None:
    """Each cell that differs, before and after."""
    pack = make_pack(tmp_path / "p")
    told = run("rules", "doc", pack, "--on", "2026-07-01", "--since", "2026-06-30").out
    rows = [line for line in told.splitlines() if line.startswith("| C |")]
    assert len(rows) == 3  # the units of patrol
    assert rows[0] == "| C | patrol-north | QG | with case number or incident number | no |"
    same = run("rules", "doc", pack, "--on", "2026-03-02", "--since", "2026-03-01").out
    assert "Nothing." in same


def test_every_rule_has_a_page(run: Callable[..., Told], tmp_path: Path) -> None:
    """The index links a page for each rule, with its condition, sentence and tests."""
    assert run("rules", "doc", make_pack(tmp_path / "p"), "-o", tmp_path / "pages").code == 0
    index = (tmp_path / "pages/index.md").read_text()
    for link in re.findall(r"\]\(([^)]+)\)", index):
        assert (tmp_path / "pages" / link).is_file()
    page = (tmp_path / "pages/rules/gun-query.md").read_text()
    assert "- gun `transaction: QG`" in page
    assert "- by day: is left alone" in page


def test_a_bad_date_is_refused(run: Callable[..., Told], tmp_path: Path) -> None:
    """A day that is none ends with 2 and prints no page."""
    told = run("rules", "doc", make_pack(tmp_path / "p"), "--on", "yesterday")
    assert (told.code, told.out, "AW-BENCH-008" in told.err) == (2, "", True)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A pack that is watched by the command."""
    pack = make_pack(tmp_path / "p")
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "auditwatch", "rules", "watch", pack],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    yield pack, process
    process.kill()
    process.communicate()


def test_every_save_is_looked_at(watched: tuple[Path, subprocess.Popen[str]]) -> None:
    """At the start, when a mistake is saved, and when it is mended."""
    pack, process = watched
    assert process.stdout is not None
    path = pack / "detections/gun.yml"

    def told() -> str:
        lines: list[str] = []
        while not lines or not re.search(r"\d failed \(", lines[-1]):
            assert process.stdout is not None
            lines.append(process.stdout.readline())
        return "".join(lines)

    assert "2 samples, 0 failed" in told()
    for text, wanted in (
        (RULE.replace("fires: false", "fires: true"), "1 failed"),
        (RULE.replace("level: low", "levle: low"), "AW-YAML-006"),
        (RULE, "2 samples, 0 failed"),
    ):
        time.sleep(0.01)
        path.write_text(text)
        assert wanted in told()
