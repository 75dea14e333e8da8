"""What a source does not say although it has the column: states of cells, counted by column."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditwatch.core.cells import EMPTY, MASKED, STATES, VALUE, Cells
from auditwatch.core.fieldstates import FieldStates
from auditwatch.core.redaction import mask_shown
from auditwatch.core.schema import SOURCE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from auditwatch.core.cells import States
    from auditwatch.ingest.spans import Ints

__all__ = ["ROWS_LEAST", "Profile"]

#: Columns that tell who, whom and why; a constant one says nothing about a single lookup.
TELLING: Final = ("operator_id", "subject_id", "subject_name", "reason", "case_id")
ROWS_LEAST: Final = 100
SHOWN: Final = 3
MASKS_MAX: Final = 20  # kinds of mask that are listed; statutes with sections could be many


@dataclass
class _Column:
    """What was seen of one column."""

    counts: Ints = field(default_factory=lambda: np.zeros(len(STATES), np.int64))
    masks: Counter[str] = field(default_factory=Counter)
    values: set[str] = field(default_factory=set)
    varies: bool = False

    @property
    def rows(self) -> int:
        """Records seen."""
        return int(self.counts.sum())


@dataclass
class Profile:
    """Looks at the columns of a source, chunk by chunk, each distinct value once.

    Parameters
    ----------
    cells : Cells
        Tells masks and placeholders.
    """

    cells: Cells = field(default_factory=Cells)
    columns: dict[str, _Column] = field(default_factory=dict)
    records: int = 0
    lacking: Counter[str] = field(default_factory=Counter)

    def see(
        self, columns: Mapping[str, pa.Array], absent: Collection[str] = ()
    ) -> dict[str, States]:
        """Take in the columns of one chunk.

        Parameters
        ----------
        columns : mapping of str to pa.Array of string
            As written, by canonical name; dictionaries where values repeat. Of times only what is
            empty counts.
        absent : collection of str
            Those of them that the source does not export here: something stands in for it.

        Returns
        -------
        dict of str to ndarray of uint8
            The state of each entry of a dictionary, of each value of a plain column; no times.
        """
        told = {name: values for name, values in columns.items() if name != "event_time"}
        distinct = {name: _distinct(values) for name, values in told.items()}
        states = self.cells.states_of(distinct)
        for name, values in columns.items():
            if name in absent:
                continue
            seen = self.columns.setdefault(name, _Column(varies=not _repeats(values)))
            if name in told:
                self._count(seen, values, states[name])
            else:
                seen.counts[[VALUE, EMPTY]] += len(values) - values.null_count, values.null_count
        return states

    def _count(self, seen: _Column, values: pa.Array, states: States) -> None:
        """Count the states of a column, and its masks."""
        entries, weights = _distinct(values), _weights(values)
        by_state = np.bincount(np.append(states, EMPTY), weights, minlength=len(STATES))
        seen.counts += by_state.astype(np.int64)
        for at in np.flatnonzero((states == MASKED) & (weights[:-1] > 0)).tolist():
            seen.masks[mask_shown(entries[at].as_py())] += int(weights[at])
        self._vary(seen, entries, weights)

    @staticmethod
    def _vary(seen: _Column, dictionary: pa.Array, weights: Ints) -> None:
        """Note whether all records hold the same so far; a second value settles it."""
        if seen.varies:
            return
        held = np.flatnonzero(weights)
        if len(held) == 1 and held[0] < len(dictionary):
            seen.values.add(dictionary[int(held[0])].as_py())
        seen.varies = len(seen.values) > 1 or len(held) > 1 or held.tolist() == [len(dictionary)]

    def field_states(self, exported: Collection[str]) -> dict[str, Any]:
        """Return what SOURCES keeps of each field, as JSON has it.

        Parameters
        ----------
        exported : collection of str
            Fields with a column, at least in a part of the source, or a constant.
        """
        found = {name: self._states(name, name in exported) for name in SOURCE_FIELDS}
        return {name: states.as_json() for name, states in found.items()}

    def _states(self, name: str, exported: bool) -> FieldStates:
        """Return what was seen of one field."""
        seen = self.columns.get(name)
        if seen is None or not seen.rows:
            return FieldStates(exported)
        counts = dict(zip(STATES, seen.counts.tolist(), strict=True))
        masks = dict(seen.masks.most_common(MASKS_MAX))
        lacking = self.lacking[name]
        return FieldStates(True, counts, masks, self._one_value(name, seen), lacking)

    def _one_value(self, name: str, seen: _Column) -> bool:
        """Tell whether every record with the column holds the same, and it hides nothing."""
        silent = seen.counts[EMPTY] or seen.counts[MASKED]
        all_of_them = max(ROWS_LEAST, self.records - self.lacking[name])
        return not (seen.varies or silent) and seen.rows >= all_of_them

    def gaps(self) -> Iterator[tuple[str, str]]:
        """Yield kind and sentence of each column that does not say what its name promises."""
        for name, seen in self.columns.items():
            if seen.masks:
                masks = ", ".join(mask for mask, _ in seen.masks.most_common(SHOWN))
                share = f"{seen.counts[MASKED]:,} of {seen.rows:,} records hold a mask ({masks})"
                yield "masked_values", f"{name}: {share}; what it hides cannot be compared"
            elif name in TELLING and self._one_value(name, seen):
                why = "the column was overwritten before release, or the export is of one alone"
                yield "one_value", f"{name}: all {seen.rows:,} records hold the same value; {why}"


def _repeats(values: pa.Array) -> bool:
    """Tell whether a column is one whose values repeat."""
    return bool(pa.types.is_dictionary(values.type))


def _distinct(values: pa.Array) -> pa.Array:
    """Return the entries of a dictionary, or all values of a plain column."""
    return values.dictionary if _repeats(values) else values


def _weights(values: pa.Array) -> Ints:
    """Return how many records have each entry, and, last, how many have none."""
    if not _repeats(values):
        return np.append(np.ones(len(values), np.int64), 0)
    entries = len(values.dictionary)
    places = values.indices.fill_null(entries).to_numpy(zero_copy_only=False)
    return np.bincount(places, minlength=entries + 1)
