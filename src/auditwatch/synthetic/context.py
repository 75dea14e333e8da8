"""The context tables beside the trail, incomplete as real ones are, and the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from auditwatch.synthetic.calendar import DAY
from auditwatch.synthetic.cases import CASE_KINDS
from auditwatch.synthetic.draws import Flags, Ints, Texts, chance, texts
from auditwatch.synthetic.shifts import SLOTS
from auditwatch.synthetic.staff import NEVER
from auditwatch.synthetic.vocabulary import ROLES, UNITS

if TYPE_CHECKING:
    from auditwatch.synthetic.calendar import Calendar
    from auditwatch.synthetic.world import World

__all__ = ["cases_table", "duty_table", "links_table", "relations_table", "roster_table"]


def _table(**columns: Texts) -> pa.Table:
    """Return a table of text."""
    return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})


def _dates(calendar: Calendar, day: Ints) -> Texts:
    """Return ISO dates of day numbers, empty for what never happens."""
    known = np.where(day == NEVER, 0, day)
    stamps = (calendar.midnight // DAY + known).astype("datetime64[D]")
    return np.where(day == NEVER, "", np.datetime_as_string(stamps)).astype(np.object_)


def roster_table(world: World) -> pa.Table:
    """Return the roster as of the last day; the shift is the one each team began with."""
    staff, residents = world.staff, world.residents
    person = staff.person
    vehicle = residents.vehicle_of[person]
    plate = np.where(vehicle >= 0, residents.subject_id[vehicle], "").astype(np.object_)
    first = np.full(staff.size, "", dtype=np.object_)
    shifts = world.shifts
    first[shifts.operator[::-1]] = texts(SLOTS)[shifts.slot[::-1]]
    boss = np.where(staff.supervisor >= 0, staff.operator_id[staff.supervisor], "")
    return _table(
        operator_id=staff.operator_id,
        role=texts(ROLES)[staff.role],
        unit=texts(UNITS)[staff.unit],
        shift=first,
        terminal=staff.terminals[staff.home],
        subject_id=residents.subject_id[person],
        surname=texts([name.upper() for name in residents.surname[person]]),
        household=texts([f"H-{n:06d}" for n in residents.household[person].tolist()]),
        plate=texts([text[2:] for text in plate]),
        trained_until=_dates(world.calendar, staff.trained_until),
        separated_on=_dates(world.calendar, staff.recorded_left_on),
        supervisor=boss.astype(np.object_),
    )


def cases_table(world: World, rng: np.random.Generator) -> pa.Table:
    """Return incidents and cases opened before the trail ends, with gaps in who was there.

    Parameters
    ----------
    world : World
        The city.
    rng : Generator
        Source of chance.
    """
    book, calendar = world.casebook, world.calendar
    _, after = calendar.bounds()
    rows = np.flatnonzero(book.opened < after)
    rows = rows[np.argsort(book.opened[rows], kind="stable")]
    crew = np.where(book.crew[rows] >= 0, world.shifts.operator[book.crew[rows]], -1)
    there = np.concatenate([crew, book.detective[rows, None]], axis=1)
    there[:, 1:3][chance(rng, 2 * len(rows), 0.25).reshape(-1, 2)] = -1
    people = book.subjects[rows].copy()
    people[:, 1:][chance(rng, 2 * len(rows), 0.15).reshape(-1, 2)] = -1
    subjects = np.concatenate([people, book.vehicle[rows, None]], axis=1)
    closed = np.where(
        book.closed[rows] < after, calendar.iso_day(np.minimum(book.closed[rows], after)), ""
    )
    return _table(
        case_id=book.number[rows],
        kind=texts(CASE_KINDS)[book.kind[rows]],
        opened=calendar.iso_day(book.opened[rows]),
        closed=closed.astype(np.object_),
        unit=texts(UNITS)[book.unit[rows]],
        operators=_joined(there, world.staff.operator_id),
        subjects=_joined(subjects, world.residents.subject_id),
    )


def _joined(numbers: Ints, names: Texts) -> Texts:
    """Return the names of each row joined by semicolons, each once, without the empty ones."""
    return texts(
        [";".join(dict.fromkeys(names[n] for n in row if n >= 0)) for row in numbers.tolist()]
    )


def duty_table(world: World) -> pa.Table:
    """Return what the duty book says: planned times of recorded shifts, no overtime."""
    shifts = world.shifts
    rows = np.flatnonzero(shifts.recorded)
    rows = rows[np.argsort(shifts.planned_start[rows], kind="stable")]
    return _table(
        operator_id=world.staff.operator_id[shifts.operator[rows]],
        starts=world.calendar.iso(shifts.planned_start[rows]),
        ends=world.calendar.iso(shifts.planned_end[rows]),
    )


def relations_table(world: World, rng: np.random.Generator) -> pa.Table:
    """Return what the agency knows of private lives: a part, declared by the operators themselves.

    Parameters
    ----------
    world : World
        The city.
    rng : Generator
        Source of chance.
    """
    staff, residents, ties = world.staff, world.residents, world.staff.ties
    everyone = np.arange(staff.size, dtype=np.int64)
    declared: list[tuple[str, Ints, float]] = [
        ("self", staff.person, 0.97),
        ("own vehicle", residents.vehicle_of[staff.person], 0.9),
        ("household", ties.partner, 0.75),
        ("former partner", ties.former, 0.2),
        ("relative", ties.relatives[:, 0], 0.35),
        ("relative", ties.relatives[:, 1], 0.35),
        ("neighbour", ties.neighbour, 0.1),
    ]
    operators: list[Texts] = []
    subjects: list[Texts] = []
    relations: list[str] = []
    for name, subject, share in declared:
        known: Flags = (subject >= 0) & chance(rng, staff.size, share)
        if name == "household":
            known &= subject != staff.person
        operators.append(staff.operator_id[everyone[known]])
        subjects.append(residents.subject_id[subject[known]])
        relations.extend([name] * int(known.sum()))
    return _table(
        operator_id=np.concatenate(operators),
        subject_id=np.concatenate(subjects),
        relation=texts(relations),
    )


def links_table(world: World, rng: np.random.Generator) -> pa.Table:
    """Return registered owners of most vehicles and guns.

    Parameters
    ----------
    world : World
        The city.
    rng : Generator
        Source of chance.
    """
    residents = world.residents
    owner = np.concatenate([residents.owner, residents.gun_owner])
    subject = residents.persons + np.arange(len(owner))
    known = chance(rng, len(owner), 0.9)
    return _table(
        subject_id=residents.subject_id[subject[known]],
        other_id=residents.subject_id[owner[known]],
        relation=texts(["registered owner"])[np.zeros(int(known.sum()), dtype=np.int64)],
    )
