"""Bad input: one clear message, the right exit code, nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import City, Told, auditwatch, export

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace."""
    assert auditwatch("init", tmp_path / "w").code == 0
    return tmp_path / "w"


def scan(workspace: Path, *arguments: object) -> Told:
    """Scan in a workspace; no fault may show as a traceback or as an internal one."""
    told = auditwatch("-w", workspace, "scan", *arguments)
    assert "Traceback" not in told.err
    assert "AW-INTERNAL" not in told.err
    return told


def test_a_missing_file(workspace: Path) -> None:
    """It is named, code 2."""
    told = scan(workspace, workspace / "no.csv")
    assert (told.code, "no such file" in told.err, "no.csv" in told.err) == (2, True, True)


def test_a_folder(workspace: Path) -> None:
    """It is told from a missing file, code 2."""
    told = scan(workspace, workspace)
    assert (told.code, "not a file" in told.err) == (2, True)


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("empty.csv", b"", 3, "empty"),
        ("binary.csv", bytes(range(256)) * 64, 3, ""),
        ("noop.csv", b"event_time,system\n2026-03-01T10:00:00Z,DMV\n", 2, "operator_id"),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", 3, ""),
    ],
)
def test_a_file_that_cannot_be_read_at_all(
    workspace: Path, name: str, content: bytes, code: int, said: str
) -> None:
    """Empty, binary, without a mandatory column, or cut: refused as a whole."""
    path = workspace / name
    path.write_bytes(content)
    told = scan(workspace, path)
    assert told.code == code, told.err
    assert name in told.err
    assert said in told.err


def test_a_bad_time_in_one_line_loses_that_line_alone(workspace: Path) -> None:
    """The line is rejected with its reason and the rest is judged; many such lines end with 3."""
    header = "event_time,operator_id,system,transaction,subject_id\n"
    good = [f"2026-03-01T10:{n:02d}:00Z,T1,NLETS,RQ,V-{n}\n" for n in range(60)]
    path = workspace / "t.csv"
    path.write_text(header + "".join(good * 3) + "yesterday,T1,NLETS,RQ,V-1\n")
    told = scan(workspace, path)
    assert told.code == 0, told.err
    assert "bad_time 1" in told.out
    path.write_text(header + good[0] + "yesterday,T1,NLETS,RQ,V-1\n")
    assert scan(workspace, path).code == 3


def test_a_file_with_a_header_only(workspace: Path) -> None:
    """It is no quiet night: the export may have failed, code 3."""
    path = workspace / "h.csv"
    path.write_text("event_time,operator_id,system,transaction\n")
    told = scan(workspace, path)
    assert (told.code, "h.csv: not one lookup" in told.err) == (3, True)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("effective:", "efective:", "did you mean 'effective'"),
        ("kind:", "kind: x\nkind:", "duplicate"),
    ],
)
def test_a_rule_file_with_a_typo_stops_the_scan_before_it_reads(
    workspace: Path, city: City, old: str, new: str, said: str
) -> None:
    """File, line and column are named; nothing was ingested."""
    path = min((workspace / "rules" / "permits").glob("*.yml"))
    path.write_text(path.read_text().replace(old, new, 1))
    told = scan(workspace, city.trail)
    assert told.code == 2
    assert said in told.err
    assert f"{path.name}:" in told.err
    assert not (workspace / "lake").exists()


def test_an_unknown_time_zone(workspace: Path, city: City) -> None:
    """It is refused by name, code 2."""
    settings = workspace / "auditwatch.toml"
    settings.write_text(settings.read_text().replace("Los_Angeles", "Los_Angles"))
    told = scan(workspace, city.trail)
    assert (told.code, "Los_Angles" in told.err) == (2, True)


def test_a_roster_with_a_doubled_operator(workspace: Path, city: City) -> None:
    """Both lines are named, code 2."""
    roster = workspace / "roster.csv"
    lines = (city.folder / "roster.csv").read_text().splitlines()
    roster.write_text("\n".join([*lines, lines[3]]) + "\n")
    told = scan(workspace, city.trail, "--roster", roster)
    assert told.code == 2
    assert "roster.csv" in told.err
    assert "4" in told.err
    assert str(len(lines) + 1) in told.err


