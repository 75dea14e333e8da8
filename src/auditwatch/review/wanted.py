"""Full packages that wait for somebody's agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.review.copies import wishes
from auditwatch.review.queue import chosen_rows

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from auditwatch.review.accounts import Account
    from auditwatch.review.conflict import Circle
    from auditwatch.review.copies import Wish

__all__ = ["wanted_of"]


def wanted_of(connection: Connection, account: Account, circle: Circle, at: datetime) -> list[Wish]:
    """Return what others asked for and nobody agreed to, of findings that are not withheld.

    Parameters
    ----------
    connection : Connection
        To read from.
    account : Account
        Who may agree; nothing waits for whoever may not be a second person.
    circle : Circle
        Whom the person must keep away from.
    at : datetime
        Now, UTC.
    """
    if not account.may("approve"):
        return []
    asked = [
        one for one in wishes(connection, at) if not one.second and one.account != account.account
    ]
    if not asked:
        return []
    rows = chosen_rows(connection, circle, [one.finding_id for one in asked])
    seen = {row.finding.finding_id for row in rows}
    return [one for one in asked if one.finding_id in seen]
