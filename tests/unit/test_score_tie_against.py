"""What lookups of people tied to staff say against themselves."""

from __future__ import annotations

import pandas as pd
import pytest

from auditwatch.score.views.tie import innocent


@pytest.mark.parametrize(("times", "said"), [(4, []), (5, ["On 1 subject-day"])])
def test_one_subject_many_times_on_a_day_may_be_a_hotlist(times: int, said: list[str]) -> None:
    """Five lookups of one subject on one day are named; four, or one each of five, are not."""
    rows = [("2026-03-14", "P-1")] * times + [("2026-03-14", f"P-{n}") for n in range(2, 7)]
    told = innocent(pd.DataFrame(rows, columns=["night", "subject_id"]))
    assert [sentence[: len("On 1 subject-day")] for sentence in told] == said
