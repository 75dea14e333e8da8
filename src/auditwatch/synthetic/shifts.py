"""Who works when and where, and what the duty book says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.calendar import DAY, HOUR
from auditwatch.synthetic.draws import Flags, Groups, Ints, chance
from auditwatch.synthetic.vocabulary import ROLE_CODE, STREET_UNITS, UNIT_CODE

if TYPE_CHECKING:
    from auditwatch.synthetic.calendar import Calendar
    from auditwatch.synthetic.staff import Staff

__all__ = ["CALLED_OUT", "OFFICE", "SLOTS", "Shifts", "make_shifts"]

SLOTS = ("day", "swing", "night", "office", "called out")
OFFICE, CALLED_OUT = 3, 4
_STARTS = np.array([6, 14, 21, 8], dtype=np.int64) * HOUR
_LENGTHS = np.array([10, 10, 10, 9], dtype=np.int64) * HOUR
_ROTATION_DAYS = 28
_SWAPS = 0.05
_TEAM_UNITS = (*STREET_UNITS, "dispatch", "custody")


@dataclass(frozen=True)
class Shifts:
    """One entry per shift really worked, sorted by operator and day.

    Parameters
    ----------
    operator, day, slot, unit, beat, terminal : ndarray of int64
        Who, local day number, one of `SLOTS`, unit and beat that day, terminal.
    spare, swapped_at : ndarray of int64
        Terminal after a swap in mid-shift, and when; long after the shift for most.
    start, end : ndarray of int64
        When it was worked, overtime included.
    planned_start, planned_end : ndarray of int64
        What the duty book says.
    recorded : ndarray of bool
        Whether the duty book has it at all.
    crews : Groups
        Crew key (see `crew`) to shifts.
    streets : Groups
        Day and slot to the patrol and traffic shifts of the whole city.
    of_operator : Groups
        Operator to shifts.
    """

    operator: Ints
    day: Ints
    slot: Ints
    unit: Ints
    beat: Ints
    terminal: Ints
    spare: Ints
    swapped_at: Ints
    start: Ints
    end: Ints
    planned_start: Ints
    planned_end: Ints
    recorded: Flags
    crews: Groups
    streets: Groups
    of_operator: Groups

    def crew(self, shift: Ints) -> Ints:
        """Return the number of the crew (unit, day, slot) a shift belongs to."""
        return _watch(self.day, self.slot)[shift] * 16 + self.unit[shift]

    def watch(self, shift: Ints) -> Ints:
        """Return the number of the watch (day, slot) a shift belongs to."""
        return _watch(self.day, self.slot)[shift]


def _watch(day: Ints, slot: Ints) -> Ints:
    """Return one number for a day and a slot; day -1 is the first."""
    return (day + 1) * 8 + slot


def _working(rng: np.random.Generator, staff: Staff, days: Ints, weekday: Ints) -> Flags:
    """Return who works on which day: four on and three off, office weeks, leave, illness."""
    team = np.isin(staff.unit, [UNIT_CODE[name] for name in _TEAM_UNITS])
    phase = rng.integers(0, 7, size=(staff.size, 1))
    on_team = (days[None, :] + 1 + phase) % 7 < 4
    on_office = np.broadcast_to(weekday[None, :] < 5, on_team.shape)
    away_from = rng.integers(-10, max(1, len(days)), size=(staff.size, 1))
    away_for = np.where(rng.random((staff.size, 1)) < 0.5, rng.integers(4, 15), 0)
    away = (days[None, :] >= away_from) & (days[None, :] < away_from + away_for)
    ill = rng.random(on_team.shape) < 0.02
    employed = _employed(staff, days)
    return np.where(team[:, None], on_team, on_office) & ~away & ~ill & employed


def _employed(staff: Staff, days: Ints) -> Flags:
    """Return who has joined and not yet left on which day."""
    joined, left = staff.joined_on[:, None], staff.left_on[:, None]
    return np.asarray((days >= np.where(joined > 0, joined, -1)) & (days < left))


def _called_out(rng: np.random.Generator, staff: Staff, days: Ints, working: Flags) -> Flags:
    """Return who is called in on a day off: detectives most, then patrol, seldom a desk."""
    share = np.full(staff.size, 0.009)
    share[staff.having("officer", "sergeant", "dispatcher")] = 0.022
    share[staff.having("detective")] = 0.035
    called = rng.random(working.shape) < share[:, None]
    return called & ~working & _employed(staff, days)


def _slots(staff: Staff, operator: Ints, day: Ints) -> Ints:
    """Return the slot of each working day; teams rotate every four weeks."""
    team = np.isin(staff.unit[operator], [UNIT_CODE[name] for name in _TEAM_UNITS])
    turn = (staff.team[operator] + (day + 1) // _ROTATION_DAYS) % 3
    return np.where(team, turn, OFFICE)


def _plan(
    rng: np.random.Generator, calendar: Calendar, habit: Ints, day: Ints, slot: Ints
) -> tuple[Ints, Ints]:
    """Return planned starts and ends; every operator has a personal quarter hour."""
    out = slot == CALLED_OUT
    usual = _STARTS[np.minimum(slot, OFFICE)] + habit * 900
    begin = np.where(out, rng.integers(5, 23, size=len(slot)) * HOUR, usual)
    length = np.where(out, rng.integers(3, 7, size=len(slot)) * HOUR, _LENGTHS[slot % CALLED_OUT])
    start = calendar.instant(day, begin)
    return start, start + length


def _worked(rng: np.random.Generator, planned_start: Ints, planned_end: Ints) -> tuple[Ints, Ints]:
    """Return real starts and ends: minutes of jitter, some early starts, some overtime."""
    size = len(planned_start)
    early = np.where(chance(rng, size, 0.04), rng.exponential(1.0 * HOUR, size), 0)
    late = np.where(chance(rng, size, 0.13), rng.exponential(1.5 * HOUR, size), 0)
    jitter = rng.integers(0, 600, size=(2, size))
    start = planned_start + jitter[0] - np.minimum(early, 3 * HOUR).astype(np.int64)
    end = planned_end - jitter[1] + np.minimum(late, 5 * HOUR).astype(np.int64)
    return start, end


def _seats(rng: np.random.Generator, staff: Staff, operator: Ints, unit: Ints) -> Ints:
    """Return the car or seat of each shift: mostly one's own, else another of the unit."""
    mobile = np.isin(unit, [UNIT_CODE[name] for name in STREET_UNITS])
    own = chance(rng, len(unit), np.where(mobile, 0.62, 0.93)) & (staff.unit[operator] == unit)
    return np.where(own, staff.home[operator], staff.fleet.draw(rng, unit))


