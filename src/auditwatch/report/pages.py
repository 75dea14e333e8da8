"""Templates that escape and disarm everything and refuse what they do not know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from auditwatch.core.words import visible
from auditwatch.report.document import Picture, Sentences, Table
from auditwatch.report.widths import widths_of

if TYPE_CHECKING:
    from auditwatch.report.document import Block

__all__ = ["environment", "kind_of"]

TEMPLATES: Final = Path(__file__).parent / "templates"


def environment() -> Environment:
    """Return the environment of all pages."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_disarmed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals["widths_of"] = widths_of
    return made


def _disarmed(value: object) -> object:
    """Return what a template shows: text without characters that hide or reorder other text."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def kind_of(block: Block) -> str:
    """Return what a block is, for a template."""
    return {Table: "table", Sentences: "sentences", Picture: "picture"}[type(block)]
