"""The street: stops, calls, regulars, follow-ups, probation checks, plate searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.acts import Acts, concat, make_acts
from auditwatch.synthetic.asking import ask
from auditwatch.synthetic.calendar import DAY
from auditwatch.synthetic.cases import CASE_KINDS, KIND_CODE
from auditwatch.synthetic.draws import chance, codes
from auditwatch.synthetic.vocabulary import PATROL_UNITS, STREET_UNITS, TRANSACTION_CODE
from auditwatch.synthetic.wording import WORDING_CODE

if TYPE_CHECKING:
    from auditwatch.synthetic.draws import Ints
    from auditwatch.synthetic.moments import Moments
    from auditwatch.synthetic.world import World

__all__ = [
    "answer_calls",
    "check_supervised",
    "follow_up_own_reports",
    "meet_regulars",
    "prepare_for_court",
    "return_to_hot_spots",
    "search_plates",
    "stop_vehicles",
]

_STREET = ("officer", "sergeant")
_STOP_KEYS = {"RQ": 0.86, "QV": 0.08, "PLATE": 0.03, "DQ": 0.02, "KQ": 0.02}
_CALL_KEYS = {"DQ": 0.62, "QW": 0.2, "QVC": 0.1, "KQ": 0.04, "QH": 0.04, "DNQ": 0.03, "RNQ": 0.02}
_CALL_PLATE_KEYS = {"RQ": 0.85, "QV": 0.15}
_REGULAR_KEYS = {"DQ": 0.47, "QW": 0.26, "QVC": 0.14, "KQ": 0.05, "QXS": 0.04, "RQ": 0.05}
_REGULAR_KEYS |= {"RNQ": 0.01, "PLATE": 0.01}
_PLATE_READS = {"PLATE": 0.86, "RPQ": 0.14}
_FOLLOW_UP_KEYS = {"DQ": 0.5, "KQ": 0.1, "QW": 0.18, "QVC": 0.1, "QPO": 0.05, "PLATE": 0.06}
_FOLLOW_UP_KEYS |= {"DNQ": 0.01, "RNQ": 0.01}
_COURT_KEYS = {"DQ": 0.4, "QH": 0.3, "KQ": 0.15, "QR": 0.15}
_SUPERVISED_A_BEAT = 14


def stop_vehicles(world: World, rng: np.random.Generator) -> Acts:
    """Return plate checks on stops that got no incident number."""
    patrol = world.spread(rng, world.working(("officer",), (*PATROL_UNITS, "gangs")), 2.8)
    traffic = world.spread(rng, world.working(_STREET, ("traffic",)), 6.5)
    return concat([_stop(world, rng, patrol, 0.7), _stop(world, rng, traffic, 0.1)])


def _stop(world: World, rng: np.random.Generator, moments: Moments, at_home: float) -> Acts:
    """Return stops, a share of them on one's own beat."""
    size = len(moments)
    anywhere = rng.integers(0, world.residents.beats, size=size)
    beat = np.where(chance(rng, size, at_home), world.shifts.beat[moments.shift], anywhere)
    driver = world.residents.met(rng, beat, regular=0.1)
    key, subject = ask(rng, world.residents, driver, _STOP_KEYS)
    wording = codes(rng, size, {"stop": 0.85, "parked": 0.15}, WORDING_CODE)
    case = world.case_at(rng, moments, 0.12)
    return make_acts(moments, transaction=key, subject=subject, wording=wording, case=case)


def answer_calls(world: World, rng: np.random.Generator) -> Acts:
    """Return what the crew of each call looks up: the people there, and the vehicle."""
    book = world.casebook
    stop = book.kind == KIND_CODE["traffic_stop"]
    parts = []
    for seat, shift in enumerate(book.crew.T):
        share = 0.85 if seat == 0 else 0.25
        there = (shift >= 0) & chance(rng, len(stop), share)
        for subject in (book.vehicle, *book.subjects.T):
            driver = stop & (subject < world.residents.persons)
            asked = there & (subject >= 0) & chance(rng, len(stop), np.where(driver, 0.15, share))
            case = np.flatnonzero(asked)
            parts.append(_at_call(world, rng, case, shift[case], subject[case]))
    return concat(parts)


def _at_call(
    world: World, rng: np.random.Generator, case: Ints, shift: Ints, subject: Ints
) -> Acts:
    """Return what one of the crew keys at each call: about a vehicle, a person, or an order."""
    book, size = world.casebook, len(case)
    wait = (60 + rng.exponential(700.0, size=size)).astype(np.int64)
    moments = world.at(rng, shift, book.opened[case] + wait)
    order = (book.kind[case] == KIND_CODE["domestic"]) & chance(rng, size, 0.45)
    person_key = codes(rng, size, _CALL_KEYS, TRANSACTION_CODE)
    person_key = np.where(order, TRANSACTION_CODE["QPO"], person_key)
    plate_key = codes(rng, size, _CALL_PLATE_KEYS, TRANSACTION_CODE)
    key = np.where(subject < world.residents.persons, person_key, plate_key)
    wording = np.array([WORDING_CODE[name] for name in CASE_KINDS])[book.kind[case]]
    return make_acts(moments, transaction=key, subject=subject, wording=wording, case=case)


