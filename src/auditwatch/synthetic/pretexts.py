"""What somebody who misuses the system gives as the reason: his own usual, as often as usual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.vocabulary import PURPOSES, ROLE_CODE, ROLES, TRANSACTION_CODE
from auditwatch.synthetic.wording import HABITS, KINDS

if TYPE_CHECKING:
    from auditwatch.synthetic.world import World

__all__ = ["Pretext", "asked_by", "own_case", "pretext", "strangers_case", "usual_words"]

_OWN_CALLS = 0.35
_STRANGERS_CASE = 0.2


@dataclass(frozen=True)
class Pretext:
    """What is declared for one lookup.

    Parameters
    ----------
    wording, purpose : str
        Kind of wording, purpose code.
    case : int
        Case that is given, -1 for none.
    """

    wording: str
    purpose: str
    case: int = -1


def usual_words(
    world: World, rng: np.random.Generator, operator: int, key: str, case: int = -1
) -> Pretext:
    """Return wording and purpose of one of the operator's honest lookups, with a given case."""
    place = world.habits.example(rng, operator, TRANSACTION_CODE[key])
    if place < 0:
        return Pretext(str(rng.choice(HABITS[ROLES[world.staff.role[operator]]])), "C", case)
    habits = world.habits
    return Pretext(KINDS[habits.wording[place]], PURPOSES[habits.purpose[place]], case)


def pretext(world: World, rng: np.random.Generator, operator: int, key: str, time: int) -> Pretext:
    """Return what an operator would usually give with some transaction at some time.

    Parameters
    ----------
    world : World
        The city in progress, honest work done.
    rng : Generator
        Source of chance.
    operator : int
        Who needs a pretext.
    key : str
        Message key.
    time : int
        When.

    Returns
    -------
    Pretext
        With a case, mostly the operator's own, as often as honest lookups have one.
    """
    usual = usual_words(world, rng, operator, key)
    place = world.habits.example(rng, operator, TRANSACTION_CODE[key])
    if place < 0 or not world.habits.has_case[place]:
        return usual
    strange = rng.random() < _STRANGERS_CASE
    case = strangers_case(world, rng, time) if strange else own_case(world, rng, operator, time)
    return Pretext(usual.wording, usual.purpose, case)


def own_case(world: World, rng: np.random.Generator, operator: int, time: int) -> int:
    """Return a case of the operator's own, -1 for none."""
    mine = world.casebook.by_detective.draw(rng, np.array([operator]))[0]
    if mine >= 0 and world.casebook.opened[mine] < time:
        return int(mine)
    return int(world.casebook.latest(np.array([operator]), np.array([time]))[0])


def strangers_case(world: World, rng: np.random.Generator, time: int) -> int:
    """Return a case of anybody's that is open by some instant, -1 when the one drawn is not."""
    case = int(rng.integers(0, len(world.casebook.kind)))
    return case if world.casebook.opened[case] < time else -1


def asked_by(world: World, rng: np.random.Generator, operator: int, time: int) -> int:
    """Return whom a dispatcher names as asking: an officer on duty, mostly; -1 for nobody else."""
    if world.staff.role[operator] != ROLE_CODE["dispatcher"] or rng.random() < _OWN_CALLS:
        return -1
    on_duty = world.on_duty(world.shifts.streets.values, time, time)
    return int(rng.choice(world.shifts.operator[on_duty])) if len(on_duty) else -1
