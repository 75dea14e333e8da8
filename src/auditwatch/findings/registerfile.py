"""A register of investigations that was kept elsewhere, as a CSV file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import UsageError
from auditwatch.findings.investigations import Entry

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_register"]

REQUIRED: Final = ("investigation_id", "act", "day", "note")
OPTIONAL: Final = ("operator_id", "word", "queries", "finding_ids")


def read_register(path: Path, recorder: str) -> list[Entry]:
    """Return the entries of a file, in its order.

    Parameters
    ----------
    path : Path
        UTF-8 with a header; columns in any order.
    recorder : str
        Who takes it in: that is who writes each entry down.

    Raises
    ------
    UsageError
        ``AW-INVEST-004`` no such table, with the line; what an entry says is checked when it is
        recorded.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            _refuse_columns(path, rows.fieldnames or ())
            return [_entry(path, rows.line_num, row, recorder) for row in rows]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, "not a CSV file in UTF-8") from error


def _refuse_columns(path: Path, names: object) -> None:
    """Refuse a file without the columns that every entry has, or with others."""
    given = [str(name) for name in names] if isinstance(names, (list, tuple)) else []
    known = {*REQUIRED, *OPTIONAL}
    if len(set(given)) != len(given) or not set(REQUIRED) <= set(given) <= known:
        raise _unreadable(path, "not the columns of a register")


def _entry(path: Path, line: int, row: dict[str, str | None], recorder: str) -> Entry:
    """Return one row as an entry."""
    if None in row or None in row.values():
        raise _unreadable(path, "a row with more or fewer cells than columns", line)
    queries = (row.get("queries") or "0").strip()
    if not (queries.isascii() and queries.isdigit()):
        raise _unreadable(path, "queries that are no whole number", line)
    findings = (row.get("finding_ids") or "").split(";")
    return Entry(
        investigation_id=(row["investigation_id"] or "").strip(),
        act=(row["act"] or "").strip(),
        day=(row["day"] or "").strip(),
        operator_id=(row.get("operator_id") or "").strip(),
        word=(row.get("word") or "").strip(),
        queries=int(queries),
        finding_ids=tuple(sorted({one.strip() for one in findings if one.strip()})),
        note=row["note"] or "",
        recorder=recorder,
    )


def _unreadable(path: Path, what: str, line: int = 1) -> UsageError:
    """Return the error for a file that is no register."""
    return UsageError(
        what,
        code="AW-INVEST-004",
        where=f"{path}:{line}",
        expected=f"the columns {', '.join(REQUIRED)}, and any of {', '.join(OPTIONAL)}",
    )
