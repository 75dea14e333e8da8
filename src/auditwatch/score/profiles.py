"""The additive profile: one row for each operator, subject and night.

Later nights are compared with these rows; the lookups themselves are not read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import PAIR_NIGHTS
from auditwatch.score.heads import described
from auditwatch.score.marks import make_marks
from auditwatch.score.rush import rushed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditwatch.core.contexttables import Context

__all__ = ["pair_nights", "profile_nights"]

KEYS: Final = ("night", "operator_id", "subject_id")
MOMENTS: Final = [*KEYS, "event_time"]
COUNTS: Final = ("lookups", "explained", "settled", "numbered", "rushed")
LABELS: Final = ("operator_role", "operator_unit", "number")


def pair_nights(lookups: pa.Table | Iterable[pa.RecordBatch], context: Context) -> pa.Table:
    """Count lookups by night, operator and subject.

    Parameters
    ----------
    lookups : pa.Table or iterable of pa.RecordBatch
        Rows of LOOKUPS, whole nights; only heads made by a person count (not followers of a
        cascade, not hotlist or batch runs), and only with an operator and a subject, neither
        masked.
    context : Context
        `cases` says what is explained; `roster` fills a role or unit that the trail lacks.

    Returns
    -------
    pa.Table
        Rows of PAIR_NIGHTS, sorted by night, operator and subject; the same rows for any order
        and any cutting of the input.
    """
    return _pairs(described(lookups, context), context)


def profile_nights(
    lookups: pa.Table | Iterable[pa.RecordBatch], context: Context
) -> tuple[pa.Table, pa.Table]:
    """Return what `pair_nights` and `mark_nights` return; the cases are asked once for both."""
    parts = described(lookups, context)
    return _pairs(parts, context), make_marks(parts, context)


def _pairs(parts: Sequence[pa.Table], context: Context) -> pa.Table:
    """Count described lookups."""
    if not parts:
        return PAIR_NIGHTS.empty()
    # without an hour nothing is a rush
    moments = [rows.filter(rows["timed"]).select(MOMENTS) for rows in parts]
    rushes = _rushes(pa.concat_tables(moments).unify_dictionaries(), context)
    return _finish(_merge(pa.concat_tables([*map(_count, parts), rushes])))


def _count(rows: pa.Table) -> pa.Table:
    """Count one batch."""
    whole = {
        **{name: pc.cast(rows[name], pa.string()) for name in (*KEYS, *LABELS)},
        "lookups": pa.array([1] * rows.num_rows, pa.int64()),
        "explained": pc.cast(rows["explained"], pa.int64()),
        "settled": pc.cast(rows["settled"], pa.int64()),
        "numbered": pc.cast(rows["numbered"], pa.int64()),
        "rushed": pa.array([0] * rows.num_rows, pa.int64()),
    }
    return _merge(pa.table(whole))


def _rushes(moments: pa.Table, context: Context) -> pa.Table:
    """Return the lookups made in a rush as further counts of their rows.

    Batches cut a crowd anywhere, so this looks at all of a night at once.
    """
    few = moments.filter(pa.array(rushed(moments, context)))
    columns = {name: pc.cast(few[name], pa.string()) for name in KEYS}
    nothing = pa.array([0] * few.num_rows, pa.int64())
    labels = dict.fromkeys(LABELS, pa.nulls(few.num_rows, pa.string()))
    counts = dict.fromkeys(COUNTS, nothing)
    one = pa.array([1] * few.num_rows, pa.int64())
    return pa.table({**columns, **labels, **counts, "rushed": one})


def _merge(rows: pa.Table) -> pa.Table:
    """Add up rows of the same night, operator and subject."""
    sums = [(name, "sum") for name in COUNTS]
    grouped = rows.group_by(list(KEYS), use_threads=False).aggregate(
        [*sums, *((name, "min") for name in LABELS)]
    )
    names = [*KEYS, *LABELS, *COUNTS]
    held = [*KEYS, *(f"{name}_min" for name in LABELS), *(f"{name}_sum" for name in COUNTS)]
    return grouped.select(held).rename_columns(names)


def _finish(rows: pa.Table) -> pa.Table:
    """Add the night's number, order columns and rows."""
    days = pc.cast(pc.strptime(rows["night"], format="%Y-%m-%d", unit="s"), pa.date32())
    numbered = rows.append_column("night_number", pc.cast(pc.cast(days, pa.int32()), pa.int64()))
    ordered = numbered.select(list(PAIR_NIGHTS.names)).cast(PAIR_NIGHTS.schema)
    return ordered.sort_by([(name, "ascending") for name in KEYS])
