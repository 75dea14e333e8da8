"""Rule files, settings and lakes made to break a command: refused with a message, never a crash."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from auditwatch.config import FILE_NAME, default_toml, find_workspace, load_settings
from auditwatch.core.errors import (
    ConfigError,
    IntegrityError,
    RefusedError,
    RuleError,
    UsageError,
)
from auditwatch.core.files import ensure_folder
from auditwatch.core.schema import GAPS
from auditwatch.core.strict import read_documents
from auditwatch.engine.lake import Lake
from auditwatch.ingest import read_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: " + "[" * 120_000, "nested too deep"),
        ("- " * 100_000, "nested too deep"),
        ("? " * 100_000, "a key that is not text"),
        ("a: " + "{a: " * 60_000, "nested too deep"),
    ],
    ids=["lists", "dashes", "keys", "mappings"],
)
def test_nesting_that_would_end_the_process(tmp_path: Path, text: str, said: str) -> None:
    """It is refused by line and column; composing it would overflow the C stack."""
    path = tmp_path / "x.yml"
    path.write_text(text)
    with pytest.raises(RuleError, match=said) as caught:
        read_documents(path)
    assert caught.value.where.startswith(f"{path}:1:")


def test_sixteen_levels_are_allowed_and_seventeen_are_not(tmp_path: Path) -> None:
    """The limit is where the message says it is."""
    path = tmp_path / "x.yml"
    path.write_text("[" * 16 + "x" + "]" * 16)
    assert len(read_documents(path)) == 1
    path.write_text("[" * 17 + "x" + "]" * 17)
    with pytest.raises(RuleError, match="nested too deep"):
        read_documents(path)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path.symlink_to("/nowhere/x.yml"), "AW-YAML-008"),
        (lambda path: path.symlink_to(path), "AW-YAML-008"),
        (lambda path: path.symlink_to("/dev/zero"), "AW-YAML-008"),
        (os.mkfifo, "AW-YAML-008"),
        (lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 1 << 34), "AW-YAML-005"),
    ],
    ids=["dangling", "loop", "endless", "pipe", "sparse"],
)
def test_a_rule_file_that_is_no_text_file(
    tmp_path: Path, make: Callable[[Path], None], code: str
) -> None:
    """Links to nowhere, devices, pipes and huge files are refused without reading them."""
    path = tmp_path / "x.yml"
    make(path)
    with pytest.raises(RuleError) as caught:
        read_documents(path)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("record_bytes_max = 1048576", f"record_bytes_max = {'9' * 40}", "1024 to 67108864"),
        ("findings_per_week = 20", f"findings_per_week = {'9' * 40}", "1 to 10000"),
        ("[agency]", "x = " + "[" * 2000, "nested too deep"),
        ("[agency]", "#" * 70_000, "too large"),
        ("[agency]", "", "unknown setting"),
    ],
    ids=["record", "week", "deep", "large", "loose"],
)
def test_settings_with_absurd_values(tmp_path: Path, old: str, new: str, said: str) -> None:
    """They are refused with what was expected."""
    path = tmp_path / FILE_NAME
    path.write_text(default_toml().replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_settings_saved_with_a_byte_order_mark(tmp_path: Path) -> None:
    """Windows editors write one; it is no fault of the settings."""
    path = tmp_path / FILE_NAME
    path.write_text(default_toml(), encoding="utf-8-sig")
    assert load_settings(path).agency.ori == "CA0990100"


def test_a_workspace_path_that_no_system_allows(tmp_path: Path) -> None:
    """There is no workspace there, which is all there is to say."""
    with pytest.raises(UsageError, match="no workspace here"):
        find_workspace(tmp_path / ("x" * 5000), tmp_path)


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    """The message says what was expected and what to do."""
    (tmp_path / "f").write_text("")
    with pytest.raises(RefusedError, match="cannot make this folder") as caught:
        ensure_folder(tmp_path / "f")
    assert caught.value.expected
    assert caught.value.hint


def filled(folder: Path) -> Lake:
    """Return a lake with one table of one row."""
    lake = Lake(folder)
    row = {name: [name] for name in GAPS.names}
    lake.append(GAPS, pa.table(row, schema=GAPS.schema), "t")
    return lake


@pytest.mark.parametrize(
    "harm",
    [
        lambda table: [path.unlink() for path in table.rglob("*.parquet")],
        lambda table: [os.truncate(path, 100) for path in table.rglob("*.parquet")],
        lambda table: [path.write_text("{junk") for path in table.rglob("*.json")],
        lambda table: [path.write_text("") for path in table.rglob("*.json")],
        lambda table: (shutil.rmtree(table), table.write_text("")),
    ],
    ids=["deleted", "cut", "log", "empty log", "file"],
)
def test_a_lake_that_is_not_as_it_was_written(
    tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    """Reading names the damaged place and ends with the code of changed evidence."""
    lake = filled(tmp_path / "lake")
    assert lake.read(GAPS).num_rows == 1
    harm(tmp_path / "lake" / GAPS.name)
    with pytest.raises(IntegrityError) as caught:
        lake.read(GAPS)
    assert caught.value.code == "AW-LAKE-002"
    assert str(tmp_path) in caught.value.where


@pytest.mark.parametrize("name", ["sp ace", "50% b", "é#?&", "日本"])
def test_folder_names_that_people_use(tmp_path: Path, name: str) -> None:
    """Spaces, signs and other scripts in the workspace's path do no harm."""
    assert filled(tmp_path / name).read(GAPS).num_rows == 1


@pytest.mark.parametrize("name", ["a%20b", "[x]", "a|b", "a\\b", "a^b", "a\nb"])
def test_folder_names_that_the_store_takes_for_others(tmp_path: Path, name: str) -> None:
    """They are refused before anything is written, instead of a crash of the store."""
    with pytest.raises(UsageError) as caught:
        filled(tmp_path / name)
    assert caught.value.code == "AW-LAKE-004"
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("cell", "fits"),
    [
        ("2026-03-14", True),
        ("2026-03-14 00:00:00", True),
        ("2026-03-1499", False),
        ("2026-03-14x", False),
    ],
)
def test_a_date_with_something_behind_it(tmp_path: Path, cell: str, fits: bool) -> None:
    """A time of day may stand there; anything else is a mistake and not cut away."""
    path = tmp_path / "roster.csv"
    path.write_text(f"operator_id,trained_until\nT1,{cell}\n")
    if fits:
        assert read_context({"roster": path}, "UTC").roster.num_rows == 1
        return
    with pytest.raises(ConfigError) as caught:
        read_context({"roster": path}, "UTC")
    assert caught.value.where == f"{path}:2"
