"""Plate-reader audits and spreadsheets of any content: every line and row in its place, once."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditwatch.config import Ingest, Settings
from auditwatch.core.errors import InputError
from auditwatch.ingest import SourceRead, lines, read_source

LIMIT = 2048
QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))

AUDIT = "ID,Name,Org Name,Total Networks Searched,Time Frame,License Plate,Reason,Search Time"
OTHER = "Search Time,Reason,ID,Total Networks Searched,Name"
EVENTS = "Timestamp,User,Event Type,Entity Type,Entity Details,Event Id"
STAMP = '"03/14/2026, 09:13:55 AM UTC"'


def _audit(number: int, reason: str) -> str:
    """Return one search under the first header."""
    quoted = '"' + reason.replace('"', '""') + '"'
    return f'{number},S. Sam,Example Agency,6,"a\nb",9ZZZ999,{quoted},{STAMP}'


def _other(number: int, reason: str) -> str:
    """Return one search under the second header."""
    return f'{STAMP},"{reason.replace(chr(34), chr(34) * 2)}",{number},6,S. Sam'


def _event(number: int, details: str) -> str:
    """Return one event."""
    quoted = '"License Plate: 9ZZZ999\n' + details.replace('"', '""') + '"'
    return f"2026-03-14T09:13:55Z,s.sam,create,Hot List Entry,{quoted},{number}"


texts = st.one_of(st.text('ab ,"\n\r\u00e9', max_size=6), st.sampled_from([AUDIT, OTHER, EVENTS]))
numbers = st.integers(0, 9)
records = st.one_of(
    st.builds(_audit, numbers, texts),
    st.builds(_other, numbers, texts),
    st.builds(_event, numbers, texts),
).map(str.encode)
headers = st.sampled_from([AUDIT, AUDIT, OTHER, "\ufeff" + AUDIT, EVENTS, AUDIT + ",,"]).map(
    str.encode
)
damage = st.one_of(
    st.sampled_from(
        [
            b"",
            b"  ",
            b'"',
            b'1,"x',
            b"Network Audit,,",
            b"\0,1,2",
            b"\xff\xfe",
            b"x" * 2100,
            b",,,,,,,",
            f"1,S. Sam,6,6,{STAMP},x,y,{STAMP}".encode(),
            b"2,S. Sam,Example Agency,6,x,***,n/a,never",
        ]
    ),
    st.binary(max_size=12),
)
csv_files = st.builds(
    lambda start, parts, last: start + b"".join(a + b for a, b in parts) + last,
    st.sampled_from([b"", AUDIT.encode() + b"\n", EVENTS.encode() + b"\r\n"]),
    st.lists(
        st.tuples(
            st.one_of(records, records, headers, damage), st.sampled_from([b"\n", b"\n", b"\r\n"])
        ),
        max_size=14,
    ),
    st.one_of(st.just(b""), records, damage),
)


def _read(content: bytes, format_name: str, folder: Path) -> SourceRead | None:
    """Read content as one file; nothing when it has no header or names a column twice."""
    (folder / "catalogue").mkdir(exist_ok=True)
    (folder / "catalogue" / "transactions.yml").write_text("transactions: []\n")
    path = folder / "audit"
    path.write_bytes(content)
    limits = Settings(ingest=Ingest(record_bytes_max=LIMIT))
    try:
        return read_source(path, limits, rules=folder, format_name=format_name)
    except InputError as error:
        if error.code not in {"AW-INGEST-001", "AW-INGEST-005"}:
            raise
        return None


def _account(found: SourceRead) -> dict[str, int]:
    """Return the classes of lines after checking that they add up and fit the tables."""
    row = found.source.to_pylist()[0]
    classes = ("accepted", "rejected", "blank", "header", "duplicate")
    assert row["lines"] == sum(row[one] for one in classes)
    assert row["rejected"] == sum(found.rejects["lines"].to_pylist())
    assert row["accepted"] == sum(found.record_lines.to_pylist())
    return {name: row[name] for name in ("lines", *classes)}


def _balance_csv(content: bytes, format_name: str) -> None:
    """Check the account of lines, the bytes of every span, and that cutting changes nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = _read(content, format_name, folder)
        if found is None:
            return
        physical = content.count(b"\n") + (not content.endswith(b"\n") and bool(content))
        assert _account(found)["lines"] == physical
        for table in (found.lookups, found.rejects):
            for one in table.to_pylist():
                before = content[: one["byte_start"]]
                assert one["line"] == before.count(b"\n") + 1
                assert one["byte_start"] == 0 or before.endswith(b"\n")
                assert one["byte_end"] == len(content) or content[one["byte_end"] - 1] == 10
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(lines.LineReader.__init__, "__defaults__", (64,))
            pieces = _read(content, format_name, folder)
        assert pieces is not None
        # the same values: dictionaries may hold them in another order
        assert pieces.lookups.to_pylist() == found.lookups.to_pylist()
        seen = ["excerpt"]  # of a line that is skipped less is kept
        assert pieces.rejects.drop_columns(seen).equals(found.rejects.drop_columns(seen))
        assert _account(pieces) == _account(found)


@pytest.mark.parametrize("format_name", ["flock-audit", "flock-events"])
@given(content=csv_files)
@QUICK
def test_every_line_of_an_audit_is_accounted_for(content: bytes, format_name: str) -> None:
    """Stacked headers, quotes, damage, noise: the account adds up however the bytes are cut."""
    _balance_csv(content, format_name)


@pytest.mark.long
@pytest.mark.parametrize("format_name", ["flock-audit", "flock-events"])
@given(content=csv_files)
@LONG
def test_every_line_of_an_audit_is_accounted_for_at_length(
    content: bytes, format_name: str
) -> None:
    """The same for ten thousand files."""
    _balance_csv(content, format_name)


cells = st.one_of(
    st.sampled_from(
        ["", "", "9ZZZ999", "6", "***", "03/14/2026, 09:13:55 AM UTC", "S. Sam", "=1+1"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=5),
)
sheets = st.lists(
    st.lists(
        st.one_of(
            st.just(AUDIT.split(",")),
            st.just(OTHER.split(",")),
            st.just(_audit(1, "x").replace('"', "").split(",")),
            st.lists(cells, max_size=10),
        ),
        max_size=12,
    ),
    min_size=1,
    max_size=3,
)


def _workbook(content: list[list[list[str]]]) -> bytes:
    """Return sheets of texts."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    for rows in content:
        sheet = made.add_worksheet()
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(at, column, cell)
    made.close()
    return out.getvalue()


@given(content=sheets)
@QUICK
def test_every_row_of_a_spreadsheet_is_accounted_for(content: list[list[list[str]]]) -> None:
    """Any cells on any sheets: each row up to the last one written has its place."""
    with tempfile.TemporaryDirectory() as name:
        found = _read(_workbook(content), "flock-audit", Path(name))
    if found is None:
        return
    rows = [[at for at, row in enumerate(sheet, 1) if row] for sheet in content]
    assert _account(found)["lines"] == sum(at[-1] for at in rows if at)
