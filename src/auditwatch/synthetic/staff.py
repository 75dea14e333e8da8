"""The operators: roles, units, teams, habits of work, and their private lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.draws import Floats, Groups, Ints, Texts, chance, texts
from auditwatch.synthetic.names import numbers
from auditwatch.synthetic.vocabulary import (
    PATROL_UNITS,
    ROLE_CODE,
    ROLES,
    STREET_UNITS,
    UNIT_CODE,
    UNITS,
)

if TYPE_CHECKING:
    from auditwatch.synthetic.residents import Residents

__all__ = ["NEVER", "Staff", "Ties", "make_staff"]

NEVER = 10**6

_SHARES = {
    "officer": 0.505,
    "sergeant": 0.085,
    "detective": 0.135,
    "dispatcher": 0.09,
    "records_clerk": 0.06,
    "licensing_clerk": 0.024,
    "custody_officer": 0.055,
    "analyst": 0.026,
    "personnel_clerk": 0.02,
}
_UNITS_OF = {
    "officer": {**dict.fromkeys(PATROL_UNITS, 0.275), "traffic": 0.1, "gangs": 0.075},
    "sergeant": {**dict.fromkeys(PATROL_UNITS, 0.25), "traffic": 0.08, "investigations": 0.17},
    "detective": {"investigations": 0.8, "gangs": 0.2},
    "dispatcher": {"dispatch": 1.0},
    "records_clerk": {"records": 1.0},
    "licensing_clerk": {"licensing": 1.0},
    "custody_officer": {"custody": 1.0},
    "analyst": {"crime-analysis": 1.0},
    "personnel_clerk": {"personnel": 1.0},
}
_NEW = 0.03
_SWORN = ("officer", "sergeant", "detective", "custody_officer")


@dataclass(frozen=True)
class Ties:
    """Who is who in each operator's private life, as persons; half are known to the police.

    Parameters
    ----------
    partner, former, rival, friend, neighbour : ndarray of int64, shape (operators,)
        Persons.
    relatives : ndarray of int64, shape (operators, 2)
        Persons of another household, mostly of the same surname.
    """

    partner: Ints
    former: Ints
    rival: Ints
    friend: Ints
    neighbour: Ints
    relatives: Ints

    def everyone(self) -> Ints:
        """Return all tied persons in one array."""
        outside = (self.former, self.rival, self.friend, self.neighbour)
        return np.concatenate([*outside, self.partner, self.relatives.ravel()])


@dataclass(frozen=True)
class Staff:
    """One entry per operator in every array.

    Parameters
    ----------
    operator_id : ndarray of object
        Account names.
    role : ndarray of int64
        Codes.
    unit, unit_before, beat, beat_before : ndarray of int64
        Unit code and beat since `moved_on`, and before it.
    joined_on, moved_on, left_on, recorded_left_on, trained_until : ndarray of int64
        Day numbers; `NEVER` where it does not happen; joined on 0 who was there before.
    team, person, supervisor : ndarray of int64
        Shift team 0 to 2, own person number, operator number of the sergeant or -1.
    activity, plate_zeal : ndarray of float64
        Factor on all lookups and on searches of plate reads, mean one.
    home : ndarray of int64
        Own terminal.
    desks, fleet : Groups
        Unit to its shared desk terminals; to its cars and seats.
    terminals : ndarray of object
        Terminal names.
    ties : Ties
        Private lives.
    """

    operator_id: Texts
    role: Ints
    unit: Ints
    unit_before: Ints
    joined_on: Ints
    moved_on: Ints
    left_on: Ints
    recorded_left_on: Ints
    trained_until: Ints
    team: Ints
    beat: Ints
    beat_before: Ints
    person: Ints
    supervisor: Ints
    activity: Floats
    plate_zeal: Floats
    home: Ints
    desks: Groups
    fleet: Groups
    terminals: Texts
    ties: Ties

    @property
    def size(self) -> int:
        """Number of operators."""
        return len(self.role)

    def unit_on(self, operator: Ints, day: Ints) -> Ints:
        """Return the unit of each operator on each day."""
        moved = day >= self.moved_on[operator]
        return np.where(moved, self.unit[operator], self.unit_before[operator])

    def beat_on(self, operator: Ints, day: Ints) -> Ints:
        """Return the beat of each operator on each day."""
        moved = day >= self.moved_on[operator]
        return np.where(moved, self.beat[operator], self.beat_before[operator])

    def having(self, *roles: str) -> Ints:
        """Return the operators of some roles."""
        return np.flatnonzero(np.isin(self.role, [ROLE_CODE[role] for role in roles]))

    def mates_of(self, operator: int) -> Ints:
        """Return the others of an operator's unit, everybody else where there are none."""
        other = np.arange(self.size) != operator
        same = np.flatnonzero(other & (self.unit == self.unit[operator]))
        return same if len(same) else np.flatnonzero(other)

    def inside(self, *units: str) -> Ints:
        """Return the operators of some units, as of the last day."""
        return np.flatnonzero(np.isin(self.unit, [UNIT_CODE[unit] for unit in units]))


