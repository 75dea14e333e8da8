from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from auditwatch.core.errors import IntegrityError
from auditwatch.score import LookupScorer, load_state, save_state

if TYPE_CHECKING:
    from pathlib import Path


def counts(seed: int = 4, nights: int = 20) -> pd.DataFrame:
    """Return what two views counted, one by pair and one by operator."""
    draw = np.random.default_rng(seed)
    size = 30 * nights
    base = {
        "night_number": np.repeat(np.arange(nights), 30),
        "operator_id": np.tile(np.arange(30), nights),
        "role": np.array(["officer", "clerk"], dtype=object)[np.tile(np.arange(30) % 2, nights)],
        "unit": "north", "kind": "", "least": 1, "weight": 1.0, "operators": 30,
        "own_observed": 0, "own_exposure": 0,
    }  # fmt: skip
    pair = {
        "view": "pair", "tail": "negative_binomial", "window": 45, "exposure": 0, "base": 0.5,
        "subject_id": draw.integers(0, 900, size), "observed": draw.poisson(1.5, size),
    }  # fmt: skip
    harvest = {
        "view": "harvest", "tail": "beta_binomial", "window": 14, "exposure": 20, "base": 0.0,
        "subject_id": -1, "observed": draw.binomial(20, 0.2, size),
    }  # fmt: skip
    return pd.concat([pd.DataFrame({**base, **one}) for one in (pair, harvest)], ignore_index=True)


@pytest.fixture(scope="module")
def scorer() -> LookupScorer:
    """A scorer that has learnt from twenty nights."""
    return LookupScorer().fit(counts())


def test_a_scorer_that_is_read_again_scores_the_same_to_the_last_bit(
    scorer: LookupScorer, tmp_path: Path
) -> None:
    """Parameters, priors and references all come back, and nothing else is needed."""
    save_state(scorer, tmp_path)
    again = load_state(tmp_path)
    fresh = counts(seed=9, nights=3)
    pd.testing.assert_frame_equal(again.explain(fresh), scorer.explain(fresh), check_exact=True)
    assert again.get_params() == scorer.get_params()
    assert set(vars(again)) == set(vars(scorer))


def test_the_same_scorer_gives_the_same_bytes(scorer: LookupScorer, tmp_path: Path) -> None:
    """State says which version wrote it, and depends on nothing but what was learnt."""
    first = save_state(scorer, tmp_path / "a")
    second = save_state(LookupScorer().fit(counts()), tmp_path / "b")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    told = json.loads(first[0].read_text())
    assert {"schema", "auditwatch", "parameters", "arrays_sha256", "learnt"} == set(told)


def test_state_that_was_changed_is_refused(scorer: LookupScorer, tmp_path: Path) -> None:
    """Other arrays, another schema, words in place of numbers: an integrity error, no guess."""
    text, packed = save_state(scorer, tmp_path)
    whole, arrays = text.read_bytes(), packed.read_bytes()
    packed.write_bytes(arrays[:-1] + b"?")
    assert _refused(tmp_path) == "AW-SCORE-002"
    packed.write_bytes(arrays)
    text.write_bytes(whole.replace(b'"schema": 2', b'"schema": 3'))
    assert _refused(tmp_path) == "AW-SCORE-001"
    for broken in (b"{}", b"[1]", b"\xff", whole.replace(b'"is": "Reference"', b'"is": "os"')):
        text.write_bytes(broken)
        assert _refused(tmp_path) == "AW-SCORE-002"


def _refused(folder: Path) -> str:
    """Return the code of the refusal."""
    with pytest.raises(IntegrityError) as caught:
        load_state(folder)
    return caught.value.code
