"""One operator and subjects that nobody else looks at: a steady trickle without cases.

Volume says almost nothing. Subjects that no colleague meets, met without a case, do: against the
operator's own earlier share and that of the same role in the same unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ibis
import numpy as np

from auditwatch.score.sight import COLD_NIGHTS, OWN_NIGHTS, between
from auditwatch.score.words import count, iso, nights_seen, number, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from auditwatch.score.sight import Known

NAME: Final = "harvest"
STORY: Final = "operator"
TAIL: Final = "beta_binomial"
WINDOW_NIGHTS: Final = (14,)
LEAST: Final = 14  # a handful is no harvest
NEEDS: Final[tuple[frozenset[str], ...]] = ()
SEEKS_ALL: Final = True

PACE_NIGHTS: Final = 5  # an operator's pace is drawn to the peers' as by so many nights
LEAST_NIGHTS: Final = 3  # one busy day is no trickle, nor are two
PACE_LEAST: Final = 3  # subjects a night that nobody is held to have piled up
KEY: Final = ("night_number", "operator_id", "role", "unit")


def cold(profiles: ibis.Table, known: Known) -> ibis.Table:
    """Add `cold`: 1 where no other operator looked at the subject in the 14 nights up to then."""
    back = known.within(COLD_NIGHTS, OWN_NIGHTS) - 1
    order = ibis.range_window(
        preceding=back,
        following=0,
        group_by=profiles.subject_id,
        order_by=profiles.night_number,
    )
    alone = profiles.operator_id.min().over(order) == profiles.operator_id.max().over(order)
    return profiles.mutate(cold=(alone & (profiles.bare == 1)).cast("int64"))


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count each active operator's subject-days, and those that are cold and without case."""
    del profiles
    daily = known.daily
    tonight = daily.semi_join(nights, "night_number").select(*KEY)
    past = daily.select(
        "days", "bare_days", "cold_days", then="night_number", who="operator_id",
        as_role="role", of_unit="unit",
    )  # fmt: skip
    same = [tonight.operator_id == past.who]
    span = between(past.then, tonight.night_number, known.within(OWN_NIGHTS, COLD_NIGHTS))
    joined = _paced(tonight.join(past, [*same, *span]))
    return _window(joined, known.within(WINDOW_NIGHTS[0], COLD_NIGHTS))


def _paced(joined: ibis.Table) -> ibis.Table:
    """Add own history, and `most`: what one night may count towards a pattern.

    A sweep or a busy shift is one night; a trickle is many. So a night counts at most twice the
    operator's own pace before all windows, drawn to that of the same role and unit.
    """
    same_work = (joined.role == joined.as_role) & (joined.unit == joined.of_unit)
    before = (joined.night_number - joined.then >= WINDOW_NIGHTS[-1]) & same_work
    own = joined.group_by(*KEY).aggregate(
        own_observed=ibis.ifelse(before, joined.cold_days, 0).sum(),
        own_exposure=ibis.ifelse(before, joined.days, 0).sum(),
        own_nights=before.cast("int64").sum(),
    )
    peers = own.group_by("night_number", "role", "unit").aggregate(
        peer_observed=own.own_observed.sum(), peer_nights=own.own_nights.sum()
    )
    both = own.join(peers, ["night_number", "role", "unit"])
    over = (both.own_nights + PACE_NIGHTS) * (both.peer_nights + 1)
    pace = both.own_observed * (both.peer_nights + 1) + PACE_NIGHTS * both.peer_observed
    most = PACE_LEAST + (2 * pace) // over
    return joined.join(both.mutate(most=most), list(KEY))


def _window(joined: ibis.Table, width: int) -> ibis.Table:
    """Add up one window, each night up to what it may count."""
    now = joined.night_number - joined.then < width
    counted = ibis.least(joined.cold_days, joined.most)
    over = joined.cold_days - counted
    seen = now & (joined.cold_days > 0)
    on_nights = seen.cast("int64").sum()
    lasting = (on_nights >= LEAST_NIGHTS).cast("int64")
    return (
        joined.group_by(*KEY)
        .aggregate(
            observed=ibis.ifelse(now, counted, 0).sum() * lasting,
            exposure=ibis.ifelse(now, joined.days - over, 0).sum(),
            all_cold=ibis.ifelse(now, joined.cold_days, 0).sum(),
            all_days=ibis.ifelse(now, joined.days, 0).sum(),
            bare_days=ibis.ifelse(now, joined.bare_days, 0).sum(),
            on_nights=on_nights,
            own_observed=joined.own_observed.max(),
            own_exposure=joined.own_exposure.max(),
            first=ibis.ifelse(seen, joined.then, ibis.null("int64")).min(),
        )
        .mutate(window=ibis.literal(width, "int64"))
    )


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return zeros: the share is learnt from role, unit and own history."""
    return np.zeros(len(measured))


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the cold subject-days without case of given operators."""
    rows = cold(profiles, known).filter(ibis._.cold == 1)
    rows = rows.select("night_number", "subject_id", who="operator_id")
    wanted = units.select("item", "operator_id", "window", then="night_number")
    same = [wanted.operator_id == rows.who, rows.night_number <= wanted.then]
    joined = wanted.join(rows, [*same, rows.night_number > wanted.then - wanted.window])
    return joined.select("item", "night_number", "operator_id", "subject_id")


def title(row: Mapping[str, Any]) -> str:
    """Return how many subjects nobody else looked at."""
    times, when = count(row["all_cold"], "subject-day"), count(row["on_nights"], "day")
    return (
        f"{operator(row['operator_id'])} met subjects whom nobody else met: {times} on "
        f"{when}, and no case explains it"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return cold subject-days against those of own history and peers."""
    over = int(row["all_cold"] - row["observed"])
    kept = f" (busy days cut to twice the usual pace: {int(row['observed']):,} count)"
    return (
        f"{operator(row['operator_id'])} looked without a case at subjects whom no other operator "
        f"had looked at for {COLD_NIGHTS} nights: on {int(row['all_cold']):,} out of "
        f"{count(row['all_days'], 'subject-day')} on {count(row['on_nights'], 'day')} of the "
        f"{nights_seen(row)} up to {iso(row['night_number'])}"
        f"{kept if over else ''}; expected {number(row['expected'])}, from own earlier work and "
        "the same role in the same unit."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return how much of the work has cases, and what history there is to compare with."""
    linked = row["all_days"] - row["bare_days"]
    found = []
    if linked:
        found.append(f"{int(linked):,} of {count(row['all_days'], 'subject-day')} have a case.")
    if row["own_exposure"] < 50:
        found.append(
            "There is little earlier work in the same role and unit to compare with: "
            f"{count(row['own_exposure'], 'subject-day')}. A new post may explain it."
        )
    return found


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: a busy day is cut to size before it is counted."""
    del lookups
    return []
