"""Scoring: what is unusual for this operator, these peers, this subject."""

from typing import TYPE_CHECKING

from auditwatch.core.late import late
from auditwatch.score.views import SEES, blind_views, views

if TYPE_CHECKING:
    from auditwatch.score.nights import model_id, score_nights
    from auditwatch.score.profiles import pair_nights
    from auditwatch.score.scorer import LookupScorer

__all__ = [
    "SEES",
    "LookupScorer",
    "blind_views",
    "model_id",
    "pair_nights",
    "score_nights",
    "views",
]

__getattr__ = late(
    __name__,
    {
        "LookupScorer": "scorer",
        "model_id": "nights",
        "pair_nights": "profiles",
        "score_nights": "nights",
    },
)
