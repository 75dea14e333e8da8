"""Groups too small for any window are left out before windows slide, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from shutil import copytree
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.unit.test_sigma_correlations import CORRELATION, DETECTION, SHIPPED

from auditwatch.check import crowding, judge, load_rules, make_facts
from auditwatch.core.contexttables import Context
from auditwatch.core.schema import LOOKUPS

if TYPE_CHECKING:
    from auditwatch.check import Ruleset

START = datetime(2026, 1, 15, tzinfo=UTC)
#: Kind, limits, fields.
KINDS: list[tuple[str, tuple[tuple[str, Any], ...], tuple[str, ...]]] = [
    ("event_count", (("gte", 3),), ()),
    ("event_count", (("gt", Fraction(5, 2)), ("lte", 4)), ()),
    ("value_count", (("gt", 1),), ("subject_id",)),
    ("value_count", (("eq", 3),), ("subject_id", "terminal")),
    ("value_count", (("lte", 2),), ("subject_id",)),
]


@pytest.fixture(scope="module")
def ruleset(tmp_path_factory: pytest.TempPathFactory) -> Ruleset:
    """A pack with two detections and a correlation of both."""
    folder = tmp_path_factory.mktemp("pack")
    copytree(SHIPPED / "catalogue", folder / "catalogue")
    other = DETECTION.replace("gun-query", "plate").replace("a001", "a003").replace("QG", "RQ")
    both = CORRELATION.replace("[gun-query]", "[gun-query, plate]")
    for name in ("permits", "detections"):
        (folder / name).mkdir()
    for name, rule in (("one", DETECTION), ("two", other), ("many", both)):
        (folder / f"detections/{name}.yml").write_text(rule, "utf-8")
    return load_rules(folder)


def asking(ruleset: Ruleset, kind: int, group: tuple[str, ...]) -> Ruleset:
    """Return the pack with another question in its correlation."""
    name, limits, fields = KINDS[kind]
    rules = [
        replace(
            rule,
            correlation=rule.correlation
            and replace(rule.correlation, kind=name, limits=limits, fields=fields, group=group),
        )
        for rule in ruleset.rules
    ]
    return replace(ruleset, rules=tuple(rules))


lookups = st.lists(
    st.fixed_dictionaries(
        {
            "minute": st.integers(0, 40),
            "operator_id": st.sampled_from(["T1", "T2", None]),
            "subject_id": st.sampled_from(["P-1", "P-2", "P-3", None]),
            "terminal": st.sampled_from(["A", "B"]),
            "transaction": st.sampled_from(["QG", "RQ", "QW"]),
        }
    ),
    max_size=14,
)


def batch(rows: list[dict[str, Any]], prefix: str) -> pa.RecordBatch:
    """Return lookups as a batch."""
    filled = [
        {
            **{key: value for key, value in row.items() if key != "minute"},
            "event_id": f"{prefix}{n:02}",
            "lookup_id": f"{prefix}{n:02}",
            "origin": "manual",
            "night": "2026-01-15",
            "source_id": "s",
            "event_time": START + timedelta(minutes=row["minute"]),
        }
        for n, row in enumerate(rows)
    ]
    table = pa.Table.from_pylist(filled, schema=LOOKUPS.schema)
    return table.combine_chunks().to_batches()[0]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.integers(0, len(KINDS) - 1),
    group=st.sampled_from([(), ("operator_id",), ("operator_id", "terminal")]),
    rows=lookups.filter(len),
    before=lookups.filter(len),
)
def test_leaving_out_small_groups_changes_no_hit(
    ruleset: Ruleset,
    kind: int,
    group: tuple[str, ...],
    rows: list[dict[str, Any]],
    before: list[dict[str, Any]],
) -> None:
    """With and without counting first, the same lookups stand in the same windows."""
    rules = asking(ruleset, kind, group)
    asked = batch(rows, "b"), make_facts(Context(), {}), batch(before, "a")
    told = judge(rules, *asked).hits
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowding, "least_of", lambda _: 0)
        plain = judge(rules, *asked).hits
    event(f"{min(told.num_rows, 3)} hits")
    assert told.equals(plain)
