"""HTML: one file without script and without any request, for a screen or for paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.report.document import Picture, Sentences, Table
from auditwatch.report.pages import environment

if TYPE_CHECKING:
    from auditwatch.report.document import Block, Document

__all__ = ["NAME", "write"]

NAME: Final = "html"


def write(document: Document) -> bytes:
    """Return the paper as a page."""
    template = environment().get_template("paper.html.j2")
    return template.render(paper=document, kind_of=_kind_of).encode("utf-8")


def _kind_of(block: Block) -> str:
    """Return what a block is, for the template."""
    return {Table: "table", Sentences: "sentences", Picture: "picture"}[type(block)]
