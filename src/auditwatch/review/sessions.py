"""Signing in and out: the door, and the sessions that follow."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from auditwatch.core.errors import RefusedError
from auditwatch.findings import tables
from auditwatch.review.accounts import (
    FAILURES_MOST,
    NOBODY,
    account_from,
    login_of,
    matches,
    note,
    row_of,
    text_of,
)
from auditwatch.review.factors import has_factor, take_code

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

    from auditwatch.findings.database import Database
    from auditwatch.review.accounts import Account
    from auditwatch.review.vault import Vault

__all__ = [
    "ABSOLUTE",
    "Session",
    "enter_as",
    "open_session",
    "read_session",
    "sign_in",
    "sign_out",
]

FAILURES_WITHIN: Final = timedelta(minutes=15)
IDLE: Final = timedelta(minutes=30)  # CJIS Security Policy 5.9, AC-11
ABSOLUTE: Final = timedelta(hours=12)


@dataclass(frozen=True)
class Session:
    """A signed-in person.

    Parameters
    ----------
    account : Account
        Who.
    form_token : str
        What every form of this session must send along.
    token : str
        The session's secret, as the cookie has it.
    enrolled : bool
        Whether the account has a second factor here.
    """

    account: Account
    form_token: str
    token: str
    enrolled: bool = False


def sign_in(  # noqa: PLR0917 - what somebody types at the door, and where it is kept
    database: Database, vault: Vault, login: str, password: str, at: datetime, code: str = ""
) -> Account:
    """Return the account that a name, a password and, where it has one, a device's code belong to.

    Parameters
    ----------
    database, vault : Database, Vault
        Whose accounts they are, and what locks their second factors.
    login, password, code : str
        What was typed.
    at : datetime
        Now, UTC.

    Raises
    ------
    ConfigError
        ``AW-REVIEW-043`` the second factor is locked with another key.
    RefusedError
        ``AW-REVIEW-005``: not these, or disabled, or locked; the same words for each, so that
        nobody learns which names there are, nor that a password without its code was right.

    Notes
    -----
    Five failures within 15 minutes lock the account until an administrator unlocks it.
    """
    name = login_of(login)
    with database.reading() as connection:
        row = row_of(connection, name)
        hashed = row["password"] if row is not None else NOBODY
    right = matches(hashed, password)
    with database.writing() as connection:
        row = row_of(connection, name)
        known = row is not None and row["enabled"] and row["failures"] < FAILURES_MOST
        if row is not None:
            right = bool(right and known and take_code(connection, vault, row["account"], code, at))
            _count(connection, row, at, right=right and known)
        if row is not None and known and right:
            note(connection, at, name, "sign in", "")
            return account_from(row)
        note(connection, at, name if row is not None else "unknown", "sign in refused", "")
    raise RefusedError(
        "name, password and code do not go together, or the account is locked",
        code="AW-REVIEW-005",
        hint="after five failures an administrator unlocks: review user change NAME --unlock",
    )


def enter_as(database: Database, login: str, at: datetime, how: str) -> Session:
    """Begin a session for somebody whom another system has signed in.

    Parameters
    ----------
    database : Database
        Whose accounts they are.
    login : str
        As the other system names the person.
    at : datetime
        Now, UTC.
    how : str
        By whose word, for the journal.

    Raises
    ------
    RefusedError
        ``AW-REVIEW-005`` no such account, or one that may not sign in.
    """
    with database.writing() as connection:
        row = row_of(connection, login.strip().casefold())
        known = row is not None and row["enabled"] and row["failures"] < FAILURES_MOST
        actor = row["account"] if row is not None else "unknown"
        note(connection, at, actor, "sign in" if known else "sign in refused", how)
    if row is None or not known:
        raise RefusedError(
            "you are signed in, but there is no account for you here, or it is locked",
            code="AW-REVIEW-005",
            hint="an administrator adds it: auditwatch review user add NAME",
        )
    return open_session(database, account_from(row), at)


def open_session(database: Database, account: Account, at: datetime) -> Session:
    """Begin a session: a new secret at every sign-in, kept here as a digest only."""
    token, form_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with database.writing() as connection:
        oldest = text_of(at - ABSOLUTE)
        connection.execute(delete(tables.sessions).where(tables.sessions.c.opened < oldest))
        connection.execute(
            insert(tables.sessions).values(
                digest=_digest(token),
                account=account.account,
                form_token=form_token,
                opened=text_of(at),
                seen=text_of(at),
            )
        )
    return Session(account, form_token, token)


def read_session(database: Database, token: str, at: datetime) -> Session | None:
    """Return the session of a secret, or None when it ended or its account may not sign in."""
    table = tables.sessions
    mine = table.c.digest == _digest(token)
    with database.reading() as connection:
        row = connection.execute(select(table).where(mine)).mappings().first()
        if row is None or not _alive(row, at):
            return None
        account = row_of(connection, row["account"])
        enrolled = has_factor(connection, row["account"])
    if account is None or not account["enabled"]:
        return None
    if text_of(at - timedelta(minutes=1)) > row["seen"]:  # a write a minute, not one a page
        with database.writing() as connection:
            connection.execute(update(table).where(mine).values(seen=text_of(at)))
    return Session(account_from(account), row["form_token"], token, enrolled)


def sign_out(database: Database, session: Session, at: datetime) -> None:
    """End a session for good."""
    table = tables.sessions
    with database.writing() as connection:
        connection.execute(delete(table).where(table.c.digest == _digest(session.token)))
        note(connection, at, session.account.account, "sign out", "")


def _alive(row: RowMapping, at: datetime) -> bool:
    """Tell whether a session is neither idle for too long nor too old."""
    return bool(row["seen"] > text_of(at - IDLE) and row["opened"] > text_of(at - ABSOLUTE))


def _count(connection: Connection, row: RowMapping, at: datetime, *, right: bool) -> None:
    """Count a wrong password; a right one clears the count, a full count stays until unlocked."""
    if row["failures"] >= FAILURES_MOST:
        return
    recent = row["failed_at"] and row["failed_at"] > text_of(at - FAILURES_WITHIN)
    failures = 0 if right else (row["failures"] if recent else 0) + 1
    failed_at = "" if right else (row["failed_at"] if recent else text_of(at))
    table = tables.accounts
    connection.execute(
        update(table)
        .where(table.c.account == row["account"])
        .values(failures=failures, failed_at=failed_at)
    )


def _digest(token: str) -> str:
    """Return what is kept of a secret of 256 random bits: nobody can go back from it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
