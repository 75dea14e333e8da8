"""Small pictures as SVG, each with its numbers in words; no script, no colour alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["bar", "nights_strip", "span"]

STRIP_NIGHTS_LEAST: Final = 14
STRIP_NIGHTS_MOST: Final = 92
CELL: Final = 10  # of the drawing, not of the screen: the page scales it
HEIGHT: Final = 36


def nights_strip(
    lookups: Mapping[str, tuple[int, int]], nights: Sequence[str], about: str
) -> Markup:
    """Draw lookups night by night.

    Parameters
    ----------
    lookups : mapping
        Night to (lookups without a case number, lookups with one).
    nights : sequence of str
        Nights to draw, as from `span`.
    about : str
        What the picture says, for those who do not see it.

    Returns
    -------
    Markup
        An SVG element; columns grow with lookups, those with a case number are hollow.
    """
    tallest = max((sum(both) for both in lookups.values()), default=1)
    columns = [
        _column(place, *lookups.get(night, (0, 0)), tallest=tallest)
        for place, night in enumerate(nights)
    ]
    width = len(nights) * CELL
    return Markup(
        '<svg class="strip" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" '
        'aria-label="{about}">'
        '<line class="ground" x1="0" x2="{width}" y1="{ground}" y2="{ground}"/>'
        "{columns}</svg>"
    ).format(
        width=width, height=HEIGHT, ground=HEIGHT - 1, about=about, columns=Markup("").join(columns)
    )


def span(first: str, last: str) -> list[str]:
    """Return the nights to draw, ISO: at least two weeks, at most three months, up to the last."""
    end = date.fromisoformat(last)
    days = (end - date.fromisoformat(first)).days + 1
    days = min(max(days, STRIP_NIGHTS_LEAST), STRIP_NIGHTS_MOST)
    return [(end - timedelta(days=n)).isoformat() for n in reversed(range(days))]


def _column(place: int, bare: int, cased: int, *, tallest: int) -> Markup:
    """Draw one night: solid for lookups without a case number, hollow on top for those with one."""
    room = HEIGHT - 4
    solid, hollow = (round(room * n / tallest) for n in (bare, cased))
    left, drawn = place * CELL + 2, Markup("")
    if bare:
        solid = max(solid, 3)
        drawn += _rectangle("bare", left, HEIGHT - 1 - solid, solid)
    if cased:
        hollow = max(hollow, 3)
        drawn += _rectangle("cased", left, HEIGHT - 1 - (solid if bare else 0) - hollow, hollow)
    return drawn


def _rectangle(kind: str, left: int, top: int, height: int) -> Markup:
    """Draw one block, with colours of its own for readers without the style sheet, as in PDF."""
    fill, stroke = ("currentColor", "none") if kind == "bare" else ("none", "currentColor")
    return Markup(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="{}"/>'
    ).format(kind, left, max(top, 0), CELL - 4, height, fill, stroke)


def bar(part: int, whole: int) -> Markup:
    """Draw a share of a whole as a bar beside its number; anything above nothing is visible."""
    share = 1000 * part // whole if whole else 0
    width = max(share, 4) if part else 0
    return Markup(
        '<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rest" width="1000" height="10"/><rect class="part" width="{}" height="10"/>'
        "</svg>"
    ).format(escape(width))
