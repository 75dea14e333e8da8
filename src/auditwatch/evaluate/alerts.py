"""Stated against realised false alerts: one in a hundred should come one time in a hundred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditwatch.evaluate.trial import Trial

__all__ = ["COLUMNS", "false_alerts", "tenures"]

COLUMNS: Final = (
    "by",
    "group",
    "level_milli",
    "operator_nights",
    "views",
    "stated",
    "realised",
    "once",
)
LEVELS: Final = (0, 1000, 2000)  # above the floor, in milli-decades
RECENT_NIGHTS: Final = 28
SETTLED_IN: Final = 14  # first nights of a trail in which everybody seems to have come


def false_alerts(trial: Trial, floor_milli: int, warm_up: int) -> pd.DataFrame:
    """Count how often honest operators stood out, beside how often the scorer says they do.

    Parameters
    ----------
    trial : Trial
        What a scan made of a labelled trail.
    floor_milli : int
        Least surprise that is kept, in milli-decades.
    warm_up : int
        First nights left out: the scorer has too little to learn from and says so.

    Returns
    -------
    pd.DataFrame
        `COLUMNS`. A surprise of d decades is stated to come to 10^-d of the operators on a night,
        in each view, and to no more than the view had a word to say of. `realised` is how many
        did; `once` how many stories that were, since windows overlap and a story stands out night
        after night. All views count overall; by role, unit, shift and tenure those that are about
        operators. Whoever misused anything is left out.
    """
    misused = frozenset[str]().union(*(one.event_ids for one in trial.episodes))
    offenders = set(trial.heads.loc[trial.heads["event_id"].isin(misused), "operator_id"])
    late = set(trial.nights[warm_up:])
    workers = _clean(tenures(trial.workers), offenders, late)
    workers["shift"] = workers["operator_id"].map(trial.shifts).fillna("not told")
    loud = _honest(_clean(trial.surprises, offenders, late), misused, trial.views)
    words = _clean(trial.heard, offenders, late)
    rows = [
        (by, group, level, nights, len(said), _stated(nights, said, level), *realised)
        for level in (floor_milli + step for step in LEVELS)
        for by, group, nights, said, *realised in _groups(workers, words, loud, level, trial)
        if by == "all" or level == floor_milli  # further out few groups have any
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def tenures(workers: pd.DataFrame) -> pd.DataFrame:
    """Add `tenure`: joined or moved within four weeks, or settled.

    Parameters
    ----------
    workers : pd.DataFrame
        ``night, operator_id, operator_role, operator_unit``, one row an operator and night.
    """
    rows = workers.sort_values(["operator_id", "night"], ignore_index=True)
    number = pd.to_datetime(rows["night"]).astype("datetime64[s]").astype("int64") // 86_400
    begun = number.groupby(rows["operator_id"]).transform("min")
    post = rows["operator_role"] + "\n" + rows["operator_unit"]
    before = post.groupby(rows["operator_id"]).shift()
    moved_on = number.where(before.notna() & (before != post))
    moved_on = moved_on.groupby(rows["operator_id"]).ffill()
    joined = (begun >= number.min() + SETTLED_IN) & (number - begun < RECENT_NIGHTS)
    moved = number - moved_on < RECENT_NIGHTS  # false where never moved
    tenure = np.select([joined, moved], ["joined", "moved"], "settled")
    return rows.assign(tenure=tenure)


def _clean(rows: pd.DataFrame, offenders: set[str], nights: set[str]) -> pd.DataFrame:
    """Return the rows of honest operators, or of none, on some nights."""
    kept: pd.DataFrame = rows[~rows["operator_id"].isin(offenders) & rows["night"].isin(nights)]
    return kept.copy()


def _honest(
    surprises: pd.DataFrame, misused: frozenset[str], views: Mapping[str, str]
) -> pd.DataFrame:
    """Return the surprises without a misused lookup, the strongest of each unit and night.

    `about` is the subject where the view is about one, `again` whether the same story was told of
    an earlier night.
    """
    honest = [misused.isdisjoint(ids.split("\n")) for ids in surprises["event_ids"]]
    rows: pd.DataFrame = surprises[np.array(honest, dtype=bool)]
    story = rows["view"].map(views)
    rows = rows.assign(
        about=rows["subject_id"].where(story != "operator", ""),
        crowd=rows["subject_id"].where(story == "subject", ""),
    )
    order = ["surprise_milli", "view", "night", "operator_id", "about"]
    rows = rows.sort_values(order, ascending=[False, True, True, True, True])
    return rows.drop_duplicates(["view", "night", "operator_id", "crowd"])


def _stated(nights: int, words: Sequence[int], level: int) -> float:
    """Return how many chance makes of so many operator-nights, given how much each view says."""
    each = nights / 10.0 ** (level / 1000)
    return float(sum(min(each, said) for said in words))


def _groups(
    workers: pd.DataFrame, words: pd.DataFrame, loud: pd.DataFrame, level: int, trial: Trial
) -> Iterator[tuple[str, str, int, list[int], int, int]]:
    """Yield kind of group, group, operator-nights, words of each view, what stood out, stories."""
    every = _by_view(words, sorted(trial.views))
    above = loud[loud["surprise_milli"] >= level].sort_values("night", kind="stable")
    above = above.assign(first=~above.duplicated(["view", "operator_id", "about"]))
    yield "all", "all", len(workers), every, len(above), int(above["first"].sum())
    for view, said in zip(sorted(trial.views), every, strict=True):
        own = above.loc[above["view"] == view, "first"]
        yield "view", view, len(workers), [said], len(own), int(own.sum())
    keys = ["night", "operator_id"]
    of_operators = [view for view, story in trial.views.items() if story != "subject"]
    spoken = words[words["view"].isin(of_operators)].merge(workers, on=keys, how="inner")
    placed = above[above["operator_id"] != ""].merge(workers, on=keys, how="inner")
    for by, column in (
        ("role", "operator_role"), ("unit", "operator_unit"), ("shift", "shift"),
        ("tenure", "tenure"),
    ):  # fmt: skip
        for group, nights in workers[column].value_counts().sort_index().items():
            name = str(group) or "not told"
            own = placed.loc[placed[column] == group, "first"]
            theirs = _by_view(spoken[spoken[column] == group], of_operators)
            yield by, name, int(nights), theirs, len(own), int(own.sum())


def _by_view(words: pd.DataFrame, names: list[str]) -> list[int]:
    """Count the words of each view."""
    counted: list[int] = words["view"].value_counts().reindex(names, fill_value=0).tolist()
    return counted
