"""Sentences: what was counted, how rare that is, and what would explain it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from auditwatch.score.words import count, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from auditwatch.core.contexttables import Context
    from auditwatch.score.views import View

__all__ = ["as_one", "counter_evidence", "rarity", "sentence", "shown"]

SHORT_HISTORY: Final = 28  # nights
OF_POST: Final = "Others in the same role and unit stood out in this way"
AS_ONE: Final = "A vehicle and its registered owner count as one."
TOLD_TIMES: Final = 1.5  # times as usual in a post as among all, from which it is said


def sentence(view: View, row: Mapping[str, Any], lookups: pd.DataFrame) -> str:
    """Return the tail statement of a unit, how rare it is, and what there is to count again."""
    told = f"{view.say(row)} {rarity(row)}"
    if row["post"] * TOLD_TIMES <= 1:
        told += f" {OF_POST} about {number(1 / row['post'])} times more seldom, which counts."
    if not len(lookups):
        return told
    beside = shown(row, lookups) if view.STORY == "operator" else as_one(lookups)
    return f"{told} {beside}".rstrip()


def as_one(lookups: pd.DataFrame) -> str:
    """Return why the lookups of one subject name several, where they do."""
    return AS_ONE if len(set(lookups["subject_id"])) > 1 else ""


def shown(row: Mapping[str, Any], lookups: pd.DataFrame) -> str:
    """Return how the lookups that are shown come to the subject-days that were counted.

    Parameters
    ----------
    row : mapping
        `evidence_days`: subject-days of the evidence, linked subjects as one.
    lookups : pd.DataFrame
        The evidence.

    Notes
    -----
    Without it nobody could count again: a vehicle counts as its owner, and of a subject-day
    everything that the operator asked is shown.
    """
    apart = len(lookups[["night", "operator_id", "subject_id"]].drop_duplicates())
    told = (
        "Shown is all that was asked about these subjects on these days: "
        f"{count(len(lookups), 'lookup')} on {count(apart, 'subject-day')}"
    )
    linked = int(row["evidence_days"])
    if linked == apart:
        return f"{told}."
    return f"{told}, which are {linked:,} where a vehicle and its registered owner count as one."


def rarity(row: Mapping[str, Any]) -> str:
    """Return how rare a calibrated surprise is, no rarer than the recent nights can show.

    Parameters
    ----------
    row : mapping
        `decades`, `rivals`, `among`, `per_operator` (units of the view for an operator),
        `recent_nights`, `operator_id` (empty when the unit is a subject), `post` (how many times as
        usual it is in this post; among all operators it is that much rarer than what counts).
    """
    of_subject = not row["operator_id"]
    odds = 10.0 ** row["decades"] * (row["per_operator"] if of_subject else row["post"])
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
    return [*found, *_in_post(row["post"]), *_not_seen(context, history)]


def _in_post(times: float) -> Sequence[str]:
    """Return that it is more usual among the others in the same role and unit, and what that did.

    Where it is rarer there, the sentence says so: that speaks for it.
    """
    if times < TOLD_TIMES:
        return []
    told = f"{OF_POST} about {number(times)} times as often as all operators did"
    return [f"{told}: it counts as so many times more usual."]


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
