"""Whole numbers in place of identities, so that joins over many nights stay small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Codebook", "coded_marks"]


@dataclass(frozen=True)
class Codebook:
    """Sorted distinct texts of the identity columns; a code is a place among them.

    Parameters
    ----------
    texts : dict of str to pa.Array
        By column of PAIR_NIGHTS, and `value` of MARK_NIGHTS. Sorted, so that codes order
        as the texts do and do not depend on the order of rows.
    """

    texts: dict[str, pa.Array]

    def encode(self, column: str, values: pa.Array | pa.ChunkedArray) -> pa.Array:
        """Return codes, int32; null for texts that no profile has."""
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        if not pa.types.is_dictionary(values.type):
            return pc.index_in(values, value_set=self.texts[column])
        return pc.index_in(values.dictionary, value_set=self.texts[column]).take(values.indices)

    def decode(self, column: str, codes: Iterable[int]) -> list[str]:
        """Return texts; empty for a code below zero."""
        places = pa.array(list(codes), pa.int64())
        known = pc.if_else(pc.less(places, 0), pa.scalar(None, pa.int64()), places)
        texts: list[str] = pc.fill_null(self.texts[column].take(known), "").to_pylist()
        return texts


def coded_marks(marks: pa.Table, book: Codebook) -> tuple[Codebook, pa.Table]:
    """Return the codebook with the values of marks, and the rows of MARK_NIGHTS coded.

    What no profile has is left out: a mark without a profile row has nothing to be compared with.
    """
    rows = marks.combine_chunks()
    whole = Codebook({**book.texts, "value": _distinct(rows["value"])})
    columns = {
        "night_number": rows["night_number"],
        "operator_id": whole.encode("operator_id", rows["operator_id"]),
        "subject_id": whole.encode("subject_id", rows["subject_id"]),
        "mark": pc.cast(rows["mark"], pa.string()),
        "value": whole.encode("value", rows["value"]),
        "lookups": rows["lookups"],
    }
    return whole, pa.table(columns).drop_null()


def _distinct(values: pa.ChunkedArray) -> pa.Array:
    """Return sorted distinct texts of a plain or dictionary column."""
    found = pc.cast(pc.unique(values), pa.string()).drop_null()
    return found.take(pc.sort_indices(found))
