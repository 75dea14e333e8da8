"""Counting marks: over a window for each operator, or for the value that stands out most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis

from auditwatch.score.sight import between

if TYPE_CHECKING:
    from auditwatch.score.sight import Known

__all__ = [
    "alone_seen",
    "marked_share",
    "subjects_seen",
    "traced",
    "traced_alone",
    "values_seen",
]

KEY: Final = ("night_number", "operator_id", "role", "unit")


def marks_of(known: Known, view: str) -> ibis.Table:
    """Return the marks of one view."""
    assert known.marks is not None
    return known.marks.filter(known.marks.mark == view).drop("mark")


def daily_work(known: Known) -> ibis.Table:
    """Return each operator's nights: role, unit, subject-days."""
    return known.daily.select(*KEY, "days")


def values_seen(
    profiles: ibis.Table, nights: ibis.Table, known: Known, view: str, *, width: int
) -> ibis.Table:
    """Count the subject-days of each operator marked tonight with the value that stands out most.

    Parameters
    ----------
    view : str
        Whose marks.
    width : int
        Nights of the window.

    Returns
    -------
    ibis.Table
        `night_number`, `operator_id`, `role`, `unit`, `value`, `window`; with that value `nights`,
        `subjects`, `days` (subject-days), `lookups` and `others` (subject-days of others);
        `observed` (the one minus the other); `elsewhere` (the operator's subject-days with other
        values, added up), `values` (distinct in the agency), `exposure` (subject-days), `first`.
    """
    del profiles
    rows, window = marks_of(known, view), known.within(width)
    spans = nights.select(tonight="night_number")
    near = spans.join(rows, between(rows.night_number, spans.tonight, window))
    mine = near.group_by("tonight", "operator_id", "value").aggregate(
        nights=near.night_number.nunique(), subjects=near.subject_id.nunique(), days=near.count(),
        lookups=near.lookups.sum(), first=near.night_number.min(), last=near.night_number.max(),
    )  # fmt: skip
    by_value = mine.group_by("tonight", "value").aggregate(all_of_value=mine.days.sum())
    agency = by_value.group_by("tonight").aggregate(values=by_value.count())
    person = mine.group_by("tonight", "operator_id").aggregate(all_of_person=mine.days.sum())
    mine = mine.join(by_value, ["tonight", "value"])
    others = mine.all_of_value - mine.days
    mine = mine.mutate(others=others, observed=mine.days - others)
    best = _best(mine.filter(mine.last == mine.tonight))
    best = best.join(agency, "tonight").join(person, ["tonight", "operator_id"])
    work = daily_work(known).rename(tonight="night_number", worked="days")
    whole = best.join(work, ["tonight", "operator_id"])
    return whole.select(
        "operator_id", "role", "unit", "value", "nights", "subjects", "days", "others", "observed",
        "lookups", "values", "first", night_number="tonight", exposure="worked",
        elsewhere=whole.all_of_person - whole.days, window=ibis.literal(window, "int64"),
    )  # fmt: skip


def alone_seen(
    profiles: ibis.Table, nights: ibis.Table, known: Known, view: str, *, width: int, more: int
) -> ibis.Table:
    """Count the nights of each operator marked tonight with values that others share less.

    Parameters
    ----------
    view : str
        Whose marks.
    width : int
        Nights of the window.
    more : int
        A value counts with at least so many nights more than all others have with it.

    Returns
    -------
    ibis.Table
        `night_number`, `operator_id`, `role`, `unit`, `window`; over the values that
        count: `observed` (how many more), `places`
        (such values), `value` (the least of them), `nights`, `lookups`, `first`; `shared` (nights
        with other values), `exposure` (subject-days).
    """
    del profiles
    window = known.within(width)
    spans = nights.select(unit="night_number", tonight="night_number")
    each = _against_others(spans, marks_of(known, view), window)
    left = each.nights - each.others
    each = each.mutate(left=left, alone=left >= more)
    found = each.group_by("tonight", "operator_id").aggregate(
        observed=ibis.ifelse(each.alone, each.left, 0).sum(), places=each.alone.cast("int64").sum(),
        value=ibis.ifelse(each.alone, each.value, ibis.null("int64")).min(),
        nights=ibis.ifelse(each.alone, each.nights, 0).sum(),
        lookups=ibis.ifelse(each.alone, each.lookups, 0).sum(),
        shared=ibis.ifelse(each.alone, 0, each.nights).sum(),
        first=ibis.ifelse(each.alone, each["first"], ibis.null("int64")).min(),
        last=ibis.ifelse(each.alone, each["last"], ibis.null("int64")).max(),
    )  # fmt: skip
    found = found.filter(found["last"] == found.tonight).drop("last")
    work = daily_work(known).rename(tonight="night_number", exposure="days")
    whole = found.join(work, ["tonight", "operator_id"]).rename(night_number="tonight")
    return whole.mutate(window=ibis.literal(window, "int64"))


