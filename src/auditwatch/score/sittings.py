"""Sittings: what one operator asks by one key within minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pyarrow as pa

    from auditwatch.core.contexttables import Context
    from auditwatch.score.heads import Heads

__all__ = ["in_parts", "owned", "sittings"]

#: In a subject: any letters. A name or plate in parts is a search and no subject of its own.
WILDCARD: Final = "*"


def sittings(heads: Heads, rows: np.ndarray, *, pause: int) -> np.ndarray:
    """Return the number of the sitting of each of some lookups.

    Parameters
    ----------
    heads : Heads
        Lookups of whole nights.
    rows : np.ndarray of int64, shape (n,)
        Places among them.
    pause : int
        Seconds to the next lookup that end a sitting.

    Returns
    -------
    np.ndarray of int64, shape (n,)
        Equal for lookups of one operator, night and transaction, each no more than the pause after
        the one before.
    """
    key = heads.group("night", "operator_id", "system", "transaction")[rows]
    order = np.lexsort((heads.time[rows], key))
    late = np.diff(heads.time[rows][order], prepend=0) > pause
    found = np.zeros(len(rows), dtype=np.int64)
    found[order] = np.cumsum((np.diff(key[order], prepend=-1) != 0) | late)
    return found


def in_parts(heads: Heads) -> np.ndarray:
    """Tell which lookups ask for a subject by part of its name or plate, shape (n,)."""
    return _of_subjects(heads, pc.match_substring(heads.texts["subject_id"], WILDCARD))


def owned(heads: Heads, context: Context) -> np.ndarray:
    """Tell which lookups ask for what belongs to somebody, such as a vehicle, shape (n,)."""
    if context.links is None:
        return np.zeros(len(heads), dtype=bool)
    things = context.links["subject_id"].combine_chunks()
    return _of_subjects(heads, pc.is_in(heads.texts["subject_id"], value_set=things))


def _of_subjects(heads: Heads, known: pa.Array) -> np.ndarray:
    """Return a flag of each subject for each lookup."""
    flags = np.append(known.to_numpy(zero_copy_only=False).astype(bool), False)
    found: np.ndarray = flags[heads.codes["subject_id"]]
    return found
