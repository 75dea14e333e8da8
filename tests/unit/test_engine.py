"""The lake and the embedded engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from auditwatch.core.errors import IntegrityError
from auditwatch.core.schema import BYTES, LOOKUPS, PAIR_NIGHTS, REJECTS, TEXT, Table
from auditwatch.engine.lake import Lake
from auditwatch.engine.local import LocalEngine

if TYPE_CHECKING:
    from pathlib import Path


def rows(table: Table, night: str, size: int, word: str = "v") -> pa.Table:
    """Make rows of a table, all in one night, texts repeating every fifty rows."""
    columns = [
        pa.array([night] * size)
        if column.name == "night"
        else pa.array([f"{word}{n % 50}" for n in range(size)]).cast(column.type)
        if column.type in {TEXT, BYTES}
        else pa.array(range(size)).cast(column.type)
        for column in table.columns
    ]
    return pa.table(columns, schema=table.schema)


def test_an_append_with_a_known_token_changes_nothing(tmp_path: Path) -> None:
    """A file read twice adds its rows once."""
    lake = Lake(tmp_path)
    assert lake.append(REJECTS, rows(REJECTS, "", 3), "hash-1")
    assert not lake.append(REJECTS, rows(REJECTS, "", 3), "hash-1")
    assert lake.append(REJECTS, rows(REJECTS, "", 2), "hash-2")
    assert lake.read(REJECTS).num_rows == 5


def test_replacing_a_night_leaves_the_others_alone(tmp_path: Path) -> None:
    """Only the named nights change; a night can become empty."""
    lake = Lake(tmp_path)
    both = pa.concat_tables(
        [rows(PAIR_NIGHTS, "2026-03-01", 4), rows(PAIR_NIGHTS, "2026-03-02", 5)]
    )
    lake.replace(PAIR_NIGHTS, both, ["2026-03-01", "2026-03-02"])
    lake.replace(PAIR_NIGHTS, rows(PAIR_NIGHTS, "2026-03-02", 2, "w"), ["2026-03-02"])
    assert lake.counts(PAIR_NIGHTS) == {"2026-03-01": 4, "2026-03-02": 2}
    lake.replace(PAIR_NIGHTS, PAIR_NIGHTS.empty(), ["2026-03-01"])
    assert lake.nights(PAIR_NIGHTS) == ["2026-03-02"]


def test_a_table_of_an_earlier_version_takes_the_columns_of_this_one(tmp_path: Path) -> None:
    """What came with a later version counts nothing and says nothing of nights written before."""
    later = {"settled", "operator_role"}
    before = replace(
        PAIR_NIGHTS, columns=tuple(one for one in PAIR_NIGHTS.columns if one.name not in later)
    )
    lake = Lake(tmp_path)
    lake.replace(before, rows(before, "2026-03-01", 3), ["2026-03-01"])
    lake.replace(PAIR_NIGHTS, rows(PAIR_NIGHTS, "2026-03-02", 2), ["2026-03-02"])
    kept = lake.read(PAIR_NIGHTS)
    assert kept["settled"].to_pylist() == [0, 0, 0, 0, 1]
    assert kept["operator_role"].to_pylist() == [None, None, None, "v0", "v1"]


def test_rows_outside_the_named_nights_are_refused(tmp_path: Path) -> None:
    """A replace can never touch a night that it did not name."""
    with pytest.raises(IntegrityError):
        Lake(tmp_path).replace(PAIR_NIGHTS, rows(PAIR_NIGHTS, "2026-03-02", 1), ["2026-03-01"])


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    """Values survive, the night comes back, repeating columns are dictionaries."""
    lake = Lake(tmp_path)
    written = rows(LOOKUPS, "2026-03-01", 120)
    lake.append(LOOKUPS, written, "t")
    read = lake.read(LOOKUPS)
    assert read.cast(LOOKUPS.schema).equals(written)
    assert pa.types.is_dictionary(read.schema.field("reason").type)
    assert len(read["reason"].combine_chunks().dictionary) == 50


def test_a_night_is_one_row_group_with_whole_dictionaries(tmp_path: Path) -> None:
    """Rules test each distinct value once a night: no page falls back to plain encoding."""
    lake = Lake(tmp_path)
    size = 300_000
    night = rows(LOOKUPS, "2026-03-01", size)
    reasons = pa.array([f"reason number {n % 40_000} of a long night" for n in range(size)])
    night = night.set_column(LOOKUPS.names.index("reason"), "reason", reasons)
    lake.append(LOOKUPS, night, "t")
    (path,) = lake.files(LOOKUPS)
    meta = pq.ParquetFile(path).metadata
    assert meta.num_row_groups == 1
    column = meta.row_group(0).column(
        [name for name in LOOKUPS.names if name != "night"].index("reason")
    )
    assert "PLAIN" not in {e for e in column.encodings if e != "RLE"} - {"PLAIN", "RLE_DICTIONARY"}
    assert len(next(lake.batches(LOOKUPS, columns=["reason"]))["reason"].dictionary) == 40_000


def test_picked_rows_are_those_with_the_wanted_values(tmp_path: Path) -> None:
    """Picking narrows by value, in plain and in dictionary columns."""
    lake = Lake(tmp_path)
    lake.append(LOOKUPS, rows(LOOKUPS, "2026-03-01", 100), "t")
    for column in ("event_id", "operator_id"):
        picked = lake.pick(LOOKUPS, column, ["v7", "nobody"], columns=["line"])
        assert sorted(picked["line"].to_pylist()) == [7, 57]


def test_an_empty_lake_reads_as_empty_tables(tmp_path: Path) -> None:
    """Nothing was written, nothing is there, nothing fails."""
    lake = Lake(tmp_path / "none")
    assert lake.read(LOOKUPS).num_rows == 0
    assert lake.nights(LOOKUPS) == []
    assert lake.counts(LOOKUPS) == {}


def test_the_engine_reads_no_file_and_cannot_be_opened_again() -> None:
    """Expressions see bound tables only."""
    with LocalEngine() as engine:
        bound = engine.bind("t", pa.table({"a": pa.array(["x", "y", "x"]).dictionary_encode()}))
        counted = engine.collect(bound.group_by("a").agg(n=bound.count()).order_by("a"))
        assert counted.to_pydict() == {"a": ["x", "y"], "n": [2, 1]}
        for statement in ("FROM read_csv('/etc/hostname')", "SET enable_external_access = true"):
            with pytest.raises(duckdb.Error, match=r"disabled|locked"):
                engine._connection.raw_sql(statement).fetchall()
