"""Spreadsheets: cells as text, sheets as one source, and files made to fill the memory."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import re
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from auditwatch.config import Settings
from auditwatch.core.errors import AuditwatchError, InputError
from auditwatch.ingest import SourceRead, read_source

ROOT = Path(__file__).parents[2]
HEADER = ["event_id", "event_time", "operator_id", "system", "reason", "case_id"]
GOOD = ["E1", "2026-03-14T09:13:55Z", "T1", "NLETS", "stop", "26-00417"]


def book(*sheets: list[list[Any]], hidden: int = -1) -> bytes:
    """Return a workbook; None leaves a cell out, a time becomes a formatted cell."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    clock = made.add_format({"num_format": "mm/dd/yyyy hh:mm:ss"})
    for number, rows in enumerate(sheets):
        sheet = made.add_worksheet()
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, dt.datetime):
                    sheet.write_datetime(at, column, cell, clock)
                elif isinstance(cell, str):
                    sheet.write_string(at, column, cell)
                elif cell is not None:
                    sheet.write(at, column, cell)
        if number == hidden:
            sheet.hide()
    made.close()
    return out.getvalue()


def rezip(whole: bytes, changes: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive with members changed or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in old.namelist():
            new.writestr(name, changes.get(name, old.read(name)))
        for name in changes.keys() - set(old.namelist()):
            new.writestr(name, changes[name])
    return out.getvalue()


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Return a reader of some bytes as one file."""

    def reader(whole: bytes, **how: Any) -> SourceRead:
        path = tmp_path / "trail.xlsx"
        path.write_bytes(whole)
        return read_source(path, Settings(), rules=ROOT / "rules", **how)

    return reader


def account(found: SourceRead) -> tuple[int, ...]:
    """Return lines, accepted, rejected, blank, header, duplicate."""
    row = found.source.to_pylist()[0]
    return tuple(
        row[name] for name in ("lines", "accepted", "rejected", "blank", "header", "duplicate")
    )


def test_a_row_is_a_line_and_every_row_has_its_place(read: Any) -> None:
    """Titles, gaps, headers, records, repeated ids and overfull rows tile the sheet."""
    rows = [["Trail of March"], [], HEADER, GOOD, HEADER, GOOD, [], [*GOOD, "more"], ["E2", None]]
    found = read(book(rows))
    assert account(found) == (9, 1, 2, 2, 3, 1)
    assert {row["line"]: row["reason_code"] for row in found.rejects.to_pylist()} == {
        8: "fields_many",
        9: "missing_time",
    }
    assert found.lookups["line"].to_pylist() == [4]
    assert found.lookups["byte_start"].to_pylist() == [None]


def test_all_sheets_are_one_source_and_the_hidden_one_is_told(read: Any) -> None:
    """Rows are numbered on from sheet to sheet, each with a header of its own."""
    second = [[*HEADER[::-1]], [*["E2", *GOOD[1:]][::-1]]]
    found = read(book([HEADER, GOOD], second, [["notes"]], hidden=1))
    assert found.lookups["line"].to_pylist() == [2, 4]
    assert found.lookups["reason"].to_pylist() == ["stop", "stop"]
    details = {row["kind"]: row["detail"] for row in found.gaps.to_pylist()}
    assert details["several_sheets"] == (
        "rows 1 to 2 are sheet 1; 3 to 4 are sheet 2, hidden; 5 to 5 are sheet 3"
    )


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (2600417, "2600417"),
        (26.5, "26.5"),
        (True, "TRUE"),
        ("=1+1", "=1+1"),
        ("0017", "0017"),
        ("line\nbreak", "line\nbreak"),
    ],
)
def test_a_cell_is_the_text_that_a_person_reads(read: Any, cell: Any, text: str) -> None:
    """Numbers lose their .0, texts that look like formulas stay texts."""
    found = read(book([HEADER, [*GOOD[:4], cell, None]]))
    assert found.lookups["reason"].to_pylist() == [text]


def test_a_formula_is_the_value_saved_with_it(read: Any) -> None:
    """Nothing is evaluated: a formula counts as what its writer's program last showed."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, GOOD)
    sheet.write_formula(1, 4, '=CONCAT("a","b")', None, "as saved")
    made.close()
    assert read(out.getvalue()).lookups["reason"].to_pylist() == ["as saved"]


@pytest.mark.parametrize(
    ("cell", "instant", "quality"),
    [
        (
            dt.datetime.fromisoformat("2026-03-14 09:13:55"),
            "2026-03-14T16:13:55+00:00",
            "assumed_zone",
        ),
        (dt.datetime.fromisoformat("2026-03-08 02:30:00"), "2026-03-08T10:30:00+00:00", "skewed"),
        (
            dt.datetime.fromisoformat("2026-11-01 01:30:00"),
            "2026-11-01T08:30:00+00:00",
            "ambiguous_fold",
        ),
        (46095.25, "2026-03-14T13:00:00+00:00", "assumed_zone"),
        ("2026-03-14 09:13:55 UTC", "2026-03-14T09:13:55+00:00", "exact"),
    ],
)
def test_day_numbers_are_times_of_the_agency(
    read: Any, cell: Any, instant: str, quality: str
) -> None:
    """A spreadsheet's times carry no zone: the agency's is taken, and that is told."""
    (row,) = read(book([HEADER, ["E1", cell, *GOOD[2:]]])).lookups.to_pylist()
    assert (row["event_time"].isoformat(), row["time_quality"]) == (instant, quality)


def test_midnight_is_a_time_where_others_are_and_a_day_where_none_is(read: Any) -> None:
    """A column of bare days holds no instants; one midnight among times is midnight."""
    midnight = dt.datetime.fromisoformat("2026-03-14 00:00:00")
    late = [
        HEADER,
        ["E1", midnight, *GOOD[2:]],
        ["E2", dt.datetime.fromisoformat("2026-03-14 01:00:00"), *GOOD[2:]],
    ]
    assert account(read(book(late)))[1:3] == (2, 0)
    days = [HEADER, ["E1", midnight, *GOOD[2:]], ["E2", midnight, *GOOD[2:]]]
    assert account(read(book(days)))[1:3] == (0, 2)


def test_a_mapping_file_works_for_a_spreadsheet(read: Any, tmp_path: Path) -> None:
    """Foreign column names, a constant and a zone are data, as for CSV."""
    mapping = tmp_path / "m.yml"
    mapping.write_text(
        "columns: {event_time: When, operator_id: [Who, Person], reason: Why}\n"
        "time: {zone: UTC}\nconstants: {system: ALPR}\n"
    )
    found = read(
        book(
            [
                ["When", "Person", "Why"],
                [dt.datetime.fromisoformat("2026-03-14 09:00:00"), "T1", "stop"],
            ]
        ),
        mapping=mapping,
    )
    (row,) = found.lookups.to_pylist()
    assert row["event_time"].isoformat() == "2026-03-14T09:00:00+00:00"
    assert (row["operator_id"], row["reason"], row["system"]) == ("T1", "stop", "ALPR")
    assert found.source["format"][0].as_py() == "xlsx"


def test_a_spreadsheet_gives_what_its_csv_gives() -> None:
    """The sample trail holds the same lookups in both containers."""
    own = ["source_id", "line", "byte_start", "byte_end", "time_quality"]
    both = [
        read_source(ROOT / "sample_logs" / name, Settings(), rules=ROOT / "rules")
        .lookups.drop_columns(own)
        .to_pylist()
        for name in ("canonical.csv", "canonical.xlsx")
    ]
    assert both[0] == both[1]


def test_a_zipped_spreadsheet_is_read_like_any_other(read: Any) -> None:
    """One layer of gzip around it makes no difference."""
    assert read(gzip.compress(book([HEADER, GOOD]))).lookups.num_rows == 1


def test_a_spreadsheet_without_a_header_is_refused(read: Any) -> None:
    """Code 005 with what a header has; no column is guessed."""
    with pytest.raises(InputError) as caught:
        read(book([GOOD, GOOD]))
    assert caught.value.code == "AW-INGEST-005"
    assert "event_time" in caught.value.expected


def test_names_inside_the_archive_are_never_paths(read: Any, tmp_path: Path) -> None:
    """Members that point outside are not written anywhere, and the rest is read."""
    outside = {"../../escaped.txt": b"x", "/absolute.txt": b"x", "..\\\\windows.txt": b"x"}
    before = set(tmp_path.parent.rglob("*"))
    assert read(rezip(book([HEADER, GOOD]), outside)).lookups.num_rows == 1
    new = set(tmp_path.parent.rglob("*")) - before
    assert {path.name for path in new} == {"trail.xlsx"}


SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"
FRAME = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b"%s</sheetData></worksheet>"
)


