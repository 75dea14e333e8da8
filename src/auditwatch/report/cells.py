"""Text on its way into a cell of a spreadsheet, where some text would be run as a formula."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auditwatch.report.document import Cell

__all__ = ["inert"]

#: A spreadsheet runs a cell that begins with one of these; full-width forms fold to them.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def inert(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe before what it would.

    Numbers stay numbers. Blanks before the sign do not help: some programs drop them.
    """
    if isinstance(cell, int):
        return cell
    plain = unicodedata.normalize("NFKC", cell)
    risky = plain.startswith(FORMULA_STARTS) or plain.lstrip().startswith(FORMULA_STARTS)
    return f"'{cell}" if risky else cell
