"""JSON: one object, its tables as lists of objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from auditwatch.report.document import Document, Table

__all__ = ["NAME", "SCHEMA_VERSION", "write"]

NAME: Final = "json"
SCHEMA_VERSION: Final = 1


def write(document: Document) -> bytes:
    """Return the paper as UTF-8 with a newline at the end."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "kind": document.kind,
        "title": document.title,
        "for": document.over,
        "sentences": [{"section": where, "text": said} for where, said in document.sentences],
        "tables": {table.name: _rows(table) for _, table in document.tables},
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _rows(table: Table) -> list[dict[str, Any]]:
    """Return a table as a list of objects."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]
