"""What the same role does on the same night: values that hardly any colleague uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from auditwatch.score.heads import Heads

__all__ = ["foreign_to_role"]

ONE_IN: Final = 50  # a value is foreign when the others use it in less than one lookup of so many
LEAST_OTHERS: Final = 50  # lookups of others in the role; fewer say nothing


def foreign_to_role(heads: Heads, value: np.ndarray) -> np.ndarray:
    """Tell which lookups have a value that the rest of the role hardly uses that night.

    Parameters
    ----------
    heads : Heads
        Lookups of whole nights.
    value : np.ndarray of int64, shape (n,)
        Code of the value of each lookup; -1 where nothing was given, which is never foreign.

    Returns
    -------
    np.ndarray of bool, shape (n,)

    Notes
    -----
    The operator's own lookups are left out: whoever does a thing all night would otherwise make it
    the custom of a small role.
    """
    role = heads.group("night", "operator_role")
    person = heads.group("night", "operator_role", "operator_id")
    others = _size(role) - _size(person)
    same = _size(_paired(role, value)) - _size(_paired(person, value))
    found: np.ndarray = (value >= 0) & (others >= LEAST_OTHERS) & (same * ONE_IN < others)
    return found


def _size(key: np.ndarray) -> np.ndarray:
    """Return how many rows have the key of each row."""
    where = np.unique(key, return_inverse=True)[1]
    found: np.ndarray = np.bincount(where)[where] if len(where) else key
    return found


def _paired(key: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return one number for each key and value."""
    paired: np.ndarray = key * (int(value.max(initial=0)) + 2) + value + 1
    return paired
