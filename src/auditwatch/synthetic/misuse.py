"""What every scenario of misuse needs: lookups to hand back, pretexts, and moments to act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.acts import Acts, make_acts
from auditwatch.synthetic.asking import PLATE_KEYS
from auditwatch.synthetic.calendar import HOUR
from auditwatch.synthetic.moments import Moments
from auditwatch.synthetic.vocabulary import PURPOSE_CODE, ROLE_CODE, ROLES, TRANSACTION_CODE
from auditwatch.synthetic.wording import HABITS, WORDING_CODE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.synthetic.draws import Ints
    from auditwatch.synthetic.world import World

__all__ = [
    "FULL_CITY",
    "Misuse",
    "aim",
    "as_acts",
    "at_work",
    "episodes",
    "keyed",
    "kin_of",
    "known_or_any",
    "moments",
    "own_time",
    "pretext",
]

FULL_CITY = 420 * 63
_OWN_CALLS = 0.35
_WHOLE_DAYS = 28
_PURPOSE_OF = {"validation": "A", "firearm_return": "F", "hiring": "J"}


@dataclass(frozen=True)
class Misuse:
    """One misused lookup as somebody keyed it.

    Parameters
    ----------
    time : int
        Instant, seconds since 1970.
    operator, terminal, subject : int
        Numbers into the world.
    transaction, wording, purpose : str
        Message key, kind of wording, purpose code.
    episode : int
        Which of the scenario's episodes, from 1.
    case : int
        Case that is given, -1 for none.
    requester : int
        For whom; -1 for the operator.
    """

    time: int
    operator: int
    terminal: int
    subject: int
    transaction: str
    wording: str
    purpose: str
    episode: int
    case: int = -1
    requester: int = -1


def episodes(world: World, in_full_city: int) -> range:
    """Return the numbers of the episodes that suit the size of the city, at least one.

    Parameters
    ----------
    world : World
        The city in progress.
    in_full_city : int
        How many a city of 420 operators has in 63 days.
    """
    size = world.staff.size * world.calendar.days
    return range(1, max(1, round(in_full_city * size / FULL_CITY)) + 1)


def pretext(
    world: World, rng: np.random.Generator, operator: int, time: int
) -> tuple[str, str, int]:
    """Return wording, purpose and case that an operator would usually give at some time.

    Parameters
    ----------
    world : World
        The city in progress.
    rng : Generator
        Source of chance.
    operator : int
        Who needs a pretext.
    time : int
        When.

    Returns
    -------
    wording, purpose : str
    case : int
        A case of one's own, a stranger's, or none: as often as honest people give none.
    """
    role = ROLES[world.staff.role[operator]]
    wording = str(rng.choice(HABITS[role]))
    case = -1
    u = rng.random()
    if u < 0.28:
        case = _own_case(world, rng, operator, time)
    elif u < 0.36:
        case = int(rng.integers(0, len(world.casebook.kind)))
        case = case if world.casebook.opened[case] < time else -1
    return wording, _PURPOSE_OF.get(wording, "C"), case


def keyed(
    world: World,
    rng: np.random.Generator,
    episode: int,
    operator: int,
    moment: tuple[int, int],
    *,
    key: str,
    person: int,
) -> Misuse:
    """Return one misused lookup under the operator's usual pretext.

    Parameters
    ----------
    world : World
        The city in progress.
    rng : Generator
        Source of chance.
    episode, operator, person : int
        Which episode, who, and whom; their vehicle where the key asks for one.
    moment : tuple of int
        Instant and terminal.
    key : str
        Message key.
    """
    time, terminal = moment
    key, subject = aim(world, key, person)
    wording, purpose, case = pretext(world, rng, operator, time)
    requester = _asked_by(world, rng, operator, time)
    return Misuse(
        time, operator, terminal, subject, key, wording, purpose, episode, case, requester
    )


def at_work(world: World, span: tuple[float, float]) -> Ints:
    """Return the operators with a whole shift in some part of the trail, everybody if none has."""
    low, high = _bounds(world, span)
    shifts = world.shifts
    found = np.unique(shifts.operator[(shifts.start >= low) & (shifts.end <= high)])
    return found if len(found) else np.arange(world.staff.size, dtype=np.int64)


def _bounds(world: World, span: tuple[float, float]) -> tuple[int, int]:
    """Return the instants at which a part of the trail starts and ends."""
    first, after = world.calendar.bounds()
    return first + int((after - first) * span[0]), first + int((after - first) * span[1])


def _asked_by(world: World, rng: np.random.Generator, operator: int, time: int) -> int:
    """Return whom a dispatcher names as asking: an officer on duty, mostly; -1 for nobody else."""
    if world.staff.role[operator] != ROLE_CODE["dispatcher"] or rng.random() < _OWN_CALLS:
        return -1
    on_duty = world.on_duty(world.shifts.streets.values, time, time)
    return int(rng.choice(world.shifts.operator[on_duty])) if len(on_duty) else -1


def known_or_any(world: World, rng: np.random.Generator, size: int) -> list[int]:
    """Return persons, half of them known to the police anyway."""
    residents = world.residents
    beat = rng.integers(0, residents.beats, size=size)
    return [int(person) for person in residents.met(rng, beat, regular=0.5)]


def aim(world: World, key: str, person: int) -> tuple[str, int]:
    """Return key and subject for a person: their vehicle, or themselves where they have none."""
    if key not in PLATE_KEYS:
        return key, person
    vehicle = int(world.residents.vehicle_of[person])
    return (key, vehicle) if vehicle >= 0 else ("DQ", person)


def kin_of(world: World, rng: np.random.Generator, person: int) -> int:
    """Return somebody of one person's household."""
    return int(world.residents.kin(rng, np.array([person]))[0])


