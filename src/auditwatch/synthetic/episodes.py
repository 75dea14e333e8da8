"""Which misuse happens in a city: scenarios drawn by the seed, each at some intensity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auditwatch.core.errors import UsageError
from auditwatch.synthetic.acts import Acts, concat
from auditwatch.synthetic.intensity import INTENSITIES
from auditwatch.synthetic.misuse import as_acts
from auditwatch.synthetic.scenarios import load_scenario, scenario_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.synthetic.world import World

__all__ = ["Episode", "act_out", "draw_scenarios"]

_FULL_CITY = 420 * 63
_EPISODES = 30
_TWICE = 0.1


@dataclass(frozen=True)
class Episode:
    """One story of misuse.

    Parameters
    ----------
    scenario, name, intensity : str
        As ``truth.csv`` has them.
    """

    scenario: str
    name: str
    intensity: str


def draw_scenarios(
    rng: np.random.Generator, operators: int, days: int, asked: Sequence[str] | None
) -> list[str]:
    """Return the scenario of each episode, in order of name.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    operators, days : int
        Size of the city; 420 operators in 63 days have 30 episodes of 27 scenarios.
    asked : sequence of str or None
        Ways of misuse that happen, each of them as often as the city is a full one, at least once.

    Raises
    ------
    UsageError
        ``AW-SYNTH-002`` no such scenario.
    """
    known = scenario_names()
    share = operators * days / _FULL_CITY
    if asked is not None:
        unknown = sorted(set(asked) - set(known))
        if unknown:
            raise UsageError(
                f"no such scenario: {', '.join(unknown)}",
                code="AW-SYNTH-002",
                expected=", ".join(known),
            )
        return sorted([*set(asked)] * max(1, round(share)))
    count = max(1, round(_EPISODES * share))
    drawn = np.resize(rng.permutation(known), count)
    again = int(count * _TWICE)
    drawn[count - again :] = drawn[:again]
    return sorted(drawn.tolist())


def act_out(
    world: World, rng: np.random.Generator, scenarios: Sequence[str]
) -> tuple[Acts, list[Episode]]:
    """Return all misused lookups, and what each of their episode numbers stands for.

    Parameters
    ----------
    world : World
        The city in progress.
    rng : Generator
        Source of chance; every episode has a stream of its own out of it.
    scenarios : sequence of str
        What `draw_scenarios` returned.
    """
    base = int(rng.integers(2**31))
    told: list[Episode] = []
    parts = [as_acts([], 0)]
    for place, scenario in enumerate(scenarios):
        number = place - scenarios.index(scenario) + 1
        stream = np.random.Generator(np.random.PCG64([base, number, *scenario.encode()]))
        intensity = INTENSITIES[str(stream.choice(list(INTENSITIES)))]
        parts.append(as_acts(load_scenario(scenario)(world, stream, intensity), len(told)))
        told.append(Episode(scenario, f"{scenario}-{number:02d}", intensity.name))
    return concat(parts), told
