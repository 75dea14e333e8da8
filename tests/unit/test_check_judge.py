"""What `judge` says of single lookups."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from auditwatch.check import Judged, Ruleset, judge, load_rules, make_facts
from auditwatch.core.contexttables import CASES, DUTY, ROSTER, Context
from auditwatch.core.mask import MARK
from auditwatch.core.schema import HITS, LOOKUPS, VERDICTS

SHIPPED = Path(__file__).parents[2] / "rules"
USUAL = {
    "night": "2026-01-15",
    "local_hour": 10,
    "local_weekday": 3,
    "operator_id": "T1",
    "operator_unit": "traffic",
    "operator_role": "officer",
    "system": "NLETS",
    "transaction": "DQ",
    "subject_kind": "person",
    "subject_id": "P-7",
    "purpose": "C",
    "reason_norm": "traffic stop",
    "origin": "manual",
    "source_id": "s",
}


@pytest.fixture(scope="module")
def ruleset() -> Ruleset:
    """The shipped pack."""
    return load_rules(SHIPPED)


def batch(*rows: dict[str, Any]) -> pa.RecordBatch:
    """Return lookups that are ordinary but for what each row says."""
    filled = [
        {"event_id": f"e{n}", "lookup_id": f"e{n}", "line": n, **USUAL, **row}
        for n, row in enumerate(rows)
    ]
    table = pa.Table.from_pylist(filled, schema=LOOKUPS.schema)
    return pa.RecordBatch.from_arrays(
        [column.combine_chunks() for column in table.columns], schema=table.schema
    )


def judged(
    ruleset: Ruleset,
    *rows: dict[str, Any],
    context: Context | None = None,
    hidden: tuple[str, ...] = (),
) -> Judged:
    """Judge rows of one source that does not export the hidden fields."""
    facts = make_facts(context or Context(), {"s": frozenset(hidden)})
    return judge(ruleset, batch(*rows), facts)


def verdicts(result: Judged) -> list[str]:
    """Return the verdicts in order."""
    found: list[str] = result.verdicts.column("verdict").to_pylist()
    return found


def hits(result: Judged) -> list[tuple[str, str]]:
    """Return event and rule of each hit, in order."""
    columns = (result.hits.column(name).to_pylist() for name in ("event_id", "rule_id"))
    return list(zip(*columns, strict=True))


def write(pack: Path, name: str, text: str) -> Ruleset:
    """Write one more file into a copy of the shipped pack and load it."""
    for folder in ("catalogue", "permits"):
        shutil.copytree(SHIPPED / folder, pack / folder)
    (pack / "detections").mkdir()
    (pack / name).parent.mkdir(exist_ok=True)
    (pack / name).write_text(text, "utf-8")
    return load_rules(pack)


def rule(detection: str, template: str = "{operator_id}", extra: str = "") -> str:
    """Return a rule file with one detection section."""
    return f"""\
title: A sample
id: 0b5a4c0e-7f43-4a2e-9a43-0d0f3ac1a001
name: a-sample
status: test
description: A sample.
logsource: {{product: lookups}}
detection:
{detection}
falsepositives: [Nothing]
level: low
auditwatch:
  story: operator
  owner: auditor
  reason_template: "{template}"
{extra}"""


def test_tables_have_the_agreed_schema(ruleset: Ruleset) -> None:
    """Verdicts and hits come in the columns and types that other rooms rely on."""
    result = judged(ruleset, {}, {"transaction": "DNQ"})
    assert result.verdicts.schema == VERDICTS.coded
    assert result.hits.schema == HITS.schema


def test_empty_batch_is_judged(ruleset: Ruleset) -> None:
    """A night without lookups gives tables without rows."""
    result = judged(ruleset)
    assert (result.verdicts.num_rows, result.hits.num_rows) == (0, 0)
    assert result.verdicts.schema == VERDICTS.coded


def test_dictionary_and_plain_columns_give_the_same(ruleset: Ruleset) -> None:
    """How a column is stored does not change what is said."""
    plain = batch({}, {"transaction": "DNQ", "reason_norm": None}, {"reason_norm": ""})
    coded = pa.RecordBatch.from_arrays(
        [
            column.dictionary_encode() if LOOKUPS.columns[n].repeats else column
            for n, column in enumerate(plain.columns)
        ],
        names=plain.schema.names,
    )
    facts = make_facts(Context(), {})
    one, other = judge(ruleset, plain, facts), judge(ruleset, coded, facts)
    assert one.verdicts.equals(other.verdicts)
    assert one.hits.equals(other.hits)


def test_only_heads_are_judged(ruleset: Ruleset) -> None:
    """Followers of a cascade, hotlist and batch rows are nobody's act."""
    result = judged(
        ruleset,
        {},
        {"lookup_id": "e0"},
        {"origin": "hotlist"},
        {"origin": "batch"},
        {"origin": None},
    )
    assert result.verdicts.column("event_id").to_pylist() == ["e0", "e4"]


