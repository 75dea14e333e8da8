"""Rule files in one order: what they say stays, comments stay with their keys."""

from __future__ import annotations

import io
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rule_bench import PERMIT, RULE, SHIPPED, Told, make_pack, runner

from auditwatch.check import load_rules
from auditwatch.check.trial.formatting import format_text
from auditwatch.core.errors import RuleError
from auditwatch.core.strict import parse_documents

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIECES = {
    "kind": ["kind: exception"],
    "id": ["id: EX-1"],
    "because": ["because: >-", "  A week of inventory,", "", "  ordered by the sheriff."],
    "ticket": ["ticket: MEMO-1"],
    "lifts": [
        "lifts:",
        "  permits:",
        "  - PATROL-GUNS",
        "  # and one more",
        "  rules: [many-guns]",
    ],
    "only": ["only: {operators: [T1]}  # the one who counts"],
    "effective": ["effective:", "  from: '2026-03-10'", '  until: "2026-03-11"'],
    "requested_by": ["requested_by: Sgt. Lee"],
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """The command in this process."""
    return runner(capsys)


@given(
    order=st.permutations(list(PIECES)),
    commented=st.sets(st.sampled_from(list(PIECES))),
    blank=st.sets(st.sampled_from(list(PIECES))),
)
def test_any_order_becomes_the_one_order(
    order: list[str], commented: set[str], blank: set[str]
) -> None:
    """Pieces in any order come out the same, each under its own comment, saying the same."""
    lines = []
    for key in order:
        lines += ["", "", ""] if key in blank else []
        lines += [f"# of {key}"] if key in commented and key != order[0] else []
        lines += PIECES[key]
    text = "\n".join(lines) + "\n"
    made = format_text(text, "exceptions/ex.yml")
    tops = [line.split(":")[0] for line in made.splitlines() if line[:1].isalpha()]
    assert tops == list(PIECES)
    assert parse_documents(made.encode(), "x")[0].content == (
        parse_documents(text.encode(), "x")[0].content
    )
    after = dict(zip(made.splitlines(), made.splitlines()[1:], strict=False))
    for key in commented - {order[0]}:
        assert after[f"# of {key}"] == PIECES[key][0]
    assert format_text(made, "exceptions/ex.yml") == made


EDITS = ("delete", "double", "swap", "indent", "comment", "sign")


@given(
    edits=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(EDITS)), max_size=4),
    sign=st.sampled_from("{}[]:,#|>&*!'\"- \t?%@~"),
)
def test_whatever_was_typed_is_refused_or_says_the_same(
    edits: list[tuple[int, str]], sign: str
) -> None:
    """A file that was edited anyhow is refused, or stays what it says; nothing else happens."""
    lines = RULE.splitlines(keepends=True)
    for place, edit in edits:
        at = place % max(1, len(lines))
        line = lines[at] if lines else ""
        lines[at : at + 1] = {
            "delete": [],
            "double": [line, line],
            "swap": [*lines[at + 1 : at + 2], line],
            "indent": ["  " + line],
            "comment": ["# as typed\n", line],
            "sign": [line[:place] + sign + line[place:]],
        }[edit]
    text = "".join(lines)
    try:
        made = format_text(text, "detections/gun.yml")
    except RuleError:
        return
    before, after = (parse_documents(one.encode(), "x") for one in (text, made))
    assert [one.content for one in before] == [one.content for one in after]
    assert format_text(made, "detections/gun.yml") == made


def test_the_first_key_of_an_entry_may_be_another_one() -> None:
    """The dash stays where the entry begins; comments of the first key stand above it."""
    text = """\
kind: permits
permits:
  # the only one
  - says: Patrol may.
    # never change it
    id: A
    for: [C]
"""
    assert (
        format_text(text, "permits/a.yml")
        == """\
kind: permits
permits:
  # the only one
  # never change it
  - id: A
    says: Patrol may.
    for: [C]
"""
    )


def test_the_condition_comes_after_the_selections() -> None:
    """Selections keep their author's order."""
    text = RULE.replace("  condition: gun and (late or known)\n", "").replace(
        "detection:\n", "detection:\n  condition: gun and (late or known)\n"
    )
    assert format_text(text, "detections/gun.yml") == format_text(RULE, "detections/gun.yml")


def test_codes_get_quotes_and_ends_of_lines_are_clean() -> None:
    """Quotes for codes and keys that others change; one end of line; no blanks behind."""
    text = 'kind: list\r\nname: x   \r\nmatch: value\nentries: [NO, 0123, "a  b"]\n\n\n\n'
    assert format_text(text, "catalogue/lists/x.yml") == (
        'kind: list\nname: x\nmatch: value\nentries: ["NO", "0123", "a  b"]\n'
    )


def test_the_version_of_a_pack_does_not_change(run: Callable[..., Told], tmp_path: Path) -> None:
    """A formatted copy of the shipped pack is the same rule set."""
    shutil.copytree(SHIPPED, tmp_path / "p")
    assert run("rules", "fmt", tmp_path / "p").code == 0
    assert load_rules(tmp_path / "p").version == load_rules(SHIPPED).version
    assert run("rules", "fmt", tmp_path / "p", "--check").code == 0


def test_check_and_diff_write_nothing(run: Callable[..., Told], tmp_path: Path) -> None:
    """`--check` ends with 1 and names the files, `--diff` shows the change."""
    text = PERMIT.replace("  - id: PATROL-GUNS\n    says:", "  - says:").replace(
        "    authority:", "    id: PATROL-GUNS\n    authority:", 1
    )
    pack = make_pack(tmp_path / "p", permits__guns=text)
    told = run("rules", "fmt", pack, "--check")
    assert told.code == 1
    assert "permits/guns.yml" in told.out
    assert "+  - id: PATROL-GUNS" in run("rules", "fmt", pack, "--diff").out
    assert (pack / "permits/guns.yml").read_text() == text


def test_a_file_that_cannot_be_read_stops_no_other(
    run: Callable[..., Told], tmp_path: Path
) -> None:
    """The one is named and left as it is, the others are put in order; code 2."""
    pack = make_pack(
        tmp_path / "p", detections__a="x: [", tests__t="decisions: []\nkind: decisions\n"
    )
    told = run("rules", "fmt", pack)
    assert told.code == 2
    assert "detections/a.yml:2:1" in told.err
    assert (pack / "detections/a.yml").read_text() == "x: ["
    assert (pack / "tests/t.yml").read_text() == "kind: decisions\ndecisions: []\n"


def test_an_editor_gets_its_text_back(
    run: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--stdin` formats to stdout, without a pack around it."""
    monkeypatch.setattr(
        "sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"id: E\nkind: exception\n"))
    )
    assert run("rules", "fmt", "--stdin", "exceptions/e.yml").out == "kind: exception\nid: E\n"
