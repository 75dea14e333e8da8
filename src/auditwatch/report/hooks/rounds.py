"""One round of all hooks: what each wants is made once, then each is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.report.hooks.news import night_news, ocsf_news
from auditwatch.report.hooks.telling import tell
from auditwatch.report.nightpaper import night_paper
from auditwatch.report.ocsf import ocsf_events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.config import Workspace
    from auditwatch.core.errors import DeliveryError
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.store import Store
    from auditwatch.report.hooks.news import News
    from auditwatch.report.hooks.target import Target

__all__ = ["tell_all"]

STANDING: Final = ("open", "reopened")


def tell_all(
    targets: Sequence[Target], store: Store, lake: Lake, workspace: Workspace, nights: Sequence[str]
) -> list[DeliveryError]:
    """Tell every hook of some nights; return what could not be delivered.

    Parameters
    ----------
    targets : sequence of Target
        As `targets_of` returns them.
    store, lake, workspace : Store, Lake, Workspace
        Where findings and lookups are, and whose.
    nights : sequence of str
        Nights that were judged. When there is none, counts are of the last night ever judged: a
        hook that hears nothing knows that something failed. Findings are told once each, however
        many of these nights they are of.
    """
    shown = max(nights, default="") or max(store.night_tokens(), default="")
    if not shown:
        return []
    made: dict[str, News] = {}
    failed = []
    for target in targets:
        wants = target.hook.send
        if wants not in made:
            made[wants] = (
                night_news(night_paper(store, lake, workspace, shown, workspace.masker()))
                if wants == "night"
                else _findings(store, lake, workspace, nights)
            )
        if made[wants].lines and (error := tell(target, made[wants])):
            failed.append(error)
    return failed


def _findings(store: Store, lake: Lake, workspace: Workspace, nights: Sequence[str]) -> News:
    """Return the findings that some nights brought or added to, masked."""
    published = [store.night(night) for night in nights]
    new = {name for one in published for name in one.new}
    asked = new | {name for one in published for name in one.grown}
    queue = [one for one in store.findings(statuses=STANDING) if one.finding_id in asked]
    return ocsf_news(ocsf_events(store, lake, queue, workspace.masker(), fresh=new))
