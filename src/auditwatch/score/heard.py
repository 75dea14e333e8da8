"""Which units had a word to say: chance makes no story of a count that cannot be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import COUNT_NIGHTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from auditwatch.engine.lake import Lake

__all__ = ["COLUMNS", "units_heard"]

COLUMNS: Final = ("night", "view", "operator_id", "subject_id")
READ: Final = (*COLUMNS, "observed", "least")


def units_heard(lake: Lake, nights: Collection[str]) -> tuple[pa.Table, list[str]]:
    """Return the units whose count could be a story, and the nights of which nobody knows.

    Parameters
    ----------
    lake : Lake
        Where counts are kept.
    nights : collection of str
        Scored nights, ISO.

    Returns
    -------
    units : pa.Table
        `COLUMNS`, once each, in no order: an operator and night for each view, `subject_id` null;
        where a view is about subjects a subject and night, `operator_id` null.
    unknown : list of str
        Nights without kept counts: an older version scored them.
    """
    kept = lake.counts(COUNT_NIGHTS).keys()
    known = [night for night in sorted(nights) if night in kept]
    parts = [_units(batch) for batch in lake.batches(COUNT_NIGHTS, known, READ)]
    unknown = [night for night in sorted(nights) if night not in kept]
    if not parts:
        return pa.table({name: pa.array([], pa.string()) for name in COLUMNS}), unknown
    return _once(pa.concat_tables(parts)), unknown


def _units(rows: pa.RecordBatch) -> pa.Table:
    """Return the units of some rows; silent units and those below the least are none."""
    could = pc.and_(
        pc.greater(rows["observed"], 0), pc.greater_equal(rows["observed"], rows["least"])
    )
    rows = rows.filter(could)
    texts = {name: pc.cast(rows[name], pa.string()) for name in COLUMNS}
    crowd = pc.is_null(texts["operator_id"])
    texts["subject_id"] = pc.if_else(crowd, texts["subject_id"], pa.scalar(None, pa.string()))
    return _once(pa.table(texts))


def _once(units: pa.Table) -> pa.Table:
    """Return each unit once."""
    return units.group_by(list(COLUMNS)).aggregate([])
