"""Mapping files: which column of a foreign export is which field, as data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from auditwatch.core.clock import zone
from auditwatch.core.errors import AuditwatchError, ConfigError, RuleError, UsageError
from auditwatch.core.files import require_file
from auditwatch.core.schema import SOURCE_FIELDS
from auditwatch.core.strict import read_documents, suggest
from auditwatch.ingest.localkeys import LOCAL_SECTIONS, read_local_keys

if TYPE_CHECKING:
    from collections.abc import Mapping as Map
    from collections.abc import Sequence
    from pathlib import Path

    from auditwatch.core.strict import Document, Plain

__all__ = ["Mapping", "fold_name", "match_columns", "read_mapping", "require_fields"]

SAMPLE: Final = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
KEYS: Final = (
    "format",
    "delimiter",
    "columns",
    "constants",
    "time",
    "prefix",
    "record",
    *LOCAL_SECTIONS,
)
SECTIONS: Final = {
    "columns": SOURCE_FIELDS,
    "constants": SOURCE_FIELDS,
    "time": ("layout", "zone"),
}


@dataclass(frozen=True)
class Mapping:
    """What a mapping file says; an empty one means canonical names.

    Parameters
    ----------
    file : str
        Name to show in errors.
    format : str
        Name of the reader; empty to find out.
    delimiter : str
        One ASCII character between values of a CSV file.
    columns : mapping of str to tuple of str
        Field to names of its column in the source, first match counts.
    constants : mapping of str to str
        Field to the one value it has in every record.
    layout : str
        How `event_time` is written, as for ``strptime``; empty for ISO 8601.
    zone : str
        IANA zone of times that carry none; empty for the agency's own.
    prefix : str
        PostgreSQL's ``log_line_prefix``; empty to try the usual ones.
    record : str
        Keys that lead to the record inside each JSON line, joined by dots; empty to find out.
    transactions, systems : mapping of str to str
        The agency's own words, upper case, to those of the catalogue.
    """

    file: str = ""
    format: str = ""
    delimiter: str = ","
    columns: Map[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Map[str, str] = field(default_factory=dict)
    layout: str = ""
    zone: str = ""
    prefix: str = ""
    record: str = ""
    transactions: Map[str, str] = field(default_factory=dict)
    systems: Map[str, str] = field(default_factory=dict)


def fold_name(name: str) -> str:
    """Return a column name as it is compared: lower case, runs of space and underscore equal."""
    return re.sub(r"[\s_]+", "_", name.strip().lower())


def read_mapping(path: Path, formats: Sequence[str], rules: Path) -> Mapping:
    """Read a mapping file strictly.

    Parameters
    ----------
    path : Path
        A YAML file.
    formats : sequence of str
        Names that `format` may have.
    rules : Path
        The rule pack: its catalogue has the words that the agency's own may stand for.

    Returns
    -------
    Mapping
        What it says.

    Raises
    ------
    ConfigError
        ``AW-INGEST-020``, ``-022`` with line, column and the nearest known word.
    """
    require_file(path)
    try:
        return _mapping(read_documents(path), path, formats, rules)
    except RuleError as error:
        raise ConfigError(
            error.what,
            code=error.code,
            where=error.where,
            expected=error.expected,
            hint=error.hint or "docs/how-to/add-a-format.md shows a whole mapping file",
        ) from error


def _mapping(
    documents: Sequence[Document], path: Path, formats: Sequence[str], rules: Path
) -> Mapping:
    """Check the one document and take what it says."""
    if len(documents) != 1 or not isinstance(documents[0].content, dict):
        raise RuleError(
            "not one mapping", code="AW-INGEST-020", where=str(path), expected="columns: …"
        )
    document = documents[0]
    content = documents[0].content
    document.refuse_unknown(KEYS)
    for section, known in SECTIONS.items():
        if section in content:
            document.refuse_unknown(known, section)
    chosen = _text(document, "format")
    if chosen and chosen not in formats:
        raise _wrong(document, "format", "one of " + ", ".join(formats), suggest(chosen, formats))
    delimiter = _text(document, "delimiter") or ","
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        raise _wrong(document, "delimiter", 'one ASCII character, such as ";"')
    columns = {name: _names(document, name) for name in _section(document, content, "columns")}
    constants = {
        name: _text(document, "constants", name)
        for name in _section(document, content, "constants")
    }
    _section(document, content, "time")
    return Mapping(
        document.file,
        chosen,
        delimiter,
        columns,
        constants,
        _layout(document),
        _zone(document),
        _text(document, "prefix"),
        _record(document),
        *(read_local_keys(document, section, rules) for section in LOCAL_SECTIONS),
    )


def _wrong(document: Document, key: str, expected: str, hint: str = "") -> AuditwatchError:
    """Return the error of a value that does not fit."""
    what = f"{key} cannot be used as it is"
    return document.error(what, key, code="AW-INGEST-020", expected=expected, hint=hint)


def _section(document: Document, content: Map[str, Plain], key: str) -> Map[str, Plain]:
    """Return a mapping inside the document; empty when it is not there."""
    value = content.get(key) or {}
    if not isinstance(value, dict):
        raise _wrong(document, key, "a mapping of field to column")
    return value


def _text(document: Document, *path: str) -> str:
    """Return a text value; empty when it is not there."""
    value = document.content
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return ""
    if not isinstance(value, str):
        raise document.error("not text", *path, code="AW-INGEST-020", expected="one value")
    return value


def _names(document: Document, name: str) -> tuple[str, ...]:
    """Return the column names that may stand for a field."""
    value = document.at("columns", name)
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(one, str) and one for one in names):
        raise document.error(
            f"no column name for {name}",
            "columns",
            name,
            code="AW-INGEST-020",
            expected="a name, or a list of names",
        )
    return tuple(str(one) for one in names)


def _record(document: Document) -> str:
    """Return the way to the record, which must not have empty steps."""
    way = _text(document, "record")
    if way and not all(way.split(".")):
        raise _wrong(document, "record", "keys joined by dots, such as event or data.row")
    return way


def _layout(document: Document) -> str:
    """Return the layout of times after a try: a time written by it must be read by it."""
    layout = _text(document, "time", "layout")
    if not layout:
        return ""
    try:
        read = datetime.strptime(SAMPLE.strftime(layout), layout)  # noqa: DTZ007 - a trial
    except (ValueError, re.error):
        read = datetime.min  # noqa: DTZ901 - as good as unread
    if read.replace(tzinfo=None, second=0) == SAMPLE.replace(tzinfo=None, second=0):
        return layout
    raise document.error(
        "this layout does not give a whole date and time",
        "time",
        "layout",
        code="AW-INGEST-020",
        expected="such as %d.%m.%Y %H:%M:%S, each part once",
    )


def _zone(document: Document) -> str:
    """Return the zone's name after a look at whether it exists."""
    name = _text(document, "time", "zone")
    try:
        return zone(name).key if name else ""
    except ConfigError as error:
        raise document.error(
            error.what, "time", "zone", code="AW-INGEST-020", expected=error.expected
        ) from error


