"""The duty book: who was not at work at some time, as far as it was written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from auditwatch.score.heads import Heads

__all__ = ["off_duty"]

SECOND: Final = 1_000_000  # microseconds
FAR: Final = np.iinfo(np.int64).max // 4


def off_duty(
    heads: Heads, column: str, span: tuple[np.ndarray, np.ndarray], duty: pa.Table
) -> np.ndarray:
    """Tell at which lookups somebody was not on duty during any part of a span.

    Parameters
    ----------
    heads : Heads
        Lookups.
    column : str
        Who: ``operator_id`` or ``requester_id``.
    span : tuple of np.ndarray of int64, shape (n,)
        Begin and end at each lookup, seconds since 1970.
    duty : pa.Table
        Rows of DUTY.

    Returns
    -------
    np.ndarray of bool, shape (n,)
        Never true of somebody with no spell in the whole book: then nobody kept it for them.

    Notes
    -----
    Spells of one person that overlap count by the one that began last.
    """
    who, starts, ends = _spells(heads, column, duty)
    wanted = heads.codes[column]
    begin, end = span
    base = int(starts.min()) if len(starts) else 0
    # one long axis: each person's times lie behind those of the persons before
    latest = max(int(starts.max(initial=0)), int(end.max(initial=0)))
    width = max(latest - base, 0) + 2
    at = np.searchsorted(
        who * width + (starts - base), wanted * width + np.maximum(end - base, -1), side="right"
    )
    spell = np.maximum(at - 1, 0)
    mine = (at > 0) & (np.append(who, -2)[spell] == wanted)
    ended = np.where(mine, np.append(ends, 0)[spell], -FAR)
    found: np.ndarray = np.isin(wanted, who) & (wanted >= 0) & (ended < begin)
    return found


def _spells(heads: Heads, column: str, duty: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return person, begin and end of every whole spell, by person and begin."""
    place = pc.index_in(duty["operator_id"].combine_chunks(), value_set=heads.texts[column])
    whole = pc.and_(pc.is_valid(duty["starts"]), pc.is_valid(duty["ends"])).combine_chunks()
    known = pc.and_(pc.is_valid(place), whole)
    who = pc.cast(place.filter(known), pa.int64()).to_numpy()
    starts, ends = (
        pc.cast(duty[name].combine_chunks().filter(known), pa.int64()).to_numpy() // SECOND
        for name in ("starts", "ends")
    )
    order = np.lexsort((ends, starts, who))
    return who[order], starts[order], ends[order]
