"""The columns of one batch of lookups, coded when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.answers import NO, UNKNOWN, Answers
from auditwatch.check.coded import Coded, code_column
from auditwatch.check.derive import DERIVED
from auditwatch.check.fields import FIELDS
from auditwatch.check.states import cells_of, without_masks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from auditwatch.check.catalogue import Catalogue
    from auditwatch.check.facts import Facts

__all__ = ["Columns"]

Made = TypeVar("Made")


class Columns(Answers):
    """One batch as rules see it.

    Parameters
    ----------
    batch : pa.RecordBatch
        Heads only, columns of `schema.LOOKUPS`; a column that is missing is unknown.
    facts : Facts
        What is known beside the batch.
    catalogue : Catalogue
        Types of units, patterns of numbers and the like.
    """

    def __init__(self, batch: pa.RecordBatch, facts: Facts, catalogue: Catalogue) -> None:
        super().__init__(facts.zone)
        self.batch = batch
        self.facts = facts
        self.catalogue = catalogue
        self._cells = cells_of(catalogue)
        self._coded: dict[str, Coded] = {}
        self._made: dict[Callable[[Columns], Any], Any] = {}

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.batch.num_rows)

    def coded(self, name: str) -> Coded:
        """Return a column of the trail or a fact."""
        if name not in self._coded:
            derive = DERIVED.get(name)
            self._coded[name] = self.trail(name) if derive is None else derive(self)
        return self._coded[name]

    def once(self, work: Callable[[Columns], Made]) -> Made:
        """Return what some work makes of the batch, done when first asked for."""
        if work not in self._made:
            self._made[work] = work(self)
        made: Made = self._made[work]
        return made

    def some(self, rows: NDArray[np.integer]) -> Columns:
        """Return some rows by themselves; what was worked out of all is not worked out again."""
        part = Columns(self.batch.take(pa.array(rows)), self.facts, self.catalogue)
        for name, column in self._coded.items():
            part._coded[name] = Coded(column.codes[rows], column.values)
        return part

    def empty(self, name: str) -> NDArray[np.bool_]:
        """Return the rows in which a column of the trail has nothing at all, exported or not."""
        if name not in self.batch.schema.names:
            return np.ones(self.height, dtype=bool)
        column = code_column(self.batch.column(name))
        return np.asarray(column.codes == column.absent)

    def trail(self, name: str) -> Coded:
        """Return a column as the trail has it; unknown where the source does not export it."""
        if name not in self.batch.schema.names:
            empty = pa.array([], pa.string())
            return Coded(np.full(self.height, 1, dtype=np.int32), empty)
        column = code_column(self.batch.column(name), self.hidden(FIELDS[name].needs))
        if name == "subject_id":
            column = self._without_masked_subjects(column)
        return without_masks(name, column, self._cells)

    def _without_masked_subjects(self, column: Coded) -> Coded:
        """Leave open whether a row has a subject where its source masks some: they have no key."""
        masking = self._from_sources(self.facts.masked_subjects)
        if masking is None:
            return column
        unknown = masking & (column.codes == column.absent)
        codes = np.where(unknown, np.int32(column.unknown), column.codes)
        return Coded(codes, column.values)

    def hidden(self, needs: tuple[str, ...]) -> NDArray[np.bool_] | None:
        """Return the rows whose source lacks one of these fields; None when there is none."""
        return self._from_sources(
            source
            for source, fields in self.facts.not_exported.items()
            if fields.intersection(needs)
        )

    def _from_sources(self, chosen: Iterable[str]) -> NDArray[np.bool_] | None:
        """Return the rows of some sources; None when none was chosen."""
        wanted = pa.array(sorted(chosen), pa.string())
        if not len(wanted) or "source_id" not in self.batch.schema.names:
            return None
        sources = code_column(self.batch.column("source_id"))
        found = pc.is_in(sources.values, wanted)
        table = np.append(found.to_numpy(zero_copy_only=False), [False, False])
        return np.asarray(table[sources.codes], dtype=bool)

    def without_value(self, name: str) -> int:
        """Return UNKNOWN for a fact: no value means that nobody knows."""
        return UNKNOWN if FIELDS[name].fact else NO
