"""Investigations: what is open, how much of the year is left; opening one in the register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.core.words import harmless
from auditwatch.findings import investigations
from auditwatch.findings.investigations import Entry
from auditwatch.review.inquiries import Inquiry, inquiries
from auditwatch.review.visit import Page, Visit, status_of

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["PAGES"]

CLOCK_ACTS: Final = ("toll", "resume")
#: Entry that somebody just wrote to what the page says of it.
DONE: Final = {
    "open": "It is in the register.",
    "toll": "The year stands still.",
    "resume": "The year runs again.",
}


def show_inquiries(visit: Visit) -> Response:
    """Show all investigations, the most pressing first."""
    visit.desk.note(visit.account, "view", "", "investigations")
    found, withheld = _read(visit)
    return visit.show("inquiries", found=found, withheld=withheld)


def show_inquiry(visit: Visit) -> Response:
    """Show one investigation of the register: its entries, its clock."""
    one = _meant(visit)
    visit.desk.note(visit.account, "view", "", f"investigation {one.number}")
    masker = visit.desk.workspace.masker()
    lines = [
        (
            entry,
            masker.name("operator", entry.operator_id),
            harmless(entry.note, 2000) if visit.account.may("investigate") else "",
        )
        for entry in one.entries
    ]
    last, done = one.entries[-1], ""
    if visit.query.get("done") == str(last.number) and last.recorder == visit.account.account:
        done = DONE.get(last.act, "")
    return visit.show("inquiry", one=one, lines=lines, done=done, today=visit.today.isoformat())


def show_register(visit: Visit) -> Response:
    """Show the form that opens an investigation in the register."""
    return _register(visit, None)


def open_inquiry(visit: Visit) -> Response:
    """Open an investigation in the register, with the finding that it takes in, if any."""
    _refuse_unlinked(visit)
    finding, account = visit.answer("finding"), visit.account
    entry = Entry(
        visit.answer("number").strip(),
        "open",
        visit.answer("day"),
        finding_ids=(finding,) if finding else (),
        note=visit.answer("note"),
        recorder=account.account,
    )
    if finding and finding not in _waiting(visit):
        raise UsageError("there is nothing here for you", code="AW-REVIEW-021")
    try:
        with visit.desk.database.writing() as connection:
            written = investigations.record(connection, entry)
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


def _refuse_unlinked(visit: Visit) -> None:
    """Refuse whoever may be one of the operators and never said so."""
    if not visit.account.operator_ids:
        raise RefusedError(
            "nobody said which logins of the trails are yours, so you may not review",
            code="AW-REVIEW-011",
            where=visit.account.account,
        )


def move_clock(visit: Visit) -> Response:
    """Let the clock of an investigation stand still, or run again."""
    one, act = _meant(visit), visit.answer("act")
    if act not in CLOCK_ACTS:
        raise UsageError(
            "this cannot be done to an investigation here",
            code="AW-INVEST-001",
            expected="one of " + ", ".join(CLOCK_ACTS),
        )
    _refuse_unlinked(visit)
    entry = Entry(
        one.number,
        act,
        visit.answer("day"),
        word=visit.answer("ground") if act == "toll" else "",
        note=visit.answer("note"),
        recorder=visit.account.account,
    )
    with visit.desk.database.writing() as connection:
        written = investigations.record(connection, entry)
    return visit.go(_path(written))


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
    Page("POST", "/investigations/{number:path}", "investigate", move_clock),
)
