"""What the mobile client adds by itself within seconds of a lookup."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.acts import Acts, concat
from auditwatch.synthetic.draws import chance
from auditwatch.synthetic.vocabulary import TRANSACTION_CODE

if TYPE_CHECKING:
    from auditwatch.synthetic.draws import Flags, Ints
    from auditwatch.synthetic.residents import Residents

__all__ = ["add_cascades"]


def _follow(rng: np.random.Generator, acts: Acts, key: str, subject: Ints) -> Acts:
    """Return one further line some seconds after each of the given ones."""
    wait = np.minimum(2 + rng.exponential(6.0, size=len(acts)), 19).astype(np.int64)
    transaction = np.full(len(acts), TRANSACTION_CODE[key], dtype=np.int64)
    return replace(acts, time=acts.time + wait, transaction=transaction, subject=subject)


def add_cascades(rng: np.random.Generator, residents: Residents, mobile: Flags, acts: Acts) -> Acts:
    """Return the lookups with their machine-made follow-ups: RQ-DQ-QW, RQ-QV and DQ-QW.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    residents : Residents
        Whose vehicle it is.
    mobile : ndarray of bool, shape (terminals,)
        Which terminals run the mobile client.
    acts : Acts
        Lookups as people made them.

    Notes
    -----
    Mobile clients do this on most plates, desk software on some; which, no column tells.
    """
    acts = replace(acts, typed=np.arange(len(acts), dtype=np.int64))
    car = mobile[acts.terminal]
    plate = acts.transaction == TRANSACTION_CODE["RQ"]
    u = rng.random(len(acts))
    owner_share = np.where(car, 0.6, 0.22)
    stolen_share = np.where(car, 0.86, 0.32)
    to_owner = acts.where(plate & (u < owner_share))
    to_stolen = acts.where(plate & (u >= owner_share) & (u < stolen_share))
    drivers = _follow(rng, to_owner, "DQ", residents.owner[to_owner.subject - residents.persons])
    asked = acts.transaction == TRANSACTION_CODE["DQ"]
    direct = acts.where(asked & chance(rng, len(acts), np.where(car, 0.7, 0.3)))
    keyed = concat([drivers.where(chance(rng, len(drivers), 0.9)), direct])
    wants = _follow(rng, keyed, "QW", keyed.subject)
    return concat([acts, drivers, wants, _follow(rng, to_stolen, "QV", to_stolen.subject)])
