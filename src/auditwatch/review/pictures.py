"""Drawings of the desk as SVG: no script, no style, each with its numbers in words beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

if TYPE_CHECKING:
    from auditwatch.review.bands import Band, Nights

__all__ = ["bands_in_words", "draw_nights"]

CELL: Final = 12
HEIGHT: Final = 120


def draw_nights(about: Nights, marked: frozenset[str]) -> Markup:
    """Draw an operator's nights over the peers' band and the own band.

    Parameters
    ----------
    about : Nights
        As from `bands.nights_of`.
    marked : frozenset of str
        Nights of the finding, drawn solid; the others are hollow.
    """
    bands = [band for band in (about.peers, about.own) if band is not None]
    top = max([*about.lookups, *(band.high for band in bands), 1])
    width = len(about.nights) * CELL
    drawn = Markup("")
    for name, band in (("peers", about.peers), ("own", about.own)):
        drawn += _band(name, band, top, width)
    for place, (night, count) in enumerate(zip(about.nights, about.lookups, strict=True)):
        drawn += _column(place, count, top, "night hit" if night in marked else "night")
    return Markup(
        '<svg class="nights" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}<line class="ground" x1="0" x2="{}" y1="{}" y2="{}"/></svg>'
    ).format(width, HEIGHT + 2, bands_in_words(about), drawn, width, HEIGHT, HEIGHT)


def bands_in_words(about: Nights) -> str:
    """Say what the drawing shows."""
    worked = sum(count > 0 for count in about.lookups)
    most = max(about.lookups, default=0)
    told = f"{worked} of {len(about.nights)} nights with lookups, {most} at most."
    for name, band in (("Usual for this operator", about.own), (f"For {about.group}", about.peers)):
        told += f" {name}: {_words(band)}."
    return told


def _words(band: Band | None) -> str:
    """Say a band in words."""
    if band is None:
        return "too few to say"
    return f"{band.low} to {band.high} a night at work, {band.median} in the middle"


def _band(name: str, band: Band | None, top: int, width: int) -> Markup:
    """Draw a band over the whole width."""
    if band is None:
        return Markup("")
    high, low = _at(band.high, top), _at(band.low, top)
    return Markup('<rect class="band {}" x="0" y="{}" width="{}" height="{}"/>').format(
        name, high, width, max(low - high, 1)
    )


def _column(place: int, count: int, top: int, kind: str) -> Markup:
    """Draw one night."""
    if not count:
        return Markup("")
    level = _at(count, top)
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        kind, place * CELL + 2, min(level, HEIGHT - 3), CELL - 4, max(HEIGHT - level, 3)
    )


def _at(count: int, top: int) -> int:
    """Return the height of a count in the drawing, from above."""
    return HEIGHT - round((HEIGHT - 6) * count / top)
