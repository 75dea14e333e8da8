"""One piece of a night through the rules, wherever it is worked on: tables in, tables out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check import for_windows
from auditwatch.check.columns import Columns
from auditwatch.check.judge import judge_columns, own_lookups
from auditwatch.core.labels import shrink_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditwatch.check import Facts, Ruleset

__all__ = [
    "added",
    "columns_of",
    "count_values",
    "is_judged",
    "judge_piece",
    "judged_tables",
    "one_batch",
    "tallied",
    "window_piece",
]

TALLIES: Final = pa.schema([("of", pa.string()), ("name", pa.string()), ("count", pa.int64())])


def judge_piece(rules: Ruleset, facts: Facts, rows: pa.Table) -> dict[str, pa.Table]:
    """Judge the lookups of a piece, each by itself.

    Parameters
    ----------
    rules, facts
        As for `check.judge`.
    rows : pa.Table
        LOOKUPS, any part of one night.

    Returns
    -------
    dict of str to pa.Table
        ``verdicts`` and ``hits`` as `check.judge_rows` gives them, ``windows``: the lookups that
        correlations may ask about, and ``tallies``, which `added` adds up.
    """
    columns = columns_of(rules, facts, rows)
    return judged_tables(rules, columns, rows)


def columns_of(rules: Ruleset, facts: Facts, rows: pa.Table) -> Columns:
    """Return the lookups of a piece as rules see them."""
    heads = own_lookups(one_batch([rows.filter(is_judged(rows))]))
    return Columns(heads, facts, rules.catalogue)


def judged_tables(rules: Ruleset, columns: Columns, rows: pa.Table) -> dict[str, pa.Table]:
    """Return what `judge_piece` does, of which the columns are at hand."""
    judged, windows = judge_columns(rules, columns)
    kept = is_judged(rows)
    asked = count_values(rows.filter(kept)["transaction"])
    known = rules.catalogue.transactions
    tallies = {
        "undecided": judged.undecided,
        "unmapped": {key: n for key, n in asked.items() if key and key not in known},
        "aside": count_values(rows.filter(pc.invert(kept))["origin"]),
        "source": count_values(rows["source_id"]),
    }
    return {
        "verdicts": judged.verdicts,
        "hits": judged.hits,
        "windows": shrink_table(pa.Table.from_batches([windows])),
        "tallies": tallied(tallies),
    }


def window_piece(rules: Ruleset, facts: Facts, rows: pa.Table) -> dict[str, pa.Table]:
    """Return ``windows`` of `judge_piece` alone: all that a later night needs of this one."""
    windows = for_windows(rules, one_batch([rows.filter(is_judged(rows))]), facts)
    return {"windows": shrink_table(pa.Table.from_batches([windows]))}


def is_judged(rows: pa.Table) -> pa.ChunkedArray:
    """Tell which records are lookups to judge: heads that a person made."""
    heads = pc.equal(rows["event_id"], rows["lookup_id"])
    machine = pc.is_in(pc.cast(rows["origin"], pa.string()), pa.array(["hotlist", "batch"]))
    return pc.and_(heads, pc.invert(machine))


def count_values(values: pa.ChunkedArray) -> dict[str, int]:
    """Count the values of a column, in value order; what is not given counts as empty."""
    counted = pc.value_counts(pc.fill_null(pc.cast(values, pa.string()), "")).to_pylist()
    return {item["values"]: item["counts"] for item in sorted(counted, key=lambda i: i["values"])}


def one_batch(tables: Iterable[pa.Table]) -> pa.RecordBatch:
    """Return the rows of tables of one schema, at least one, as one batch."""
    whole = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    batches = whole.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=whole.schema)


def added(tallies: Iterable[pa.Table]) -> dict[str, dict[str, int]]:
    """Add up the tallies of the pieces of one night; names in order."""
    sums: dict[str, Counter[str]] = {}
    for table in tallies:
        for row in table.to_pylist():
            sums.setdefault(row["of"], Counter())[row["name"]] += row["count"]
    return {of: dict(sorted(counts.items())) for of, counts in sums.items()}


def tallied(tallies: Mapping[str, Mapping[str, int]]) -> pa.Table:
    """Return counts by name as a table."""
    rows = [
        {"of": of, "name": name, "count": number}
        for of, counts in tallies.items()
        for name, number in counts.items()
    ]
    return pa.Table.from_pylist(rows, schema=TALLIES)
