"""Correlations in a rule pack: what becomes a hit, what is left open, what is refused."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from auditwatch.check import Ruleset, judge, load_rules, make_facts
from auditwatch.check.trial import try_samples
from auditwatch.core.contexttables import Context
from auditwatch.core.errors import RuleError
from auditwatch.core.schema import LOOKUPS

SHIPPED = Path(__file__).parents[2] / "rules"
START = datetime(2026, 1, 15, 10, tzinfo=UTC)
DETECTION = """\
title: Gun query
id: 0b5a4c0e-7f43-4a2e-9a43-0d0f3ac1a001
name: gun-query
status: test
description: A sample.
logsource: {product: lookups}
detection:
  selection: {transaction: QG}
  condition: selection
falsepositives: [Nothing]
level: low
auditwatch:
  story: operator
  owner: auditor
  reason_template: "{operator_id} on {night}."
"""
CORRELATION = """\
title: Many gun queries
id: 0b5a4c0e-7f43-4a2e-9a43-0d0f3ac1a002
name: many-guns
status: test
description: A sample.
correlation:
  type: event_count
  rules: [gun-query]
  group-by: [operator_id]
  timespan: 10m
  condition: {gte: 3}
falsepositives: [A shift]
level: medium
auditwatch:
  story: operator
  owner: auditor
  reason_template: "{operator_id} asked {lookups_in_window} times within ten minutes ({night})."
  tests:
    - title: three within ten minutes
      lookups:
        - {operator_id: T1, transaction: QG, at: "2026-01-15T10:00:00"}
        - {operator_id: T1, transaction: QG, at: "2026-01-15T10:05:00"}
        - {operator_id: T1, transaction: QG, at: "2026-01-15T10:10:00"}
      fires: true
    - title: a second too late
      lookups:
        - {operator_id: T1, transaction: QG, at: "2026-01-15T10:00:00"}
        - {operator_id: T1, transaction: QG, at: "2026-01-15T10:05:00"}
        - {operator_id: T1, transaction: QG, at: "2026-01-15T10:10:01"}
      fires: false
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack with a detection and a correlation of it."""
    shutil.copytree(SHIPPED / "catalogue", tmp_path / "catalogue")
    for folder in ("permits", "detections"):
        (tmp_path / folder).mkdir()
    (tmp_path / "detections/one.yml").write_text(DETECTION)
    (tmp_path / "detections/many.yml").write_text(CORRELATION)
    return tmp_path


def batch(*rows: dict[str, Any]) -> pa.RecordBatch:
    """Return gun queries of one operator, at the seconds that each row tells."""
    filled = []
    for n, row in enumerate(rows):
        when = START + timedelta(seconds=row.get("at", 0))
        name = row.get("name", f"e{n}")
        usual = {"event_id": name, "lookup_id": name, "line": n, "origin": "manual"}
        usual |= {"operator_id": "T1", "transaction": "QG", "event_time": when, "source_id": "s"}
        usual |= {"night": when.date().isoformat(), "local_hour": when.hour}
        filled.append(usual | {key: row[key] for key in row if key not in ("at", "name")})
    table = pa.Table.from_pylist(filled, schema=LOOKUPS.schema)
    return pa.RecordBatch.from_arrays(
        [column.combine_chunks() for column in table.columns], schema=table.schema
    )


def hits(rules: Ruleset, rows: pa.RecordBatch, earlier: pa.RecordBatch | None = None) -> set[Any]:
    """Return rule and event of each hit."""
    found = judge(rules, rows, make_facts(Context(), {}), earlier).hits
    return set(zip(*(found[name].to_pylist() for name in ("rule_id", "event_id")), strict=True))


def test_every_lookup_of_a_window_is_a_hit_and_the_rule_alone_is_none(pack: Path) -> None:
    """The lookups of a window are one story; a rule that serves a correlation says nothing."""
    found = hits(load_rules(pack), batch({"at": 0}, {"at": 300}, {"at": 600}, {"at": 4000}))
    assert found == {("many-guns", "e0"), ("many-guns", "e1"), ("many-guns", "e2")}


def test_a_rule_of_a_correlation_speaks_when_generate_says_so(pack: Path) -> None:
    """With generate the rule that is named hits by itself as well."""
    told = CORRELATION.replace("  timespan", "  generate: true\n  timespan")
    (pack / "detections/many.yml").write_text(told)
    assert hits(load_rules(pack), batch({"at": 0})) == {("gun-query", "e0")}


def test_the_sentence_tells_the_largest_window(pack: Path) -> None:
    """Each lookup says how many there are in the largest window that it stands in."""
    rows = batch(*({"at": at} for at in (0, 200, 400, 700, 800)))
    says = judge(load_rules(pack), rows, make_facts(Context(), {})).hits["says"].to_pylist()
    assert [text.split(" asked ")[1].split()[0] for text in says] == ["3", "4", "4", "4", "4"]


def test_a_window_may_begin_in_the_night_before(pack: Path) -> None:
    """Earlier lookups complete a window, but hits are on the lookups that are judged."""
    earlier = batch({"at": -500, "name": "old1"}, {"at": -400, "name": "old2"})
    assert hits(load_rules(pack), batch({"at": 0}), earlier) == {("many-guns", "e0")}
    assert load_rules(pack).reach_nights == 1


def test_a_day_without_an_hour_cannot_be_put_in_a_window(pack: Path) -> None:
    """Lookups of which only the day is known are counted as undecided, never as simultaneous."""
    rows = batch(*({"time_quality": "date_only"} for _ in range(3)))
    judged = judge(load_rules(pack), rows, make_facts(Context(), {}))
    assert judged.hits.num_rows == 0
    assert judged.undecided["many-guns"] == 3


def test_who_is_not_told_is_in_no_group(pack: Path) -> None:
    """Lookups without an operator are not taken for one operator's; hidden ones are undecided."""
    rows = batch(*({"operator_id": None} for _ in range(3)))
    assert hits(load_rules(pack), rows) == set()
    hidden = make_facts(Context(), {"s": frozenset({"operator_id"})})
    undecided = judge(load_rules(pack), batch({}, {}, {}), hidden).undecided
    assert undecided == {"many-guns": 3}, "what it is made of is not told beside it"


