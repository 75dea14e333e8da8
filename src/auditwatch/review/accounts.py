"""Who may sign in: accounts, their passwords, and the sessions that follow."""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, insert, select, update

from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.findings import journal, tables
from auditwatch.review.factors import drop_factor, has_factor, take_code
from auditwatch.review.roles import ROLES, may

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

    from auditwatch.findings.database import Database

__all__ = [
    "ABSOLUTE",
    "Account",
    "Session",
    "account_of",
    "add_account",
    "change_account",
    "enter_as",
    "every_account",
    "open_session",
    "read_session",
    "sign_in",
    "sign_out",
]

PASSWORD_LEAST: Final = 15  # characters, where nothing but a password stands (NIST SP 800-63B)
PASSWORD_MOST: Final = 1024
FAILURES_MOST: Final = 5  # CJIS Security Policy 5.9, AC-7: five tries in 15 minutes
FAILURES_WITHIN: Final = timedelta(minutes=15)
IDLE: Final = timedelta(minutes=30)  # CJIS Security Policy 5.9, AC-11
ABSOLUTE: Final = timedelta(hours=12)
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
    login = _login(account.account)
    with database.writing() as connection:
        if _row(connection, login) is not None:
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
        _note(connection, at, by, "account", detail)


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
        mine = table.c.account == _login(login)
        if changes:
            connection.execute(update(table).where(mine).values(**changes))
        _end_all(connection, _login(login))
        if lost_device:
            drop_factor(connection, _login(login))
        told = ", ".join(sorted([*changes, *["second factor"] * lost_device])) or "sessions"
        _note(connection, at, by, "account", f"{_login(login)}: changed {told}")


def every_account(connection: Connection) -> list[Account]:
    """Return all accounts by name."""
    rows = connection.execute(select(tables.accounts).order_by(tables.accounts.c.account))
    return [_account(row) for row in rows.mappings()]


def account_of(connection: Connection, login: str) -> Account:
    """Return one account.

    Raises
    ------
    UsageError
        ``AW-REVIEW-004`` there is none of that name.
    """
    row = _row(connection, _login(login))
    if row is None:
        raise UsageError(
            "no such account",
            code="AW-REVIEW-004",
            where=login[:40],
            hint="see them all: auditwatch review user list",
        )
    return _account(row)


def sign_in(database: Database, login: str, password: str, at: datetime, code: str = "") -> Account:
    """Return the account that a name, a password and, where it has one, a device's code belong to.

    Raises
    ------
    RefusedError
        ``AW-REVIEW-005``: not these, or disabled, or locked; the same words for each, so that
        nobody learns which names there are, nor that a password without its code was right.

    Notes
    -----
    Five failures within 15 minutes lock the account until an administrator unlocks it.
    """
    name = _login(login)
    with database.reading() as connection:
        row = _row(connection, name)
        hashed = row["password"] if row is not None else NOBODY
    right = _matches(hashed, password)
    with database.writing() as connection:
        row = _row(connection, name)
        known = row is not None and row["enabled"] and row["failures"] < FAILURES_MOST
        if row is not None:
            right = bool(right and known and take_code(connection, row["account"], code, at))
            _count(connection, row, at, right=right and known)
        if row is not None and known and right:
            _note(connection, at, name, "sign in", "")
            return _account(row)
        _note(connection, at, name if row is not None else "unknown", "sign in refused", "")
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
        row = _row(connection, login.strip().casefold())
        known = row is not None and row["enabled"] and row["failures"] < FAILURES_MOST
        actor = row["account"] if row is not None else "unknown"
        _note(connection, at, actor, "sign in" if known else "sign in refused", how)
    if row is None or not known:
        raise RefusedError(
            "you are signed in, but there is no account for you here, or it is locked",
            code="AW-REVIEW-005",
            hint="an administrator adds it: auditwatch review user add NAME",
        )
    return open_session(database, _account(row), at)


def open_session(database: Database, account: Account, at: datetime) -> Session:
    """Begin a session: a new secret at every sign-in, kept here as a digest only."""
    token, form_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with database.writing() as connection:
        oldest = _text(at - ABSOLUTE)
        connection.execute(delete(tables.sessions).where(tables.sessions.c.opened < oldest))
        connection.execute(
            insert(tables.sessions).values(
                digest=_digest(token),
                account=account.account,
                form_token=form_token,
                opened=_text(at),
                seen=_text(at),
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
        account = _row(connection, row["account"])
        enrolled = has_factor(connection, row["account"])
    if account is None or not account["enabled"]:
        return None
    if _text(at - timedelta(minutes=1)) > row["seen"]:  # a write a minute, not one a page
        with database.writing() as connection:
            connection.execute(update(table).where(mine).values(seen=_text(at)))
    return Session(_account(account), row["form_token"], token, enrolled)


def sign_out(database: Database, session: Session, at: datetime) -> None:
    """End a session for good."""
    table = tables.sessions
    with database.writing() as connection:
        connection.execute(delete(table).where(table.c.digest == _digest(session.token)))
        _note(connection, at, session.account.account, "sign out", "")


def _alive(row: RowMapping, at: datetime) -> bool:
    """Tell whether a session is neither idle for too long nor too old."""
    return bool(row["seen"] > _text(at - IDLE) and row["opened"] > _text(at - ABSOLUTE))


def _end_all(connection: Connection, login: str) -> None:
    """End all sessions of an account."""
    connection.execute(delete(tables.sessions).where(tables.sessions.c.account == login))


def _count(connection: Connection, row: RowMapping, at: datetime, *, right: bool) -> None:
    """Count a wrong password; a right one clears the count, a full count stays until unlocked."""
    if row["failures"] >= FAILURES_MOST:
        return
    recent = row["failed_at"] and row["failed_at"] > _text(at - FAILURES_WITHIN)
    failures = 0 if right else (row["failures"] if recent else 0) + 1
    failed_at = "" if right else (row["failed_at"] if recent else _text(at))
    table = tables.accounts
    connection.execute(
        update(table)
        .where(table.c.account == row["account"])
        .values(failures=failures, failed_at=failed_at)
    )


def _matches(hashed: str, password: str) -> bool:
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


def _login(text: str) -> str:
    """Return a login as it is kept, or refuse one that would not stand in a line of a log."""
    name = text.strip().casefold()
    if not name or len(name) > 64 or not all(c.isalnum() or c in "._@-" for c in name):
        raise UsageError(
            "not a name to sign in with",
            code="AW-REVIEW-003",
            expected="letters, digits and . _ @ - only, 64 at most",
        )
    return name


def _row(connection: Connection, login: str) -> RowMapping | None:
    """Return the row of an account."""
    table = tables.accounts
    return (
        connection.execute(select(table).where(func.lower(table.c.account) == login))
        .mappings()
        .first()
    )


def _account(row: RowMapping) -> Account:
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


def _note(connection: Connection, at: datetime, actor: str, action: str, detail: str) -> None:
    """Write one line of the journal."""
    journal.append(
        connection, at=_text(at), actor=actor, action=action, finding_id="", detail=detail
    )


def _digest(token: str) -> str:
    """Return what is kept of a secret of 256 random bits: nobody can go back from it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _text(at: datetime) -> str:
    """Return an instant as the tables have it."""
    return at.isoformat(timespec="seconds")
