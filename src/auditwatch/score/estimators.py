"""The scorer's parts for any matrix of counts: tails, calibration, combination as estimators.

`LookupScorer` puts these statistics to work on what the views counted; the three estimators here
are the same statistics for a plain matrix, one column a family of counts, and fit into a pipeline
with scikit-learn's own: ``make_pipeline(TailSurprisal(), ConformalTail(), FamilyCombiner())``.
"""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Final, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, OutlierMixin, TransformerMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from auditwatch.score.calibrate import fit_reference
from auditwatch.score.combine import best_and_half
from auditwatch.score.tails import fit_counts

__all__ = ["ConformalTail", "FamilyCombiner", "TailSurprisal"]

LEAST_MEAN: Final = 1e-6  # a column of zeros still has an expectation


class _OfCounts(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Column by column, from numbers that are never negative to decades."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags

    def _checked(self, X: Any, *, reset: bool) -> np.ndarray:  # noqa: N803 - scikit-learn's name
        """Return a matrix of doubles without a negative number."""
        if not reset:
            check_is_fitted(self)
        found: np.ndarray = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_non_negative=True
        )
        return found


class TailSurprisal(_OfCounts):
    """Decades of each count against a negative binomial fitted to its column.

    Attributes
    ----------
    base_ : np.ndarray of float, shape (n_features,)
        Mean count of each column.
    tails_ : list of Counts
        Its distribution around that mean.

    Notes
    -----
    A count below 2 is no surprise; other counts are judged given that there was at least one.
    """

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn a distribution for each column of counts, shape (n_samples, n_features)."""
        del y
        counts = self._checked(X, reset=True)
        self.base_ = np.maximum(counts.mean(axis=0), LEAST_MEAN)
        self.tails_ = [
            fit_counts(column, np.full(len(column), base))
            for column, base in zip(counts.T, self.base_, strict=True)
        ]
        return self

    def transform(self, X: Any) -> np.ndarray:  # noqa: N803 - scikit-learn's name
        """Return decades, -log10 of the tail probability, shape (n_samples, n_features)."""
        counts = self._checked(X, reset=False)
        columns = zip(self.tails_, counts.T, self.base_, strict=True)
        told = [tail.decades(column, np.full(len(column), base)) for tail, column, base in columns]
        return np.column_stack(told)


class ConformalTail(_OfCounts):
    """What raw decades mean, from the ranks of those that it was fitted on.

    Attributes
    ----------
    references_ : list of Reference
        One for each column.
    """

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn the reference of each column of raw decades, shape (n_samples, n_features)."""
        del y
        raw = self._checked(X, reset=True)
        self.references_ = [fit_reference(column, np.ones(len(column))) for column in raw.T]
        return self

    def transform(self, X: Any) -> np.ndarray:  # noqa: N803 - scikit-learn's name
        """Return calibrated decades, shape (n_samples, n_features)."""
        raw = self._checked(X, reset=False)
        told = [one.decades(column) for one, column in zip(self.references_, raw.T, strict=True)]
        return np.column_stack(told)


class FamilyCombiner(OutlierMixin, BaseEstimator):  # type: ignore[misc]  # they publish no types
    """The best family plus half the second, as an outlier detector.

    Parameters
    ----------
    contamination : float
        Share of the rows it is fitted on that `predict` calls unusual.

    Attributes
    ----------
    offset_ : float
        `decision_function` is `score_samples` minus this.
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        "contamination": [Interval(Real, 0, 0.5, closed="right")]
    }

    def __init__(self, contamination: float = 0.01) -> None:
        self.contamination = contamination

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn where unusual begins from decades, shape (n_samples, n_families)."""
        del y
        self._validate_params()
        decades = validate_data(self, X, dtype=np.float64)
        self.offset_ = float(np.quantile(-_combined(decades), self.contamination))
        return self

    def score_samples(self, X: Any) -> np.ndarray:  # noqa: N803 - scikit-learn's name
        """Return minus the combined decades, shape (n_samples,); higher is more usual."""
        return -_combined(self._checked(X))

    def decision_function(self, X: Any) -> np.ndarray:  # noqa: N803 - scikit-learn's name
        """Return `score_samples` minus `offset_`: negative is unusual."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803 - scikit-learn's name
        """Return -1 for unusual rows and 1 for the others, shape (n_samples,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def explain(self, X: Any) -> np.ndarray:  # noqa: N803 - scikit-learn's name
        """Return by how much the combined decades fall when each family is taken away.

        Returns
        -------
        np.ndarray of float, shape (n_samples, n_families)
            Zero for all but the two families that count.
        """
        decades = self._checked(X)
        whole = _combined(decades)
        without = [_combined(np.delete(decades, n, axis=1)) for n in range(decades.shape[1])]
        return np.asarray(whole[:, None] - np.column_stack(without))

    def _checked(self, X: Any) -> np.ndarray:  # noqa: N803 - scikit-learn's name
        """Return a matrix of decades of the width that was fitted."""
        check_is_fitted(self)
        found: np.ndarray = validate_data(self, X, reset=False, dtype=np.float64)
        return found


def _combined(decades: np.ndarray) -> np.ndarray:
    """Return best plus half the second of each row; nothing of no families."""
    rows, families = decades.shape
    if not families:
        return np.zeros(rows)
    whole = best_and_half(np.repeat(np.arange(rows), families), decades.ravel())
    return whole[::families]
