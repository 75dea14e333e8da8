"""The people of the city: households, vehicles, guns, and whom the police meet again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditwatch.synthetic.draws import (
    Flags,
    Groups,
    Ints,
    Texts,
    chance,
    group,
    texts,
)
from auditwatch.synthetic.names import given_names, numbers, plates, serials, surnames

__all__ = ["Residents", "make_residents"]

_PERSONS_PER_OPERATOR = 400
_REGULARS_PER_BEAT = 55


@dataclass(frozen=True)
class Residents:
    """Everybody and everything that can be looked up; subjects are numbered persons first.

    Parameters
    ----------
    subject_id, subject_name : ndarray of object, shape (persons + vehicles + guns,)
        What the trail will say of each subject.
    surname : ndarray of object, shape (persons,)
        Surnames.
    surname_code, household, beat, age : ndarray of int64, shape (persons,)
        Codes, numbers and years.
    female, protected, supervised : ndarray of bool, shape (persons,)
        Sex; under a protective order; on probation or parole.
    owner : ndarray of int64, shape (vehicles,)
        Registered owner of each vehicle.
    vehicle_of : ndarray of int64, shape (persons,)
        Subject number of a person's vehicle, -1 without one.
    gun_owner : ndarray of int64, shape (guns,)
        Registered owner of each gun.
    regulars : Groups
        Beat to persons known to every officer there; the first ones are met most.
    by_beat, by_household, by_surname : Groups
        Beat, household or surname code to persons.
    hot_spots : ndarray of int64, shape (beats, 3)
        Households that are called to again and again.
    beats : int
        Number of beats.
    """

    subject_id: Texts
    subject_name: Texts
    surname: Texts
    surname_code: Ints
    household: Ints
    beat: Ints
    age: Ints
    female: Flags
    protected: Flags
    supervised: Flags
    owner: Ints
    vehicle_of: Ints
    gun_owner: Ints
    regulars: Groups
    by_beat: Groups
    by_household: Groups
    by_surname: Groups
    hot_spots: Ints
    beats: int

    @property
    def persons(self) -> int:
        """Number of persons; vehicles are numbered from here."""
        return len(self.household)

    @property
    def vehicles(self) -> int:
        """Number of vehicles; guns are numbered after them."""
        return len(self.owner)

    def gun(self, number: Ints) -> Ints:
        """Return the subject numbers of guns."""
        return number + self.persons + self.vehicles

    def anyone(self, rng: np.random.Generator, size: int) -> Ints:
        """Return `size` persons, each equally likely."""
        return rng.integers(0, self.persons, size=size)

    def met(self, rng: np.random.Generator, beat: Ints, regular: float) -> Ints:
        """Return whom an officer meets on a beat: a share of regulars, neighbours, strangers.

        Parameters
        ----------
        rng : Generator
            Source of chance.
        beat : ndarray of int64, shape (n,)
            Where.
        regular : float
            Share of regulars.
        """
        local = self.by_beat.draw(rng, beat)
        known = self.regulars.draw(rng, beat, power=2.0)
        far = chance(rng, len(beat), 0.25) | (local < 0)
        stranger = np.where(far, self.anyone(rng, len(beat)), local)
        return np.where(chance(rng, len(beat), regular) & (known >= 0), known, stranger)

    def at_hot_spot(self, rng: np.random.Generator, beat: Ints) -> Ints:
        """Return somebody of a household that the police are called to often, in each beat."""
        return self.by_household.draw(rng, self.hot_spots[beat, rng.integers(0, 3, len(beat))])

    def vehicle(self, rng: np.random.Generator, person: Ints) -> Ints:
        """Return a vehicle of each person, anybody's where there is none (borrowed, a visitor)."""
        other = self.persons + rng.integers(0, self.vehicles, size=len(person))
        own = self.vehicle_of[person]
        return np.where(own < 0, other, own)

    def kin(self, rng: np.random.Generator, person: Ints) -> Ints:
        """Return somebody of each person's household."""
        return self.by_household.draw(rng, self.household[person])


