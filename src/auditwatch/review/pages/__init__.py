"""The pages of the desk; each module lists its addresses."""

from __future__ import annotations

from typing import Final

from auditwatch.review.pages import (
    account,
    annual,
    copies,
    finding,
    inquiries,
    overview,
    parties,
    queue,
    rules,
    session,
)

__all__ = ["PAGES"]

PAGES: Final = (
    *session.PAGES,
    *queue.PAGES,
    *finding.PAGES,
    *copies.PAGES,
    *parties.PAGES,
    *inquiries.PAGES,
    *annual.PAGES,
    *rules.PAGES,
    *overview.PAGES,
    *account.PAGES,
)
