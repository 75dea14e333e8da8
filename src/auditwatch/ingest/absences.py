"""Fields that only a part of a source exports: two exports stacked in one file, or two sheets.

A record of a table without a column says nothing of it, which is not the same as an empty cell. It
is known only at the end of the source which fields another table has, so where they are missing is
noted while it is read and written into the records when they are settled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.redaction import ABSENT
from auditwatch.ingest.copies import WITH

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from auditwatch.ingest.spans import Chunk, Flags, Ints

__all__ = ["Absences", "with_absences"]

#: Fields of which nothing may stand in for what is missing: a record without an id of its own gets
#: one, times are always there, origins are found by folding, and a subject that is not known has no
#: key, or all of them would be one.
LEFT: Final = frozenset({"event_id", "event_time", "origin", "subject_id"})


class Absences:
    """Where tables of a source lack fields, by line."""

    def __init__(self) -> None:
        self._stretches: list[tuple[frozenset[str], int, int]] = []

    def note(self, chunk: Chunk) -> None:
        """Note what the records of a chunk do not export."""
        lines = chunk.records.line
        if not len(lines):
            return
        first, last = int(lines.min()), int(lines.max())
        if self._stretches and self._stretches[-1][0] == chunk.absent:
            first = self._stretches.pop()[1]
        self._stretches.append((chunk.absent, first, last))

    def of(self, exported: Collection[str]) -> dict[str, list[tuple[int, int]]]:
        """Return first and last lines of the stretches without a field, for those exported."""
        found: dict[str, list[tuple[int, int]]] = {}
        for absent, first, last in self._stretches:
            for name in sorted(absent.intersection(exported) - LEFT):
                found.setdefault(name, []).append((first, last))
        return found


def with_absences(rows: pa.Table, absences: Mapping[str, Sequence[tuple[int, int]]]) -> pa.Table:
    """Return records in which a field that their table lacks is said to be not exported.

    Parameters
    ----------
    rows : pa.Table
        Normalised records with their `line`.
    absences : mapping of str to sequence of (int, int)
        As from `Absences.of`.
    """
    for name, stretches in absences.items():
        inside = _inside(rows["line"].to_numpy(), np.array(stretches, np.int64))
        if not inside.any():
            continue
        for column in (name, *WITH.get(name, ())):
            at = rows.column_names.index(column)
            texts = pc.if_else(pa.array(inside), ABSENT, rows[column].cast(pa.string()))
            whole = texts.combine_chunks()
            if pa.types.is_dictionary(rows[column].type):
                whole = whole.dictionary_encode()
            rows = rows.set_column(at, column, whole)
    return rows


def _inside(lines: Ints, stretches: Ints) -> Flags:
    """Flag the lines in some stretches, which rise and do not overlap."""
    place = np.searchsorted(stretches[:, 0], lines, "right") - 1
    flags: Flags = (place >= 0) & (lines <= stretches[place, 1])
    return flags