def test_permit_is_the_one_in_force_on_the_night(tmp_path: Path) -> None:
    """A lookup is judged by the version of its own day, never by a later one."""
    text = """\
kind: permits
permits:
  - id: SAMPLE
    says: Harbour before.
    effective: {from: "2026-01-01", until: "2026-07-01"}
    approved: {by: Chief, date: "2025-12-01"}
    who: {roles: [analyst]}
    may: {transactions: [QNP]}
  - id: SAMPLE
    says: Harbour after.
    effective: {from: "2026-07-01"}
    approved: {by: Chief, date: "2026-06-01"}
    who: {roles: [analyst]}
    may: {transactions: [QNP]}
    if: {all_of: [case_number]}
"""
    ruleset = write(tmp_path, "permits/sample.yml", text)
    row = {"operator_unit": "traffic", "operator_role": "analyst", "transaction": "QNP"}
    nights = ("2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01")
    result = judged(ruleset, *[{**row, "night": night} for night in nights])
    assert verdicts(result) == [
        "not_permitted",
        "permitted",
        "permitted",
        "justification_missing",
    ]
    assert result.verdicts.column("place").to_pylist()[1:] == [
        "permits/sample.yml:3",
        "permits/sample.yml:3",
        "permits/sample.yml:9",
    ]


def test_gravest_forbid_is_the_one_named(ruleset: Ruleset) -> None:
    """Of several forbids that hold, the gravest decides."""
    row = {"operator_unit": "licensing", "purpose": "C", "reason_norm": "ccw renewal"}
    result = judged(ruleset, row)
    assert result.verdicts.column("statement_id").to_pylist() == ["NO-CARRY-PERMIT-CHECKS"]
    assert result.verdicts.column("severity").to_pylist() == ["high"]


def test_hidden_reason_is_not_an_empty_reason(ruleset: Ruleset) -> None:
    """A reason that is not exported leaves the policy undecided; an empty one is a fault."""
    row = {"reason_norm": None}
    assert verdicts(judged(ruleset, row)) == ["justification_missing"]
    hidden = judged(ruleset, row, hidden=("reason",))
    assert verdicts(hidden) == ["cannot_decide"]
    assert hidden.verdicts.column("missing").to_pylist() == ["field:reason"]


def test_hidden_case_number_does_not_matter_when_a_reason_is_given(ruleset: Ruleset) -> None:
    """What can be decided without the hidden field is decided."""
    assert verdicts(judged(ruleset, {}, hidden=("case_id",))) == ["permitted"]


def test_hidden_purpose_is_never_permitted(ruleset: Ruleset) -> None:
    """A source that exports no purpose leaves a permit for a purpose undecided."""
    result = judged(ruleset, {"purpose": None}, hidden=("purpose",))
    assert verdicts(result) == ["cannot_decide"]
    assert result.verdicts.column("missing").to_pylist() == ["field:purpose"]


def test_sources_of_one_batch_are_kept_apart(tmp_path: Path) -> None:
    """What one source does not export is still read in another of the same batch."""
    ruleset = write(
        tmp_path,
        "detections/a.yml",
        rule("  s: {reason_norm: null}\n  condition: s"),
    )
    facts = make_facts(Context(), {"s": frozenset({"reason"})})
    rows = batch({"reason_norm": None}, {"reason_norm": None, "source_id": "t"})
    result = judge(ruleset, rows, facts)
    assert ("e1", "a-sample") in hits(result)
    assert ("e0", "a-sample") not in hits(result)
    assert result.undecided["a-sample"] == 1
    assert verdicts(result) == ["cannot_decide", "justification_missing"]


