"""Somebody screens tenants for a friend who lets flats: strangers of one street.

Two or three systems for each, a few people a week. Honest look-alikes: a canvass of the street, a
hot spot, a records clerk's requests.
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

NAME = "landlord_favour"
PATTERN = 4

_KEYS = ("QH", "DQ", "QW", "KQ", "RQ")
_STREET = 40


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "records_clerk", "dispatcher", "personnel_clerk")
    last = world.residents.persons - _STREET
    corner = min(int(world.staff.ties.friend[operator]), last)
    span = intensity.span(rng, 0.3, 0.6)
    found = []
    for moment in moments(world, rng, operator, intensity.count(rng, 4, 8), span=span):
        near = corner + int(rng.integers(0, _STREET))
        person = near if rng.random() < 0.5 else known_or_any(world, rng, 1)[0]
        keys = rng.permutation(_KEYS)[: int(rng.integers(1, 4))].tolist()
        found += sitting(world, rng, operator, moment, [(str(key), person) for key in keys])
    return found
