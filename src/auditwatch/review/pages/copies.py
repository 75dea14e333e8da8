"""Evidence packages by the browser: masked at once, full for a reason and with a second person."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from auditwatch.core.errors import AuditwatchError
from auditwatch.review.copies import UNAGREED, makers_of
from auditwatch.review.pages.finding import finding_page, finding_path
from auditwatch.review.visit import Page, Visit

__all__ = ["PAGES"]

#: What can be mended on the page itself: no reason, nobody asked, the same person.
MENDED: Final = ("AW-REVIEW-013", "AW-REVIEW-017", "AW-REVIEW-040")


def take_package(visit: Visit) -> Response:
    """Hand over the archive of a finding; a full one that nobody agreed to yet is asked for."""
    name, full = visit.path["finding_id"], visit.answer("full") == "yes"
    try:
        second = visit.desk.copy(visit.account, name, full=full, reason=visit.answer("reason"))
    except AuditwatchError as error:
        if error.code == UNAGREED:
            return visit.go(finding_path(visit, "asked"))
        if error.code not in MENDED:
            raise
        return finding_page(visit, error)
    archive = visit.site.press.package(visit.desk, name, makers_of(visit.account, second))
    kind = "full" if full else "masked"
    filed = f'attachment; filename="package-{name}-{kind}.zip"'
    return Response(archive, media_type="application/zip", headers={"content-disposition": filed})


def agree_to_package(visit: Visit) -> Response:
    """Agree, as the second person, to the full package that somebody asked for."""
    name, asker = visit.path["finding_id"], visit.answer("asker")
    try:
        visit.desk.agree(visit.account, name, visit.answer("reason"), asker)
    except AuditwatchError as error:
        if error.code not in MENDED:
            raise
        return finding_page(visit, error)
    return visit.go(finding_path(visit, "agreed"))


PAGES: Final = (
    Page("POST", "/findings/{finding_id}/package", "findings", take_package),
    Page("POST", "/findings/{finding_id}/package/agree", "approve", agree_to_package),
)
