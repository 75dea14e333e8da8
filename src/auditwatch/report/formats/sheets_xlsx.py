"""XLSX: a sheet for each table, and one for what the paper says in sentences."""

from __future__ import annotations

import io
import re
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from auditwatch.core.files import scratch_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.report.document import Cell, Document, Table

__all__ = ["NAME", "write"]

NAME: Final = "xlsx"

#: Times in the file are fixed, so that the same paper gives the same bytes.
MADE: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a spreadsheet's times have no zone
CELL_MAX: Final = 32_767  # what a cell can hold
ROWS_MAX: Final = 1_048_575  # what a sheet can hold, without its head
SHEET_NAME_MAX: Final = 31
FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\]")  # in the name of a sheet
WIDE, PROSE_WIDE = 60, 90  # characters
NAMES_WIDE, SENTENCES_WIDE = 26, 100  # characters
RIGHT: Final = {"align": "right", "indent": 1}  # a number does not touch the next column's text
FOOTER: Final = "&L&A&R&P / &N"  # the sheet's name, page and pages
LINE_HEIGHT, HEIGHT_MAX = 15.0, 409.0  # points; more than the latter no row can have
#: Rows go to disk as they are written: a table of 200,000 needs no more memory than one of ten.
OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write(document: Document) -> bytes:
    """Return the paper as a workbook; all text is text, whatever it begins with."""
    out = io.BytesIO()
    with scratch_folder() as folder:
        book = Workbook(out, {**OPTIONS, "tmpdir": str(folder)})
        _fill(book, document)
        try:
            book.close()
        except FileCreateError as error:
            raise OSError(*error.args[0].args) from error
    return out.getvalue()


def _fill(book: Workbook, document: Document) -> None:
    """Write the sheets of a paper."""
    book.set_properties({"title": document.title, "created": MADE})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    body = book.add_format({"text_wrap": True, "valign": "top"})
    whole = book.add_format({"num_format": "#,##0", "valign": "top", **RIGHT})
    right = book.add_format({"bold": True, "bottom": 1, "valign": "top", **RIGHT})
    _sentences(book, document, head, body)
    for _, table in document.tables:
        for rows in _sheets(table.rows):
            taken = {sheet.get_name().casefold() for sheet in book.worksheets()}
            _table(book, _sheet_name(table.name, taken), table, rows, (head, body, whole, right))


def _sheet_name(name: str, taken: set[str]) -> str:
    """Return a name that a sheet may have and that none has yet."""
    plain = FORBIDDEN.sub("-", name).strip("'")
    for number in count(1):
        end = f" {number}" if number > 1 else ""
        found = plain[: SHEET_NAME_MAX - len(end)] + end
        if found.casefold() not in taken:
            return found
    raise AssertionError("numbers do not end")


def _sheets(rows: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Return rows in parts that fit on a sheet; an empty table has one."""
    return [rows[n : n + ROWS_MAX] for n in range(0, len(rows), ROWS_MAX)] or [()]


def _sentences(book: Workbook, document: Document, head: Any, body: Any) -> None:
    """Write the sheet of sentences."""
    sheet = book.add_worksheet("paper")
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(FOOTER)
    sheet.set_column(0, 0, NAMES_WIDE)
    sheet.set_column(1, 1, SENTENCES_WIDE)
    sheet.write_string(0, 0, "title", head)
    sheet.write_string(0, 1, document.title, head)
    sheet.write_string(1, 0, "for", body)
    sheet.write_string(1, 1, document.over, body)
    for row, (where, said) in enumerate(document.sentences, start=2):
        sheet.set_row(row, _height([where, said], [NAMES_WIDE, SENTENCES_WIDE]))
        sheet.write_string(row, 0, where, body)
        sheet.write_string(row, 1, said[:CELL_MAX], body)


def _table(
    book: Workbook, name: str, table: Table, rows: tuple[Any, ...], formats: tuple[Any, ...]
) -> None:
    """Write the sheet of a table, its head frozen and ready to filter."""
    head, body, whole, right = formats
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows), 1), len(table.columns) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer(FOOTER)
    widths = []
    for place, column in enumerate(table.columns):
        texts = [str(row[place]) for row in rows[:200]]
        longest = max(map(len, [column.label, *texts]))
        widths.append(min(longest + 4, PROSE_WIDE if column.prose else WIDE))
        sheet.set_column(place, place, widths[-1])
        sheet.write_string(0, place, column.label, right if column.number else head)
    for number, row in enumerate(rows, start=1):
        sheet.set_row(number, _height(row, widths))
        for place, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            if isinstance(cell, int):
                sheet.write_number(number, place, cell, whole)
            else:
                manner = whole if column.number else body
                sheet.write_string(number, place, cell[:CELL_MAX], manner)


def _height(row: Sequence[Cell], widths: Sequence[int]) -> float | None:
    """Return the height of a row whose texts wrap; None for that of one line.

    Some programs do not work it out when they open a file, and print lines over each other.
    """
    lines = max(
        -(-len(cell) // (width - 2)) if isinstance(cell, str) else 1
        for cell, width in zip(row, widths, strict=True)
    )
    return min(LINE_HEIGHT * lines, HEIGHT_MAX) if lines > 1 else None
