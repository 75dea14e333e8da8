"""Templates that escape and disarm everything and refuse what they do not know."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from auditwatch.core.words import visible
from auditwatch.report.document import Picture, Sentences, Table
from auditwatch.report.listing import listing_of
from auditwatch.report.widths import widths_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.report.document import Block, Cell, Column, Document

__all__ = ["environment", "kind_of", "page_of", "shades_of"]

SHADES: Final = 4
TEMPLATES: Final = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """Return the environment of all pages; it keeps its templates, and nothing of a paper."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_disarmed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.update(widths_of=widths_of, shades_of=shades_of, listing_of=listing_of)
    made.filters["isolated"] = _isolated
    return made


def page_of(document: Document, *, printed: bool = False) -> str:
    """Return a paper as a page for a screen or, with `printed`, for a maker of PDF."""
    template = environment().get_template("paper.html.j2")
    return template.render(paper=document, kind_of=kind_of, printed=printed)


def _disarmed(value: object) -> object:
    """Return what a template shows: text without characters that hide or reorder other text."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _isolated(value: object) -> Markup:
    """Return text that cannot turn its neighbours round: plain ASCII as it is, else isolated."""
    text = visible(str(value))
    return escape(text) if text.isascii() else Markup("<bdi>{}</bdi>").format(text)


def kind_of(block: Block) -> str:
    """Return what a block is, for a template."""
    return {Table: "table", Sentences: "sentences", Picture: "picture"}[type(block)]


def shades_of(columns: Sequence[Column], row: Sequence[Cell]) -> list[int]:
    """Return the shade of each cell of a row: 0 for none, up to 4 for the most that it has."""
    heat = [
        cell if column.heat and isinstance(cell, int) else 0
        for column, cell in zip(columns, row, strict=True)
    ]
    most = max(heat, default=0)
    return [-(-SHADES * one // most) if most else 0 for one in heat]
