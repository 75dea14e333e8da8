"""A full disk, a lost database: the right answer, nothing lost, one shape of error."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from auditwatch.findings.moving import move
from auditwatch.findings.store import Store
from auditwatch.review.sound import changed_steps
from tests.desk_fabric import DeskFabric, enrol, make_desk
from tests.web.desk_client import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from httpx import Response

    from tests.postgres_fabric import Server

NOTE = "I read the task order of that day"


@contextmanager
def desk(root: Path, database: str = "") -> Iterator[DeskFabric]:
    """Give a desk with a reviewer."""
    made = make_desk(root, database=database)
    enrol(made.desk, made.account("rita"))
    yield made
    made.desk.database.close()
    made.fabric.store.close()


def comment(browser: Browser, finding: str, version: int = 0) -> Response:
    """Send the form of a finding."""
    return browser.post(f"/findings/{finding}/act", act="comment", version=version, note=NOTE)


def assert_refused(answer: Response, code: str) -> None:
    """Check that an answer is the page of errors with a code, and tells nothing of the inside."""
    assert answer.status_code == 503, answer.text
    assert "Not done: " in answer.text
    assert code in answer.text
    for inside in ("Traceback", "sqlalchemy", "psycopg", "findings.db", "host="):
        assert inside not in answer.text


def assert_kept(made: DeskFabric, finding: str, steps: int) -> None:
    """Check that so many steps are kept and every account of them agrees."""
    assert len(made.desk.seen(finding).steps) == steps
    with made.desk.reading() as connection:
        assert not changed_steps(connection)
    assert made.fabric.store.broken_journal_row() is None


def test_a_full_disk_is_said_on_every_page_and_loses_nothing(tmp_path: Path) -> None:
    """Nothing is shown that could not be put on record; with room again the form goes through."""
    with desk(tmp_path / "w") as made:
        finding, browser, full = made.finding_of("T1"), Browser(made, "rita"), True

        def limit(connection: Any, _record: Any, _proxy: Any) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0] if full else 1 << 30
            connection.execute(f"PRAGMA max_page_count = {pages}")

        event.listen(made.desk.database.engine, "checkout", limit)
        for _ in range(200):  # until the last page is full
            seen = browser.get(f"/findings/{finding}")
            if seen.status_code != 200:
                break
        assert_refused(seen, "AW-STORE-004")
        assert_refused(comment(browser, finding), "AW-STORE-004")
        assert_kept(made, finding, 0)
        full = False
        assert comment(browser, finding).status_code == 303
        assert_kept(made, finding, 1)


def test_a_server_that_is_lost_under_a_request_is_said_and_found_again(
    postgres: Server, tmp_path: Path
) -> None:
    """Whatever a request was doing, its answer is the page of errors; the next one goes through."""
    with desk(tmp_path / "w", postgres.clean()) as made:
        finding, browser = made.finding_of("T1"), Browser(made, "rita")
        engine, left = made.desk.database.engine, 0

        def strike(connection: Any, *_: Any) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                place = connection.connection.dbapi_connection.info.backend_pid
                postgres.say(f"SELECT pg_terminate_backend({place})")

        event.listen(engine, "before_cursor_execute", strike)
        for moment in (1, 3, 6):
            left = moment
            assert_refused(browser.get(f"/findings/{finding}"), "AW-STORE-004")
            left = moment
            assert_refused(comment(browser, finding), "AW-STORE-004")
        assert_kept(made, finding, 0)
        assert comment(browser, finding).status_code == 303
        assert_kept(made, finding, 1)


def test_a_desk_whose_findings_were_moved_takes_nothing_more(tmp_path: Path) -> None:
    """Who forgot to stop it reads so on the next page; what was moved is whole."""
    with desk(tmp_path / "w") as made:
        finding, browser = made.finding_of("T1"), Browser(made, "rita")
        assert comment(browser, finding).status_code == 303
        move(made.fabric.workspace.database, tmp_path / "new.db", "root")
        assert_refused(browser.get(f"/findings/{finding}"), "AW-STORE-008")
        assert_refused(comment(browser, finding, 1), "AW-STORE-008")
    with Store(tmp_path / "new.db") as there:
        assert there.broken_journal_row() is None
        assert [one.action for one in there.actions([finding])] == ["comment"]
