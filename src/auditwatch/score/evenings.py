"""Counting evenings: nights with a mark in a window, out of the nights at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis

from auditwatch.score.counting import daily_work, marks_of
from auditwatch.score.sight import between

if TYPE_CHECKING:
    from auditwatch.score.sight import Known

__all__ = ["evenings_seen"]

KEY: Final = ("night_number", "operator_id", "role", "unit")


def evenings_seen(
    profiles: ibis.Table, nights: ibis.Table, known: Known, view: str, *, width: int
) -> ibis.Table:
    """Count the nights with a mark of each active operator.

    Parameters
    ----------
    view : str
        Whose marks.
    width : int
        Nights of the window.

    Returns
    -------
    ibis.Table
        `night_number`, `operator_id`, `role`, `unit`, `window`; `observed` (nights with a mark) out
        of `exposure` (nights at work), `lookups` (marked), `first`.

    Notes
    -----
    What is seldom has no history of one's own to be compared with: two such evenings before the
    window would excuse two more.
    """
    rows, window = marks_of(known, view), known.within(width)
    odd = rows.group_by("night_number", "operator_id").aggregate(lookups=rows.lookups.sum())
    del profiles
    daily = daily_work(known).drop("days")
    past = daily.left_join(odd, ["night_number", "operator_id"]).select(
        "lookups", then="night_number", who="operator_id"
    )
    tonight = daily.semi_join(nights, "night_number").select(*KEY)
    span = between(past.then, tonight.night_number, window)
    joined = tonight.join(past, [tonight.operator_id == past.who, *span])
    seen = joined.lookups.notnull()
    found = joined.group_by(*KEY).aggregate(
        observed=seen.cast("int64").sum(),
        exposure=joined.count(),
        lookups=joined.lookups.sum().fill_null(0),
        first=ibis.ifelse(seen, joined.then, ibis.null("int64")).min(),
    )
    return found.mutate(window=ibis.literal(window, "int64"))
