"""kill -9 at any moment, then the same command: findings byte for byte as if nothing had been."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import auditwatch, export

if TYPE_CHECKING:
    from pathlib import Path

OPERATORS, DAYS = 16, 4


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny town's files."""
    folder = tmp_path_factory.mktemp("town")
    told = auditwatch("sample", folder, "--seed", 5, "--operators", OPERATORS, "--days", DAYS)
    assert told.code == 0, told.err
    return folder


def command(town: Path, workspace: Path) -> list[str]:
    """Return the arguments of the scan under test."""
    context = [f"--{name}={town / name}.csv" for name in ("roster", "cases", "relations")]
    return ["-w", str(workspace), "scan", str(town / "trail.csv"), *context]


def killed_at(step: int, town: Path, workspace: Path) -> subprocess.CompletedProcess[str]:
    """Run the scan and have it killed before one of its durable steps."""
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.killed", str(step), *command(town, workspace)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def whole(town: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    """The export of an uninterrupted scan, and how many durable steps it took."""
    workspace = tmp_path_factory.mktemp("whole") / "w"
    auditwatch("init", workspace)
    done = killed_at(-1, town, workspace)
    assert done.returncode == 0, done.stderr
    found = re.search(r"STEPS (\d+)", done.stderr)
    assert found
    return export(workspace), int(found[1])


def check_step(step: int, town: Path, whole: str, workspace: Path) -> None:
    """Kill before one step, look at what is readable, scan again, compare."""
    auditwatch("init", workspace)
    assert killed_at(step, town, workspace).returncode == -signal.SIGKILL
    assert export(workspace) in {"", whole}
    told = auditwatch(*command(town, workspace))
    assert told.code == 0, told.err
    assert export(workspace) == whole


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.5, 0.8, 1.0])
def test_a_killed_scan_is_finished_by_the_next_one(
    share: float, town: Path, whole: tuple[str, int], tmp_path: Path
) -> None:
    """Before any durable step, from the first to the last, death costs nothing but time."""
    step = 1 + round(share * (whole[1] - 1))
    check_step(step, town, whole[0], tmp_path / "w")


@pytest.mark.long
def test_every_single_step(town: Path, whole: tuple[str, int], tmp_path: Path) -> None:
    """The sweep over all steps."""
    for step in range(1, whole[1] + 1):
        check_step(step, town, whole[0], tmp_path / str(step))


@pytest.mark.long
def test_random_moments(town: Path, whole: tuple[str, int], tmp_path: Path) -> None:
    """Two hundred scans killed by the clock, up to three times each."""
    seed = int(os.environ.get("AUDITWATCH_SEED", "1"))
    moments = random.Random(seed)
    for number in range(200):
        workspace = tmp_path / str(number)
        auditwatch("init", workspace)
        for _ in range(moments.randint(1, 3)):
            process = subprocess.Popen(
                [sys.executable, "-m", "auditwatch", *command(town, workspace)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(moments.uniform(0.2, 5))
            process.kill()
            process.wait()
        assert auditwatch(*command(town, workspace)).code == 0
        assert export(workspace) == whole[0], f"kill number {number}, seed {seed}"
