"""Ids of records whose source gives none: made of what the record says, not of where it stands.

A log that grows is delivered again and again, and a rotated one begins where the one before did
not end. An id made of the file or of the line would count their common records once each time.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import SOURCE_FIELDS

if TYPE_CHECKING:
    from auditwatch.ingest.spans import Ints

__all__ = ["made_ids"]

FIELDS: Final = tuple(name for name in SOURCE_FIELDS if name != "event_id")
BATCH_ROWS: Final = 1 << 16
DIGITS: Final = 20  # 80 bits: no two of a billion records meet by chance


def made_ids(rows: pa.Table) -> pa.Array:
    """Return an id for each record from all its fields.

    Parameters
    ----------
    rows : pa.Table
        Normalised records in file order.

    Returns
    -------
    pa.Array of string, shape (rows,)
        First digits of the SHA-256 of the fields, and how many equal records of the same file
        stand before this one, from 0: two equal records are two lookups.
    """
    digests = pa.chunked_array(
        [_digests(batch) for batch in rows.select(FIELDS).to_batches(BATCH_ROWS)], pa.string()
    ).combine_chunks()
    return pc.binary_join_element_wise(digests, pa.array(_before(digests)).cast(pa.string()), ":")


def _digests(batch: pa.RecordBatch) -> pa.Array:
    """Return the digest of each record."""
    texts = [_text(values) for values in batch.columns]
    joined = pc.binary_join_element_wise(*texts, "\0", null_handling="replace")
    found = [hashlib.sha256(one.encode()).hexdigest()[:DIGITS] for one in joined.to_pylist()]
    return pa.array(found, pa.string())


def _text(values: pa.Array) -> pa.Array:
    """Return a column as text; a time as its number, whatever zone it was written in."""
    number = pa.types.is_timestamp(values.type)
    return values.cast(pa.int64()).cast(pa.string()) if number else values.cast(pa.string())


def _before(digests: pa.Array) -> Ints:
    """Count for each element the equal ones before it."""
    codes = digests.dictionary_encode().indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    ranks = np.arange(len(codes))
    starts = np.concatenate([[True], np.diff(codes[order]) > 0])[: len(codes)]
    ranks -= np.maximum.accumulate(np.where(starts, ranks, 0))
    counts = np.empty(len(codes), np.int64)
    counts[order] = ranks
    return counts
