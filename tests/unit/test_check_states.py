"""What rules and the policy make of a cell that is masked, a placeholder, or empty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.test_check_judge import SHIPPED, batch, hits, judged, rule, verdicts, write

from auditwatch.check import Ruleset, judge, load_rules, make_facts
from auditwatch.check.columns import Columns
from auditwatch.core.contexttables import CASES, DUTY, ROSTER, Context

if TYPE_CHECKING:
    from pathlib import Path

STOP = {"operator_unit": "patrol-north", "purpose": "C", "transaction": "DQ", "system": "NLETS"}
PLATE = {"system": "ALPR", "transaction": "PLATE", "purpose": None, "reason_norm": None}


@pytest.fixture(scope="module")
def ruleset() -> Ruleset:
    """The shipped pack."""
    return load_rules(SHIPPED)


def test_a_masked_reason_is_neither_good_nor_bad(ruleset: Ruleset) -> None:
    """A mask may hide a fine reason or a forbidden one: no verdict, no hit, and it is counted."""
    result = judged(ruleset, {**STOP, "reason_norm": "***"}, {**PLATE, "reason_norm": "[masked]"})
    assert verdicts(result) == ["cannot_decide", "cannot_decide"]
    assert hits(result) == []
    assert result.undecided["plate-read-without-purpose"] == 1
    assert result.verdicts["missing"].to_pylist() == ["masked:reason", "masked:reason"]
    assert "the field reason, which is masked, is not known" in result.verdicts["says"][0].as_py()


def test_what_a_mask_hides_is_not_blamed_on_a_table_that_was_given(ruleset: Ruleset) -> None:
    """The cause is named that stands in the way: mask, source, no table, or a table's own gap."""
    row = {**STOP, "reason_norm": None, "case_id": "26-00001"}
    listed = pa.Table.from_pylist([{"case_id": "26-00001"}], schema=CASES.schema)
    given = Context(cases=listed)
    causes = [
        judged(ruleset, {**row, "case_id": "***"}, context=given),
        judged(ruleset, row, context=given, hidden=("case_id",)),
        judged(ruleset, row),
        judged(ruleset, row, context=given),
    ]
    assert [one.verdicts["missing"][0].as_py() for one in causes] == [
        "masked:case_id",
        "field:case_id",
        "context:cases",
        "silent:cases",
    ]


def test_an_empty_reason_and_a_placeholder_are_as_bad_and_told_apart(ruleset: Ruleset) -> None:
    """Neither justifies; the sentence says that something was typed instead."""
    result = judged(ruleset, {**STOP, "reason_norm": None}, {**STOP, "reason_norm": "n/a"})
    assert verdicts(result) == ["justification_missing", "justification_missing"]
    empty, typed = result.verdicts.column("says").to_pylist()
    assert "placeholder" not in empty
    assert "(a placeholder was typed in its place)" in typed
    silent = judged(ruleset, PLATE, {**PLATE, "reason_norm": "."})
    assert [event for event, one in hits(silent) if one == "plate-read-without-purpose"] == [
        "e0",
        "e1",
    ]


@given(
    column=st.sampled_from(["purpose", "operator_unit", "operator_role", "transaction"]),
    mask=st.sampled_from(["***", "# # #", "REDACTED", "[masked]"]),
)
def test_a_mask_decides_nothing_that_it_hides(ruleset: Ruleset, column: str, mask: str) -> None:
    """A verdict with a masked field is the one that every value behind the mask would get."""
    row = {**STOP, "reason_norm": "traffic stop"}
    masked = verdicts(judged(ruleset, {**row, column: mask}))
    unknown = verdicts(judged(ruleset, {**row, column: None}, hidden=(column,)))
    assert masked == unknown


def test_a_system_that_is_not_told_is_that_of_the_key(ruleset: Ruleset) -> None:
    """A log of one network need not repeat it; behind a mask another may stand."""
    row = {**STOP, "reason_norm": "traffic stop"}
    told = judged(ruleset, row, {**row, "system": None}, {**row, "system": "***"})
    assert verdicts(told) == ["permitted", "permitted", "cannot_decide"]
    hidden = judged(ruleset, {**PLATE, "system": None}, hidden=("system", "purpose"))
    assert hits(hidden) == [("e0", "plate-read-without-purpose")]
    assert verdicts(hidden) == ["justification_missing"]


def test_a_key_that_takes_no_purpose_has_none(ruleset: Ruleset) -> None:
    """What cannot be declared does not leave a forbid on codes open; what can be does."""
    row = {**STOP, "reason_norm": "traffic stop", "purpose": None}
    plate = {**row, **PLATE, "reason_norm": "stolen vehicle"}
    assert verdicts(judged(ruleset, row, plate, hidden=("purpose",))) == [
        "cannot_decide",
        "permitted",
    ]
    assert verdicts(judged(ruleset, {**plate, "purpose": "S"})) == ["forbidden"]


@given(seconds=st.integers(-90_000, 90_000), other=st.integers(-90_000, 90_000))
def test_hours_off_duty_are_those_to_the_nearest_spell(
    ruleset: Ruleset, seconds: int, other: int
) -> None:
    """Whole hours before or after any spell of the operator; nobody else's spell counts."""
    noon = datetime(2026, 1, 15, 12, tzinfo=UTC)
    spells = [
        (noon, noon + timedelta(hours=4)),
        (noon + timedelta(hours=20), noon + timedelta(hours=22)),
    ]
    rows = [{"operator_id": "T1", "starts": one, "ends": end} for one, end in spells]
    away = noon + timedelta(seconds=other)
    rows.append({"operator_id": "T0", "starts": away, "ends": away + timedelta(hours=1)})
    rows.append({"operator_id": "T2", "starts": away, "ends": away + timedelta(hours=1)})
    duty = pa.Table.from_pylist(rows, schema=DUTY.schema)
    facts = make_facts(Context(duty=duty), {})
    when = noon + timedelta(seconds=seconds)
    columns = Columns(batch({"operator_id": "T1", "event_time": when}), facts, ruleset.catalogue)
    told = columns.coded("hours_off_duty")
    least = min(max(one - when, when - end, timedelta()) for one, end in spells)
    assert told.values.take(pa.array(told.codes)).to_pylist() == [
        0 if least <= timedelta(hours=1) else least // timedelta(hours=1)
    ]


def test_a_masked_operator_is_nobody_who_is_missing_from_the_roster(tmp_path: Path) -> None:
    """Whether a hidden operator is on the roster, trained or on duty is not known."""
    detection = "  away: [{operator_on_roster: 'no'}, {duty_near: 'no'}]\n  condition: away"
    ruleset = write(tmp_path, "detections/r.yml", rule(detection))
    context = Context(roster=ROSTER.empty(), duty=DUTY.empty())
    result = judged(ruleset, {"operator_id": "***"}, {"operator_id": "T9"}, context=context)
    assert hits(result) == [("e1", "a-sample")]
    assert result.undecided == {"a-sample": 1}


def test_a_subject_that_may_be_masked_is_not_taken_for_none(tmp_path: Path) -> None:
    """Masked subjects have no key; in such a source a row without one leaves the rule open."""
    ruleset = write(
        tmp_path,
        "detections/r.yml",
        rule("  none: {subject_id: null}\n  condition: none"),
    )
    row = batch({"subject_id": None})
    sure = judge(ruleset, row, make_facts(Context(), {}))
    assert hits(sure) == [("e0", "a-sample")]
    open_ = judge(ruleset, row, make_facts(Context(), {}, frozenset({"s"})))
    assert hits(open_) == []
    assert open_.undecided == {"a-sample": 1}
