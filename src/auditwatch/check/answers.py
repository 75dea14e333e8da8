"""Answers of atoms on one batch: each distinct value of a column is tested once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.testing import (
    CLOCK,
    PATTERNS,
    fold,
    matches_of,
    related,
    values_that_hold,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from auditwatch.check.coded import Coded
    from auditwatch.check.condition import Atom, Node

__all__ = ["NO", "UNKNOWN", "YES", "Answer", "Answers", "Kept"]

#: Answers of an atom on one row. Unknown is neither: its opposite is unknown as well.
NO: Final = 0
YES: Final = 1
UNKNOWN: Final = 2

#: Codes that numpy sorts by counting, which is faster than a few looks at every row.
SORTABLE: Final = 1 << 16
#: Rows whose codes are kept are looked up when fewer than one in this many; else all are looked at.
RARE: Final = 16


class Places:
    """The rows of each code of a column, in order.

    Parameters
    ----------
    codes : ndarray of int32, shape (n_rows,)
        Below `SORTABLE`.
    weights : ndarray of int64, shape (n_codes,)
        Rows of each code.
    """

    def __init__(self, codes: NDArray[np.int32], weights: NDArray[np.int64]) -> None:
        self._codes = codes
        self._weights = weights

    @cached_property
    def _rows(self) -> NDArray[np.int64]:
        """All rows, by code, then in order: sorted when first asked for."""
        return np.argsort(self._codes.astype(np.uint16), kind="stable")

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        """Where the rows of each code begin."""
        return np.cumsum(self._weights) - self._weights

    def of(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of some codes, in order."""
        sizes = self._weights[codes]
        skipped = self._starts[codes] - (np.cumsum(sizes) - sizes)
        found = self._rows[np.repeat(skipped, sizes) + np.arange(sizes.sum())]
        return np.sort(found)


