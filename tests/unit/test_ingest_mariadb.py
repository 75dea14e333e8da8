"""MariaDB's audit log: one statement is one lookup for each table, whatever stands between."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from auditwatch.config import Settings
from auditwatch.ingest import SourceRead, read_source
from auditwatch.ingest.lines import BLOCK_BYTES

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "realdata" / "mariadb_server_audit_generated"
DOE = r"select * from person where last_name = \'DOE\'"


def _line(
    query: int, operation: str, name: str = "", *, code: str = "", to: str = "21", at: int = 21
) -> str:
    """Return one audit line; a statement stands in quotes."""
    who = f"20260314 02:11:{at:02d},db1,t4471,192.0.2.14,{to}"
    return f"{who},{query},{operation},records,{name},{code}\n"


def _asked(query: int, text: str, code: str = "0", to: str = "21") -> str:
    """Return the line with the text of a statement."""
    return _line(query, "QUERY", f"'{text}'", code=code, to=to)


def _read(path: Path, content: str | bytes) -> SourceRead:
    """Read a log."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_source(path, Settings(), rules=ROOT / "rules")


def _told(read: SourceRead) -> list[tuple[str, str | None, str | None]]:
    """Return what was asked of what, and how it ended."""
    rows = read.lookups.to_pylist()
    return [(row["transaction"], row["subject_id"], row["outcome"]) for row in rows]


@pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/realdata")
def test_a_real_log_gives_each_statement_once() -> None:
    """910 lines with 419 zero bytes hold 431 statements: as many lookups, and no reject."""
    log = REAL / "server_audit.log"
    read = read_source(log, Settings(), rules=ROOT / "rules")
    row = read.source.to_pylist()[0]
    assert log.read_bytes().count(b"\0") == 419
    assert [row[one] for one in ("lines", "accepted", "rejected", "header")] == [910, 431, 0, 479]
    kinds = Counter(read.lookups["transaction"].to_pylist())
    texts = re.findall(rb",QUERY,[^,]*,'(?i:(INSERT|SELECT))", log.read_bytes())
    wanted = Counter(text.upper() for text in texts)
    assert kinds["WRITE.INSERT"] == wanted[b"INSERT"] == 228
    assert kinds["READ.SELECT"] == wanted[b"SELECT"] == 190
    lines = log.read_bytes().split(b"\n")
    people = [line.split(b",")[2].decode() for line in lines if b",QUERY," in line]
    assert Counter(read.lookups["operator_id"].to_pylist()) == Counter(people)


def test_tables_and_text_of_a_statement_are_told_together(tmp_path: Path) -> None:
    """The text gives the table its key and outcome, through lines of another connection."""
    lines = [
        _line(7, "READ", "person"),
        _line(8, "READ", "vehicle", to="22"),
        _asked(7, DOE),
        _asked(8, "select * from vehicle", "1142", to="22"),
    ]
    assert _told(_read(tmp_path / "a.log", "".join(lines))) == [
        ("READ.SELECT", "RECORDS.PERSON#LAST_NAME=DOE", None),
        ("READ.SELECT", "RECORDS.VEHICLE", "denied"),
    ]


def test_a_log_without_statements_and_one_without_tables_are_read(tmp_path: Path) -> None:
    """Either kind of line alone is enough, as the server may be set to write one only."""
    tables = _read(tmp_path / "a.log", _line(7, "READ", "person") + _line(8, "WRITE", "person"))
    assert [kind for kind, _, _ in _told(tables)] == ["READ.TABLE", "WRITE.TABLE"]
    asked = _read(tmp_path / "b.log", _asked(7, DOE) + _asked(8, "select 1"))
    assert _told(asked) == [
        ("READ.SELECT", "RECORDS.PERSON#LAST_NAME=DOE", None),
        ("READ.SELECT", None, None),
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (DOE, "#LAST_NAME=DOE"),
        (DOE + "\0", "#LAST_NAME=DOE"),
        (DOE.replace("DOE", "D\0E"), ""),
        (r"select *\n\tfrom `person`\r\n where id = 4", "#ID=4"),
        (r"select * from person where last_name = \'O\'\'DOE\'", "#LAST_NAME=O'DOE"),
        (r"select * from person where last_name = \'a, b\'", "#LAST_NAME=A, B"),
        (r"select * from person where last_name = \'O\\\'DOE\'", ""),
        (r"select * from person where last_name = \"DOE\"", ""),
        ("select * from person where id = 4" + " " * 1000, ""),
    ],
)
def test_a_key_is_named_only_when_the_text_surely_says_it(
    tmp_path: Path, text: str, key: str
) -> None:
    """The log's escapes are undone; zero bytes inside, or a text that may be cut, name no key."""
    read = _read(tmp_path / "a.log", _line(7, "READ", "person") + _asked(7, text))
    assert _told(read) == [("READ.SELECT", f"RECORDS.PERSON{key}", None)]


