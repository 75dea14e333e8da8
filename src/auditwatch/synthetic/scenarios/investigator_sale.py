"""A private investigator's clients have their people read out, one dossier at a time.

Each person through several systems in some minutes, somebody else every few days, no case. Honest
look-alikes: the workup after an arrest, a hiring check, a detective's background on a suspect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import sitting
from auditwatch.synthetic.openings import actor, known_or_any, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "investigator_sale"
PATTERN = 9

_KEYS = ("DQ", "RNQ", "KQ", "QH", "QW", "PLATE", "QPO")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "detective", "records_clerk", "officer", "custody_officer")
    span = intensity.span(rng, 0.4, 0.7)
    found = []
    for moment in moments(world, rng, operator, intensity.count(rng, 6, 11), span=span):
        person = known_or_any(world, rng, 1)[0]
        keys = rng.permutation(_KEYS)[: int(rng.integers(2, 5))].tolist()
        found += sitting(world, rng, operator, moment, [(str(key), person) for key in keys])
    return found
