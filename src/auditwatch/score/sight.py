"""What every view looks at: profile rows with a mark for "no case", and what is known beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import ibis

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AGAIN_NIGHTS",
    "COLD_NIGHTS",
    "HABIT_NIGHTS",
    "MANY_LOOKUPS",
    "MET_NIGHTS",
    "OWN_NIGHTS",
    "RENOWN",
    "Known",
    "between",
    "by_operator",
    "marked",
    "operator_window",
    "recognised",
]

MANY_LOOKUPS: Final = 5  # of one subject by one operator on one day: a hotlist followed by hand

#: An operator's habit of meeting the same subjects again: nights looked at, and how far back a
#: meeting counts as "again". Together with 14 nights of calibration they stay within 60 nights.
HABIT_NIGHTS: Final = 21
AGAIN_NIGHTS: Final = 24
#: How well known a subject is: looked at by others on so many operator-days of the nights that a
#: meeting counts as "again" for. Nobody else, one or two, a few, everybody on the beat.
RENOWN: Final = (0, 1, 3, 10)
#: Nights in which it matters who else met a subject; further back only what operators did counts.
MET_NIGHTS: Final = 45
#: A subject is cold when no other operator looked at it in so many nights.
COLD_NIGHTS: Final = 14
#: Of an operator's cold subjects: own history ends where the longest window begins.
OWN_NIGHTS: Final = 31


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
    work : ibis.Table, optional
        What each operator did on each night that a measured night may look back on, as
        `by_operator` counts it, coded as the profile is.
    tonight : ibis.Table, optional
        The rows of the measured nights, as `recognised` returns them.
    oldest : int
        The first night there is a profile of: nobody could be met before it.

    Notes
    -----
    The profile that a view is given holds what was done to the subjects of the measured nights,
    and to those tied to staff; what an operator did in all is in `work`.
    """

    reach: int
    belongings: ibis.Table | None = None
    marks: ibis.Table | None = None
    work: ibis.Table | None = None
    tonight: ibis.Table | None = None
    oldest: int = 0

    @property
    def daily(self) -> ibis.Table:
        """Each operator's nights."""
        assert self.work is not None
        return self.work

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


def recognised(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Return the rows of some nights with `again`, `renown` and `cold`.

    A row is met `again`, 0 or 1, when the same operator looked at the same subject without case on
    another night not long before. `renown` is the place in `RENOWN` of how many operator-days
    others spent on the subject in those nights. `cold` is 1 where no case explains it and no other
    operator looked at the subject in the 14 nights up to then.
    """
    back = known.within(AGAIN_NIGHTS, HABIT_NIGHTS)
    near = known.within(COLD_NIGHTS, OWN_NIGHTS)
    rows = profiles.semi_join(nights, "night_number")
    whom = rows.select("subject_id", tonight="night_number").distinct()
    daily = profiles.group_by("subject_id", then="night_number").aggregate(n=profiles.count())
    met = whom.join(daily, "subject_id")
    met = met.filter(between(met.then, met.tonight, back + 1))
    by_all = met.group_by("tonight", "subject_id").aggregate(
        met=met.n.sum(), met_near=ibis.ifelse(met.tonight - met.then < near, met.n, 0).sum()
    )
    past = profiles.select("operator_id", "subject_id", was_bare="bare", then="night_number")
    mine = rows.select("operator_id", "subject_id", tonight="night_number")
    mine = mine.join(past, ["operator_id", "subject_id"])
    mine = mine.filter(between(mine.then, mine.tonight, back + 1))
    before = (mine.was_bare == 1) & (mine.then < mine.tonight)
    by_self = mine.group_by("tonight", "operator_id", "subject_id").aggregate(
        own=mine.count(),
        own_near=(mine.tonight - mine.then < near).cast("int64").sum(),
        last=ibis.ifelse(before, mine.then, ibis.null("int64")).max(),
    )
    both = by_self.join(by_all, ["tonight", "subject_id"]).rename(night_number="tonight")
    whole = rows.join(both, ["night_number", "operator_id", "subject_id"])
    renown = sum((whole.met - whole.own >= least).cast("int64") for least in RENOWN[1:])
    # nobody meets a person before a night that is too far back to count
    again = whole["last"].notnull() & (whole.night_number - whole["last"] <= back)
    cold = (whole.met_near == whole.own_near) & (whole.bare == 1)
    return whole.mutate(
        again=(again & (whole.bare == 1)).cast("int64"), renown=renown, cold=cold.cast("int64")
    ).drop("met", "met_near", "own", "own_near", "last")


def by_operator(rows: ibis.Table) -> ibis.Table:
    """Return each operator's nights: subject-days, without case, how many met again, how many cold.

    Parameters
    ----------
    rows : ibis.Table
        From `recognised`; days without case and returns are also counted by renown.
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
        cold_days=rows.cold.sum(),
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
