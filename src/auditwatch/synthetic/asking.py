"""Which transaction somebody keys for a person, and what that transaction then asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.draws import chance, codes
from auditwatch.synthetic.vocabulary import TRANSACTION_CODE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditwatch.synthetic.draws import Ints
    from auditwatch.synthetic.moments import Moments
    from auditwatch.synthetic.residents import Residents

__all__ = ["EVERYDAY", "PLATE_KEYS", "ask", "subject_of", "work_up"]

EVERYDAY = {"DQ": 0.43, "RQ": 0.24, "QW": 0.19, "KQ": 0.06, "QVC": 0.07, "PLATE": 0.03}
PLATE_KEYS = frozenset({"RQ", "QV", "RPQ", "PLATE"})
_GUN_KEYS = frozenset({"QG", "QA"})
_PLATE_CODES = [TRANSACTION_CODE[key] for key in sorted(PLATE_KEYS)]
_GUN_CODES = [TRANSACTION_CODE[key] for key in sorted(_GUN_KEYS)]
_MINUTES = 900


def ask(
    rng: np.random.Generator, residents: Residents, person: Ints, weights: Mapping[str, float]
) -> tuple[Ints, Ints]:
    """Return a transaction for each person and the subject it asks for.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    residents : Residents
        Whose vehicle and whose gun it is.
    person : ndarray of int64, shape (n,)
        Who is meant.
    weights : mapping of str to float
        Relative weight of each message key.

    Returns
    -------
    transaction, subject : ndarray of int64, shape (n,)
    """
    key = codes(rng, len(person), weights, TRANSACTION_CODE)
    return key, subject_of(rng, residents, person, key)


def subject_of(rng: np.random.Generator, residents: Residents, person: Ints, key: Ints) -> Ints:
    """Return what each transaction asks for: the person, a vehicle of theirs, or a gun.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    residents : Residents
        Whose vehicle and whose gun it is.
    person, key : ndarray of int64, shape (n,)
        Who is meant; transaction codes.
    """
    guns = residents.gun(rng.integers(0, len(residents.gun_owner), size=len(person)))
    subject = np.where(np.isin(key, _GUN_CODES), guns, person)
    return np.where(np.isin(key, _PLATE_CODES), residents.vehicle(rng, person), subject)


def work_up(
    rng: np.random.Generator, arrivals: Moments, shares: Mapping[str, float]
) -> tuple[Moments, Ints, Ints]:
    """Return several transactions over each arrival within minutes, as desks do.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    arrivals : Moments
        When somebody stands before the desk.
    shares : mapping of str to float
        How likely each message key is.

    Returns
    -------
    moments : Moments
        When each is keyed.
    place : ndarray of int64
        Which arrival each belongs to.
    transaction : ndarray of int64
        Codes.
    """
    wanted = chance(rng, len(arrivals) * len(shares), np.tile(list(shares.values()), len(arrivals)))
    place, column = np.nonzero(wanted.reshape(len(arrivals), len(shares)))
    key = np.array([TRANSACTION_CODE[name] for name in shares], dtype=np.int64)[column]
    moments = arrivals.where(place).later(rng.integers(0, _MINUTES, size=len(place)))
    return moments, place.astype(np.int64), key
