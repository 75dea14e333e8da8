"""Dictionaries of repeating texts: small ones, without a look at the texts themselves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

__all__ = ["shrink", "shrink_table"]

FEW: int = 64  # leaving so few values in costs less than taking them out


def shrink(values: pa.DictionaryArray) -> pa.DictionaryArray:
    """Return the same values with a dictionary that holds no other.

    Parameters
    ----------
    values : pa.DictionaryArray
        Such as a slice of an array, which keeps the dictionary of all.
    """
    if len(values.dictionary) <= FEW:
        return values
    missing = None
    if values.indices.null_count:
        missing = values.indices.is_null().to_numpy(zero_copy_only=False)
    codes = values.indices.fill_null(0).to_numpy()
    used = np.zeros(len(values.dictionary), np.bool_)
    used[codes if missing is None else codes[~missing]] = True
    # what stands in the slot of a null is looked up all the same when dictionaries are unified:
    # it has to be a place in the dictionary
    place = np.maximum(np.cumsum(used) - 1, 0).astype(codes.dtype)
    indices = pa.array(place[codes], values.indices.type, mask=missing)
    return pa.DictionaryArray.from_arrays(indices, values.dictionary.filter(pa.array(used)))


def shrink_table(rows: pa.Table) -> pa.Table:
    """Return the same rows with dictionaries that hold no other values."""
    columns = []
    for column in rows.columns:
        if pa.types.is_dictionary(column.type):
            columns.append(shrink(column.combine_chunks()))
        else:
            columns.append(column.combine_chunks())
    return pa.table(columns, schema=rows.schema)
