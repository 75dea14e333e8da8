"""Pictures of an evaluation as SVG; everything in them stands in the tables as well."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from auditwatch.evaluate.outcome import OURS
from auditwatch.evaluate.summary import recall_curve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from auditwatch.evaluate.outcome import Outcome
    from auditwatch.evaluate.sheets import Sheet

__all__ = ["pictures"]

LEFT: Final = 190  # room for names, in units of the drawing
TOP: Final = 44
PLOT: Final = 460
ROW: Final = 22
RATIO_MAX: Final = 4.0  # the ratios of false alerts are drawn from 1/4 to 4
STYLE: Final = (
    "text{font:12px sans-serif;fill:#222}.head{font-size:14px;font-weight:bold}"
    ".end{text-anchor:end}.mid{text-anchor:middle}.grid{stroke:#ddd}.mark{stroke:#222}"
    ".way{fill:none;stroke-width:1.5}.ours{fill:none;stroke-width:3.5}"
    ".bar{fill:#6fa8dc}.true{fill:#0b5394}.span{stroke:#222;stroke-width:1.5}"
)
#: Okabe and Ito's colours, which people without colour vision tell apart, and dashes as well.
LINES: Final = (
    ("#0072b2", "none"), ("#d55e00", "none"), ("#009e73", "6 3"), ("#cc79a7", "2 3"),
    ("#e69f00", "8 3 2 3"), ("#56b4e9", "12 4"), ("#000000", "4 4"), ("#777777", "10 2"),
)  # fmt: skip


def pictures(outcomes: Sequence[Outcome], sheets: Sequence[Sheet]) -> Mapping[str, str]:
    """Return the pictures by name.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Figures of each trail.
    sheets : sequence of Sheet
        As from `summarise`.
    """
    by_name = {sheet.name: sheet for sheet in sheets}
    return {
        "recall_by_rank": _curves(recall_curve(outcomes)),
        "recall_by_scenario": _bars(by_name["recall_by_scenario"]),
        "false_alerts": _ratios(by_name["false_alerts"]),
    }


def _curves(curve: pd.DataFrame) -> str:
    """Draw the recall of each way against how much of its list was read."""
    height, side = 300, LEFT + PLOT
    parts = [
        _text(LEFT + PLOT / 2, TOP + height + 34, "findings read, in budgets", "mid"),
        *(_grid(LEFT, TOP + height * (1 - s), PLOT, f"{100 * s:.0f} %") for s in _steps(4)),
        *(_tick(LEFT + PLOT * s, TOP, height, f"{2 * s:g}") for s in _steps(4)),
    ]
    ways = list(dict.fromkeys(curve["way"]))
    for n, way in enumerate(ways):
        own = curve[curve["way"] == way]
        xs, ys = LEFT + PLOT * own["budget_share"] / 2, TOP + height * (1 - own["recall"])
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
        kind, (colour, dashes) = "ours" if way == OURS else "way", LINES[n % len(LINES)]
        level = TOP + 14 + 18 * n
        parts += [
            _path(points, kind, colour, dashes),
            _path(f"{side + 14},{level - 4} {side + 54},{level - 4}", kind, colour, dashes),
            _text(side + 60, level, way),
        ]
    title = "Episodes found by findings read"
    return _drawing(title, LEFT + PLOT + 270, TOP + height + 50, parts)


def _bars(sheet: Sheet) -> str:
    """Draw the recall of each scenario within the budget, with its interval."""
    rows = [row for row in sheet.rows if row[4] is not None]
    bottom = TOP + ROW * len(rows)
    parts = [_tick(LEFT + PLOT * s, TOP, ROW * len(rows), f"{100 * s:.0f} %") for s in _steps(4)]
    for n, row in enumerate(rows):
        name, episodes, found, recall, (low, high) = row[:5]
        middle = TOP + ROW * n + ROW / 2
        parts += [
            _text(LEFT - 8, middle + 4, name, "end"),
            _box(LEFT, middle - 7, PLOT * recall, 14),
            _line(LEFT + PLOT * low, middle, LEFT + PLOT * high, middle, "span"),
            _text(LEFT + PLOT + 12, middle + 4, f"{found} of {episodes}"),
        ]
    return _drawing(
        "Episodes within the budget, by scenario", LEFT + PLOT + 100, bottom + 34, parts
    )


def _ratios(sheet: Sheet) -> str:
    """Draw realised by stated false alerts, from a quarter to four times, on a log scale."""
    bottom = TOP + ROW * len(sheet.rows)
    ticks = (0.25, 0.5, 1.0, 2.0, 4.0)
    parts = [_tick(_at(x), TOP, ROW * len(sheet.rows), f"{x:g}") for x in ticks]
    parts.append(_line(_at(1.0), TOP, _at(1.0), bottom, "mark"))
    for n, row in enumerate(sheet.rows):
        by, group, level, _, _, realised, ratio, (low, high) = row[:8]
        middle = TOP + ROW * n + ROW / 2
        name = f"{by}, {level:g} decades" if by == "all" else f"{by}: {group}"
        parts += [
            _text(LEFT - 8, middle + 4, name, "end"),
            _line(_at(low), middle, _at(high), middle, "span"),
            _dot(_at(ratio), middle),
            _text(LEFT + PLOT + 12, middle + 4, f"{realised:,} alerts"),
        ]
    parts.append(_text(LEFT + PLOT / 2, bottom + 34, "what lies outside stands at the edge", "mid"))
    return _drawing("Realised by stated false alerts", LEFT + PLOT + 120, bottom + 48, parts)


def _at(ratio: float) -> float:
    """Return where a ratio stands; what lies outside stands at the edge."""
    inside = min(max(ratio, 1 / RATIO_MAX), RATIO_MAX)
    return LEFT + PLOT * (0.5 + log(inside) / log(RATIO_MAX) / 2)


def _steps(count: int) -> list[float]:
    """Return shares from 0 to 1."""
    return [n / count for n in range(count + 1)]


def _drawing(title: str, width: float, height: float, parts: Iterable[Markup]) -> str:
    """Put a picture together."""
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:.0f} {h:.0f}" role="img" '
            'width="{w:.0f}" height="{h:.0f}" aria-label="{title}"><style>{style}</style>'
            '<rect width="100%" height="100%" fill="#fff"/>{head}{body}</svg>\n'
        ).format(
            w=width,
            h=height,
            title=title,
            style=Markup(STYLE),  # noqa: S704 - our own constant
            head=_text(12, 24, title, "head"),
            body=Markup("").join(parts),
        )
    )


def _text(x: float, y: float, words: str, kind: str = "") -> Markup:
    """Draw words."""
    form = Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>')
    return form.format(kind, x, y, words)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """Draw a line."""
    form = Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
    return form.format(kind, x1, y1, x2, y2)


def _path(points: str, kind: str, colour: str, dashes: str) -> Markup:
    """Draw a line of many points."""
    form = Markup('<polyline class="{}" points="{}" stroke="{}" stroke-dasharray="{}"/>')
    return form.format(kind, points, colour, dashes)


def _box(x: float, y: float, width: float, height: float) -> Markup:
    """Draw a bar."""
    form = Markup('<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
    return form.format(x, y, width, height)


def _dot(x: float, y: float) -> Markup:
    """Draw a point."""
    return Markup('<circle class="true" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(x, y)


def _grid(x: float, y: float, width: float, words: str) -> Markup:
    """Draw a level of the upright axis."""
    return _line(x, y, x + width, y, "grid") + _text(x - 8, y + 4, words, "end")


def _tick(x: float, y: float, height: float, words: str) -> Markup:
    """Draw a level of the flat axis."""
    return _line(x, y, x, y + height, "grid") + _text(x, y + height + 16, words, "mid")
