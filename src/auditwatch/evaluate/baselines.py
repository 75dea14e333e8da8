"""What a user would write in an afternoon: the same trail, other ways to put it in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline

from auditwatch.evaluate.queue import in_order
from auditwatch.findings.derive import assemble, derive
from auditwatch.score import ConformalTail, FamilyCombiner, TailSurprisal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from auditwatch.evaluate.trial import Trial

__all__ = ["OperatorDays", "baselines", "ecod", "operator_days", "robust_z"]

NIGHT_HOURS: Final = (22, 6)
CHANCE: Final = 0  # seed of what draws lots
COUNTED: Final = 5  # of the columns of operator-days; the others are shares
MAD_OF_NORMAL: Final = 1.4826

Items = list[tuple[str, ...]]


@dataclass(frozen=True)
class OperatorDays:
    """One row for each operator and night, as a notebook would count it.

    Parameters
    ----------
    counts : np.ndarray, shape (n, 7)
        Lookups, distinct subjects, keys and terminals, looks at the subject looked at most; share
        without a case number, share at night.
    roles : np.ndarray of str, shape (n,)
        Role of each.
    event_ids : list of tuple of str
        Lookups of each.
    """

    counts: np.ndarray
    roles: np.ndarray
    event_ids: Items


def baselines(trial: Trial) -> dict[str, Items]:
    """Return what each simple way puts before reviewers, most pressing first.

    Parameters
    ----------
    trial : Trial
        What the trail was.

    Returns
    -------
    dict of str to list of tuple of str
        Name of the way to the lookups of each of its items.
    """
    days = operator_days(trial.heads)
    scores: Mapping[str, Callable[[OperatorDays], np.ndarray]] = {
        "IsolationForest, operator-days": _forest,
        "ECOD, operator-days": lambda one: ecod(one.counts),
        "robust z by role, operator-days": robust_z,
        "our tails, operator-days": _tails,
        "random operator-days": _lots,
    }
    listed = {"rules alone": _by_source(trial, ("rule", "policy"))}
    listed["patterns alone"] = _by_source(trial, ("pattern",))
    listed["repeat pairs without a case"] = _repeat_pairs(trial.heads)
    return listed | {name: _ordered(days, score(days)) for name, score in scores.items()}


def operator_days(heads: pd.DataFrame) -> OperatorDays:
    """Count the lookups of each operator and night."""
    start, end = NIGHT_HOURS
    rows = heads.assign(
        bare=heads["case_id"] == "",
        late=(heads["local_hour"] >= start) | (heads["local_hour"] < end),
    )
    groups = rows.groupby(["night", "operator_id"], sort=True)
    most = rows.groupby(["night", "operator_id", "subject_id"]).size()
    counted = groups.agg(
        lookups=("event_id", "size"),
        subjects=("subject_id", "nunique"),
        keys=("transaction", "nunique"),
        terminals=("terminal", "nunique"),
        bare=("bare", "mean"),
        late=("late", "mean"),
    )
    counted.insert(COUNTED - 1, "most", most.groupby(level=[0, 1]).max())
    return OperatorDays(
        counted.to_numpy(float),
        groups["operator_role"].min().to_numpy(str),
        [tuple(ids) for ids in groups["event_id"].agg(list)],
    )


def ecod(values: np.ndarray) -> np.ndarray:
    """Return outlier scores by empirical tails, higher for odder rows.

    Parameters
    ----------
    values : np.ndarray, shape (n, m)
        Features.

    Notes
    -----
    Li, Zhao, Hu, Botta, Ionescu, Chen: "ECOD: Unsupervised Outlier Detection Using Empirical
    Cumulative Distribution Functions", IEEE TKDE 2022. Tail probabilities of each column are taken
    as independent; the largest of the left, the right, and the skewness-chosen sum counts.
    """
    n = len(values)
    left = -np.log(stats.rankdata(values, method="max", axis=0) / n)
    right = -np.log(stats.rankdata(-values, method="max", axis=0) / n)
    centred = values - values.mean(axis=0)
    skewed = np.where((centred**3).mean(axis=0) < 0, left, right)
    sums = [one.sum(axis=1) for one in (left, right, skewed)]
    return np.asarray(np.maximum.reduce(sums))


def robust_z(days: OperatorDays) -> np.ndarray:
    """Return the largest distance from the role's median in robust standard deviations."""
    scores = np.zeros(len(days.counts))
    for role in np.unique(days.roles):
        own = days.roles == role
        values = days.counts[own]
        middle = np.median(values, axis=0)
        spread = MAD_OF_NORMAL * np.median(np.abs(values - middle), axis=0)
        z = (values - middle) / np.where(spread > 0, spread, np.inf)
        scores[own] = z.max(axis=1)
    return scores


def _forest(days: OperatorDays) -> np.ndarray:
    """Return how easily a forest cuts a row off (Liu, Ting, Zhou, ICDM 2008)."""
    forest = IsolationForest(n_estimators=200, random_state=CHANCE)
    return -np.asarray(forest.fit(days.counts).score_samples(days.counts))


def _tails(days: OperatorDays) -> np.ndarray:
    """Return the scorer's own statistics on plain operator-days: what the views add is the rest."""
    counts = days.counts[:, :COUNTED]
    parts = make_pipeline(TailSurprisal(), ConformalTail(), FamilyCombiner())
    return -np.asarray(parts.fit(counts).score_samples(counts))


def _lots(days: OperatorDays) -> np.ndarray:
    """Return chance."""
    return np.random.default_rng(CHANCE).random(len(days.counts))


def _ordered(days: OperatorDays, scores: np.ndarray) -> Items:
    """Return operator-days, the odder first."""
    return [days.event_ids[row] for row in np.argsort(-scores, kind="stable")]


def _repeat_pairs(heads: pd.DataFrame) -> Items:
    """Return operators with subjects, those with most nights without a case number first."""
    bare = heads[(heads["case_id"] == "") & (heads["subject_id"] != "")]
    pairs = bare.groupby(["operator_id", "subject_id"], sort=True)
    counted = pairs.agg(nights=("night", "nunique"), ids=("event_id", list))
    counted = counted[counted["nights"] > 1].sort_values("nights", ascending=False, kind="stable")
    return [tuple(ids) for ids in counted["ids"]]


def _by_source(trial: Trial, sources: Sequence[str]) -> Items:
    """Return the queue that evidence of some sources alone would make."""
    own = assemble(piece for piece in trial.pieces if piece.source in sources)
    queue = in_order(derive(name, pieces, {}, None) for name, pieces in own.items())
    return [one.event_ids for one in queue]
