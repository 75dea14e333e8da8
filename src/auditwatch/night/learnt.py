"""What the scorer had learnt when it judged a night: read only, nothing is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.core.errors import UsageError
from auditwatch.core.schema import PAIR_NIGHTS
from auditwatch.engine.lake import Lake
from auditwatch.engine.local import LocalEngine
from auditwatch.night.context import context_of
from auditwatch.night.request import Request
from auditwatch.score import LakePast, believed

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
        ``AW-SCORE-004`` that night was not scored, or none was.
    """
    lake = Lake(workspace.lake)
    known = lake.nights(PAIR_NIGHTS)
    asked = night or max(known, default="")
    if asked not in known:
        raise UsageError(
            "this night was not scored" if known else "no night was scored yet",
            code="AW-SCORE-004",
            where=asked[:40],
            expected=f"a night from {known[0]} to {known[-1]}" if known else "",
            hint="scan it first: auditwatch scan",
        )
    context, _ = context_of(workspace, Request())
    with LocalEngine() as engine:
        return asked, believed(asked, LakePast(lake), context, workspace.settings, engine)