def _roles(operators: int) -> Ints:
    """Return roles in their shares, each role at least once, officers filling up."""
    counts = {role: max(1, round(share * operators)) for role, share in _SHARES.items()}
    counts["officer"] += operators - sum(counts.values())
    return np.repeat(
        np.array([ROLE_CODE[role] for role in ROLES], dtype=np.int64),
        [counts[role] for role in ROLES],
    )


def _units(rng: np.random.Generator, role: Ints) -> Ints:
    """Return units dealt out in their shares within each role, so that small cities have them."""
    unit = np.zeros(len(role), dtype=np.int64)
    for code, name in enumerate(ROLES):
        shares = _UNITS_OF[name]
        who = np.flatnonzero(role == code)
        edges = np.cumsum(list(shares.values()))
        place = np.searchsorted(edges, (np.arange(len(who)) + 0.5) / max(1, len(who)) * edges[-1])
        unit[rng.permutation(who)] = np.array([UNIT_CODE[u] for u in shares], dtype=np.int64)[place]
    return unit


def _terminals(unit: Ints, seats: Ints) -> tuple[Texts, Groups, Groups]:
    """Return terminal names, and for each unit its cars or seats and its shared desks."""
    names: list[str] = []
    fleet: list[tuple[int, int]] = []
    desks: list[tuple[int, int]] = []
    for code, name in enumerate(UNITS):
        strength = int((unit == code).sum())
        mobile = name in STREET_UNITS
        prefix = "MDC" if mobile else name[:3].upper()
        for _ in range(max(1, round(strength * (0.55 if mobile else 0.9)))):
            fleet.append((code, len(names)))
            names.append(f"{prefix}-{seats[len(names)]:03d}")
        for _ in range(1 + strength // 25):
            desks.append((code, len(names)))
            names.append(f"STA-{seats[len(names)]:03d}")
    return texts(names), _pairs(fleet), _pairs(desks)


def _pairs(pairs: list[tuple[int, int]]) -> Groups:
    """Return groups of (label, value) pairs."""
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return Groups(table[:, 0], table[:, 1])


def _ties(rng: np.random.Generator, residents: Residents, person: Ints) -> Ties:
    """Return private lives; half of the people in them are regulars of some beat."""
    size = len(person)

    def outsider() -> Ints:
        known = residents.regulars.draw(rng, rng.integers(0, residents.beats, size=size))
        anyone = residents.anyone(rng, size)
        return np.where(chance(rng, size, 0.4) & (known >= 0), known, anyone)

    kin = [residents.by_surname.draw(rng, residents.surname_code[person]) for _ in range(2)]
    return Ties(
        partner=residents.kin(rng, person),
        former=outsider(),
        rival=outsider(),
        friend=outsider(),
        neighbour=np.where(
            chance(rng, size, 0.6),
            np.minimum(person + rng.integers(3, 12, size=size), residents.persons - 1),
            outsider(),
        ),
        relatives=np.stack([np.where(chance(rng, size, 0.7), k, outsider()) for k in kin], axis=1),
    )


def _supervisors(rng: np.random.Generator, role: Ints, unit: Ints) -> Ints:
    """Return a sergeant of each operator's unit, of any unit where it has none."""
    sergeants = np.flatnonzero(role == ROLE_CODE["sergeant"])
    own = Groups(unit[sergeants], sergeants).draw(rng, unit)
    found = np.where(own < 0, rng.choice(sergeants, size=len(unit)), own)
    return np.where(role == ROLE_CODE["sergeant"], -1, found)


def _departures(rng: np.random.Generator, size: int, days: int) -> tuple[Ints, Ints]:
    """Return when operators really left and what the roster says, which runs ahead for a few."""
    left = np.full(size, NEVER, dtype=np.int64)
    who = rng.permutation(size)[: max(1, round(size * 0.024))]
    left[who] = (rng.uniform(0.3, 0.8, size=len(who)) * days).astype(np.int64)
    early = np.where(chance(rng, size, 0.5), rng.integers(2, 8, size=size), 0)
    return left, np.where(left == NEVER, NEVER, left - early)


def _arrivals(rng: np.random.Generator, left: Ints, days: int) -> Ints:
    """Return when operators joined: during the trail for a few who do not leave in it."""
    joined = np.zeros(len(left), dtype=np.int64)
    who = rng.permutation(np.flatnonzero(left == NEVER))[: max(1, round(len(left) * _NEW))]
    joined[who] = (rng.uniform(0.15, 0.75, size=len(who)) * days).astype(np.int64)
    return joined


def make_staff(rng: np.random.Generator, residents: Residents, operators: int, days: int) -> Staff:
    """Return the operators of a city.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    residents : Residents
        Everybody; operators live among them.
    operators : int
        How many, at least one for each role.
    days : int
        Length of the trail in days.
    """
    role = rng.permutation(_roles(operators))
    unit = _units(rng, role)
    unit_before = _units_before(rng, role, unit)
    names, fleet, desks = _terminals(unit, numbers(rng, 3 * operators + 60, 900 + 9 * operators))
    person = numbers(rng, operators, residents.persons)
    left, recorded_left = _departures(rng, operators, days)
    lapsed = chance(rng, operators, 0.03)
    valid = rng.integers(days, days + 700, size=operators)
    return Staff(
        operator_id=_accounts(rng, role),
        role=role,
        unit=unit,
        unit_before=unit_before,
        joined_on=_arrivals(rng, left, days),
        moved_on=np.where(unit_before != unit, rng.integers(1, days + 1, size=operators), 0),
        left_on=left,
        recorded_left_on=recorded_left,
        trained_until=np.where(lapsed, rng.integers(-20, days + 1, size=operators), valid),
        team=rng.integers(0, 3, size=operators),
        beat=_beats(rng, unit, residents.beats),
        beat_before=_beats(rng, unit_before, residents.beats),
        person=person,
        supervisor=_supervisors(rng, role, unit),
        activity=_factors(rng, role, 0.55),
        plate_zeal=_factors(rng, role, 1.3),
        home=fleet.draw(rng, unit),
        desks=desks,
        fleet=fleet,
        terminals=names,
        ties=_ties(rng, residents, person),
    )


def _units_before(rng: np.random.Generator, role: Ints, unit: Ints) -> Ints:
    """Return the unit each operator had first: another one for some officers."""
    movers = (role == ROLE_CODE["officer"]) & chance(rng, len(role), 0.06)
    street = [UNIT_CODE[name] for name in _UNITS_OF["officer"]]
    return np.where(movers, rng.choice(street, size=len(role)), unit)


def _beats(rng: np.random.Generator, unit: Ints, beats: int) -> Ints:
    """Return a beat of each patrol unit's own area, any beat for the others."""
    areas = len(PATROL_UNITS)
    each = beats // areas
    area = np.where(unit < areas, unit, rng.integers(0, areas, size=len(unit)))
    return area * each + rng.integers(0, each, size=len(unit))


def _accounts(rng: np.random.Generator, role: Ints) -> Texts:
    """Return account names: a letter for sworn or civilian, and a random number."""
    sworn = np.isin(role, [ROLE_CODE[name] for name in _SWORN])
    size = len(role)
    badge = numbers(rng, size, max(9000, 10 * size)) + 1000
    return texts([f"{'T' if s else 'C'}{n:04d}" for s, n in zip(sworn, badge, strict=True)])


def _factors(rng: np.random.Generator, role: Ints, spread: float) -> Floats:
    """Return log-normal factors, of mean one in each role."""
    factor = rng.lognormal(0.0, spread, size=len(role))
    total = np.bincount(role, weights=factor, minlength=len(ROLES))
    return factor * np.bincount(role, minlength=len(ROLES))[role] / total[role]