def _against_others(spans: ibis.Table, rows: ibis.Table, window: int) -> ibis.Table:
    """Return nights of each operator with each value up to `tonight`, and those of all others."""
    near = spans.join(rows, between(rows.night_number, spans.tonight, window))
    mine = near.group_by("unit", "tonight", "operator_id", "value").aggregate(
        nights=near.night_number.nunique(), lookups=near.lookups.sum(),
        first=near.night_number.min(), last=near.night_number.max(),
    )  # fmt: skip
    by_value = mine.group_by("unit", "value").aggregate(all_nights=mine.nights.sum())
    both = mine.join(by_value, ["unit", "value"])
    return both.mutate(others=both.all_nights - both.nights)


def traced_alone(
    units: ibis.Table, known: Known, view: str, *, width: int, more: int
) -> ibis.Table:
    """Return the marked rows of given operators with the values that others share less."""
    window, rows = known.within(width), marks_of(known, view)
    spans = units.select(unit="item", tonight="night_number")
    each = _against_others(spans, rows, window)
    alone = each.filter(each.nights - each.others >= more).select(
        "unit", "value", who="operator_id"
    )
    wanted = units.select("item", "operator_id", then="night_number")
    mine = wanted.join(alone, [wanted.item == alone.unit, wanted.operator_id == alone.who])
    past = rows.select("night_number", "subject_id", by="operator_id", what="value")
    same = [mine.operator_id == past.by, mine.value == past.what]
    joined = mine.join(past, [*same, *between(past.night_number, mine.then, window)])
    return joined.select("item", "night_number", "operator_id", "subject_id").distinct()


def subjects_seen(
    profiles: ibis.Table, nights: ibis.Table, known: Known, view: str, *, width: int
) -> ibis.Table:
    """Count the values with which each operator marked each subject, for pairs marked tonight.

    Returns
    -------
    ibis.Table
        `night_number`, `operator_id`, `subject_id`, `role`, `unit`, `window`; `observed` (distinct
        values), `nights`, `lookups`; `elsewhere` (values with the operator's other subjects, added
        up), `subjects` (of the operator, with marks), `others` (values of others with the subject,
        added up), `exposure` (subject-days), `first`.
    """
    del profiles
    rows, window = marks_of(known, view), known.within(width)
    spans = nights.select(tonight="night_number")
    near = spans.join(rows, between(rows.night_number, spans.tonight, window))
    pairs = near.group_by("tonight", "operator_id", "subject_id").aggregate(
        observed=near.value.nunique(), nights=near.night_number.nunique(),
        lookups=near.lookups.sum(), first=near.night_number.min(), last=near.night_number.max(),
    )  # fmt: skip
    person = pairs.group_by("tonight", "operator_id").aggregate(
        all_of_person=pairs.observed.sum(), subjects=pairs.count()
    )
    met = pairs.group_by("tonight", "subject_id").aggregate(all_of_subject=pairs.observed.sum())
    loud = pairs.filter((pairs.last == pairs.tonight) & (pairs.observed >= 2))
    work = daily_work(known).rename(tonight="night_number", worked="days")
    whole = loud.join(person, ["tonight", "operator_id"]).join(work, ["tonight", "operator_id"])
    whole = whole.join(met, ["tonight", "subject_id"])
    return whole.select(
        "operator_id", "subject_id", "role", "unit", "observed", "nights", "lookups", "subjects",
        "first", night_number="tonight", exposure="worked",
        elsewhere=whole.all_of_person - whole.observed, window=ibis.literal(window, "int64"),
        others=whole.all_of_subject - whole.observed,
    )  # fmt: skip


def _best(mine: ibis.Table) -> ibis.Table:
    """Return one value of each operator and night: the most observed, the least code of equals."""
    rank = ibis.row_number().over(
        group_by=["tonight", "operator_id"], order_by=[mine.observed.desc(), mine.value]
    )
    ranked = mine.mutate(rank=rank)
    return ranked.filter(ranked.rank == 0)


