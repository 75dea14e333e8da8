from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from auditwatch.score import ConformalTail, FamilyCombiner, TailSurprisal

decades = arrays(
    np.float64, st.tuples(st.integers(2, 8), st.integers(1, 5)), elements=st.floats(0, 7)
)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([TailSurprisal(), ConformalTail(), FamilyCombiner()])  # type: ignore[untyped-decorator]
def test_the_parts_are_what_scikit_learn_calls_estimators(estimator: object, check: object) -> None:
    """Each part passes every check that scikit-learn has for its kind."""
    assert callable(check)
    check(estimator)


@given(decades)
def test_taking_a_family_away_changes_the_score_by_the_stated_amount(rows: np.ndarray) -> None:
    """`explain` says exactly what the score of a row is without each of its families."""
    if rows.shape[1] < 2:
        rows = np.column_stack([rows, rows])
    scorer = FamilyCombiner().fit(rows)
    explained = scorer.explain(rows)
    for family in range(rows.shape[1]):
        rest = np.delete(rows, family, axis=1)
        alone = FamilyCombiner().fit(rest)
        fallen = alone.score_samples(rest) - scorer.score_samples(rows)
        assert fallen == pytest.approx(explained[:, family], abs=1e-12)


@given(decades, st.integers(0, 4), st.floats(0, 5))
def test_more_evidence_never_makes_a_row_more_usual(
    rows: np.ndarray, family: int, more: float
) -> None:
    """Raising one family's decades lowers `score_samples` or leaves it."""
    scorer = FamilyCombiner().fit(rows)
    raised = rows.copy()
    raised[:, family % rows.shape[1]] += more
    assert (scorer.score_samples(raised) <= scorer.score_samples(rows)).all()


def test_a_pipeline_of_the_parts_finds_the_odd_row() -> None:
    """Counts in, an order out: the row that is high in two columns is the least usual."""
    counts = np.random.default_rng(3).poisson(4, size=(400, 3))
    counts[17] = [4, 30, 28]
    parts = make_pipeline(TailSurprisal(), ConformalTail(), FamilyCombiner(contamination=0.01))
    scores = parts.fit(counts).score_samples(counts)
    assert scores.argmin() == 17
    assert scores.max() <= 0
    assert parts.predict(counts)[17] == -1


def test_calibrated_decades_mean_what_they_say() -> None:
    """Of the rows it was fitted on, one in a hundred reaches two decades in a column."""
    raw = np.random.default_rng(5).gamma(1.0, 2.0, size=(20_000, 1))
    told = ConformalTail().fit(raw).transform(raw)
    assert (told >= 2).mean() == pytest.approx(0.01, rel=0.02)
