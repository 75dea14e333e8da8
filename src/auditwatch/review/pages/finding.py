"""One finding: why it asks, what speaks against it, the lookups, what is usual, what was done."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from auditwatch.core.clock import zone
from auditwatch.core.errors import AuditwatchError, UsageError
from auditwatch.core.schema import SOURCES, VERDICTS
from auditwatch.core.words import harmless
from auditwatch.findings.shown import LookupShower
from auditwatch.review.copies import wishes
from auditwatch.review.decide import Act, state_of, worked_on
from auditwatch.review.inquiries import clocks
from auditwatch.review.pages.queue import SETTLED, asked_list, list_query
from auditwatch.review.pictures import bands_in_words, draw_nights
from auditwatch.review.queue import neighbours
from auditwatch.review.related import alike_ended, also_about, who_looked
from auditwatch.review.roles import ACT_PERMISSIONS
from auditwatch.review.ruletext import rule_text
from auditwatch.review.statistics import similar
from auditwatch.review.visit import Page, Visit, status_of
from auditwatch.review.words import DID, NEXT, STATES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from auditwatch.core.mask import Masker
    from auditwatch.findings.model import Finding
    from auditwatch.findings.steps import Step
    from auditwatch.review.desk import Desk, Seen

__all__ = ["PAGES", "finding_page", "finding_path"]

SENTENCE_MOST: Final = 600
NO_REASON: Final = "AW-REVIEW-017"
#: What is wrong with a form that can be mended and sent again, and what of it stays.
MENDED: Final = ("AW-REVIEW-013", "AW-REVIEW-014", "AW-REVIEW-015", "AW-REVIEW-016")
GIVEN: Final = ("note", "outcome", "quality", "allegation", "reason")
#: What a page says was just done, beside a step.
DONE: Final = {
    "revealed": "Identities are shown to you for half an hour",
    "asked": "That you ask for a full package is on record; a second person has to agree",
    "agreed": "You agreed: the full package may be taken for a day",
}
RULES_MOST: Final = 4
PICTURES_MOST: Final = 3
LINES_FIRST: Final = 20  # lookups; the others behind a click


def show_finding(visit: Visit) -> Response:
    """Show one finding; the journal has it before the page does."""
    return finding_page(visit, None)


def finding_page(visit: Visit, problem: AuditwatchError | None) -> Response:
    """Show one finding, and above it what was wrong with the form; what was typed stays."""
    desk, account = visit.desk, visit.account
    seen = desk.look(account, visit.path["finding_id"])
    finding, name = seen.finding, seen.finding.finding_id
    until = desk.revealed_until(account, name)
    masker = desk.masker(account, name)
    state = state_of(finding.status, seen.standing)
    asked = asked_list(visit) if "tab" in visit.query else None
    with desk.reading() as connection:
        endings = similar(connection, finding)
        alike = alike_ended(connection, finding, desk.circle(account))
        also = also_about(connection, finding, desk.circle(account))
        looks = who_looked(connection, name)
        running = () if state in SETTLED else (name,)
        clock = clocks(connection, running, visit.zone, visit.today).get(name)
        copies = wishes(connection, desk.now(), name)
        beside = ("", "")
        if asked is not None:
            beside = neighbours(connection, account, desk.circle(account), asked, name)
    return visit.show(
        "finding",
        status_of(problem) if problem is not None else 200,
        problem=problem,
        done=_done(visit, seen.steps),
        moved="done" in visit.query,
        wish=next((one for one in copies if one.account == account.account), None),
        wishes=[one for one in copies if one.account != account.account and not one.second],
        given={name: visit.answer(name) for name in GIVEN},
        list_query=list_query(asked) if asked is not None else "",
        beside=beside,
        clock=clock,
        alike=[(one, _said(title, desk.workspace.masker())) for one, title in alike],
        looks=looks,
        finding=finding,
        title=_said(finding.title, masker),
        decades=f"{finding.priority / 1000:.1f}",
        reasons=[_said(one, masker) for one in finding.reasons],
        against=[_said(one, masker) for one in finding.counter_evidence],
        state=state,
        standing=seen.standing,
        steps=seen.steps,
        proposal=_proposal(seen.steps) if state == "proposed" else None,
        possible=_possible(visit, state, seen),
        rules=_rules(desk, seen),
        lines=_lines(desk, seen, masker),
        pictures=_pictures(desk, seen, masker, also),
        others=_others(desk, finding, masker, also),
        endings=endings,
        revealed_until=until,
        revealed=masker.reveal,
    )


def act_on_finding(visit: Visit) -> Response:
    """Do one act of the form."""
    name = visit.path["finding_id"]
    act = Act(
        act=visit.answer("act"),
        version=visit.number("version"),
        note=visit.answer("note"),
        outcome=visit.answer("outcome"),
        quality=visit.answer("quality"),
        allegation=visit.answer("allegation"),
        actions=visit.form.get("actions", ()),
    )
    try:
        step = visit.desk.act(visit.account, name, act)
    except AuditwatchError as error:
        if error.code not in MENDED:
            raise
        return finding_page(visit, error)
    return visit.go(finding_path(visit, str(step.number)))


def reveal_finding(visit: Visit) -> Response:
    """Show the identities of this finding to this person for half an hour."""
    name = visit.path["finding_id"]
    try:
        visit.desk.reveal(visit.account, name, visit.answer("reason"))
    except UsageError as error:
        if error.code != NO_REASON:
            raise
        return finding_page(visit, error)
    return visit.go(finding_path(visit, "revealed"))


def finding_path(visit: Visit, done: str) -> str:
    """Return the way back to a finding, within its list, to the words about what was done."""
    place = {"done": done}
    query = list_query(asked_list(visit), **place) if "tab" in visit.query else urlencode(place)
    return f"/findings/{visit.path['finding_id']}?{query}#done"


def _done(visit: Visit, steps: Sequence[Step]) -> str:
    """Return what this person just did here, said by the record and not by the address."""
    done = visit.query.get("done", "")
    last = steps[-1] if steps else None
    mine = last is not None and last.actor == visit.account.account
    if last is not None and mine and done == str(last.number):
        return f"{DID[last.act]}. Now: {STATES[last.state]}."
    return f"{DONE[done]}." if done in DONE else ""


def _proposal(steps: Sequence[Step]) -> Step | None:
    """Return what waits for a second person; remarks made since are none."""
    return next((one for one in reversed(steps) if one.act in {"propose", "conclude"}), None)


def _said(sentence: str, masker: Masker) -> str:
    """Return a sentence as shown."""
    return harmless(masker.text(sentence), SENTENCE_MOST)


def _possible(visit: Visit, state: str, seen: Seen) -> list[str]:
    """Return the acts that this person may do now, by role and state."""
    acts = [*NEXT[state], "comment"]
    mine = seen.standing.assignee == visit.account.account and state == "in_triage"
    allowed = [act for act in acts if visit.account.may(ACT_PERMISSIONS[act])]
    if worked_on(visit.account, seen.steps):  # the second person is somebody else
        allowed = [act for act in allowed if act not in {"approve", "return"}]
    return [act for act in allowed if not (act == "take" and mine)]


def _rules(desk: Desk, seen: Seen) -> list[dict[str, Any]]:
    """Return the rules and statements that speak, each as in its file, with what was missing."""
    missing = _missing(desk, seen)
    found: list[dict[str, Any]] = []
    spoken = dict.fromkeys(
        piece.source_id for piece in seen.pieces if piece.source in {"policy", "rule"}
    )
    for name in list(spoken)[:RULES_MOST]:
        text = rule_text(desk.workspace.rules, name, missing.get(name, ""))
        found.append({"rule_id": name, "text": text, "missing": missing.get(name, "")})
    return found


def _missing(desk: Desk, seen: Seen) -> dict[str, str]:
    """Return what each statement found missing in these lookups."""
    wanted = [piece.source_id for piece in seen.pieces if piece.source == "policy"]
    if not wanted:
        return {}
    columns = ("statement_id", "missing")
    rows = desk.lake.pick(VERDICTS, "event_id", seen.finding.event_ids, seen.finding.days, columns)
    return {row["statement_id"]: row["missing"] or "" for row in rows.to_pylist()}


def _lines(desk: Desk, seen: Seen, masker: Masker) -> dict[str, Any]:
    """Return the lookups as shown, each with the file and line where it stands."""
    rows = seen.evidence.lookups.to_pylist()
    heads = [row for row in rows if row["event_id"] == row["lookup_id"]]
    columns = ("source_id", "name")
    names = {
        row["source_id"]: row["name"] for row in desk.lake.read(SOURCES, None, columns).to_pylist()
    }
    local = zone(desk.workspace.settings.agency.timezone)
    shown = LookupShower(local, masker).lines(seen.evidence.lookups)
    token, finding = desk.workspace.masker(), seen.finding
    placed = [
        (
            line,
            f"{harmless(names.get(row['source_id']) or '', 80)}:{row['line']}",
            _linked(token, "operator", row["operator_id"], finding.operator_ids),
            _linked(token, "subject", row["subject_id"], finding.subject_ids),
        )
        for line, row in zip(shown, heads, strict=True)
    ]
    return {
        "first": placed[:LINES_FIRST],
        "rest": placed[LINES_FIRST:],
        "shown": len(placed),
        "more": seen.evidence.total - len(placed),
    }


def _linked(token: Masker, kind: str, identity: str | None, meant: Sequence[str]) -> str:
    """Return the pseudonym of whom the finding means, who has a page; else empty."""
    return token.name(kind, identity) if identity in meant else ""


def _pictures(
    desk: Desk, seen: Seen, masker: Masker, also: Mapping[str, int]
) -> list[dict[str, object]]:
    """Return the nights of the first operators of a finding."""
    finding, nights = seen.finding, defaultdict(set)
    for row in seen.evidence.lookups.select(["operator_id", "night"]).to_pylist():
        nights[row["operator_id"]].add(row["night"])
    found: list[dict[str, object]] = []
    profiles = desk.profiles
    for name in finding.operator_ids[:PICTURES_MOST]:
        about = profiles.nights_of(name, finding.night)
        found.append(
            {
                "operator": masker.name("operator", name),
                "token": desk.workspace.masker().name("operator", name),
                "also": also.get(name, 0),
                "picture": draw_nights(about, frozenset(nights[name])),
                "words": bands_in_words(about),
                "numbers": [
                    pair for pair in zip(about.nights, about.lookups, strict=True) if pair[1]
                ],
                "first": about.nights[0],
                "last": about.nights[-1],
            }
        )
    return found


def _others(
    desk: Desk, finding: Finding, masker: Masker, also: Mapping[str, int]
) -> list[dict[str, object]]:
    """Return who else looked at the first subjects of a finding."""
    profiles = desk.profiles
    subjects = finding.subject_ids[:PICTURES_MOST]
    looked = {name: profiles.lookers(name, finding.night) for name in subjects}
    token, known = desk.workspace.masker(), desk.tokens
    return [
        {
            "subject": masker.name("subject", subject),
            "token": token.name("subject", subject),
            "also": also.get(subject, 0),
            "people": [
                (
                    masker.name("operator", one.operator_id),
                    page if (page := token.name("operator", one.operator_id)) in known else "",
                    one.operator_id in finding.operator_ids,
                    one,
                )
                for one in people[:12]
            ],
            "more": max(len(people) - 12, 0),
        }
        for subject, people in looked.items()
    ]


PAGES: Final = (
    Page("GET", "/findings/{finding_id}", "findings", show_finding),
    Page("POST", "/findings/{finding_id}/act", "findings", act_on_finding),
    Page("POST", "/findings/{finding_id}/reveal", "reveal", reveal_finding),
)
