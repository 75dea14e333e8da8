"""Counts and work as they are kept, with texts, and as they are counted, with codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import COUNT_NIGHTS
from auditwatch.score.scorer import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.score.codebook import Codebook

__all__ = [
    "CATEGORIES",
    "TEXTS",
    "coded_counts",
    "coded_work",
    "stacked",
    "texts_in",
    "told_counts",
    "told_work",
]

#: Identities of a counted frame to the texts of a codebook that they are.
TEXTS: Final = {
    "operator_id": "operator_id",
    "subject_id": "subject_id",
    "role": "operator_role",
    "unit": "operator_unit",
}
CATEGORIES: Final = ("view", "tail", "kind")


def texts_in(values: pa.ChunkedArray) -> pa.Array:
    """Return the texts of a column, once or more."""
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return whole.dictionary if pa.types.is_dictionary(whole.type) else pc.unique(whole)


def told_counts(rows: pd.DataFrame, book: Codebook) -> pa.Table:
    """Return counts with texts in place of codes, null for those below zero."""
    columns = {}
    for name in COLUMNS:
        if name in TEXTS:
            codes = rows[name].to_numpy(np.int64)
            places = pa.array(codes, pa.int64(), mask=codes < 0)
            columns[name] = book.texts[TEXTS[name]].take(places)
        elif name in CATEGORIES:
            columns[name] = pa.array(rows[name].astype(str), pa.string())
        else:
            columns[name] = pa.array(rows[name], COUNT_NIGHTS.schema.field(name).type)
    return pa.table(columns)


def coded_counts(parts: Sequence[pa.Table], book: Codebook) -> pd.DataFrame:
    """Return kept counts as the tidy frame, identities as codes."""
    if not parts:
        return stacked([])
    # read from the lake texts are dictionaries, counted just now they are not
    rows = pa.concat_tables([_repeating(part) for part in parts]).unify_dictionaries()
    columns = {}
    for name in COLUMNS:
        if name in TEXTS:
            codes = book.encode(TEXTS[name], rows[name])
            columns[name] = codes.fill_null(-1).to_numpy().astype(np.int64)
        elif name in CATEGORIES:
            columns[name] = pc.cast(rows[name], pa.string()).to_pandas().astype("category")
        else:
            columns[name] = rows[name].to_numpy()
    return stacked([pd.DataFrame(columns)])


def _repeating(rows: pa.Table) -> pa.Table:
    """Return rows with all texts as dictionaries."""
    columns = {name: rows[name] for name in rows.column_names}
    texts = {name for name in columns if pa.types.is_string(rows[name].type)}
    return pa.table(columns | {name: rows[name].dictionary_encode() for name in texts})


def told_work(rows: pa.Table, book: Codebook) -> pa.Table:
    """Return work with texts in place of codes."""
    columns = {name: rows[name] for name in rows.column_names}
    for name in ("operator_id", "role", "unit"):
        columns[name] = book.texts[TEXTS[name]].take(rows[name].combine_chunks())
    return pa.table(columns)


def coded_work(rows: pa.Table, book: Codebook) -> pa.Table:
    """Return kept work with codes in place of texts."""
    columns = {name: rows[name] for name in rows.column_names if name not in {"night", "basis"}}
    for name in ("operator_id", "role", "unit"):
        columns[name] = book.encode(TEXTS[name], rows[name])
    return pa.table(columns)


def stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return frames one after the other, view by view; the columns of few values as categories."""
    some = [frame.astype(dict.fromkeys(CATEGORIES, "object")) for frame in frames if len(frame)]
    if not some:
        return pd.DataFrame(columns=list(COLUMNS))
    whole = pd.concat(some)
    whole = whole.sort_values(["view", "night_number"], kind="stable", ignore_index=True)
    return whole.astype(dict.fromkeys(CATEGORIES, "category"))
