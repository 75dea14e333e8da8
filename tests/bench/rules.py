"""Two hundred rules on half a million lookups, against SQL for the same rules on the same files."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import duckdb
import pyarrow as pa

from auditwatch.check import judge, judge_policy, load_rules, make_facts
from auditwatch.config import shipped_rules
from auditwatch.core.contexttables import Context
from auditwatch.core.schema import LOOKUPS
from auditwatch.engine.lake import Lake
from tests.bench.figure import Figure, interleaved, median_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["figures"]

ROWS = 500_000
POLICY_ROWS = 1_000_000
NIGHT = "2026-03-01"
TRANSACTIONS = ("RQ", "DQ", "QV", "QW", "QH", "QR", "KQ", "RNQ", "QG", "PLATE")
UNITS = ("patrol-north", "patrol-south", "traffic", "investigations", "records", "dispatch")
WORDS = ("stop", "warrant", "welfare", "stolen", "tow", "party", "noise", "theft", "permit", "dui")


@dataclass(frozen=True)
class Made:
    """A generated rule, as both sides say it: equal units, a word in the reason, an hour."""

    name: str
    transaction: str
    unit: str
    word: str
    other: str
    hour: int

    def sigma(self) -> str:
        """Return the rule file."""
        where = f"transaction: {self.transaction}, operator_unit: {self.unit}, local_hour: 23"
        return f"""\
title: {self.name}
id: {UUID(int=int(self.name[1:]) + 1)}
name: {self.name}
status: test
description: made for a benchmark
date: 2026-11-22
logsource: {{product: lookups}}
detection:
  where: {{transaction: {self.transaction}, operator_unit: {self.unit}}}
  said: {{'reason_norm|contains': '{self.word}'}}
  number: {{'reason_norm|re': '{self.other} [0-9]+5$'}}
  late: {{'local_hour|gte': {self.hour}}}
  condition: where and (said or number) and late
falsepositives: [made]
level: low
auditwatch:
  story: operator
  owner: bench
  reason_template: "made for a benchmark"
  tests:
    - title: fires
      lookup: {{{where}, reason: "{self.word}"}}
      fires: true
    - title: does not
      lookup: {{{where}, reason: "none"}}
      fires: false
"""

    def nested(self) -> str:
        """Return the rule as nested CASE, cheapest test outermost."""
        said = f"contains(reason_norm, '{self.word}')"
        number = f"regexp_matches(reason_norm, '{self.other} [0-9]+5$')"
        return (
            f"CASE WHEN transaction = '{self.transaction}' THEN "
            f"CASE WHEN operator_unit = '{self.unit}' THEN "
            f"CASE WHEN local_hour >= {self.hour} THEN "
            f"CASE WHEN {said} OR {number} THEN '{self.name}' END END END END"
        )

    def select(self) -> str:
        """Return the rule as one query for SQLite."""
        return (
            f"SELECT event_id FROM lookups WHERE transaction_ = '{self.transaction}' "
            f"AND operator_unit = '{self.unit}' AND local_hour >= {self.hour} AND "
            f"(instr(reason_norm, '{self.word}') OR reason_norm REGEXP '{self.other} [0-9]+5$')"
        )


def made_rules(count: int) -> list[Made]:
    """Return rules, some with atoms in common as real packs have."""
    draw = random.Random(3)
    return [
        Made(
            f"r{n}", draw.choice(TRANSACTIONS), draw.choice(UNITS), f"{draw.choice(WORDS)}{n % 50}",
            draw.choice(WORDS), draw.randrange(0, 20),
        )
        for n in range(count)
    ]  # fmt: skip


def pack(folder: Path, count: int) -> Path:
    """Write the shipped catalogue with generated rules only."""
    root = folder / f"pack{count}"
    shutil.copytree(shipped_rules(), root)
    for name in ("detections", "tests"):  # the shipped tests are of the shipped rules
        shutil.rmtree(root / name)
    (root / "detections").mkdir()
    for rule in made_rules(count):
        (root / "detections" / f"{rule.name}.yml").write_text(rule.sigma())
    return root


def lookups(rows: int) -> pa.Table:
    """Return a night of lookups; five in a hundred reasons are distinct."""
    draw = random.Random(4)
    reasons = [f"{draw.choice(WORDS)} {draw.choice(WORDS)} {n}" for n in range(rows // 20)]
    made = {
        "event_id": [f"E{n}" for n in range(rows)],
        "event_time": [1_772_400_000_000_000 + n * 100_000 for n in range(rows)],
        "local_hour": [n * 24 // rows for n in range(rows)],
        "local_weekday": [6] * rows,
        "night": [NIGHT] * rows,
        "operator_id": [f"T{draw.randrange(3000)}" for _ in range(rows)],
        "operator_role": ["officer"] * rows,
        "operator_unit": [draw.choice(UNITS) for _ in range(rows)],
        "system": ["NLETS"] * rows,
        "transaction": [draw.choice(TRANSACTIONS) for _ in range(rows)],
        "subject_kind": ["person"] * rows,
        "subject_id": [f"P{draw.randrange(300_000)}" for _ in range(rows)],
        "purpose": ["C"] * rows,
        "reason_norm": [draw.choice(reasons) for _ in range(rows)],
        "origin": ["manual"] * rows,
        "source_id": ["s"] * rows,
    }
    made["reason"], made["lookup_id"] = made["reason_norm"], made["event_id"]
    columns = [
        pa.array(made[c.name]).cast(c.type) if c.name in made else pa.nulls(rows, c.type)
        for c in LOOKUPS.columns
    ]
    return pa.table(columns, schema=LOOKUPS.schema)


def figures(folder: Path) -> Iterator[Figure]:
    """Yield the ratios of DESIGN's list that this version can measure."""
    lake = Lake(folder / "rules-lake")
    lake.append(LOOKUPS, lookups(ROWS), "bench")
    files = [str(path) for path in lake.files(LOOKUPS)]
    loaded = {count: load_rules(pack(folder, count)) for count in (50, 200, 400)}
    facts = make_facts(Context(), {})

    def ours(count: int) -> int:
        batches = lake.batches(LOOKUPS)
        return sum(judge(loaded[count], batch, facts).hits.num_rows for batch in batches)

    def touching() -> None:
        names = [name for name in LOOKUPS.names if name != "night"]
        sums = ", ".join(f'sum(hash("{name}") % 2)' for name in names)
        duckdb.sql(f"SELECT {sums} FROM read_parquet({files})").fetchall()

    def nested(count: int = 200) -> int:
        cases = ", ".join(rule.nested() for rule in made_rules(count))
        hits = f"unnest(list_filter([{cases}], lambda x: x IS NOT NULL))"
        return len(duckdb.sql(f"SELECT event_id, {hits} FROM read_parquet({files})").fetchall())

    assert ours(200) == nested(), "both sides must give the same hits"
    size = f"{ROWS:,} lookups, 5 % distinct reasons, policy included"
    ratios = (
        ("200 rules / touching all columns in DuckDB", "<= 2", lambda: ours(200), touching),
        ("nested-CASE SQL / 200 rules", ">= 6", nested, lambda: ours(200)),
        ("400 rules / 200 rules", "<= 1.3", lambda: ours(400), lambda: ours(200)),
    )
    for what, reach, first, second in ratios:
        yield Figure(what, interleaved(first, second, 3), "x", reach, size)
    seconds = median_seconds(lambda: load_rules(folder / "pack200"), 3)
    yield Figure("loading 200 rules", seconds, "s", "< 0.5", "")
    yield _policy(folder)
    yield from _against_sqlite(folder)


