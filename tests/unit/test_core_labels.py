"""Dictionaries of repeating texts stay sound however they are cut."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from auditwatch.core.labels import FEW, shrink


@given(st.lists(st.one_of(st.none(), st.integers(0, 2 * FEW)), min_size=1, max_size=40))
def test_a_shrunk_dictionary_holds_the_same_values_and_no_others(codes: list[int | None]) -> None:
    """Values are the same; what stands in the slot of a null is a place in the dictionary too."""
    texts = pa.array([f"v{n}" for n in range(2 * FEW + 1)])
    whole = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), texts)
    found = shrink(whole)
    assert found.to_pylist() == whole.to_pylist()
    assert set(found.dictionary.to_pylist()) == {one for one in whole.to_pylist() if one}
    slots = np.frombuffer(found.indices.buffers()[1], np.int32)[: len(found)]
    assert ((slots >= 0) & (slots < max(len(found.dictionary), 1))).all()
