"""Strict YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditwatch.core.errors import RuleError
from auditwatch.core.strict import read_documents, suggest

if TYPE_CHECKING:
    from pathlib import Path


def read(tmp_path: Path, text: str | bytes) -> list:
    """Write a file and read it strictly."""
    path = tmp_path / "r.yml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_documents(path, shown="r.yml")


@pytest.mark.parametrize(
    "scalar", ["NO", "0123", "22:30", "on", "1_000", "2024-01-01", "1e3", "~x"]
)
def test_a_scalar_keeps_its_text(tmp_path: Path, scalar: str) -> None:
    """What YAML 1.1 would turn into a boolean, an octal or a date stays as written."""
    assert read(tmp_path, f"{scalar}: [{scalar}]")[0].content == {scalar: [scalar]}


def test_an_empty_value_is_none_and_an_empty_string_is_text(tmp_path: Path) -> None:
    """Nothing written is not the same as an empty string written."""
    assert read(tmp_path, "a:\nb: ''\n")[0].content == {"a": None, "b": ""}


def test_every_value_has_its_line_and_column(tmp_path: Path) -> None:
    """A place leads to the line and column where the value stands."""
    document = read(tmp_path, "a:\n  - b: 1\n    c: 2\n")[0]
    assert document.place("a", 0, "c") == "r.yml:3:5"
    assert document.place("a", 0, "not there") == "r.yml:2:5"


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: 1\nb: 2\na: 3\n", "AW-YAML-002", "r.yml:3:1"),
        ("a: &x 1\nb: *x\n", "AW-YAML-003", "r.yml:1:4"),
        ("a: *x\n", "AW-YAML-003", "r.yml:1:4"),
        ("a: !!python/object:os.system x\n", "AW-YAML-004", "r.yml:1:4"),
        ("a: [1\nb: 2\n", "AW-YAML-001", "r.yml:2:2"),
        ("? [a]\n: b\n", "AW-YAML-007", "r.yml:1:3"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_place(
    tmp_path: Path, text: str, code: str, place: str
) -> None:
    """Duplicates, anchors, tags, broken syntax and odd keys are refused where they stand."""
    with pytest.raises(RuleError) as caught:
        read(tmp_path, text)
    assert (caught.value.code, caught.value.where) == (code, place)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are refused with the byte."""
    with pytest.raises(RuleError, match="byte 3"):
        read(tmp_path, b"a: \xff")


@pytest.mark.parametrize(
    "text", ["a: " + "[" * 20 + "]" * 20, "[" * 3000 + "]" * 3000, "x" * 300_000]
)
def test_a_file_too_deep_or_too_large_is_refused(tmp_path: Path, text: str) -> None:
    """Depth and size have limits."""
    with pytest.raises(RuleError) as caught:
        read(tmp_path, text)
    assert caught.value.code == "AW-YAML-005"


def test_an_unknown_key_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    """A typo never passes as an extension."""
    document = read(tmp_path, "level: high\nlevle: low\n")[0]
    with pytest.raises(RuleError, match="did you mean 'level'") as caught:
        document.refuse_unknown(["level", "title"])
    assert caught.value.where == "r.yml:2:1"


def test_nothing_is_suggested_for_a_word_like_no_other() -> None:
    """A far-fetched suggestion is worse than none."""
    assert suggest("zzz", ["level", "title"]) == ""
