"""HTML: one file without script and without any request, for a screen or for paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.report.pages import page_of

if TYPE_CHECKING:
    from auditwatch.report.document import Document

__all__ = ["NAME", "write"]

NAME: Final = "html"


def write(document: Document) -> bytes:
    """Return the paper as a page."""
    return page_of(document).encode("utf-8")
