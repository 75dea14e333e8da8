"""The city in progress: everything that exists before anybody looks anything up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.draws import chance
from auditwatch.synthetic.moments import Moments
from auditwatch.synthetic.vocabulary import ROLE_CODE, UNIT_CODE

if TYPE_CHECKING:
    from auditwatch.synthetic.calendar import Calendar
    from auditwatch.synthetic.cases import Casebook
    from auditwatch.synthetic.draws import Ints
    from auditwatch.synthetic.habits import Habits
    from auditwatch.synthetic.residents import Residents
    from auditwatch.synthetic.shifts import Shifts
    from auditwatch.synthetic.staff import Staff

__all__ = ["World"]

_AT_DESK = 0.12
_AT_COUNTER = 0.012


@dataclass(frozen=True)
class World:
    """The calendar, the people, the operators, their shifts and their cases.

    Parameters
    ----------
    calendar : Calendar
        Local time.
    residents : Residents
        The people.
    staff : Staff
        The operators.
    shifts : Shifts
        Shifts really worked.
    casebook : Casebook
        Incidents and cases.
    habits : Habits
        What operators usually declare; none before honest work is done.
    """

    calendar: Calendar
    residents: Residents
    staff: Staff
    shifts: Shifts
    casebook: Casebook
    habits: Habits

    def working(self, roles: tuple[str, ...], units: tuple[str, ...] = ()) -> Ints:
        """Return the shifts of some roles, in some units if any are named."""
        shifts = self.shifts
        chosen = np.isin(self.staff.role[shifts.operator], [ROLE_CODE[role] for role in roles])
        if units:
            chosen &= np.isin(shifts.unit, [UNIT_CODE[unit] for unit in units])
        return np.flatnonzero(chosen)

    def spread(self, rng: np.random.Generator, shift: Ints, per_shift: float) -> Moments:
        """Return moments spread over shifts, more for busy operators and on busy days.

        Parameters
        ----------
        rng : Generator
            Source of chance.
        shift : ndarray of int64
            Shifts to spread over.
        per_shift : float
            Mean number for an ordinary operator.
        """
        operator = self.shifts.operator[shift]
        length = (self.shifts.end[shift] - self.shifts.start[shift]) / 36000.0
        busy = self.staff.activity[operator] * rng.gamma(6.0, 1 / 6.0, size=len(shift)) * length
        return self.during(rng, np.repeat(shift, rng.poisson(per_shift * busy)))

    def during(self, rng: np.random.Generator, shift: Ints) -> Moments:
        """Return one random moment in each of the given shifts."""
        span = self.shifts.end[shift] - self.shifts.start[shift]
        return self.at(
            rng, shift, self.shifts.start[shift] + (span * rng.random(len(shift))).astype(np.int64)
        )

    def at(self, rng: np.random.Generator, shift: Ints, time: Ints) -> Moments:
        """Return moments at given times in given shifts, seats as people change them.

        Parameters
        ----------
        rng : Generator
            Source of chance.
        shift, time : ndarray of int64
            Which shift, and the instant.

        Notes
        -----
        Mostly the shift's own car or seat, another one after a swap, a shared desk for reports,
        now and then a counter of another unit (a booking, a form).
        """
        shifts, size = self.shifts, len(shift)
        own = np.where(time < shifts.swapped_at[shift], shifts.terminal[shift], shifts.spare[shift])
        u = rng.random(size)
        desk = self.staff.desks.draw(rng, shifts.unit[shift])
        counter = self.staff.fleet.values[rng.integers(0, len(self.staff.fleet.values), size=size)]
        seat = np.select([u < _AT_DESK, u < _AT_DESK + _AT_COUNTER], [desk, counter], own)
        return Moments(shift, shifts.operator[shift], time, seat)

    def times(self, rng: np.random.Generator, a_week: float) -> Ints:
        """Return random instants for rare occasions, in order.

        Parameters
        ----------
        rng : Generator
            Source of chance.
        a_week : float
            Mean number a week in a city of 420 operators; others in proportion.
        """
        first, after = self.calendar.bounds()
        mean = a_week * self.calendar.days / 7 * self.staff.size / 420
        return np.sort(rng.integers(first, after, size=rng.poisson(mean)))

    def on_duty(self, shift: Ints, time: int, until: int) -> Ints:
        """Return those of the given shifts that are being worked from one instant to another."""
        shifts = self.shifts
        return shift[(shifts.start[shift] <= time) & (shifts.end[shift] > until)]

    def case_at(self, rng: np.random.Generator, moments: Moments, share: float) -> Ints:
        """Return the case each operator was last called to, -1 for a share who leave it out.

        Parameters
        ----------
        rng : Generator
            Source of chance.
        moments : Moments
            Who and when.
        share : float
            Share of lookups that name it.
        """
        case = self.casebook.latest(moments.operator, moments.time)
        return np.where(chance(rng, len(moments), share), case, -1)
