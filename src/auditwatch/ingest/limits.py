"""What a process that reads untrusted bytes may take: memory, time, files, room on disk."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Final

__all__ = ["Allowance", "allow", "confine"]

MEMORY_BYTES: Final = 2 << 30  # beyond what the process has when it starts
OPEN_FILES: Final = 256
CPU_SECONDS_LEAST: Final = 60
CPU_SECONDS_A_MB: Final = 1.0  # the slowest format needs a third of it
OUTPUT_LEAST: Final = 1 << 30
OUTPUT_RATIO: Final = 8  # records on disk are smaller than the text they come from
ZIPPED_RATIO: Final = 40  # as much as a log shrinks
GZIP_MAGIC: Final = b"\x1f\x8b"


class Allowance:
    """What one file may cost.

    Parameters
    ----------
    path : Path
        The file; its size, zipped or not, is what everything is in proportion to.

    Attributes
    ----------
    cpu_seconds : int
        Processor time (s).
    output_bytes : int
        Largest file that may be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                zipped = file.read(2) == GZIP_MAGIC
                size = os.fstat(file.fileno()).st_size * (ZIPPED_RATIO if zipped else 1)
        except OSError:  # the reader will say why
            size = 0
        self.cpu_seconds = CPU_SECONDS_LEAST + int(size / 1e6 * CPU_SECONDS_A_MB)
        self.output_bytes = OUTPUT_LEAST + size * OUTPUT_RATIO


def confine() -> None:
    """Limit this process for good: memory, open files; no core that would hold records."""
    statm = Path("/proc/self/statm")
    held = int(statm.read_text().split()[0]) * resource.getpagesize() if statm.exists() else 0
    if held:  # elsewhere what is mapped cannot be told, and a guess would kill honest work
        _lower(resource.RLIMIT_AS, held + MEMORY_BYTES)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)


def allow(allowance: Allowance) -> None:
    """Limit what the next file may cost; a process that goes beyond is killed by the system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    _soften(resource.RLIMIT_CPU, spent + allowance.cpu_seconds)
    _soften(resource.RLIMIT_FSIZE, allowance.output_bytes)


def _lower(what: int, most: int) -> None:
    """Set both limits, never above what they are."""
    hard = resource.getrlimit(what)[1]
    limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (limit, limit))


def _soften(what: int, most: int) -> None:
    """Set the limit that may be raised again for the next file."""
    hard = resource.getrlimit(what)[1]
    limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (limit, hard))
