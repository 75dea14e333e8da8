"""One operator and subjects tied to staff: self, household, own vehicle; colleagues and theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ibis
import numpy as np

from auditwatch.score.sight import MANY_LOOKUPS, between
from auditwatch.score.words import count, iso, nights_seen, number, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from auditwatch.score.sight import Known

NAME: Final = "tie"
STORY: Final = "operator"
TAIL: Final = "beta_binomial"
WINDOW_NIGHTS: Final = (14, 45)
LEAST: Final = 1  # own records are looked at rarely enough
NEEDS: Final = (frozenset({"roster", "relations"}),)

KEY: Final = ("night_number", "operator_id", "role", "unit")
KINDS: Final = ("own", "colleague")
RELATIONS: Final = ("own_relation", "colleague_relation")
LAST: Final = ("own_last", "colleague_last")  # the relation that sorts last, to know of a second


def tied(profiles: ibis.Table, known: Known) -> ibis.Table:
    """Return rows without case on tied subjects, with `own` 1 when tied to the operator."""
    assert known.belongings is not None
    owners = known.belongings.select("relation", whom="subject_id", owner="owner_id")
    rows = profiles.filter(profiles.bare == 1)
    joined = rows.join(owners, rows.subject_id == owners.whom)
    mine = joined.operator_id == joined.owner
    return joined.group_by("night_number", "operator_id", "subject_id").aggregate(
        own=mine.cast("int64").max(),
        own_relation=ibis.ifelse(mine, joined.relation, ibis.null("string")).min(),
        own_last=ibis.ifelse(mine, joined.relation, ibis.null("string")).max(),
        colleague_relation=joined.relation.min(),
        colleague_last=joined.relation.max(),
    )


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count each active operator's subject-days on tied subjects, own and colleagues' apart."""
    rows = tied(profiles, known)
    kept = {
        name: ibis.ifelse(rows.own == int(name.startswith("own")), rows[name], ibis.null("string"))
        for name in (*RELATIONS, *LAST)
    }
    ties = rows.group_by("night_number", "operator_id").aggregate(
        **{name: kept[name].min() for name in RELATIONS},
        **{name: kept[name].max() for name in LAST},
        own=(rows.own == 1).cast("int64").sum(), colleague=(rows.own == 0).cast("int64").sum(),
    )  # fmt: skip
    daily = known.daily.select(*KEY, "days").left_join(ties, ["night_number", "operator_id"])
    daily = daily.select(*KEY, "days", *RELATIONS, *LAST, *KINDS)
    daily = daily.mutate(own=daily.own.fill_null(0), colleague=daily.colleague.fill_null(0))
    tonight = daily.semi_join(nights, "night_number").select(*KEY)
    past = daily.select("days", *KINDS, *RELATIONS, *LAST, then="night_number", who="operator_id")
    span = between(past.then, tonight.night_number, known.within(WINDOW_NIGHTS[-1]))
    joined = tonight.join(past, [tonight.operator_id == past.who, *span])
    parts = [
        _window(joined, known.within(width), kind) for width in WINDOW_NIGHTS for kind in KINDS
    ]
    return ibis.union(*parts)


def _window(joined: ibis.Table, width: int, kind: str) -> ibis.Table:
    """Add up one window and one kind of tie."""
    now = joined.night_number - joined.then < width
    seen = now & (joined[kind] > 0)
    return (
        joined.group_by(*KEY)
        .aggregate(
            observed=ibis.ifelse(now, joined[kind], 0).sum(),
            exposure=ibis.ifelse(now, joined.days, 0).sum(),
            on_days=seen.cast("int64").sum(),
            relation=ibis.ifelse(seen, joined[f"{kind}_relation"], ibis.null("string")).min(),
            last_relation=ibis.ifelse(seen, joined[f"{kind}_last"], ibis.null("string")).max(),
            first=ibis.ifelse(seen, joined.then, ibis.null("int64")).min(),
        )
        .mutate(window=ibis.literal(width, "int64"), kind=ibis.literal(kind))
    )


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return zeros: the share is learnt from the agency, the role and the unit."""
    return np.zeros(len(measured))


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the rows on tied subjects of given operators."""
    rows = tied(profiles, known).select("night_number", "subject_id", "own", who="operator_id")
    wanted = units.select("item", "operator_id", "window", "kind", then="night_number")
    same = [wanted.operator_id == rows.who, rows.night_number <= wanted.then]
    joined = wanted.join(rows, [*same, rows.night_number > wanted.then - wanted.window])
    fits = (joined.kind == "own") == (joined.own == 1)
    return joined.filter(fits).select("item", "night_number", "operator_id", "subject_id")


def title(row: Mapping[str, Any]) -> str:
    """Return whose belongings the operator looked at, and on how many days."""
    return (
        f"{operator(row['operator_id'])} looked at {_belongings(row)} on "
        f"{count(row['on_days'], 'day')}, and no case explains it"
    )


def _belongings(row: Mapping[str, Any]) -> str:
    """Return what is tied: by its relation while there is but one, without it otherwise.

    Several relations are not listed: which of them weighs most is not counted here.
    """
    relation = "record" if row["relation"] == "self" else str(row["relation"]).removeprefix("own ")
    if row["kind"] == "own":
        return f"his or her own {relation}" if _single(row) else "his or her own circle"
    return f"a {relation} of colleagues" if _single(row) else "the circle of colleagues"


def _single(row: Mapping[str, Any]) -> bool:
    """Tell whether all ties are of one relation."""
    return bool(row["relation"] == row["last_relation"])


def say(row: Mapping[str, Any]) -> str:
    """Return tied subject-days against those of others in the same work."""
    relations = row["relation"] if _single(row) else "by several relations"
    whose = {"own": "tied to the operator", "colleague": "tied to colleagues"}[row["kind"]]
    whose = f"{whose} ({relations})"
    return (
        f"{operator(row['operator_id'])} looked up subjects {whose} on "
        f"{count(row['observed'], 'subject-day')} without a case that checks out, out of "
        f"{count(row['exposure'], 'subject-day')} in the {nights_seen(row)} up to "
        f"{iso(row['night_number'])}; expected {number(row['expected'])}, from others in the "
        f"agency, the same role and the same unit."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return nothing beyond what the lookups say."""
    del row
    return []


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return that a hotlist may have been followed by hand: one subject, many times on a day."""
    often = int((lookups.groupby(["night", "subject_id"]).size() >= MANY_LOOKUPS).sum())
    if not often:
        return []
    said = (
        f"On {count(often, 'subject-day')} the subject was looked up {MANY_LOOKUPS} times or more"
    )
    return [f"{said}, as when a hotlist is followed by hand."]
