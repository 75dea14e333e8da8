"""XLSX workbooks as rows of text: weighed by their own list of contents before they are read."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from auditwatch.core.errors import InputError
from auditwatch.ingest.sheetcells import DamagedSheetError, parse_xml, read_cells, read_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import IO

__all__ = ["BYTES_MAX", "MAGIC", "Sheet", "is_workbook", "read_sheets"]

MAGIC: Final = b"PK\x03\x04"
BYTES_MAX: Final = 256 << 20
MEMBERS_MAX: Final = 1000
UNPACKED_MAX: Final = 1 << 30
RATIO_MAX: Final = 200
RATIO_GRACE_BYTES: Final = 16 << 20
#: Rows of all sheets: a row that is not written down costs nothing in the file.
ROWS_MAX: Final = 5_000_000
WORKBOOK: Final = "xl/workbook.xml"
RELATIONS: Final = "xl/_rels/workbook.xml.rels"
TEXTS: Final = "/sharedStrings"
STYLES: Final = "/styles"
WORKSHEET: Final = "/worksheet"
#: Numbers of the built-in formats that show a date or a time (ECMA-376 18.8.30).
DATED: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
NO_CODE: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
DATE_LETTER: Final = re.compile(r"[ymdhs]", re.IGNORECASE)


@dataclass(frozen=True)
class Sheet:
    """One sheet of cells.

    Parameters
    ----------
    hidden : bool
        Whether the workbook does not show it.
    rows : iterator of list of str
        As `read_cells`; to be read before the next sheet.
    """

    hidden: bool
    rows: Iterator[list[str]]


@dataclass
class _Book:
    """What a workbook says of itself."""

    sheets: list[tuple[str, bool]] = field(default_factory=list)
    parts: dict[str, tuple[str, str]] = field(default_factory=dict)
    from_1904: bool = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take an element of the workbook."""
        if name == "sheet":
            key = next((v for k, v in attributes.items() if k.endswith(":id") or k == "id"), "")
            self.sheets.append((key, attributes.get("state", "visible") != "visible"))
        elif name == "workbookPr":
            self.from_1904 = attributes.get("date1904", "0") in {"1", "true", "on"}

    def relate(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take an element of the list of parts: where each is, and its kind."""
        if name == "Relationship":
            where = posixpath.normpath(posixpath.join("/xl", attributes.get("Target", "")))
            kind = attributes.get("Type", "")
            self.parts[attributes.get("Id", "")] = (where.lstrip("/"), kind)

    def part(self, kind: str) -> str | None:
        """Return where the part of a kind is."""
        return next((where for where, its in self.parts.values() if its.endswith(kind)), None)


def is_workbook(whole: bytes) -> bool:
    """Tell whether some bytes are a zip archive with a workbook in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            return WORKBOOK in archive.namelist()
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
        Charts are left out.

    Raises
    ------
    InputError
        ``AW-INGEST-008`` the file is damaged or encrypted, unpacks to far more than its size, or
        counts its days from 1904.

    Notes
    -----
    Names inside the archive are looked up in the archive alone, never used as paths. No member is
    read beyond the size that the archive's list gives, which is weighed first.
    """
    with _refusing(where), zipfile.ZipFile(io.BytesIO(whole)) as archive:
        _weigh(archive, len(whole), where)
        book = _Book()
        _drain(parse_xml(archive.open(WORKBOOK), book.start))
        _drain(parse_xml(archive.open(RELATIONS), book.relate))
        if book.from_1904:
            raise _counts_from_1904(where)
        texts, styles = book.part(TEXTS), book.part(STYLES)
        shared = read_texts(archive.open(texts)) if texts else []
        dated = _styles(archive.open(styles)) if styles else []
        left = [ROWS_MAX]
        for key, hidden in book.sheets:
            part, kind = book.parts.get(key, ("", WORKSHEET))
            if kind.endswith(WORKSHEET):
                cells = read_cells(archive.open(part), shared, dated)
                yield Sheet(hidden, _bounded(cells, left, where))


@contextmanager
def _refusing(where: str) -> Iterator[None]:
    """Turn whatever a damaged file leads to into one coded error."""
    try:
        yield
    except (
        DamagedSheetError,
        expat.ExpatError,
        zipfile.BadZipFile,
        zlib.error,
        ArithmeticError,
        EOFError,
        LookupError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise InputError(
            "a spreadsheet that cannot be read",
            code="AW-INGEST-008",
            where=where,
            expected="a whole XLSX file without a password",
            hint="open it and save it again as XLSX, or as CSV",
        ) from error


def _bounded(rows: Iterator[list[str]], left: list[int], where: str) -> Iterator[list[str]]:
    """Yield rows as long as the workbook has no more than it may."""
    with _refusing(where):
        for row in rows:
            left[0] -= 1
            if left[0] < 0:
                raise _bomb(where)
            yield row


def _weigh(archive: zipfile.ZipFile, size: int, where: str) -> None:
    """Refuse an archive that unpacks to far more than its size."""
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    most = min(UNPACKED_MAX, RATIO_MAX * size + RATIO_GRACE_BYTES)
    if len(members) > MEMBERS_MAX or unpacked > most:
        raise _bomb(where)


def _drain(pieces: Iterator[None]) -> None:
    """Parse to the end."""
    for _ in pieces:
        pass


def _styles(source: IO[bytes]) -> Sequence[bool]:
    """Tell of each style whether it shows a date or a time."""
    codes: dict[str, str] = {}
    numbers: list[str] = []
    inside: list[str] = []

    def start(name: str, attributes: Mapping[str, str]) -> None:
        if name == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "xf" and inside[-1:] == ["cellXfs"]:
            numbers.append(attributes.get("numFmtId", "0"))
        elif name in {"cellXfs", "cellStyleXfs"}:
            inside.append(name)

    _drain(parse_xml(source, start))
    return [_shows_time(number, codes) for number in numbers]


def _shows_time(number: str, codes: Mapping[str, str]) -> bool:
    """Tell whether a number format shows a date or a time."""
    code = codes.get(number)
    if code is None:
        return number.isdecimal() and int(number) in DATED
    return DATE_LETTER.search(NO_CODE.sub("", code.split(";")[0])) is not None


def _bomb(where: str) -> InputError:
    """Return the error of a workbook that would fill the memory."""
    return InputError(
        "a spreadsheet that unpacks to far more than its size",
        code="AW-INGEST-008",
        where=where,
        expected=f"at most {RATIO_MAX} times its size, {MEMBERS_MAX:,} parts, {ROWS_MAX:,} rows",
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
