"""Spreadsheets as rows of text: weighed before they are opened, nothing in them is evaluated."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from auditwatch.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BYTES_MAX", "MAGIC", "Sheet", "is_workbook", "read_sheets"]

Cell: TypeAlias = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta

MAGIC: Final = b"PK\x03\x04"
BYTES_MAX: Final = 256 << 20
MEMBERS_MAX: Final = 1000
UNPACKED_MAX: Final = 1 << 30
RATIO_MAX: Final = 200
RATIO_GRACE_BYTES: Final = 16 << 20
#: A sheet is laid out in memory from its first to its last cell, and each cell gets its own copy
#: of a shared text: a few bytes of XML can ask for far more than the file holds.
CELLS_MAX: Final = 20_000_000
COLUMNS_MAX: Final = 1 << 14
TEXT_BYTES_MAX: Final = 2 << 30
PIECE_BYTES: Final = 1 << 20
PACKED_BYTES: Final = 1 << 16
OVERLAP: Final = 4096
EXACT_DIGITS: Final = 10**15

CELL: Final = re.compile(rb"""[\s]r\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,10})["']""")
UNPLACED_CELL: Final = re.compile(rb"""<(?:\w+:)?c(?=[\s/>])(?![^>]*\sr\s*=)""")
UNPLACED_ROW: Final = re.compile(rb"""<(?:\w+:)?row(?=[\s/>])(?![^>]*\sr\s*=)""")
SHARED: Final = re.compile(rb"<(?:\w+:)?v[^>]*>\s*([0-9]{1,9})\s*<")
SHARED_TEXT: Final = re.compile(rb"<(?:\w+:)?si[\s/>]")
EPOCH_1904: Final = re.compile(rb"""date1904\s*=\s*["'](?:1|true|on)["']""", re.IGNORECASE)


@dataclass(frozen=True)
class Sheet:
    """One sheet of cells.

    Parameters
    ----------
    name : str
        As the workbook calls it.
    hidden : bool
        Whether the workbook does not show it.
    rows : iterator of list of str
        Cells as text, from the first row on: numbers without ``.0``, days and times in ISO 8601,
        of a formula the value that was saved with it.
    """

    name: str
    hidden: bool
    rows: Iterator[list[str]]


def is_workbook(whole: bytes) -> bool:
    """Tell whether some bytes are a zip archive with a workbook in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def read_sheets(whole: bytes, where: str) -> Iterator[Sheet]:
    """Yield the sheets of an XLSX workbook, hidden ones too, in their order.

    Parameters
    ----------
    whole : bytes
        The file.
    where : str
        Its path, for errors.

    Yields
    ------
    Sheet
        Charts and empty sheets are left out.

    Raises
    ------
    InputError
        ``AW-INGEST-008`` the file is damaged or encrypted, or unpacks to far more than its size.

    Notes
    -----
    Names inside the archive are never used as paths. A cell with an error, such as ``#DIV/0!``,
    is empty.
    """
    try:
        _weigh(whole, where)
        book = CalamineWorkbook.from_filelike(io.BytesIO(whole))
        for about in book.sheets_metadata:
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(about.name)
            if sheet.start is not None:
                rows = ([_text(cell) for cell in row] for row in sheet.iter_rows())
                yield Sheet(about.name, about.visible != SheetVisibleEnum.Visible, rows)
    except (CalamineError, zipfile.BadZipFile, zlib.error, ValueError, OSError) as error:
        raise InputError(
            "a spreadsheet that cannot be read",
            code="AW-INGEST-008",
            where=where,
            expected="a whole XLSX file without a password",
            hint="open it and save it again as XLSX, or as CSV",
        ) from error


def _text(cell: Cell) -> str:
    """Return a cell as text, as a person reads it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        whole = cell.is_integer() and abs(cell) < EXACT_DIGITS
        return str(int(cell)) if whole else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, dt.date):
        return f"{cell} 00:00:00"  # a day, or midnight: only the column can tell
    return str(cell)


