"""The queue, and the acts that fit many findings at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from auditwatch.core.errors import AuditwatchError, UsageError
from auditwatch.core.words import harmless
from auditwatch.findings.model import SEVERITIES, STATUSES
from auditwatch.review.decide import NOTE_LEAST, Act
from auditwatch.review.inquiries import clocks
from auditwatch.review.queue import TABS, Filter, chosen_rows, read_queue, tab_counts
from auditwatch.review.savedlists import drop_list, keep_list, kept_lists
from auditwatch.review.visit import Page, Visit
from auditwatch.review.wanted import wanted_of
from auditwatch.review.words import NEXT, OUTCOME_WORDS, STATES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from auditwatch.core.mask import Masker
    from auditwatch.review.queue import Row

__all__ = ["PAGES", "SETTLED", "asked_list", "list_query", "queue_row"]

#: Parts of a list that its page names; the others have a field of their own.
NARROW: Final = ("status", "outcome", "night")
LIST_PARTS: Final = ("tab", "severity", "kind", "rule", *NARROW)
KINDS: Final = ("policy", "rule", "pattern", "gap")
TOGETHER: Final = 50
#: What the page says was just done.
DONE: Final = {"kept": "The list is kept.", "dropped": "The list is forgotten."}
#: States in which no clock runs.
SETTLED: Final = ("closed", "auto_closed")
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
    asked, account = asked_list(visit), visit.account
    with visit.desk.reading() as connection:
        queue = read_queue(connection, account, visit.desk.circle(account), asked)
        counts = tab_counts(connection, account)
        kept = kept_lists(connection, account.account)
        names = [row.finding.finding_id for row in queue.rows if row.state not in SETTLED]
        times = clocks(connection, names, visit.zone, visit.today)
        wanted = wanted_of(connection, account, visit.desk.circle(account), visit.desk.now())
    told = f"queue {asked.tab}, {len(queue.rows)} findings" + (asked.after and ", further on")
    visit.desk.note(account, "view", "", told)
    masker = visit.desk.workspace.masker()
    ends = [queue.rows[n].finding.finding_id for n in (0, -1)] if queue.rows else ["", ""]
    return visit.show(
        "queue",
        done=DONE.get(visit.query.get("done", ""), ""),
        tabs=TABS,
        counts=counts,
        asked=asked,
        list_query=list_query(asked),
        narrowed=[(name, getattr(asked, name)) for name in NARROW if getattr(asked, name)],
        rows=[queue_row(row, masker) for row in queue.rows],
        clocks=times,
        kept=kept,
        withheld=queue.withheld,
        wanted=wanted,
        before=list_query(asked, before=ends[0]) if queue.earlier and ends[0] else "",
        after=list_query(asked, after=ends[1]) if queue.more and ends[1] else "",
        severities=SEVERITIES[::-1],
        kinds=KINDS,
        bulk_outcomes=BULK_OUTCOMES,
    )


def keep(visit: Visit) -> Response:
    """Give the list a name, or forget one."""
    name, account = visit.answer("name"), visit.account.account
    asked = read_list(dict(parse_qsl(visit.answer("list"), max_num_fields=20)))
    with visit.desk.database.writing() as connection:
        if visit.answer("act") == "drop":
            drop_list(connection, account, name)
            done = "dropped"
        else:
            keep_list(connection, account, name, list_query(asked))
            done = "kept"
    return visit.go(f"/queue?{list_query(asked, done=done)}#done")


def queue_row(row: Row, masker: Masker) -> dict[str, object]:
    """Return one finding as lists show it."""
    finding = row.finding
    first = finding.reasons[0] if finding.reasons else ""
    beyond = first.removeprefix(finding.title)  # what the title says is not said twice
    why = first if beyond == first else f"… {beyond.lstrip(' ,;')}"
    return {
        "finding_id": finding.finding_id,
        "title": harmless(masker.text(finding.title), 200),
        "why": harmless(masker.text(why), 600),
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
    if act != "take" and len(note.strip()) < NOTE_LEAST:
        raise UsageError(
            "one note for all of them is missing or too short",
            code="AW-REVIEW-016",
            expected=f"{NOTE_LEAST} characters or more",
            hint="go back, what you chose is still chosen",
        )
    ends = act == "propose"
    asked = Act(
        act,
        version=0,
        note=note,
        outcome=visit.answer("outcome") if ends else "",
        quality=visit.answer("quality") if ends else "",
    )
    within = list_query(asked_list(visit))
    if visit.answer("sure") != "yes":
        ready, left = _preview(visit, chosen, asked)
        return visit.show("together", ready=ready, left=left, asked=asked, list_query=within)
    titles = {name: title for _, name, title in _preview(visit, chosen, asked)[0]}
    results = [_one(visit, one, asked, titles) for one in chosen]
    return visit.show("together_done", results=results, list_query=within)


def _preview(
    visit: Visit, chosen: Sequence[str], asked: Act
) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """Return what will be done, as answer, id and title; and what is left out, each with why."""
    versions = dict(one.partition(":")[::2] for one in chosen)
    circle, masker = visit.desk.circle(visit.account), visit.desk.workspace.masker()
    with visit.desk.reading() as connection:
        rows = chosen_rows(connection, circle, list(versions))
    found = {row.finding.finding_id: row for row in rows}
    ready, left = [], []
    for name, version in versions.items():
        row = found.get(name)
        if row is None:
            left.append((name[:40], "it is not there for you"))
        elif version != str(row.standing.version):
            left.append((name, "it changed since you saw it"))
        elif asked.act not in NEXT[row.state]:
            left.append((name, f"it is {STATES[row.state]}"))
        else:
            title = harmless(masker.text(row.finding.title), 200)
            ready.append((f"{name}:{version}", name, title))
    return ready, left


def _one(visit: Visit, chosen: str, asked: Act, titles: Mapping[str, str]) -> tuple[str, str]:
    """Do the act on one finding; return its id and what came of it, with its title."""
    name, _, version = chosen.partition(":")
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else -1
    try:
        step = visit.desk.act(visit.account, name, replace(asked, version=seen))
    except AuditwatchError as error:
        return name[:40], f"left out: {error.what}"
    return name, f"{STATES[step.state]} · {titles.get(name, '')}".rstrip(" ·")


def asked_list(visit: Visit) -> Filter:
    """Return the list that the address names."""
    return read_list(visit.query)


def read_list(query: Mapping[str, str]) -> Filter:
    """Return the list that the parts of a query name; what is unknown falls back."""
    known = {"tab": TABS, "severity": SEVERITIES, "kind": KINDS, "status": STATUSES}
    parts = {name: query[name] for name, words in known.items() if query.get(name) in words}
    parts["outcome"] = query["outcome"] if query.get("outcome") in OUTCOME_WORDS else ""
    for name, most in (("rule", 100), ("night", 10), ("after", 40), ("before", 40)):
        parts[name] = query.get(name, "")[:most]
    return msgspec.convert(parts, Filter)


def list_query(asked: Filter, **place: str) -> str:
    """Return the query of a list's page, from its beginning or from a place within."""
    parts = {name: getattr(asked, name) for name in LIST_PARTS}
    return urlencode({name: value for name, value in (parts | place).items() if value})


PAGES: Final = (
    Page("GET", "/queue", "findings", show_queue),
    Page("POST", "/queue/keep", "findings", keep),
    Page("POST", "/queue/act", "work", act_together),
)
