"""The queue, and the acts that fit many findings at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from auditwatch.core.errors import AuditwatchError, UsageError
from auditwatch.core.words import harmless
from auditwatch.findings.model import SEVERITIES
from auditwatch.review.decide import Act
from auditwatch.review.queue import TABS, Filter, read_queue, tab_counts
from auditwatch.review.visit import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

    from auditwatch.core.mask import Masker
    from auditwatch.review.queue import Row

__all__ = ["PAGES", "queue_row"]

KINDS: Final = ("policy", "rule", "pattern", "gap")
TOGETHER: Final = 50
#: Acts that many findings may take together: never one that says that somebody did wrong.
BULK: Final = ("take", "ask", "propose")
BULK_OUTCOMES: Final = (
    "cleared_authorised",
    "cleared_explained",
    "cleared_data_error",
    "duplicate",
    "withdrawn_rule_error",
)


def show_queue(visit: Visit) -> Response:
    """Show one page of the queue."""
    asked, account = _asked(visit), visit.account
    with visit.desk.reading() as connection:
        queue = read_queue(connection, account, visit.desk.circle(account), asked)
        counts = tab_counts(connection, account)
    told = f"queue {asked.tab}, page {asked.page}, {len(queue.rows)} findings"
    visit.desk.note(account, "view", "", told)
    masker = visit.desk.workspace.masker()
    return visit.show(
        "queue",
        tabs=TABS,
        counts=counts,
        asked=asked,
        rows=[queue_row(row, masker) for row in queue.rows],
        withheld=queue.withheld,
        before=_address(asked, asked.page - 1) if asked.page > 1 else "",
        after=_address(asked, asked.page + 1) if queue.more else "",
        severities=SEVERITIES[::-1],
        kinds=KINDS,
        bulk_outcomes=BULK_OUTCOMES,
    )


def queue_row(row: Row, masker: Masker) -> dict[str, object]:
    """Return one finding as lists show it."""
    finding = row.finding
    first = finding.reasons[0] if finding.reasons else ""
    return {
        "finding_id": finding.finding_id,
        "title": harmless(masker.text(finding.title), 200),
        "why": harmless(masker.text(first), 600),
        "more": max(len(finding.reasons) - 1, 0),
        "severity": finding.severity,
        "decades": f"{finding.priority / 1000:.1f}",
        "night": finding.night,
        "lookups": len(finding.event_ids),
        "state": row.state,
        "assignee": row.standing.assignee,
        "outcome": row.standing.outcome if row.state in {"closed", "proposed"} else "",
        "version": row.standing.version,
        "rule_id": finding.rule_id,
    }


def act_together(visit: Visit) -> Response:
    """Preview one act on the chosen findings, then do it: each by itself, each on record."""
    chosen = visit.form.get("finding", ())
    act, note = visit.answer("act"), visit.answer("note")
    if act not in BULK or (act == "propose" and visit.answer("outcome") not in BULK_OUTCOMES):
        raise UsageError(
            "this cannot be done to many findings at once",
            code="AW-REVIEW-016",
            expected="take, ask, or an outcome that clears",
        )
    if not 0 < len(chosen) <= TOGETHER:
        raise UsageError(
            "choose some findings", code="AW-REVIEW-016", expected=f"1 to {TOGETHER} of them"
        )
    ends = act == "propose"
    asked = Act(
        act,
        version=0,
        note=note,
        outcome=visit.answer("outcome") if ends else "",
        quality=visit.answer("quality") if ends else "",
    )
    if visit.answer("sure") != "yes":
        return visit.show(
            "together", chosen=[one.partition(":")[0] for one in chosen], raw=chosen, asked=asked
        )
    results = [_one(visit, one, asked) for one in chosen]
    return visit.show("together_done", results=results)


def _one(visit: Visit, chosen: str, asked: Act) -> tuple[str, str]:
    """Do the act on one finding; return its id and what came of it."""
    name, _, version = chosen.partition(":")
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else -1
    try:
        step = visit.desk.act(visit.account, name, replace(asked, version=seen))
    except AuditwatchError as error:
        return name[:40], f"left out: {error.what}"
    return name, step.state


def _asked(visit: Visit) -> Filter:
    """Return the filter that the address names; what is unknown falls back."""
    query = visit.query
    page = query.get("page", "1")
    whole = page.isascii() and page.isdigit() and 0 < len(page) < 6
    return Filter(
        tab=query["tab"] if query.get("tab") in TABS else "new",
        severity=query["severity"] if query.get("severity") in SEVERITIES else "",
        kind=query["kind"] if query.get("kind") in KINDS else "",
        rule=query.get("rule", "")[:100],
        page=max(int(page), 1) if whole else 1,
    )


def _address(asked: Filter, page: int) -> str:
    """Return the address of another page of the same list."""
    parts = {"tab": asked.tab, "severity": asked.severity, "kind": asked.kind, "rule": asked.rule}
    return "/queue?" + urlencode({**{k: v for k, v in parts.items() if v}, "page": page})


PAGES: Final = (
    Page("GET", "/queue", "findings", show_queue),
    Page("POST", "/queue/act", "work", act_together),
)
