"""One subject and its crowd: how many operators at once, without a case.

Operators look once each, so no view of operators sees it. One finding names the crowd. Whoever came
in a rush, as after a broadcast, counts as one together: that is one act of the agency, not the
curiosity of thirty operators.
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
    return crowds.join(chance, same).drop("then")


def _meetings(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Return every row of the past on subjects that somebody looked at tonight without case."""
    tonight = profiles.filter(profiles.bare == 1).semi_join(nights, "night_number")
    tonight = tonight.select("night_number", "subject_id").distinct()
    rows = profiles.select(
        "subject_id",
        "operator_id",
        "operator_unit",
        "bare",
        "linked",
        "hasty",
        "typed",
        then="night_number",
    )
    joined = tonight.join(rows, "subject_id")
    inside = joined.filter(between(joined.then, joined.night_number, known.within(PAST_NIGHTS)))
    return _calm_about_staff(inside, known).mutate(age=inside.night_number - inside.then)


def _calm_about_staff(met: ibis.Table, known: Known) -> ibis.Table:
    """Return meetings of which none on a colleague counts as made in a rush or as half.

    Word of a colleague spreads like a broadcast, but nobody is sent out to look for one, and many
    who are curious give the number of their own last call.
    """
    if known.belongings is None:
        return met
    own = known.belongings.filter(known.belongings.relation == "self")
    staff = own.select(whom="subject_id").distinct().mutate(staff=ibis.literal(1, "int64"))
    joined = met.left_join(staff, met.subject_id == staff.whom)
    other = 1 - joined.staff.fill_null(0)
    plain = joined.mutate(hasty=joined.hasty * other, typed=joined.typed * other)
    return plain.drop("whom", "staff")


def _chance(profiles: ibis.Table, nights: ibis.Table) -> ibis.Table:
    """Count how many operators meet on how many subjects on an ordinary night."""
    rows = profiles.filter(profiles.bare == 1).semi_join(nights, "night_number")
    each = rows.group_by("night_number", "subject_id").aggregate(n=rows.count())
    return each.group_by(then="night_number").aggregate(
        pairs_tonight=each.n.sum(), subjects_tonight=each.count()
    )


def _crowds(met: ibis.Table, window: int, known: Known) -> ibis.Table:
    """Count the crowds of one window; a case takes one operator along.

    An operator who typed a number that does not check out counts half.
    """
    width = known.within(window)
    calm = met.bare * (1 - met.hasty)
    each = met.group_by(*KEY, "operator_id").aggregate(
        of_unit=met.operator_unit.min(),
        now=ibis.ifelse(met.age < width, met.bare, 0).max(),
        apart=ibis.ifelse(met.age < width, calm, 0).max(),
        typed=ibis.ifelse(met.age < width, calm * met.typed, 0).max(),
        cased=ibis.ifelse(met.age < width, met.linked, 0).max(),
        past=ibis.ifelse(met.age >= width, met.bare, 0).sum(),
        first=ibis.ifelse((met.age < width) & (met.bare == 1), met.then, ibis.null("int64")).min(),
    )
    here = ((each.now == 1) & (each.cased == 0)).cast("int64")
    apart = here * each.apart
    each = each.mutate(here=here, apart=apart, typed=apart * each.typed)
    by_unit = each.group_by(*KEY, "of_unit").aggregate(
        present_operators=each.here.sum(), apart=each.apart.sum(), typed=each.typed.sum(),
        linked=each.cased.sum(), past=each.past.sum(), first=each["first"].min(),
        present=each.here.max(),
    )  # fmt: skip
    found = by_unit.group_by(*KEY).aggregate(
        crowd=by_unit.present_operators.sum(), apart=by_unit.apart.sum(), typed=by_unit.typed.sum(),
        linked_operators=by_unit.linked.sum(),
        units=by_unit.present.sum(), past_days=by_unit.past.sum(), first=by_unit.first.min(),
    )  # fmt: skip
    rush = (found.crowd > found.apart).cast("int64")
    observed = found.apart - (found.typed + 1) // 2 + rush - found.linked_operators
    whole = {
        "observed": observed,
        "exposure": found.crowd,
        "window": ibis.literal(width, "int64"),
        "past_nights": ibis.literal(max(1, known.within(PAST_NIGHTS) - width), "int64"),
    }
    return found.mutate(**whole).filter(observed >= 2)


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return operators expected on the subject: its past rate, and how often two meet by chance."""
    past = measured["past_days"] / measured["past_nights"] * measured["window"]
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
    before = max(0, min(int(row["past_nights"]), int(row["history"]) + 1 - int(row["window"])))
    rush = f" ({together:,} of them at about the same time: they count as one)" if together else ""
    return (
        f"{count(row['crowd'], 'operator')} of {count(row['units'], 'unit')} looked at "
        f"{subject(row['subject_id'])} without a case that checks out {_span(row)} up to "
        f"{iso(row['night_number'])}{rush}; expected {number(row['expected'])}, from "
        f"{count(row['past_days'], 'such operator-day')} in the "
        f"{count(before, 'night')} before."
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
            f"{int(row['typed']):,} of the others typed a case number that does not check out."
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
