"""Files, clock, masks, settings."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditwatch.config import Settings, default_toml, find_workspace, load_settings
from auditwatch.core import files
from auditwatch.core.clock import night_bounds, nights_between, silent_before, zone
from auditwatch.core.errors import (
    AuditwatchError,
    ConfigError,
    InputError,
    LockedError,
    RefusedError,
    UsageError,
)
from auditwatch.core.mask import Masker, mark

if TYPE_CHECKING:
    from pathlib import Path


def test_a_written_file_is_whole_and_private(tmp_path: Path) -> None:
    """Content arrives as given; nobody else may read it."""
    files.write_atomic(tmp_path / "a" / "b.txt", b"one")
    files.write_atomic(tmp_path / "a" / "b.txt", b"two")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"two"
    assert (tmp_path / "a" / "b.txt").stat().st_mode & 0o077 == 0
    assert os.listdir(tmp_path / "a") == ["b.txt"]  # noqa: PTH208 - hidden leftovers included


@pytest.mark.parametrize("fails", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, InputError), (errno.EROFS, RefusedError), (errno.EIO, InputError)],
)
def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fails: str,
    number: int,
    kind: type[AuditwatchError],
) -> None:
    """Whatever the system says in the middle, the old content stays and no scrap is left."""
    path = tmp_path / "f"
    files.write_atomic(path, b"old")

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, fails, refuse)
    with pytest.raises(kind):
        files.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["f"]  # noqa: PTH208


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    """Each gets its own message."""
    with pytest.raises(UsageError, match="not a file"):
        files.require_file(tmp_path)
    with pytest.raises(UsageError, match="no such file"):
        files.require_file(tmp_path / "x")


def test_a_second_holder_is_refused_and_told_who_holds_the_lock(tmp_path: Path) -> None:
    """Two scans never work in one workspace; a lock dies with its process."""
    path = tmp_path / ".lock"
    code = (
        "import sys, pathlib\n"
        "from auditwatch.core.files import lock\n"
        "with lock(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(LockedError, match=str(holder.pid)), files.lock(path):
        pass
    holder.kill()
    holder.communicate()
    with files.lock(path):
        pass


def test_an_unknown_zone_is_refused() -> None:
    """A typo in the zone is a message, not a wrong night."""
    with pytest.raises(ConfigError, match="unknown time zone 'Amerika/X'"):
        zone("Amerika/X")


@pytest.mark.parametrize(
    ("night", "hours"), [("2026-03-07", 24), ("2026-03-08", 23), ("2026-11-01", 25)]
)
def test_a_night_is_a_local_calendar_day(night: str, hours: int) -> None:
    """Days of 23 and 25 hours are whole nights too."""
    start, end = night_bounds(night, "America/Los_Angeles")
    assert (end - start).total_seconds() == hours * 3600


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (["2026-03-01", "2026-03-02", "2026-03-03"], ""),
        (["2026-03-01", "2026-03-03"], "2026-03-02:"),
        (["2026-02-26", "2026-03-03", "2026-03-04"], "2026-02-27 to 2026-03-02:"),
        (["2026-03-03"], ""),
    ],
)
def test_days_without_any_lookup_are_named(known: list[str], said: str) -> None:
    """A dead export job is not taken for quiet nights; before the first night nothing is known."""
    told = silent_before("2026-03-03", known)
    assert said in told
    assert bool(said) == bool(told)


def test_nights_between_includes_both_ends_and_leap_days() -> None:
    """Every day has its night."""
    assert nights_between("2028-02-28", "2028-03-01") == ["2028-02-28", "2028-02-29", "2028-03-01"]


@given(st.text(min_size=1), st.sampled_from(["operator", "subject", "case", "terminal"]))
def test_a_mark_is_always_found_again(identity: str, kind: str) -> None:
    """No identity, however odd, slips through its mark into a masked sentence."""
    sentence = f"see {mark(kind, identity)} here"
    assert (
        Masker("k").text(sentence)
        == f"see {Masker('k').name(kind, identity.translate({0x27E6: '[', 0x27E7: ']'}))} here"
    )


def test_a_pseudonym_is_stable_and_depends_on_kind_and_key() -> None:
    """The same person has the same pseudonym tomorrow, and another under another key."""
    assert Masker("k").name("operator", "T1") == Masker("k").name("operator", "T1")
    names = {Masker(k).name(kind, "T1") for k in "kl" for kind in ("operator", "subject")}
    assert len(names) == 4
    assert Masker("k", reveal=True).text(mark("operator", "T1")) == "T1"


def test_the_settings_file_that_init_writes_says_the_defaults(tmp_path: Path) -> None:
    """What a new workspace shows is what the program does."""
    (tmp_path / "auditwatch.toml").write_text(default_toml())
    assert load_settings(tmp_path / "auditwatch.toml") == Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[agency]\ntimezon = 'UTC'\n", "did you mean 'timezone'"),
        ("[agenci]\n", "did you mean 'agency'"),
        ("[agency]\ntimezone = 'Mars/Base'\n", "unknown time zone"),
        ("[score]\nhistory_nights = 'many'\n", "Expected `int`"),
        ("[score]\nhistory_nights = 0\n", "out of range"),
        ("[agency\n", "not readable as TOML"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    """A setting that would be ignored is a fault."""
    (tmp_path / "auditwatch.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "auditwatch.toml")
    assert said in str(caught.value)


def test_the_nearest_workspace_upwards_is_found(tmp_path: Path) -> None:
    """A command works from anywhere inside a workspace."""
    (tmp_path / "auditwatch.toml").write_text("")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_workspace(None, tmp_path / "a" / "b").root == tmp_path
    with pytest.raises(UsageError, match="auditwatch init"):
        find_workspace(tmp_path / "a", tmp_path)
