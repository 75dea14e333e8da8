"""Reading a canonical CSV with an account of every line, against a reader that trusts the file."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from auditwatch.config import Settings, shipped_rules
from auditwatch.ingest.staging import stage_source
from tests.bench.figure import Figure, interleaved, median_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["figures", "write_trail"]

LINES = 300_000
LARGE = 3_000_000
HEADER = (
    "event_id,event_time,operator_id,operator_role,operator_unit,requester_id,agency,terminal,"
    "system,transaction,subject_kind,subject_id,subject_name,purpose,reason,case_id,outcome"
)


def write_trail(path: Path, lines: int) -> None:
    """Write a clean canonical trail with quoted names and few distinct reasons."""
    draw = random.Random(1)
    reasons = [f"traffic stop on route {n}" for n in range(3000)]
    rows = [HEADER]
    for n in range(lines):
        time = f"2026-03-{1 + n * 28 // lines:02d}T{n % 24:02d}:{n % 60:02d}:00-08:00"
        person = draw.randrange(90_000)
        rows.append(
            f"E{n:09d},{time},"
            f"T{draw.randrange(420)},officer,patrol-{n % 3},,CA0990100,MDC-{n % 200},"
            "NLETS,DQ,person,"
            f'P-{person},"DOE{person}, SAMPLE",C,{draw.choice(reasons)},26-{n % 9000:05d},hit'
        )
    path.write_text("\n".join(rows) + "\n")


def write_json(path: Path, trail: Path) -> None:
    """Write a trail as JSON lines."""
    with trail.open(newline="") as rows, path.open("w") as lines:
        for row in csv.DictReader(rows):
            lines.write(json.dumps(row) + "\n")


def figures(folder: Path) -> Iterator[Figure]:
    """Yield the ratios of exact reading to DuckDB's typed reads, and a whole ``ingest``."""
    trail, objects = folder / "trail.csv", folder / "trail.jsonl"
    write_trail(trail, LINES)
    write_json(objects, trail)
    # both sides get the two processors that figures are stated for
    duckdb.sql("SET threads = 2")
    pa.set_cpu_count(2)
    readers: dict[Path, tuple[str, Callable[[str], Any]]] = {
        trail: ("<= 3", duckdb.read_csv), objects: ("<= 4", duckdb.read_json)
    }  # fmt: skip
    for path, (reach, trusting) in readers.items():
        size = f"{LINES:,} lines, {path.stat().st_size / 1e6:.0f} MB"

        def exact(path: Path = path) -> None:
            staged = stage_source(path, Settings(), folder / "staged", rules=shipped_rules())
            assert staged.account.accepted == LINES

        def trusted(path: Path = path, read: Callable[[str], Any] = trusting) -> None:
            read(str(path)).to_arrow_table()

        yield Figure(
            f"{path.suffix[1:]}, every line accounted for / DuckDB typed read",
            interleaved(exact, trusted, 3), "x", reach, size,
        )  # fmt: skip
        speed = LINES / median_seconds(exact, 3) / 1000
        yield Figure("the same", speed, "k lines/s", "> 150", size)
    yield from _whole_command(folder)


def _whole_command(folder: Path) -> Iterator[Figure]:
    """Yield the wall time of ``ingest`` of three million lines, process start included."""
    trail, workspace = folder / "large.csv", folder / "large"
    write_trail(trail, LARGE)
    for arguments in (["init", workspace], ["-w", workspace, "ingest", trail]):
        began = time.perf_counter()
        command = [sys.executable, "-m", "auditwatch", *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - began
    size = f"{LARGE:,} lines, {trail.stat().st_size / 1e6:.0f} MB"
    yield Figure("ingest, from start to stored lookups", seconds, "s", "< 20", size)
    trail.unlink()
