"""What is known beside the trail: roster, cases, duty, relations, links, each a CSV file."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from auditwatch.core.clock import zone
from auditwatch.core.contexttables import CONTEXT_TABLES, Context
from auditwatch.core.errors import ConfigError, UsageError
from auditwatch.core.files import require_file
from auditwatch.core.strict import suggest
from auditwatch.ingest.mapping import fold_name
from auditwatch.ingest.normalise import case_key, plain_text, subject_key
from auditwatch.ingest.times import EARLIEST, LATEST, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from auditwatch.core.schema import Column, Table

__all__ = ["read_context"]

#: Tables with one row for each value of the first column.
ONE_ROW_EACH: Final = ("roster", "cases")
#: Columns that must be filled in every row; the first one always must.
REQUIRED: Final = {"duty": ("starts", "ends"), "relations": ("subject_id",), "links": ("other_id",)}
#: A date, with or without a time behind it, which spreadsheets like to add.
DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ][0-9:.]{4,15}(?:Z|[+-][0-9:]{4,5})?)?")
CELL_BYTES_MAX: Final = 1 << 20


def read_context(paths: Mapping[str, Path], timezone: str) -> Context:
    """Read context tables.

    Parameters
    ----------
    paths : mapping of str to Path
        ``roster``, ``cases``, ``duty``, ``relations``, ``links`` to a CSV file; any may be left
        out. Header case and unknown columns do not matter; all columns but the first may be
        missing.
    timezone : str
        IANA zone of times that carry none.

    Returns
    -------
    Context
        Tables with subjects and cases keyed as in lookups; None for a table that was not given.

    Raises
    ------
    UsageError
        ``AW-CONTEXT-001`` not a context table; ``AW-FILES-…`` no such file.
    ConfigError
        ``AW-CONTEXT-002`` first column missing, ``-003`` a value that must be there is empty,
        ``-004`` the same operator or case twice, ``-005`` not a date or time, ``-006`` not CSV.
    """
    for name in paths:
        if name not in CONTEXT_TABLES:
            raise UsageError(
                f"no context table {name!r}",
                code="AW-CONTEXT-001",
                expected="one of " + ", ".join(CONTEXT_TABLES),
                hint=suggest(name, CONTEXT_TABLES),
            )
    agency = zone(timezone)
    return Context(**{name: _read(CONTEXT_TABLES[name], paths[name], agency) for name in paths})


def _read(table: Table, path: Path, agency: ZoneInfo) -> pa.Table:
    """Read one table."""
    lines, rows = _parse(table, require_file(path))
    readers = {column.name: _reader(column, agency) for column in table.columns}
    needed = (table.names[0], *REQUIRED.get(table.name, ()))
    values: dict[str, list[Any]] = {name: [] for name in table.names}
    for line, row in zip(lines, rows, strict=True):
        for column in table.columns:
            value = _value(row.get(column.name, ""), readers[column.name], column, f"{path}:{line}")
            if value is None and column.name in needed and column.name in row:
                raise ConfigError(
                    f"{column.name} is empty",
                    code="AW-CONTEXT-003",
                    where=f"{path}:{line}",
                    expected=column.meaning,
                    hint="fill it in or take the line out",
                )
            values[column.name].append(value)
    if table.name in ONE_ROW_EACH:
        _refuse_doubled(table, values[table.names[0]], lines, path)
    return pa.table([values[name] for name in table.names], schema=table.schema)


def _parse(table: Table, path: Path) -> tuple[list[int], list[dict[str, str]]]:
    """Return line numbers and rows of a CSV file by column name."""
    csv.field_size_limit(CELL_BYTES_MAX)
    lines: list[int] = []
    rows: list[dict[str, str]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            names = [fold_name(name) for name in next(reader, [])]
            _require_first(table, names, path)
            before = reader.line_num
            for cells in reader:
                line, before = before + 1, reader.line_num
                if any(cell.strip() for cell in cells):
                    _require_width(cells, names, f"{path}:{line}")
                    lines.append(line)
                    rows.append(dict(zip(names, cells, strict=False)))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ConfigError(
            "not readable as CSV",
            code="AW-CONTEXT-006",
            where=str(path),
            expected="UTF-8 text, values separated by commas, quotes doubled inside quotes",
        ) from error
    return lines, rows


def _require_first(table: Table, names: Sequence[str], path: Path) -> None:
    """Refuse a header without the first column, or with a known column twice."""
    twice = [name for name in table.names if names.count(name) > 1]
    if table.names[0] not in names or twice:
        what = f"two columns {twice[0]}" if twice else f"no column {table.names[0]}"
        raise ConfigError(
            what,
            code="AW-CONTEXT-002",
            where=f"{path}:1",
            expected=f"a {table.name} table with columns " + ", ".join(table.names),
            hint=suggest(table.names[0], names),
        )


def _require_width(cells: Sequence[str], names: Sequence[str], where: str) -> None:
    """Refuse a row with more cells than the header has."""
    if len(cells) > len(names):
        raise ConfigError(
            f"{len(cells)} values under {len(names)} columns",
            code="AW-CONTEXT-006",
            where=where,
            expected=f"{len(names)} values",
            hint="put values that hold a comma in double quotes",
        )


def _value(text: str, read: Callable[[str], Any], column: Column, where: str) -> Any:
    """Read one cell; None when it is empty."""
    if not text.strip():
        return None
    try:
        return read(text)
    except ValueError as error:
        raise ConfigError(
            f"{column.name} cannot be read",
            code="AW-CONTEXT-005",
            where=where,
            expected=str(error),
            hint="correct the value or leave it empty",
        ) from error


def _reader(column: Column, agency: ZoneInfo) -> Callable[[str], Any]:
    """Return what reads the cells of a column."""
    if pa.types.is_date(column.type):
        return _day
    if pa.types.is_timestamp(column.type):
        return lambda text: _instant(text, agency)
    return KEYS.get(column.name, plain_text)


def _join(text: str, key: Callable[[str], str | None]) -> str | None:
    """Return a list in one cell with each entry as its key, empty entries left out."""
    return ";".join(found for part in text.split(";") if (found := key(part))) or None


#: How identities and lists of them become keys, as in lookups.
KEYS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "subject_id": subject_key,
    "other_id": subject_key,
    "case_id": case_key,
    "subjects": lambda text: _join(text, subject_key),
    "operators": lambda text: _join(text, plain_text),
}


def _day(text: str) -> date:
    """Read a date."""
    found = DAY.fullmatch(text.strip())
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError as error:
        raise ValueError("a date such as 2026-03-14") from error


def _instant(text: str, agency: ZoneInfo) -> datetime:
    """Read a time."""
    found = parse_instant(text, agency)
    if found is None or not EARLIEST <= found[0] < LATEST:
        raise ValueError("a time such as 2026-03-14T22:00:00-07:00")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=found[0])


def _refuse_doubled(table: Table, keys: Sequence[str], lines: Sequence[int], path: Path) -> None:
    """Refuse a key that stands in two lines."""
    first: dict[str, int] = {}
    for key, line in zip(keys, lines, strict=True):
        if key in first:
            raise ConfigError(
                f"the {table.names[0]} of this line stands in line {first[key]} already",
                code="AW-CONTEXT-004",
                where=f"{path}:{line}",
                expected=f"one line for each {table.names[0]}",
                hint="keep the line that is right",
            )
        first[key] = line
