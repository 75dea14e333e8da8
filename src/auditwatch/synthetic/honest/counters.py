"""Counters and telephones: impounds, errands for other desks, confirmed hits, next of kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.acts import Acts, make_acts
from auditwatch.synthetic.asking import EVERYDAY, ask, subject_of
from auditwatch.synthetic.draws import chance, codes
from auditwatch.synthetic.vocabulary import PURPOSE_CODE, ROLES, STREET_UNITS, TRANSACTION_CODE
from auditwatch.synthetic.wording import WORDING_CODE

if TYPE_CHECKING:
    from auditwatch.synthetic.world import World

__all__ = [
    "confirm_hits",
    "notify_next_of_kin",
    "release_impounds",
    "run_errands",
    "run_for_detectives",
]

_HIT_KEYS = {"QW": 0.4, "QWA": 0.3, "QV": 0.2, "QPO": 0.1}
_IMPOUND_KEYS = {"RQ": 0.6, "QV": 0.15, "DQ": 0.2, "RNQ": 0.05}
_ERRAND_KEYS = {"DQ": 0.16, "RQ": 0.12, "QW": 0.12, "KQ": 0.08, "QH": 0.12, "QVC": 0.06}
_ERRAND_KEYS |= {"QPO": 0.06, "QXS": 0.03, "DNQ": 0.05, "RNQ": 0.05, "PLATE": 0.05, "QV": 0.02}
_ERRAND_KEYS |= {"QR": 0.02, "IQ": 0.02, "FQ": 0.02, "QWA": 0.02, "RPQ": 0.02, "QNP": 0.01}
_BOTH_WAYS = 900


def run_errands(world: World, rng: np.random.Generator) -> Acts:
    """Return odd jobs outside one's own trade: the front counter, a form, a colleague's request."""
    moments = world.spread(rng, world.working(ROLES), 0.2)
    size = len(moments)
    beat = rng.integers(0, world.residents.beats, size=size)
    person = world.residents.met(rng, beat, 0.3)
    key, subject = ask(rng, world.residents, person, _ERRAND_KEYS)
    purpose = codes(rng, size, {"C": 0.9, "A": 0.04, "J": 0.03, "F": 0.03}, PURPOSE_CODE)
    case = world.case_at(rng, moments, 0.35)
    return make_acts(
        moments, transaction=key, subject=subject, wording="errand", purpose=purpose, case=case
    )


def run_for_detectives(world: World, rng: np.random.Generator) -> Acts:
    """Return what dispatchers key for detectives on the telephone, who have no call open."""
    moments = world.spread(rng, world.working(("dispatcher",)), 0.5)
    size = len(moments)
    caller = rng.choice(world.staff.having("detective", "sergeant"), size=size)
    own = world.casebook.by_detective.draw(rng, caller)
    person = np.where(own >= 0, world.casebook.subjects[own, 0], world.residents.anyone(rng, size))
    around = np.where(chance(rng, size, 0.4), world.residents.kin(rng, person), person)
    key, subject = ask(rng, world.residents, around, EVERYDAY)
    number = np.where(chance(rng, size, 0.35), own, -1)
    return make_acts(
        moments, transaction=key, subject=subject, wording="relay", requester=caller, case=number
    )


def release_impounds(world: World, rng: np.random.Generator) -> Acts:
    """Return the impound desk's steady plates and owners, a few at a time, mostly unnumbered."""
    desk = world.working(("records_clerk", "officer"), ("records", "traffic"))
    starts = world.spread(rng, desk, 0.25)
    place = np.repeat(np.arange(len(starts)), rng.integers(1, 6, size=len(starts)))
    moments = starts.where(place).later(rng.integers(0, _BOTH_WAYS, size=len(place)))
    person = world.residents.anyone(rng, len(place))
    key, subject = ask(rng, world.residents, person, _IMPOUND_KEYS)
    return make_acts(moments, transaction=key, subject=subject, wording="record")


def confirm_hits(world: World, rng: np.random.Generator) -> Acts:
    """Return hit confirmations: the same subject again within minutes, by the desk that owns it."""
    starts = world.spread(rng, world.working(("dispatcher", "records_clerk")), 0.15)
    person = world.residents.met(rng, rng.integers(0, world.residents.beats, len(starts)), 0.5)
    place = np.repeat(np.arange(len(starts)), rng.integers(2, 5, size=len(starts)))
    moments = starts.where(place).later(rng.integers(0, _BOTH_WAYS, size=len(place)))
    key = codes(rng, len(starts), _HIT_KEYS, TRANSACTION_CODE)[place]
    subject = subject_of(rng, world.residents, person[place], key)
    wording = codes(rng, len(starts), {"hotlist": 0.5, "relay": 0.5}, WORDING_CODE)
    return make_acts(moments, transaction=key, subject=subject, wording=wording[place])


def notify_next_of_kin(world: World, rng: np.random.Generator) -> Acts:
    """Return looks for the relatives of somebody hurt or dead, whom no report lists."""
    able = world.working(("officer", "sergeant", "dispatcher"), (*STREET_UNITS, "dispatch"))
    starts = world.spread(rng, able, 0.03)
    case = world.casebook.latest(starts.operator, starts.time)
    anyone = world.residents.anyone(rng, len(starts))
    hurt = np.where(case >= 0, world.casebook.subjects[case, 0], anyone)
    place = np.repeat(np.arange(len(starts)), rng.integers(1, 4, size=len(starts)))
    moments = starts.where(place).later(rng.integers(0, _BOTH_WAYS, size=len(place)))
    person = world.residents.kin(rng, hurt[place])
    key, subject = ask(rng, world.residents, person, EVERYDAY)
    wording = codes(rng, len(place), {"welfare_check": 0.6, "collision": 0.4}, WORDING_CODE)
    number = np.where(chance(rng, len(place), 0.5), case[place], -1)
    return make_acts(moments, transaction=key, subject=subject, wording=wording, case=number)
