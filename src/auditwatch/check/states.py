"""The state of single cells, as rules see it: a masked one is unknown, a placeholder is nothing."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from auditwatch.check.coded import Coded, code_answers
from auditwatch.core.cells import MASKED, PLACEHOLDER, VALUE, Cells

if TYPE_CHECKING:
    from auditwatch.check.catalogue import Catalogue
    from auditwatch.check.columns import Columns

__all__ = ["cells_of", "reason_state", "without_masks"]

#: What people typed as a reason stays to be read: a placeholder among them is one of its states.
TYPED: Final = ("reason", "reason_norm")
REASON_STATES: Final = ("given", "placeholder", "none")


def cells_of(catalogue: Catalogue) -> Cells:
    """Return what tells masks and placeholders by the lists of a rule pack."""
    masks, words = (catalogue.lists.get(name) for name in ("masks", "placeholders"))
    return _cells(
        masks.entries if masks else (),
        frozenset(word.lower() for word in words.entries) if words else frozenset(),
    )


#: Of equal lists the same one: what it learnt of texts serves the next batch.
_cells = lru_cache(maxsize=4)(Cells)


def without_masks(name: str, column: Coded, cells: Cells) -> Coded:
    """Return a column of text with masked rows unknown, and those with a placeholder absent.

    Parameters
    ----------
    name : str
        Canonical name.
    column : Coded
        As the lake has it.
    cells : Cells
        From `cells_of`.
    """
    if not pa.types.is_string(column.values.type):
        return column
    states = cells.states(name, column.values)
    if not states.any():
        return column
    table = np.arange(len(states) + 2, dtype=np.int32)
    table[:-2][states == MASKED] = column.unknown
    if name not in TYPED:
        table[:-2][states == PLACEHOLDER] = column.absent
    return Coded(table[column.codes], column.values)


def reason_state(columns: Columns) -> Coded:
    """Return whether a reason was given, or a placeholder, or nothing."""
    reasons = columns.coded("reason_norm")
    states = cells_of(columns.catalogue).states("reason_norm", reasons.values)
    return code_answers(reasons, np.append(np.where(states == VALUE, 0, 1), [2, -1]), REASON_STATES)
