"""Texts told by their bytes alone, all at once: an expression costs many times as much.

Nearly all values of a trail are plain: printable ASCII without spaces around it, in the letter case
that it is to have. What a rule would leave as it is need not be given to the rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from auditwatch.ingest.spans import Flags, Ints

__all__ = ["CONTROL", "Usual", "having"]

SPACE: Final = 32
#: Bytes of control characters.
CONTROL: Final[Flags] = np.isin(np.arange(256), [*range(SPACE), 127])


class Usual:
    """Texts of printable ASCII that a rule leaves as they are.

    Parameters
    ----------
    without : str
        Characters that the rule may change.
    inside : bool
        False when only the first character counts: what follows is left as it is.
    runs : bool
        False when the rule changes several spaces on end.
    """

    def __init__(self, without: str = "", *, inside: bool = True, runs: bool = True) -> None:
        self._odd = np.ones(256, np.bool_)
        self._odd[SPACE:127] = False
        self._odd[[ord(one) for one in without]] = True
        self._inside = inside
        self._runs = runs

    def odd(self, values: pa.Array) -> Flags:
        """Flag the texts that have to be given to the rule: all that it changes, and a few more.

        Parameters
        ----------
        values : pa.Array of string, shape (n,)
            Texts; a null is odd.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        data, edges = _bytes(values)
        flags: Flags = edges[1:] == edges[:-1]
        if flags.all():
            return flags
        first, last = edges[:-1][~flags], edges[1:][~flags] - 1
        ends = (data[first] == SPACE) | (data[last] == SPACE) | self._odd[data[first]]
        flags[np.flatnonzero(~flags)[ends]] = True
        if self._inside:
            flags[_holders(edges, self._odd, data)] = True
        if not self._runs:
            spaces = data == SPACE
            flags[_owners(edges, np.flatnonzero(spaces[1:] & spaces[:-1]) + 1)] = True
        return flags


def having(values: pa.Array, wanted: Flags) -> Flags:
    """Flag the texts that hold one of some bytes.

    Parameters
    ----------
    values : pa.Array of string, shape (n,)
        Texts.
    wanted : ndarray of bool, shape (256,)
        The bytes.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    data, edges = _bytes(values)
    flags = np.zeros(len(values), np.bool_)
    flags[_holders(edges, wanted, data)] = True
    return flags


def _bytes(values: pa.Array) -> tuple[np.ndarray, Ints]:
    """Return the bytes of texts, and where each begins in them and the last one ends."""
    _, edges, data = values.cast(pa.string()).buffers()
    if not len(values) or data is None:
        return np.zeros(0, np.uint8), np.zeros(len(values) + 1, np.int64)
    places = np.frombuffer(edges, np.int32)[values.offset : values.offset + len(values) + 1]
    held = np.frombuffer(data, np.uint8)[places[0] : places[-1]]
    return held, places.astype(np.int64) - places[0]


def _holders(edges: Ints, wanted: Flags, data: np.ndarray) -> Ints:
    """Return the positions of texts that hold some bytes."""
    return _owners(edges, np.flatnonzero(wanted[data]))


def _owners(edges: Ints, places: Ints) -> Ints:
    """Return the positions of texts in which some places are."""
    return np.searchsorted(edges, places, "right") - 1
