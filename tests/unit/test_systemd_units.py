"""The unit files in the docs: systemd takes them, and they start the command as it is."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

UNITS = ("auditwatch.service", "auditwatch.timer", "auditwatch-desk.service")


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


@pytest.mark.parametrize(
    ("unit", "command"), [("auditwatch.service", 1), ("auditwatch-desk.service", 2)]
)
def test_a_service_starts_what_exists(repository: Path, unit: str, command: int) -> None:
    """Its command line, of so many words and then an option, is one that auditwatch understands."""
    text = (repository / "docs/how-to/systemd" / unit).read_text()
    (line,) = [one for one in text.splitlines() if one.startswith("ExecStart=")]
    _, *words = line.removeprefix("ExecStart=").split()
    auditwatch = repository / ".venv" / "bin" / "auditwatch"
    program = auditwatch if auditwatch.exists() else shutil.which("auditwatch")
    assert program is not None
    told = subprocess.run(
        [program, *words[: 2 + command], "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 0
    assert words[2 + command] in told.stdout
