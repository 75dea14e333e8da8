"""Templates of the desk: escaped, disarmed, and refusing what they do not know."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from auditwatch.core.words import visible
from auditwatch.review.words import (
    ACTIONS,
    ALLEGATIONS,
    ENTRIES,
    GROUNDS,
    OUTCOME_WORDS,
    QUALITIES,
    RESULTS,
    STATES,
)

__all__ = ["STATIC", "page"]

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"


def page(template: str, **values: object) -> str:
    """Return a page as text.

    Parameters
    ----------
    template : str
        Name of a file in `templates`, without its ending.
    **values
        What the template shows.
    """
    return _environment().get_template(f"{template}.html.j2").render(**values)


@cache
def _environment() -> Environment:
    """Return the templates."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_disarmed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        states=STATES,
        outcomes=OUTCOME_WORDS,
        qualities=QUALITIES,
        allegations=ALLEGATIONS,
        all_actions=ACTIONS,
        grounds=GROUNDS,
        results=RESULTS,
        entries=ENTRIES,
    )
    return made


def _disarmed(value: object) -> object:
    """Return text without characters that hide or reorder other text; line ends stay."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "\n".join(visible(line) for line in value.split("\n"))
