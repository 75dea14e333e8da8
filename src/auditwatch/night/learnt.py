"""What the scorer had learnt when it judged a night: read only, nothing is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.core.schema import PAIR_NIGHTS
from auditwatch.engine.lake import Lake
from auditwatch.engine.local import LocalEngine
from auditwatch.night.plan import nights_asked, oldest
from auditwatch.night.request import Request
from auditwatch.night.scan import context_of
from auditwatch.score import believed

if TYPE_CHECKING:
    from auditwatch.config import Workspace
    from auditwatch.score import LookupScorer

__all__ = ["scorer_of"]


def scorer_of(workspace: Workspace, night: str | None) -> tuple[str, LookupScorer]:
    """Return a night that was scored and the scorer as it judged that night.

    Parameters
    ----------
    workspace : Workspace
        Where.
    night : str, optional
        ISO date; the last one that was scored when not given.

    Raises
    ------
    UsageError
        ``AW-SCAN-001`` not a date, ``-002`` no lookups on that night, or on none.
    """
    lake = Lake(workspace.lake)
    known = lake.nights(PAIR_NIGHTS)
    asked = nights_asked(known, night, night)[-1]
    first = oldest(asked, workspace.settings.score.history_nights)
    profiles = lake.read(PAIR_NIGHTS, [one for one in known if first < one <= asked])
    context, _ = context_of(workspace, Request())
    with LocalEngine() as engine:
        return asked, believed(asked, profiles, context, workspace.settings, engine)
