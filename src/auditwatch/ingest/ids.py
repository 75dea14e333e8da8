"""What tells one record from another: its own id with its time, or all that it says.

Where a source gives no ids they are made of what the record says, not of where it stands. A log
that grows is delivered again and again, and a rotated one begins where the one before did not end:
an id made of the file or of the line would count their common records once each time.

A source's own id alone is not enough. Counters start again, and whoever can write a log could hide
a lookup behind the id of another. Two records are one only when id and time are the same; of those
that share an id at different times, the earliest keeps it and the others get their time behind it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import SOURCE_FIELDS
from auditwatch.ingest.copies import merged, put_in

if TYPE_CHECKING:
    from auditwatch.ingest.spans import Ints

__all__ = ["first_of_each", "heads_of", "made_ids", "own_ids", "timed_ids", "with_ids"]

FIELDS: Final = tuple(name for name in SOURCE_FIELDS if name != "event_id")
BATCH_ROWS: Final = 1 << 16
DIGITS: Final = 20  # 80 bits: no two of a billion records meet by chance
TIMED: Final = r"@[0-9]{16}\z"


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


def with_ids(rows: pa.Table) -> pa.Table:
    """Give each record without an id of its own one from what it says."""
    own = rows["event_id"].combine_chunks()
    looks_timed = pc.match_substring_regex(own, TIMED).fill_null(False)
    if pc.any(looks_timed).as_py():  # no id of a source may pass for one that was made here
        own = pc.if_else(looks_timed, timed_ids(rows), own)
    whole = pc.coalesce(own, made_ids(rows)) if own.null_count else own
    return rows.set_column(rows.column_names.index("event_id"), "event_id", whole)


def timed_ids(rows: pa.Table) -> pa.Array:
    """Return each record's id with its time behind it: ``17@1773482469000000``."""
    return pc.binary_join_element_wise(rows["event_id"].combine_chunks(), _stamps(rows), "@")


def own_ids(ids: pa.Array) -> pa.Array:
    """Return ids as the source gave them, without the time that was put behind them."""
    return pc.replace_substring_regex(ids, TIMED, "")


def first_of_each(rows: pa.Table) -> tuple[pa.Table, Ints | None]:
    """Make one of the records that have the same id and time: it stands where the first one does.

    Parameters
    ----------
    rows : pa.Table
        Whole nights in file order, each record with an id.

    Returns
    -------
    rows : pa.Table
        Each id once: of records that share one at different times all but the earliest have their
        time behind it.
    first : ndarray of int64, or None
        Their positions in what was given; None when nothing was left out.
    """
    ids = rows["event_id"].combine_chunks()
    if pc.count_distinct(ids).as_py() == len(ids):
        return rows, None
    codes, times = _codes_and_times(rows)
    groups, heads = _grouped(codes, times)
    first = np.sort(heads)
    kept = rows.take(pa.array(first)).combine_chunks()
    if len(first) < len(ids):
        kept = _completed(kept, rows, groups, heads)
    earliest = np.full(codes.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(earliest, codes[first], times[first])
    later = pa.array(times[first] != earliest[codes[first]])
    named = pc.if_else(later, timed_ids(kept), kept["event_id"].combine_chunks())
    return kept.set_column(kept.column_names.index("event_id"), "event_id", named), first


def heads_of(rows: pa.Table) -> Ints:
    """Return for each record the first in the file with its id and time, by position."""
    groups, heads = _grouped(*_codes_and_times(rows))
    found: Ints = heads[groups]
    return found


def _codes_and_times(rows: pa.Table) -> tuple[Ints, Ints]:
    """Return a number for each id, and each time (us)."""
    codes = rows["event_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    return codes, rows["event_time"].cast(pa.int64()).to_numpy()


def _grouped(codes: Ints, times: Ints) -> tuple[Ints, Ints]:
    """Return the group of records with the same id and time of each record, and their heads."""
    order = np.lexsort((times, codes))
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (np.diff(codes[order]) != 0) | (np.diff(times[order]) != 0)
    groups = np.empty(len(order), np.int64)
    groups[order] = np.cumsum(fresh) - 1
    return groups, order[fresh]  # sorting is stable: of equal ones the first in the file


def _completed(kept: pa.Table, rows: pa.Table, groups: Ints, heads: Ints) -> pa.Table:
    """Add to the first of each group of copies what the others know; the rest stays as it is."""
    many = np.flatnonzero(np.bincount(groups) > 1)
    copies = np.flatnonzero(np.isin(groups, many))
    numbers = np.searchsorted(many, groups[copies])
    fuller = merged(rows.take(pa.array(copies)), numbers, np.searchsorted(copies, heads[many]))
    return put_in(kept, np.searchsorted(np.sort(heads), heads[many]), fuller)


def _stamps(rows: pa.Table) -> pa.Array:
    """Return each record's time as sixteen digits (microseconds since 1970)."""
    numbers = rows["event_time"].combine_chunks().cast(pa.int64()).cast(pa.string())
    return pc.utf8_lpad(numbers, 16, "0")


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
