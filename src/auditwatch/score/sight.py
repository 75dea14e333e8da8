"""What every view looks at: profile rows with a mark for "no case", and what is known beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import ibis

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AGAIN_NIGHTS",
    "HABIT_NIGHTS",
    "RENOWN",
    "Known",
    "between",
    "by_operator",
    "marked",
    "oldest_night",
    "operator_window",
    "renowned",
]

#: An operator's habit of meeting the same subjects again: nights looked at, and how far back a
#: meeting counts as "again". Together with 14 nights of calibration they stay within 60 nights.
HABIT_NIGHTS: Final = 21
AGAIN_NIGHTS: Final = 24
#: How well known a subject is: looked at by others on so many operator-days of the nights that a
#: meeting counts as "again" for. Nobody else, one or two, a few, everybody on the beat.
RENOWN: Final = (0, 1, 3, 10)


@dataclass(frozen=True)
class Known:
    """What is known beside the profile.

    Parameters
    ----------
    reach : int
        Nights of profile that a measured night may look back on, itself included.
    belongings : ibis.Table, optional
        `subject_id`, `owner_id`, `relation`: subjects tied to an operator, and how.
    marks : ibis.Table, optional
        Rows of MARK_NIGHTS, coded as the profile is.
    """

    reach: int
    belongings: ibis.Table | None = None
    marks: ibis.Table | None = None

    def within(self, nights: int, beyond: int = 0) -> int:
        """Return a window cut to what every measured night can look back on.

        Parameters
        ----------
        nights : int
            The window.
        beyond : int
            Nights that each row of the window itself looks back on.
        """
        whole = nights + beyond
        return nights if whole <= self.reach else max(1, self.reach * nights // whole)


def marked(profiles: ibis.Table, *, by_case: bool) -> ibis.Table:
    """Add `bare`, `linked`, `typed` and `hasty`, 0 or 1, to profile rows.

    Parameters
    ----------
    profiles : ibis.Table
        Rows of PAIR_NIGHTS.
    by_case : bool
        True where cases were given: linked when a case checks out. Without them a typed number is
        all there is, and it counts. A row is bare when neither an open case nor one that was
        closed lately explains any of it. Hasty when every lookup of it was made in a rush.
    """
    linked = (profiles.explained if by_case else profiles.numbered) > 0
    return profiles.mutate(
        linked=linked.cast("int64"),
        bare=(~linked & (profiles.settled == 0)).cast("int64"),
        typed=(profiles.numbered > 0).cast("int64"),
        hasty=(profiles.rushed >= profiles.lookups).cast("int64"),
    )


def between(left: ibis.IntegerValue, right: ibis.IntegerValue, nights: int) -> Sequence[ibis.Value]:
    """Return join conditions: `left` lies in the `nights` nights that end with `right`."""
    return [left <= right, left > right - nights]


def oldest_night(profiles: ibis.Table) -> ibis.IntegerScalar:
    """Return the first night there is a profile of: nobody could be met before it."""
    return profiles.aggregate(oldest=profiles.night_number.min()).as_scalar()


def renowned(profiles: ibis.Table, known: Known) -> ibis.Table:
    """Add `again` and `renown` to profile rows.

    A row is met `again`, 0 or 1, when the same operator looked at the same subject without case on
    another night not long before. `renown` is the place in `RENOWN` of how many operator-days
    others spent on the subject in those nights.
    """
    back = known.within(AGAIN_NIGHTS, HABIT_NIGHTS)
    order = ibis.window(
        group_by=[profiles.operator_id, profiles.subject_id, profiles.bare],
        order_by=profiles.night_number,
    )
    gap = profiles.night_number - profiles.night_number.lag().over(order)
    again = ((gap <= back) & (profiles.bare == 1)).fill_null(False)
    near = {"preceding": back, "following": 0, "order_by": profiles.night_number}
    by_all = ibis.range_window(group_by=profiles.subject_id, **near)
    by_self = ibis.range_window(group_by=[profiles.operator_id, profiles.subject_id], **near)
    others = profiles.count().over(by_all) - profiles.count().over(by_self)
    renown = sum((others >= least).cast("int64") for least in RENOWN[1:])
    return profiles.mutate(again=again.cast("int64"), renown=renown)


def by_operator(rows: ibis.Table) -> ibis.Table:
    """Return each operator's nights: subject-days, without case, and how many met again.

    Parameters
    ----------
    rows : ibis.Table
        From `renowned`; days without case and returns are also counted by renown.
    """
    of = {
        f"{name}_{place}": ibis.ifelse(rows.renown == place, rows[name], 0).sum()
        for place in range(len(RENOWN))
        for name in ("bare", "again")
    }
    return rows.group_by("night_number", "operator_id").aggregate(
        role=rows.operator_role.min(),
        unit=rows.operator_unit.min(),
        days=rows.count(),
        bare_days=rows.bare.sum(),
        again_days=rows.again.sum(),
        **of,
    )


def operator_window(daily: ibis.Table, nights: ibis.Table, window: int, known: Known) -> ibis.Table:
    """Add up the window of every operator active on each night, with role and unit of that night.

    Returns
    -------
    ibis.Table
        `night_number`, `operator_id`, `role`, `unit`, `subject_days`, `bare_days`, and over the
        habit window `habit_days` (without case), `habit_again`.
    """
    tonight = nights.join(daily, "night_number").select(
        "night_number", "operator_id", "role", "unit"
    )
    past = daily.select(
        then="night_number", who="operator_id", days="days", bare="bare_days", again="again_days"
    )
    near = known.within(HABIT_NIGHTS, AGAIN_NIGHTS)
    span = between(past.then, tonight.night_number, max(window, near))
    joined = tonight.join(past, [tonight.operator_id == past.who, *span])
    age = joined.night_number - joined.then
    return joined.group_by("night_number", "operator_id", "role", "unit").aggregate(
        subject_days=ibis.ifelse(age < window, joined.days, 0).sum(),
        bare_days=ibis.ifelse(age < window, joined.bare, 0).sum(),
        habit_days=ibis.ifelse(age < near, joined.bare, 0).sum(),
        habit_again=ibis.ifelse(age < near, joined.again, 0).sum(),
    )
