"""Who may sign in: accounts and their passwords."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, insert, select, update

from auditwatch.core.errors import UsageError
from auditwatch.findings import journal, tables
from auditwatch.review.factors import drop_factor
from auditwatch.review.roles import ROLES, may

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from auditwatch.findings.database import Database

__all__ = [
    "FAILURES_MOST",
    "NOBODY",
    "Account",
    "account_from",
    "account_of",
    "add_account",
    "change_account",
    "every_account",
    "login_of",
    "matches",
    "note",
    "row_of",
    "text_of",
]

PASSWORD_LEAST: Final = 15  # characters, where nothing but a password stands (NIST SP 800-63B)
PASSWORD_MOST: Final = 1024
FAILURES_MOST: Final = 5  # CJIS Security Policy 5.9, AC-7: five tries in 15 minutes
NO_OPERATOR: Final = "-"

#: RFC 9106's second recommended setting: three passes over 64 MiB.
HASHER: Final = PasswordHasher()
#: Two at a time: each takes memory and a core, and a crowd at the door must not take the house.
DOOR: Final = threading.BoundedSemaphore(2)
#: Verified in place of a missing account, so that an unknown name takes as long as a known one.
NOBODY: Final = HASHER.hash(secrets.token_hex())


@dataclass(frozen=True)
class Account:
    """One person who may sign in.

    Parameters
    ----------
    account, name, role : str
        The login, what pages show, and one of `roles.ROLES`.
    operator_ids : tuple of str
        The person's logins in the trails; ``("-",)`` when declared to have none; empty when nobody
        said, and then the person may not review.
    enabled : bool
        Whether the person may sign in.
    locked : bool
        Too many wrong passwords; an administrator lets the person in again.
    """

    account: str
    name: str
    role: str
    operator_ids: tuple[str, ...]
    enabled: bool = True
    locked: bool = False

    @property
    def own(self) -> tuple[str, ...]:
        """The person's logins in the trails."""
        return tuple(one for one in self.operator_ids if one != NO_OPERATOR)

    def may(self, permission: str) -> bool:
        """Tell whether the person has a permission."""
        return self.enabled and may(self.role, permission)


def add_account(
    database: Database,
    account: Account,
    password: str,
    *,
    by: str,
    at: datetime,
) -> None:
    """Add an account, or refuse; the journal tells who did.

    Raises
    ------
    UsageError
        ``AW-REVIEW-001`` unknown role, ``-002`` password too short, ``-003`` taken or no name.
    """
    _refuse_role(account.role)
    hashed = _hashed(password)
    login = login_of(account.account)
    with database.writing() as connection:
        if row_of(connection, login) is not None:
            raise UsageError("there is an account of that name", code="AW-REVIEW-003", where=login)
        connection.execute(
            insert(tables.accounts).values(
                account=login,
                name=account.name or login,
                role=account.role,
                password=hashed,
                operator_ids=msgspec.json.encode(account.operator_ids).decode(),
                enabled=True,
                failures=0,
                failed_at="",
            )
        )
        detail = f"{login} as {account.role}, {_linked(account.operator_ids)}"
        note(connection, at, by, "account", detail)


def change_account(
    database: Database,
    login: str,
    *,
    by: str,
    at: datetime,
    role: str = "",
    password: str = "",
    operator_ids: tuple[str, ...] = (),
    enabled: bool | None = None,
    unlock: bool = False,
    lost_device: bool = False,
) -> None:
    """Change what is given of an account; its sessions end, and the journal tells who did.

    Raises
    ------
    UsageError
        ``AW-REVIEW-001``, ``-002`` as `add_account`, ``-004`` no such account.
    """
    changes: dict[str, Any] = {}
    if role:
        _refuse_role(role)
        changes["role"] = role
    if password:
        changes["password"] = _hashed(password)
    if operator_ids:
        changes["operator_ids"] = msgspec.json.encode(operator_ids).decode()
    if enabled is not None:
        changes["enabled"] = enabled
    if unlock or password:
        changes |= {"failures": 0, "failed_at": ""}
    with database.writing() as connection:
        account_of(connection, login)
        table = tables.accounts
        mine = table.c.account == login_of(login)
        if changes:
            connection.execute(update(table).where(mine).values(**changes))
        _end_all(connection, login_of(login))
        if lost_device:
            drop_factor(connection, login_of(login))
        told = ", ".join(sorted([*changes, *["second factor"] * lost_device])) or "sessions"
        note(connection, at, by, "account", f"{login_of(login)}: changed {told}")


