"""Texts that are passed by without a look are those that the rules leave as they are."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditwatch.core.schema import SOURCE_FIELDS
from auditwatch.ingest.normalise import (
    KEEPS,
    PLAIN,
    RULES,
    WORDS,
    plain_text,
    reason_words,
    relabel,
)
from auditwatch.ingest.usual import CONTROL, having

NAMES = [name for name in SOURCE_FIELDS if name not in {"event_id", "event_time"}]
USUAL = [
    "hit",
    "NO RECORD",
    "hotlist",
    "***",
    "REDACTED",
    "26-01",
    "a  b",
    "Stra\u00dfe",
    " x ",
    "",
]
texts = st.one_of(
    st.sampled_from(USUAL), st.text(max_size=6), st.text("aZ *#R[-_.\t\u00a0\u0130", max_size=6)
)


@pytest.mark.parametrize("name", [*NAMES, "reason_norm"])
@given(st.lists(st.one_of(st.none(), texts), max_size=8))
def test_the_short_way_gives_what_the_rule_gives(name: str, values: list[str | None]) -> None:
    """Every field, any text: what is passed by comes out as the rule would have it."""
    rule = reason_words if name == "reason_norm" else RULES.get(name, plain_text)
    keeps = WORDS if name == "reason_norm" else KEEPS.get(name, PLAIN)
    encoded = pa.array(values, pa.string()).dictionary_encode()
    found = relabel(encoded, rule, keeps)
    assert found.to_pylist() == [None if one is None else rule(one) for one in values]
    assert len(set(found.dictionary.to_pylist())) == len(found.dictionary)


def test_usual_texts_take_the_short_way() -> None:
    """Keys and reasons as trails have them are left alone, or the short way would be none."""
    usual = {
        "subject_id": "P-4711",
        "reason": "Traffic stop",
        "case_id": "26-00417",
        "purpose": "C",
        "subject_name": "DOE, Sam",
    }
    for name, text in usual.items():
        keeps = KEEPS[name]
        assert keeps
        assert not keeps.odd(pa.array([text])).any()


@given(st.lists(st.one_of(st.none(), texts), max_size=8), st.integers(0, 8))
def test_bytes_are_found_in_the_texts_that_hold_them(values: list[str | None], cut: int) -> None:
    """Also in a slice of an array, whose bytes begin in the middle."""
    part = pa.array(values, pa.string()).slice(cut)
    held = [any(ord(c) < 32 or ord(c) == 127 for c in one or "") for one in part.to_pylist()]
    assert having(part, CONTROL).tolist() == held