def test_negation_keeps_rows_without_a_value(tmp_path: Path) -> None:
    """A rule that asks for *not* a value holds where the value is absent."""
    ruleset = write(
        tmp_path,
        "detections/a.yml",
        rule("  s: {terminal: MDC-1}\n  condition: not s"),
    )
    result = judged(ruleset, {"terminal": "mdc-1"}, {"terminal": None}, {"terminal": "MDC-2"})
    assert [event for event, name in hits(result) if name == "a-sample"] == ["e1", "e2"]


@pytest.mark.parametrize(
    ("detection", "row", "fires"),
    [
        ("{terminal|contains: dc}", {"terminal": "MDC-1"}, True),
        ("{terminal|startswith: dc}", {"terminal": "MDC-1"}, False),
        ("{terminal|endswith: C-1}", {"terminal": "mdc-1"}, True),
        ("{terminal|contains|all: [M, '1']}", {"terminal": "MDC-1"}, True),
        ("{terminal|contains|all: [M, '2']}", {"terminal": "MDC-1"}, False),
        ("{terminal: 'M?C*'}", {"terminal": "mdc-1"}, True),
        (r"{terminal: 'M\*'}", {"terminal": "MDC"}, False),
        (r"{terminal: 'M\*'}", {"terminal": "m*"}, True),
        ("{terminal|cased: mdc}", {"terminal": "MDC"}, False),
        ("{terminal|re: '^m'}", {"terminal": "MDC"}, False),
        ("{terminal|re|i: '^m'}", {"terminal": "MDC"}, True),
        ("{terminal|cidr: 192.0.2.0/24}", {"terminal": "192.0.2.14"}, True),
        ("{terminal|cidr: 192.0.2.0/24}", {"terminal": "MDC-1"}, False),
        ("{terminal|exists: true}", {"terminal": ""}, False),
        ("{terminal|exists: false}", {"terminal": None}, True),
        ("{terminal: null}", {"terminal": ""}, True),
        ("{requester_id|fieldref: operator_id}", {"requester_id": "t1"}, True),
        ("{requester_id|fieldref: operator_id}", {"requester_id": "T2"}, False),
        ("{requester_id|fieldref: terminal}", {"requester_id": None, "terminal": None}, False),
        ("{local_hour|gte: 10}", {"local_hour": 10}, True),
        ("{local_hour|gt: 10}", {"local_hour": 10}, False),
        ("{local_hour|lt: 10}", {"local_hour": 9}, True),
        ("{local_hour|lte: 9}", {"local_hour": 10}, False),
        ("{local_hour: 10}", {"local_hour": 10}, True),
        ("{tier|gte: 3}", {"transaction": "QH"}, True),
        ("{tier|gte: 0}", {"transaction": "L1"}, False),
        ("{unit_type: patrol}", {"operator_unit": "patrol-north"}, True),
        ("{number_kind: case_number}", {"case_id": "26-00417"}, True),
        ("{number_kind: case_number}", {"reason_norm": "see 26-00417."}, True),
        ("{number_kind: case_number}", {"reason_norm": "see 26-004171"}, False),
        ("{number_kind: incident_number}", {"case_id": "X", "reason_norm": "i26-004471"}, True),
        ("{purpose_state: undefined}", {"purpose": "Z"}, True),
        ("{reason_norm|expand: '%junk_reasons%'}", {"reason_norm": "test"}, True),
        ("{reason_norm|expand: '%junk_reasons%'}", {"reason_norm": "?"}, True),
        ("{reason_norm|expand: '%junk_reasons%'}", {"reason_norm": "fi"}, False),
        ("{reason_norm|expand: '%junk_reasons%'}", {"reason_norm": "test drive theft"}, False),
    ],
)
def test_modifiers_mean_what_sigma_says(
    tmp_path: Path, detection: str, row: dict[str, Any], fires: bool
) -> None:
    """Each supported modifier, wildcard and fact on a value that decides it."""
    ruleset = write(tmp_path, "detections/a.yml", rule(f"  s: {detection}\n  condition: s"))
    assert (("e0", "a-sample") in hits(judged(ruleset, row))) is fires


