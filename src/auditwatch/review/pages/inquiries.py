"""Investigations: what is open, how much of the year is left; keeping the register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import UsageError
from auditwatch.core.words import harmless
from auditwatch.findings.investigations import Entry, waiting
from auditwatch.findings.rows import read_finding
from auditwatch.findings.steps import standing_of
from auditwatch.review.inquiries import Inquiry, inquiries
from auditwatch.review.register import keep, persons_of, settle
from auditwatch.review.visit import Page, Visit, status_of
from auditwatch.review.words import DONE
from auditwatch.review.yearclock import pauses_of

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["PAGES"]

#: Acts of the form of an investigation; whoever opens one does so on another page.
ACTS: Final = ("person", "action", "conclude", "reopen", "toll", "resume")
SECOND: Final = {"agree": True, "decline": False}


def show_inquiries(visit: Visit) -> Response:
    """Show all investigations, the most pressing first."""
    visit.desk.note(visit.account, "view", "", "investigations")
    found, withheld = _read(visit)
    return visit.show("inquiries", found=found, withheld=withheld)


def show_inquiry(visit: Visit) -> Response:
    """Show one investigation of the register: what is known, its clock, and the forms."""
    one = _meant(visit)
    visit.desk.note(visit.account, "view", "", f"investigation {one.number}")
    return _inquiry(visit, one, None)


def _inquiry(visit: Visit, one: Inquiry, problem: UsageError | None) -> Response:
    """Show an investigation, and above it what was wrong with a form; what was typed stays."""
    name, me = visit.desk.workspace.masker().name, visit.account
    with visit.desk.reading() as connection:
        standing = {known: standing_of(connection, known).state for known in one.finding_ids}
    open_points = waiting(one.entries)
    last, done = one.entries[-1], ""
    if visit.query.get("done") == str(last.number) and last.recorder == me.account:
        done = DONE[last.act]
    asked = {entry.number for entry in open_points if me.may("approve")}
    lines = [
        (
            entry,
            name("operator", entry.operator_id),
            harmless(entry.note, 2000) if me.may("investigate") or entry.number in asked else "",
        )
        for entry in one.entries
    ]
    fields = ("act", "entry", "who", "other", "word", "day", "queries", "note")
    return visit.show(
        "inquiry",
        status_of(problem) if problem is not None else 200,
        problem=problem,
        one=one,
        standing=standing,
        lines=lines,
        waiting={entry.number for entry in open_points},
        persons=[(name("operator", who.operator_id), who) for who in persons_of(one.entries)],
        choices=sorted(_choices(visit, one)),
        pauses=pauses_of(one.entries),
        done=done,
        given={field: visit.answer(field) for field in fields},
        today=visit.today.isoformat(),
    )


def _choices(visit: Visit, one: Inquiry) -> dict[str, str]:
    """Return whom an investigation may be about as far as is known: pseudonym to operator."""
    known = {entry.operator_id for entry in one.entries if entry.operator_id}
    with visit.desk.reading() as connection:
        for finding_id in one.finding_ids:
            known |= set(read_finding(connection, finding_id).operator_ids)
    name = visit.desk.workspace.masker().name
    return {name("operator", operator): operator for operator in known}


def show_register(visit: Visit) -> Response:
    """Show the form that opens an investigation in the register."""
    return _register(visit, None)


def open_inquiry(visit: Visit) -> Response:
    """Open an investigation in the register, with the finding that it takes in, if any."""
    finding = visit.answer("finding")
    entry = Entry(
        visit.answer("number").strip(),
        "open",
        visit.answer("day"),
        finding_ids=(finding,) if finding else (),
        note=visit.answer("note"),
    )
    if finding and finding not in _waiting(visit):
        raise UsageError("there is nothing here for you", code="AW-REVIEW-021")
    try:
        written = keep(visit.desk, visit.account, entry)
    except UsageError as error:
        return _register(visit, error)
    return visit.go(_path(written))


def _register(visit: Visit, problem: UsageError | None) -> Response:
    """Show the form, and above it what was wrong with it; what was typed stays."""
    finding = visit.answer("finding") or visit.query.get("finding", "")
    return visit.show(
        "register",
        status_of(problem) if problem is not None else 200,
        problem=problem,
        waiting=_waiting(visit),
        finding=finding,
        number=visit.answer("number"),
        day=visit.answer("day"),
        note=visit.answer("note"),
        today=visit.today.isoformat(),
    )


def _waiting(visit: Visit) -> list[str]:
    """Return the findings under investigation that the register has not taken in yet."""
    return [one.finding_ids[0] for one in _read(visit)[0] if not one.number]


def _path(entry: Entry) -> str:
    """Return the way to an investigation, to the words about an entry just written."""
    return f"/investigations/{entry.investigation_id}?done={entry.number}#done"


def write_entry(visit: Visit) -> Response:
    """Write into the register of an investigation; what needs a second person is proposed."""
    one, act = _meant(visit), visit.answer("act")
    try:
        written = keep(visit.desk, visit.account, _entry(visit, one, act), visit.number("version"))
    except UsageError as error:
        return _inquiry(visit, one, error)
    return visit.go(_path(written))


def _entry(visit: Visit, one: Inquiry, act: str) -> Entry:
    """Return what a form says."""
    if act not in ACTS:
        raise UsageError(
            "this cannot be done to an investigation here",
            code="AW-INVEST-001",
            expected="one of " + ", ".join(ACTS),
        )
    word = visit.answer("word") if act not in {"reopen", "resume"} else ""
    counted = act == "conclude" and word == "confirmed"
    return Entry(
        one.number,
        act,
        visit.answer("day"),
        operator_id=_operator(visit, one) if act in {"person", "action"} else "",
        word=word,
        queries=visit.number("queries") if counted else 0,
        note=visit.answer("note"),
    )


def _operator(visit: Visit, one: Inquiry) -> str:
    """Return whom a form is about: one of those known, or another by login or pseudonym."""
    chosen, other = visit.answer("who"), visit.answer("other").strip()
    if bool(chosen) == bool(other):
        raise UsageError(
            "one person is needed: one of the list, or another by login",
            code="AW-INVEST-001",
            where=one.number,
            expected="one of the two answers, not both",
        )
    known = _choices(visit, one)
    if chosen and chosen not in known:
        raise UsageError("there is nothing here for you", code="AW-REVIEW-021")
    return known.get(chosen) or known.get(other) or visit.desk.behind("operator", other) or other


def settle_entry(visit: Visit) -> Response:
    """Agree to a proposal of the register, or decline it, as the second person."""
    one = _meant(visit)
    try:
        written = settle(
            visit.desk,
            visit.account,
            (one.number, visit.number("entry")),
            agreed=_agreed(visit.answer("act")),
            note=visit.answer("note"),
        )
    except UsageError as error:
        return _inquiry(visit, one, error)
    return visit.go(_path(written))


def _agreed(act: str) -> bool:
    """Return what a second person says."""
    if act not in SECOND:
        raise UsageError(
            "a second person agrees or declines",
            code="AW-INVEST-001",
            expected="one of " + ", ".join(SECOND),
        )
    return SECOND[act]


def _read(visit: Visit) -> tuple[list[Inquiry], int]:
    """Return the investigations that the visitor may see, and how many are withheld."""
    circle = visit.desk.circle(visit.account)
    with visit.desk.reading() as connection:
        return inquiries(connection, circle, visit.zone, visit.today)


def _meant(visit: Visit) -> Inquiry:
    """Return the investigation of the address; what is withheld is not there."""
    found, _ = _read(visit)
    number = visit.path["number"]
    meant = [one for one in found if one.number and one.number == number]
    if not meant:
        raise UsageError("there is nothing here for you", code="AW-REVIEW-021")
    return meant[0]


PAGES: Final = (
    Page("GET", "/investigations", "findings", show_inquiries),
    Page("GET", "/register", "investigate", show_register),
    Page("POST", "/register", "investigate", open_inquiry),
    Page("GET", "/investigations/{number:path}", "findings", show_inquiry),
    Page("POST", "/investigations/{number:path}", "investigate", write_entry),
    Page("POST", "/agreements/{number:path}", "approve", settle_entry),
)
