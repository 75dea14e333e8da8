"""Measuring: every view's counts for some nights and for those they are compared with."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

import pandas as pd
import pyarrow as pa

from auditwatch.core.schema import COUNT_NIGHTS, WORK_NIGHTS
from auditwatch.score.belongings import belongings
from auditwatch.score.codebook import Codebook, coded_marks
from auditwatch.score.folding import circle, folded, principals
from auditwatch.score.kept import Kept
from auditwatch.score.past import TablePast, distinct, gather, subjects_of, texts_of
from auditwatch.score.retold import (
    CATEGORIES,
    TEXTS,
    coded_counts,
    coded_work,
    stacked,
    texts_in,
    told_counts,
    told_work,
)
from auditwatch.score.scorer import COLUMNS
from auditwatch.score.sight import (
    AGAIN_NIGHTS,
    COLD_NIGHTS,
    MET_NIGHTS,
    Known,
    by_operator,
    marked,
    recognised,
)
from auditwatch.score.views import View, blind_views, past_of, views

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import ibis

    from auditwatch.config import Settings
    from auditwatch.core.contexttables import Context
    from auditwatch.core.schema import Table
    from auditwatch.engine.local import LocalEngine
    from auditwatch.score.past import LakePast, Past, Rows

__all__ = ["Bench", "Measured", "measure_nights"]

EMPTY: Final[dict[str, Any]] = {
    "kind": "", "own_observed": 0, "own_exposure": 0, "role": -1, "unit": -1,
    "operator_id": -1, "subject_id": -1, "value": -1,
}  # fmt: skip
UNITS_OF: Final = {"pair": "pairs", "subject": "subjects", "operator": "operators"}
ROWS_AT_ONCE: Final = 3_000_000  # of the nights that are counted together


@dataclass(frozen=True)
class Measured:
    """What the views counted.

    Parameters
    ----------
    rows : pd.DataFrame
        Tidy frame of `COLUMNS` plus each view's own parts, of the nights that were asked for;
        identities are codes.
    recent : pd.DataFrame
        `COLUMNS` of the nights before them that they are calibrated against.
    book : Codebook
        Turns codes into identities.
    profiles : ibis.Table
        The coded, marked rows, linked subjects counted as one, for finding evidence.
    known : Known
        What the views were given.
    bench : Bench
        What it was counted from and with.
    """

    rows: pd.DataFrame
    recent: pd.DataFrame
    book: Codebook
    profiles: ibis.Table
    known: Known
    bench: Bench

    @property
    def compared(self) -> pd.DataFrame:
        """`COLUMNS` of all nights, in order of night within each view."""
        return stacked([self.recent, self.rows[list(COLUMNS)]])

    def around(self, units: pd.DataFrame) -> tuple[Codebook, ibis.Table]:
        """Return all that the operators of some units looked at in their windows, and its codes.

        With what everybody did to the same subjects in these nights and in as many before as a
        subject is cold for.
        """
        bench = self.bench
        if isinstance(bench.past, TablePast):
            return self.book, self.profiles
        first = int((units["night_number"] - units["window"]).min()) - COLD_NIGHTS
        nights = bench.active(first, int(units["night_number"].max()))
        names = pa.array(self.book.decode("operator_id", set(units["operator_id"])), pa.string())
        theirs = subjects_of(bench.past, nights, names)
        # operators keep their codes: units are told in them
        further = {name: [self.book.texts[name]] for name in TEXTS.values() if name != "subject_id"}
        rows = gather(
            bench.past,
            nights,
            subjects=distinct([circle(bench.context, theirs)]),
            further=further,
        )
        return rows.book, bench.bound("around", rows, principals(bench.context, rows.book))


def measure_nights(
    numbers: Sequence[int],
    profiles: pa.Table | LakePast,
    context: Context,
    settings: Settings,
    engine: LocalEngine,
    *,
    marks: pa.Table | None = None,
    how: str | None = None,
) -> Measured:
    """Count every view for nights and for the nights they are calibrated against.

    Parameters
    ----------
    numbers : sequence of int
        Days since 1970-01-01, ascending, each with profile rows.
    profiles, context, settings, engine, marks
        As for `score_nights`.
    how : str, optional
        Names the views; what is counted under this name is kept in the lake, and what was kept
        there is used. Without it nothing is written.
    """
    past = TablePast(profiles, marks) if isinstance(profiles, pa.Table) else profiles
    reach = max(2, settings.score.history_nights - settings.score.calibration_nights)
    kept = Kept(past, context, json.dumps([how, reach]), reach)
    bench = Bench(past, context, settings, engine, kept, reach)
    first = numbers[0] - settings.score.calibration_nights
    recent = [night for night in bench.active(first, numbers[-1]) if night not in numbers]
    for batch in bench.batches(recent, COUNT_NIGHTS):
        counted = bench.count(batch)
        kept.add(COUNT_NIGHTS, told_counts(counted.rows, counted.book), batch)
        bench.save(how)
    measured = bench.count(numbers, recent)
    kept.add(COUNT_NIGHTS, told_counts(measured.rows, measured.book), numbers)
    bench.save(how)
    return measured


@dataclass(frozen=True)
class Bench:
    """Counts nights, each from the nights before it.

    Parameters
    ----------
    past : Past
        Profiles and marks.
    context, settings, engine
        As for `score_nights`.
    kept : Kept
        What was counted before.
    reach : int
        Nights that a night looks back on, itself included.
    """

    past: Past
    context: Context
    settings: Settings
    engine: LocalEngine
    kept: Kept
    reach: int

    def active(self, first: int, last: int) -> list[int]:
        """Return the nights of a span that have profile rows."""
        return [night for night in self.past.nights() if first <= night <= last]

    def save(self, how: str | None) -> None:
        """Keep what was counted, where that is wanted."""
        if how is not None:
            self.kept.save()

    def batches(self, nights: Sequence[int], table: Table) -> Iterator[list[int]]:
        """Yield those of some nights of which nothing true is kept, so many as fit at once."""
        batch: list[int] = []
        rows = 0
        sizes = self.past.nights()
        self.kept.load(table, nights)
        for night in nights:
            if self.kept.has(table, night):
                continue
            if batch and rows + sizes[night] > ROWS_AT_ONCE:
                yield batch
                batch, rows = [], 0
            batch.append(night)
            rows += sizes[night]
        if batch:
            yield batch

    def count(self, batch: Sequence[int], recent: Sequence[int] = ()) -> Measured:
        """Count all views on some nights.

        Parameters
        ----------
        batch : sequence of int
            Nights with profile rows, ascending.
        recent : sequence of int
            Nights whose counts are kept, to be told in the same codes.
        """
        seen = self.active(batch[0] - self.reach + 1, batch[-1])
        before = [night for night in seen if night not in batch]
        near = max(MET_NIGHTS, *(width for view in views() for width in view.WINDOW_NIGHTS))
        for part in self.batches(before, WORK_NIGHTS):
            self._work(part)
        work = [self.kept.rows(WORK_NIGHTS, night) for night in before]
        counts = [self.kept.rows(COUNT_NIGHTS, night) for night in recent]
        marks = self.past.marks(seen)
        met = [night for night in seen if night > batch[0] - near]
        rows = self.rows(met, batch, [*work, *counts], marks)
        under = principals(self.context, rows.book)
        profiles = self.bound("profiles", rows, under)
        nights = self.engine.bind("nights", pa.table({"night_number": pa.array(batch, pa.int32())}))
        book, odd = coded_marks(marks, rows.book)
        known = Known(
            self.reach,
            _belongings(self.context, book, under, self.engine),
            _marks(odd, under, self.engine),
            oldest=min(self.past.nights()),
        )
        tonight = self.engine.collect(recognised(profiles, nights, known))
        known = replace(known, tonight=self.engine.bind("tonight", tonight))
        done = self.engine.collect(by_operator(known.tonight))
        self.kept.add(WORK_NIGHTS, told_work(done, book), batch)
        earlier = [coded_work(part, book).cast(done.schema) for part in work]
        whole = pa.concat_tables([*earlier, done])
        known = replace(known, work=self.engine.bind("work", whole))
        frame = self._views(profiles, nights, known)
        recounted = coded_counts(counts, book)
        return Measured(frame, recounted, book, profiles, known, self)

    def _work(self, batch: Sequence[int]) -> None:
        """Count what each operator did on some nights."""
        rows = self.rows(self.active(batch[0] - AGAIN_NIGHTS, batch[-1]), batch)
        profiles = self.bound("profiles", rows, principals(self.context, rows.book))
        nights = self.engine.bind("nights", pa.table({"night_number": pa.array(batch, pa.int32())}))
        tonight = recognised(profiles, nights, Known(self.reach))
        done = self.engine.collect(by_operator(tonight))
        self.kept.add(WORK_NIGHTS, told_work(done, rows.book), batch)

    def rows(
        self,
        nights: Sequence[int],
        batch: Sequence[int],
        kept: Sequence[pa.Table] = (),
        marks: pa.Table | None = None,
    ) -> Rows:
        """Read what was done on some nights to the subjects of a few of them."""
        further: dict[str, list[pa.Array]] = {
            column: [texts_in(part[name]) for part in kept if name in part.column_names]
            for name, column in TEXTS.items()
        }
        if isinstance(self.past, TablePast):
            return gather(self.past, nights, further=further)
        if marks is not None:
            further["subject_id"].append(texts_in(marks["subject_id"]))
        met = [circle(self.context, texts_of(self.past, batch, "subject_id"))]
        if marks is not None and (ties := belongings(self.context)) is not None:
            met.append(circle(self.context, ties["subject_id"].combine_chunks()))
        wanted = distinct(met)
        if marks is not None:
            further["subject_id"].append(self._named(nights, wanted))
        return gather(self.past, nights, subjects=wanted, further=further)

    def _named(self, nights: Sequence[int], wanted: pa.Array) -> pa.Array:
        """Return those of some subjects that were looked at in the history before some nights.

        They lend linked subjects their name, and tie them to staff, though their rows no longer
        count.
        """
        if self.context.links is None:
            return wanted[:0]
        last = nights[-1] - self.settings.score.history_nights
        return texts_of(self.past, self.active(last + 1, nights[0] - 1), "subject_id", wanted)

    def bound(self, name: str, rows: Rows, under: pa.Array) -> ibis.Table:
        """Return rows as the views see them, linked subjects counted as one."""
        whole = folded(rows.table, under)
        return marked(self.engine.bind(name, whole), by_case=self.context.cases is not None)

    def _views(self, profiles: ibis.Table, nights: ibis.Table, known: Known) -> pd.DataFrame:
        """Return what every view that sees counts."""
        census = _census(known, self.engine)
        blind = blind_views(self.context)
        parts = [
            _measure(view, profiles, nights, known, census=census, engine=self.engine)
            for view in views()
            if view.NAME not in blind
        ]
        frame = pd.concat(parts, ignore_index=True)
        for column in ("role", "unit"):
            frame[column] = frame[column].astype("int64")
        for column in (*CATEGORIES, "story"):
            frame[column] = frame[column].astype("category")  # every night's fit groups by these
        return frame


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


def _marks(odd: pa.Table, under: pa.Array, engine: LocalEngine) -> ibis.Table:
    """Return coded marks, linked subjects counted as one."""
    place = odd.column_names.index("subject_id")
    moved = odd.set_column(place, "subject_id", under.take(odd["subject_id"].combine_chunks()))
    keys = [name for name in odd.column_names if name != "lookups"]
    added = moved.group_by(keys, use_threads=False).aggregate([("lookups", "sum")])
    return engine.bind("marks", added.rename_columns([*keys, "lookups"]))


def _census(known: Known, engine: LocalEngine) -> pd.DataFrame:
    """Count operators, pairs and subjects of each night: what silent units there are."""
    assert known.tonight is not None
    rows = known.tonight
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
    engine: LocalEngine,
) -> pd.DataFrame:
    """Return one view's units, with its silent units as one row a night."""
    found: pd.DataFrame = engine.collect(view.measure(profiles, nights, known)).to_pandas()
    found = found.assign(**{name: EMPTY[name] for name in EMPTY if name not in found})
    found = found.assign(view=view.NAME, tail=view.TAIL, story=view.STORY, weight=1.0)
    found["least"] = view.LEAST
    found["base"] = view.expect(found)
    rows = pd.concat([found, *_silent(view, found, census, known)], ignore_index=True)
    counts = rows.select_dtypes("number").columns.difference(["first"])
    rows = rows.fillna(dict.fromkeys(counts, 0))
    rows["operators"] = census["operators"].reindex(rows["night_number"]).to_numpy()
    return rows.sort_values(list(COLUMNS), ignore_index=True)


