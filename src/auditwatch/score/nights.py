"""Scoring nights: measure all views, learn from recent nights, keep what stands out."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from auditwatch.core.schema import SURPRISES
from auditwatch.score.combine import CAP_DECADES
from auditwatch.score.evidence import find_lookups
from auditwatch.score.explain import counter_evidence, sentence
from auditwatch.score.folding import unfolded
from auditwatch.score.measuring import Measured, measure_nights
from auditwatch.score.past import LakePast, TablePast
from auditwatch.score.scorer import COLUMNS, LookupScorer
from auditwatch.score.views import View, needs_all, views
from auditwatch.score.words import day_number, iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditwatch.config import Settings
    from auditwatch.core.contexttables import Context
    from auditwatch.engine.lake import Lake
    from auditwatch.engine.local import LocalEngine

__all__ = ["learnt_by", "model_id", "score_nights"]

PARAMETERS_VERSION: Final = 6


def model_id() -> str:
    """Return the name of this scorer: parameters version and a hash of what its views count."""
    shape = [
        [view.NAME, view.STORY, view.TAIL, list(view.WINDOW_NIGHTS), view.LEAST] for view in views()
    ]
    told = json.dumps([PARAMETERS_VERSION, CAP_DECADES, shape, LookupScorer().get_params()])
    return f"tails-{PARAMETERS_VERSION}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def score_nights(  # noqa: PLR0917 - the rooms agreed on this order
    nights: Sequence[str],
    profiles: pa.Table | LakePast,
    lake: Lake,
    context: Context,
    settings: Settings,
    engine: LocalEngine,
    *,
    marks: pa.Table | None = None,
) -> pa.Table:
    """Score nights, each as if it had been scored when it ended.

    Parameters
    ----------
    nights : sequence of str
        ISO dates to score.
    profiles : pa.Table or LakePast
        Rows of PAIR_NIGHTS from `history_nights` before the first of them to the last; or where
        the lake has them, to be read as far as they are needed, and what was counted is kept
        there for later nights.
    lake : Lake
        Where the evidence is looked up.
    context : Context
        What is known beside the trail; what is absent makes views blind, never wrong.
    settings : Settings
        Windows and the floor.
    engine : LocalEngine
        Where views run.
    marks : pa.Table, optional
        Rows of MARK_NIGHTS for the nights of a table of profiles; without them views that mark see
        nothing.

    Returns
    -------
    pa.Table
        Rows of SURPRISES above the floor, sorted by night, surprise (highest first), view and key.
    """
    past = TablePast(profiles, marks) if isinstance(profiles, pa.Table) else profiles
    known = past.nights()
    numbers = sorted({number for night in nights if (number := day_number(night)) in known})
    if not numbers:
        return SURPRISES.empty()
    measured = measure_nights(
        numbers, profiles, context, settings, engine, marks=marks, how=model_id()
    )
    compared = measured.compared
    parts = [_stand_out(measured.rows, compared, night, settings) for night in numbers]
    kept = pd.concat(parts, ignore_index=True)
    if not len(kept):
        return SURPRISES.empty()
    first = max(min(known), numbers[0] - settings.score.history_nights + 1)
    return _told(kept.assign(history=kept["night_number"] - first), measured, lake, context, engine)


def _stand_out(
    rows: pd.DataFrame, compared: pd.DataFrame, night: int, settings: Settings
) -> pd.DataFrame:
    """Return the units of one night above the floor, learning from the nights before it only."""
    tonight: pd.DataFrame = rows[rows["night_number"].to_numpy() == night]
    if not len(tonight):
        return tonight
    scorer = learnt_by(compared, night, settings)
    terms = scorer.explain(tonight)
    loud = terms["best"] & (terms["decades"] >= settings.score.floor_decades) & (terms["raw"] > 0)
    per_operator = tonight["view"].map(scorer.tries_).fillna(1.0)
    kept: pd.DataFrame = tonight.join(terms).assign(per_operator=per_operator)[loud]
    features = zip(kept["view"], kept["window"], kept["kind"], strict=True)
    nights = [scorer.seasons_[str(view), int(window), str(kind)] for view, window, kind in features]
    return kept.assign(recent_nights=nights)


def learnt_by(rows: pd.DataFrame, night: int, settings: Settings) -> LookupScorer:
    """Return the scorer as it judges a night: fitted to the nights before it.

    Parameters
    ----------
    rows : pd.DataFrame
        What the views counted, with `COLUMNS`, for the night and those before it.
    night : int
        Days since 1970-01-01. Of too few nights before it the night itself is learnt from, too.
    settings : Settings
        Windows and the floor.
    """
    number = rows["night_number"].to_numpy()
    around = (number <= night) & (number >= night - settings.score.calibration_nights)
    rows = _heard(rows.loc[around, list(COLUMNS)])
    number = rows["night_number"].to_numpy()
    recent = rows[number < night]
    scorer = LookupScorer(settings.score.floor_decades, settings.score.calibration_nights)
    if recent["night_number"].nunique() < scorer.seasoned_nights:
        recent = pd.concat([recent, rows[number == night]])
    return scorer.fit(recent)


def _heard(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of features of which some unit has something to say on some night."""
    loud = (rows["operator_id"] >= 0) | (rows["subject_id"] >= 0)
    features = [rows[name] for name in ("view", "window", "kind")]
    return rows[loud.groupby(features, observed=True).transform("any")]


