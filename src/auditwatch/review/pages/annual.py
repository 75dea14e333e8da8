"""The draft of the yearly report: read only, masked, without what concerns its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from auditwatch.findings import tables
from auditwatch.review.inquiries import kept_from
from auditwatch.review.press import without
from auditwatch.review.visit import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["PAGES"]

YEARS_MOST: Final = 8


def show_annual(visit: Visit) -> Response:
    """Show the draft of a year as it would be filed now, and what stands in the way."""
    years = _years(visit)
    asked = visit.query.get("year", "")
    year = next((one for one in years if str(one) == asked), years[min(1, len(years) - 1)])
    visit.desk.note(visit.account, "view", "", f"draft of {year}")
    with visit.desk.reading() as connection:
        names = kept_from(connection, visit.desk.circle(visit.account))
    sheet, left_out = without(visit.site.press.annual(visit.desk, year), names)
    return visit.show("annual", sheet=sheet, left_out=left_out, year=year, years=years)


def _years(visit: Visit) -> list[int]:
    """Return the years that a report may be due for, the current one first."""
    nights, register = tables.nights, tables.investigations
    with visit.desk.reading() as connection:
        found = [
            connection.execute(select(func.min(column))).scalar()
            for column in (nights.c.night, register.c.day)
        ]
    now = visit.today.year
    first = min([now, *(int(one[:4]) for one in found if one)])
    return list(range(now, max(first, now - YEARS_MOST + 1) - 1, -1))


PAGES: Final = (Page("GET", "/annual", "annual", show_annual),)
