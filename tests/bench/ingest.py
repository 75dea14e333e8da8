"""Reading a canonical CSV with an account of every line, against a reader that trusts the file."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import duckdb

from auditwatch.config import Settings, shipped_rules
from auditwatch.ingest.reader import read_source
from tests.bench.figure import Figure, interleaved, median_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["figures", "write_trail"]

LINES = 300_000
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


def figures(folder: Path) -> Iterator[Figure]:
    """Yield the ratio of exact reading to DuckDB's clean typed read, and lines a second."""
    path = folder / "trail.csv"
    write_trail(path, LINES)
    size = f"{LINES:,} lines, {path.stat().st_size / 1e6:.0f} MB"

    def exact() -> None:
        read = read_source(path, Settings(), rules=shipped_rules())
        assert read.source["accepted"][0].as_py() == LINES

    def trusting() -> None:
        duckdb.read_csv(str(path), all_varchar=False).to_arrow_table()

    yield Figure(
        "canonical CSV, every line accounted for / DuckDB typed read",
        interleaved(exact, trusting, 3), "x", "<= 3", size,
    )  # fmt: skip
    yield Figure("the same", LINES / median_seconds(exact, 3) / 1000, "k lines/s", "> 150", size)