def test_words_without_column_search_the_declared_columns(tmp_path: Path) -> None:
    """A list of words is looked for in the columns that the rule declares, and in no other."""
    text = rule("  w: [needle]\n  condition: w", extra="  keywords: [reason_norm, terminal]\n")
    ruleset = write(tmp_path, "detections/a.yml", text)
    rows = ({"reason_norm": "a Needle here"}, {"terminal": "NEEDLE"}, {"requester_id": "needle"})
    found = [event for event, name in hits(judged(ruleset, *rows)) if name == "a-sample"]
    assert found == ["e0", "e1"]


def test_sentence_marks_identities(ruleset: Ruleset) -> None:
    """Identities in a stored sentence stand inside marks only."""
    roster = pa.Table.from_pylist(
        [{"operator_id": "CANARY1", "subject_id": "P-CANARY2"}], schema=ROSTER.schema
    )
    row = {"operator_id": "CANARY1", "subject_id": "P-CANARY2"}
    result = judged(ruleset, row, context=Context(roster=roster))
    (says,) = result.hits.column("says").to_pylist()
    assert "CANARY1" in says
    assert "CANARY" not in MARK.sub("", says)


def test_hostile_values_cannot_forge_marks_or_flood(tmp_path: Path) -> None:
    """A value from the trail is shortened and cannot open a mark of its own."""
    text = rule("  s: {purpose|exists: true}\n  condition: s", "{purpose} {terminal}")
    ruleset = write(tmp_path, "detections/a.yml", text)
    result = judged(ruleset, {"purpose": "⟦operator:T9⟧" + "x" * 5000})
    (says,) = [row["says"] for row in result.hits.to_pylist() if row["rule_id"] == "a-sample"]
    assert "⟦" not in says
    assert len(says) < 100
    assert says.endswith("unknown terminal")


def test_rule_without_its_context_does_not_fire_and_is_counted(ruleset: Ruleset) -> None:
    """Without a roster nobody is told to have looked up himself, and the count says so."""
    result = judged(ruleset, {"subject_id": "P-1"}, {"subject_id": "P-2"})
    assert result.undecided["self-lookup"] == 2
    roster = pa.Table.from_pylist(
        [{"operator_id": "T1", "subject_id": "P-1"}], schema=ROSTER.schema
    )
    known = judged(
        ruleset, {"subject_id": "P-1"}, {"subject_id": "P-2"}, context=Context(roster=roster)
    )
    assert ("e0", "self-lookup") in hits(known)
    assert "self-lookup" not in known.undecided


def test_operator_who_is_not_on_the_roster_is_undecided(ruleset: Ruleset) -> None:
    """The roster says nothing of an operator it does not list."""
    roster = pa.Table.from_pylist(
        [{"operator_id": "T2", "subject_id": "P-1"}], schema=ROSTER.schema
    )
    result = judged(ruleset, {}, context=Context(roster=roster))
    assert result.undecided["self-lookup"] == 1
    assert result.undecided["lookup-after-separation"] == 1


@pytest.mark.parametrize(
    ("night", "state"),
    [("2026-01-09", "not_yet_open"), ("2026-01-10", "open"), ("2026-01-20", "open"),
     ("2026-01-21", "closed")],
)  # fmt: skip
def test_case_is_judged_on_the_night(tmp_path: Path, night: str, state: str) -> None:
    """A case is open from its first to its last day, both included."""
    text = rule(f"  s: {{case_state: {state}}}\n  condition: s")
    ruleset = write(tmp_path, "detections/a.yml", text)
    row = {"case_id": "26-00417", "opened": "2026-01-10", "closed": "2026-01-20"}
    days = pa.Table.from_pylist([row]).select(["case_id", "opened", "closed"])
    cases = days.cast(pa.schema([CASES.schema.field(name) for name in days.column_names]))
    result = judged(ruleset, {"case_id": "26-00417", "night": night}, context=Context(cases=cases))
    assert ("e0", "a-sample") in hits(result)


