"""Ways of misuse, one file each: `NAME`, `PATTERN`, and one function `act`.

A scenario is found by being here. Its docstring tells the way of misuse and what honestly looks
the same. ``act(world, rng, intensity)`` returns the misused lookups of one episode, none where the
city has nobody to act it; it must use values that honest work uses too.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["Scenario", "load_scenario", "scenario_names"]


class Scenario(Protocol):
    """One way of misuse, acted out in a city."""

    def __call__(
        self, world: World, rng: np.random.Generator, intensity: Intensity
    ) -> list[Misuse]:
        """Return the misused lookups of one episode."""


def scenario_names() -> list[str]:
    """Return the names of all scenarios, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load_scenario(name: str) -> Scenario:
    """Return the function `act` of one scenario.

    Parameters
    ----------
    name : str
        One of `scenario_names`.
    """
    return cast("Scenario", import_module(f"{__name__}.{name}").act)
