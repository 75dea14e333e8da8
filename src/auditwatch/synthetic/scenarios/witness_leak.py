"""Somebody outside the case team looks up the protected people of a case, to tell others.

Protective orders and addresses of several people of one case within days. Honest look-alikes: a
gang unit checking for conflicts; a patrol officer called to one of the addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import kin_of, moments

if TYPE_CHECKING:
    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "witness_leak"
PATTERN = 10

_ACTORS = ("officer", "custody_officer", "records_clerk", "dispatcher")
_KEYS = ("QPO", "QPO", "QPO", "DQ", "DQ", "RQ", "QVC")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    book = world.casebook
    serious = np.flatnonzero(book.is_case & (book.subjects[:, 1] >= 0))
    if not len(serious):
        return []
    case = int(rng.choice(serious))
    people = [int(p) for p in book.subjects[case] if p >= 0]
    people.append(kin_of(world, rng, people[0]))
    team = [book.detective[case], *world.shifts.operator[book.crew[case]]]
    operator = int(rng.choice(np.setdiff1d(world.staff.having(*_ACTORS), team)))
    span = intensity.span(rng, 0.12, 0.22)
    times = moments(world, rng, operator, intensity.count(rng, 10, 17), span=span)
    return glances(world, rng, operator, times, keys=_KEYS, people=people)