def _silent(
    view: View, found: pd.DataFrame, census: pd.DataFrame, known: Known
) -> list[pd.DataFrame]:
    """Return the units with nothing to say: active that night, and not in what was found.

    A night on which a window was not counted yet says nothing of how many would have been silent.
    Of a night on which a view found nothing at all, every unit was silent.
    """
    units = census[UNITS_OF[view.STORY]]
    heard = dict(iter(found.groupby(["window", "kind"], sort=True)))
    usual = {(known.within(window), "") for window in view.WINDOW_NIGHTS}
    parts = []
    for key in sorted({*heard, *usual}):
        window, kind = cast("tuple[int, str]", key)
        part = heard.get(key, found.iloc[:0])
        loud = part.groupby("night_number").size().reindex(units.index, fill_value=0)
        left = (units - loud).clip(lower=0)
        rows = pd.DataFrame({"night_number": left.index, "weight": left.to_numpy(float)})
        rows = rows[rows["weight"] > 0]
        rows = rows.assign(view=view.NAME, tail=view.TAIL, story=view.STORY, window=int(window))
        rows = rows[rows["night_number"] >= known.oldest - 1 + past_of(view) * int(window)]
        parts.append(
            rows.assign(**{**EMPTY, "kind": str(kind)}, observed=0, least=0, exposure=0, base=0.0)
        )
    return parts
