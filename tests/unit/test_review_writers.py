"""Many at once, and trouble half-way: a decision is whole or was never made."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event
from tests.desk_fabric import DeskFabric, make_desk

from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.review.decide import Act, standing_of
from auditwatch.review.desk import Desk
from auditwatch.review.sound import changed_steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTE = "I read the task order of that day"


@pytest.fixture
def made(database: Path | str, tmp_path: Path) -> Iterator[DeskFabric]:
    """A desk on each of the databases."""
    url = database if isinstance(database, str) else ""
    built = make_desk(tmp_path / "w", database=url)
    yield built
    built.desk.database.close()
    built.fabric.store.close()


def assert_sound(made: DeskFabric, finding: str, steps: int) -> None:
    """Check that exactly so many steps are kept and that all accounts agree on them."""
    assert [step.number for step in made.desk.seen(finding).steps] == list(range(1, steps + 1))
    with made.desk.reading() as connection:
        assert not changed_steps(connection)
    store = made.fabric.store
    assert store.broken_journal_row() is None
    assert not store.unjournaled_reviews()
    assert sum(action.finding_id == finding for action in store.journal()) == steps


def write(made: DeskFabric, who: str, finding: str, decisions: int) -> None:
    """Comment so often, each time on what was seen last; look again when somebody was faster."""
    with Desk(made.fabric.workspace) as desk:
        while decisions:
            with desk.reading() as connection:
                version = standing_of(connection, finding).version
            try:
                desk.act(made.account(who), finding, Act("comment", version, NOTE))
            except UsageError as error:
                if error.code != "AW-REVIEW-014":
                    raise
            else:
                decisions -= 1


def crowd(made: DeskFabric, writers: int, decisions: int) -> None:
    """Let writers decide at once, on two findings, and check that nothing is lost."""
    people = ("rita", "rolf", "lena", "lutz")
    findings = [made.finding_of("T1"), made.finding_of("T3")]
    with ThreadPoolExecutor(writers) as pool:
        running = [
            pool.submit(write, made, people[n % 4], findings[n % 2], decisions)
            for n in range(writers)
        ]
        for one in running:
            one.result()
    for finding in findings:
        assert_sound(made, finding, writers * decisions // 2)


def test_writers_at_once_lose_nothing(made: DeskFabric) -> None:
    """Every decision of four writers is kept once, and the chain holds."""
    crowd(made, 4, 5)


@pytest.mark.long
def test_eight_writers_of_a_long_day_lose_nothing(made: DeskFabric) -> None:
    """Eight writers with 150 decisions each: none lost, none refused for a lock."""
    crowd(made, 8, 150)


DECIDE = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from auditwatch.config import Findings, Settings, Workspace
from auditwatch.core import clock
from auditwatch.review.accounts import Account
from auditwatch.review.decide import Act, standing_of
from auditwatch.review.desk import Desk
root, database, finding, deadly = sys.argv[1:]
left = int(deadly)
def fall(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
with Desk(Workspace(Path(root), Settings(findings=Findings(database)))) as desk:
    for name in ("before_cursor_execute", "commit"):
        event.listen(desk.database.engine, name, fall)
    act = Act("propose", 0, "I read the task order of that day", "policy_violation", "correct_hit")
    desk.act(Account("rita", "Rita", "reviewer", ("-",)), finding, act)
"""


@pytest.mark.parametrize("share", [0.7, 1.0])
def test_who_is_killed_half_way_decided_nothing(made: DeskFabric, share: float) -> None:
    """Before any statement of a decision, up to its commit, death leaves nothing of it."""
    finding, statements = made.finding_of("T1"), 0

    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1

    engine = made.desk.database.engine
    names = ("before_cursor_execute", "commit")
    for name in names:
        event.listen(engine, name, count)
    other = made.finding_of("T3")
    act = Act("propose", 0, NOTE, "policy_violation", "correct_hit")
    made.desk.act(made.account("rita"), other, act)
    for name in names:
        event.remove(engine, name, count)
    place = made.fabric.workspace
    arguments = [place.root, place.settings.findings.database, finding]
    killed = subprocess.run(
        [sys.executable, "-c", DECIDE, *map(str, arguments), str(round(share * statements))],
        timeout=120,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert_sound(made, finding, 0)
    made.desk.act(made.account("rolf"), finding, act)
    assert_sound(made, finding, 1)


def test_a_full_disk_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    """A decision that no longer fits is not made; with room again the same one goes through."""
    made = make_desk(tmp_path / "w")
    finding, desk = made.finding_of("T1"), made.desk
    act = Act("comment", 0, "x" * 20_000)
    full = True

    def limit(connection: Any, _record: Any, _proxy: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0] + 1 if full else 1 << 30
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(desk.database.engine, "checkout", limit)
    with made.fabric.store:
        with pytest.raises(RefusedError, match="free space") as caught:
            desk.act(made.account("rita"), finding, act)
        assert caught.value.code == "AW-STORE-004"
        assert_sound(made, finding, 0)
        full = False
        desk.act(made.account("rita"), finding, act)
        assert_sound(made, finding, 1)
    desk.database.close()


def test_a_server_that_goes_away_half_way_leaves_nothing(postgres: Any, tmp_path: Path) -> None:
    """A connection that ends under a decision takes it along; the next one finds the server."""
    made = make_desk(tmp_path / "w", database=postgres.clean())
    finding, desk = made.finding_of("T1"), made.desk
    act = Act("comment", 0, NOTE)
    struck = []

    def strike(connection: Any, *_: Any) -> None:
        if connection.get_execution_options().get("writes") and not struck:
            struck.append(connection.connection.dbapi_connection.info.backend_pid)
            postgres.say(f"SELECT pg_terminate_backend({struck[0]})")

    event.listen(desk.database.engine, "commit", strike)
    with made.fabric.store:
        with pytest.raises(RefusedError) as caught:
            desk.act(made.account("rita"), finding, act)
        assert caught.value.code == "AW-STORE-004"
        assert_sound(made, finding, 0)
        desk.act(made.account("rita"), finding, act)
        assert_sound(made, finding, 1)
    desk.database.close()


def test_a_note_with_a_nul_is_refused_or_kept_whole(made: DeskFabric) -> None:
    """A character that one database cannot hold is refused with a reason, never cut off."""
    finding, note = made.finding_of("T1"), f"{NOTE}\0 and more"
    if made.fabric.workspace.settings.findings.database:
        with pytest.raises(UsageError, match="AW-STORE-007"):
            made.desk.act(made.account("rita"), finding, Act("comment", 0, note))
        assert_sound(made, finding, 0)
    else:
        made.desk.act(made.account("rita"), finding, Act("comment", 0, note))
        assert made.desk.seen(finding).steps[0].note == note
