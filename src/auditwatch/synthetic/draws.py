"""Small ways of drawing many things at once from one seeded generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Flags", "Floats", "Groups", "Ints", "Texts", "chance", "codes", "group", "texts"]

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Texts: TypeAlias = NDArray[np.object_]


class Groups:
    """Members sorted by the number of their group, for drawing one of each asked group.

    Parameters
    ----------
    labels : ndarray of int64, shape (members,)
        Group of each member, 0 or more.
    values : ndarray of int64, shape (members,)
        What to hand out for each member.
    """

    def __init__(self, labels: Ints, values: Ints) -> None:
        order = np.argsort(labels, kind="stable")
        self.labels = labels[order]
        self.values = values[order]

    def draw(self, rng: np.random.Generator, wanted: Ints, power: float = 1.0) -> Ints:
        """Return one member of each wanted group, -1 where the group is empty.

        Parameters
        ----------
        rng : Generator
            Source of chance.
        wanted : ndarray of int64, shape (n,)
            Group numbers.
        power : float
            Above 1 the first members of a group come up more often than the last.

        Returns
        -------
        ndarray of int64, shape (n,)
        """
        first = np.searchsorted(self.labels, wanted, side="left")
        last = np.searchsorted(self.labels, wanted, side="right")
        place = first + ((last - first) * rng.random(len(wanted)) ** power).astype(np.int64)
        if not len(self.values):
            return np.full(len(wanted), -1, dtype=np.int64)
        found = self.values[np.minimum(place, len(self.values) - 1)]
        return np.where(last > first, found, -1)

    def members(self, label: int) -> Ints:
        """Return all members of one group, in their first order."""
        first, last = np.searchsorted(self.labels, [label, label + 1])
        return self.values[first:last]


def group(labels: Ints) -> Groups:
    """Return groups whose members are the positions of `labels` themselves."""
    return Groups(labels, np.arange(len(labels), dtype=np.int64))


def chance(rng: np.random.Generator, size: int, share: float | Floats) -> Flags:
    """Return `size` flags, each set with probability `share`."""
    return np.asarray(rng.random(size) < share, dtype=np.bool_)


def codes(
    rng: np.random.Generator, size: int, weights: Mapping[str, float], code_of: Mapping[str, int]
) -> Ints:
    """Return `size` codes of names drawn with the given weights.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    size : int
        How many.
    weights : mapping of str to float
        Relative weight of each name; they need not sum to one.
    code_of : mapping of str to int
        Code of each name.
    """
    share = np.array(list(weights.values()), dtype=np.float64)
    drawn = rng.choice(len(share), size=size, p=share / share.sum())
    return np.array([code_of[name] for name in weights], dtype=np.int64)[drawn]


def texts(values: Sequence[str]) -> Texts:
    """Return strings as an object array, so that they can be indexed and added at once."""
    result = np.empty(len(values), dtype=np.object_)
    result[:] = values
    return result
