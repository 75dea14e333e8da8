from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from auditwatch.score import ConformalTail, FamilyCombiner, LookupScorer, TailSurprisal

if TYPE_CHECKING:
    from collections.abc import Callable

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


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_mixin_order,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_set_params,
        estimator_checks.check_valid_tag_types,
    ],
)
def test_the_scorer_keeps_every_rule_that_needs_no_matrix(check: Callable[..., None]) -> None:
    """`LookupScorer` takes a frame of counts; what scikit-learn asks beside that it keeps."""
    check("LookupScorer", LookupScorer())


def test_the_scorer_says_when_it_was_not_fitted() -> None:
    """As any estimator does."""
    with pytest.raises(NotFittedError):
        LookupScorer().score_samples(counts(1))


def test_the_scorer_does_not_mind_the_order_of_rows() -> None:
    """Fitted on shuffled rows and asked in another order it says the same of each."""
    rows, fresh = counts(1), counts(2)
    scorer = LookupScorer().fit(rows)
    shuffled = LookupScorer().fit(rows.sample(frac=1, random_state=0))
    mixed = fresh.sample(frac=1, random_state=1)
    expected = pd.Series(scorer.score_samples(fresh), fresh.index)[mixed.index]
    assert shuffled.score_samples(mixed).tolist() == expected.tolist()
    assert (scorer.predict(fresh) == np.where(expected.sort_index() <= -2, -1, 1)).all()


def test_taking_a_view_away_from_the_scorer_changes_a_story_by_what_it_states() -> None:
    """Without the rows of a view each story has best plus half the second of its other views."""
    scorer = LookupScorer().fit(counts(1))
    fresh = counts(2)
    whole = fresh.join(scorer.explain(fresh))
    story = ["night_number", "operator_id", "subject_id"]
    for view in ("harvest", "tie"):
        rest = fresh[fresh["view"] != view]
        said = rest.join(scorer.explain(rest))
        best = whole[whole["best"] & (whole["view"] != view)]
        ranked = best.sort_values("decades", ascending=False).groupby(story)["decades"]
        expected = ranked.first()
        second = ranked.apply(lambda d: d.iloc[1] if len(d) > 1 else 0.0)
        told = said.groupby(story)["combined"].first()
        assert told.to_numpy() == pytest.approx((expected + second / 2).to_numpy(), abs=2e-3)


def counts(seed: int, nights: int = 20, operators: int = 30) -> pd.DataFrame:
    """Return what three views of operators counted night by night; some operators stand out."""
    draw = np.random.default_rng(seed)
    size = operators * nights
    base = pd.DataFrame({
        "tail": "beta_binomial", "night_number": np.repeat(np.arange(nights), operators),
        "operator_id": np.tile(np.arange(operators), nights), "subject_id": -1, "role": "officer",
        "unit": "north", "kind": "", "window": 14, "least": 1, "exposure": 40, "base": 0.0,
        "own_observed": 0, "own_exposure": 0, "weight": 1.0, "operators": operators,
    })  # fmt: skip
    parts = []
    for view in ("harvest", "purpose", "tie"):
        observed = draw.binomial(40, 0.1, size) + 12 * (draw.random(size) < 0.05)
        parts.append(base.assign(view=view, observed=np.minimum(observed, 40)))
    return pd.concat(parts, ignore_index=True)
