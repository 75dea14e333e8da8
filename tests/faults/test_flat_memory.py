"""What reading holds in memory is a night, never a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.conftest import auditwatch

HEADER = "event_id,event_time,operator_id,terminal,system,transaction,subject_id,reason\n"
#: Reads a file as ``ingest`` does and tells the peaks of both processes (KiB). What getrusage says
#: would begin with the memory of the process that started them.
MEASURED = """\
import json, sys
from pathlib import Path
from auditwatch.config import find_workspace
from auditwatch.ingest import Followers, Foreman, Task, read_followers, store_staged
from auditwatch.engine.lake import Lake

place = find_workspace(Path(sys.argv[1]), Path(sys.argv[1]))
followers = Followers(read_followers(place.rules), 90)
with Foreman(place.settings, place.rules, place.staging) as foreman:
    for read, folder in foreman.read([Task(Path(sys.argv[2]), "csv", None)]):
        account = store_staged(read, folder, followers, Lake(place.lake)).account
    peaks = [int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0])
             for pid in ("self", foreman._process.pid)]
print(json.dumps([account["accepted"], *peaks]))
"""


def write_trail(path: Path, megabytes: int) -> int:
    """Write a trail of 20,000 lookups a night; return its records."""
    begin, number, size = datetime(2020, 1, 1, tzinfo=UTC), 0, 0
    with path.open("w") as file:
        size += file.write(HEADER)
        while size < megabytes * 1_000_000:
            when = (begin + timedelta(seconds=number * 4.32)).isoformat()
            rest = f"T{number % 420},M{number % 90},NLETS,RQ,V-{number * 7919 % 90_000}"
            size += file.write(f"E{number:09d},{when},{rest},stop on route {number % 3000}\n")
            number += 1
    return number


def peaks(folder: Path, megabytes: int) -> tuple[int, int]:
    """Return the peaks of the process that stores and of the one that reads (MiB)."""
    trail, workspace = folder / f"{megabytes}.csv", folder / f"w{megabytes}"
    records = write_trail(trail, megabytes)
    assert auditwatch("init", workspace).code == 0
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, workspace, trail],
        capture_output=True, text=True, check=True, timeout=3600,
    )  # fmt: skip
    trail.unlink()
    accepted, storing, reading = json.loads(done.stdout)
    assert accepted == records
    return storing // 1024, reading // 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads peaks from /proc")
def test_a_file_ten_times_as_large_takes_no_more_memory(tmp_path: Path) -> None:
    """From 4 MB to 40 MB neither process grows by more than 64 MB, the promise for 5 GB."""
    small, large = peaks(tmp_path, 4), peaks(tmp_path, 40)
    assert large[0] - small[0] < 64, (small, large)
    assert large[1] - small[1] < 64, (small, large)


@pytest.mark.long
def test_five_gigabytes(tmp_path: Path) -> None:
    """The same at full size; AUDITWATCH_GIGABYTES says another."""
    small = peaks(tmp_path, 1)
    large = peaks(tmp_path, 1000 * int(os.environ.get("AUDITWATCH_GIGABYTES", "5")))
    print(f"storing {small[0]} -> {large[0]} MiB, reading {small[1]} -> {large[1]} MiB")
    assert large[0] - small[0] < 64
    assert large[1] - small[1] < 64
