"""Scoring: what is unusual for this operator, these peers, this subject."""

from auditwatch.score.marks import mark_nights
from auditwatch.score.nights import model_id, score_nights
from auditwatch.score.profiles import SEES, pair_nights, profile_nights
from auditwatch.score.scorer import LookupScorer
from auditwatch.score.views import blind_views, fields_of, views

__all__ = [
    "SEES",
    "LookupScorer",
    "blind_views",
    "fields_of",
    "mark_nights",
    "model_id",
    "pair_nights",
    "profile_nights",
    "score_nights",
    "views",
]
