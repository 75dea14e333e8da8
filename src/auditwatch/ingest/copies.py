"""One record told by several files: every copy adds what it knows, in whatever order they come.

A network audit of plate searches tells neither who searched nor for what; the organisation's own
audit of the same search does. Copies are told by id and time alone, never by what they say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.cells import masked_rows
from auditwatch.core.redaction import ABSENT
from auditwatch.core.schema import SOURCE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.ingest.spans import Flags, Ints

__all__ = ["FIELDS", "TOLD", "WITH", "differ", "levels_of", "merged", "put_in"]

FIELDS: Final = tuple(name for name in SOURCE_FIELDS if name not in {"event_id", "event_time"})
#: Origins that folding finds; those of a source say more.
FOUND: Final = ("manual", "cascade")
#: How much a cell says that holds a value.
TOLD: Final = 2
#: A column that is made of another comes from the same copy.
WITH: Final = {"reason": ("reason_norm",)}


def merged(rows: pa.Table, groups: Ints, heads: Ints) -> pa.Table:
    """Make one record of each group of copies.

    Of each field the copy counts that says most: a value before a mask, a mask before nothing, a
    person before the organisation that stands in for people without names; of two values the longer
    one, of two as long the later in the alphabet. So the order of copies does not matter.

    Parameters
    ----------
    rows : pa.Table
        Copies, normalised.
    groups : ndarray of int64, shape (rows,)
        Number of each row's group, from 0 without holes.
    heads : ndarray of int64, shape (groups,)
        Row of each group whose id, time and place are kept.

    Returns
    -------
    pa.Table
        A row a group.
    """
    found = rows.take(pa.array(heads))
    for name in FIELDS:
        best = pa.array(_best(rows, name, groups))
        for column in (name, *WITH.get(name, ())):
            at = rows.column_names.index(column)
            found = found.set_column(at, column, rows[column].take(best))
    return found


def differ(one: pa.Table, other: pa.Table) -> Flags:
    """Flag the rows that say something else in one of the fields."""
    flags = np.zeros(one.num_rows, np.bool_)
    for name in FIELDS:
        mine, theirs = (rows[name].cast(pa.string()).fill_null("\0") for rows in (one, other))
        flags |= pc.not_equal(mine, theirs).to_numpy()
    return flags


def put_in(rows: pa.Table, places: Ints, others: pa.Table) -> pa.Table:
    """Return rows with others of the same columns in some of their places."""
    order = np.arange(rows.num_rows)
    order[places] = rows.num_rows + np.arange(len(places))
    both = pa.concat_tables([rows, others.select(rows.column_names)]).unify_dictionaries()
    return both.take(pa.array(order)).combine_chunks()


def _best(rows: pa.Table, name: str, groups: Ints) -> Ints:
    """Return for each group the row whose value of a field counts."""
    values = rows[name].cast(pa.string()).combine_chunks()
    coded = values.dictionary_encode()
    codes = coded.indices.fill_null(len(coded.dictionary)).to_numpy()
    order = np.lexsort((_ranks(coded.dictionary.to_pylist())[codes], levels_of(rows, name), groups))
    ends = np.flatnonzero(np.diff(groups[order], append=-1))
    best: Ints = order[ends]
    return best


def _ranks(texts: Sequence[str]) -> Ints:
    """Return the place of each text among all by length, then by alphabet; last, that of none."""
    ranks = np.zeros(len(texts) + 1, np.int64)
    ranks[sorted(range(len(texts)), key=lambda at: (len(texts[at]), texts[at]))] = np.arange(
        1, len(texts) + 1
    )
    return ranks


def levels_of(rows: pa.Table, name: str) -> Ints:
    """Return how much cells say: 0 nothing, 1 that there was something, 2 a value.

    What a table does not export, -1, is less than an empty cell.
    """
    values = rows[name].cast(pa.string())
    silent = masked_rows(values)
    if name == "operator_id":
        silent = pc.or_(silent, pc.equal(values, rows["agency"].cast(pa.string())).fill_null(False))
    if name == "origin":
        silent = pc.is_in(values, value_set=pa.array(FOUND))
    levels = np.where(_numpy(silent), 1, TOLD)
    levels[_numpy(values.is_null())] = 0
    levels[_numpy(pc.equal(values, ABSENT).fill_null(False))] = -1
    return levels


def _numpy(flags: pa.Array | pa.ChunkedArray) -> Flags:
    """Return flags as numpy has them."""
    whole = flags.combine_chunks() if isinstance(flags, pa.ChunkedArray) else flags
    return np.asarray(whole.to_numpy(zero_copy_only=False), np.bool_)
