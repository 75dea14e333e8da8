"""HTML: one file without script and without any request, for a screen or for paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.report.pages import environment, kind_of

if TYPE_CHECKING:
    from auditwatch.report.document import Document

__all__ = ["NAME", "write"]

NAME: Final = "html"


def write(document: Document) -> bytes:
    """Return the paper as a page."""
    template = environment().get_template("paper.html.j2")
    return template.render(paper=document, kind_of=kind_of).encode("utf-8")
