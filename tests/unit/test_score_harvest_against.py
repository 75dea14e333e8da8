"""What a harvest's finding says against itself."""

from __future__ import annotations

import pytest

from auditwatch.score.views.harvest import against


@pytest.mark.parametrize(("bare", "said"), [(37, False), (30, True)])
def test_cases_speak_against_a_harvest_only_where_there_are_any(bare: int, *, said: bool) -> None:
    """That no subject-day has a case explains nothing, also where history is short."""
    told = against({"all_days": 37, "bare_days": bare, "own_exposure": 0})
    assert any("have a case" in sentence for sentence in told) is said
    assert any("little earlier work" in sentence for sentence in told)
