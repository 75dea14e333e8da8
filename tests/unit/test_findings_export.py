from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from auditwatch.core.errors import UsageError
from auditwatch.core.mask import Masker, mark
from auditwatch.findings.export import EXPORT_FIELDS, export_findings
from auditwatch.findings.model import Finding

FINDING = Finding(
    finding_id="F-ABCDEFGH2345",
    kind="rule",
    rule_id="colleague",
    severity="medium",
    priority=3000,
    night="2026-02-01",
    operator_ids=("T1", "T2"),
    subject_ids=("P-1",),
    event_ids=("L1", "L2"),
    first_seen="2026-02-01T17:00:00.000000Z",
    last_seen="2026-02-01T17:00:00.250000Z",
    title=f"Looked up a colleague: {mark('operator', 'T1')}",
    reasons=(f"{mark('subject', 'P-1')} is a colleague.", "Größe «zwei»."),
    counter_evidence=(),
    rules_version="r",
    model_id="m",
    status="open",
    story="pair",
    days=("2026-02-01",),
)


def test_json_lines_have_the_agreed_fields_in_the_agreed_order() -> None:
    """A line a finding, 18 fields in order, plain UTF-8, times without empty fractions."""
    data = export_findings([FINDING, FINDING], "jsonl", Masker("", reveal=True))
    first, second, end = data.decode("utf-8").split("\n")
    row = json.loads(first)
    assert (first, end) == (second, "")
    assert tuple(row) == EXPORT_FIELDS
    assert len(EXPORT_FIELDS) == 18
    assert row["first_seen"] == "2026-02-01T17:00:00Z"
    assert row["last_seen"] == "2026-02-01T17:00:00.250000Z"
    assert row["title"] == "Looked up a colleague: T1"
    assert "«zwei»" in first


def test_nothing_to_export_is_still_a_file() -> None:
    """No findings: an empty list, a header, an empty file of lines."""
    masker = Masker("k")
    assert export_findings([], "json", masker) == b"[]\n"
    assert export_findings([], "jsonl", masker) == b""
    assert export_findings([], "csv", masker).decode() == ",".join(EXPORT_FIELDS) + "\r\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_csv_file_begins_like_a_formula(start: str) -> None:
    """Whatever a spreadsheet would run is told apart by an apostrophe, in any column."""
    hostile = start + "HYPERLINK(1)"
    finding = replace(FINDING, title=hostile, rule_id=hostile, event_ids=(hostile,))
    data = export_findings([finding], "csv", Masker("", reveal=True)).decode("utf-8")
    (row,) = csv.DictReader(io.StringIO(data, newline=""))
    assert row["title"] == row["rule_id"] == row["event_ids"] == "'" + hostile
    assert row["operator_ids"] == "T1;T2"


def test_stand_ins_are_the_same_in_lists_and_sentences() -> None:
    """A masked operator can be followed from the list to the title, not to the identity."""
    row = json.loads(export_findings([FINDING], "jsonl", Masker("k")))
    assert row["title"] == f"Looked up a colleague: {row['operator_ids'][0]}"
    assert row["event_ids"] == ["L1", "L2"]
    other = json.loads(export_findings([FINDING], "jsonl", Masker("another key")))
    assert other["operator_ids"] != row["operator_ids"]


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    """The error names what would be right."""
    with pytest.raises(UsageError) as caught:
        export_findings([], "xml", Masker("k"))
    assert caught.value.expected == "one of jsonl, json, csv"