def meet_regulars(world: World, rng: np.random.Generator) -> Acts:
    """Return checks of people whom a beat's officers meet again and again, mostly unnumbered."""
    moments = world.spread(rng, world.working(_STREET, STREET_UNITS), 1.15)
    person = world.residents.met(rng, world.shifts.beat[moments.shift], regular=0.5)
    key, subject = ask(rng, world.residents, person, _REGULAR_KEYS)
    case = world.case_at(rng, moments, 0.45)
    return make_acts(moments, transaction=key, subject=subject, wording="contact", case=case)


def return_to_hot_spots(world: World, rng: np.random.Generator) -> Acts:
    """Return the same few addresses called to again and again, by whoever is on duty."""
    moments = world.spread(rng, world.working(("officer",), PATROL_UNITS), 0.25)
    person = world.residents.at_hot_spot(rng, world.shifts.beat[moments.shift])
    key, subject = ask(rng, world.residents, person, _REGULAR_KEYS)
    wording = codes(rng, len(moments), {"disturbance": 0.6, "domestic": 0.4}, WORDING_CODE)
    case = world.case_at(rng, moments, 0.45)
    return make_acts(moments, transaction=key, subject=subject, wording=wording, case=case)


def check_supervised(world: World, rng: np.random.Generator) -> Acts:
    """Return probation and parole lists worked through, the same names every few weeks."""
    moments = world.spread(rng, world.working(_STREET, STREET_UNITS), 0.3)
    under = np.flatnonzero(world.residents.supervised)
    if not len(under):
        moments = moments.where(np.empty(0, dtype=np.int64))
        under = np.zeros(1, dtype=np.int64)
    place = world.shifts.beat[moments.shift] * _SUPERVISED_A_BEAT
    place = place + rng.integers(0, _SUPERVISED_A_BEAT, len(moments))
    key = codes(rng, len(moments), {"QVC": 0.6, "QW": 0.25, "DQ": 0.15}, TRANSACTION_CODE)
    subject = under[place % len(under)]
    return make_acts(moments, transaction=key, subject=subject, wording="supervision")


def search_plates(world: World, rng: np.random.Generator) -> Acts:
    """Return searches of plate reads and of partial plates; a few operators make most of them."""
    shift = world.working(_STREET, STREET_UNITS)
    zeal = world.staff.plate_zeal[world.shifts.operator[shift]]
    moments = world.during(rng, np.repeat(shift, rng.poisson(0.75 * zeal)))
    case = world.casebook.latest(moments.operator, moments.time)
    known = np.where(case >= 0, world.casebook.vehicle[case], -1)
    met = world.residents.met(rng, world.shifts.beat[moments.shift], regular=0.12)
    other = world.residents.vehicle(rng, met)
    from_case = (known >= 0) & chance(rng, len(moments), 0.5)
    return make_acts(
        moments,
        transaction=codes(rng, len(moments), _PLATE_READS, TRANSACTION_CODE),
        subject=np.where(from_case, known, other),
        wording="plate_search",
        case=np.where(chance(rng, len(moments), 0.6), case, -1),
    )


def follow_up_own_reports(world: World, rng: np.random.Generator) -> Acts:
    """Return looks back at the people of one's own report, days later, from car or desk."""
    moments = world.spread(rng, world.working(_STREET, STREET_UNITS), 0.75)
    back = rng.exponential(6.0 * DAY, size=len(moments)).astype(np.int64)
    case = world.casebook.latest(moments.operator, moments.time - back)
    moments, case = moments.where(case >= 0), case[case >= 0]
    key, subject = ask(rng, world.residents, world.casebook.subjects[case, 0], _FOLLOW_UP_KEYS)
    number = np.where(chance(rng, len(moments), 0.75), case, -1)
    return make_acts(moments, transaction=key, subject=subject, wording="followup", case=number)


def prepare_for_court(world: World, rng: np.random.Generator) -> Acts:
    """Return looks at old subjects after their case was closed, before a hearing."""
    moments = world.spread(rng, world.working(("officer", "detective")), 0.12)
    back = rng.uniform(10.0 * DAY, 50.0 * DAY, size=len(moments)).astype(np.int64)
    own = world.casebook.by_detective.draw(rng, moments.operator)
    called = world.casebook.latest(moments.operator, moments.time - back)
    case = np.where(own >= 0, own, called)
    past = (case >= 0) & (world.casebook.opened[case] < moments.time - 3 * DAY)
    moments, case = moments.where(past), case[past]
    key, subject = ask(rng, world.residents, world.casebook.subjects[case, 0], _COURT_KEYS)
    number = np.where(chance(rng, len(moments), 0.6), case, -1)
    return make_acts(moments, transaction=key, subject=subject, wording="court", case=number)