def test_the_servers_own_tables_are_no_lookups_unless_named(tmp_path: Path) -> None:
    """Statistics and grant tables that the server opens by itself are left out."""
    own = _line(7, "READ", "x").replace("records,x", "mysql,{}")
    lines = [
        _line(7, "READ", "person"),
        own.format("table_stats"),
        _asked(7, "select * from person"),
        own.format("global_priv").replace(",7,", ",8,"),
        _asked(8, "select * from mysql.global_priv"),
        own.format("global_priv").replace(",7,", ",9,"),
        _asked(9, r"create user x@\'%\'"),
    ]
    read = _read(tmp_path / "a.log", "".join(lines))
    assert [(kind, subject) for kind, subject, _ in _told(read)] == [
        ("READ.SELECT", "RECORDS.PERSON"),
        ("READ.SELECT", "MYSQL.GLOBAL_PRIV"),
        ("ROLE.CREATE USER", None),
    ]


@pytest.mark.parametrize("connects", ["", _line(0, "CONNECT", code="0")])
def test_numbers_that_begin_anew_are_other_statements(tmp_path: Path, connects: str) -> None:
    """After a restart of the server, the same numbers have their own tables and texts."""
    lines = [
        _line(7, "READ", "person", at=1),
        _asked(7, DOE),
        connects,
        _line(7, "READ", "person", at=2),
        _asked(7, DOE.replace("DOE", "ROE")),
        connects,
        _asked(7, "select * from vehicle"),
    ]
    assert [subject for _, subject, _ in _told(_read(tmp_path / "a.log", "".join(lines)))] == [
        "RECORDS.PERSON#LAST_NAME=DOE",
        "RECORDS.PERSON#LAST_NAME=ROE",
        "RECORDS.VEHICLE",
    ]


def test_a_text_behind_a_new_connection_belongs_to_it(tmp_path: Path) -> None:
    """A server that stopped in the middle of a statement leaves its table without a text."""
    lines = [
        _line(7, "READ", "person", at=1),
        _line(0, "CONNECT", code="0"),
        _asked(7, "select * from vehicle"),
    ]
    assert _told(_read(tmp_path / "a.log", "".join(lines))) == [
        ("READ.TABLE", "RECORDS.PERSON", None),
        ("READ.SELECT", "RECORDS.VEHICLE", None),
    ]


def test_a_statement_across_two_blocks_is_still_one(tmp_path: Path) -> None:
    """The text of a statement that begins the next piece read belongs to the tables before it."""
    first = _line(7, "READ", "person")
    filler = _asked(1, "select 1" + " " * 900, to="9")
    before = (BLOCK_BYTES - len(first)) // len(filler)
    rest = BLOCK_BYTES - before * len(filler) - len(first)
    padded = _asked(1, "select 1" + " " * (900 + rest), to="9")
    content = filler * (before - 1) + padded + first + _asked(7, DOE)
    assert content.index(first) + len(first) == BLOCK_BYTES
    read = _read(tmp_path / "a.log", content)
    rows = [row for row in read.lookups.to_pylist() if row["subject_id"]]
    assert [row["subject_id"] for row in rows] == ["RECORDS.PERSON#LAST_NAME=DOE"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("20260314 02:11:21,db1,t4471,h,1,2,QUERY,records,\n", "audit_payload"),
        ("20260314 02:11:21,db1,t4471,h,1,2,READ,records,'select 1',0\n", "audit_payload"),
        ("20260314 02:11:21,db1,t4471,h,1,2,TELEPORT,records,x,\n", "audit_payload"),
        ("20260314 02:11:21,db1,t,4471,h,1,2,READ,records,x,\n", "audit_payload"),
        ("20260314 02:11:21,db1,t\x004471,h,1,2,READ,records,x,\n", "nul_byte"),
        ("20260314 02:11:21,db1,,h,1,2,READ,records,x,\n", "missing_operator"),
        ("20260314 02:71:21,db1,t4471,h,1,2,READ,records,x,\n", "bad_time"),
        (
            "20260314 02:11:21,db1,t4471,h,1,2,QUERY,records,'" + "x" * (1 << 20) + "',0\n",
            "too_long",
        ),
    ],
)
def test_a_line_that_is_no_audit_line_is_refused_alone(
    tmp_path: Path, line: str, code: str
) -> None:
    """Each kind of damage has its code, and its neighbours are kept."""
    good = _line(7, "READ", "person")
    read = _read(tmp_path / "a.log", good + line + good.replace(",7,", ",8,"))
    assert [(r["line"], r["reason_code"]) for r in read.rejects.to_pylist()] == [(2, code)]
    assert read.lookups["line"].to_pylist() == [1, 3]
