"""Which records of a source are in the lake already, brought by another."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.fieldstates import as_field_states
from auditwatch.core.schema import LOOKUPS, SOURCES
from auditwatch.ingest.contradictions import Contradictions, contradictions
from auditwatch.ingest.copies import differ, merged
from auditwatch.ingest.ids import own_ids, timed_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditwatch.engine.lake import Lake
    from auditwatch.ingest.settling import Settled
    from auditwatch.ingest.spans import Ints
    from auditwatch.ingest.staging import Staged

__all__ = ["Known", "New"]


@dataclass(frozen=True)
class New:
    """What whole nights of a source bring.

    Parameters
    ----------
    rows : pa.Table
        Records that are not stored yet, under the ids that they are stored by.
    lines : ndarray of int64
        Lines that each of them spans.
    fuller : pa.Table
        Stored records as they are with what this source knows beside; those that it knows no more
        of are left out.
    contradicted : Contradictions
        Stored records of which this source says something else.
    """

    rows: pa.Table
    lines: Ints
    fuller: pa.Table
    contradicted: Contradictions = field(default_factory=Counter)


class Known:
    """Compares a source with the lake, nights in order.

    Parameters
    ----------
    lake : Lake
        What is stored.
    staged : Staged
        The source: what it brought itself, before a crash, does not count.
    retried : ndarray of int64, optional
        Lines that are read again: what the source brought from its other lines does count.
    """

    def __init__(self, lake: Lake, staged: Staged, retried: Ints | None = None) -> None:
        self._lake = lake
        self._token = token = staged.source_id
        self._name = staged.name
        self._retried = retried
        self._names: dict[str, str] = {}
        self._told = {token: _told(staged.states)}

    def new_of(self, settled: Settled) -> New:
        """Return the records that are not stored yet, and what is new of those that are.

        A record is stored when one with its own id and its time is. One whose id is taken at
        another time gets its time behind it. Cascades name the head by the id it is stored under.
        """
        rows, lines = settled.rows, settled.lines
        stored = self._stored(rows)
        if stored is None and not self._names:
            return New(rows, lines, rows.slice(0, 0))
        mine, theirs = np.zeros(0, np.int64), np.zeros(0, np.int64)
        names: dict[str, str] = {}
        if stored is not None:
            mine, theirs, names = _compared(rows, stored)
        renamed = _renamed(rows, {**self._names, **names})
        self._names = names  # heads of the night before may be named by the next
        new = np.ones(rows.num_rows, np.bool_)
        new[mine] = False
        fuller, differing = rows.slice(0, 0), Contradictions()
        if stored is not None and len(mine):
            theirs_told, copies = stored.take(pa.array(theirs)), renamed.take(pa.array(mine))
            fuller = self._fuller(theirs_told, copies)
            differing = contradictions(theirs_told, copies, _sources(theirs_told), self._file_names)
        return New(renamed.filter(pa.array(new)), lines[new], fuller, differing)

    @cached_property
    def _file_names(self) -> dict[str, str]:
        """File name by source_id, that of the source itself included."""
        rows = self._lake.read(SOURCES, columns=["source_id", "name"]).to_pylist()
        return {**{one["source_id"]: one["name"] for one in rows}, self._token: self._name}

    def _fuller(self, stored: pa.Table, copies: pa.Table) -> pa.Table:
        """Return the stored records that change when what their copies know is added.

        They stand where the source that tells more fields has them: what a source does not tell
        at all is not known of its records.
        """
        count = stored.num_rows
        moved = np.array(
            [self._tells(one) < self._tells(self._token) for one in _sources(stored)], np.bool_
        )
        both = pa.concat_tables([stored, copies.select(stored.column_names)]).unify_dictionaries()
        number = np.arange(count)
        whole = merged(both.combine_chunks(), np.tile(number, 2), number + count * moved)
        return whole.filter(pa.array(differ(whole, stored) | moved))

    def _tells(self, source_id: str) -> tuple[int, list[str]]:
        """Return how many fields a source tells, and which: what files are put in order by."""
        if source_id not in self._told:
            rows = self._lake.read(SOURCES, columns=["source_id", "field_states"]).to_pylist()
            known = {one["source_id"]: json.loads(one["field_states"]) for one in rows}
            self._told[source_id] = _told(known.get(source_id, {}))
        return self._told[source_id]

    def _stored(self, rows: pa.Table) -> pa.Table | None:
        """Return the stored records of other sources that share an own id with some of these."""
        nights = pc.unique(rows["night"].cast(pa.string())).to_pylist()
        ids, found = None, []
        for batch in self._lake.batches(LOOKUPS, nights):
            others = batch.filter(self._counts(batch))
            ids = own_ids(rows["event_id"].combine_chunks()) if ids is None else ids
            shared = others.filter(pc.is_in(own_ids(others["event_id"]), value_set=ids))
            if shared.num_rows:
                found.append(pa.Table.from_batches([shared]))
        return pa.concat_tables(found).unify_dictionaries().combine_chunks() if found else None

    def _counts(self, batch: pa.RecordBatch) -> pa.Array:
        """Flag the stored records that a record can be a duplicate of."""
        others = pc.not_equal(batch["source_id"].cast(pa.string()), self._token)
        if self._retried is None:
            return others
        again = pc.is_in(batch["line"], value_set=pa.array(self._retried))
        return pc.or_(others, pc.invert(again))


def _told(states: Mapping[str, Any]) -> tuple[int, list[str]]:
    """Return how many fields the states of a source's cells tell something of, and which."""
    fields = as_field_states(states)
    told = sorted(name for name, one in fields.items() if not one.why_unknown(name))
    return len(told), told


def _sources(rows: pa.Table) -> list[str]:
    """Return the source of each record."""
    names: list[str] = rows["source_id"].cast(pa.string()).to_pylist()
    return names


def _compared(rows: pa.Table, stored: pa.Table) -> tuple[Ints, Ints, dict[str, str]]:
    """Return which records are stored, and where; and say which ids have to be others."""
    there = {key: at for at, key in enumerate(_keys(stored))}
    stored_ids = stored["event_id"].to_pylist()
    taken = set(stored_ids)
    pairs, names = [], {}
    timed = timed_ids(rows.set_column(0, "event_id", own_ids(rows["event_id"].combine_chunks())))
    ids = rows["event_id"].to_pylist()
    for at, (key, mine) in enumerate(zip(_keys(rows), ids, strict=True)):
        if key in there:
            pairs.append((at, there[key]))
            name = stored_ids[there[key]]
        else:
            name = timed[at].as_py() if mine in taken else mine
        if name != mine:
            names[mine] = name
    matched = np.array(pairs, np.int64).reshape(-1, 2)
    return matched[:, 0], matched[:, 1], names


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
