"""The second factor: codes of a device and spare codes, each good once, at the desk's own door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from auditwatch.core.errors import ConfigError, RefusedError, UsageError
from auditwatch.core.files import write_once
from auditwatch.findings import tables
from auditwatch.findings.database import Database
from auditwatch.review import sessions
from auditwatch.review.accounts import Account, add_account, change_account
from auditwatch.review.factors import code_of, drop_factor, enrol_factor, key_uri, new_key
from auditwatch.review.sessions import sign_in
from auditwatch.review.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "correct horse battery staple"  # noqa: S105 - of nobody
OTHER = "something else that is long"
NOW = datetime(2026, 3, 2, 12, 0, 5, tzinfo=UTC)
HALF_MINUTE = timedelta(seconds=30)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with rita, whose password is hashed once for all tests."""
    opened = Database(tmp_path_factory.mktemp("factors") / "findings.db")
    rita = Account("rita", "Rita", "reviewer", ("-",))
    add_account(opened, rita, PASSWORD, by="test", at=NOW)
    yield opened
    opened.close()


@pytest.fixture
def key(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The key of rita's device; comparing passwords is slow on purpose, and not what is tested."""
    monkeypatch.setattr(sessions, "matches", lambda _hashed, given: given == PASSWORD)
    made = new_key()
    enrol(database, made)
    yield made
    change_account(database, "rita", by="test", at=NOW, unlock=True, lost_device=True)


def vault_of(database: Database) -> Vault:
    """Return what locks the factors of a database: a key beside it."""
    return Vault(Path(database.engine.url.database or "").with_name("factor-key"))


def enrol(database: Database, key: str) -> tuple[str, ...]:
    """Take a device for rita that showed its code an hour ago."""
    before = NOW - timedelta(hours=1)
    with database.writing() as connection:
        shown, vault = at_time(key, before), vault_of(database)
        return enrol_factor(connection, vault, "rita", key, shown, before)


def at_time(key: str, at: datetime) -> str:
    """Return what the device shows."""
    return code_of(key, int(at.timestamp()) // 30)


def enters(database: Database, code: str, at: datetime = NOW, password: str = PASSWORD) -> bool:
    """Tell whether rita gets in."""
    try:
        sign_in(database, vault_of(database), "rita", password, at, code)
    except RefusedError:
        return False
    return True


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, SHA-1: the last six of its eight digits."""
    assert code_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", seconds // 30) == code


def test_without_the_code_the_right_password_opens_nothing(database: Database, key: str) -> None:
    """An account with a device needs both; neither alone, and not the code of another moment."""
    assert not enters(database, "")
    assert not enters(database, "000000")
    assert not enters(database, at_time(key, NOW), password=OTHER)
    assert enters(database, at_time(key, NOW))


@pytest.mark.parametrize(("drift", "good"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off(
    database: Database, key: str, drift: int, good: bool
) -> None:
    """The code before and the one after are taken, no other."""
    assert enters(database, at_time(key, NOW + drift * HALF_MINUTE)) == good


def test_no_code_is_taken_twice(database: Database, key: str) -> None:
    """Who looked over a shoulder comes too late, also with the code before it."""
    assert enters(database, at_time(key, NOW))
    assert not enters(database, at_time(key, NOW))
    assert not enters(database, at_time(key, NOW - HALF_MINUTE))
    later = NOW + HALF_MINUTE
    assert enters(database, at_time(key, later), later)


def test_wrong_codes_lock_the_account(database: Database, key: str) -> None:
    """Five wrong codes lock the account like five wrong passwords."""
    for _ in range(5):
        assert not enters(database, "000000")
    assert not enters(database, at_time(key, NOW))


def test_each_spare_code_opens_once(database: Database, key: str) -> None:
    """A lost device is no lost account; spaces and capitals do not matter."""
    spares = enrol(database, key)
    assert len(set(spares)) == 10
    first = f" {spares[0][:8].upper()} {spares[0][8:]} "
    assert enters(database, first)
    assert not enters(database, first)
    assert enters(database, spares[1])


def test_a_device_is_taken_only_with_a_code_of_its_key(database: Database) -> None:
    """Nobody locks themselves out by a key that was typed wrong."""
    with (
        pytest.raises(UsageError, match="AW-REVIEW-025"),
        database.writing() as connection,
    ):
        enrol_factor(connection, vault_of(database), "rita", new_key(), "000000", NOW)


def test_who_lost_the_device_is_let_in_by_an_administrator(database: Database, key: str) -> None:
    """After that the password is enough again, and spare codes of before are worth nothing."""
    spares = enrol(database, key)
    change_account(database, "rita", by="ada", at=NOW, lost_device=True)
    assert enters(database, "")
    with database.writing() as connection:
        drop_factor(connection, "rita")
    assert enters(database, spares[0])  # any code is as good as none


def test_apps_read_the_key_from_an_address() -> None:
    """Name and issuer are escaped, so that no name can add parameters."""
    uri = key_uri("ABCD", "a&secret=x", "Desk: one")
    assert uri == "otpauth://totp/Desk%3A%20one:a%26secret%3Dx?secret=ABCD&issuer=Desk%3A+one"


def kept(database: Database) -> str:
    """Return what the database keeps of the key of rita's device."""
    with database.reading() as connection:
        return str(connection.execute(select(tables.factors.c.secret)).scalar_one())


def test_the_database_alone_tells_no_key(database: Database, key: str) -> None:
    """What is kept is locked; the key to it lies in a file of its own, for this account only."""
    locked = kept(database)
    assert key not in locked
    vault = vault_of(database)
    assert vault.unlock("rita", locked) == key
    path = Path(database.engine.url.database or "").with_name("factor-key")
    assert (path.stat().st_mode & 0o777, len(path.read_bytes())) == (0o600, 65)
    before = path.read_bytes()
    write_once(path, b"another")
    assert path.read_bytes() == before
    assert sorted(one.name for one in path.parent.glob(".factor-key*")) == []


def test_a_factor_is_nobody_elses_and_needs_its_key(
    database: Database, key: str, tmp_path: Path
) -> None:
    """Put into the row of another, changed, or without the key: refused, and said what to do."""
    locked, vault = kept(database), vault_of(database)
    for owner, text, opener in (
        ("rolf", locked, vault),
        ("rita", locked[:-4] + "AAA=", vault),
        ("rita", "locked:?", vault),
    ):
        with pytest.raises(ConfigError, match="AW-REVIEW-043"):
            opener.unlock(owner, text)
    with pytest.raises(ConfigError, match="AW-REVIEW-042"):
        Vault(tmp_path / "none").unlock("rita", locked)
    other = Vault(tmp_path / "other")
    other.lock("rita", key)
    with pytest.raises(ConfigError, match="AW-REVIEW-043"):
        other.unlock("rita", locked)
    (tmp_path / "other").chmod(0o640)
    with pytest.raises(ConfigError, match="AW-REVIEW-042"):
        other.lock("rita", key)


def test_a_key_of_before_is_locked_at_its_first_use(database: Database, key: str) -> None:
    """Who enrolled with an earlier version signs in as ever, and is safe from then on."""
    with database.writing() as connection:
        connection.execute(update(tables.factors).values(secret=key))
    assert enters(database, at_time(key, NOW))
    assert kept(database).startswith("locked:")
