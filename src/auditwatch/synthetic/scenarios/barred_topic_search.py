"""Somebody reads the plates of people at a lawful assembly, a clinic, a place of worship.

Plate reads and owners in one or two evenings; a part says what it is, the rest says the usual.
Honest look-alikes: crimes at the same places, which have a number; traffic control at a march.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import sitting
from auditwatch.synthetic.openings import actor, moments
from auditwatch.synthetic.pretexts import Pretext

if TYPE_CHECKING:
    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "barred_topic_search"
PATTERN = 13

_KEYS = ("PLATE", "PLATE", "RQ", "RQ", "DQ", "RPQ")
_SAYS_SO = 0.35


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "sergeant", "detective", "analyst")
    span = intensity.span(rng, 0.05, 0.15)
    owners = np.flatnonzero(world.residents.vehicle_of >= 0)
    found = []
    for moment in moments(world, rng, operator, intensity.count(rng, 2, 5), span=span):
        people = rng.choice(owners, size=int(rng.integers(4, 10)))
        excuse = Pretext("assembly", "C") if rng.random() < _SAYS_SO else None
        asked = [(str(rng.choice(_KEYS)), int(person)) for person in people]
        found += sitting(world, rng, operator, moment, asked, excuse=excuse)
    return found
