"""Samples: literal lookups with what is expected of them, as the judge takes lookups."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from auditwatch.core.contexttables import CONTEXT_TABLES, Context
from auditwatch.core.schema import LOOKUPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["AT", "WRITABLE", "Sample", "cell_of", "sample_batch", "sample_context"]

WRITABLE: Final = tuple(
    name
    for name in LOOKUPS.names
    if name not in ("event_id", "event_time", "lookup_id", "source_id", "reason_norm")
    and not name.startswith(("byte_", "line"))
)
#: The moment of a lookup, on the agency's clock: what correlations need.
AT: Final = "at"
USUAL: Final = {"night": "2026-01-15", "local_hour": "10", "local_weekday": "3"}


@dataclass(frozen=True)
class Sample:
    """One literal lookup, or several in a row, and what is expected.

    Parameters
    ----------
    title : str
        What the sample shows.
    lookups : tuple of mapping of str to str
        Columns that have a value, of each.
    context : mapping of str to tuple of mappings
        Rows of context tables; a table that is not named was not given.
    not_exported : frozenset of str
        Fields its source does not export.
    expected : str
        ``true``, ``false`` or the places of the lookups that hit (``2, 3``) for a rule; a verdict,
        verdict and statement, or these and what is missing, for the policy.
    place : str
        ``file:line``.
    says : str
        What the sentence must contain; empty when nothing is asked of it.
    """

    title: str
    lookups: tuple[Mapping[str, str], ...]
    context: Mapping[str, tuple[Mapping[str, str], ...]]
    not_exported: frozenset[str]
    expected: str
    place: str = field(compare=False)
    says: str = ""

    @property
    def lookup(self) -> Mapping[str, str]:
        """Return the first lookup, which is the only one of most samples."""
        return self.lookups[0]


def sample_batch(samples: Iterable[Sample]) -> pa.RecordBatch:
    """Return samples as a batch of lookups, each sample a source of its own.

    Returns
    -------
    pa.RecordBatch
        Columns of `schema.LOOKUPS`; event ids ``s0``, ``s1`` … in the order of the lookups,
        source ids likewise in the order of the samples.
    """
    made = [(number, one) for number, sample in enumerate(samples) for one in sample.lookups]
    rows = [_row(row, source, lookup) for row, (source, lookup) in enumerate(made)]
    table = pa.Table.from_pylist(rows, schema=LOOKUPS.schema)
    return pa.RecordBatch.from_arrays(
        [column.combine_chunks() for column in table.columns], schema=table.schema
    )


def _row(number: int, source: int, lookup: Mapping[str, str]) -> dict[str, object]:
    """Return one lookup as a row."""
    row: dict[str, object] = {**USUAL, "origin": "manual", **lookup}
    row |= {name: int(str(row[name])) for name in ("local_hour", "local_weekday")}
    if "reason" in lookup:
        row["reason_norm"] = " ".join(lookup["reason"].lower().split())
    if AT in lookup:
        row["event_time"] = datetime.fromisoformat(str(row.pop(AT))).replace(tzinfo=UTC)
    names = dict.fromkeys(("event_id", "lookup_id"), f"s{number}")
    return row | names | {"source_id": f"s{source}", "line": number + 1}


def sample_context(sample: Sample) -> Context:
    """Return the context tables of one sample."""
    tables = {}
    for name, rows in sample.context.items():
        schema = CONTEXT_TABLES[name].schema
        typed = [
            {key: cell_of(value, schema.field(key).type) for key, value in row.items()}
            for row in rows
        ]
        tables[name] = pa.Table.from_pylist(typed, schema=schema)
    return Context(**tables)


def cell_of(text: str, kind: pa.DataType) -> object:
    """Return one cell of a context table with its type; ValueError where it has another form."""
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(text)
    return date.fromisoformat(text) if pa.types.is_date(kind) else text
