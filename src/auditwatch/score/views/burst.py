"""One subject and its crowd: how many operators at once, without a case.

Operators look once each, so no view of operators sees it. One finding names the crowd. Whoever came
in a rush, as after a broadcast, counts as one together: that is one act of the agency, not the
curiosity of thirty operators. Whoever typed one and the same number is at one and the same work;
as many numbers as operators are as many pretexts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ibis
import numpy as np

from auditwatch.score.sight import between
from auditwatch.score.words import count, iso, number, subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from auditwatch.score.sight import Known

NAME: Final = "burst"
STORY: Final = "subject"
TAIL: Final = "negative_binomial"
WINDOW_NIGHTS: Final = (1, 4, 14)
LEAST: Final = 5  # fewer are no crowd
NEEDS: Final[tuple[frozenset[str], ...]] = ()

PAST_NIGHTS: Final = 45  # the window and what came before it
PAST_WORTH: Final = 2  # windows of history, itself included: without a past every regular is news
UNSEEN: Final = 1  # operator-days that a past without any may have missed
KEY: Final = ("night_number", "subject_id")


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count distinct operators without case on each subject looked at tonight, from two up."""
    met = _meetings(profiles, nights, known)
    chance = _chance(profiles, nights)
    parts = [_crowds(met, window, known) for window in WINDOW_NIGHTS]
    crowds = ibis.union(*parts)
    same = crowds.night_number == chance.then
    known_for = crowds.night_number - known.oldest + 1
    crowds = crowds.filter(known_for >= PAST_WORTH * crowds.window)
    before = known_for - crowds.window  # nights there could have been a past in
    crowds = crowds.mutate(past_nights=ibis.least(crowds.past_nights, before))
    return crowds.join(chance, same).drop("then")