def test_a_read_only_workspace(workspace: Path, city: City) -> None:
    """It is refused with code 4, and is not changed."""
    before = sorted(path.name for path in workspace.rglob("*"))
    told = scan_read_only(workspace, city.trail)
    assert told.code == 4, told.err
    assert "Traceback" not in told.err
    assert sorted(path.name for path in workspace.rglob("*")) == before


def scan_read_only(workspace: Path, trail: Path) -> Told:
    """Scan in a workspace that nobody may write to; root needs a read-only mount for that."""
    if os.geteuid() != 0:
        for path in [*workspace.rglob("*"), workspace]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        told = auditwatch("-w", workspace, "scan", trail)
        workspace.chmod(0o755)
        return told
    shell = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
    command = [sys.executable, "-m", "auditwatch", "-w", workspace, "scan", trail]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", shell, "sh", *map(str, [workspace, *command])],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if "mount:" in done.stderr or "unshare:" in done.stderr:
        pytest.skip("this machine lets nobody make a read-only mount")
    return Told(done.returncode, done.stdout, done.stderr)


def test_no_workspace(tmp_path: Path) -> None:
    """The message says how to make one."""
    told = auditwatch("findings", "list", cwd=tmp_path)
    assert (told.code, "auditwatch init" in told.err) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [["scna"], ["scan", "--rooster", "x"], ["--nope"], ["findings", "export", "--format", "xml"]],
)
def test_a_command_or_option_that_does_not_exist(arguments: list[str]) -> None:
    """Usage errors are code 2 and say what there is."""
    told = auditwatch(*arguments)
    assert told.code == 2
    assert told.err


def test_a_period_without_lookups_and_a_date_that_is_none(scanned: Path) -> None:
    """Each says what was expected."""
    assert "the lake holds" in scan(scanned, "--from", "2001-01-01", "--to", "2001-01-02").err
    assert "AW-SCAN-004" in scan(scanned, "--from", "2026-03-09", "--to", "2026-03-08").err
    told = scan(scanned, "--from", "soon")
    assert (told.code, "a date such as" in told.err) == (2, True)


def test_a_scan_that_fails_leaves_the_findings_as_they_were(scanned: Path, tmp_path: Path) -> None:
    """An unreadable source beside yesterday's findings changes none of them."""
    before = export(scanned)
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"\x00\x01\x02" * 1000)
    assert scan(scanned, bad).code == 3
    assert export(scanned) == before


def test_lookups_that_vanished_from_the_lake(scanned: Path, tmp_path: Path) -> None:
    """A scan that would find nothing to do because evidence is gone ends with 5."""
    workspace = shutil.copytree(scanned, tmp_path / "w")
    shutil.rmtree(workspace / "lake" / "lookups")
    told = scan(workspace)
    assert (told.code, "AW-SCAN-003" in told.err) == (5, True)


@pytest.mark.parametrize("damage", ["renamed", "empty file", "folder inside"])
def test_a_rule_pack_with_a_part_that_would_be_passed_over(workspace: Path, damage: str) -> None:
    """A renamed folder, an empty file and a folder among the files are refused, code 2."""
    permits = workspace / "rules" / "permits"
    if damage == "renamed":
        permits.rename(permits.with_name("permit"))
    elif damage == "empty file":
        (permits / "new.yml").write_text("# to do\n")
    else:
        (permits / "more.yml").mkdir()
    told = auditwatch("-w", workspace, "rules", "lint")
    assert (told.code, "AW-RULES-001" in told.out + told.err) == (2, True)


@pytest.mark.parametrize(
    ("settings", "redirect"),
    [({"PYTHONIOENCODING": "ascii"}, ""), ({"LC_ALL": "C"}, ""), ({}, ">&-"), ({}, "2>&-")],
)
def test_odd_terminals(scanned: Path, settings: dict[str, str], redirect: str) -> None:
    """An ASCII locale and closed streams are no fault."""
    command = [sys.executable, "-m", "auditwatch", "-w", str(scanned), "findings", "list"]
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirect}', "sh", *command],
        env={**os.environ, **settings},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """A command in a deleted folder says so, code 2."""
    gone = tmp_path / "gone"
    gone.mkdir()
    shell = f'cd "{gone}" && rmdir "{gone}" && "{sys.executable}" -m auditwatch findings list'
    done = subprocess.run(
        ["sh", "-c", shell], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, "AW-CLI-004" in done.stderr) == (2, True)
