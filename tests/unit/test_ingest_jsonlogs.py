"""Logs of one JSON object a line: envelopes, strict marks, and the vendors' own rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditwatch.config import Settings
from auditwatch.core.errors import ConfigError, UsageError
from auditwatch.ingest import SourceRead, read_source
from auditwatch.ingest.sources import account_of

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "realdata"
PANTHER = REAL / "panther_db_tests"
needs_panther = pytest.mark.skipif(
    not PANTHER.is_dir(), reason="needs ../shared/realdata/panther_db_tests"
)

ROW = {
    "QUERY_ID": "q1",
    "START_TIME": "2026-03-14 02:11:21.402 -0700",
    "USER_NAME": "T4471",
    "QUERY_TYPE": "SELECT",
    "QUERY_TEXT": "select * from records.public.person where last_name = 'DOE'",
}
OTHER = {
    "Id": "m1",
    "CreationTime": "2026-03-14T09:11:21",
    "Operation": "FileAccessed",
    "OrganizationId": "o",
    "RecordType": 6,
    "UserId": "t4471",
    "Workload": "OneDrive",
}


def _read(
    path: Path, records: Iterable[object], name: str = "auto", mapping: str = ""
) -> SourceRead:
    """Read records as JSON lines; text stands as it is."""
    path.write_text(
        "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in records)
    )
    file = path.with_suffix(".yml") if mapping else None
    if file:
        file.write_text(mapping)
    return read_source(path, Settings(), rules=ROOT / "rules", format_name=name, mapping=file)


def _only(read: SourceRead) -> dict[str, Any]:
    """Return the only lookup of a source, without what it does not say."""
    assert read.rejects.num_rows == 0
    (row,) = read.lookups.to_pylist()
    return {name: value for name, value in row.items() if value is not None}


def _codes(read: SourceRead) -> dict[int, str]:
    """Return reason codes by line."""
    return {row["line"]: row["reason_code"] for row in read.rejects.to_pylist()}


def test_a_wrapped_record_is_found_and_told(tmp_path: Path) -> None:
    """A record inside one key of each line is read like a bare one, and the account says so."""
    bare = _read(tmp_path / "bare.jsonl", [ROW])
    wrapped = _read(tmp_path / "wrapped.jsonl", [{"test": 1, "event": ROW}])
    own = {"line", "byte_start", "byte_end", "source_id"}
    assert {k: v for k, v in _only(bare).items() if k not in own} == {
        k: v for k, v in _only(wrapped).items() if k not in own
    }
    assert bare.remarks == ()
    assert wrapped.remarks == ("each record was taken out of event",)


def test_two_possible_envelopes_are_refused(tmp_path: Path) -> None:
    """When two keys of the first line hold a record, or none does, nothing is guessed."""
    with pytest.raises(UsageError, match="no column"):
        _read(tmp_path / "a.jsonl", [{"before": ROW, "after": ROW}])
    found = _read(tmp_path / "b.jsonl", [{"before": ROW, "after": ROW}], "snowflake")
    assert _codes(found) == {1: "unknown_record"}


def test_two_formats_in_one_line_are_refused(tmp_path: Path) -> None:
    """A line that could be two logs, each in an envelope of its own, has to be named."""
    with pytest.raises(UsageError, match="it could be m365, snowflake"):
        _read(tmp_path / "a.jsonl", [{"one": ROW, "two": OTHER}])


def test_a_mapping_file_names_the_way_to_the_record(tmp_path: Path) -> None:
    """With record: before, the other one is not looked at; a line without it is refused."""
    after = {**ROW, "QUERY_ID": "q2"}
    lines = [{"data": {"before": ROW, "after": after}}, {"data": {"before": 1}}, ROW]
    found = _read(tmp_path / "a.jsonl", lines, "snowflake", "record: data.before\n")
    assert found.lookups["event_id"].to_pylist() == ["q1"]
    assert _codes(found) == {2: "no_record", 3: "no_record"}


def test_a_way_with_an_empty_step_is_a_mistake_in_the_mapping_file(tmp_path: Path) -> None:
    """The mistake is shown with its place before anything is read."""
    with pytest.raises(ConfigError, match="record cannot be used"):
        _read(tmp_path / "a.jsonl", [ROW], "snowflake", "record: data..row\n")


def test_the_envelope_of_the_first_record_holds_for_all(tmp_path: Path) -> None:
    """A bare record after wrapped ones is refused, as is one in another envelope."""
    lines = [{"event": ROW}, ROW, {"row": ROW}, "", {"event": {**ROW, "QUERY_ID": "q2"}}]
    found = _read(tmp_path / "a.jsonl", lines)
    assert _codes(found) == {2: "no_record", 3: "no_record"}
    assert found.lookups["event_id"].to_pylist() == ["q1", "q2"]


def test_a_damaged_first_line_costs_that_line_alone(tmp_path: Path) -> None:
    """The format is told from the first line that is an object."""
    found = _read(tmp_path / "a.jsonl", ['{"event": {"QUERY_ID', {"event": ROW}])
    assert found.source["format"].to_pylist() == ["snowflake"]
    assert _codes(found) == {1: "bad_json"}


def test_canonical_keys_may_be_wrapped_too(tmp_path: Path) -> None:
    """Canonical JSON lines inside an envelope are read, and told."""
    record = {"event_time": "2026-03-14T09:00:00Z", "operator_id": "T1", "system": "NLETS"}
    found = _read(tmp_path / "a.jsonl", [{"_index": "a", "_source": record}])
    assert _only(found)["operator_id"] == "T1"
    assert found.remarks == ("each record was taken out of _source",)


def test_lists_under_a_mapping_are_joined_and_nothing_deeper(tmp_path: Path) -> None:
    """Plain values of a list are one text, each once, in order; a list of objects is refused."""
    record = {"@timestamp": "2026-03-14T09:00:00Z", "user": {"name": "t1"}, "to": ["b", "a", "b"]}
    mapping = (
        "columns: {event_time: '@timestamp', operator_id: user.name, subject_id: to}\n"
        "constants: {system: RECORDS}\n"
    )
    found = _read(tmp_path / "a.jsonl", [record, {**record, "to": [{}]}], mapping=mapping)
    assert found.lookups["subject_id"].to_pylist() == ["A,B"]
    assert _codes(found) == {2: "nested_value"}


@needs_panther
@pytest.mark.parametrize(
    ("name", "accepted", "header", "duplicate", "rejects"),
    [
        ("snowflake", 8, 24, 0, {"missing_time": 2}),
        ("mongodb", 6, 0, 16, {"missing_time": 3}),
        ("teleport", 9, 10, 6, {"bad_time": 1}),
        ("m365", 4, 2, 13, {"unknown_record": 6}),
        ("databricks", 114, 23, 0, {"missing_operator": 5, "missing_time": 20}),
        ("salesforce", 15, 6, 0, {}),
    ],
)
def test_the_rows_of_a_detection_packs_own_tests_are_read(
    name: str, accepted: int, header: int, duplicate: int, rejects: dict[str, int]
) -> None:
    """Real row shapes inside their envelope: found by auto, each line in its place."""
    read = read_source(PANTHER / f"{name}.jsonl", Settings(), rules=ROOT / "rules")
    account = account_of(read.source, read.staged.reasons)
    assert (account["format"], account["rejects"]) == (name, rejects)
    assert [account[k] for k in ("accepted", "header", "duplicate")] == [
        accepted,
        header,
        duplicate,
    ]
    assert read.remarks == ("each record was taken out of event",)


@pytest.mark.skipif(not (REAL / "elasticsearch_audit").is_dir(), reason="needs ../shared/realdata")
def test_a_real_elasticsearch_log_is_read() -> None:
    """Comma milliseconds, an offset without colon, an IPv6 address with a port."""
    log = REAL / "elasticsearch_audit" / "test-audit-800.log"
    rows = read_source(log, Settings(), rules=ROOT / "rules").lookups.to_pylist()
    assert [row["event_time"].isoformat() for row in rows] == [
        "2022-01-27T13:16:25.271000+00:00",
        "2022-01-27T13:16:28.601000+00:00",
    ]
    assert {row["terminal"] for row in rows} == {"::1"}
    assert [row["subject_id"] for row in rows] == ["TEST_1", "TEST_2"]


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("select * from person where id = 4", "RECORDS.PUBLIC.PERSON#ID=4"),
        ("select * from hr.pay where id = 4", "RECORDS.HR.PAY#ID=4"),
        ('select * from "Odd Name"', "RECORDS.PUBLIC.ODD NAME"),
        ("select * from a, b", None),
        ("select * from a join b on true", None),
        ("select * from a where id = (select 1)", None),
        ("select * from a -- where id = 4", None),
        ("insert into a select * from b", None),
        ("select * from f(1)", None),
        ("delete from a using b", None),
    ],
)
def test_a_statement_names_its_only_table(tmp_path: Path, text: str, subject: str | None) -> None:
    """The session's database and schema complete a table's name; several tables name none."""
    row = {**ROW, "QUERY_TEXT": text, "DATABASE_NAME": "RECORDS", "SCHEMA_NAME": "PUBLIC"}
    assert _only(_read(tmp_path / "a.jsonl", [row])).get("subject_id") == subject


@pytest.mark.parametrize(
    ("added", "purpose", "case"),
    [
        ({"unmapped": {"purpose": "C", "case_no": "26-1"}}, "C", "26-1"),
        ({"unmapped": {"purpose_code": "A"}, "labels": ["purpose:C"]}, "A", None),
        ({"labels": ["purpose: C", "case=26-2", "nightly"]}, "C", "26-2"),
        (
            {"tags": [{"name": "Purpose", "values": ["C"]}, {"name": "case", "value": "7"}]},
            "C",
            "7",
        ),
        ({"tags": [{"name": "purpose", "values": ["C", "A"]}]}, None, None),
        ({}, None, None),
    ],
)
def test_ocsf_declares_purpose_and_case_beside_its_schema(
    tmp_path: Path, added: dict[str, Any], purpose: str | None, case: str | None
) -> None:
    """They stand in unmapped, in labels or in tags; two values at once declare nothing."""
    event = {
        "class_uid": 6005,
        "activity_id": 4,
        "time": 1773454281402,
        "actor": {"user": {"name": "t4471"}},
        "database": {"name": "records"},
        "metadata": {key: value for key, value in added.items() if key != "unmapped"},
        "unmapped": added.get("unmapped"),
    }
    row = _only(_read(tmp_path / "a.jsonl", [event]))
    assert (row.get("purpose"), row.get("case_id")) == (purpose, case)
    assert (row["transaction"], row["event_time"].isoformat()[:19]) == (
        "QUERY",
        "2026-03-14T02:11:21",
    )


@pytest.mark.parametrize(
    ("condition", "key"),
    [
        ({"last_name": "DOE"}, "#LAST_NAME=DOE"),
        ({"b": 2, "a": True}, "#A=TRUE&B=2"),
        ({"_id": {"$oid": "65F2"}}, "#_ID=65F2"),
        ({"age": {"$gt": 40}}, ""),
        ({"$or": [{"a": 1}]}, ""),
        ({"a": ["x"]}, ""),
        ({"a": None}, ""),
        ({}, ""),
    ],
)
def test_a_plain_condition_names_the_document(
    tmp_path: Path, condition: dict[str, Any], key: str
) -> None:
    """Equalities name a document of a MongoDB collection; anything else names the collection."""
    entry = {
        "atype": "authCheck",
        "ts": {"$date": "2026-03-14T02:11:21.402-07:00"},
        "users": [{"user": "t4471", "db": "admin"}],
        "param": {"command": "find", "ns": "records.person", "args": {"filter": condition}},
        "result": 0,
    }
    row = _only(_read(tmp_path / "a.jsonl", [entry]))
    assert row["subject_id"] == f"RECORDS.PERSON{key}"
    assert row["transaction"] == "READ.FIND"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("select 1", "READ.SELECT"),
        ("select * from a into outfile '/tmp/a'", "READ.COPY"),
        ("copy a to stdout", "READ.COPY"),
        ("copy a from stdin", "WRITE.COPY"),
        ("with x as (select 1) select 1", "READ.WITH"),
        ("with x as (delete from a returning 1) select 1", "WRITE.WITH"),
        ("create or replace view v as select 1", "DDL.CREATE VIEW"),
        ("drop user if exists x", "ROLE.DROP USER"),
        ("grant select on a to b", "ROLE.GRANT"),
        ("set names utf8", "MISC.SET NAMES"),
        ("-- a remark", "DB.SESSION.QUERY"),
    ],
)
def test_statements_are_classed_as_pgaudit_does(tmp_path: Path, text: str, wanted: str) -> None:
    """One vocabulary for rules, whatever database logged the statement."""
    event = {
        "event": "db.session.query",
        "code": "TDB02I",
        "time": "2026-03-14T09:11:21Z",
        "uid": "u1",
        "user": "t4471",
        "db_name": "records",
        "db_query": text,
    }
    assert _only(_read(tmp_path / "a.jsonl", [event]))["transaction"] == wanted


@pytest.mark.parametrize("time", ["2026-03-14T09:11:21", "2026-03-14 09:11:21.000000000"])
def test_times_that_are_in_utc_by_the_makers_word_are_exact(tmp_path: Path, time: str) -> None:
    """Microsoft and others write UTC without saying so in each time."""
    row = _only(_read(tmp_path / "a.jsonl", [{**OTHER, "CreationTime": time}]))
    assert (row["event_time"].isoformat(), row["time_quality"]) == (
        "2026-03-14T09:11:21+00:00",
        "exact",
    )
