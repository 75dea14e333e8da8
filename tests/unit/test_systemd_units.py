"""The unit files in the docs: systemd takes them, and they start the command as it is."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

UNITS = ("auditwatch.service", "auditwatch.timer")


def test_systemd_takes_the_units(repository: Path, tmp_path: Path) -> None:
    """``systemd-analyze verify`` has nothing to say; only the paths of the sample are made real."""
    verifier = shutil.which("systemd-analyze")
    if verifier is None:
        pytest.skip("systemd-analyze is not installed")
    for name in UNITS:
        text = (repository / "docs/how-to/systemd" / name).read_text()
        (tmp_path / name).write_text(text.replace("/opt/auditwatch/bin/auditwatch", "/bin/true"))
    told = subprocess.run(
        [verifier, "verify", "--man=no", *(tmp_path / name for name in UNITS)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = [line for line in told.stderr.splitlines() if "auditwatch" in line]
    assert (told.returncode, said) == (0, [])


def test_the_service_starts_a_scan_that_exists(repository: Path) -> None:
    """Its command line is one that auditwatch understands."""
    text = (repository / "docs/how-to/systemd/auditwatch.service").read_text()
    (line,) = [one for one in text.splitlines() if one.startswith("ExecStart=")]
    _, *words = line.removeprefix("ExecStart=").split()
    auditwatch = repository / ".venv" / "bin" / "auditwatch"
    command = auditwatch if auditwatch.exists() else shutil.which("auditwatch")
    assert command is not None
    told = subprocess.run(
        [command, *words[:3], "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode == 0
    assert words[3] in told.stdout