def _meetings(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Return every row of the past on subjects that somebody looked at tonight without case."""
    tonight = profiles.filter(profiles.bare == 1).semi_join(nights, "night_number")
    tonight = tonight.select("night_number", "subject_id").distinct()
    tonight = tonight.semi_join(_shared(profiles, nights, known), "subject_id")
    rows = profiles.select(
        "subject_id",
        "operator_id",
        "operator_unit",
        "bare",
        "linked",
        "hasty",
        "typed",
        "number",
        then="night_number",
    )
    joined = tonight.join(rows, "subject_id")
    inside = joined.filter(between(joined.then, joined.night_number, known.within(PAST_NIGHTS)))
    return inside.mutate(age=inside.night_number - inside.then)


def _shared(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Return subjects whom two operators or more looked at without case: others are no crowd.

    In the widest window of any of the nights.
    """
    first = nights.night_number.min() - known.within(WINDOW_NIGHTS[-1])
    rows = profiles.filter((profiles.bare == 1) & (profiles.night_number > first.as_scalar()))
    each = rows.group_by("subject_id").aggregate(
        least=rows.operator_id.min(), most=rows.operator_id.max()
    )
    return each.filter(each.least != each.most).select("subject_id")


def _chance(profiles: ibis.Table, nights: ibis.Table) -> ibis.Table:
    """Count how many operators meet on how many subjects on an ordinary night."""
    rows = profiles.filter(profiles.bare == 1).semi_join(nights, "night_number")
    each = rows.group_by("night_number", "subject_id").aggregate(n=rows.count())
    return each.group_by(then="night_number").aggregate(
        pairs_tonight=each.n.sum(), subjects_tonight=each.count()
    )


def _crowds(met: ibis.Table, window: int, known: Known) -> ibis.Table:
    """Count the crowds of one window; a case takes one operator along.

    Operators who came in a rush count as one, and so do those who typed the same number.
    """
    width = known.within(window)
    calm = met.bare * (1 - met.hasty)
    now = met.age < width
    nothing = ibis.null("int64")
    each = met.group_by(*KEY, "operator_id").aggregate(
        of_unit=met.operator_unit.min(),
        now=ibis.ifelse(now, met.bare, 0).max(),
        apart=ibis.ifelse(now, calm, 0).max(),
        number=ibis.ifelse(now & (calm * met.typed == 1), met.number, nothing).min(),
        given=ibis.ifelse(now, calm * met.typed, 0).max(),
        cased=ibis.ifelse(now, met.linked, 0).max(),
        past=ibis.ifelse(met.age >= width, met.bare, 0).sum(),
        first=ibis.ifelse(now & (met.bare == 1), met.then, nothing).min(),
    )
    here = ((each.now == 1) & (each.cased == 0)).cast("int64")
    apart = here * each.apart
    typed = apart * each.given
    each = each.mutate(here=here, apart=apart, typed=typed)
    found = each.group_by(*KEY).aggregate(
        crowd=each.here.sum(), apart=each.apart.sum(), typed=each.typed.sum(),
        numbers=each.number.nunique(where=each.typed == 1),
        units=each.of_unit.nunique(where=each.here == 1),
        linked_operators=each.cased.sum(), past_days=each.past.sum(), first=each["first"].min(),
    )  # fmt: skip
    rush = (found.crowd > found.apart).cast("int64")
    observed = found.apart - found.typed + found.numbers + rush - found.linked_operators
    whole = {
        "observed": observed,
        "exposure": found.crowd,
        "window": ibis.literal(width, "int64"),
        "past_nights": ibis.literal(max(1, known.within(PAST_NIGHTS) - width), "int64"),
    }
    return found.mutate(**whole).filter(observed >= 2)


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return operators expected on the subject: its past rate, and how often two meet by chance.

    Notes
    -----
    Nobody in the past is no proof that nobody ever comes: one further operator-day is added to it,
    or five who meet by chance on somebody new would weigh more than twenty on somebody known.
    """
    past = (measured["past_days"] + UNSEEN) / measured["past_nights"] * measured["window"]
    meets = (measured["pairs_tonight"] - measured["subjects_tonight"]) / measured[
        "subjects_tonight"
    ]
    return np.asarray(past + meets.clip(lower=0.01), dtype=float)


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the lookups without case on given subjects."""
    rows = profiles.filter(profiles.bare == 1).select(
        "night_number", "operator_id", whom="subject_id"
    )
    wanted = units.select("item", "subject_id", "window", then="night_number")
    same = [wanted.subject_id == rows.whom, rows.night_number <= wanted.then]
    joined = wanted.join(rows, [*same, rows.night_number > wanted.then - wanted.window])
    del known
    return joined.select("item", "night_number", "operator_id", "subject_id")


def title(row: Mapping[str, Any]) -> str:
    """Return how many looked at whom."""
    return (
        f"{count(row['crowd'], 'operator')} of {count(row['units'], 'unit')} looked at "
        f"{subject(row['subject_id'])} {_span(row)}, and no case explains it"
    )


def _span(row: Mapping[str, Any]) -> str:
    """Return the window in words."""
    return "on one day" if row["window"] == 1 else f"within {count(row['window'], 'day')}"


def say(row: Mapping[str, Any]) -> str:
    """Return the crowd against what the subject's past lets expect."""
    together = int(row["crowd"] - row["apart"])
    rush = f" ({together:,} of them at about the same time: they count as one)" if together else ""
    return (
        f"{count(row['crowd'], 'operator')} of {count(row['units'], 'unit')} looked at "
        f"{subject(row['subject_id'])} without a case that checks out {_span(row)} up to "
        f"{iso(row['night_number'])}{rush}; expected {number(row['expected'])}, from "
        f"{count(row['past_days'], 'such operator-day')} in the "
        f"{count(row['past_nights'], 'night')} before."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return how many came in a rush, and how many had a case."""
    found = []
    if together := int(row["crowd"] - row["apart"]):
        found.append(
            f"{together:,} of {count(row['crowd'], 'operator')} looked within two hours of each "
            "other, as after a broadcast, in a pursuit or at a change of shift."
        )
    if row["typed"]:
        found.append(
            f"{int(row['typed']):,} of the others typed a case number that does not check out, "
            f"{count(row['numbers'], 'different number')} in all: the same number counts once."
        )
    if row["linked_operators"]:
        both = row["crowd"] + row["linked_operators"]
        found.append(
            f"{int(row['linked_operators']):,} of {count(both, 'operator')} looked at it with a "
            "case that checks out."
        )
    return found


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: how close in time the lookups were is counted already."""
    del lookups
    return []
