"""What is usual: an operator's nights beside those of the same role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from auditwatch.core.schema import PAIR_NIGHTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from auditwatch.engine.lake import Lake

__all__ = ["PEERS_LEAST", "Band", "bands"]

#: Fewer peers give no band: a reader would take two colleagues for a rule.
PEERS_LEAST: Final = 8
NIGHTS_MOST: Final = 60
COUNTS: Final = {"lookups": "lookups a night", "subjects": "subjects a night"}


@dataclass(frozen=True)
class Band:
    """One operator's count beside the same count of the peers, over nights with a lookup.

    Parameters
    ----------
    operator_id, role : str
        Who, and the role that the peers share.
    counts : str
        What is counted.
    nights : int
        The operator's nights with a lookup.
    median, most : int
        Of the operator, by nearest rank.
    peers : int
        Other operators of the role.
    low, middle, high : int
        5th, 50th and 95th percentile over the peers' nights, by nearest rank; 0 where `peers` is
        below `PEERS_LEAST`.
    """

    operator_id: str
    role: str
    counts: str
    nights: int
    median: int
    most: int
    peers: int
    low: int
    middle: int
    high: int


def bands(lake: Lake, operators: Sequence[str], nights: Sequence[str]) -> list[Band]:
    """Return the bands of some operators over the last sixty of some nights.

    Parameters
    ----------
    lake : Lake
        With the profiles of the nights.
    operators : sequence of str
        About whom; one without a lookup in the profiles has no band.
    nights : sequence of str
        ISO dates in order.
    """
    names = ["night", "operator_id", "operator_role", "subject_id", "lookups"]
    rows = lake.read(PAIR_NIGHTS, list(nights)[-NIGHTS_MOST:], names).to_pandas()
    if rows.empty:
        return []
    text = rows.astype({"operator_id": str, "operator_role": str, "night": str})
    grouped = text.groupby(["operator_id", "night"], sort=True)
    totals = grouped.agg(
        lookups=("lookups", "sum"),
        subjects=("subject_id", "nunique"),
        role=("operator_role", "min"),
    ).reset_index()
    return [
        band
        for operator in operators
        if (totals["operator_id"] == operator).any()
        for band in _of(operator, totals)
    ]


def _of(operator: str, totals: pd.DataFrame) -> list[Band]:
    """Return the bands of one operator."""
    own = totals[totals["operator_id"] == operator]
    role = str(own["role"].iloc[-1])
    others = totals[(totals["role"] == role) & (totals["operator_id"] != operator)]
    peers = int(others["operator_id"].nunique())
    found = []
    for name, words in COUNTS.items():
        low, middle, high = (
            _ranks(others[name].to_numpy(), (5, 50, 95)) if peers >= PEERS_LEAST else (0, 0, 0)
        )
        median, most = _ranks(own[name].to_numpy(), (50, 100))
        found.append(Band(operator, role, words, len(own), median, most, peers, low, middle, high))
    return found


def _ranks(values: np.ndarray, percents: Sequence[int]) -> tuple[int, ...]:
    """Return percentiles by nearest rank: each is a count that somebody had."""
    found = np.percentile(values, list(percents), method="inverted_cdf")
    return tuple(int(one) for one in found)
