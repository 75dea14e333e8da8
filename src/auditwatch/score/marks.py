"""Marks: which lookups of a night some view takes for odd in themselves.

A mark needs its own night only, so nights add up, and what is stored is sparse: a view marks few
lookups. Whether a count of marks is unusual for this operator is said later, by views and tails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from auditwatch.core.schema import MARK_NIGHTS
from auditwatch.score.heads import described, heads_of
from auditwatch.score.views import markers
from auditwatch.score.words import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditwatch.core.contexttables import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.views import Marks

__all__ = ["make_marks", "mark_nights"]

KEYS = ["night", "operator_id", "subject_id", "mark", "value"]


def mark_nights(lookups: pa.Table | Iterable[pa.RecordBatch], context: Context) -> pa.Table:
    """Count the lookups that views mark, by night, operator, subject and value.

    Parameters
    ----------
    lookups : pa.Table or iterable of pa.RecordBatch
        Rows of LOOKUPS, whole nights; the same lookups count as in `pair_nights`.
    context : Context
        What marks ask beside the trail.

    Returns
    -------
    pa.Table
        Rows of MARK_NIGHTS, sorted; the same rows for any order and any cutting of the input.
    """
    return make_marks(described(lookups, context), context)


def make_marks(parts: Sequence[pa.Table], context: Context) -> pa.Table:
    """Return what `mark_nights` returns, from lookups that are described already."""
    heads = heads_of(parts, context)
    if not len(heads):
        return MARK_NIGHTS.empty()
    marked = [_rows(heads, name, mark(heads, context)) for name, mark in markers()]
    rows = pd.concat(marked, ignore_index=True)
    added = rows.groupby(KEYS, sort=True, as_index=False).agg(lookups=("lookups", "sum"))
    days = pd.to_datetime(added["night"]).to_numpy().astype("datetime64[D]")
    number = (days - np.datetime64(EPOCH)).astype(np.int64)
    return pa.Table.from_pandas(
        added.assign(night_number=number)[list(MARK_NIGHTS.names)],
        MARK_NIGHTS.schema,
        preserve_index=False,
    ).replace_schema_metadata()


def _rows(heads: Heads, view: str, marks: Marks) -> pd.DataFrame:
    """Return a row for each marked lookup."""
    columns = {
        name: heads.text(name, marks.rows).to_pandas()
        for name in ("night", "operator_id", "subject_id")
    }
    return pd.DataFrame(
        {**columns, "mark": view, "value": marks.what.to_pandas(), "lookups": 1}
    ).astype(dict.fromkeys(KEYS, "object"))
