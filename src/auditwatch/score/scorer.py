"""The scorer: counts in, decades out; a scikit-learn estimator without randomness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self, cast

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from auditwatch.score.calibrate import fit_reference, sidak
from auditwatch.score.combine import best_and_half, milli
from auditwatch.score.posts import Posts, fit_posts
from auditwatch.score.tails import (
    Counts,
    Shares,
    beta_binomial_decades,
    fit_counts,
    fit_shares,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COLUMNS", "LookupScorer"]

#: The tidy frame: one row a unit, view, window and kind.
COLUMNS: Final = (
    "view", "tail", "night_number", "operator_id", "subject_id", "role", "unit", "kind", "window",
    "observed", "least", "exposure", "base", "own_observed", "own_exposure", "weight", "operators",
)  # fmt: skip
FEATURE: Final = ["view", "window", "kind"]
STORY: Final = ["night_number", "operator_id", "subject_id"]
UNIT: Final = ["view", *STORY]


class LookupScorer(OutlierMixin, BaseEstimator):  # type: ignore[misc]  # they publish no types
    """Tails by view, calibrated against recent nights and other people's posts, combined by story.

    Parameters
    ----------
    floor_decades : float
        `predict` calls a story unusual from here on.
    seasoned_nights : int
        With fewer nights than this to learn a feature from, no surprise of it exceeds what so few
        units can show, -log10 of one over their number; and every surprise counts as the root of
        the part of these nights there is. What is usual is not known yet.

    Attributes
    ----------
    tails_ : dict
        Tail model of each (view, window, kind).
    reference_ : dict
        Calibration of each (view, window, kind).
    posts_ : dict
        How usual it is of each (view, window, kind) in each role and unit.
    seasons_ : dict
        Nights that each (view, window, kind) was learnt from.
    tries_ : dict
        Units of each view for an active operator: a view with many units has many tries.
    nights_, operator_nights_ : int, float
        Nights learnt from, and the operators active on each, added up.
    offset_ : float
        `decision_function` is `score_samples` minus this.

    Notes
    -----
    `X` is a frame with `COLUMNS`: `weight` is how many units a row stands for (units with nothing
    to say are one row with `observed` 0), `least` the count below which a unit is no story however
    unlikely it is, `operators` how many operators were active that night.
    Decades are per active operator and night: 2 means about one operator in a hundred on a night.
    """

    def __init__(self, floor_decades: float = 2.0, seasoned_nights: int = 14) -> None:
        self.floor_decades = floor_decades
        self.seasoned_nights = seasoned_nights

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn tails and calibration from recent nights.

        Parameters
        ----------
        X : pd.DataFrame, shape (n_rows, 17)
            Tidy frame with `COLUMNS`.
        y : None
            Ignored.
        """
        del y
        rows = _ordered(X)
        self.feature_names_in_ = np.array(COLUMNS, dtype=object)
        self.n_features_in_ = len(COLUMNS)
        parts = dict(_features(rows))
        self.tails_ = {key: _fit_tail(part) for key, part in parts.items()}
        raw = {key: _raw(self.tails_[key], part) for key, part in parts.items()}
        self.reference_ = {
            key: fit_reference(_once(raw[key], part), part["weight"].to_numpy(float))
            for key, part in parts.items()
        }
        staff = _staff(rows)
        self.posts_ = {
            key: fit_posts(part, _stories(self.reference_[key].decades(raw[key]), part), staff)
            for key, part in parts.items()
        }
        self.seasons_ = {key: int(part["night_number"].nunique()) for key, part in parts.items()}
        self.tries_ = _tries(rows)
        self.nights_ = int(rows["night_number"].nunique())
        self.operator_nights_ = float(rows.groupby("night_number")["operators"].max().sum())
        self.offset_ = -self.floor_decades
        return self

    def score_samples(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803 - scikit-learn's name
        """Return minus the combined decades of each row's story, shape (n_rows,); 0 is usual."""
        return -self.explain(X)["combined"].to_numpy()

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803 - as above
        """Return `score_samples` minus `offset_`: negative is unusual."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803 - as above
        """Return -1 for rows of unusual stories and 1 for the others, shape (n_rows,)."""
        return np.where(self.decision_function(X) <= 0, -1, 1)

    def explain(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803 - as above
        """Return what each row's score is made of.

        Returns
        -------
        pd.DataFrame
            Index of `X`; `expected` (count), `raw` (decades of the tail model), `calibrated`
            (decades of this row), `post` (how many times as usual it is among others in the same
            post as among all: that much is taken off, as decades, before `calibrated`),
            `decades` (of its view, after the number of windows and units),
            `best` (this row gives its view's decades), `combined` (of its story), `rivals` (recent
            units with as high a raw score), `among` (recent operator-nights; subject-nights where
            the unit is a subject). Leaving a view out changes `combined` by what best plus half
            the second says, and by nothing else.
        """
        check_is_fitted(self)
        parts = [self._terms(key, part) for key, part in _features(X)]
        names = ["expected", "raw", "calibrated", "post", "rivals", "among"]
        terms = pd.concat(parts) if parts else pd.DataFrame(columns=names, dtype=float)
        terms = terms.loc[X.index] if len(X) else terms
        return self._joined(X, terms)

    def _terms(self, key: tuple[str, int, str], part: pd.DataFrame) -> pd.DataFrame:
        """Return tail and calibration of the rows of one feature."""
        tail = self.tails_.get(key)
        reference = self.reference_.get(key)
        if tail is None or reference is None:
            silent = ("expected", "raw", "calibrated", "rivals", "among")
            return pd.DataFrame(0.0, index=part.index, columns=list(silent)).assign(post=1.0)
        raw = _raw(tail, part)
        among_all = _stories(reference.decades(raw), part)
        post = _times(self.posts_[key], among_all, part)
        calibrated = np.maximum(among_all - np.log10(post), 0.0)
        nights = self.seasons_[key]
        if nights < self.seasoned_nights:
            trust = (nights / self.seasoned_nights) ** 0.5
            calibrated = trust * np.minimum(calibrated, np.log10(1 + reference.units))
        subjects = part["operator_id"].to_numpy() < 0
        terms = {
            "expected": _expected(tail, part),
            "raw": _stories(raw, part),
            "calibrated": calibrated,
            "post": post,
            "rivals": reference.rivals(raw),
            "among": np.where(subjects, reference.units, self.operator_nights_),
        }
        return pd.DataFrame(terms, index=part.index)

    def _joined(self, rows: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
        """Add decades by view and by story."""
        unit = rows.groupby(UNIT, sort=True, dropna=False).ngroup().to_numpy()
        story = rows.groupby(STORY, sort=True, dropna=False).ngroup().to_numpy()
        order = np.lexsort((rows["kind"], rows["window"], -terms["calibrated"], unit))
        first = order[np.unique(unit[order], return_index=True)[1]]
        best = np.zeros(len(rows), dtype=bool)
        best[first] = True
        windows = {view: len(part) for view, part in _windows(self.tails_).items()}
        decades = np.zeros(len(rows))
        for view, where in rows.groupby("view", sort=True).indices.items():
            tries = windows.get(str(view), 1) * self.tries_.get(str(view), 1.0)
            decades[where] = sidak(terms["calibrated"].to_numpy()[where], tries)
        combined = np.zeros(len(rows))
        combined[first] = best_and_half(story[first], decades[first])
        by_story = np.zeros(int(story.max(initial=-1)) + 1)
        by_story[story[first]] = combined[first]
        by_unit = np.zeros(int(unit.max(initial=-1)) + 1)
        by_unit[unit[first]] = decades[first]
        return terms.assign(
            decades=milli(by_unit[unit]) / 1000, best=best, combined=milli(by_story[story]) / 1000
        )


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in a total order, so that no sum depends on how they came."""
    return rows[list(COLUMNS)].sort_values(list(COLUMNS), kind="stable")


def _features(rows: pd.DataFrame) -> Iterator[tuple[tuple[str, int, str], pd.DataFrame]]:
    """Yield the rows of each (view, window, kind)."""
    for (view, window, kind), part in rows.groupby(FEATURE, sort=True):
        yield (str(view), int(cast("int", window)), str(kind)), part


def _windows(tails: dict[tuple[str, int, str], Counts | Shares]) -> dict[str, list[object]]:
    """Return the features of each view."""
    found: dict[str, list[object]] = {}
    for view, window, kind in tails:
        found.setdefault(view, []).append((window, kind))
    return found


def _fit_tail(part: pd.DataFrame) -> Counts | Shares:
    """Fit the tail that a view asks for."""
    if part["tail"].iloc[0] == "negative_binomial":
        return fit_counts(part["observed"].to_numpy(), part["base"].to_numpy(float))
    return fit_shares(
        part["observed"].to_numpy(),
        part["exposure"].to_numpy(),
        _labels(part["role"]),
        _labels(part["unit"]),
        part["operator_id"].to_numpy(),
    )


def _labels(values: pd.Series[Any]) -> np.ndarray:
    """Return names or codes as numpy's own; anything else is slow to sort."""
    kind = None if values.dtype.kind in "iu" else str
    return values.to_numpy(dtype=kind)


def _shape(tail: Shares, part: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the beta distribution of each row's share."""
    return tail.shape(
        _labels(part["role"]),
        _labels(part["unit"]),
        part["own_observed"].to_numpy(float),
        part["own_exposure"].to_numpy(float),
    )


def _raw(tail: Counts | Shares, part: pd.DataFrame) -> np.ndarray:
    """Return raw decades of each row, counts that are no story included.

    What is usual is learnt from all units. Were those below the least of their view left out, the
    first to reach it would look rare, however near the others are.
    """
    observed = part["observed"].to_numpy()
    if isinstance(tail, Counts):
        return tail.decades(observed, part["base"].to_numpy(float))
    exposure = part["exposure"].to_numpy()
    return beta_binomial_decades(observed, exposure, *_shape(tail, part))


def _stories(decades: np.ndarray, part: pd.DataFrame) -> np.ndarray:
    """Return decades with those of counts that are no story left out."""
    return np.where(part["observed"].to_numpy() >= part["least"].to_numpy(), decades, 0.0)


def _staff(rows: pd.DataFrame) -> pd.DataFrame:
    """Return who was at work on which night, in which role and unit, in total order.

    A view that does not know the post of an operator leaves it to the others.
    """
    keys = ["operator_id", "night_number"]
    staff: pd.DataFrame = rows.loc[rows["operator_id"].to_numpy() >= 0, [*keys, "role", "unit"]]
    return staff.sort_values([*keys, "role", "unit"]).drop_duplicates(keys, keep="last")


def _times(posts: Posts, decades: np.ndarray, part: pd.DataFrame) -> np.ndarray:
    """Return how usual each row is in its post, shape (n,); 1 of what does not stand out."""
    times = np.ones(len(part))
    loud = np.flatnonzero(decades > 0)
    names = (part[name].to_numpy()[loud] for name in ("operator_id", "role", "unit"))
    times[loud] = posts.times(*names)
    return times


def _once(raw: np.ndarray, part: pd.DataFrame) -> np.ndarray:
    """Return raw decades with every story heard on its loudest night only.

    Windows overlap, so a story that stands out once does so night after night. A reviewer sees it
    once; counted every night, a persistent misuse would make itself look usual.
    """
    order = np.argsort(-raw, kind="stable")
    again = part[["operator_id", "subject_id"]].iloc[order].duplicated().to_numpy()
    heard = raw.copy()
    heard[order[again]] = 0.0
    return heard


def _expected(tail: Counts | Shares, part: pd.DataFrame) -> np.ndarray:
    """Return the expected count of each row."""
    if isinstance(tail, Counts):
        return tail.expected(part["base"].to_numpy(float))
    a, b = _shape(tail, part)
    return np.asarray(part["exposure"].to_numpy(float) * a / (a + b))


def _tries(rows: pd.DataFrame) -> dict[str, float]:
    """Return units for an active operator and night, by view."""
    nightly = rows.groupby([*FEATURE, "night_number"], sort=True).agg(
        units=("weight", "sum"), operators=("operators", "max")
    )
    by_view = nightly.groupby("view", sort=True).sum()
    return {
        str(view): max(1.0, row["units"] / max(row["operators"], 1))
        for view, row in by_view.iterrows()
    }
