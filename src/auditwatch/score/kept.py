"""What was counted for earlier nights, kept so that a night counts itself only.

A night's counts depend on the profiles and marks of the nights that it looks back on, on the
settings and on the views. A digest of these, the basis, is kept with them: where it differs, they
are made again. What context tables held that day is not part of it: a night stays as it was judged.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch import __version__
from auditwatch.core.schema import COUNT_NIGHTS, MARK_NIGHTS, PAIR_NIGHTS, WORK_NIGHTS
from auditwatch.score.past import LakePast
from auditwatch.score.words import iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditwatch.core.contexttables import Context
    from auditwatch.core.schema import Table
    from auditwatch.score.past import Past

__all__ = ["Kept"]


class Kept:
    """Work and counts of nights, as tables of texts.

    Parameters
    ----------
    past : Past
        Only a lake keeps anything from one run to the next.
    context : Context
        Which tables are given is part of the basis.
    how : str
        Names the views and settings.
    reach : int
        Nights that a night looks back on, itself included.
    """

    def __init__(self, past: Past, context: Context, how: str, reach: int) -> None:
        self._lake = past.lake if isinstance(past, LakePast) else None
        self._prints: list[Mapping[str, str]] = []
        self._stored: dict[str, Mapping[str, str]] = {}
        if self._lake is not None:
            self._prints = [self._lake.fingerprints(table) for table in (PAIR_NIGHTS, MARK_NIGHTS)]
        self._how = [__version__, how, list(context.given)]
        self._reach = reach
        self._held: dict[tuple[str, int], pa.Table] = {}
        self._fresh: set[tuple[str, int]] = set()

    def load(self, table: Table, nights: Sequence[int]) -> None:
        """Read the rows of some nights, as far as they are in the lake and still true."""
        if self._lake is None:
            return
        if table.name not in self._stored:
            self._stored[table.name] = self._lake.fingerprints(table)
        wanted = {iso(night): night for night in nights if not self.has(table, night)}
        wanted = {day: night for day, night in wanted.items() if day in self._stored[table.name]}
        if not wanted:
            return
        parts: dict[str, list[pa.RecordBatch]] = {}
        for batch in self._lake.batches(table, list(wanted)):
            if batch.num_rows:
                parts.setdefault(batch["night"][0].as_py(), []).append(batch)
        for day, batches in parts.items():
            rows = pa.Table.from_batches(batches).unify_dictionaries()
            true = pc.equal(pc.cast(rows["basis"], pa.string()), self.basis(wanted[day]))
            if pc.all(true).as_py():
                self._held[table.name, wanted[day]] = rows

    def has(self, table: Table, night: int) -> bool:
        """Tell whether the rows of a night were loaded or taken in."""
        return (table.name, night) in self._held

    def rows(self, table: Table, night: int) -> pa.Table:
        """Return the rows of a night that is there."""
        return self._held[table.name, night]

    def add(self, table: Table, rows: pa.Table, nights: Sequence[int]) -> None:
        """Take in the rows of some nights, texts for codes, all columns but night and basis."""
        for night in nights:
            part = rows.filter(pc.equal(rows["night_number"], night))
            whole = {name: part[name] for name in part.column_names}
            for name, text in (("night", iso(night)), ("basis", self.basis(night))):
                whole[name] = pa.array([text], pa.string()).take(
                    pa.nulls(part.num_rows, pa.int32()).fill_null(0)
                )
            self._held[table.name, night] = pa.table(whole).select(list(table.names))
            self._fresh.add((table.name, night))

    def save(self) -> None:
        """Write what was taken in to the lake."""
        for table in (WORK_NIGHTS, COUNT_NIGHTS):
            nights = sorted(night for name, night in self._fresh if name == table.name)
            parts = [self._held[table.name, night].cast(table.schema) for night in nights]
            if self._lake is not None and parts:
                rows = pa.concat_tables(parts)
                self._lake.replace(table, rows, [iso(night) for night in nights])
        self._fresh.clear()

    def basis(self, night: int) -> str:
        """Return the digest of what a night's counts depend on."""
        seen = [iso(night - age) for age in range(self._reach)]
        prints = [[prints.get(one) for one in seen] for prints in self._prints]
        return hashlib.sha256(json.dumps([self._how, prints]).encode()).hexdigest()[:16]