def _own_case(world: World, rng: np.random.Generator, operator: int, time: int) -> int:
    """Return a case of the operator's own, -1 for none."""
    mine = world.casebook.by_detective.draw(rng, np.array([operator]))[0]
    if mine >= 0 and world.casebook.opened[mine] < time:
        return int(mine)
    return int(world.casebook.latest(np.array([operator]), np.array([time]))[0])


def moments(
    world: World,
    rng: np.random.Generator,
    operator: int,
    count: int,
    *,
    span: tuple[float, float] = (0.0, 1.0),
    off_duty: float = 0.15,
) -> list[tuple[int, int]]:
    """Return times and terminals at which an operator can act unseen, in order of time.

    Parameters
    ----------
    world : World
        The city in progress.
    rng : Generator
        Source of chance.
    operator : int
        Who acts.
    count : int
        How many times in a trail of four weeks or more; fewer in a shorter one.
    span : tuple of float
        Part of the trail in which they fall.
    off_duty : float
        Share that falls up to four hours before or after a shift.

    Returns
    -------
    list of (int, int)
        Instant and terminal.
    """
    count = max(2 if count > 1 else 1, round(count * min(1.0, world.calendar.days / _WHOLE_DAYS)))
    low, high = _bounds(world, span)
    shifts = world.shifts
    own = shifts.of_operator.members(operator)
    near = own[(shifts.start[own] >= low) & (shifts.end[own] <= high)]
    near = near if len(near) else own
    if not len(near):
        return sorted((int(t), _desk(world, rng, operator)) for t in rng.integers(low, high, count))
    found = []
    for shift in rng.choice(near, size=count).tolist():
        at = world.during(rng, np.array([shift]))
        time, terminal = int(at.time[0]), int(at.terminal[0])
        if rng.random() < off_duty:
            time = own_time(world, rng, shift)
            terminal = _desk(world, rng, operator) if rng.random() < 0.5 else terminal
        found.append((time, terminal))
    return sorted(found)


def own_time(world: World, rng: np.random.Generator, shift: int) -> int:
    """Return an instant up to four hours before or after a shift."""
    wait = int(rng.integers(600, 4 * HOUR))
    before = int(world.shifts.start[shift]) - wait
    return before if rng.random() < 0.5 else int(world.shifts.end[shift]) + wait


def _desk(world: World, rng: np.random.Generator, operator: int) -> int:
    """Return a shared desk terminal of the operator's unit."""
    return int(world.staff.desks.draw(rng, world.staff.unit[[operator]])[0])


def as_acts(found: Sequence[Misuse], numbers: Ints) -> Acts:
    """Return misused lookups as acts.

    Parameters
    ----------
    found : sequence of Misuse
        What a scenario handed back.
    numbers : ndarray of int64
        Number of the episode in the whole city, for each of them.
    """

    def column(name: str) -> Ints:
        return np.array([getattr(m, name) for m in found], dtype=np.int64)

    operator, requester = column("operator"), column("requester")
    none = np.full(len(found), -1, dtype=np.int64)
    return make_acts(
        Moments(none, operator, column("time"), column("terminal")),
        requester=np.where(requester < 0, operator, requester),
        subject=column("subject"),
        case=column("case"),
        transaction=np.array([TRANSACTION_CODE[m.transaction] for m in found], dtype=np.int64),
        wording=np.array([WORDING_CODE[m.wording] for m in found], dtype=np.int64),
        purpose=np.array([PURPOSE_CODE[m.purpose] for m in found], dtype=np.int64),
        episode=numbers,
    )
