"""What chance alone would have put before the reviewers of a workspace: read only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.core.schema import PAIR_NIGHTS
from auditwatch.engine.lake import Lake
from auditwatch.findings.odds import Chances
from auditwatch.score import views

if TYPE_CHECKING:
    from auditwatch.config import Workspace
    from auditwatch.findings.odds import Odds
    from auditwatch.findings.store import Store

__all__ = ["odds_of"]


def odds_of(workspace: Workspace, store: Store) -> dict[str, Odds]:
    """Return what is stated of each finding that a pattern speaks for.

    Parameters
    ----------
    workspace : Workspace
        Where the profiles are.
    store : Store
        Its findings. Views that were blind on the latest night have no part in it.
    """
    nights = list(store.night_tokens())
    surprises = store.surprises()
    if not nights or not surprises:
        return {}
    rows = Lake(workspace.lake).read(PAIR_NIGHTS, nights, ["night", "operator_id"])
    at_work = rows.group_by(["night", "operator_id"]).aggregate([]).num_rows
    blind = store.night(nights[-1]).summary.blind_views
    learnt = min(len(nights), workspace.settings.score.calibration_nights)
    seeing = sum(view.NAME not in blind for view in views())
    return Chances(at_work, seeing, round(at_work / len(nights) * learnt)).odds(surprises)
