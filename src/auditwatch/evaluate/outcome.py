"""What one trail came to: every episode with its place in the queue, every alert with its odds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from auditwatch.evaluate.alerts import false_alerts
from auditwatch.evaluate.baselines import baselines
from auditwatch.evaluate.chances import chance_findings
from auditwatch.evaluate.families import is_right
from auditwatch.evaluate.matching import Matcher
from auditwatch.evaluate.queue import Budget, Desk, queues
from auditwatch.evaluate.stability import jaccard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.config import Settings
    from auditwatch.evaluate.trial import Trial
    from auditwatch.evaluate.truth import Episode
    from auditwatch.findings.model import Finding

__all__ = ["OURS", "Outcome", "measure"]

OURS: Final = "auditwatch"
OPERATORS: Final = 420  # twenty findings a week are for so many operators
EPISODE_COLUMNS: Final = (
    "trail", "scenario", "episode", "intensity", "lookups", "rank", "leading", "right",
    "seen_nights", "seen_lookups", "read_nights",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """Figures of one trail.

    Parameters
    ----------
    trail : str
        What to call it.
    operators, nights, lookups, missing : int
        Its size; lines of the truth that it lacks.
    budget : int
        Findings that reviewers can read in all its nights.
    episodes : pd.DataFrame
        One row an episode: `EPISODE_COLUMNS`; `rank` is the place of the first finding about it,
        `seen_nights` and `seen_lookups` what had passed since its first lookup when a finding
        about it stood within the budget so far, `read_nights` when it was read.
    ways : pd.DataFrame
        ``trail, way, budget, episodes, rank, touched``: place of each episode in each way's list,
        by the fifth of its lookups and by a single one.
    precise : pd.DataFrame
        ``trail, way, listed, about``: of what each way puts within the budget, what is about some
        episode.
    queue : pd.DataFrame
        ``trail, place, kind, leading, about, habit``: the findings within the budget.
    alerts : pd.DataFrame
        As from `false_alerts`, with ``trail``.
    chances : pd.DataFrame
        As from `chance_findings`, with ``trail``.
    agreement : float or None
        Share in common between this budget and that of a thinned trail; None when not asked.
    abrupt : pd.DataFrame or None
        ``trail, scenario, rank, abrupt_rank``: place of each episode that lasted two nights or
        more, as it was and as if it had begun half-way; None when not asked.
    """

    trail: str
    operators: int
    nights: int
    lookups: int
    missing: int
    budget: int
    episodes: pd.DataFrame
    ways: pd.DataFrame
    precise: pd.DataFrame
    queue: pd.DataFrame
    alerts: pd.DataFrame
    chances: pd.DataFrame
    agreement: float | None = None
    abrupt: pd.DataFrame | None = None


def measure(trial: Trial, settings: Settings, per_week: float | None) -> Outcome:
    """Measure one trail.

    Parameters
    ----------
    trial : Trial
        What a scan made of it.
    settings : Settings
        By which it was scanned.
    per_week : float, optional
        Findings that are read in a week; twenty for 420 operators, in proportion, when not given.
    """
    weekly = settings.review.findings_per_week * trial.operators / OPERATORS
    budget = Budget(per_week or weekly, len(trial.nights))
    matcher = Matcher(trial.episodes)
    ways = {OURS: [one.event_ids for one in trial.findings], **baselines(trial)}
    score = settings.score
    return Outcome(
        trail=trial.name,
        operators=trial.operators,
        nights=len(trial.nights),
        lookups=len(trial.heads),
        missing=trial.missing,
        budget=budget.all,
        episodes=_episodes(trial, matcher, budget),
        ways=pd.concat([_way(trial, matcher, budget, *way) for way in ways.items()]),
        precise=pd.DataFrame([_precise(trial, matcher, budget, *way) for way in ways.items()]),
        queue=_queue(trial, matcher, budget),
        alerts=false_alerts(
            trial, round(1000 * score.floor_decades), score.calibration_nights
        ).assign(trail=trial.name),
        chances=chance_findings(trial, matcher, score.calibration_nights).assign(trail=trial.name),
        agreement=_agreement(trial, budget),
        abrupt=_abrupt(trial, matcher),
    )


def _abrupt(trial: Trial, matcher: Matcher) -> pd.DataFrame | None:
    """Return where each episode stands with its slow beginning and without it."""
    if trial.abrupt is None:
        return None
    abrupt = Matcher(trial.abrupt.episodes).ranks(one.event_ids for one in trial.abrupt.findings)
    whole = matcher.ranks(one.event_ids for one in trial.findings)
    pairs = zip(trial.episodes, trial.abrupt.episodes, whole, abrupt, strict=True)
    rows = [
        (trial.name, one.scenario, rank, rank_of_rest)
        for one, rest, rank, rank_of_rest in pairs
        if one.event_ids != rest.event_ids
    ]
    columns = ["trail", "scenario", "rank", "abrupt_rank"]
    return pd.DataFrame(rows, columns=columns).astype({"rank": float, "abrupt_rank": float})


def _agreement(trial: Trial, budget: Budget) -> float | None:
    """Return what the budget has in common with that of the thinned trail."""
    if trial.thinned is None:
        return None
    whole = [one.finding_id for one in trial.findings[: budget.all]]
    return jaccard(whole, trial.thinned[: budget.all])


def _way(
    trial: Trial, matcher: Matcher, budget: Budget, way: str, items: Sequence[tuple[str, ...]]
) -> pd.DataFrame:
    """Return where one way puts each episode."""
    return pd.DataFrame(
        {
            "trail": trial.name,
            "way": way,
            "budget": budget.all,
            "episodes": len(trial.episodes),
            "rank": np.array(matcher.ranks(items), dtype=float),
            "touched": np.array(matcher.ranks(items, touching=True), dtype=float),
        }
    )


def _precise(
    trial: Trial, matcher: Matcher, budget: Budget, way: str, items: Sequence[tuple[str, ...]]
) -> dict[str, object]:
    """Return how much of one way's budget is about some episode."""
    read = items[: budget.all]
    about = sum(bool(matcher.about(ids)) for ids in read)
    return {"trail": trial.name, "way": way, "listed": len(read), "about": about}