def _households(rng: np.random.Generator, persons: int) -> Ints:
    """Return the household of each person, sizes one to five."""
    sizes = rng.choice([1, 2, 3, 4, 5], size=persons, p=[0.3, 0.32, 0.17, 0.14, 0.07])
    return np.repeat(np.arange(persons, dtype=np.int64), sizes)[:persons]


def _surname_codes(rng: np.random.Generator, household: Ints, kinds: int) -> Ints:
    """Return surnames, common ones often; four in five share their household's."""
    weight = 1.0 / (np.arange(kinds) + 25.0)
    shared = rng.choice(kinds, size=len(household), p=weight / weight.sum())
    own = rng.choice(kinds, size=len(household), p=weight / weight.sum())
    return np.where(chance(rng, len(household), 0.8), shared[household], own).astype(np.int64)


def _names(rng: np.random.Generator, family: Texts, female: Flags) -> Texts:
    """Return names written as the mask shows them: ``SURNAME, GIVEN M``."""
    hers, his = given_names(female=True), given_names(female=False)
    place = rng.integers(0, len(hers), size=len(family))
    initials = texts([f" {letter}" for letter in "ABCDEFGHJKLMNPRSTVW"] + [""] * 6)
    middle = initials[rng.integers(0, len(initials), size=len(family))]
    full = family + ", " + np.where(female, hers[place], his[place]) + middle
    return texts([name.upper() for name in full])


def _hot_spots(rng: np.random.Generator, household: Ints, beat: Ints, beats: int) -> Ints:
    """Return three households of each beat."""
    every = np.repeat(np.arange(beats, dtype=np.int64), 3)
    return Groups(beat, household).draw(rng, every).reshape(beats, 3)


def _owned(rng: np.random.Generator, persons: int) -> tuple[Ints, Ints]:
    """Return the owner of each vehicle and the first vehicle of each person."""
    owner = np.flatnonzero(chance(rng, persons, 0.8))
    owner = np.concatenate([owner, rng.integers(0, persons, size=max(1, persons // 12))])
    vehicle_of = np.full(persons, -1, dtype=np.int64)
    vehicle_of[owner[::-1]] = persons + np.arange(len(owner))[::-1]
    return owner.astype(np.int64), vehicle_of


def make_residents(rng: np.random.Generator, operators: int) -> Residents:
    """Return a city's people in proportion to its operators.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    operators : int
        How many people can look things up.
    """
    persons = operators * _PERSONS_PER_OPERATOR
    beats = 3 * max(1, operators // 60)
    household = _households(rng, persons)
    beat = rng.integers(0, beats, size=persons)[household]
    family_names = surnames()
    surname_code = _surname_codes(rng, household, len(family_names))
    female = chance(rng, persons, 0.49)
    owner, vehicle_of = _owned(rng, persons)
    gun_owner = np.flatnonzero(chance(rng, persons, 0.04))
    order = rng.permutation(persons)[: _REGULARS_PER_BEAT * beats]
    supervised = chance(rng, persons, 0.002)
    supervised[order] = chance(rng, len(order), 0.4)
    ids = np.concatenate(
        [
            texts([f"P-{n:08d}" for n in numbers(rng, persons, 10**8).tolist()]),
            "V-" + plates(rng, len(owner)),
            "G-" + serials(rng, len(gun_owner)),
        ]
    )
    names = _names(rng, family_names[surname_code], female)
    unnamed = texts([""] * (len(owner) + len(gun_owner)))
    return Residents(
        subject_id=ids,
        subject_name=np.concatenate([names, unnamed]),
        surname=family_names[surname_code],
        surname_code=surname_code,
        household=household,
        beat=beat,
        age=rng.integers(18, 74, size=persons),
        female=female,
        protected=chance(rng, persons, 0.015),
        supervised=supervised,
        owner=owner,
        vehicle_of=vehicle_of,
        gun_owner=gun_owner,
        regulars=Groups(beat[order], order),
        by_beat=group(beat),
        by_household=group(household),
        by_surname=group(surname_code),
        hot_spots=_hot_spots(rng, household, beat, beats),
        beats=beats,
    )
