"""What the scorer believes on one night: in words and numbers, for a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from auditwatch.score.measuring import measure_nights
from auditwatch.score.nights import learnt_by
from auditwatch.score.posts import Posts
from auditwatch.score.tails import Counts, Shares
from auditwatch.score.words import day_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from auditwatch.config import Settings
    from auditwatch.core.contexttables import Context
    from auditwatch.engine.local import LocalEngine
    from auditwatch.score.codebook import Codebook
    from auditwatch.score.past import LakePast
    from auditwatch.score.scorer import LookupScorer

__all__ = ["Belief", "beliefs", "believed"]


@dataclass(frozen=True)
class Belief:
    """One thing that the scorer takes for usual.

    Parameters
    ----------
    view, kind : str
        Whose counts, and which of them.
    window : int
        Nights; 0 for all windows of the view.
    group : str
        Whom it is about: the agency, a role, a role in a unit.
    what : str
        share, multiplier, size, width, tries, times as usual (standing out in this post, against
        all), or what one unit in so many reached.
    value : float
        How much.
    """

    view: str
    window: int
    kind: str
    group: str
    what: str
    value: float


def believed(
    night: str,
    profiles: pa.Table | LakePast,
    context: Context,
    settings: Settings,
    engine: LocalEngine,
    *,
    marks: pa.Table | None = None,
) -> LookupScorer:
    """Return the scorer that judges a night, fitted, with roles and units by name.

    Parameters
    ----------
    night : str
        ISO date; one with lookups.
    profiles, context, settings, engine, marks
        As for `score_nights`; nothing is written.
    """
    number = day_number(night)
    measured = measure_nights([number], profiles, context, settings, engine, marks=marks)
    scorer = learnt_by(measured.compared, number, settings)
    book = measured.book
    scorer.tails_ = {key: _named(tail, book) for key, tail in scorer.tails_.items()}
    scorer.posts_ = {key: _of_posts(posts, book) for key, posts in scorer.posts_.items()}
    return scorer


def _of_posts(posts: Posts, book: Codebook) -> Posts:
    """Return posts whose roles and units are names; what single operators did is left out."""
    roles = _names(book, "operator_role", list(posts.roles))
    groups = _names_of_groups(book, posts.groups)
    return Posts(
        posts.usual,
        dict(zip(roles, posts.roles.values(), strict=True)),
        dict(zip(groups, posts.groups.values(), strict=True)),
    )


def _named(tail: Any, book: Codebook) -> Any:
    """Return a tail whose roles and units are names, no codes of one run."""
    if not isinstance(tail, Shares):
        return tail
    roles = _names(book, "operator_role", list(tail.roles))
    groups = _names_of_groups(book, tail.groups)
    return replace(
        tail,
        roles=dict(zip(roles, tail.roles.values(), strict=True)),
        groups=dict(zip(groups, tail.groups.values(), strict=True)),
    )


def _names_of_groups(
    book: Codebook, groups: Iterable[tuple[Any, Any]]
) -> Iterator[tuple[str, str]]:
    """Return roles in units by name."""
    pairs = list(groups)
    return zip(
        _names(book, "operator_role", [role for role, _ in pairs]),
        _names(book, "operator_unit", [unit for _, unit in pairs]),
        strict=True,
    )


def _names(book: Codebook, column: str, codes: list[Any]) -> list[str]:
    """Return names; those without one, such as silent units, are not told."""
    return [name or "not told" for name in book.decode(column, codes)]


def beliefs(scorer: LookupScorer) -> Iterator[Belief]:
    """Yield what a fitted scorer takes for usual: how many tries each view has, then its counts."""
    for view, tries in sorted(scorer.tries_.items()):
        yield Belief(view, 0, "", "agency", "tries for an operator", tries)
    for (view, window, kind), tail in sorted(scorer.tails_.items()):
        for group, what, value in _of_tail(tail):
            yield Belief(view, window, kind, group, what, value)
        reference = scorer.reference_[view, window, kind]
        yield from _of_places(view, window, kind, scorer.posts_[view, window, kind])
        for odds in (100, 1000):
            raw = _beyond(reference, odds)
            if raw is not None:
                yield Belief(view, window, kind, "agency", f"raw decades of 1 in {odds:,}", raw)


def _of_tail(tail: Counts | Shares) -> Iterator[tuple[str, str, float]]:
    """Yield group, name and value of what a tail has learnt."""
    if isinstance(tail, Counts):
        yield "agency", "multiplier", tail.multiplier
        yield "agency", "size", tail.size
        return
    yield "agency", "share", tail.agency
    yield "agency", "width", tail.width
    for role, share in sorted(tail.roles.items(), key=str):
        yield f"{role}", "share", share
    for (role, unit), share in sorted(tail.groups.items(), key=str):
        yield f"{role}, {unit}", "share", share


def _of_places(view: str, window: int, kind: str, posts: Posts) -> Iterator[Belief]:
    """Yield how usual standing out is in each post, for one there who did not of late."""
    for (role, unit), (people, _) in sorted(posts.groups.items(), key=str):
        if people:
            nobody = np.array([""], dtype=object)
            times = posts.times(nobody, np.array([role]), np.array([unit]))
            yield Belief(view, window, kind, f"{role}, {unit}", "times as usual", float(times[0]))


def _beyond(reference: Any, odds: int) -> float | None:
    """Return the raw score that one unit in so many reaches; None where too few were seen."""
    reached = np.flatnonzero(reference.above <= 1 / odds)
    return float(reference.scores[reached[0]]) if len(reached) else None
