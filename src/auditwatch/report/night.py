"""The night report: one page that a captain reads in the morning, opened from disk or printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.core.clock import zone
from auditwatch.core.files import write_atomic
from auditwatch.core.words import long_day
from auditwatch.findings.lookups import lookups_of_all
from auditwatch.report.account import LINES, account_of, verdict_shares
from auditwatch.report.cards import CardMaker
from auditwatch.report.holes import holes_of, is_hole
from auditwatch.report.nightpaper import night_numbers
from auditwatch.report.nightseen import expected_sources
from auditwatch.report.pages import environment, kind_of
from auditwatch.report.pictures import bar

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.config import Workspace
    from auditwatch.core.mask import Masker
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.model import Finding
    from auditwatch.findings.store import PublishedNight, Store

__all__ = ["write_night"]

OPEN: Final = ("open", "reopened")
ASKING: Final = ("policy", "rule", "pattern")
ALSO_MAX: Final = 10


@dataclass(frozen=True)
class Tally:
    """Numbers of the one-sentence summary; gaps are counted apart."""

    new: int
    grown: int
    open: int


def write_night(store: Store, lake: Lake, workspace: Workspace, night: str, masker: Masker) -> Path:
    """Write the report of one night.

    Parameters
    ----------
    store : Store
        Where findings are.
    lake : Lake
        Where lookups, sources and rejects are.
    workspace : Workspace
        Whose night it is; says how many findings its reviewers can read in a week.
    night : str
        ISO date of a published night.
    masker : Masker
        Shows or masks identities.

    Returns
    -------
    Path
        ``night-YYYY-MM-DD.html`` in the workspace's reports.

    Raises
    ------
    UsageError
        ``AW-FINDINGS-007`` when the night was not published.

    Notes
    -----
    One file without script and without any request; the same findings, lookups and decisions give
    the same bytes.
    """
    published = store.night(night)
    settings = workspace.settings
    queue = store.findings(statuses=OPEN, kinds=ASKING, limit=settings.review.findings_per_week)
    tonight = store.findings(night=night, kinds=ASKING)
    maker = CardMaker(
        night, zone(settings.agency.timezone), masker, set(published.new), set(published.grown)
    )
    lookups = lookups_of_all(queue, lake)
    cards = [
        maker.card(rank, finding, lookups[finding.finding_id])
        for rank, finding in enumerate(queue, start=1)
    ]
    shown = {finding.finding_id for finding in queue}
    also = [one for one in tonight if one.finding_id not in shown and one.status in OPEN]
    missing = [one for one in store.findings(night=night, kinds=("gap",)) if is_hole(one)]
    gaps = store.findings(statuses=OPEN, kinds=("gap",))
    seen = {one.finding_id for one in missing}
    page = (
        environment()
        .get_template("night.html.j2")
        .render(
            agency=settings.agency,
            budget=settings.review.findings_per_week,
            published=published,
            day=long_day(night),
            latest=max(store.night_tokens()),
            account=account_of(night, lake, published.summary, missing),
            columns=LINES,
            expected=expected_sources(lake, night, settings.sources),
            tally=_tally(store, published, tonight),
            cards=cards,
            also=[(one.finding_id, maker.title(one), maker.tags(one)) for one in also[:ALSO_MAX]],
            more_also=max(len(also) - ALSO_MAX, 0),
            gaps=[(one.finding_id, maker.title(one)) for one in gaps if not is_hole(one)],
            holes=holes_of(missing, masker, published.new, published.grown),
            older_holes=holes_of(
                [one for one in gaps if one.finding_id not in seen], masker, (), ()
            ),
            shares=verdict_shares(published.summary),
            bar=bar,
            numbers=night_numbers(store, lake, workspace, tonight, published),
            kind_of=kind_of,
            journal_head=store.journal_head(),
            revealed=masker.reveal,
        )
    )
    path = workspace.reports / f"night-{night}.html"
    write_atomic(path, page.encode("utf-8"))
    return path


def _tally(store: Store, published: PublishedNight, tonight: list[Finding]) -> Tally:
    """Count what the summary says."""
    ids = {finding.finding_id for finding in tonight}
    counts = store.counts()
    return Tally(
        new=len(ids & set(published.new)),
        grown=len(ids & set(published.grown)),
        open=sum(n for (kind, status), n in counts.items() if kind != "gap" and status in OPEN),
    )
