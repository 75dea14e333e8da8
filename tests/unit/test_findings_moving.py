"""Moving all findings to another database: whole and compared, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update
from tests.desk_fabric import PEOPLE, DeskFabric, enrol, make_desk, open_inquiry

from auditwatch.cli import cli
from auditwatch.core.errors import ConfigError, IntegrityError
from auditwatch.findings import tables
from auditwatch.findings.database import Database
from auditwatch.findings.moving import move
from auditwatch.findings.store import Store
from auditwatch.review.decide import Act

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres_fabric import Server

NOTE = "I read the task order of that day \N{EN DASH} \N{GRINNING FACE}"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[DeskFabric]:
    """A desk on a file, with accounts, a proposal and an investigation."""
    built = make_desk(tmp_path / "w")
    for one in PEOPLE[:3]:
        enrol(built.desk, one)
    act = Act("propose", 0, NOTE, "policy_violation", "correct_hit")
    built.desk.act(built.account("rita"), built.finding_of("T1"), act)
    open_inquiry(built.desk, built.finding_of("T3"))
    yield built
    built.desk.database.close()
    built.fabric.store.close()


def kept_in(place: Path | str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    database = Database(place)
    with database.reading() as connection:
        found = {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in tables.metadata.sorted_tables
        }
    database.close()
    return found


def test_everything_goes_to_a_server_and_back(
    made: DeskFabric, postgres: Server, tmp_path: Path
) -> None:
    """Each row of each table is the same on the server, and in a new file after the way back."""
    file, url, back = made.fabric.workspace.database, postgres.new(), tmp_path / "back.db"
    before = kept_in(file)
    counts, chain = move(file, url, "root")
    moved = kept_in(url)
    assert counts == {name: len(rows) for name, rows in moved.items()}
    with Store(url) as store:
        assert store.journal_head() == chain.head
        assert store.journal()[-1].action == "move"
        assert store.broken_journal_row() is None
        assert not store.unjournaled_reviews() + store.unjournaled_investigations()
    move(url, back, "root")
    returned = kept_in(back)
    journals = [kept.pop("journal") for kept in (before, moved, returned)]
    assert before == moved == returned
    assert journals[2][:-2] == journals[1][:-1] == journals[0]
    with pytest.raises(ConfigError, match="AW-STORE-008"):
        Store(url)


def test_what_was_moved_takes_no_decision_any_more(made: DeskFabric, tmp_path: Path) -> None:
    """A desk that was not stopped is refused at its next write, and whoever comes later at once."""
    move(made.fabric.workspace.database, tmp_path / "new.db", "root")
    act = Act("comment", 1, NOTE)
    with pytest.raises(ConfigError, match="moved to another database") as caught:
        made.desk.act(made.account("rita"), made.finding_of("T1"), act)
    assert caught.value.code == "AW-STORE-008"
    with pytest.raises(ConfigError, match="AW-STORE-008"):
        Store(made.fabric.workspace.database)


@pytest.mark.parametrize(("keeps", "gets"), [("findings", "findings"), ("nothing", "nothing")])
def test_only_something_is_moved_and_only_to_nothing(
    made: DeskFabric, tmp_path: Path, keeps: str, gets: str
) -> None:
    """A database with a row in it is nobody's target, itself included; an empty one no source."""
    full, empty = made.fabric.workspace.database, tmp_path / "empty.db"
    place = {"findings": full, "nothing": empty}
    with pytest.raises(ConfigError, match="AW-STORE-009"):
        move(place[keeps], place[gets], "root")
    Store(full).close()


def test_a_broken_journal_is_not_moved(made: DeskFabric, tmp_path: Path) -> None:
    """The break is named, the target stays empty, and the old database the one that counts."""
    with made.desk.database.writing() as connection:
        journal = tables.journal
        connection.execute(update(journal).where(journal.c.number == 1).values(actor="another"))
    file, target = made.fabric.workspace.database, tmp_path / "new.db"
    with pytest.raises(IntegrityError, match="entry 1 of the journal") as caught:
        move(file, target, "root")
    assert caught.value.code == "AW-STORE-010"
    assert not any(kept_in(target).values())
    Store(file).close()


def test_a_row_that_comes_out_otherwise_ends_the_move(made: DeskFabric, tmp_path: Path) -> None:
    """Whatever a database makes of what it is given, it is read again before it counts."""
    target = tmp_path / "new.db"
    database = Database(target)
    with database.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER spoil AFTER INSERT ON accounts "
            "BEGIN UPDATE accounts SET role = 'lead' WHERE account = new.account; END"
        )
    database.close()
    with pytest.raises(IntegrityError, match="the table accounts"):
        move(made.fabric.workspace.database, target, "root")
    assert not any(kept_in(target).values())
    Store(made.fabric.workspace.database).close()


def test_the_command_says_what_to_set(made: DeskFabric, tmp_path: Path) -> None:
    """It counts the rows of each table, and the setting stands there to be copied."""
    place, target = made.fabric.workspace, tmp_path / "new.db"
    (place.root / "auditwatch.toml").write_text("")
    told = CliRunner().invoke(cli, ["-w", str(place.root), "findings", "move", str(target)])
    assert told.exit_code == 0, told.output
    assert "accounts\t3\n" in told.stdout
    assert f'set database = "{target}"' in told.stderr
