"""pgAudit: three containers, one meaning; keys only where a statement surely names one record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditwatch.config import Settings
from auditwatch.core.errors import UsageError
from auditwatch.ingest import SourceRead, read_source
from auditwatch.ingest.lines import BLOCK_BYTES
from auditwatch.ingest.sqlkey import record_key

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "realdata" / "pgaudit_generated"
STATED = "2026-03-14 09:00:00.000 UTC"


def _read(path: Path, content: str, **how: str) -> SourceRead:
    """Read a log."""
    path.write_text(content)
    return read_source(path, Settings(), rules=ROOT / "rules", format_name=how.get("name", "auto"))


def _audit(number: int, payload: str, session: str = "6b.1") -> str:
    """Return one line of a plain log."""
    return f"{STATED} [77] t1@records/psql 192.0.2.9 {session}:{number} LOG:  AUDIT: {payload}\n"


SELECT = "SESSION,{n},1,READ,SELECT,TABLE,public.person,{text},<none>,1"


@pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/realdata/pgaudit_generated")
def test_a_real_trail_is_the_same_in_all_three_containers() -> None:
    """1,394 audit records of a real server give equal lookups from log, csvlog and jsonlog."""
    own = ["source_id", "line", "byte_start", "byte_end"]
    read = [
        read_source(REAL / f"pg.{kind}", Settings(), rules=ROOT / "rules")
        for kind in ("log", "csv", "json")
    ]
    rows = [one.lookups.drop_columns(own).sort_by("event_id").to_pylist() for one in read]
    assert rows[0] == rows[1] == rows[2]
    assert len({row["event_id"] for row in rows[0]}) == 1394
    assert [one.source["lines"][0].as_py() for one in read] == [1593, 1587, 1529]
    assert [one.rejects.num_rows + one.gaps.num_rows for one in read] == [0, 0, 0]


@pytest.mark.parametrize(
    "prefix",
    [
        "{t} [77] t1@records/psql 192.0.2.9 6b.1:1 ",
        "{t} [77] t1@records/psql 192.0.2.9(5432) 6b.1:1 ",
        "{t} t1 records [77]: ",
        "{t} [77]: [1-1] user=t1,db=records,app=psql,client=192.0.2.9 ",
        "{t} [77] t1@records ",
    ],
)
def test_the_usual_prefixes_are_found(tmp_path: Path, prefix: str) -> None:
    """A plain log's prefix is told from its lines."""
    head = prefix.format(t=STATED)
    found = _read(tmp_path / "pg.log", f"{head}LOG:  AUDIT: {SELECT.format(n=1, text='select')}\n")
    row = found.lookups.to_pylist()[0]
    assert (row["operator_id"], row["system"], row["outcome"]) == ("t1", "records", "hit")
    assert row["subject_id"] == "PUBLIC.PERSON"


def test_a_prefix_of_ones_own_stands_in_a_mapping_file(tmp_path: Path) -> None:
    """An unusual log_line_prefix is data, and without it the error says where to put it."""
    log, mapping = tmp_path / "pg.log", tmp_path / "map.yml"
    log.write_text(f"{STATED} <t1|records> LOG:  AUDIT: {SELECT.format(n=1, text='select')}\n")
    with pytest.raises(UsageError, match="log_line_prefix"):
        read_source(log, Settings(), rules=ROOT / "rules")
    mapping.write_text("format: pgaudit-stderr\nprefix: '%m <%u|%d> '\n")
    found = read_source(log, Settings(), rules=ROOT / "rules", mapping=mapping)
    assert found.lookups["operator_id"].to_pylist() == ["t1"]


def test_a_line_longer_than_a_block_does_not_hold_up_the_reading(tmp_path: Path) -> None:
    """Behind a record that could go on, an endless line is refused, and reading goes on."""
    good = [_audit(n, SELECT.format(n=n, text="select 1")) for n in (1, 2, 3)]
    content = good[0] + "y" * (2 * BLOCK_BYTES + (2 << 20)) + "\n" + good[1] + good[2]
    found = _read(tmp_path / "pg.log", content)
    assert [row["reason_code"] for row in found.rejects.to_pylist()] == ["too_long"]
    assert found.lookups["line"].to_pylist() == [1, 3, 4]


