"""Scoring: what is unusual for this operator, these peers, this subject."""

from typing import TYPE_CHECKING

from auditwatch.core.late import late
from auditwatch.score.views import SEES, blind_views, views

if TYPE_CHECKING:
    from auditwatch.score.beliefs import Belief, beliefs, believed
    from auditwatch.score.estimators import ConformalTail, FamilyCombiner, TailSurprisal
    from auditwatch.score.nights import model_id, score_nights
    from auditwatch.score.profiles import pair_nights
    from auditwatch.score.scorer import LookupScorer
    from auditwatch.score.state import load_state, save_state

__all__ = [
    "SEES",
    "Belief",
    "ConformalTail",
    "FamilyCombiner",
    "LookupScorer",
    "TailSurprisal",
    "beliefs",
    "believed",
    "blind_views",
    "load_state",
    "model_id",
    "pair_nights",
    "save_state",
    "score_nights",
    "views",
]

__getattr__ = late(
    __name__,
    {
        "Belief": "beliefs",
        "ConformalTail": "estimators",
        "FamilyCombiner": "estimators",
        "LookupScorer": "scorer",
        "TailSurprisal": "estimators",
        "beliefs": "beliefs",
        "believed": "beliefs",
        "load_state": "state",
        "model_id": "nights",
        "pair_nights": "profiles",
        "save_state": "state",
        "score_nights": "nights",
    },
)
