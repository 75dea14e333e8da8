"""What a cell says: a value, nothing, a mask over a value, or a placeholder typed in its place.

The fifth state, *not exported*, is a column's: see `auditwatch.core.fieldstates`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.redaction import SHAPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    States: TypeAlias = NDArray[np.uint8]

__all__ = [
    "EMPTY",
    "MASKED",
    "PLACEHOLDER",
    "STATES",
    "VALUE",
    "Cells",
    "masked_rows",
]

VALUE, EMPTY, MASKED, PLACEHOLDER = range(4)
#: The states by number, as they are written down.
STATES: Final = ("value", "empty", "masked", "placeholder")

#: Where people type words. Anywhere else a word such as ``X`` may be a code, a plate or a surname,
#: so there only a placeholder with a sign in it (``.``, ``n/a``) is one.
SPOKEN: Final = ("reason", "reason_norm", "case_id")
#: Up to so many values are looked up among those known; more are quicker told at once.
FEW: Final = 64
KNOWN_MAX: Final = 4096


@dataclass(frozen=True)
class Cells:
    """Tells the states of cells.

    Parameters
    ----------
    masks : tuple of str
        RE2 patterns of further masks, each of a whole cell, letter case aside.
    placeholders : frozenset of str
        In lower case, without spaces around them.
    """

    masks: tuple[str, ...] = ()
    placeholders: frozenset[str] = frozenset()

    @cached_property
    def _pattern(self) -> str:
        """RE2 pattern of a whole cell that is a mask."""
        return "^(?:" + "|".join([*SHAPES, *(f"(?i:{one})" for one in self.masks)]) + ")$"

    @cached_property
    def _words(self) -> pa.Array:
        """The placeholders as Arrow wants them."""
        return pa.array(sorted(self.placeholders), pa.string())

    @cached_property
    def _longest(self) -> int:
        """Bytes of the longest placeholder, whatever letter case it is written in."""
        written = (text for word in self.placeholders for text in (word, word.upper()))
        return max((len(text.encode()) for text in written), default=0)

    def states(self, field: str, values: pa.Array) -> States:
        """Return the state of each value.

        Parameters
        ----------
        field : str
            Canonical name of the column.
        values : pa.Array of string, shape (n_values,)
            Distinct values, as written or normalised.

        Returns
        -------
        ndarray of uint8, shape (n_values,)
            `VALUE`, `EMPTY`, `MASKED` or `PLACEHOLDER`.
        """
        return self.states_of({field: values})[field]

    def states_of(self, columns: Mapping[str, pa.Array]) -> dict[str, States]:
        """Return the state of each value of several columns, which costs little more than of one.

        Parameters
        ----------
        columns : mapping of str to pa.Array of string
            Values, distinct ones best, by canonical name.

        Returns
        -------
        dict of str to ndarray of uint8
            As `states`.
        """
        if sum(map(len, columns.values())) > FEW or len(self._known) > KNOWN_MAX:
            return self._stated(columns)
        texts = {name: values.cast(pa.string()).to_pylist() for name, values in columns.items()}
        asked = {(name in SPOKEN, text) for name, own in texts.items() for text in own}
        if fresh := sorted(asked - self._known.keys(), key=str):
            self._learn(fresh)
        return {
            name: np.array([self._known[name in SPOKEN, text] for text in own], np.uint8)
            for name, own in texts.items()
        }

    @cached_property
    def _known(self) -> dict[tuple[bool, str | None], int]:
        """States of single texts, spoken or not: samples ask for the same ones over and over."""
        return {}

    def _learn(self, fresh: Sequence[tuple[bool, str | None]]) -> None:
        """Work out the states of some texts and keep them."""
        for spoken, name in ((True, SPOKEN[0]), (False, "")):
            own = [text for said, text in fresh if said is spoken]
            states = self._stated({name: pa.array(own, pa.string())})[name].tolist()
            self._known.update(zip(((spoken, text) for text in own), states, strict=True))

    def _stated(self, columns: Mapping[str, pa.Array]) -> dict[str, States]:
        """Return what `states_of` does, all at once."""
        sizes = [len(values) for values in columns.values()]
        spoken = np.repeat([name in SPOKEN for name in columns], sizes)
        whole = pa.concat_arrays([values.cast(pa.string()) for values in columns.values()])
        bare = pc.utf8_trim_whitespace(whole).fill_null("")
        states = np.zeros(len(bare), np.uint8)
        # nearly all values are longer than any placeholder, so few are looked up
        short = np.flatnonzero(_flags(pc.less_equal(pc.binary_length(bare), self._longest)))
        states[short] = self._short_states(spoken[short], bare.take(pa.array(short)))
        states[_flags(pc.match_substring_regex(bare, self._pattern))] = MASKED
        return dict(zip(columns, np.split(states, np.cumsum(sizes)[:-1]), strict=True))

    def _short_states(self, spoken: NDArray[np.bool_], bare: pa.Array) -> States:
        """Return which short values are empty or placeholders."""
        states = np.zeros(len(bare), np.uint8)
        stands_in = _flags(pc.is_in(pc.utf8_lower(bare), value_set=self._words))
        states[stands_in & (spoken | ~_flags(pc.utf8_is_alnum(bare)))] = PLACEHOLDER
        states[_flags(pc.equal(bare, ""))] = EMPTY
        return states

    def state_of(self, field: str, text: str | None) -> str:
        """Return the state of one cell in words: one of `STATES`."""
        return STATES[self.states(field, pa.array([text], pa.string()))[0]]


def masked_rows(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Flag the rows of a column of the lake that hold a mask.

    Parameters
    ----------
    values : pa.Array or pa.ChunkedArray of string, shape (n_rows,)
        Plain or dictionary, normalised: a mask of a list stands there as `MASK`.

    Returns
    -------
    pa.Array of bool, shape (n_rows,)
    """
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    coded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    states = np.append(Cells().states("", coded.dictionary), VALUE)
    nulls = coded.indices.fill_null(len(coded.dictionary))
    return pa.array(states == MASKED).take(nulls)


def _flags(values: pa.Array) -> NDArray[np.bool_]:
    """Return booleans as numpy has them."""
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)