def every_account(connection: Connection) -> list[Account]:
    """Return all accounts by name."""
    rows = connection.execute(select(tables.accounts).order_by(tables.accounts.c.account))
    return [account_from(row) for row in rows.mappings()]


def account_of(connection: Connection, login: str) -> Account:
    """Return one account.

    Raises
    ------
    UsageError
        ``AW-REVIEW-004`` there is none of that name.
    """
    row = row_of(connection, login_of(login))
    if row is None:
        raise UsageError(
            "no such account",
            code="AW-REVIEW-004",
            where=login[:40],
            hint="see them all: auditwatch review user list",
        )
    return account_from(row)


def _end_all(connection: Connection, login: str) -> None:
    """End all sessions of an account."""
    connection.execute(delete(tables.sessions).where(tables.sessions.c.account == login))


def matches(hashed: str, password: str) -> bool:
    """Tell whether a password is the one that was hashed; slow on purpose."""
    with DOOR:
        try:
            return bool(HASHER.verify(hashed, password[:PASSWORD_MOST]))
        except (VerificationError, InvalidHashError):
            return False


def _hashed(password: str) -> str:
    """Return a password's argon2id hash, or refuse a short one."""
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise UsageError(
            "the password is too short or too long",
            code="AW-REVIEW-002",
            expected=f"{PASSWORD_LEAST} to {PASSWORD_MOST:,} characters",
            hint="four unrelated words make a good one",
        )
    with DOOR:
        return HASHER.hash(password)


def _refuse_role(role: str) -> None:
    """Refuse a role that nobody knows."""
    if role not in ROLES:
        raise UsageError(
            "unknown role",
            code="AW-REVIEW-001",
            where=role[:40],
            expected="one of " + ", ".join(ROLES),
        )


def login_of(text: str) -> str:
    """Return a login as it is kept, or refuse one that would not stand in a line of a log."""
    name = text.strip().casefold()
    if not name or len(name) > 64 or not all(c.isalnum() or c in "._@-" for c in name):
        raise UsageError(
            "not a name to sign in with",
            code="AW-REVIEW-003",
            expected="letters, digits and . _ @ - only, 64 at most",
        )
    return name


def row_of(connection: Connection, login: str) -> RowMapping | None:
    """Return the row of an account."""
    table = tables.accounts
    return (
        connection.execute(select(table).where(func.lower(table.c.account) == login))
        .mappings()
        .first()
    )


def account_from(row: RowMapping) -> Account:
    """Return the account that a row keeps."""
    return Account(
        row["account"],
        row["name"],
        row["role"],
        msgspec.json.decode(row["operator_ids"], type=tuple[str, ...]),
        enabled=bool(row["enabled"]),
        locked=row["failures"] >= FAILURES_MOST,
    )


def _linked(operator_ids: tuple[str, ...]) -> str:
    """Say whether an account is linked to logins of the trails, not to which."""
    if not operator_ids:
        return "not linked to an operator"
    return "declared to be no operator" if operator_ids == (NO_OPERATOR,) else "linked"


def note(connection: Connection, at: datetime, actor: str, action: str, detail: str) -> None:
    """Write one line of the journal."""
    journal.append(
        connection, at=text_of(at), actor=actor, action=action, finding_id="", detail=detail
    )


def text_of(at: datetime) -> str:
    """Return an instant as the tables have it."""
    return at.isoformat(timespec="seconds")
