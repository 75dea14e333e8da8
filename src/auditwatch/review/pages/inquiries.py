"""Investigations: what is open, how much of the year is left, where it stands still and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.core.words import harmless
from auditwatch.findings import investigations
from auditwatch.findings.investigations import Entry
from auditwatch.review.inquiries import Inquiry, inquiries
from auditwatch.review.visit import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["PAGES"]

CLOCK_ACTS: Final = ("toll", "resume")


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
    return visit.show("inquiry", one=one, lines=lines, today=visit.today.isoformat())


def move_clock(visit: Visit) -> Response:
    """Let the clock of an investigation stand still, or run again."""
    one, act = _meant(visit), visit.answer("act")
    if act not in CLOCK_ACTS:
        raise UsageError(
            "this cannot be done to an investigation here",
            code="AW-INVEST-001",
            expected="one of " + ", ".join(CLOCK_ACTS),
        )
    if not visit.account.operator_ids:
        raise RefusedError(
            "nobody said which logins of the trails are yours, so you may not review",
            code="AW-REVIEW-011",
            where=visit.account.account,
        )
    entry = Entry(
        one.number,
        act,
        visit.answer("day"),
        word=visit.answer("ground") if act == "toll" else "",
        note=visit.answer("note"),
        recorder=visit.account.account,
    )
    with visit.desk.database.writing() as connection:
        investigations.record(connection, entry)
    return visit.go(f"/investigations/{one.number}")


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
    Page("GET", "/investigations/{number:path}", "findings", show_inquiry),
    Page("POST", "/investigations/{number:path}", "investigate", move_clock),
)
