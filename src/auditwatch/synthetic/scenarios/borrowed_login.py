"""A colleague works under an account that is not his, while its owner works elsewhere.

Two terminals at once, another trade's transactions, now and then on the owner's day off. Honest
look-alikes: a car changed in mid-shift, a report written at the station beside the car's open
terminal, a dispatcher asking for many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import Misuse, aim
from auditwatch.synthetic.openings import known_or_any, moments
from auditwatch.synthetic.pretexts import pretext

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "borrowed_login"
PATTERN = 15

_ACTORS = ("officer", "custody_officer", "detective")
_KEYS = ("DQ", "RQ", "QW", "QVC", "QH", "PLATE")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    able = world.staff.having(*_ACTORS)
    owner, borrower = rng.choice(able, size=2, replace=False).tolist()
    terminal = int(world.staff.home[borrower])
    found = []
    for start, _ in moments(world, rng, owner, intensity.count(rng, 4, 8), off_duty=0.3):
        time = start
        for person in known_or_any(world, rng, int(rng.integers(2, 7))):
            time += int(rng.integers(30, 500))
            key, subject = aim(world, str(rng.choice(_KEYS)), person)
            said = pretext(world, rng, borrower, key, time)
            found.append(
                Misuse(time, owner, terminal, subject, key, said.wording, said.purpose, said.case)
            )
    return found
