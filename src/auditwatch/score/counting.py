"""Counting marks: over a window for each operator, or for the value that stands out most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis

from auditwatch.score.sight import between

if TYPE_CHECKING:
    from auditwatch.score.sight import Known

__all__ = ["marked_share", "traced", "values_seen"]

KEY: Final = ("night_number", "operator_id", "role", "unit")


def marks_of(known: Known, view: str) -> ibis.Table:
    """Return the marks of one view."""
    assert known.marks is not None
    return known.marks.filter(known.marks.mark == view).drop("mark")


def daily_work(profiles: ibis.Table) -> ibis.Table:
    """Return each operator's nights: role, unit, subject-days."""
    return profiles.group_by("night_number", "operator_id").aggregate(
        role=profiles.operator_role.min(), unit=profiles.operator_unit.min(), days=profiles.count()
    )


def values_seen(
    profiles: ibis.Table, nights: ibis.Table, known: Known, view: str, width: int
) -> ibis.Table:
    """Count the nights of each operator marked tonight at the one value that others share least.

    Returns
    -------
    ibis.Table
        `night_number`, `operator_id`, `role`, `unit`, `value`, `window`; `nights` (with that
        value), `others` (operator-nights of others with it), `observed` (the one minus the other),
        `subjects` and `lookups` with it, `elsewhere` (the operator's nights with other values, each
        value apart), `values` (distinct ones in the agency), `exposure` (subject-days), `first`.
    """
    rows, window = marks_of(known, view), known.within(width)
    each = rows.group_by("night_number", "operator_id", "value").aggregate(
        lookups=rows.lookups.sum(), subjects=rows.count()
    )
    spans = nights.select(tonight="night_number")
    near = spans.join(each, between(each.night_number, spans.tonight, window))
    by_value = near.group_by("tonight", "value").aggregate(all_nights=near.count())
    mine = near.group_by("tonight", "operator_id", "value").aggregate(
        nights=near.count(), subjects=near.subjects.sum(), lookups=near.lookups.sum(),
        first=near.night_number.min(), last=near.night_number.max(),
    )  # fmt: skip
    mine = mine.join(by_value, ["tonight", "value"])
    mine = mine.mutate(others=mine.all_nights - mine.nights)
    mine = mine.mutate(observed=mine.nights - mine.others)
    agency = by_value.group_by("tonight").aggregate(values=by_value.count())
    person = mine.group_by("tonight", "operator_id").aggregate(all_mine=mine.nights.sum())
    best = _best(mine.filter(mine.last == mine.tonight))
    best = best.join(agency, "tonight").join(person, ["tonight", "operator_id"])
    work = daily_work(profiles).rename(tonight="night_number")
    whole = best.join(work, ["tonight", "operator_id"])
    return whole.select(
        "operator_id", "role", "unit", "value", "nights", "others", "observed", "subjects",
        "lookups", "values", "first", night_number="tonight", exposure="days",
        elsewhere=whole.all_mine - whole.nights, window=ibis.literal(window, "int64"),
    )  # fmt: skip


def _best(mine: ibis.Table) -> ibis.Table:
    """Return one value of each operator and night: the most observed, the least code of equals."""
    rank = ibis.row_number().over(
        group_by=["tonight", "operator_id"], order_by=[mine.observed.desc(), mine.value]
    )
    ranked = mine.mutate(rank=rank)
    return ranked.filter(ranked.rank == 0)


def marked_share(
    profiles: ibis.Table, nights: ibis.Table, known: Known, view: str, *, width: int, least: int
) -> ibis.Table:
    """Count marked subject-days of each active operator, against all and the operator's own past.

    Parameters
    ----------
    width : int
        Nights of the window.
    least : int
        Fewer nights with a mark are no pattern and count as none.

    Returns
    -------
    ibis.Table
        `night_number`, `operator_id`, `role`, `unit`, `window`; `observed`, `exposure` (marked and
        all subject-days), `on_nights`, `active_nights`, `lookups`, `first`; `own_observed`,
        `own_exposure` of the nights before the window in the same role and unit.
    """
    rows = marks_of(known, view)
    pairs = rows.group_by("night_number", "operator_id", "subject_id").aggregate(
        lookups=rows.lookups.sum()
    )
    odd = pairs.group_by("night_number", "operator_id").aggregate(
        odd=pairs.count(), lookups=pairs.lookups.sum()
    )
    work = daily_work(profiles)
    daily = work.left_join(odd, ["night_number", "operator_id"]).select(
        *KEY, "days", odd=odd.odd.fill_null(0), lookups=odd.lookups.fill_null(0)
    )
    tonight = daily.semi_join(nights, "night_number").select(*KEY)
    past = daily.select("days", "odd", "lookups", then="night_number", who="operator_id",
                        as_role="role", of_unit="unit")  # fmt: skip
    reach = known.within(known.reach)
    span = between(past.then, tonight.night_number, reach)
    joined = tonight.join(past, [tonight.operator_id == past.who, *span])
    window = min(width, max(1, reach * 2 // 3))
    return _share(joined, window, least)


def _share(joined: ibis.Table, window: int, least: int) -> ibis.Table:
    """Add up the window and what lies before it."""
    now = joined.night_number - joined.then < window
    before = ~now & (joined.role == joined.as_role) & (joined.unit == joined.of_unit)
    seen = now & (joined.odd > 0)
    on_nights = seen.cast("int64").sum()
    lasting = (on_nights >= least).cast("int64")
    return (
        joined.group_by(*KEY)
        .aggregate(
            observed=ibis.ifelse(now, joined.odd, 0).sum() * lasting,
            exposure=ibis.ifelse(now, joined.days, 0).sum(),
            on_nights=on_nights,
            active_nights=now.cast("int64").sum(),
            lookups=ibis.ifelse(now, joined.lookups, 0).sum(),
            own_observed=ibis.ifelse(before, joined.odd, 0).sum(),
            own_exposure=ibis.ifelse(before, joined.days, 0).sum(),
            first=ibis.ifelse(seen, joined.then, ibis.null("int64")).min(),
        )
        .mutate(window=ibis.literal(window, "int64"))
    )


def traced(units: ibis.Table, known: Known, view: str, *, by_value: bool = False) -> ibis.Table:
    """Return the marked rows of given operators, of the unit's value alone where asked."""
    rows = marks_of(known, view).select(
        "night_number", "subject_id", who="operator_id", what="value"
    )
    wanted = units.select("item", "operator_id", "window", "value", then="night_number")
    same = [wanted.operator_id == rows.who, rows.night_number <= wanted.then]
    if by_value:
        same.append(wanted.value == rows.what)
    joined = wanted.join(rows, [*same, rows.night_number > wanted.then - wanted.window])
    return joined.select("item", "night_number", "operator_id", "subject_id").distinct()