@pytest.mark.parametrize(
    "changes",
    [
        {f"junk/{n}.xml": b"" for n in range(1001)},
        {"xl/media/zeros.xml": b"\0" * (32 << 20)},
    ],
    ids=["members", "ratio"],
)
def test_a_bomb_is_refused_before_it_is_opened(read: Any, changes: dict[str, bytes]) -> None:
    """Too many members, or a ratio that no real file has."""
    with pytest.raises(InputError) as caught:
        read(rezip(book([HEADER, GOOD]), changes))
    assert caught.value.code == "AW-INGEST-008"
    assert "unpacks to far more" in caught.value.what


def test_a_far_corner_and_a_much_shared_text_cost_next_to_nothing(read: Any) -> None:
    """A sheet is a stream: neither is laid out in memory, and every row has its place."""
    names = b"".join(
        b'<c r="%s1" t="inlineStr"><is><t>%s</t></is></c>' % (bytes([65 + n]), name.encode())
        for n, name in enumerate(HEADER)
    )
    place = b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>'
    many = b"".join(place % (n, n) for n in range(2, 202))
    corner = b'<row r="70000"><c r="XFD70000"><v>1</v></c></row>'
    shared = b"<sst><si><t>" + b"x" * 900_000 + b"</t></si></sst>"
    sheet = FRAME % (b'<row r="1">' + names + b"</row>" + many + corner)
    tracemalloc.start()
    found = read(rezip(book([HEADER, GOOD]), {SHEET: sheet, TEXTS: shared}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert account(found) == (70_000, 0, 201, 69_798, 1, 0)
    assert peak < 160 << 20


def test_a_member_that_lies_about_its_size_is_damaged(read: Any) -> None:
    """No more is unpacked than the archive's list says, and that does not fit."""
    sheet = FRAME % (b'<row r="1"><c r="A1" t="str"><v>' + b"x" * 99_991 + b"</v></c></row>")
    whole = bytearray(rezip(book([HEADER, GOOD]), {SHEET: sheet}))
    for found in re.finditer(re.escape(len(sheet).to_bytes(4, "little")), bytes(whole)):
        whole[found.start() : found.end()] = (10).to_bytes(4, "little")
    with pytest.raises(InputError) as caught:
        read(bytes(whole))
    assert caught.value.code == "AW-INGEST-008"


@pytest.mark.parametrize(
    "sheet",
    [
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + FRAME % b"",
        FRAME % b'<row r="2"/><row r="1"/>',
        FRAME % b'<row r="1"><c r="B1"/><c r="A1"/></row>',
        FRAME % b'<row r="1048577"/>',
        FRAME % b'<row r="1"><c r="XFE1"/></row>',
        FRAME % b'<row r="1"><c r="A1" t="s"><v>99999</v></c></row>',
        FRAME % b'<row r="1"><c r="A1"><v>many</v></c></row>',
        FRAME % (b'<row r="1"><c t="str"><v>' + b"x" * (2 << 20) + b"</v></c></row>"),
    ],
    ids=["entity", "rows", "cells", "row", "column", "shared", "number", "text"],
)
def test_a_sheet_that_breaks_the_rules_is_refused(read: Any, sheet: bytes) -> None:
    """External entities, disorder, places and values that cannot be: one coded error."""
    with pytest.raises(InputError) as caught:
        read(rezip(book([HEADER, GOOD]), {SHEET: sheet}, zipfile.ZIP_STORED))
    assert caught.value.code == "AW-INGEST-008"


def test_an_error_in_a_cell_is_shown_by_its_name(read: Any) -> None:
    """A formula that failed is not an empty cell."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, GOOD)
    sheet.write_formula(1, 4, "=1/0", None, "#DIV/0!")
    made.close()
    assert read(out.getvalue()).lookups["reason"].to_pylist() == ["#DIV/0!"]


def test_days_counted_from_1904_are_refused(read: Any) -> None:
    """Bare day numbers would be read four years off."""
    whole = book([HEADER, GOOD])
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        text = archive.read("xl/workbook.xml")
    changed = text.replace(b"<workbookPr ", b'<workbookPr date1904="1" ')
    assert changed != text
    with pytest.raises(InputError) as caught:
        read(rezip(whole, {"xl/workbook.xml": changed}))
    assert "1904" in caught.value.what


def test_an_encrypted_or_old_spreadsheet_is_refused_by_its_kind(read: Any) -> None:
    """Both come in the same old container, which is not opened."""
    with pytest.raises(InputError) as caught:
        read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2048)
    assert caught.value.code == "AW-INGEST-001"
    assert "encrypted spreadsheet" in caught.value.what


def test_a_zip_archive_that_is_no_workbook_is_refused(read: Any) -> None:
    """It is named for what it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("trail.csv", "event_time,operator_id,system\n")
    with pytest.raises(InputError) as caught:
        read(out.getvalue())
    assert caught.value.code == "AW-INGEST-001"
    assert "a zip archive" in caught.value.what


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_spreadsheet_is_read_or_refused_with_a_code(read: Any, seed: int) -> None:
    """Cut off, overwritten in places, or with broken XML: a coded error, or an account."""
    whole = bytearray(book([HEADER, *([GOOD] * 30)]))
    if seed % 4 == 0:
        whole = whole[: len(whole) * (seed + 1) // 42]
    elif seed % 4 == 1:
        for n in range(8):
            whole[(seed * 7919 + n * 104_729) % len(whole)] ^= 0xFF
    else:
        with zipfile.ZipFile(io.BytesIO(bytes(whole))) as archive:
            name = sorted(archive.namelist())[seed % len(archive.namelist())]
            text = archive.read(name)
        cut = (seed * 7919) % max(len(text), 1)
        broken = text[:cut] + (b"<" if seed % 4 == 2 else b"]]>&x;" + text[cut:])
        whole = bytearray(rezip(bytes(whole), {name: broken}))
    try:
        found = read(bytes(whole))
    except AuditwatchError as error:
        assert error.code.startswith("AW-")  # noqa: PT017 - either outcome is right
    else:
        row = account(found)
        assert row[0] == sum(row[1:])
