"""What chance alone would have put before the reviewers of a workspace: read only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.core.schema import PAIR_NIGHTS
from auditwatch.findings.odds import Chances
from auditwatch.findings.sentences import counted
from auditwatch.report.document import Sentences
from auditwatch.score import units_heard, views

if TYPE_CHECKING:
    from collections.abc import Container

    from auditwatch.config import Workspace
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.odds import Odds
    from auditwatch.findings.store import PublishedNight, Store

__all__ = ["Patterns", "night_chance", "odds_among", "odds_said", "patterns_until", "share_said"]

LEAST_SHARE: Final = 0.01  # what is less is not told apart


@dataclass(frozen=True)
class Patterns:
    """What patterns spoke for, up to some night.

    Parameters
    ----------
    nights : list of str
        Published nights, oldest first.
    surprises : dict of str to int
        Finding to its strongest surprise on these nights, in milli-decades.
    blind : tuple of str
        Views that could not see on the last of them.
    """

    nights: list[str]
    surprises: dict[str, int]
    blind: tuple[str, ...]


def patterns_until(store: Store, last: str = "") -> Patterns:
    """Return what patterns spoke for, up to a night; up to the latest when none is named."""
    nights = [one for one in store.night_tokens() if one <= (last or one)]
    if not nights:
        return Patterns([], {}, ())
    blind = store.summary(nights[-1]).blind_views
    return Patterns(nights, store.surprises(last=nights[-1]), tuple(blind))


def odds_among(patterns: Patterns, lake: Lake, workspace: Workspace) -> dict[str, Odds]:
    """Return what is stated of each finding that a pattern speaks for.

    Parameters
    ----------
    patterns : Patterns
        As `patterns_until` returns it.
    lake : Lake
        Where the profiles and counts are.
    workspace : Workspace
        Whose settings say how many nights the scorer learns from.
    """
    nights = patterns.nights
    if not patterns.surprises:
        return {}
    at_work = _at_work(lake, nights)
    learnt = min(len(nights), workspace.settings.score.calibration_nights)
    seen = round(at_work.total() / len(nights) * learnt)
    words = _heard(lake, at_work, patterns.blind)
    return Chances(at_work.total(), words, seen).odds(patterns.surprises)


def night_chance(
    store: Store, lake: Lake, workspace: Workspace, published: PublishedNight
) -> Sentences:
    """Say how many of the patterns of one night chance alone would have made.

    Notes
    -----
    Counted are operators at work that night, in each view that could see no more than it had a
    word to say of, beyond the weakest pattern that became evidence. An operator may stand out in
    several ways and still make one finding, so chance makes rather fewer.
    """
    night = published.night
    surprises = store.surprises(night, night)
    if not surprises:
        return Sentences(("No finding rests on a pattern of this night.",))
    before = [one for one in store.night_tokens() if one < night]
    at_work = _at_work(lake, [night])
    learnt = min(len(before), workspace.settings.score.calibration_nights)
    words = _heard(lake, at_work, published.summary.blind_views)
    chances = Chances(at_work.total(), words, at_work.total() * learnt)
    many, makes = len(surprises), chances.expected(min(surprises.values()))
    rest = "rests on a pattern" if many == 1 else "rest on patterns"
    strong = "it" if many == 1 else "the weakest of them"
    said = (
        f"{counted(many, 'finding')} {rest} of this night. Chance alone would make about "
        f"{_about(makes)} as strong as {strong} on such a night; of rules no odds are stated."
    )
    return Sentences((said,))


def odds_said(odds: Odds | None, last: str) -> list[str]:
    """Say in a sentence what is stated of a finding; nothing when nothing is.

    Parameters
    ----------
    odds : Odds or None
        As stated.
    last : str
        ISO date of the night that it is stated up to.
    """
    if odds is None:
        return []
    made = f"Chance alone would have made about {_about(odds.expected)} patterns as strong on all "
    if odds.share < 1:
        told = f"{share_said(odds)} of those that are as strong (their q-value)"
    else:
        told = (
            "as many as there are, so its pattern alone does not set it apart, or the nights so "
            "far are too few to tell; what rules say of it is not counted here"
        )
    return [f"{made}nights up to {last}: {told}."]


def share_said(odds: Odds | None) -> str:
    """Return the q-value of a finding for a narrow column; empty where none is stated."""
    if odds is None:
        return ""
    return "< 1 %" if odds.share < LEAST_SHARE else f"{100 * odds.share:.0f} %"


def _about(number: float) -> str:
    """Return a number as exact as it is: to one figure below one, to two above."""
    return f"{number:.1g}" if number < 1 else f"{float(f'{number:.2g}'):,g}"


def _at_work(lake: Lake, nights: list[str]) -> Counter[str]:
    """Count operators at work, by night."""
    rows = lake.read(PAIR_NIGHTS, nights, ["night", "operator_id"])
    each = rows.group_by(["night", "operator_id"]).aggregate([])
    return Counter(each["night"].to_pylist())


def _heard(lake: Lake, at_work: Counter[str], blind: Container[str]) -> tuple[int, ...]:
    """Count for each view that could see how often it had a word to say on some nights.

    Of a night without kept counts a view is taken to have a word for everybody.
    """
    units, unknown = units_heard(lake, at_work.keys())
    words = Counter(units["view"].to_pylist())
    everybody = sum(at_work[night] for night in unknown)
    seeing = [view.NAME for view in views() if view.NAME not in blind]
    return tuple(words[view] + everybody for view in seeing)
