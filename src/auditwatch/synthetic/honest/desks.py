"""The desks: dispatch, records, custody, licensing, personnel, analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.acts import Acts, make_acts
from auditwatch.synthetic.asking import ask, subject_of, work_up
from auditwatch.synthetic.calendar import HOUR
from auditwatch.synthetic.draws import chance, codes
from auditwatch.synthetic.vocabulary import PURPOSE_CODE, TRANSACTION_CODE
from auditwatch.synthetic.wording import WORDING_CODE

if TYPE_CHECKING:
    from auditwatch.synthetic.draws import Ints
    from auditwatch.synthetic.moments import Moments
    from auditwatch.synthetic.world import World

__all__ = [
    "analyse_series",
    "book_prisoners",
    "check_applicants",
    "clear_visitors",
    "keep_records",
    "return_firearms",
    "run_for_officers",
    "validate_records",
]

_RELAY_KEYS = {"RQ": 0.35, "DQ": 0.29, "QW": 0.14, "QV": 0.06, "QVC": 0.06, "QPO": 0.02}
_RELAY_KEYS |= {"DNQ": 0.04, "QG": 0.02, "KQ": 0.01, "PLATE": 0.01, "RPQ": 0.02, "RNQ": 0.01}
_VALIDATION_KEYS = {"QWA": 0.42, "QV": 0.36, "QG": 0.12, "QPO": 0.1}
_RECORD_KEYS = {"RQ": 0.28, "QV": 0.18, "DQ": 0.24, "QW": 0.15, "QA": 0.04, "QG": 0.05}
_RECORD_KEYS |= {"RNQ": 0.03, "KQ": 0.02, "PLATE": 0.01, "FQ": 0.01}
_INTAKE = {"QW": 0.95, "QH": 0.85, "QVC": 0.7, "QR": 0.3, "IQ": 0.25, "QPO": 0.3, "DQ": 0.3}
_INTAKE |= {"QXS": 0.15, "KQ": 0.06, "RQ": 0.1, "RNQ": 0.03}
_GUN_RETURN = {"QG": 0.95, "QNP": 0.6, "QH": 0.5, "QVC": 0.4, "DQ": 0.35, "QW": 0.25}
_HIRING = {"QH": 0.95, "QW": 0.85, "DQ": 0.7, "KQ": 0.5, "QPO": 0.25, "QR": 0.15, "RQ": 0.1}
_VISITOR = {"QW": 0.85, "QH": 0.45, "DQ": 0.3}
_SERIES_KEYS = {"PLATE": 0.45, "RPQ": 0.12, "RQ": 0.15, "DQ": 0.12, "DNQ": 0.05, "RNQ": 0.04}
_SERIES_KEYS |= {"QXS": 0.07}
_FIRST_HALF_DAYS = 12


def run_for_officers(world: World, rng: np.random.Generator) -> Acts:
    """Return what dispatchers key for officers on the street: operator and requester differ.

    Some of it they key for themselves, to answer a caller.
    """
    moments = world.spread(rng, world.working(("dispatcher",)), 16.0)
    asking = world.shifts.streets.draw(rng, world.shifts.watch(moments.shift))
    own_call = (asking < 0) | chance(rng, len(moments), 0.17)
    officer = np.where(own_call, moments.operator, world.shifts.operator[asking])
    case = world.casebook.latest(world.shifts.operator[asking], moments.time)
    recent = (case >= 0) & (moments.time - world.casebook.opened[case] < 2 * HOUR)
    from_call = recent & chance(rng, len(moments), 0.6)
    met = world.residents.met(rng, world.shifts.beat[asking], regular=0.14)
    person = np.where(from_call, world.casebook.subjects[case, 0], met)
    key, subject = ask(rng, world.residents, person, _RELAY_KEYS)
    named = from_call | (recent & chance(rng, len(moments), 0.5))
    return make_acts(
        moments,
        transaction=key,
        subject=subject,
        wording="relay",
        requester=officer,
        case=np.where(named, case, -1),
    )


def validate_records(world: World, rng: np.random.Generator) -> Acts:
    """Return monthly validation: steady series over many entries in the first half of a month."""
    moments = world.spread(rng, world.working(("records_clerk",)), 24.0)
    early = world.calendar.day_of_month(moments.time) < _FIRST_HALF_DAYS
    moments = moments.where(chance(rng, len(moments), np.where(early, 0.85, 0.12)))
    person = world.residents.anyone(rng, len(moments))
    key, subject = ask(rng, world.residents, person, _VALIDATION_KEYS)
    return make_acts(moments, transaction=key, subject=subject, wording="validation", purpose="A")


def keep_records(world: World, rng: np.random.Generator) -> Acts:
    """Return a records clerk's daily entries, releases and requests about other people's cases."""
    moments = world.spread(rng, world.working(("records_clerk",)), 11.0)
    case, person = _somebodys_case(world, rng, moments, 0.7)
    key, subject = ask(rng, world.residents, person, _RECORD_KEYS)
    purpose = codes(rng, len(moments), {"C": 0.7, "A": 0.3}, PURPOSE_CODE)
    return make_acts(
        moments, transaction=key, subject=subject, wording="record", purpose=purpose, case=case
    )


def _somebodys_case(
    world: World, rng: np.random.Generator, moments: Moments, share: float
) -> tuple[Ints, Ints]:
    """Return a past case of anybody's and its first subject; for the rest no case, anyone."""
    book, size = world.casebook, len(moments)
    case = rng.integers(0, len(book.kind), size=size)
    known = (book.opened[case] < moments.time) & chance(rng, size, share)
    person = np.where(known, book.subjects[case, 0], world.residents.anyone(rng, size))
    return np.where(known, case, -1), person


