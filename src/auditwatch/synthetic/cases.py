"""Calls for service, incidents and cases: what explains a lookup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.calendar import DAY, HOUR
from auditwatch.synthetic.draws import Flags, Floats, Groups, Ints, Texts, chance, codes, texts
from auditwatch.synthetic.vocabulary import UNIT_CODE

if TYPE_CHECKING:
    from auditwatch.synthetic.calendar import Calendar
    from auditwatch.synthetic.residents import Residents
    from auditwatch.synthetic.shifts import Shifts
    from auditwatch.synthetic.staff import Staff

__all__ = ["CASE_KINDS", "KIND_CODE", "Casebook", "make_casebook"]

_KIND_WEIGHTS = {
    "traffic_stop": 0.36,
    "disturbance": 0.1,
    "domestic": 0.08,
    "theft": 0.09,
    "welfare_check": 0.08,
    "trespass": 0.07,
    "collision": 0.07,
    "burglary": 0.03,
    "assault": 0.04,
    "stolen_vehicle": 0.03,
    "missing_person": 0.015,
    "narcotics": 0.03,
    "firearm": 0.01,
}
CASE_KINDS = tuple(_KIND_WEIGHTS)
KIND_CODE = {name: code for code, name in enumerate(CASE_KINDS)}
_PROMOTED = {
    "traffic_stop": 0.02,
    "domestic": 0.6,
    "burglary": 0.8,
    "assault": 0.7,
    "stolen_vehicle": 0.8,
    "theft": 0.4,
}
_CALLS_PER_SHIFT = 3.25
_OLD_CASES_PER_DETECTIVE = 7
_OLDEST_DAYS = 150
_SUBJECTS = 3
_CREW = 3
_UNKNOWN = 10**15


@dataclass(frozen=True)
class Casebook:
    """One entry per incident or case.

    Parameters
    ----------
    number : ndarray of object
        ``I26-004471`` or ``26-00417``.
    kind, unit, beat : ndarray of int64
        Codes.
    opened, closed : ndarray of int64
        Instants.
    subjects : ndarray of int64, shape (cases, 3)
        Persons, -1 for none; the first is the one it is about.
    vehicle : ndarray of int64
        Subject number of a vehicle, -1 for none.
    crew : ndarray of int64, shape (cases, 3)
        Shifts that went there, -1 for none; empty for cases older than the trail.
    detective : ndarray of int64
        Operator who works it, -1 for none.
    is_case : ndarray of bool
        Case rather than incident.
    by_detective : Groups
        Operator to the cases they work.
    handled : tuple of ndarray of int64
        Sorted (operator and time) keys, and the case of each; see `latest`.
    """

    number: Texts
    kind: Ints
    unit: Ints
    beat: Ints
    opened: Ints
    closed: Ints
    subjects: Ints
    vehicle: Ints
    crew: Ints
    detective: Ints
    is_case: Flags
    by_detective: Groups
    handled: tuple[Ints, Ints]

    def latest(self, operator: Ints, time: Ints) -> Ints:
        """Return the last case each operator went to before an instant, -1 for none."""
        keys, cases = self.handled
        place = np.searchsorted(keys, operator * _UNKNOWN + time, side="right") - 1
        if not len(keys):
            return np.full(len(operator), -1, dtype=np.int64)
        found = np.maximum(place, 0)
        mine = (place >= 0) & (keys[found] // _UNKNOWN == operator)
        return np.where(mine, cases[found], -1)


def _crew(rng: np.random.Generator, shifts: Shifts, primary: Ints) -> Ints:
    """Return who goes: the primary shift and up to two more of the same crew."""
    crew = np.full((len(primary), _CREW), -1, dtype=np.int64)
    crew[:, 0] = primary
    for place, share in ((1, 0.45), (2, 0.18)):
        other = shifts.crews.draw(rng, shifts.crew(primary))
        joins = chance(rng, len(primary), share) & (other != primary)
        crew[:, place] = np.where(joins, other, -1)
    return crew


def _subjects(
    rng: np.random.Generator, residents: Residents, beat: Ints, private: Ints, stop: Flags
) -> tuple[Ints, Ints]:
    """Return persons and a vehicle; hot-spot addresses, and people who know an operator, recur."""
    size = len(beat)
    first = residents.met(rng, beat, regular=0.14)
    first = np.where(chance(rng, size, 0.03), residents.at_hot_spot(rng, beat), first)
    half = private[rng.permutation(len(private))[: max(1, len(private) // 2)]]
    first = np.where(chance(rng, size, 0.03), rng.choice(half, size=size), first)
    second = np.where(
        chance(rng, size, 0.5), residents.kin(rng, first), residents.met(rng, beat, 0.1)
    )
    third = residents.met(rng, beat, 0.1)
    table = np.stack([first, second, third], axis=1)
    table[:, 1] = np.where(chance(rng, size, 0.5) & (second != first), second, -1)
    table[:, 2] = np.where(chance(rng, size, 0.15) & (third != first), third, -1)
    table[:, 1:][stop] = -1
    vehicle = np.where(stop | chance(rng, size, 0.4), residents.vehicle(rng, first), -1)
    return table, vehicle


def _numbers(opened: Ints, years: Ints, is_case: Flags, start: int) -> Texts:
    """Return numbers that count up with time within each year, as a real desk hands them out."""
    number = texts([""] * len(opened))
    for year in np.unique(years):
        for kind, form in ((True, "{y}-{n:05d}"), (False, "I{y}-{n:06d}")):
            chosen = np.flatnonzero((is_case == kind) & (years == year))
            chosen = chosen[np.argsort(opened[chosen], kind="stable")]
            first = start if kind else start * 7
            number[chosen] = [
                form.format(y=f"{year % 100:02d}", n=first + i) for i in range(len(chosen))
            ]
    return number


def _detectives(
    rng: np.random.Generator, staff: Staff, kind: Ints, is_case: Flags, share: Floats
) -> Ints:
    """Return who works each case, -1 where nobody does."""
    pool = staff.having("detective")
    gangs = np.intersect1d(pool, staff.inside("gangs"))
    general = rng.choice(pool, size=len(kind))
    special = rng.choice(gangs if len(gangs) else pool, size=len(kind))
    rough = np.isin(kind, [KIND_CODE[name] for name in ("narcotics", "assault", "firearm")])
    found = np.where(rough & chance(rng, len(kind), 0.5), special, general)
    return np.where(is_case & chance(rng, len(kind), share), found, -1)


def _calls(rng: np.random.Generator, staff: Staff, shifts: Shifts) -> tuple[Ints, Ints]:
    """Return the shift that each call goes to first, and when; more for busy operators."""
    street = shifts.streets.values
    counts = rng.poisson(_CALLS_PER_SHIFT * staff.activity[shifts.operator[street]])
    primary = np.repeat(street, counts)
    span = shifts.end[primary] - shifts.start[primary]
    return primary, shifts.start[primary] + (span * rng.random(len(primary))).astype(np.int64)


def _kinds(rng: np.random.Generator, calls: int, old: int) -> tuple[Ints, Flags]:
    """Return kinds, and which of them have become cases: all the older ones."""
    kind = codes(rng, calls + old, _KIND_WEIGHTS, KIND_CODE)
    kind[calls:] = rng.integers(KIND_CODE["domestic"], len(CASE_KINDS), size=old)
    promoted = np.array([_PROMOTED.get(name, 0.12) for name in CASE_KINDS])
    is_case = chance(rng, calls + old, promoted[kind])
    is_case[calls:] = True
    return kind, is_case


def make_casebook(
    rng: np.random.Generator, calendar: Calendar, residents: Residents, staff: Staff, shifts: Shifts
) -> Casebook:
    """Return all incidents and cases: calls on patrol shifts, and older cases still worked.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    calendar : Calendar
        Local time.
    residents, staff, shifts : Residents, Staff, Shifts
        The city so far.
    """
    primary, called = _calls(rng, staff, shifts)
    calls, old = len(primary), _OLD_CASES_PER_DETECTIVE * len(staff.having("detective"))
    size = calls + old
    before = calendar.bounds()[0] - (rng.random(old) * _OLDEST_DAYS * DAY).astype(np.int64)
    opened = np.concatenate([called, before])
    kind, is_case = _kinds(rng, calls, old)
    beat = rng.integers(0, residents.beats, size=size)
    beat[:calls] = np.where(chance(rng, calls, 0.8), shifts.beat[primary], beat[:calls])
    stop = kind == KIND_CODE["traffic_stop"]
    subjects, vehicle = _subjects(rng, residents, beat, staff.ties.everyone(), stop)
    crew = np.full((size, _CREW), -1, dtype=np.int64)
    crew[:calls] = _crew(rng, shifts, primary)
    unit = np.full(size, UNIT_CODE["investigations"], dtype=np.int64)
    unit[:calls] = shifts.unit[primary]
    lasts = np.where(
        is_case, DAY + rng.exponential(30 * DAY, size), rng.exponential(3 * HOUR, size)
    )
    detective = _detectives(rng, staff, kind, is_case, np.where(np.arange(size) < calls, 0.6, 1.0))
    worked = np.flatnonzero(detective >= 0)
    return Casebook(
        number=_numbers(opened, calendar.year(opened), is_case, int(rng.integers(40, 900))),
        kind=kind,
        unit=unit,
        beat=beat,
        opened=opened,
        closed=opened + lasts.astype(np.int64) + 1200,
        subjects=subjects,
        vehicle=vehicle,
        crew=crew,
        detective=detective,
        is_case=is_case,
        by_detective=Groups(detective[worked], worked),
        handled=_handled(shifts, crew, opened),
    )


def _handled(shifts: Shifts, crew: Ints, opened: Ints) -> tuple[Ints, Ints]:
    """Return (operator and time, case) of everybody who went, sorted, for `latest`."""
    case, place = np.nonzero(crew >= 0)
    keys = shifts.operator[crew[case, place]] * _UNKNOWN + opened[case]
    order = np.argsort(keys, kind="stable")
    return keys[order], case[order].astype(np.int64)