def _queue(trial: Trial, matcher: Matcher, budget: Budget) -> pd.DataFrame:
    """Return what fills the budget."""
    columns = ("trail", "place", "kind", "leading", "about", "habit")
    rows = [
        (
            trial.name,
            place,
            finding.kind,
            finding.rule_id,
            bool(matcher.about(finding.event_ids)),
            _habit(trial, finding),
        )
        for place, finding in enumerate(trial.findings[: budget.all], start=1)
    ]
    return pd.DataFrame(rows, columns=list(columns))


def _habit(trial: Trial, finding: Finding) -> str:
    """Return the honest habit that most of a finding's lookups came of; empty when not known."""
    habits = (trial.habits.get(name, "") for name in finding.event_ids)
    counted = Counter(habit for habit in habits if habit)
    return min(counted, key=lambda habit: (-counted[habit], habit)) if counted else ""


def _episodes(trial: Trial, matcher: Matcher, budget: Budget) -> pd.DataFrame:
    """Return one row an episode."""
    first: dict[int, tuple[int, Finding]] = {}
    for place, finding in enumerate(trial.findings, start=1):
        for n in matcher.about(finding.event_ids):
            first.setdefault(n, (place, finding))
    desk = Desk(matcher, budget)
    for nights, queue in enumerate(queues(trial.pieces, trial.nights), start=1):
        desk.sit(nights, queue)
    night_of = dict(zip(trial.heads["event_id"], trial.heads["night"], strict=True))
    rows = [
        _episode(
            trial,
            episode,
            sorted(night_of[name] for name in episode.event_ids if name in night_of),
            first.get(n),
            [
                trial.nights[nights - 1] if nights else None
                for nights in (desk.seen[n], desk.read[n])
            ],
        )
        for n, episode in enumerate(trial.episodes)
    ]
    return pd.DataFrame(rows, columns=list(EPISODE_COLUMNS))


def _episode(
    trial: Trial,
    episode: Episode,
    made: Sequence[str],
    first: tuple[int, Finding] | None,
    when: Sequence[str | None],
) -> tuple[object, ...]:
    """Return the row of one episode: nights of its lookups, its finding, when seen and read."""
    seen, read = when
    place, finding = first or (None, None)
    return (
        trial.name,
        episode.scenario,
        episode.name,
        episode.intensity,
        len(made),
        place,
        finding.rule_id if finding else "",
        is_right(episode.scenario, finding) if finding else None,
        _nights(made, seen),
        sum(night <= seen for night in made) if seen else None,
        _nights(made, read),
    )


def _nights(made: Sequence[str], night: str | None) -> int | None:
    """Return the nights from the first lookup to a night."""
    if not made or night is None:
        return None
    return (date.fromisoformat(night) - date.fromisoformat(made[0])).days
