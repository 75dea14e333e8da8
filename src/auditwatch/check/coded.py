"""A column as small whole numbers into its distinct values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Coded", "Codes", "code_answers", "code_column", "code_texts"]

Codes: TypeAlias = "NDArray[np.int32]"


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of a batch.

    Parameters
    ----------
    codes : ndarray of int32, shape (n_rows,)
        Position in `values`; ``absent`` for null or empty, ``unknown`` where the value cannot be
        known (the source does not export it, or the context does not say).
    values : pa.Array, shape (n_values,)
        Distinct values, text or whole numbers.
    """

    codes: Codes
    values: pa.Array

    @property
    def absent(self) -> int:
        """Code of a row without a value."""
        return len(self.values)

    @property
    def unknown(self) -> int:
        """Code of a row whose value cannot be known."""
        return len(self.values) + 1

    def texts(self) -> list[str]:
        """Return the distinct values as text."""
        return [str(value) for value in self.values.to_pylist()]


def code_column(column: pa.Array, hidden: NDArray[np.bool_] | None = None) -> Coded:
    """Return an Arrow column as codes.

    Parameters
    ----------
    column : pa.Array, shape (n_rows,)
        Plain or dictionary.
    hidden : ndarray of bool, shape (n_rows,), optional
        Rows whose source does not export the column.
    """
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    values = column.dictionary
    codes = pc.fill_null(column.indices.cast(pa.int32()), len(values)).to_numpy(
        zero_copy_only=False
    )
    if pa.types.is_integer(values.type):
        empty = np.zeros(len(values), dtype=bool)
    else:
        values = values.cast(pa.string())
        empty = pc.fill_null(pc.equal(values, ""), fill_value=True).to_numpy(zero_copy_only=False)
    if empty.any():
        table = np.append(np.where(empty, len(values), np.arange(len(values))), len(values))
        codes = table.astype(np.int32)[codes]
    if hidden is not None and hidden.any():
        codes = np.where(hidden, np.int32(len(values) + 1), codes)
    return Coded(codes.astype(np.int32, copy=False), values)


def code_texts(codes: NDArray[np.integer], values: Sequence[str]) -> Coded:
    """Return codes into a short list of texts; -1 stands for *unknown*."""
    unknown = np.int32(len(values) + 1)
    return Coded(
        np.where(codes < 0, unknown, codes).astype(np.int32, copy=False),
        pa.array(list(values), pa.string()),
    )


def code_answers(
    column: Coded, answers: Sequence[int] | NDArray[np.integer], values: Sequence[str]
) -> Coded:
    """Return what depends on one column alone, put to its values first and to rows once.

    Parameters
    ----------
    column : Coded
        The column.
    answers : sequence of int, shape (n_values + 2,)
        For each of its values, for absent and for unknown a place in `values`; -1 is *unknown*.
    values : sequence of str
        What the answers are.
    """
    table = code_texts(np.asarray(answers, dtype=np.int32), values)
    return Coded(table.codes[column.codes], table.values)
