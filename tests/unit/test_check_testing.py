"""Patterns that are looked for together."""

from __future__ import annotations

import re

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from auditwatch.check.testing import matches_of

LETTERS = st.text("ab ", max_size=5)
WORDS = LETTERS.map(lambda text: f"(?s:{re.escape(text)})")
OTHERS = st.sampled_from(
    ["a+b$", "^a", "(?P<x>ab)", "(?P<x>ba)", "(?:(?s:aa))|(?:(?s:bb))", "(?i:A)"]
)


@settings(max_examples=100)
@given(st.lists(WORDS | OTHERS, max_size=30), st.lists(LETTERS, max_size=20, unique=True))
def test_each_pattern_is_found_as_if_it_were_alone(patterns: list[str], texts: list[str]) -> None:
    """However many patterns are looked for at once, each is found where it stands by itself."""
    found = matches_of(patterns, pa.array(texts, pa.string()))
    assert {pattern: places.tolist() for pattern, places in found.items()} == {
        pattern: [n for n, text in enumerate(texts) if re.search(pattern, text)]
        for pattern in patterns
    }
