"""The second factor: codes of a device (TOTP, RFC 6238), and codes on paper for when it is lost.

A code is good in its half-minute, in the one before and in the one after; none is taken twice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from sqlalchemy import delete, func, insert, select, update

from auditwatch.core.errors import UsageError
from auditwatch.findings import tables

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from auditwatch.review.vault import Vault

__all__ = [
    "code_of",
    "drop_factor",
    "enrol_factor",
    "has_factor",
    "key_uri",
    "new_key",
    "take_code",
]

PERIOD: Final = 30  # seconds; with six digits and SHA-1 what every app of this kind reads
DIGITS: Final = 6
DRIFT: Final = 1  # half-minutes that a clock may be off
KEY_BYTES: Final = 20
SPARES: Final = 10
SPARE_BYTES: Final = 8


def new_key() -> str:
    """Return a new shared key in base 32."""
    return base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def key_uri(key: str, account: str, issuer: str) -> str:
    """Return the address that an app reads a key from.

    Parameters
    ----------
    key : str
        As from `new_key`.
    account, issuer : str
        What the app shows.
    """
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    return f"otpauth://totp/{label}?" + urlencode({"secret": key, "issuer": issuer})


def code_of(key: str, number: int) -> str:
    """Return the code of one half-minute, counted from 1970.

    Raises
    ------
    ValueError
        The key is not base 32.
    """
    try:
        shared = base64.b32decode(key)
    except binascii.Error as error:
        raise ValueError("not a key in base 32") from error
    digest = hmac.digest(shared, number.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0xF
    cut = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{cut % 10**DIGITS:0{DIGITS}d}"


def has_factor(connection: Connection, account: str) -> bool:
    """Tell whether an account has a second factor."""
    table = tables.factors
    query = select(table.c.account).where(table.c.account == account)
    return connection.execute(query).first() is not None


def enrol_factor(  # noqa: PLR0917 - whose, what, the proof, and where it is kept
    connection: Connection, vault: Vault, account: str, key: str, code: str, at: datetime
) -> tuple[str, ...]:
    """Give an account a second factor within the caller's transaction; return ten spare codes.

    Parameters
    ----------
    connection : Connection
        A writing transaction.
    vault : Vault
        Locks the key before it is kept.
    account : str
        Whose factor it is.
    key : str
        As from `new_key`.
    code : str
        What the device shows now: the proof that it has the key.
    at : datetime
        Now, UTC.

    Raises
    ------
    UsageError
        ``AW-REVIEW-025`` the code is not that of the key.
    """
    number = _number(key, code, at, after=0)
    if number is None:
        raise UsageError(
            "this code is not the one of your device now",
            code="AW-REVIEW-025",
            expected="the six digits that it shows, while it shows them",
            hint="check the clocks of the device and of this machine: 30 seconds apart at most",
        )
    drop_factor(connection, account)
    locked = vault.lock(account, key)
    connection.execute(insert(tables.factors).values(account=account, secret=locked, used=number))
    spares = tuple(secrets.token_hex(SPARE_BYTES) for _ in range(SPARES))
    rows = [{"account": account, "digest": _digest(one)} for one in spares]
    connection.execute(insert(tables.recoveries), rows)
    return spares


def drop_factor(connection: Connection, account: str) -> None:
    """Take the second factor and its spare codes from an account, within the transaction."""
    for table in (tables.factors, tables.recoveries):
        connection.execute(delete(table).where(table.c.account == account))


def take_code(connection: Connection, vault: Vault, account: str, code: str, at: datetime) -> bool:
    """Tell whether a code is good for an account, and use it up within the transaction.

    An account without a second factor needs none: then any code is good, also an empty one. Spare
    codes need no key of the vault, so that a lost one locks nobody out for good.
    """
    table = tables.factors
    row = connection.execute(select(table).where(table.c.account == account)).mappings().first()
    if row is None:
        return True
    if _take_spare(connection, account, code):
        return True
    key = vault.unlock(account, row["secret"])
    number = _number(key, code, at, after=row["used"])
    if number is None:
        return False
    mine = table.c.account == account
    kept = {"secret": vault.lock(account, key), "used": number}
    connection.execute(update(table).where(mine).values(**kept))
    return True


def _take_spare(connection: Connection, account: str, code: str) -> bool:
    """Tell whether a code is a spare one, and use it up."""
    spares = tables.recoveries
    asked = (spares.c.account == account, spares.c.digest == _digest(code))
    there = select(func.count()).select_from(spares).where(*asked)
    if not connection.execute(there).scalar_one():
        return False
    connection.execute(delete(spares).where(*asked))
    return True


def _number(key: str, code: str, at: datetime, *, after: int) -> int | None:
    """Return the half-minute whose code this is, later than one that was used; None for none."""
    now = int(at.timestamp()) // PERIOD
    given = "".join(code.split()).encode("utf-8", "surrogatepass")
    found = None
    for number in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(code_of(key, number).encode(), given) and number > after:
            found = number
    return found


def _digest(code: str) -> str:
    """Return what is kept of a spare code: 64 random bits, each good for once."""
    plain = "".join(code.split()).casefold().encode("utf-8", "surrogatepass")
    return hashlib.sha256(plain).hexdigest()