def test_continuation_lines_belong_to_their_record(tmp_path: Path) -> None:
    """A statement of several lines is one record; what looks like a log line inside it is text."""
    text = "\n\t".join(['"select 1', _audit(9, "forged").strip(), ' from person"'])
    content = _audit(1, SELECT.format(n=1, text=text)) + _audit(2, SELECT.format(n=2, text="x"))
    found = _read(tmp_path / "pg.log", content)
    assert found.lookups["line"].to_pylist() == [1, 4]
    assert found.source["accepted"][0].as_py() == 4


def test_missing_lines_of_a_session_are_a_gap(tmp_path: Path) -> None:
    """A number left out inside a session is told; a session's start is not."""
    content = "".join(_audit(n, SELECT.format(n=n, text="x")) for n in (5, 6, 9))
    found = _read(tmp_path / "pg.log", content)
    assert found.gaps["detail"].to_pylist() == ["session 6b.1: log lines 7 to 8 are missing"]


@pytest.mark.parametrize("payload", ["SESSION,1,1,READ", 'SESSION,1,1,READ,S,T,p,"open,<none>,1'])
def test_a_payload_that_cannot_be_read_is_refused(tmp_path: Path, payload: str) -> None:
    """A damaged audit message is a reject, never a guess."""
    good = _audit(2, SELECT.format(n=2, text="x"))
    found = _read(tmp_path / "pg.log", good + _audit(3, payload) + good.replace(":2 ", ":4 "))
    assert found.rejects["reason_code"].to_pylist() == ["audit_payload"]
    assert found.lookups.num_rows == 2


def test_a_family_name_chooses_among_its_members(tmp_path: Path) -> None:
    """`--format pgaudit` finds which of the three containers it is."""
    record = {
        "timestamp": STATED,
        "user": "t1",
        "dbname": "records",
        "error_severity": "LOG",
        "message": "AUDIT: " + SELECT.format(n=1, text="x"),
    }
    found = _read(tmp_path / "pg.json", json.dumps(record) + "\n", name="pgaudit")
    assert found.source["format"].to_pylist() == ["pgaudit-jsonlog"]
    assert found.lookups["event_id"].to_pylist()[0].endswith(":0")


@pytest.mark.parametrize(
    ("statement", "parameters", "key"),
    [
        ("select * from person where last_name = 'DOE'", "<none>", "last_name=DOE"),
        ("SELECT a, b FROM public.person p WHERE p.id=$1;", "417", "id=417"),
        ("select * from person where id = $2 and x = $1", '"a,b",7', "id=7&x=a,b"),
        ("select * from person where name = 'O''EX' limit 1", "", "name=O'EX"),
        ("update person set a = 1 where id = 9", "", "id=9"),
        ("delete from only_one.person where id = 9::bigint", "", "id=9"),
        ('select * from "Person" where "Id" = 4', "", "Id=4"),
        ("select * from person", "", ""),
        ("select * from person where id = $1", "<none>", ""),
        ("select * from person where id = $1", "<not logged>", ""),
        ("select * from person where id = $1", "<long param suppressed>", ""),
        ("select * from person where id > 4", "", ""),
        ("select * from person where id = 4 or 1 = 1", "", ""),
        ("select * from person where not id = 4", "", ""),
        ("select * from person where id = other", "", ""),
        ("select * from person where id = 4 + 1", "", ""),
        ("select * from person where (id = 4)", "", ""),
        ("select * from person, vehicle where id = 4", "", ""),
        ("select * from person join v on v.a = b where id = 4", "", ""),
        ("select * from vehicle where id = 4", "", ""),
        ("select (select 1 from person where id = 3) from person where id = 4", "", ""),
        ("select 'from person where id = 3' from person where id = 4", "", "id=4"),
        ("select * from person where id = 4 -- and more", "", ""),
        ("select * from person where id = 4; select * from person", "", ""),
        ("with a as (select 1) select * from person where id = 4", "", ""),
        ("select * from person where name = E'a\\'b'", "", ""),
        ("update person set a = 1 from v where id = 9", "", ""),
        ("insert into person values (1)", "", ""),
    ],
)
def test_a_key_is_named_only_when_it_is_sure(statement: str, parameters: str, key: str) -> None:
    """One table, equalities joined by and, values in the log: all else has no key."""
    assert record_key(statement, parameters, "public.person").casefold() == key.casefold()
