"""Judging in pieces: what is said of the parts of a night is what is said of the whole."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.test_sigma_correlations import CORRELATION, DETECTION

from auditwatch.check import Ruleset, judge, load_rules, make_facts
from auditwatch.core.contexttables import Context
from auditwatch.core.errors import AuditwatchError, IntegrityError
from auditwatch.core.schema import LOOKUPS
from auditwatch.engine import pieces, spark
from auditwatch.engine.lake import Lake
from auditwatch.engine.local import LocalEngine
from auditwatch.night.blindness import read_blindness
from auditwatch.night.judging import JudgedNight, facts_of, judge_nights

if TYPE_CHECKING:
    from collections.abc import Sequence

SHIPPED = Path(__file__).parents[2] / "rules"
NIGHTS = ("2026-01-15", "2026-01-16")
NIGHT_START = datetime(2026, 1, 15, tzinfo=UTC)

#: Minute of two nights, operator, transaction, origin.
Row = tuple[int, str, str, str]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Ruleset:
    """The shipped pack with a correlation."""
    root = tmp_path_factory.mktemp("pieces") / "rules"
    shutil.copytree(SHIPPED, root)
    (root / "detections/gun.yml").write_text(DETECTION)
    (root / "detections/many.yml").write_text(CORRELATION)
    return load_rules(root)


def lookups(rows: Sequence[Row]) -> pa.Table:
    """Return lookups of two nights, in the order of their times."""
    made = []
    for number, (minute, operator, transaction, origin) in enumerate(sorted(rows)):
        when = NIGHT_START + timedelta(minutes=minute)
        empty = dict.fromkeys(LOOKUPS.names)
        made.append(
            empty
            | {
                "event_id": f"e{number:03}",
                "lookup_id": f"e{number:03}",
                "event_time": when,
                "night": when.date().isoformat(),
                "local_hour": when.hour,
                "local_weekday": when.weekday(),
                "operator_id": operator,
                "operator_unit": "patrol-north",
                "transaction": transaction,
                "origin": origin,
                "source_id": "s",
                "line": number,
                "byte_start": number,
                "byte_end": number + 1,
            }
        )
    return pa.Table.from_pylist(made, schema=LOOKUPS.schema)


def judged(lake: Lake, rules: Ruleset) -> list[JudgedNight]:
    """Return both nights as a scan judges them."""
    blindness = read_blindness(lake)
    facts = facts_of(blindness, Context(), "UTC")
    nights = lake.nights(LOOKUPS)
    with LocalEngine(1) as engine:
        found = judge_nights(
            nights, lake, engine, rules, context=Context(), facts=facts, blindness=blindness
        )
        return list(found)


ROWS = st.tuples(
    st.one_of(st.integers(1432, 1447), st.integers(0, 2 * 24 * 60 - 1)),  # most about midnight
    st.sampled_from(["T1", "T2"]),
    st.sampled_from(["QG", "QG", "QG", "RQ", "never-heard-of"]),
    st.sampled_from(["manual", "manual", "manual", "hotlist"]),
)


@given(
    rows=st.lists(ROWS, min_size=1, max_size=40, unique=True),
    most=st.integers(1, 12),
    files=st.integers(1, 5),
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_night_in_pieces_is_judged_as_the_whole_is(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    rules: Ruleset,
    *,
    rows: list[Row],
    most: int,
    files: int,
) -> None:
    """Whatever files a night came in and wherever they are cut: verdicts, hits, counts agree."""
    monkeypatch.setattr(pieces, "PIECE_ROWS", most)
    table = lookups(rows)
    lake = Lake(tmp_path_factory.mktemp("lake"))
    for number in range(0, len(rows), -(-len(rows) // files)):
        lake.append(LOOKUPS, table.slice(number, -(-len(rows) // files)), str(number))
    facts = make_facts(Context(), {})
    earlier = None
    for night in judged(lake, rules):
        batch = lake.read(LOOKUPS, [night.night]).combine_chunks().to_batches()[0]
        whole = judge(rules, batch, facts, earlier)
        assert night.verdicts.to_pylist() == whole.verdicts.to_pylist()
        assert night.hits.to_pylist() == whole.hits.to_pylist()
        assert night.summary.undecided_rules == dict(sorted(whole.undecided.items()))
        assert night.summary.aside == hotlisted(table, night.night)
        earlier = batch


def hotlisted(table: pa.Table, night: str) -> dict[str, int]:
    """Count the rows of a night that nobody keyed."""
    rows = [row for row in table.to_pylist() if row["night"] == night]
    count = sum(row["origin"] == "hotlist" for row in rows)
    return {"hotlist": count} if count else {}


def test_what_a_task_refuses_is_refused_with_the_same_words(tmp_path: Path) -> None:
    """A damaged file ends a scan on Spark as it ends one without: same kind, code and place."""
    lake = Lake(tmp_path)
    lake.append(LOOKUPS, lookups([(1, "T1", "QG", "manual")]), "t")
    (piece,) = lake.pieces(LOOKUPS, NIGHTS)
    path = piece.groups[0][0]
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(IntegrityError) as at_home:
        piece.read()
    ((name, data),) = spark._packed(piece, lambda rows: {"rows": rows})
    assert name == spark.ERROR
    carried: AuditwatchError = spark._raised(data)
    assert type(carried) is IntegrityError
    assert str(carried) == str(at_home.value)


def test_what_a_task_hands_back_is_what_it_made() -> None:
    """Dictionaries and empty tables come through as they were."""
    table = lookups([(1, "T1", "QG", "manual"), (2, "T2", "QG", "manual")])
    coded = table.set_column(0, "event_id", table["event_id"].dictionary_encode())
    made = {"some": coded, "none": table.slice(0, 0)}

    class Ready:
        """A piece that needs no file."""

        def read(self) -> pa.Table:
            """Return no rows."""
            return table

    packed = dict(spark._packed(Ready(), lambda _: made))  # type: ignore[arg-type]
    for name, data in packed.items():
        assert pa.ipc.open_stream(data).read_all().equals(made[name])