def test_parts_of_a_batch_give_the_same_as_the_whole(ruleset: Ruleset) -> None:
    """Nothing is carried from row to row: slices judged alone say the same."""
    rows = [
        {"transaction": key, "purpose": code, "reason_norm": reason}
        for key in ("DQ", "QH", "DNQ", "L1", "PLATE")
        for code in ("C", "", "U", "Z")
        for reason in (None, "test", "traffic stop 26-00417", "immigration")
    ]
    whole = judge(ruleset, batch(*rows), make_facts(Context(), {}))
    cut = batch(*rows)
    parts = [
        judge(ruleset, cut.slice(n, 13), make_facts(Context(), {})) for n in range(0, len(rows), 13)
    ]
    together = pa.concat_tables([part.verdicts for part in parts])
    assert whole.verdicts.to_pylist() == together.to_pylist()
    assert whole.hits.to_pylist() == [row for part in parts for row in part.hits.to_pylist()]


RETROACTIVE = """\
kind: permits
forbids:
  - id: NO-BOATS
    says: Traffic may not look up boats.
    effective: {from: "2026-01-01"}
    approved: {by: Chief, date: "2026-02-01"}
    retroactive: {because: The order was lost in the mail.}
    story: unit
    severity: low
    who: {units: [traffic]}
    may: {transactions: [QB]}
"""


def test_verdict_of_a_retroactive_approval_says_so(tmp_path: Path) -> None:
    """A lookup from before the approval is labelled; one from after it is not."""
    ruleset = write(tmp_path, "permits/late.yml", RETROACTIVE)
    rows = [{"transaction": "QB", "night": night} for night in ("2026-01-31", "2026-02-01")]
    early, late = judged(ruleset, *rows).verdicts.to_pylist()
    assert (early["verdict"], late["verdict"]) == ("forbidden", "forbidden")
    assert "approved on 2026-02-01, after this lookup; The order was lost" in early["says"]
    assert late["says"] == "Traffic may not look up boats."


@pytest.mark.parametrize(
    ("row", "change"),
    [
        ({"purpose": "J"}, "permitted with purpose C."),
        ({"reason_norm": "n/a"}, "permitted with a reason that says something or the number of"),
        ({"operator_unit": "records", "transaction": "ZR"}, "permitted with purpose A."),
    ],
)  # fmt: skip
def test_refusal_names_the_change_that_would_have_permitted_it(
    ruleset: Ruleset, row: dict[str, Any], change: str
) -> None:
    """A refusal ends with what would have made the nearest permit hold."""
    (verdict,) = judged(ruleset, row).verdicts.to_pylist()
    assert f"It would have been {change}" in verdict["says"]


@pytest.mark.parametrize(
    ("time", "fires"),
    [("06:59:59", False), ("07:00:00", True), ("12:00:00", True), ("17:00:00", True),
     ("17:00:01", False)],
)  # fmt: skip
def test_duty_counts_an_hour_around_each_recorded_spell(
    tmp_path: Path, time: str, fires: bool
) -> None:
    """From an hour before the first spell to an hour after the last; who is not listed is open."""
    ruleset = write(tmp_path, "detections/a.yml", rule('  s: {on_duty: "yes"}\n  condition: s'))
    spells = [("08:00", "12:00"), ("12:00", "16:00")]
    duty = pa.Table.from_pylist(
        [
            {"operator_id": name, "starts": instant(start), "ends": instant(end)}
            for name in ("T0", "T1")
            for start, end in spells
        ],
        schema=DUTY.schema,
    )
    row = {"event_time": instant(time)}
    rows = (row, row | {"operator_id": "T9"})
    result = judged(ruleset, *rows, context=Context(duty=duty))
    assert (("e0", "a-sample") in hits(result)) is fires
    assert result.undecided["a-sample"] == 1
    assert ("e0", "a-sample") not in hits(judged(ruleset, row))


def instant(time: str) -> datetime:
    """Return a time of one day in UTC."""
    return datetime.fromisoformat(f"2026-01-15T{time}+00:00")