def _told(
    kept: pd.DataFrame, measured: Measured, lake: Lake, context: Context, engine: LocalEngine
) -> pa.Table:
    """Return surprises with their evidence and sentences."""
    by_name = {view.NAME: view for view in views()}
    kept = kept.assign(item=np.arange(len(kept)))
    parts = [
        _trace(view, kept[kept["view"] == name], measured, engine)
        for name, view in by_name.items()
        if (kept["view"] == name).any()
    ]
    traces = pd.concat(parts, ignore_index=True)
    # what has no lookup of the night itself was told on an earlier night
    fresh = traces["night_number"] == traces["item"].map(kept.set_index("item")["night_number"])
    kept = kept[kept["item"].isin(set(traces.loc[fresh, "item"]))].copy()
    if not len(kept):
        return SURPRISES.empty()
    traces = traces[traces["item"].isin(set(kept["item"]))]
    lookups = find_lookups(_unfolded(traces, context), lake)
    kept["evidence_days"] = kept["item"].map(traces.groupby("item").size())
    kept["only"] = _only_subject(kept, traces)
    groups = dict(iter(lookups.groupby("item")))
    for column in ("operator_id", "subject_id", "value"):
        kept[column] = measured.book.decode(column, kept[column])
    records = [
        _record(by_name[row["view"]], row, groups.get(row["item"], lookups.iloc[:0]), context)
        for row in kept.to_dict("records")
    ]
    table = pa.Table.from_pylist(records, schema=SURPRISES.schema)
    order = [("night", "ascending"), ("surprise_milli", "descending")]
    keys = ("view", "operator_id", "subject_id")
    return table.sort_by([*order, *((key, "ascending") for key in keys)])


def _only_subject(kept: pd.DataFrame, traces: pd.DataFrame) -> pd.Series[Any]:
    """Return the one subject that all evidence of each surprise is about; empty for several."""
    subjects = traces.groupby("item")["subject_id"]
    only = subjects.min().where(subjects.min() == subjects.max(), "")
    return kept["item"].map(only)


def _unfolded(traces: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return traces by all the subjects that may have been looked up for the one they name."""
    members = unfolded(context, pa.array(sorted(set(traces["subject_id"])), pa.string()))
    apart = members.to_pandas().astype("object")
    traces = traces.rename(columns={"subject_id": "under"})
    return traces.merge(apart, on="under", how="inner").drop(columns="under")


def _trace(view: View, part: pd.DataFrame, measured: Measured, engine: LocalEngine) -> pd.DataFrame:
    """Return the profile rows behind units of one view: item, night, operator, subject as texts."""
    whole = ["item", "night_number", "operator_id", "subject_id", "window", "value"]
    columns = {name: pa.array(part[name].to_numpy(np.int64)) for name in whole}
    columns["kind"] = pa.array(part["kind"].tolist(), pa.string())
    units = engine.bind("units", pa.table(columns))
    book, profiles = measured.book, measured.profiles
    if needs_all(view):
        book, profiles = measured.around(part)
    found = engine.collect(view.trace(profiles, units, measured.known))
    rows: pd.DataFrame = found.to_pandas()
    for name in ("operator_id", "subject_id"):
        rows[name] = book.decode(name, rows[name])
    return rows


def _record(
    view: View, row: Mapping[Any, Any], lookups: pd.DataFrame, context: Context
) -> dict[str, Any]:
    """Return one row of SURPRISES."""
    told = {**row, "window": int(row["window"])}
    story = view.STORY
    if story == "operator" and row["only"]:
        # all of it is about one subject: the same story as the pair's
        story, told["subject_id"] = "pair", row["only"]
    if told["subject_id"] and len(set(lookups["subject_id"])) == 1:
        # linked subjects stand under one of them; where only one was asked for, it is that one
        told["subject_id"] = lookups["subject_id"].iloc[0]
    against = counter_evidence(view, told, lookups, context, int(row["history"]))
    first = row["first"] if pd.notna(row["first"]) else row["night_number"]
    return {
        "night": iso(row["night_number"]),
        "view": view.NAME,
        "story": story,
        "operator_id": row["operator_id"],
        "subject_id": told["subject_id"],
        "observed": int(row["observed"]),
        "expected_milli": round(1000 * row["expected"]),
        "exposure": int(row["exposure"]),
        "surprise_milli": round(1000 * row["decades"]),
        "since": iso(first),
        "title": view.title(told),
        "says": sentence(view, told, lookups),
        "against": "\n".join(against),
        "event_ids": "\n".join(sorted(lookups["event_id"])),
    }