@dataclass(frozen=True, eq=False)
class Kept:
    """The rows of a batch whose code in one column is kept.

    Parameters
    ----------
    codes : ndarray of int32, shape (n_rows,)
        Codes of the column.
    table : ndarray of bool, shape (n_codes,)
        Whether a code is kept.
    count : int
        Rows that are kept.
    places : Places, optional
        Where each code stands, so that a rare one is found without a look at every row.
    """

    codes: NDArray[np.int32]
    table: NDArray[np.bool_]
    count: int
    places: Places | None = None

    def rows(self, among: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Return the rows (of those `among`) that are kept, in order."""
        if among is not None:
            return among[self.table[self.codes[among]]]
        if self.places is not None and self.count * RARE < len(self.codes):
            return self._rare
        return np.flatnonzero(self.table[self.codes])

    @cached_property
    def _rare(self) -> NDArray[np.int64]:
        """All rows, of few: what many rules begin with is found once."""
        found = self.places.of(np.flatnonzero(self.table)) if self.places else np.empty(0, np.int64)
        found.flags.writeable = False
        return found


@dataclass(frozen=True, eq=False)
class Answer:
    """What an atom says of each row.

    Parameters
    ----------
    codes : ndarray of int32, shape (n_rows,)
        Codes of the column.
    table : ndarray of uint8, shape (n_codes,)
        NO, YES or UNKNOWN for each code.
    weights : ndarray of int64, shape (n_codes,)
        Rows of each code.
    places : Places, optional
        Where each code stands, so that a rare one is found without a look at every row.
    """

    codes: NDArray[np.int32]
    table: NDArray[np.uint8]
    weights: NDArray[np.int64]
    places: Places | None = None

    def kept(self, table: NDArray[np.bool_]) -> Kept:
        """Return the rows of the codes that a table keeps, shape (n_codes,)."""
        count = self.weights[np.flatnonzero(table)].sum()
        return Kept(self.codes, table, int(count), self.places)

    @cached_property
    def any(self) -> bool:
        """Whether the test holds or may hold for any row."""
        return bool(self.weights[np.flatnonzero(self.table)].any())

    @cached_property
    def in_doubt(self) -> bool:
        """Whether any row is unknown."""
        return bool(self.weights[np.flatnonzero(self.table == UNKNOWN)].any())


class Answers(ABC):
    """One batch as a condition sees it; who it comes from decides what a column is.

    Two threads may ask one batch: what both work out at once is the same, and either is kept.

    Attributes
    ----------
    narrowed : tuple of dict
        Of `narrow`, which keeps here what it found for tests of one column: surely, possibly.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._folded: dict[str, pa.Array] = {}
        self._weights: dict[str, NDArray[np.int64]] = {}
        self._placed: dict[str, Places | None] = {}
        self._answers: dict[Atom, Answer] = {}
        self._looking = Lock()
        self._expected: dict[tuple[str, str], dict[str, NDArray[np.int64] | None]] = {}
        self.narrowed: tuple[dict[Node, Kept | None], ...] = ({}, {})

    @property
    @abstractmethod
    def height(self) -> int:
        """Number of rows."""

    @abstractmethod
    def coded(self, name: str) -> Coded:
        """Return a column by its name."""

    def without_value(self, name: str) -> int:
        """Return what a test says of a row without a value: NO, unless it may have one."""
        del name
        return NO

    def expect(self, atoms: Iterable[Atom]) -> None:
        """Be told what will be asked, so that patterns of a column are looked for at once."""
        for atom in atoms:
            if atom.kind in PATTERNS and atom not in self._answers:
                patterns = self._expected.setdefault((atom.column, atom.kind), {})
                patterns.setdefault(atom.operands[0])

    def answer(self, atom: Atom) -> Answer:
        """Return an atom's answers, worked out when first asked for."""
        if atom not in self._answers:
            self._answers[atom] = self._compare(atom) if atom.kind == "same" else self._test(atom)
        return self._answers[atom]

    def _test(self, atom: Atom) -> Answer:
        """Test each distinct value of a column."""
        column = self.coded(atom.column)
        table = np.zeros(len(column.values) + 2, dtype=np.uint8)
        table[: len(column.values)] = self._held(atom, column)
        table[column.absent] = self.without_value(atom.column)
        table[column.unknown] = UNKNOWN
        weights = self.weight(atom.column)
        return Answer(column.codes, table, weights, self._places(atom.column))

    def _held(self, atom: Atom, column: Coded) -> NDArray[np.bool_]:
        """Return for each distinct value whether the test holds."""
        folded = atom.kind in ("equals", "like")
        values = self._fold(atom.column) if folded else column.values
        if atom.kind in PATTERNS and (expected := self._expected.get((atom.column, atom.kind))):
            return self._found(atom.operands[0], values.cast(pa.string()), expected)
        return values_that_hold(atom, values, self._zone if atom.kind == CLOCK else None)

    def _found(
        self, pattern: str, texts: pa.Array, expected: dict[str, NDArray[np.int64] | None]
    ) -> NDArray[np.bool_]:
        """Tell of each distinct text whether it has a pattern, looked for beside all expected."""
        with self._looking:
            places = expected.get(pattern)
            if places is None:
                asked = {pattern, *(one for one, known in expected.items() if known is None)}
                expected |= matches_of(sorted(asked), texts)
                places = expected[pattern]
        held = np.zeros(len(texts), dtype=np.bool_)
        held[places] = True
        return held

    def _fold(self, name: str) -> pa.Array:
        """Return the distinct values of a column without letter case."""
        if name not in self._folded:
            self._folded[name] = fold(self.coded(name).values)
        return self._folded[name]

    def weight(self, name: str) -> NDArray[np.int64]:
        """Return the number of rows of each code of a column."""
        if name not in self._weights:
            column = self.coded(name)
            self._weights[name] = np.bincount(column.codes, minlength=len(column.values) + 2)
        return self._weights[name]

    def _places(self, name: str) -> Places | None:
        """Return where the codes of a column stand; None when they are too many to sort."""
        if name not in self._placed:
            column, weights = self.coded(name), self.weight(name)
            fit = len(weights) <= SORTABLE
            self._placed[name] = Places(column.codes, weights) if fit else None
        return self._placed[name]

    def _compare(self, atom: Atom) -> Answer:
        """Compare two columns row by row, letter case aside; each distinct pair once."""
        names = atom.columns
        left, right = (self.coded(name) for name in names)
        width = len(right.values) + 2
        pairs, codes = np.unique(
            left.codes.astype(np.int64) * width + right.codes, return_inverse=True
        )
        one, other = np.divmod(pairs, width)
        table = np.full(len(pairs), NO, dtype=np.uint8)
        both = np.flatnonzero((one < left.absent) & (other < right.absent))
        texts = [
            self._fold(name).take(pc.cast(positions[both], "int64"))
            for name, positions in zip(names, (one, other), strict=True)
        ]
        table[both] = np.where(related(atom.operands[1], *texts), YES, NO)
        for name, column, positions in zip(names, (left, right), (one, other), strict=True):
            if self.without_value(name) == UNKNOWN:
                table[positions == column.absent] = UNKNOWN
        table[(one == left.unknown) | (other == right.unknown)] = UNKNOWN
        return Answer(codes.astype(np.int32), table, np.bincount(codes, minlength=len(pairs)))