def test_samples_of_a_correlation_are_lookups_in_a_row(pack: Path) -> None:
    """Tests in the rule file go through the same judge, edges of the window included."""
    trials = [trial for trial in try_samples(load_rules(pack)) if trial.name == "many-guns"]
    assert [trial.passed for trial in trials] == [True, True]


SPOILED = {
    "no such rule": ("[gun-query]", "[gun-kuery]", "AW-RULES-033", "8:3"),
    "no such column": ("[operator_id]", "[operator]", "AW-RULES-004", "9:3"),
    "no such kind": ("event_count", "count", "AW-RULES-004", "7:3"),
    "no timespan": ("timespan: 10m", "timespan: 0m", "AW-RULES-003", "10:3"),
    "unknown key": ("timespan: 10m", "timespan: 10m\n  tiemspan: 1h", "AW-YAML-006", "11:3"),
    "no number": ("{gte: 3}", "{gte: three}", "AW-RULES-003", "11:15"),
    "unknown comparison": ("{gte: 3}", "{ge: 3}", "AW-YAML-006", "11:15"),
    "itself": ("[gun-query]", "[gun-query, many-guns]", "AW-RULES-033", "8:3"),
    "a field too many": ("{gte: 3}", "{gte: 3, field: unit}", "AW-YAML-006", "11:23"),
    "detection beside": ("level: medium", "level: medium\nlogsource: {}", "AW-YAML-006", "14:1"),
}


@pytest.mark.parametrize("fault", SPOILED)
def test_a_spoiled_correlation_is_refused_at_its_place(pack: Path, fault: str) -> None:
    """A correlation with one fault is refused with code, line and column."""
    good, bad, code, place = SPOILED[fault]
    assert good in CORRELATION
    (pack / "detections/many.yml").write_text(CORRELATION.replace(good, bad, 1))
    with pytest.raises(RuleError) as caught:
        load_rules(pack)
    assert (caught.value.code, caught.value.where) == (code, f"detections/many.yml:{place}")


@pytest.mark.parametrize(
    ("item", "fires"),
    [
        ("event_time|hour: 3", True),
        ("event_time|hour|gte: 4", False),
        ("event_time|minute: 45", True),
        ("event_time|day: 16", True),
        ("event_time|week: 3", True),
        ("event_time|month: 1", True),
        ("event_time|year|gt: 2025", True),
    ],
)
def test_parts_of_a_time_are_read_on_the_agency_s_clock(
    pack: Path, item: str, *, fires: bool
) -> None:
    """Hour to year are those of the agency's clock, quarters of an hour included."""
    (pack / "detections/many.yml").unlink()
    (pack / "detections/one.yml").write_text(DETECTION.replace("transaction: QG", item))
    when = {"at": 12 * 3600, "local_hour": 3, "night": "2026-01-16"}
    facts = make_facts(Context(), {}, zone=ZoneInfo("Asia/Kathmandu"))
    assert bool(judge(load_rules(pack), batch(when), facts).hits.num_rows) is fires