def match_columns(names: Sequence[str], mapping: Mapping, where: str) -> dict[str, int]:
    """Find the source column of each field.

    Parameters
    ----------
    names : sequence of str
        Column names of the source, in order.
    mapping : Mapping
        Names to look for; without any, the canonical ones.
    where : str
        The source, for errors.

    Returns
    -------
    dict of str to int
        Field to position of its column; fields without a column are left out.

    Raises
    ------
    UsageError
        ``AW-INGEST-004`` two columns of the same name that is wanted.
    """
    folded = [fold_name(name) for name in names]
    wanted = mapping.columns
    found: dict[str, int] = {}
    for one in dict.fromkeys((*SOURCE_FIELDS, *wanted)):  # a format may know further names
        candidates = wanted.get(one, () if wanted else (one,))
        for candidate in map(fold_name, candidates):
            if folded.count(candidate) > 1:
                raise UsageError(
                    f"two columns are named {candidate!r}",
                    code="AW-INGEST-004",
                    where=where,
                    expected="one column for each field",
                    hint="rename one of them, or name the right one in a mapping file",
                )
            if candidate in folded:
                found[one] = folded.index(candidate)
                break
    return found


def require_fields(known: set[str], names: Sequence[str], where: str) -> None:
    """Refuse a source that lacks what every lookup must have.

    Parameters
    ----------
    known : set of str
        Fields that the source or the mapping's constants supply.
    names : sequence of str
        Column names of the source, for the nearest one.
    where : str
        The source, for errors.

    Raises
    ------
    UsageError
        ``AW-INGEST-003`` naming the missing column and the nearest one.
    """
    missing = [name for name in ("event_time", "operator_id") if name not in known]
    if not known & {"system", "transaction"}:
        missing.append("transaction")
    if not missing:
        return
    near = suggest(missing[0], [fold_name(name) for name in names])
    raise UsageError(
        "no column " + ", no column ".join(missing),
        code="AW-INGEST-003",
        where=where,
        expected="columns event_time, operator_id, and system or transaction",
        hint=f"{near} ".lstrip() + "say which column is which with --mapping FILE",
    )
