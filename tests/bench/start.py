"""How long a person waits for ``--help``."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.bench.figure import Figure, median_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["figures"]


def figures(_: Path) -> Iterator[Figure]:
    """Yield the cost of ``auditwatch --help`` above bare Python."""
    helped = median_seconds(lambda: _run("-m", "auditwatch", "--help"), 9)
    bare = median_seconds(lambda: _run("-c", "pass"), 9)
    yield Figure("auditwatch --help above bare Python", helped - bare, "s", "< 0.3", "")


def _run(*arguments: str) -> None:
    """Run Python and wait."""
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
