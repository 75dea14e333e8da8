"""What is kept of earlier nights spares work and changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.score_town import FIRST, cases, lookup, night, relations, table, work

from auditwatch.config import Settings
from auditwatch.core.contexttables import DUTY, LINKS, Context
from auditwatch.core.schema import COUNT_NIGHTS, LOOKUPS, MARK_NIGHTS, PAIR_NIGHTS, WORK_NIGHTS
from auditwatch.engine.lake import Lake
from auditwatch.engine.local import LocalEngine
from auditwatch.score import (
    LakePast,
    believed,
    blind_views,
    profile_nights,
    score_nights,
    views,
)
from auditwatch.score.measuring import Measured, measure_nights
from auditwatch.score.past import TablePast, gather
from auditwatch.score.views import markers
from auditwatch.score.words import EPOCH

if TYPE_CHECKING:
    from pathlib import Path

NIGHTS = 34
LAST = (FIRST - EPOCH).days + NIGHTS - 1
IDENTITIES = {
    "operator_id": "operator_id", "subject_id": "subject_id", "role": "operator_role",
    "unit": "operator_unit", "value": "value",
}  # fmt: skip


def links() -> pa.Table:
    """Return vehicles of some people, some of whom nobody looks up."""
    rows = [(f"P-{n}", f"P-{n + 1}") for n in range(100, 160, 3)]
    rows += [(f"P-{n}", f"P-never{n // 4}") for n in range(200, 300, 2)]
    whole = [{**dict.fromkeys(LINKS.names), "subject_id": a, "other_id": b} for a, b in rows]
    return pa.Table.from_pylist(whole, schema=LINKS.schema)


CONTEXT = Context(
    cases=cases({"case_id": "26-00001", "opened": FIRST, "subjects": "P-101;P-103;P-110"}),
    relations=relations(("T5", "P-150", "self"), ("T5", "P-sister", "household")),
    links=links(),
    duty=DUTY.empty(),
)


def town() -> list[dict[str, Any]]:
    """Return work with a partner followed, and a sister met."""
    rows = work(nights=NIGHTS)
    rows += [lookup(at, "T3", "P-partner") for at in range(4, NIGHTS, 5)]
    rows += [lookup(at, "T3", "P-204" if at % 2 else "P-206") for at in range(6, NIGHTS, 3)]
    rows += [lookup(at, "T9", f"P-fresh{at}-{n}") for at in range(24, NIGHTS) for n in range(7)]
    return [*rows, lookup(NIGHTS - 4, "T5", "P-sister"), lookup(NIGHTS - 1, "T5", "P-150")]


def marked(profiles: pa.Table) -> pa.Table:
    """Return some of the rows as marks of every view that marks."""
    draw = np.random.default_rng(1)
    parts = []
    for view, _ in markers():
        some: pd.DataFrame = profiles.to_pandas()[draw.random(profiles.num_rows) < 0.1]
        some = some.assign(mark=view, value=[f"v{n}" for n in draw.integers(0, 4, len(some))])
        parts.append(some[list(MARK_NIGHTS.names)])
    rows = pa.Table.from_pandas(pd.concat(parts), MARK_NIGHTS.schema, preserve_index=False)
    return rows.replace_schema_metadata()


@pytest.fixture(scope="module")
def tables() -> tuple[pa.Table, pa.Table]:
    """Profiles and marks of the town."""
    profiles, _ = profile_nights(table(town()), CONTEXT)
    return profiles, marked(profiles)


@pytest.fixture
def lake(tables: tuple[pa.Table, pa.Table], tmp_path: Path) -> Lake:
    """A lake of the test's own."""
    return filled(tmp_path, tables)


def filled(folder: Path, tables: tuple[pa.Table, pa.Table]) -> Lake:
    """Return a lake with the town's lookups, profiles and marks."""
    made = Lake(folder / "lake")
    made.append(LOOKUPS, table(town()), "town")
    for kind, rows in zip((PAIR_NIGHTS, MARK_NIGHTS), tables, strict=True):
        made.replace(kind, rows, [night(at) for at in range(NIGHTS)])
    return made


def told(found: Measured) -> pd.DataFrame:
    """Return what was measured with names for codes, in order."""
    rows = found.rows.copy()
    for column, text in IDENTITIES.items():
        rows[column] = found.book.decode(text, rows[column].fillna(-1).astype(int))
    rows = rows.astype(dict.fromkeys(("view", "tail", "kind", "story"), "object"))
    return rows.sort_values(["view", "window", "kind", "operator_id", "subject_id"]).reset_index(
        drop=True
    )