def make_shifts(rng: np.random.Generator, calendar: Calendar, staff: Staff) -> Shifts:
    """Return all shifts that touch the trail, the night before the first day included.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    calendar : Calendar
        Local time.
    staff : Staff
        The operators.
    """
    days = np.arange(-1, calendar.days, dtype=np.int64)
    weekday = (calendar.midnight // DAY + days + 3) % 7
    working = _working(rng, staff, days, weekday)
    extra = _called_out(rng, staff, days, working)
    operator, column = np.nonzero(working | extra)
    day = days[column]
    slot = np.where(extra[operator, column], CALLED_OUT, _slots(staff, operator, day))
    unit = staff.unit_on(operator, day)
    habit = rng.integers(-4, 5, size=staff.size)
    planned_start, planned_end = _plan(rng, calendar, habit[operator], day, slot)
    start, end = _worked(rng, planned_start, planned_end)
    keep = np.where(slot == CALLED_OUT, 0.3, 0.965)
    street = np.isin(unit, [UNIT_CODE[name] for name in STREET_UNITS])
    street &= np.isin(staff.role[operator], [ROLE_CODE["officer"], ROLE_CODE["sergeant"]])
    watch = _watch(day, slot)
    positions = np.arange(len(day), dtype=np.int64)
    return Shifts(
        operator=operator.astype(np.int64),
        day=day,
        slot=slot,
        unit=unit,
        beat=staff.beat_on(operator, day),
        terminal=_seats(rng, staff, operator, unit),
        spare=staff.fleet.draw(rng, unit),
        swapped_at=start + np.where(chance(rng, len(day), _SWAPS), (end - start) // 2, DAY),
        start=start,
        end=end,
        planned_start=planned_start,
        planned_end=planned_end,
        recorded=chance(rng, len(day), keep),
        crews=Groups(watch * 16 + unit, positions),
        streets=Groups(watch[street], positions[street]),
        of_operator=Groups(operator, positions),
    )
