"""One operator and one subject: on how many different days, without a case, in seven weeks.

The only view that sees a partner looked up a few times over two months. Expected is what comes of
exposure: how much this operator looks up, how often colleagues meet the same subject, and how
often such subjects, and this operator's, are met again. A number that does not check out counts
once, however often it is typed; another one counts again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ibis
import numpy as np

from auditwatch.score.sight import (
    AGAIN_NIGHTS,
    HABIT_NIGHTS,
    MANY_LOOKUPS,
    RENOWN,
    between,
    operator_window,
)
from auditwatch.score.words import count, iso, nights_seen, number, operator, subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from auditwatch.score.sight import Known

NAME: Final = "pair"
STORY: Final = "pair"
TAIL: Final = "negative_binomial"
WINDOW_NIGHTS: Final = (45,)
LEAST: Final = 3  # two days are no story
NEEDS: Final[tuple[frozenset[str], ...]] = ()

UNIT_WEIGHT: Final = 0.7  # of the unit's own share of the subject against the whole agency's
SOFT_WORTH: Final = 3  # so many days of many lookups count as one
LINKED_WEIGHT: Final = 2  # a case-linked day takes away two: the case is known, repeats follow it
GROUP_PSEUDO_DAYS: Final = 200
OWN_PSEUDO_DAYS: Final = 60
LEAST_OF_AGENCY: Final = 0.7  # two days are no story, however rarely this desk meets anybody again
LEAST_FILLED: Final = 0.25  # of the window: the first weeks expect as much as a quarter of it
KEY: Final = ("night_number", "operator_id", "subject_id")
SUMS: Final = ("days", "linked_days", "typed_days", "many_days", "plain_many")


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count distinct days without case of each pair active tonight, from two days up."""
    window = known.within(WINDOW_NIGHTS[0])
    loud = _repeats(profiles, known, window)
    daily = known.daily
    own = operator_window(daily, nights, window, known)
    own = own.rename(who="operator_id", then="night_number")
    near = loud.join(own, [loud.night_number == own.then, loud.operator_id == own.who])
    near = near.drop("then", "who")
    met = _elsewhere(near, profiles, window).rename(
        then="night_number", who="operator_id", whom="subject_id"
    )
    same = [near.night_number == met.then, near.operator_id == met.who, near.subject_id == met.whom]
    seen = near.left_join(met, same).drop("then", "who", "whom")
    near_nights = known.within(HABIT_NIGHTS, AGAIN_NIGHTS)
    return _totals(seen, daily, nights, window, near_nights).mutate(
        window=ibis.literal(window, "int64"),
        exposure=seen.subject_days,
        filled=ibis.least(window, seen.night_number - known.oldest + 1),
    )


def _repeats(profiles: ibis.Table, known: Known, window: int) -> ibis.Table:
    """Return pairs with a day without case tonight and at least two in the window."""
    assert known.tonight is not None
    tonight = known.tonight.filter(known.tonight.bare == 1)
    tonight = tonight.select("night_number", "operator_id", "subject_id", "renown")
    past = profiles.select(
        "operator_id", "subject_id", "bare", "linked", "typed", "number", "lookups",
        then="night_number",
    )  # fmt: skip
    joined = tonight.join(past, ["operator_id", "subject_id"])
    inside = joined.filter(between(joined.then, joined.night_number, window))
    many = (inside.lookups >= MANY_LOOKUPS).cast("int64")
    by_number = inside.group_by(*KEY, "number").aggregate(
        renown=inside.renown.max(),
        days=inside.bare.sum(),
        linked_days=inside.linked.sum(),
        typed_days=(inside.bare * inside.typed).sum(),
        many_days=(inside.bare * many).sum(),
        plain_many=(inside.bare * (1 - inside.typed) * many).sum(),
        first=ibis.ifelse(inside.bare == 1, inside.then, ibis.null("int64")).min(),
    )
    pairs = by_number.group_by(*KEY).aggregate(
        renown=by_number.renown.max(),
        **{name: by_number[name].sum() for name in SUMS},
        numbers=(by_number.typed_days > 0).cast("int64").sum(),
        first=by_number["first"].min(),
    )
    soft = pairs.plain_many - pairs.plain_many // SOFT_WORTH
    plain = pairs.days - pairs.typed_days - soft
    left = plain + pairs.numbers - LINKED_WEIGHT * pairs.linked_days
    return pairs.mutate(observed=left).filter(left >= 2)


def _elsewhere(near: ibis.Table, profiles: ibis.Table, window: int) -> ibis.Table:
    """Count days on the same subject by other operators, of the same unit and of all."""
    others = profiles.select(
        whom="subject_id", other="operator_id", other_unit="operator_unit", when="night_number"
    )
    unit = near.select(*KEY, "unit")
    span = between(others.when, unit.night_number, window)
    same = [unit.subject_id == others.whom, unit.operator_id != others.other, *span]
    joined = unit.join(others, same)
    peers = joined.unit == joined.other_unit
    return joined.group_by(*KEY).aggregate(
        unit_on_subject=peers.cast("int64").sum(), all_on_subject=joined.count()
    )


