"""Context tables: tolerant of what is missing, strict about what is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from auditwatch.core.contexttables import CONTEXT_TABLES
from auditwatch.core.errors import AuditwatchError, ConfigError
from auditwatch.ingest import read_context

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.core.contexttables import Context

ZONE = "America/Los_Angeles"


def _read(folder: Path, name: str, content: str) -> Context:
    """Read one context table."""
    path = folder / f"{name}.csv"
    path.write_text(content, "utf-8")
    return read_context({name: path}, ZONE)


def test_a_table_that_was_not_given_is_absent(tmp_path: Path) -> None:
    """Absence is known, and the given table has its whole schema."""
    context = _read(tmp_path, "roster", "operator_id\nT1\n")
    assert context.given == ("roster",)
    assert context.roster is not None
    assert context.roster.schema == CONTEXT_TABLES["roster"].schema
    assert context.roster["unit"].to_pylist() == [None]


def test_header_case_order_and_foreign_columns_do_not_matter(tmp_path: Path) -> None:
    """Columns are found by name, others are ignored, blank lines too."""
    context = _read(
        tmp_path,
        "roster",
        "\ufeffshoe size,Trained Until,OPERATOR_ID,subject_id\n44,2026-03-14, T1 ,p-1\n\n,,T2,\n",
    )
    assert context.roster is not None
    assert context.roster.select(["operator_id", "trained_until", "subject_id"]).to_pylist() == [
        {"operator_id": "T1", "trained_until": date(2026, 3, 14), "subject_id": "P-1"},
        {"operator_id": "T2", "trained_until": None, "subject_id": None},
    ]


def test_cases_are_keyed_as_in_lookups(tmp_path: Path) -> None:
    """Case numbers lose their spaces, subjects their case; lists stay one text."""
    context = _read(
        tmp_path,
        "cases",
        'case_id,opened,operators,subjects\ni26 - 004471,2026-03-01,T1; T2,"p-1;; v-9zzz999 "\n',
    )
    assert context.cases is not None
    row = context.cases.to_pylist()[0]
    assert (row["case_id"], row["operators"]) == ("I26-004471", "T1;T2")
    assert (row["subjects"], row["closed"]) == ("P-1;V-9ZZZ999", None)


def test_duty_without_an_offset_is_agency_time(tmp_path: Path) -> None:
    """Spells of duty are instants whichever way they are written."""
    context = _read(
        tmp_path,
        "duty",
        "operator_id,starts,ends\nT1,2026-03-14T22:00:00-07:00,2026-03-15 06:00\n",
    )
    assert context.duty is not None
    row = context.duty.to_pylist()[0]
    assert row["starts"] == datetime(2026, 3, 15, 5, tzinfo=UTC)
    assert row["ends"] == datetime(2026, 3, 15, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "content", "code", "says"),
    [
        ("roster", "operator_id\nT1\nT2\n T1\n", "AW-CONTEXT-004", "roster.csv:4"),
        ("roster", "operator_id\nT1\nT2\nT1\n", "AW-CONTEXT-004", "stands in line 2"),
        ("cases", "case_id\n26-1\n26 -1\n", "AW-CONTEXT-004", "cases.csv:3"),
        ("cases", "case_id,opened\n26-1,\n26-2,14.3.26\n", "AW-CONTEXT-005", "cases.csv:3"),
        ("cases", 'case_id,kind,opened\n1,"a\nb",\n2,,no\n', "AW-CONTEXT-005", "cases.csv:4"),
        ("roster", "operator,role\nT1,x\n", "AW-CONTEXT-002", "did you mean 'operator'"),
        ("roster", "operator_id,role,role\n", "AW-CONTEXT-002", "two columns role"),
        ("roster", "operator_id,role\n,x\n", "AW-CONTEXT-003", "roster.csv:2"),
        ("duty", "operator_id,starts,ends\nT1,,\n", "AW-CONTEXT-003", "duty.csv:2"),
        ("roster", "operator_id\nT1,x\n", "AW-CONTEXT-006", "roster.csv:2"),
        ("roster", 'operator_id\n"T1"x\n', "AW-CONTEXT-006", "not readable as CSV"),
        ("rooster", "operator_id\n", "AW-CONTEXT-001", "did you mean 'roster'"),
    ],
)
def test_what_is_wrong_is_shown_with_its_line(
    tmp_path: Path, name: str, content: str, code: str, says: str
) -> None:
    """Doubled keys, bad dates and missing values name file and line."""
    with pytest.raises(AuditwatchError) as caught:
        _read(tmp_path, name, content)
    assert caught.value.code == code
    assert says in str(caught.value)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """A table in another encoding is no table."""
    path = tmp_path / "roster.csv"
    path.write_bytes(b"operator_id,surname\nT1,M\xfcller\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_context({"roster": path}, ZONE)