def book_prisoners(world: World, rng: np.random.Generator) -> Acts:
    """Return custody intake: all systems over one person within minutes of an arrest."""
    arrivals = world.spread(rng, world.working(("custody_officer",)), 4.5)
    bringing = world.shifts.streets.draw(rng, world.shifts.watch(arrivals.shift))
    officer = np.where(bringing >= 0, world.shifts.operator[bringing], arrivals.operator)
    case = world.casebook.latest(officer, arrivals.time)
    anyone = world.residents.anyone(rng, len(arrivals))
    person = np.where(case >= 0, world.casebook.subjects[case, 0], anyone)
    moments, place, key = work_up(rng, arrivals, _INTAKE)
    subject = subject_of(rng, world.residents, person[place], key)
    return make_acts(moments, transaction=key, subject=subject, wording="booking", case=case[place])


def return_firearms(world: World, rng: np.random.Generator) -> Acts:
    """Return lawful checks before a gun goes back to its owner, declared with F."""
    arrivals = world.spread(rng, world.working(("licensing_clerk",)), 4.5)
    gun = rng.integers(0, len(world.residents.gun_owner), size=len(arrivals))
    case, _ = _somebodys_case(world, rng, arrivals, 0.6)
    moments, place, key = work_up(rng, arrivals, _GUN_RETURN)
    by_gun = key == TRANSACTION_CODE["QG"]
    owner = world.residents.gun_owner[gun[place]]
    return make_acts(
        moments,
        transaction=key,
        subject=np.where(by_gun, world.residents.gun(gun[place]), owner),
        wording="firearm_return",
        purpose="F",
        case=case[place],
    )


def check_applicants(world: World, rng: np.random.Generator) -> Acts:
    """Return checks of people who want to work here, declared with J."""
    arrivals = world.spread(rng, world.working(("personnel_clerk",)), 4.0)
    person = world.residents.anyone(rng, len(arrivals))
    moments, place, key = work_up(rng, arrivals, _HIRING)
    subject = subject_of(rng, world.residents, person[place], key)
    return make_acts(moments, transaction=key, subject=subject, wording="hiring", purpose="J")


def clear_visitors(world: World, rng: np.random.Generator) -> Acts:
    """Return personnel's checks of people who enter a secure building, rightly under C."""
    arrivals = world.spread(rng, world.working(("personnel_clerk",)), 1.6)
    person = world.residents.anyone(rng, len(arrivals))
    moments, place, key = work_up(rng, arrivals, _VISITOR)
    wording = codes(rng, len(moments), {"visitor": 0.75, "hiring": 0.25}, WORDING_CODE)
    purpose = codes(rng, len(moments), {"C": 0.92, "J": 0.08}, PURPOSE_CODE)
    return make_acts(
        moments, transaction=key, subject=person[place], wording=wording, purpose=purpose
    )


def analyse_series(world: World, rng: np.random.Generator) -> Acts:
    """Return an analyst's runs over plates and people of many cases of other people."""
    moments = world.spread(rng, world.working(("analyst",)), 17.0)
    case, person = _somebodys_case(world, rng, moments, 0.6)
    key, subject = ask(rng, world.residents, person, _SERIES_KEYS)
    wording = codes(rng, len(moments), {"analysis": 0.7, "plate_search": 0.3}, WORDING_CODE)
    number = np.where(chance(rng, len(moments), 0.8), case, -1)
    return make_acts(moments, transaction=key, subject=subject, wording=wording, case=number)
