"""The columns of one batch, coded when first asked for, and the answers of atoms on them."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.coded import Coded, code_column
from auditwatch.check.derive import DERIVED
from auditwatch.check.fields import FIELDS
from auditwatch.check.states import cells_of, without_masks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Network, IPv6Network

    from numpy.typing import NDArray

    from auditwatch.check.catalogue import Catalogue
    from auditwatch.check.condition import Atom
    from auditwatch.check.facts import Facts

    Network = IPv4Network | IPv6Network

__all__ = ["NO", "UNKNOWN", "YES", "Answer", "Columns"]

#: Answers of an atom on one row. Unknown is neither: its opposite is unknown as well.
NO: Final = 0
YES: Final = 1
UNKNOWN: Final = 2


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
    """

    codes: NDArray[np.int32]
    table: NDArray[np.uint8]
    weights: NDArray[np.int64]

    def rows(self, wanted: NDArray[np.bool_], among: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Return the rows (of those `among`) whose answer is wanted."""
        if among is None:
            return np.flatnonzero(wanted[self.table][self.codes])
        return among[wanted[self.table][self.codes[among]]]

    def count(self, wanted: NDArray[np.bool_]) -> int:
        """Return how many rows have a wanted answer."""
        return int(self.weights[wanted[self.table]].sum())

    @property
    def in_doubt(self) -> bool:
        """Whether any row is unknown."""
        return bool(self.weights[self.table == UNKNOWN].any())


class Columns:
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
        self.batch = batch
        self.facts = facts
        self.catalogue = catalogue
        self._cells = cells_of(catalogue)
        self._coded: dict[str, Coded] = {}
        self._lowered: dict[str, pa.Array] = {}
        self._weights: dict[str, NDArray[np.int64]] = {}
        self._answers: dict[Atom, Answer] = {}

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.batch.num_rows)

    def coded(self, name: str) -> Coded:
        """Return a column of the trail or a fact."""
        if name not in self._coded:
            derive = DERIVED.get(name)
            self._coded[name] = self._trail(name) if derive is None else derive(self)
        return self._coded[name]

    def _trail(self, name: str) -> Coded:
        """Code a column of the trail; rows of sources that do not export it are unknown."""
        if name not in self.batch.schema.names:
            empty = pa.array([], pa.string())
            return Coded(np.full(self.height, 1, dtype=np.int32), empty)
        column = code_column(self.batch.column(name), self._hidden(FIELDS[name].needs))
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

    def _hidden(self, needs: tuple[str, ...]) -> NDArray[np.bool_] | None:
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

    def answer(self, atom: Atom) -> Answer:
        """Return an atom's answers; each distinct value is tested once."""
        if atom not in self._answers:
            self._answers[atom] = self._same(atom) if atom.kind == "same" else self._test(atom)
        return self._answers[atom]

    def _test(self, atom: Atom) -> Answer:
        """Test each distinct value of a column."""
        column = self.coded(atom.column)
        table = np.zeros(len(column.values) + 2, dtype=np.uint8)
        table[: len(column.values)] = self._values_that_hold(atom, column)
        table[column.absent] = UNKNOWN if FIELDS[atom.column].fact else NO
        table[column.unknown] = UNKNOWN
        return Answer(column.codes, table, self._weight(atom.column))

    def _values_that_hold(self, atom: Atom, column: Coded) -> NDArray[np.bool_]:
        """Return for each distinct value whether the test holds."""
        if atom.kind == "exists":
            return np.ones(len(column.values), dtype=bool)
        if atom.kind == "compares":
            return _compare(column.values, *atom.operands)
        if atom.kind == "in_net":
            return _in_net(column.texts(), atom.operands)
        texts = column.values.cast(pa.string())
        if atom.kind == "matches":
            held = pc.match_substring_regex(texts, atom.operands[0])
        elif atom.kind == "equals_cased":
            held = pc.is_in(texts, pa.array(atom.operands, pa.string()))
        else:
            held = pc.is_in(self._lower(atom.column), pc.utf8_lower(pa.array(atom.operands)))
        return np.asarray(pc.fill_null(held, fill_value=False).to_numpy(zero_copy_only=False))

    def _lower(self, name: str) -> pa.Array:
        """Return the distinct values of a column in lower case."""
        if name not in self._lowered:
            self._lowered[name] = pc.utf8_lower(self.coded(name).values.cast(pa.string()))
        return self._lowered[name]

    def _weight(self, name: str) -> NDArray[np.int64]:
        """Return the number of rows of each code of a column."""
        if name not in self._weights:
            column = self.coded(name)
            self._weights[name] = np.bincount(column.codes, minlength=len(column.values) + 2)
        return self._weights[name]

    def _same(self, atom: Atom) -> Answer:
        """Compare two columns row by row, letter case aside."""
        left, right = (self.coded(name) for name in atom.columns)
        texts = [self._lower(name) for name in atom.columns]
        known = pc.unique(pa.concat_arrays(texts))
        places = [
            np.append(pc.index_in(text, known).to_numpy(zero_copy_only=False), [-1, -1])
            for text in texts
        ]
        one, other = places[0][left.codes], places[1][right.codes]
        answers = np.where((one == other) & (one >= 0), YES, NO)
        answers[(left.codes == left.unknown) | (right.codes == right.unknown)] = UNKNOWN
        for name, column in zip(atom.columns, (left, right), strict=True):
            if FIELDS[name].fact:
                answers[column.codes == column.absent] = UNKNOWN
        codes = answers.astype(np.int32)
        weights = np.bincount(codes, minlength=3)
        return Answer(codes, np.array([NO, YES, UNKNOWN], dtype=np.uint8), weights)


def _compare(values: pa.Array, operator: str, operand: str) -> NDArray[np.bool_]:
    """Compare whole numbers."""
    numbers = np.asarray(pc.fill_null(values.cast(pa.int64()), 0).to_numpy(zero_copy_only=False))
    limit = int(operand)
    if operator in ("gt", "gte"):
        return numbers > limit if operator == "gt" else numbers >= limit
    return numbers < limit if operator == "lt" else numbers <= limit


def _in_net(texts: list[str], networks: tuple[str, ...]) -> NDArray[np.bool_]:
    """Tell which texts are addresses in one of the networks."""
    known = [ip_network(network) for network in networks]
    return np.array([_is_inside(text, known) for text in texts], dtype=np.bool_)


def _is_inside(text: str, networks: list[Network]) -> bool:
    """Tell whether a text is an address in one of the networks."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return False
    return any(address in network for network in networks)
