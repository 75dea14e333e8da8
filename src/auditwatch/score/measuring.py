"""Measuring: every view's counts for some nights and for those they are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import MARK_NIGHTS
from auditwatch.score.belongings import belongings
from auditwatch.score.codebook import Codebook, coded, coded_marks
from auditwatch.score.folding import folded, principals
from auditwatch.score.scorer import COLUMNS
from auditwatch.score.sight import Known, marked
from auditwatch.score.views import View, blind_views, past_of, views

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis

    from auditwatch.config import Settings
    from auditwatch.core.contexttables import Context
    from auditwatch.engine.local import LocalEngine

__all__ = ["Measured", "measure_nights"]

EMPTY: Final[dict[str, Any]] = {
    "kind": "", "own_observed": 0, "own_exposure": 0, "role": -1, "unit": -1,
    "operator_id": -1, "subject_id": -1, "value": -1,
}  # fmt: skip
UNITS_OF: Final = {"pair": "pairs", "subject": "subjects", "operator": "operators"}


@dataclass(frozen=True)
class Measured:
    """What the views counted.

    Parameters
    ----------
    rows : pd.DataFrame
        Tidy frame of `COLUMNS` plus each view's own parts; identities are codes.
    book : Codebook
        Turns codes into identities.
    profiles : ibis.Table
        The coded, marked rows, linked subjects counted as one, for finding evidence.
    apart : pa.Table
        Coded `night_number`, `operator_id`, `subject_id` of the rows as they came, with
        `under`: the subject each is counted under.
    known : Known
        What the views were given.
    """

    rows: pd.DataFrame
    book: Codebook
    profiles: ibis.Table
    apart: pa.Table
    known: Known


def measure_nights(
    numbers: Sequence[int],
    profiles: pa.Table,
    context: Context,
    settings: Settings,
    engine: LocalEngine,
    *,
    marks: pa.Table | None = None,
) -> Measured:
    """Count every view for nights and for the nights they are calibrated against.

    Parameters
    ----------
    numbers : sequence of int
        Days since 1970-01-01, ascending.
    profiles, context, settings, engine, marks
        As for `score_nights`.
    """
    book, raw = coded(profiles)
    book, odd = coded_marks(MARK_NIGHTS.empty() if marks is None else marks, book)
    under = principals(context, book)
    rows = folded(raw, under)
    bound = marked(engine.bind("profiles", rows), by_case=context.cases is not None)
    bound = bound.filter(bound.night_number <= numbers[-1])
    reach = settings.score.history_nights - settings.score.calibration_nights
    ties = _belongings(context, book, under, engine)
    known = Known(max(2, reach), ties, _marks(odd, under, numbers[-1], engine))
    span = pa.array(range(numbers[0] - settings.score.calibration_nights, numbers[-1] + 1))
    active = span.filter(pc.is_in(span, value_set=pc.unique(rows["night_number"])))
    nights = engine.bind("nights", pa.table({"night_number": active.cast(pa.int64())}))
    census = _census(bound, nights, engine)
    blind = blind_views(context)
    seeing = [view for view in views() if view.NAME not in blind]
    oldest = int(pc.min(rows["night_number"]).as_py())
    parts = [
        _measure(view, bound, nights, known, census=census, oldest=oldest, engine=engine)
        for view in seeing
    ]
    frame = pd.concat(parts, ignore_index=True)
    for column in ("role", "unit"):
        frame[column] = frame[column].astype("int64")
    for column in ("view", "tail", "story", "kind"):
        frame[column] = frame[column].astype("category")  # every night's fit groups by these
    counted = under.take(raw["subject_id"].combine_chunks())
    apart = raw.select(["night_number", "operator_id", "subject_id"])
    return Measured(frame, book, bound, apart.append_column("under", counted), known)


def _belongings(
    context: Context, book: Codebook, under: pa.Array, engine: LocalEngine
) -> ibis.Table | None:
    """Return coded ties to staff; who or what no profile has cannot be met."""
    ties = belongings(context)
    if ties is None:
        return None
    columns = {
        "relation": ties["relation"],
        "subject_id": under.take(book.encode("subject_id", ties["subject_id"])),
        "owner_id": book.encode("operator_id", ties["owner_id"]).fill_null(-1),
    }
    rows = pa.table(columns).drop_null().group_by(list(columns), use_threads=False).aggregate([])
    return engine.bind("belongings", rows)


def _marks(odd: pa.Table, under: pa.Array, last: int, engine: LocalEngine) -> ibis.Table:
    """Return coded marks up to the last night, linked subjects counted as one."""
    place = odd.column_names.index("subject_id")
    moved = odd.set_column(place, "subject_id", under.take(odd["subject_id"].combine_chunks()))
    keys = [name for name in odd.column_names if name != "lookups"]
    added = moved.group_by(keys, use_threads=False).aggregate([("lookups", "sum")])
    rows = added.rename_columns([*keys, "lookups"])
    return engine.bind("marks", rows.filter(pc.less_equal(rows["night_number"], last)))


def _census(profiles: ibis.Table, nights: ibis.Table, engine: LocalEngine) -> pd.DataFrame:
    """Count operators, pairs and subjects of each night: what silent units there are."""
    rows = profiles.semi_join(nights, "night_number")
    counted = rows.group_by("night_number").aggregate(
        operators=rows.operator_id.nunique(),
        pairs=rows.bare.sum(),
        subjects=rows.subject_id.nunique(where=rows.bare == 1),
    )
    found: pd.DataFrame = engine.collect(counted).to_pandas()
    return found.set_index("night_number").sort_index()


def _measure(
    view: View,
    profiles: ibis.Table,
    nights: ibis.Table,
    known: Known,
    *,
    census: pd.DataFrame,
    oldest: int,
    engine: LocalEngine,
) -> pd.DataFrame:
    """Return one view's units, with its silent units as one row a night."""
    found: pd.DataFrame = engine.collect(view.measure(profiles, nights, known)).to_pandas()
    found = found.assign(**{name: EMPTY[name] for name in EMPTY if name not in found})
    found = found.assign(view=view.NAME, tail=view.TAIL, story=view.STORY, weight=1.0)
    found["least"] = view.LEAST
    found["base"] = view.expect(found)
    rows = pd.concat([found, *_silent(view, found, census, oldest)], ignore_index=True)
    counts = rows.select_dtypes("number").columns.difference(["first"])
    rows = rows.fillna(dict.fromkeys(counts, 0))
    rows["operators"] = census["operators"].reindex(rows["night_number"]).to_numpy()
    return rows.sort_values(list(COLUMNS), ignore_index=True)


def _silent(
    view: View, found: pd.DataFrame, census: pd.DataFrame, oldest: int
) -> list[pd.DataFrame]:
    """Return the units with nothing to say: active that night, and not in what was found.

    A night on which a window was not counted yet says nothing of how many would have been silent.
    """
    units = census[UNITS_OF[view.STORY]]
    parts = []
    for key, part in found.groupby(["window", "kind"], sort=True):
        window, kind = cast("tuple[int, str]", key)
        heard = part.groupby("night_number").size().reindex(units.index, fill_value=0)
        left = (units - heard).clip(lower=0)
        rows = pd.DataFrame({"night_number": left.index, "weight": left.to_numpy(float)})
        rows = rows[rows["weight"] > 0]
        rows = rows.assign(view=view.NAME, tail=view.TAIL, story=view.STORY, window=int(window))
        rows = rows[rows["night_number"] >= oldest - 1 + past_of(view) * int(window)]
        parts.append(
            rows.assign(**{**EMPTY, "kind": str(kind)}, observed=0, least=0, exposure=0, base=0.0)
        )
    return parts
