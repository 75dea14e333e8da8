"""The whole in counts, the audit of the auditors, the accounts, and help: no identities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from auditwatch.core.errors import UsageError
from auditwatch.findings import tables
from auditwatch.findings.model import SEVERITIES
from auditwatch.review.accounts import every_account
from auditwatch.review.conduct import ACTIONS, QUESTIONED, conduct_of, said_of, since
from auditwatch.review.queue import TABS, tab_counts
from auditwatch.review.roles import PERMISSIONS, ROLES
from auditwatch.review.statistics import backlog, reviewers
from auditwatch.review.visit import Page, Visit
from auditwatch.review.words import NEXT

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["PAGES"]

LATEST: Final = 40


def show_overview(visit: Visit) -> Response:
    """Show what waits, what was scanned, and the head of the journal."""
    visit.desk.note(visit.account, "view", "", "overview")
    nights, journal = tables.nights, tables.journal
    with visit.desk.reading() as connection:
        scanned = connection.execute(
            select(func.min(nights.c.night), func.max(nights.c.night), func.count())
        ).one()
        head = connection.execute(
            select(journal.c.number, journal.c.digest).order_by(journal.c.number.desc()).limit(1)
        ).first()
        return visit.show(
            "overview",
            counts=tab_counts(connection, visit.account),
            tabs=TABS,
            backlog=backlog(connection),
            severities=SEVERITIES[::-1],
            first=scanned[0],
            last=scanned[1],
            nights=scanned[2],
            head=head,
        )


def show_auditors(visit: Visit) -> Response:
    """Show what reviewers looked at and decided: the audit of the auditors."""
    visit.desk.note(visit.account, "view", "", "auditors")
    table = tables.journal
    query = select(table).order_by(table.c.number.desc()).limit(LATEST)
    with visit.desk.reading() as connection:
        people = reviewers(connection, since(visit.desk.now()))
        rows = connection.execute(query).mappings().all()
    latest = [{**row, "detail": said_of(row["action"], row["detail"])} for row in rows]
    return visit.show("auditors", people=people, latest=latest)


def show_conduct(visit: Visit) -> Response:
    """Show what one account did: all of it, or the list behind one number."""
    name, what = visit.path["account"], visit.query.get("what", "")
    with visit.desk.reading() as connection:
        if name not in {one.account for one in every_account(connection)}:
            raise UsageError("there is nothing here for you", code="AW-REVIEW-021")
        lines = conduct_of(connection, name, what, since(visit.desk.now()))
    told = what if what in {*ACTIONS, *QUESTIONED} else "all"
    visit.desk.note(visit.account, "view", "", f"conduct of {name}: {told}")
    return visit.show("conduct", name=name, what=told, lines=lines)


def show_accounts(visit: Visit) -> Response:
    """Show who may sign in; they are changed from a terminal."""
    visit.desk.note(visit.account, "view", "", "accounts")
    with visit.desk.reading() as connection:
        return visit.show("accounts", accounts=every_account(connection))


def show_help(visit: Visit) -> Response:
    """Show keys, states, roles."""
    return visit.show("help", next=NEXT, roles=ROLES, permissions=PERMISSIONS)


PAGES: Final = (
    Page("GET", "/overview", "overview", show_overview),
    Page("GET", "/auditors", "auditors", show_auditors),
    Page("GET", "/auditors/{account}", "auditors", show_conduct),
    Page("GET", "/accounts", "accounts", show_accounts),
    Page("GET", "/help", "self", show_help),
)
