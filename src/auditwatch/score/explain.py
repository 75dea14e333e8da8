"""Sentences: what was counted, how rare that is, and what would explain it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from auditwatch.score.words import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from auditwatch.core.contexttables import Context
    from auditwatch.score.views import View

__all__ = ["counter_evidence", "rarity", "sentence"]

SHORT_HISTORY: Final = 28  # nights


def sentence(view: View, row: Mapping[str, Any]) -> str:
    """Return the tail statement of a unit and how rare it is."""
    return f"{view.say(row)} {rarity(row)}"


def rarity(row: Mapping[str, Any]) -> str:
    """Return how rare a calibrated surprise is, no rarer than the recent nights can show.

    Parameters
    ----------
    row : mapping
        `decades`, `rivals`, `among`, `per_operator` (units of the view for an operator),
        `recent_nights`, `operator_id` (empty when the unit is a subject).
    """
    of_subject = not row["operator_id"]
    odds = 10.0 ** row["decades"] * (row["per_operator"] if of_subject else 1.0)
    if row["rivals"]:
        odds = min(odds, row["among"] / row["rivals"])
    each = "subjects, counted night by night," if of_subject else "operator-nights"
    if odds > row["among"]:
        nights = count(row["recent_nights"], "night")
        return f"None of the {int(row['among']):,} {each} of the last {nights} stood out as much."
    return f"Of late about 1 in {_rounded(odds):,} {each} stood out as much."


def _rounded(odds: float) -> int:
    """Return odds with two digits, at least one."""
    whole = max(1, int(odds))
    scale = 10 ** max(0, len(str(whole)) - 2)
    return int(round(whole / scale) * scale)


def counter_evidence(
    view: View,
    row: Mapping[str, Any],
    lookups: pd.DataFrame,
    context: Context,
    history: int,
) -> list[str]:
    """Return what speaks against a surprise, most telling first.

    Parameters
    ----------
    view : View
        Whose unit it is.
    row : mapping
        The unit's counts.
    lookups : pd.DataFrame
        Its evidence.
    context : Context
        What was given beside the trail.
    history : int
        Nights that were there to compare with.
    """
    found = [*view.innocent(lookups), *view.against(row)] if len(lookups) else [*view.against(row)]
    return [*found, *_not_seen(context, history)]


def _not_seen(context: Context, history: int) -> Sequence[str]:
    """Return what could not be checked."""
    found = []
    if context.cases is None:
        found.append("No cases were given: a typed number counts as a case, none could be checked.")
    if context.roster is None:
        found.append("No roster was given: role and unit are as declared in the trail.")
    if history < SHORT_HISTORY:
        found.append(f"There are only {count(history, 'night')} of history to compare with.")
    return found
