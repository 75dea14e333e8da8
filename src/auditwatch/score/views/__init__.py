"""Views: ways of counting lookups. One file a view, found by discovery; adding a file adds a view.

A view module has

- `NAME`, `STORY` (``pair``, ``operator`` or ``subject``), `TAIL` (``negative_binomial`` or
  ``beta_binomial``), `WINDOW_NIGHTS` (one or more), `LEAST` (a smaller count is no story),
  `NEEDS` (each entry a set of context tables of which one must be given; empty when none is);
- `measure(profiles, nights, known)`: an Ibis expression over what was done to the subjects of the
  measured nights (what each operator did in all is in `known.daily`) with a row for each unit with
  something to say: `night_number`, `window`, the unit's key, `observed`, `exposure`, `first`, and
  whole-number parts of its own;
- `expect(measured)`: the base expectation of a negative binomial, or the group of a beta-binomial;
- `trace(profiles, units)`: the profile rows that are the evidence of given units;
- `title(row)`: what happened, in one plain line of at most 110 characters once masked;
- `say(row)` and `against(row)`: the numbers in plain sentences;
- `innocent(lookups)`: what the lookups themselves say against it;
- where it needs other fields than every view, `FIELDS`: their names in LOOKUPS;
- where its evidence is sought among all that its operators did, not only among the subjects of the
  measured nights, `SEEKS_ALL`: what `trace` is then given;
- where it says nothing before there is a past to compare with, `PAST_WORTH`: windows of history
  that a window needs, itself included;
- where it needs more than who looked at whom when, `mark(heads, context)`: which lookups of whole
  nights are odd in themselves, from their own night alone. They come back as `known.marks`.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import ibis
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    from auditwatch.core.contexttables import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.sight import Known

__all__ = [
    "SEES",
    "Marks",
    "View",
    "blind_views",
    "fields_of",
    "markers",
    "needs_all",
    "past_of",
    "views",
]

#: What every view rests on: who, whom, and whether a case number explains it.
SEES: Final = ("operator_id", "subject_id", "case_id")


@dataclass(frozen=True)
class Marks:
    """Lookups that a view takes for odd in themselves.

    Parameters
    ----------
    rows : np.ndarray of int, shape (n,)
        Their places among the heads; a lookup may be marked more than once, by several of these.
    what : pa.Array of str, shape (n,)
        The value counted with them: a terminal, a case number; empty where there is none.
    """

    rows: np.ndarray
    what: pa.Array


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


def markers() -> list[tuple[str, Callable[[Heads, Context], Marks]]]:
    """Return name and `mark` of every view that marks lookups, by name."""
    return [(view.NAME, view.mark) for view in views() if hasattr(view, "mark")]


def fields_of(view: View) -> tuple[str, ...]:
    """Return the fields that a view needs beside those of every view."""
    return getattr(view, "FIELDS", ())


def past_of(view: View) -> int:
    """Return how many windows of history, itself included, a window of a view needs."""
    return getattr(view, "PAST_WORTH", 0)


def needs_all(view: View) -> bool:
    """Tell whether a view seeks evidence among all that its operators did."""
    return bool(getattr(view, "SEEKS_ALL", False))


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