def _totals(
    seen: ibis.Table, daily: ibis.Table, nights: ibis.Table, window: int, habit: int
) -> ibis.Table:
    """Add what the unit and the whole agency did in the window."""
    spans = nights.select(then="night_number")
    joined = spans.join(daily, between(daily.night_number, spans.then, window))
    late = joined.then - joined.night_number < habit
    bare = ibis.ifelse(late, joined.bare_days, 0).sum()
    again = ibis.ifelse(late, joined.again_days, 0).sum()
    of_unit = joined.group_by("then", of="unit").aggregate(
        unit_days=joined.days.sum(), unit_bare=bare, unit_again=again
    )
    by_renown = {
        f"all_{name}": ibis.ifelse(late, joined[name], 0).sum()
        for place in range(len(RENOWN))
        for name in (f"bare_{place}", f"again_{place}")
    }
    of_all = joined.group_by("then").aggregate(
        all_days=joined.days.sum(), all_bare=bare, all_again=again, **by_renown
    )
    same = [seen.night_number == of_unit.then, seen.unit == of_unit.of]
    with_unit = seen.join(of_unit, same).drop("then", "of")
    return with_unit.join(of_all, with_unit.night_number == of_all.then).drop("then")


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return expected further days on the subject: by its popularity, and by the habit of return.

    Notes
    -----
    By popularity: subject-days of the operator x share of the subject among others (.7 unit, .3
    agency) x the operator's share without case. By habit: the operator's mean returns for each
    subject first met, this pair left out, shrunk to the unit and the agency; without it a subject
    that nobody else ever meets would expect nothing, and every regular on a beat would stand out.
    While the window is not filled there was less time to return in, and so there is on the nights
    compared with: without that, the first weeks flood.
    """
    m = measured.fillna({"unit_on_subject": 0, "all_on_subject": 0})
    own = m["subject_days"].to_numpy(float)
    bare_rate = (m["bare_days"].to_numpy(float) + 1) / (own + 1)
    in_unit = m["unit_on_subject"] / np.maximum(m["unit_days"] - own, 1)
    in_all = m["all_on_subject"] / np.maximum(m["all_days"] - own, 1)
    share = UNIT_WEIGHT * in_unit + (1 - UNIT_WEIGHT) * in_all
    popularity = np.minimum(own * share.to_numpy(float) * bare_rate, own)
    odds = return_rate(m)
    filled = np.maximum(m["filled"].to_numpy(float) / m["window"].to_numpy(float), LEAST_FILLED)
    return np.asarray(popularity + odds / (1 - odds) * filled)


def return_rate(m: pd.DataFrame) -> np.ndarray:
    """Return the share of days without case that are returns, for this operator and such a subject.

    Agency-wide for subjects as well known as this one, times how much more or less than the
    agency this operator returns to anybody.
    """
    agency = (m["all_again"] + 1) / (m["all_bare"] + 2)
    unit = (m["unit_again"] - m["habit_again"] + GROUP_PSEUDO_DAYS * agency).clip(lower=1e-3)
    unit = unit / (m["unit_bare"] - m["habit_days"] + GROUP_PSEUDO_DAYS).clip(lower=1)
    again = (m["habit_again"] - (m["days"] - 1)).clip(lower=0)
    days = (m["habit_days"] - m["days"]).clip(lower=0)
    own = (again + OWN_PSEUDO_DAYS * unit) / (days + OWN_PSEUDO_DAYS)
    habit = np.maximum(own / agency, LEAST_OF_AGENCY)
    such = agency.to_numpy(float)
    for place in range(len(RENOWN)):
        rate = m[f"all_again_{place}"] + GROUP_PSEUDO_DAYS * agency
        rate = rate / (m[f"all_bare_{place}"] + GROUP_PSEUDO_DAYS)
        such = np.where(m["renown"] == place, rate, such)
    return np.asarray(np.clip(such * habit, 0.0, 0.8), dtype=float)


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the days without case of given pairs."""
    window = known.within(WINDOW_NIGHTS[0])
    rows = profiles.filter(profiles.bare == 1).select(
        "night_number", who="operator_id", whom="subject_id"
    )
    same = [units.operator_id == rows.who, units.subject_id == rows.whom]
    joined = units.select("item", "operator_id", "subject_id", then="night_number").join(
        rows, [*same, *between(rows.night_number, units.night_number, window)]
    )
    return joined.select("item", "night_number", "operator_id", "subject_id")


def title(row: Mapping[str, Any]) -> str:
    """Return who looked at whom on how many days."""
    return (
        f"{operator(row['operator_id'])} looked at {subject(row['subject_id'])} on "
        f"{count(row['days'], 'different day')} without a case that checks out"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return days seen against days expected."""
    return (
        f"{operator(row['operator_id'])} looked at {subject(row['subject_id'])} on "
        f"{count(row['days'], 'different day')} without a case that checks out, in the "
        f"{nights_seen(row)} up to {iso(row['night_number'])}; expected "
        f"{number(row['expected'])}, from how often others meet this subject, how often anybody "
        f"returns to subjects as well known, and how often this operator does."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return case links, typed numbers and colleagues on the same subject."""
    found = []
    if row["linked_days"]:
        found.append(f"On {count(row['linked_days'], 'other day')} a case explains the lookup.")
    if row["typed_days"]:
        found.append(
            f"On {count(row['typed_days'], 'of these days', 'of these days')} a case number was "
            "typed in; that case does not list the subject, was not open, or is not on file. "
            f"{_numbers(row)}"
        )
    if row["many_days"]:
        found.append(
            f"On {count(row['many_days'], 'of these days', 'of these days')} the subject was "
            f"looked up {MANY_LOOKUPS} times or more, as when a hotlist is followed by hand."
        )
    if row["all_on_subject"]:
        found.append(
            f"Other operators looked at this subject on "
            f"{count(row['all_on_subject'], 'operator-day')}, "
            f"{int(row['unit_on_subject']):,} of them in the same unit."
        )
    return found


def _numbers(row: Mapping[str, Any]) -> str:
    """Return how many numbers they were: one again and again is one piece of work."""
    if row["numbers"] == 1:
        return "It was the same number each time, which counts as one day."
    return f"They were {count(row['numbers'], 'different number')}."


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: days apart look the same whatever the reason."""
    del lookups
    return []