def _policy(folder: Path) -> Figure:
    """Return the time of a million lookups through the shipped policy, each night decided anew."""
    lake = Lake(folder / "policy-lake")
    lake.append(LOOKUPS, lookups(POLICY_ROWS), "bench")
    batches = list(lake.batches(LOOKUPS))
    rules, facts = load_rules(shipped_rules()), make_facts(Context(), {})

    def ours() -> int:
        return sum(judge_policy(rules, batch, facts).num_rows for batch in batches)

    assert ours() == POLICY_ROWS, "every lookup has a verdict"
    what = f"{POLICY_ROWS:,} lookups through the policy"
    return Figure(what, median_seconds(ours, 3), "s", "< 1", "5 % distinct reasons, in memory")


def _against_sqlite(folder: Path) -> Iterator[Figure]:
    """Yield the ratio to one query a rule in SQLite, loading of lookups and rules on both sides."""
    rows = lookups(100_000)
    lake = Lake(folder / "sqlite-lake")
    lake.append(LOOKUPS, rows, "bench")
    chosen = made_rules(50)

    def ours() -> int:
        loaded, facts = load_rules(folder / "pack50"), make_facts(Context(), {})
        return sum(judge(loaded, b, facts).hits.num_rows for b in lake.batches(LOOKUPS))

    def sqlite() -> int:
        store = sqlite3.connect(":memory:")
        store.create_function("REGEXP", 2, lambda p, s: bool(re.search(p, s)), deterministic=True)
        names = [f"{name}_" if name == "transaction" else name for name in LOOKUPS.names]
        store.execute(f"CREATE TABLE lookups ({', '.join(names)})")
        table = lake.read(LOOKUPS)
        plain = table.set_column(1, "event_time", table["event_time"].cast(pa.int64()))
        values = zip(*(column.to_pylist() for column in plain.columns), strict=True)
        store.executemany(f"INSERT INTO lookups VALUES ({','.join('?' * len(names))})", values)
        hits = sum(len(store.execute(rule.select()).fetchall()) for rule in chosen)
        store.close()
        return hits

    assert ours() == sqlite(), "both sides must give the same hits"
    data = "100,000 lookups, 50 rules, loads included"
    yield Figure(
        "one SQL query a rule in SQLite / 50 rules",
        interleaved(sqlite, ours, 3),
        "x",
        ">= 15",
        data,
    )
