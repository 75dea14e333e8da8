"""Somebody checks for a friend whether the police are after him, and tells him.

Wants and records of the friend, his household and his car, more often as a raid comes near. Honest
look-alikes: a probation list, a regular of the beat, a task force on the same people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import actor, household_of, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "suspect_tip_off"
PATTERN = 10

_KEYS = ("QW", "QW", "QWA", "QVC", "RQ", "PLATE", "DQ")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "custody_officer", "detective", "dispatcher")
    people = household_of(world, int(world.staff.ties.friend[operator]))
    start, end = intensity.span(rng, 0.3, 0.5)
    early = moments(world, rng, operator, intensity.count(rng, 4, 7), span=(start, end))
    near = (end - (end - start) / 4, end)
    late = moments(world, rng, operator, intensity.count(rng, 4, 8), span=near)
    return glances(world, rng, operator, [*early, *late], keys=_KEYS, people=people)