def scored(
    nights: list[int], past: pa.Table | LakePast, lake: Lake, marks: pa.Table | None = None
) -> pa.Table:
    """Return the surprises of some nights."""
    settings = Settings(score=type(Settings().score)(floor_decades=0.5))
    with LocalEngine(1) as engine:
        wanted = [night(at) for at in nights]
        return score_nights(wanted, past, lake, CONTEXT, settings, engine, marks=marks)


@pytest.fixture(scope="module")
def both(
    tables: tuple[pa.Table, pa.Table], tmp_path_factory: pytest.TempPathFactory
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The last night counted from all rows of the past, and from those that a lake is asked for."""
    profiles, marks = tables
    lake = filled(tmp_path_factory.mktemp("both"), tables)
    with LocalEngine(1) as engine:
        whole = told(measure_nights([LAST], profiles, CONTEXT, Settings(), engine, marks=marks))
        return whole, told(measure_nights([LAST], LakePast(lake), CONTEXT, Settings(), engine))


@pytest.mark.parametrize("name", sorted({view.NAME for view in views()} - {*blind_views(CONTEXT)}))
def test_a_view_counts_the_same_from_the_nights_own_subjects(
    name: str, both: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    """Rows on other subjects are not read; whatever a view counts does not depend on them."""
    whole, part = (rows[rows["view"] == name].reset_index(drop=True) for rows in both)
    assert len(whole)
    pd.testing.assert_frame_equal(whole, part)


def test_night_by_night_equals_all_at_once(tables: tuple[pa.Table, pa.Table], lake: Lake) -> None:
    """Counts that an earlier night left are what would be counted today, to the last byte."""
    whole = scored([NIGHTS - 2, NIGHTS - 1], tables[0], lake, tables[1])
    scored([NIGHTS - 3], LakePast(lake), lake)
    kept = lake.fingerprints(COUNT_NIGHTS)
    parts = [scored([at], LakePast(lake), lake) for at in (NIGHTS - 2, NIGHTS - 1)]
    assert pa.concat_tables(parts).equals(whole)
    assert whole.num_rows > 10
    assert lake.fingerprints(COUNT_NIGHTS).items() >= kept.items(), "counted once, and used"


def test_a_night_that_changed_is_counted_again(
    tables: tuple[pa.Table, pa.Table], lake: Lake
) -> None:
    """Late lookups of a past night reach the counts of all nights that look back on it."""
    scored([NIGHTS - 2], LakePast(lake), lake)
    profiles, marks = tables
    late = (FIRST + timedelta(days=NIGHTS - 5)).isoformat()
    gone = pa.compute.and_(
        pa.compute.equal(profiles["night"], late), pa.compute.equal(profiles["operator_id"], "T3")
    )
    changed = profiles.filter(pa.compute.invert(gone))
    lake.replace(PAIR_NIGHTS, changed.filter(pa.compute.equal(changed["night"], late)), [late])
    whole = scored([NIGHTS - 1], changed, lake, marks)
    assert scored([NIGHTS - 1], LakePast(lake), lake).equals(whole)


def test_rows_do_not_depend_on_how_they_are_cut(tables: tuple[pa.Table, pa.Table]) -> None:
    """The same rows and codes come from a night in one piece and from one in many."""
    whole, _ = tables
    size = 7
    cut = pa.concat_tables([whole.slice(at, size) for at in range(0, whole.num_rows, size)])
    nights = [LAST - 2, LAST - 1, LAST]
    for wanted in (None, pa.array(["P-150", "P-partner", "P-nobody", "P-101"])):
        one, many = (gather(TablePast(rows), nights, subjects=wanted) for rows in (whole, cut))
        assert one.table.num_rows
        assert one.table.equals(many.table)
        assert one.book.texts == many.book.texts


def test_looking_keeps_nothing(lake: Lake) -> None:
    """Whoever asks what the scorer believes leaves the lake as it was."""
    with LocalEngine(1) as engine:
        believed(night(NIGHTS - 1), LakePast(lake), CONTEXT, Settings(), engine)
    assert not lake.nights(COUNT_NIGHTS)
    assert not lake.nights(WORK_NIGHTS)
