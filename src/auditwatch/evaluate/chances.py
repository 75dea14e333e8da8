"""Stated against realised share of chance: what stands beside a finding has to be true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from auditwatch.findings.derive import assemble
from auditwatch.findings.odds import Chances, surprises

if TYPE_CHECKING:
    from auditwatch.evaluate.matching import Matcher
    from auditwatch.evaluate.trial import Trial

__all__ = ["COLUMNS", "chance_findings"]

COLUMNS: Final = ("level_milli", "stated", "findings", "share", "realised")
LEVELS: Final = (2000, 2500, 3000, 3500, 4000, 5000)  # milli-decades


def chance_findings(trial: Trial, matcher: Matcher, calibration_nights: int) -> pd.DataFrame:
    """Count the findings that patterns speak for, and those without any misuse in them.

    Parameters
    ----------
    trial : Trial
        What a scan made of a labelled trail.
    matcher : Matcher
        Knows its episodes.
    calibration_nights : int
        Nights that the scorer learns from.

    Returns
    -------
    pd.DataFrame
        `COLUMNS`: of at least so much surprise, how many chance was stated to make, how many
        there are, the sum of their stated shares of chance, and how many have no misused lookup.
    """
    evidence = assemble(trial.pieces)
    strongest = surprises(evidence)
    at_work, nights = len(trial.workers), max(len(trial.nights), 1)
    learnt = round(at_work / nights * min(nights, calibration_nights))
    words = trial.heard["view"].value_counts().reindex(list(trial.views), fill_value=0)
    chances = Chances(at_work, tuple(words.tolist()), learnt)
    odds = chances.odds(strongest)
    honest = {
        name
        for name in strongest
        if not matcher.touched({event for piece in evidence[name] for event in piece.event_ids})
    }
    rows = []
    for level in LEVELS:
        strong = [name for name, surprise in strongest.items() if surprise >= level]
        share = sum(odds[name].share for name in strong)
        realised = sum(name in honest for name in strong)
        rows.append((level, chances.expected(level), len(strong), share, realised))
    return pd.DataFrame(rows, columns=list(COLUMNS))
