"""Invented cities as labelled trails: made, scanned, measured, thrown away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from auditwatch.core.contexttables import CONTEXT_TABLES
from auditwatch.evaluate.trial import run_trial
from auditwatch.evaluate.truth import episodes_of
from auditwatch.night import Request
from auditwatch.synthetic import make_city, write_city

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from auditwatch.evaluate.trial import Again, Bench, Trial

__all__ = ["city_trial"]


def city_trial(
    seed: int,
    operators: int,
    days: int,
    bench: Bench,
    without: Collection[str],
    *,
    again: Again,
    scenarios: Sequence[str] | None = None,
    tell: Callable[[str, int, int], None],
) -> Trial:
    """Make a city and scan it.

    Parameters
    ----------
    seed, operators, days : int
        As for `make_city`.
    bench : Bench
        What judges it.
    without : collection of str
        Context tables to withhold.
    again : Again
        What to scan a second time.
    scenarios : sequence of str, optional
        As for `make_city`.
    tell : callable
        Called with (stage, done, total).
    """
    with TemporaryDirectory(prefix="auditwatch-city-") as folder:
        city = make_city(seed, operators, days, scenarios=scenarios)
        files = write_city(city, Path(folder), "parquet")
        given = [name for name in CONTEXT_TABLES if name not in without]
        request = Request(files=(files["trail"],), context={n: files[n] for n in given})
        episodes = episodes_of(city.truth.to_pylist())
        trial = run_trial(f"seed {seed}", bench, request, episodes, again=again, tell=tell)
        habits = zip(
            *(city.habits[name].to_pylist() for name in ("event_id", "habit")), strict=True
        )
    return replace(trial, operators=operators, habits=dict(habits))
