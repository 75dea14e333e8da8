"""Somebody tries plates and names in many near-identical variants to find a person by chance.

Wildcards and bare names, dozens in an hour, on a few evenings. Honest look-alikes: a witness who
remembers half a plate, and an analyst's series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import episodes, keyed, known_or_any, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "fishing"
PATTERN = 17


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    for episode in episodes(world, 2):
        operator = int(rng.choice(world.staff.having("officer", "detective", "dispatcher")))
        for time, terminal in moments(world, rng, operator, int(rng.integers(2, 5)), off_duty=0.2):
            person = known_or_any(world, rng, 1)[0]
            at = time
            by_plate = world.residents.vehicle_of[person] >= 0 and rng.random() < 0.5
            for _ in range(int(rng.integers(6, 16))):
                at += int(rng.integers(12, 150))
                key = "RPQ" if by_plate else "DNQ"
                found.append(
                    keyed(world, rng, episode, operator, (at, terminal), key=key, person=person)
                )
    return found
