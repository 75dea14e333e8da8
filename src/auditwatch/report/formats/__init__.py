"""Formats of papers: one file a format, found by discovery; adding a file adds a format.

A format module has

- `NAME`, what ``--format`` calls it, which is also the suffix of its files;
- `write(document)`: the whole paper as bytes, the same for the same document, every sentence and
  every cell of it, with no cell that a spreadsheet takes for a formula.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from auditwatch.report.document import Document

__all__ = ["Format", "paper_formats"]


class Format(Protocol):
    """What a format module offers; the package's docstring says what each part means."""

    NAME: str

    def write(self, document: Document) -> bytes:
        """Return the whole paper."""


def paper_formats() -> dict[str, Format]:
    """Return every format by its name."""
    found = [
        cast("Format", importlib.import_module(f"{__name__}.{module.name}"))
        for module in pkgutil.iter_modules(__path__)
    ]
    return {one.NAME: one for one in sorted(found, key=lambda one: one.NAME)}
