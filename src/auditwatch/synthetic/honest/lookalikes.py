"""Small, odd but honest: what a hasty reader would take for misuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.acts import Acts, concat, make_acts, no_acts
from auditwatch.synthetic.asking import EVERYDAY, ask
from auditwatch.synthetic.calendar import HOUR
from auditwatch.synthetic.draws import chance, codes
from auditwatch.synthetic.vocabulary import TRANSACTION_CODE
from auditwatch.synthetic.wording import WORDING_CODE

if TYPE_CHECKING:
    from auditwatch.synthetic.world import World

__all__ = [
    "look_into_staff_victims",
    "meet_own_people",
    "report_own_vehicle",
    "test_terminals",
    "try_partial_names",
    "use_near_words",
    "work_federal_requests",
]

_FEDERAL_KEYS = {"QH": 0.36, "FQ": 0.2, "IQ": 0.1, "DQ": 0.2, "QW": 0.1, "RQ": 0.04}
_TEST_KEYS = {"DQ": 0.4, "RQ": 0.4, "QW": 0.2}


def look_into_staff_victims(world: World, rng: np.random.Generator) -> Acts:
    """Return lookups on colleagues who were victims or witnesses, and have a case."""
    parts = [no_acts()]
    able = world.working(("officer", "sergeant", "detective", "records_clerk"))
    for time in world.times(rng, a_week=2.4).tolist():
        team = world.on_duty(able, time, time)
        if not len(team):
            continue
        shift = rng.choice(team, size=int(rng.integers(2, 7)))
        size = len(shift)
        colleague = world.staff.person[rng.integers(0, world.staff.size, size=1)]
        kin = world.residents.kin(rng, colleague)
        person = np.where(chance(rng, size, 0.7), colleague, kin)
        key, subject = ask(rng, world.residents, person, EVERYDAY)
        moments = world.at(rng, shift, time + rng.integers(0, 2 * HOUR, size=size))
        wording = codes(rng, size, {"colleague": 0.7, "followup": 0.3}, WORDING_CODE)
        case = world.case_at(rng, moments, 0.8)
        parts.append(
            make_acts(moments, transaction=key, subject=subject, wording=wording, case=case)
        )
    return concat(parts)


def meet_own_people(world: World, rng: np.random.Generator) -> Acts:
    """Return operators who meet a relative, a neighbour or a namesake on duty, as it happens."""
    moments = world.spread(rng, world.working(("officer", "sergeant", "dispatcher")), 0.03)
    staff, residents, ties = world.staff, world.residents, world.staff.ties
    own = staff.person[moments.operator]
    namesake = residents.by_surname.draw(rng, residents.surname_code[own])
    outside = (ties.former, ties.friend, ties.neighbour, ties.rival)
    tied = np.stack([*outside, *ties.relatives.T, ties.partner], axis=1)
    close = tied[moments.operator, rng.integers(0, tied.shape[1], size=len(moments))]
    person = np.where(chance(rng, len(moments), 0.6), namesake, close)
    key, subject = ask(rng, residents, person, EVERYDAY)
    wording = codes(rng, len(moments), {"stop": 0.5, "contact": 0.5}, WORDING_CODE)
    case = world.case_at(rng, moments, 0.4)
    return make_acts(moments, transaction=key, subject=subject, wording=wording, case=case)


def report_own_vehicle(world: World, rng: np.random.Generator) -> Acts:
    """Return checks of one's own car after theft or a crash, which has its report."""
    moments = world.spread(rng, world.working(("officer", "detective", "records_clerk")), 0.003)
    vehicle = world.residents.vehicle(rng, world.staff.person[moments.operator])
    key = codes(rng, len(moments), {"RQ": 0.6, "QV": 0.4}, TRANSACTION_CODE)
    case = world.case_at(rng, moments, 1.0)
    return make_acts(moments, transaction=key, subject=vehicle, wording="stolen_vehicle", case=case)


def test_terminals(world: World, rng: np.random.Generator) -> Acts:
    """Return the help desk's test after a repair: own name or plate, or those of the last stop."""
    roles = ("officer", "sergeant", "dispatcher", "custody_officer")
    moments = world.spread(rng, world.working(roles), 0.018)
    own = world.staff.person[moments.operator]
    met = world.residents.met(rng, world.shifts.beat[moments.shift], 0.2)
    person = np.where(chance(rng, len(moments), 0.65), own, met)
    key, subject = ask(rng, world.residents, person, _TEST_KEYS)
    return make_acts(moments, transaction=key, subject=subject, wording="test")


def work_federal_requests(world: World, rng: np.random.Generator) -> Acts:
    """Return lawful work with federal agencies: one named person's history, a task force."""
    units = ("investigations", "gangs", "records", "traffic")
    shift = world.working(("detective", "records_clerk", "officer", "sergeant"), units)
    moments = world.spread(rng, shift, 0.17)
    size = len(moments)
    person = world.residents.met(rng, rng.integers(0, world.residents.beats, size=size), 0.4)
    key, subject = ask(rng, world.residents, person, _FEDERAL_KEYS)
    own = world.casebook.by_detective.draw(rng, moments.operator)
    case = np.where(own >= 0, own, world.casebook.latest(moments.operator, moments.time))
    number = np.where(chance(rng, size, 0.75), case, -1)
    return make_acts(moments, transaction=key, subject=subject, wording="federal", case=number)


def use_near_words(world: World, rng: np.random.Generator) -> Acts:
    """Return ordinary calls whose wording merely sounds like a barred topic."""
    moments = world.spread(rng, world.working(("officer", "detective", "dispatcher")), 0.11)
    case = world.casebook.latest(moments.operator, moments.time)
    met = world.residents.met(rng, world.shifts.beat[moments.shift], 0.2)
    person = np.where(case >= 0, world.casebook.subjects[case, 0], met)
    key, subject = ask(rng, world.residents, person, EVERYDAY)
    weights = {"near_words": 0.7, "collision": 0.15, "firearm": 0.15}
    wording = codes(rng, len(moments), weights, WORDING_CODE)
    number = np.where(chance(rng, len(moments), 0.7), case, -1)
    return make_acts(moments, transaction=key, subject=subject, wording=wording, case=number)


def try_partial_names(world: World, rng: np.random.Generator) -> Acts:
    """Return half-remembered plates and names of witnesses, tried in variants one after another."""
    shift = world.working(("officer", "detective", "dispatcher", "analyst"))
    starts = world.spread(rng, shift, 0.035)
    person = world.residents.met(rng, world.shifts.beat[starts.shift], 0.2)
    by_plate, with_case = chance(rng, len(starts), 0.6), chance(rng, len(starts), 0.7)
    place = np.repeat(np.arange(len(starts)), rng.integers(3, 13, size=len(starts)))
    moments = starts.where(place).later(rng.integers(0, 1500, size=len(place)))
    case = world.casebook.latest(moments.operator, moments.time)
    subject = np.where(by_plate, world.residents.vehicle(rng, person), person)
    key = np.where(by_plate, TRANSACTION_CODE["RPQ"], TRANSACTION_CODE["DNQ"])
    return make_acts(
        moments,
        transaction=key[place],
        subject=subject[place],
        wording="plate_search",
        case=np.where(with_case[place], case, -1),
    )
