"""Scoring: what is unusual for this operator, these peers, this subject."""

from auditwatch.score.beliefs import Belief, beliefs, believed
from auditwatch.score.estimators import ConformalTail, FamilyCombiner, TailSurprisal
from auditwatch.score.nights import model_id, score_nights
from auditwatch.score.profiles import SEES, pair_nights
from auditwatch.score.scorer import LookupScorer
from auditwatch.score.state import load_state, save_state
from auditwatch.score.views import blind_views, views

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
