"""Views: ways of counting lookups. One file a view, found by discovery; adding a file adds a view.

A view module has

- `NAME`, `STORY` (``pair``, ``operator`` or ``subject``), `TAIL` (``negative_binomial`` or
  ``beta_binomial``), `WINDOW_NIGHTS` (one or more), `LEAST` (a smaller count is no story),
  `NEEDS` (each entry a set of context tables of which one must be given; empty when none is);
- `measure(profiles, nights, known)`: an Ibis expression with a row for each unit with something to
  say: `night_number`, `window`, the unit's key, `observed`, `exposure`, `first`, and whole-number
  parts of its own;
- `expect(measured)`: the base expectation of a negative binomial, or the group of a beta-binomial;
- `trace(profiles, units)`: the profile rows that are the evidence of given units;
- `title(row)`: what happened, in one plain line of at most 110 characters once masked;
- `say(row)` and `against(row)`: the numbers in plain sentences;
- `innocent(lookups)`: what the lookups themselves say against it.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import numpy as np
    import pandas as pd

    from auditwatch.core.schema import Context
    from auditwatch.score.sight import Known

__all__ = ["SEES", "View", "blind_views", "views"]

#: What every view rests on: who, whom, and whether a case number explains it.
SEES: Final = ("operator_id", "subject_id", "case_id")


class View(Protocol):
    """What a view module offers; the package's docstring says what each part means."""

    NAME: str
    STORY: str
    TAIL: str
    WINDOW_NIGHTS: tuple[int, ...]
    LEAST: int
    NEEDS: tuple[frozenset[str], ...]

    def measure(self, profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
        """Count, for every unit active on each of the nights, what lies in its window."""

    def expect(self, measured: pd.DataFrame) -> np.ndarray:
        """Return the base expectation of each unit (counts); zeros for a beta-binomial."""

    def trace(self, profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
        """Return `item`, `night_number`, `operator_id`, `subject_id` of the evidence."""

    def title(self, row: Mapping[str, Any]) -> str:
        """Return what happened, in one plain line for a person who knows no views."""

    def say(self, row: Mapping[str, Any]) -> str:
        """Return the tail statement in one plain sentence."""

    def against(self, row: Mapping[str, Any]) -> Sequence[str]:
        """Return what in the numbers would explain it."""

    def innocent(self, lookups: pd.DataFrame) -> Sequence[str]:
        """Return what in the lookups themselves would explain it."""


def views() -> list[View]:
    """Return every view, by name."""
    found = [
        cast("View", importlib.import_module(f"{__name__}.{module.name}"))
        for module in pkgutil.iter_modules(__path__)
    ]
    return sorted(found, key=lambda view: view.NAME)


def blind_views(context: Context) -> dict[str, str]:
    """Return the views that cannot see anything with this context, each with the reason.

    Parameters
    ----------
    context : Context
        What was given beside the trail.
    """
    given = set(context.given)
    blind = {}
    for view in views():
        missing = [" or ".join(sorted(need)) for need in view.NEEDS if not need & given]
        if missing:
            blind[view.NAME] = f"no {', no '.join(missing)} was given"
    return blind
