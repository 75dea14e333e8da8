"""The night as a mail: counts only, nobody's name or pseudonym, also on a quiet night."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from auditwatch.report.document import Table

if TYPE_CHECKING:
    from auditwatch.report.document import Document

__all__ = ["digest", "nameless"]

#: Tables that name no operator, subject or case; the queue and the gaps do, so they stay out.
TOLD: Final = (
    "expected", "sources", "seen", "severities", "rules", "units", "backlog", "clocks"
)  # fmt: skip
WIDTH_MAX: Final = 40


def digest(night: Document) -> bytes:
    """Return the mail of a night: a subject line, an empty line, plain text.

    Parameters
    ----------
    night : Document
        As `nightpaper.night_paper` returns it.

    Notes
    -----
    A quiet night gives a mail like any other: no mail means that something failed. Its last line
    has the head of the journal, so that a mailbox outside this machine knows it too.
    """
    tables = {table.name: table for _, table in night.tables}
    lines = [f"Subject: {night.over}: {night.title}", "", night.lede, ""]
    for name in TOLD:
        lines += [tables[name].caption, *_rows(tables[name]), ""]
    lines += [*night.foot, ""]
    return "\n".join(lines).encode("utf-8")


def nameless(night: Document) -> Document:
    """Return a night with the tables only that a mail has."""
    kept = [
        replace(
            section,
            blocks=tuple(
                one for one in section.blocks if isinstance(one, Table) and one.name in TOLD
            ),
        )
        for section in night.sections
    ]
    return replace(night, sections=tuple(section for section in kept if section.blocks))


def _rows(table: Table) -> list[str]:
    """Return a table as aligned text."""
    cells = [[column.label for column in table.columns]]
    cells += [
        [f"{cell:,}" if isinstance(cell, int) else cell[:WIDTH_MAX] for cell in row]
        for row in table.rows
    ]
    if len(cells) == 1:
        return ["  none"]
    widths = [max(len(row[n]) for row in cells) for n in range(len(table.columns))]
    return [
        "  " + "  ".join(
            cell.rjust(width) if column.number else cell.ljust(width)
            for cell, width, column in zip(row, widths, table.columns, strict=True)
        ).rstrip()
        for row in cells
    ]  # fmt: skip
