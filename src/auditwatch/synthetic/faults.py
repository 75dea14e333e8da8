"""Honest faults: blanks, wrong drop-down choices, local keys, answers that never came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.draws import Ints, Texts, chance, codes, texts
from auditwatch.synthetic.vocabulary import PURPOSE_CODE, TRANSACTION_CODE, TRANSACTIONS

if TYPE_CHECKING:
    from auditwatch.synthetic.acts import Acts

__all__ = ["outcomes", "slip_keys", "slip_purposes", "slip_requesters"]

_BLANK_PURPOSE = 0.005
_WRONG_PURPOSE = 0.004
_LOCAL_KEYS = {"RQ": "IV", "DQ": "ID", "KQ": "L1"}
_LOCAL_SHARE = 0.017
_NO_REQUESTER = 0.012
_OUTCOMES = ("hit", "no_record", "error", "denied", "")
_FOUND = {
    **dict.fromkeys(("RQ", "DQ", "KQ", "IV", "ID", "L1"), 0.94),
    **dict.fromkeys(("QW", "QWA", "QV", "QA"), 0.045),
    **dict.fromkeys(("QH", "QR", "IQ", "FQ"), 0.38),
    **dict.fromkeys(("QPO", "QXS", "QVC", "QNP"), 0.12),
    "QG": 0.3,
    "PLATE": 0.55,
    "RPQ": 0.7,
    "DNQ": 0.75,
    "RNQ": 0.6,
}


def slip_purposes(rng: np.random.Generator, acts: Acts) -> Ints:
    """Return declared purposes, some blank and some a slip in the drop-down list.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    acts : Acts
        Lookups.
    """
    size = len(acts)
    weights = {
        "C": 0.3,
        "A": 0.25,
        "J": 0.12,
        "F": 0.12,
        "D": 0.08,
        "X": 0.03,
        "H": 0.02,
        "U": 0.08,
    }
    wrong = codes(rng, size, weights, PURPOSE_CODE)
    purpose = np.where(chance(rng, size, _WRONG_PURPOSE), wrong, acts.purpose)
    return np.where(chance(rng, size, _BLANK_PURPOSE), PURPOSE_CODE[""], purpose)


def slip_keys(rng: np.random.Generator, acts: Acts) -> Ints:
    """Return transactions, a few of them under the keys of the agency's own old mask."""
    transaction = acts.transaction.copy()
    local = chance(rng, len(acts), _LOCAL_SHARE)
    for common, own in _LOCAL_KEYS.items():
        transaction[local & (acts.transaction == TRANSACTION_CODE[common])] = TRANSACTION_CODE[own]
    return transaction


def slip_requesters(rng: np.random.Generator, requester: Texts) -> Texts:
    """Return requesters, some of them missing."""
    missing = chance(rng, len(requester), _NO_REQUESTER)
    return np.where(missing, "", requester).astype(np.object_)


def outcomes(rng: np.random.Generator, transaction: Ints) -> Texts:
    """Return answers as likely as each transaction finds something; a few errors and blanks.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    transaction : ndarray of int64
        Codes.
    """
    found = np.array([_FOUND[name] for name in TRANSACTIONS])
    answer = np.where(chance(rng, len(transaction), found[transaction]), 0, 1)
    u = rng.random(len(transaction))
    answer = np.select([u < 0.008, u < 0.011, u < 0.017], [2, 3, 4], answer)
    return texts(_OUTCOMES)[answer]
