"""What the street brings with it: workups at the kerb, passengers, car parks, help for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.acts import Acts, make_acts
from auditwatch.synthetic.asking import EVERYDAY, ask, subject_of, work_up
from auditwatch.synthetic.cases import KIND_CODE
from auditwatch.synthetic.draws import chance, codes
from auditwatch.synthetic.vocabulary import (
    PATROL_UNITS,
    PURPOSE_CODE,
    STREET_UNITS,
    TRANSACTION_CODE,
)
from auditwatch.synthetic.wording import WORDING_CODE

if TYPE_CHECKING:
    from auditwatch.synthetic.draws import Ints
    from auditwatch.synthetic.world import World

__all__ = [
    "ask_about_passengers",
    "check_firearms",
    "check_order_compliance",
    "lend_mutual_aid",
    "run_parked_plates",
    "work_up_at_kerb",
]

_STREET = ("officer", "sergeant")
_KERB = {"DQ": 0.9, "QW": 0.8, "QVC": 0.6, "QH": 0.5, "KQ": 0.4, "RQ": 0.4, "QPO": 0.2, "QR": 0.1}
_KERB |= {"QXS": 0.15, "PLATE": 0.1}
_KERB_WORDS = {"contact": 0.5, "narcotics": 0.3, "stop": 0.2}
_PARKED = {"RQ": 0.75, "QV": 0.25}
_GUN_KEYS = {"QG": 0.6, "QNP": 0.1, "QVC": 0.2, "QH": 0.1}
_ORDER_KEYS = {"QPO": 0.5, "DQ": 0.3, "QW": 0.1, "RQ": 0.1}
_ORDERS_A_BEAT = 6
_LATEST_CALLS = 30


def work_up_at_kerb(world: World, rng: np.random.Generator) -> Acts:
    """Return all systems over one person within minutes on the street, before an arrest."""
    arrivals = world.spread(rng, world.working(_STREET, STREET_UNITS), 0.05)
    case = world.casebook.latest(arrivals.operator, arrivals.time)
    met = world.residents.met(rng, world.shifts.beat[arrivals.shift], 0.3)
    called = (case >= 0) & chance(rng, len(arrivals), 0.6)
    person = np.where(called, world.casebook.subjects[case, 0], met)
    number = np.where(chance(rng, len(arrivals), 0.55), case, -1)
    moments, place, key = work_up(rng, arrivals, _KERB)
    wording = codes(
        rng, len(arrivals), {"contact": 0.5, "narcotics": 0.3, "stop": 0.2}, WORDING_CODE
    )
    subject = subject_of(rng, world.residents, person[place], key)
    return make_acts(
        moments, transaction=key, subject=subject, wording=wording[place], case=number[place]
    )


def ask_about_passengers(world: World, rng: np.random.Generator) -> Acts:
    """Return looks at passengers and relatives at a call, whom its report will not list."""
    moments = world.spread(rng, world.working(_STREET, STREET_UNITS), 0.3)
    case = world.casebook.latest(moments.operator, moments.time)
    moments, case = moments.where(case >= 0), case[case >= 0]
    size = len(moments)
    kin = world.residents.kin(rng, world.casebook.subjects[case, 0])
    rider = world.residents.met(rng, world.shifts.beat[moments.shift], 0.15)
    person = np.where(chance(rng, size, 0.5), kin, rider)
    key, subject = ask(rng, world.residents, person, EVERYDAY)
    wording = codes(rng, size, {"stop": 0.5, "contact": 0.3, "welfare_check": 0.2}, WORDING_CODE)
    number = np.where(chance(rng, size, 0.7), case, -1)
    return make_acts(moments, transaction=key, subject=subject, wording=wording, case=number)


def run_parked_plates(world: World, rng: np.random.Generator) -> Acts:
    """Return plate runs: a car park or a row of parked cars, one plate after the other."""
    starts = world.spread(rng, world.working(_STREET, STREET_UNITS), 0.02)
    place = np.repeat(np.arange(len(starts)), rng.integers(4, 18, size=len(starts)))
    moments = starts.where(place).later(rng.integers(0, 1800, size=len(place)))
    driver = world.residents.met(rng, world.shifts.beat[moments.shift], 0.15)
    key = codes(rng, len(place), _PARKED, TRANSACTION_CODE)
    subject = world.residents.vehicle(rng, driver)
    wording = codes(rng, len(starts), {"parked": 0.7, "plate_search": 0.3}, WORDING_CODE)
    return make_acts(moments, transaction=key, subject=subject, wording=wording[place])


def check_firearms(world: World, rng: np.random.Generator) -> Acts:
    """Return firearms checks by patrol: a gun found in a car, its number, its owner."""
    moments = world.spread(rng, world.working(_STREET, STREET_UNITS), 0.03)
    size = len(moments)
    gun = rng.integers(0, len(world.residents.gun_owner), size=size)
    key = codes(rng, size, _GUN_KEYS, TRANSACTION_CODE)
    by_number = key == TRANSACTION_CODE["QG"]
    subject = np.where(by_number, world.residents.gun(gun), world.residents.gun_owner[gun])
    purpose = codes(rng, size, {"C": 0.8, "F": 0.2}, PURPOSE_CODE)
    case = world.case_at(rng, moments, 0.6)
    return make_acts(
        moments, transaction=key, subject=subject, wording="firearm", purpose=purpose, case=case
    )


def check_order_compliance(world: World, rng: np.random.Generator) -> Acts:
    """Return compliance checks of protective orders: the same few people for weeks, by one beat."""
    moments = world.spread(rng, world.working(("officer",), PATROL_UNITS), 0.08)
    guarded = np.flatnonzero(world.residents.protected)
    beat = world.shifts.beat[moments.shift]
    person = guarded[_few(rng, beat, _ORDERS_A_BEAT) % len(guarded)]
    key, subject = ask(rng, world.residents, person, _ORDER_KEYS)
    wording = codes(rng, len(moments), {"domestic": 0.7, "followup": 0.3}, WORDING_CODE)
    case = world.case_at(rng, moments, 0.3)
    return make_acts(moments, transaction=key, subject=subject, wording=wording, case=case)


def _few(rng: np.random.Generator, beat: Ints, each: int) -> Ints:
    """Return one of a few places that belong to each beat alone."""
    return beat * each + rng.integers(0, each, size=len(beat))


def lend_mutual_aid(world: World, rng: np.random.Generator) -> Acts:
    """Return help for other units: whole hours on somebody else's call, under its number."""
    book = world.casebook
    starts = world.spread(rng, world.working((*_STREET, "detective")), 0.03)
    by_time = np.argsort(book.opened, kind="stable")
    later = np.searchsorted(book.opened[by_time], starts.time)
    other = by_time[np.maximum(later - rng.integers(1, _LATEST_CALLS, len(starts)), 0)]
    place = np.repeat(np.arange(len(starts)), rng.integers(2, 7, size=len(starts)))
    moments, case = starts.where(place).later(rng.integers(0, 5400, size=len(place))), other[place]
    met = world.residents.met(rng, book.beat[case], 0.2)
    listed = chance(rng, len(place), 0.5)
    person = np.where(listed, book.subjects[case, 0], met)
    key, subject = ask(rng, world.residents, person, EVERYDAY)
    stop = book.kind[case] == KIND_CODE["traffic_stop"]
    wording = np.where(stop, WORDING_CODE["stop"], WORDING_CODE["followup"])
    number = np.where(chance(rng, len(place), 0.6), case, -1)
    return make_acts(moments, transaction=key, subject=subject, wording=wording, case=number)
