"""What the fuzzer starts from must run: a target that cannot be called finds nothing."""

from __future__ import annotations

import pytest
from tests.fuzz.targets import seeds, targets

OTHERS = sorted(name for name in targets() if not name.startswith("format-"))


@pytest.mark.parametrize("name", OTHERS)
def test_a_target_survives_its_first_seed(name: str) -> None:
    """Each door takes a seed of its own kind; those of formats are tried by the samples."""
    targets()[name](seeds(name)[0])
