"""Which records of a source are in the lake already, brought by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import LOOKUPS
from auditwatch.ingest.ids import own_ids, timed_ids

if TYPE_CHECKING:
    from auditwatch.engine.lake import Lake
    from auditwatch.ingest.settling import Settled
    from auditwatch.ingest.spans import Ints

__all__ = ["Known"]

KEY = ("event_id", "event_time", "source_id", "line")


class Known:
    """Compares a source with the lake, nights in order.

    Parameters
    ----------
    lake : Lake
        What is stored.
    token : str
        The source's own id: what it brought itself, before a crash, does not count.
    retried : ndarray of int64, optional
        Lines that are read again: what the source brought from its other lines does count.
    """

    def __init__(self, lake: Lake, token: str, retried: Ints | None = None) -> None:
        self._lake = lake
        self._token = token
        self._retried = retried
        self._names: dict[str, str] = {}

    def new_of(self, settled: Settled) -> tuple[pa.Table, Ints]:
        """Return the records that are not stored yet, and the lines they span.

        A record is stored when one with its own id and its time is. One whose id is taken at
        another time gets its time behind it. Cascades name the head by the id it is stored under.
        """
        rows, lines = settled.rows, settled.lines
        stored = self._stored(rows)
        if stored is None and not self._names:
            return rows, lines
        known = np.zeros(rows.num_rows, np.bool_)
        names: dict[str, str] = {}
        if stored is not None:
            known, names = _compared(rows, stored)
        renamed = _renamed(rows, {**self._names, **names})
        self._names = names  # heads of the night before may be named by the next
        return renamed.filter(pa.array(~known)), lines[~known]

    def _stored(self, rows: pa.Table) -> pa.Table | None:
        """Return the stored records of other sources that share an own id with some of these."""
        nights = pc.unique(rows["night"].cast(pa.string())).to_pylist()
        ids, found = None, []
        for batch in self._lake.batches(LOOKUPS, nights, KEY):
            others = batch.filter(self._counts(batch))
            ids = own_ids(rows["event_id"].combine_chunks()) if ids is None else ids
            shared = others.filter(pc.is_in(own_ids(others["event_id"]), value_set=ids))
            if shared.num_rows:
                found.append(pa.Table.from_batches([shared.select(["event_id", "event_time"])]))
        return pa.concat_tables(found) if found else None

    def _counts(self, batch: pa.RecordBatch) -> pa.Array:
        """Flag the stored records that a record can be a duplicate of."""
        others = pc.not_equal(batch["source_id"].cast(pa.string()), self._token)
        if self._retried is None:
            return others
        again = pc.is_in(batch["line"], value_set=pa.array(self._retried))
        return pc.or_(others, pc.invert(again))


def _compared(rows: pa.Table, stored: pa.Table) -> tuple[np.ndarray, dict[str, str]]:
    """Flag the records that are stored, and say which ids have to be others."""
    there = dict(zip(_keys(stored), stored["event_id"].to_pylist(), strict=True))
    taken = set(there.values())
    known, names = np.zeros(rows.num_rows, np.bool_), {}
    timed = timed_ids(rows.set_column(0, "event_id", own_ids(rows["event_id"].combine_chunks())))
    ids = rows["event_id"].to_pylist()
    for at, (key, mine) in enumerate(zip(_keys(rows), ids, strict=True)):
        if key in there:
            known[at] = True
            name = there[key]
        else:
            name = timed[at].as_py() if mine in taken else mine
        if name != mine:
            names[mine] = name
    return known, names


def _keys(rows: pa.Table) -> list[tuple[str, int]]:
    """Return own id and time of each record."""
    ids = own_ids(rows["event_id"].combine_chunks()).to_pylist()
    return list(zip(ids, rows["event_time"].cast(pa.int64()).to_pylist(), strict=True))


def _renamed(rows: pa.Table, names: dict[str, str]) -> pa.Table:
    """Return records with some ids changed, wherever they are named."""
    if not names:
        return rows
    for column in ("event_id", "lookup_id"):
        values = pa.array([names.get(one, one) for one in rows[column].to_pylist()], pa.string())
        rows = rows.set_column(rows.column_names.index(column), column, values)
    return rows
