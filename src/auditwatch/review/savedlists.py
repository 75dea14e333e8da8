"""Lists of the queue that somebody gave a name: each belongs to one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select

from auditwatch.core.errors import UsageError
from auditwatch.findings import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["drop_list", "keep_list", "kept_lists"]

LISTS_MOST: Final = 20
NAME_MOST: Final = 40


def kept_lists(connection: Connection, account: str) -> list[tuple[str, str]]:
    """Return name and address of the lists of an account, by name."""
    table = tables.filters
    query = select(table.c.name, table.c.address).where(table.c.account == account)
    return [(row[0], row[1]) for row in connection.execute(query.order_by(table.c.name))]


def keep_list(connection: Connection, account: str, name: str, address: str) -> None:
    """Give a list a name within the caller's writing transaction; the same name again replaces.

    Raises
    ------
    UsageError
        ``AW-REVIEW-016`` no name, one that is too long, or more lists than a person oversees.
    """
    kept = name.strip()
    if not 0 < len(kept) <= NAME_MOST or not kept.isprintable():
        raise UsageError(
            "a list needs a short name",
            code="AW-REVIEW-016",
            expected=f"1 to {NAME_MOST} printable characters",
        )
    drop_list(connection, account, kept)
    table = tables.filters
    owned = select(func.count()).select_from(table).where(table.c.account == account)
    if connection.execute(owned).scalar_one() >= LISTS_MOST:
        raise UsageError(
            "you have as many lists as one can oversee",
            code="AW-REVIEW-016",
            expected=f"at most {LISTS_MOST}; drop one first",
        )
    connection.execute(insert(table).values(account=account, name=kept, address=address))


def drop_list(connection: Connection, account: str, name: str) -> None:
    """Forget a list within the caller's writing transaction."""
    table = tables.filters
    connection.execute(delete(table).where(table.c.account == account, table.c.name == name))
