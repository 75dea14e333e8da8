"""Scoring: what is unusual for this operator, these peers, this subject."""

from typing import TYPE_CHECKING

from auditwatch.core.late import late
from auditwatch.score.views import SEES, blind_views, fields_of, views

if TYPE_CHECKING:
    from auditwatch.score.estimators import ConformalTail, FamilyCombiner, TailSurprisal
    from auditwatch.score.heard import units_heard
    from auditwatch.score.learnt import Belief, beliefs, believed
    from auditwatch.score.marks import mark_nights
    from auditwatch.score.nights import model_id, score_nights
    from auditwatch.score.past import LakePast
    from auditwatch.score.profiles import pair_nights, profile_nights
    from auditwatch.score.scorer import LookupScorer
    from auditwatch.score.state import load_state, save_state

__all__ = [
    "SEES",
    "Belief",
    "ConformalTail",
    "FamilyCombiner",
    "LakePast",
    "LookupScorer",
    "TailSurprisal",
    "beliefs",
    "believed",
    "blind_views",
    "fields_of",
    "load_state",
    "mark_nights",
    "model_id",
    "pair_nights",
    "profile_nights",
    "save_state",
    "score_nights",
    "units_heard",
    "views",
]

__getattr__ = late(
    __name__,
    {
        "Belief": "learnt",
        "ConformalTail": "estimators",
        "FamilyCombiner": "estimators",
        "LakePast": "past",
        "LookupScorer": "scorer",
        "TailSurprisal": "estimators",
        "beliefs": "learnt",
        "believed": "learnt",
        "load_state": "state",
        "mark_nights": "marks",
        "model_id": "nights",
        "pair_nights": "profiles",
        "profile_nights": "profiles",
        "save_state": "state",
        "score_nights": "nights",
        "units_heard": "heard",
    },
)
