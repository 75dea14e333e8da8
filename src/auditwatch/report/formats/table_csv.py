"""CSV: every table and every sentence, each row with the part of the paper that it is of.

A spreadsheet's filter on the first column gives one table; its row ``head`` names the columns.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from auditwatch.report.cells import inert

if TYPE_CHECKING:
    from auditwatch.report.document import Document

__all__ = ["NAME", "write"]

NAME: Final = "csv"


def write(document: Document) -> bytes:
    """Return the paper as UTF-8 (RFC 4180) with a mark that spreadsheets know it by."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    width = max([2, *(len(table.columns) for _, table in document.tables)])
    writer.writerow(["part", "row", *(f"c{n}" for n in range(1, width + 1))])
    writer.writerow(["title", 1, inert(document.title), inert(document.over)])
    for number, (where, said) in enumerate(document.sentences, start=1):
        writer.writerow(["text", number, where, inert(said)])
    for _, table in document.tables:
        writer.writerow([table.name, "head", *(column.name for column in table.columns)])
        for number, row in enumerate(table.rows, start=1):
            writer.writerow([table.name, number, *map(inert, row)])
    return out.getvalue().encode("utf-8-sig")