def marked_share(
    profiles: ibis.Table,
    nights: ibis.Table,
    known: Known,
    view: str,
    *,
    width: int,
    least: int,
    most: int | None = None,
    by_night: bool = False,
) -> ibis.Table:
    """Count the marks of each active operator, against all of the work and the operator's past.

    Parameters
    ----------
    view : str
        Whose marks.
    width : int
        Nights of the window.
    least : int
        Fewer nights with a mark are no pattern and count as none.
    most : int, optional
        So many subjects of one night count: one long evening is one matter.
    by_night : bool
        Count nights with a mark out of active nights; otherwise subject-days out of all of them.

    Returns
    -------
    ibis.Table
        `night_number`, `operator_id`, `role`, `unit`, `window`; `observed` out of `exposure`;
        `marked_days`, `on_nights`, `active_nights`, `lookups` (marked), `first`; `own_observed`
        out of `own_exposure` on the nights before the window, in the same role and unit.
    """
    del profiles
    joined = _past(nights, known, view)
    if most is not None:
        over = joined.odd - ibis.least(joined.odd, most)
        joined = joined.mutate(odd=joined.odd - over, days=joined.days - over)
    window = min(width, max(1, known.reach * 2 // 3))
    now = joined.night_number - joined.then < window
    before = ~now & (joined.role == joined.as_role) & (joined.unit == joined.of_unit)
    seen = now & (joined.odd > 0)
    part, whole = (joined.hit, joined.one) if by_night else (joined.odd, joined.days)
    on_nights = seen.cast("int64").sum()
    lasting = (on_nights >= least).cast("int64")
    return (
        joined.group_by(*KEY)
        .aggregate(
            observed=ibis.ifelse(now, part, 0).sum() * lasting,
            exposure=ibis.ifelse(now, whole, 0).sum(),
            marked_days=ibis.ifelse(now, joined.odd, 0).sum(),
            on_nights=on_nights,
            active_nights=now.cast("int64").sum(),
            lookups=ibis.ifelse(now, joined.lookups, 0).sum(),
            own_observed=ibis.ifelse(before, part, 0).sum(),
            own_exposure=ibis.ifelse(before, whole, 0).sum(),
            first=ibis.ifelse(seen, joined.then, ibis.null("int64")).min(),
        )
        .mutate(window=ibis.literal(window, "int64"))
    )


def _past(nights: ibis.Table, known: Known, view: str) -> ibis.Table:
    """Join every active operator's nights with all that a measured night may look back on."""
    rows = marks_of(known, view)
    pairs = rows.group_by("night_number", "operator_id", "subject_id").aggregate(
        lookups=rows.lookups.sum()
    )
    odd = pairs.group_by("night_number", "operator_id").aggregate(
        odd=pairs.count(), lookups=pairs.lookups.sum()
    )
    daily = daily_work(known).left_join(odd, ["night_number", "operator_id"])
    daily = daily.select(
        *KEY, "days", odd=daily.odd.fill_null(0), lookups=daily.lookups.fill_null(0)
    )
    tonight = daily.semi_join(nights, "night_number").select(*KEY)
    past = daily.select(
        "days", "odd", "lookups", then="night_number", who="operator_id", as_role="role",
        of_unit="unit", hit=(daily.odd > 0).cast("int64"), one=ibis.literal(1, "int64"),
    )  # fmt: skip
    span = between(past.then, tonight.night_number, known.reach)
    return tonight.join(past, [tonight.operator_id == past.who, *span])


def traced(
    units: ibis.Table,
    known: Known,
    view: str,
    *,
    by_value: bool = False,
    by_subject: bool = False,
) -> ibis.Table:
    """Return the marked rows of given units: of the operator, of one value, on one subject."""
    rows = marks_of(known, view).select(
        "night_number", "subject_id", who="operator_id", what="value"
    )
    wanted = units.select(
        "item", "operator_id", "window", "value", whom="subject_id", then="night_number"
    )
    same = [wanted.operator_id == rows.who, rows.night_number <= wanted.then]
    if by_value:
        same.append(wanted.value == rows.what)
    if by_subject:
        same.append(wanted.whom == rows.subject_id)
    joined = wanted.join(rows, [*same, rows.night_number > wanted.then - wanted.window])
    return joined.select("item", "night_number", "operator_id", "subject_id").distinct()
