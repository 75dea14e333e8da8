"""The demo city from files to findings."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.bench.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["figures"]


def figures(folder: Path) -> Iterator[Figure]:
    """Yield the wall time of the demo city's scan, and of the same scan again."""
    city, workspace = folder / "city", folder / "w"
    _run("sample", city, "--seed", 2026)
    lines = (city / "trail.csv").read_bytes().count(b"\n")
    data = f"420 operators, 63 nights, {lines:,} lines"
    _run("init", workspace)
    names = ("roster", "cases", "duty", "relations", "links")
    context = [part for name in names for part in (f"--{name}", city / f"{name}.csv")]
    scan = ("-w", workspace, "scan", city / "trail.csv", *context)
    yield Figure("the demo city scanned, process start included", _timed(*scan), "s", "< 60", data)
    yield Figure("the same scan again (nothing to do)", _timed(*scan), "s", "-", data)
    again = ("-w", workspace, "scan", "--from", "2026-05-03", "--to", "2026-05-03", *context)
    yield Figure("its last night judged again", _timed(*again), "s", "-", data)


def _timed(*arguments: object) -> float:
    """Run the command once and return its wall time in seconds."""
    began = time.perf_counter()
    _run(*arguments)
    return time.perf_counter() - began


def _run(*arguments: object) -> None:
    """Run the command and wait."""
    command = [sys.executable, "-m", "auditwatch", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