@dataclass
class _Weight:
    """What opening a workbook would take."""

    lengths: np.ndarray
    row: int = 0
    column: int = 0
    unplaced_cells: int = 0
    unplaced_rows: int = 0
    text: int = 0
    from_1904: bool = False
    carry: bytes = field(default=b"", repr=False)

    def add(self, piece: bytes) -> None:
        """Take in some more of the XML of one sheet."""
        data = self.carry + piece
        cut = max(data.rfind(b"<"), len(data) - OVERLAP, 0)
        data, self.carry = data[:cut], data[cut:]
        places = CELL.findall(data)
        self.row = max([self.row, *map(int, {number for _, number in places})])
        self.column = max([self.column, *map(_column, {letters for letters, _ in places})])
        self.from_1904 |= EPOCH_1904.search(data) is not None
        self.unplaced_cells += len(UNPLACED_CELL.findall(data))
        self.unplaced_rows += len(UNPLACED_ROW.findall(data))
        if len(self.lengths):
            found = np.array(SHARED.findall(data), np.int64)
            self.text += int(self.lengths[found[found < len(self.lengths)]].sum())

    def too_much(self) -> bool:
        """Tell whether the sheet would fill the memory."""
        self.add(b"<")
        width = max(self.column, min(self.unplaced_cells, COLUMNS_MAX))
        cells = (self.row + self.unplaced_rows) * width
        return cells > CELLS_MAX or self.text > TEXT_BYTES_MAX


def _column(letters: bytes) -> int:
    """Return the number of a column, from 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _weigh(whole: bytes, where: str) -> None:
    """Refuse an archive that would unpack to far more than its size."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        members = archive.infolist()
    if len(members) > MEMBERS_MAX:
        raise _bomb(where)
    if any(member.flag_bits & 1 for member in members):
        raise zipfile.BadZipFile("encrypted")
    budget = min(UNPACKED_MAX, RATIO_MAX * len(whole) + RATIO_GRACE_BYTES)
    lengths = np.zeros(0, np.int64)
    for member in sorted(members, key=lambda one: not _is_shared(one)):
        weight, shared = _Weight(lengths), bytearray()
        for piece in _pieces(whole, member):
            budget -= len(piece)
            if budget < 0:
                raise _bomb(where)
            if _is_shared(member):
                shared += piece
            else:
                weight.add(piece)
        if weight.too_much():
            raise _bomb(where)
        if weight.from_1904:
            raise _counts_from_1904(where)
        lengths = _lengths(bytes(shared)) if shared else lengths


def _lengths(shared: bytes) -> np.ndarray:
    """Return how long each shared text is with its markup (bytes)."""
    starts = [found.start() for found in SHARED_TEXT.finditer(shared)]
    return np.diff([*starts, len(shared)]) if starts else np.zeros(0, np.int64)


def _is_shared(member: zipfile.ZipInfo) -> bool:
    """Tell whether a member holds the texts that cells share."""
    return member.filename.lower().endswith("sharedstrings.xml")


def _pieces(whole: bytes, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack a member to its real end, whatever size the archive's list claims."""
    at = member.header_offset
    if whole[at : at + 4] != MAGIC:
        raise zipfile.BadZipFile("no member where the list says")
    sizes = (
        int.from_bytes(whole[at + 26 : at + 28], "little"),
        int.from_bytes(whole[at + 28 : at + 30], "little"),
    )
    start = at + 30 + sum(sizes)
    raw = memoryview(whole)[start : start + member.compress_size]
    if member.compress_type == zipfile.ZIP_STORED:
        yield bytes(raw)
        return
    if member.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile("an unusual way of packing")
    inflater = zlib.decompressobj(wbits=-15)
    for first in range(0, len(raw), PACKED_BYTES):
        data: bytes | memoryview = raw[first : first + PACKED_BYTES]
        while data and not inflater.eof:
            yield inflater.decompress(data, PIECE_BYTES)
            data = inflater.unconsumed_tail


def _bomb(where: str) -> InputError:
    """Return the error of a workbook that would fill the memory."""
    return InputError(
        "a spreadsheet that unpacks to far more than its size",
        code="AW-INGEST-008",
        where=where,
        expected=f"at most {RATIO_MAX} times its size and {CELLS_MAX:,} cells a sheet",
        hint="if you trust it, save it as CSV",
    )


def _counts_from_1904(where: str) -> InputError:
    """Return the error of a workbook whose day numbers mean other days."""
    return InputError(
        "a spreadsheet that counts its days from 1904",
        code="AW-INGEST-008",
        where=where,
        expected="day numbers counted from 1900, as nearly all spreadsheets have them",
        hint="save it as CSV, with the times as text",
    )
