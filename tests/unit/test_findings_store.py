from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, delete, event, inspect, text, update
from tests.findings_fabric import (
    RUN,
    decided,
    follower,
    gathered,
    hit,
    lookup,
    make_fabric,
    night_of,
    result,
    surprise,
)

from auditwatch.core.errors import (
    ConfigError,
    IntegrityError,
    LockedError,
    RefusedError,
    UsageError,
)
from auditwatch.core.mask import Masker
from auditwatch.findings import tables
from auditwatch.findings.export import export_findings
from auditwatch.findings.lookups import lookups_of
from auditwatch.findings.model import NightSummary
from auditwatch.findings.publish import publish
from auditwatch.findings.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Executable
    from tests.postgres_fabric import Server

    from auditwatch.findings.model import NightResult


@pytest.fixture
def store(database: Path | str) -> Iterator[Store]:
    """An empty store, on each of the databases."""
    with Store(database) as opened:
        yield opened


def edit(store: Store, *statements: Executable) -> None:
    """Do what nobody should: change what is kept, past every door."""
    with store._database.writing() as connection:
        for statement in statements:
            connection.execute(statement)


def night(day: int, *, subject: str = "P-1", operator: str = "T1", **more: Any) -> NightResult:
    """Return a night on which one operator looked at one subject and a rule asks about it."""
    row = lookup(day, 1, operator, subject)
    return result(night_of(day), gathered(row["night"], [row], [], [hit(row, "colleague")]), **more)


def exported(store: Store) -> bytes:
    """Return all findings as bytes."""
    return export_findings(store.findings(), "jsonl", Masker("key", reveal=True))


def test_a_published_night_can_be_read_back(store: Store) -> None:
    """Tokens, rules, counts and findings of a night come back as they were given."""
    summary = NightSummary(lookups=7, verdicts={"permitted": 6}, absent_context=("duty",))
    store.publish([night(0, summary=summary)], RUN)
    published = store.night(night_of(0))
    (finding,) = store.findings()
    assert published.summary == summary
    assert (published.new, published.grown) == ((finding.finding_id,), ())
    assert store.night_tokens() == {night_of(0): f"token-{night_of(0)}"}
    assert store.night_rules() == {night_of(0): "rules-1"}
    assert store.finding(finding.finding_id) == finding
    assert store.counts() == {("rule", "open"): 1}


def test_a_finding_keeps_its_id_while_it_grows(store: Store) -> None:
    """A second night grows the finding, and its versions are those of its last night."""
    store.publish([night(0)], RUN)
    (before,) = store.findings()
    store.publish([night(1, rules_version="rules-2")], RUN)
    (after,) = store.findings()
    assert after.finding_id == before.finding_id
    assert (after.first_seen, after.rules_version) == (before.first_seen, "rules-2")
    assert len(after.event_ids) == 2
    assert store.night(night_of(1)).grown == (before.finding_id,)
    assert store.night(night_of(0)).new == (before.finding_id,)


def test_a_night_that_no_longer_asks_takes_its_findings_along(store: Store) -> None:
    """Publishing a night again without evidence removes what only it had produced."""
    store.publish([night(0), night(1, operator="T2")], RUN)
    store.publish([result(night_of(0), [])], RUN)
    assert [finding.operator_ids for finding in store.findings()] == [("T2",)]


def test_a_reviewed_finding_stays_when_its_evidence_goes(store: Store) -> None:
    """A decision is never left without its finding; the finding says that it is kept for that."""
    store.publish([night(0)], RUN)
    (finding,) = store.findings()
    decided(store, finding.finding_id, "misuse", "He said so.", "R1")
    for _ in range(2):
        store.publish([result(night_of(0), [])], RUN)
    (kept,) = store.findings()
    assert (kept.status, kept.gone, kept.title) == ("decided", True, finding.title)
    assert sum("kept because it was reviewed" in one for one in kept.counter_evidence) == 1
    store.publish([night(0)], RUN)
    (back,) = store.findings()
    assert (back.gone, back.status) == (False, "decided")


def test_findings_come_by_priority_then_latest_then_id(store: Store) -> None:
    """The queue has one order: priority, the latest lookup, the id."""
    rows = [lookup(0, 1, "T9", "P-9")]
    hot = gathered(night_of(0), rows, surprises=[surprise(rows, surprise_milli=9000)])
    store.publish([result(night_of(0), hot), night(1, operator="T1"), night(2, operator="T2")], RUN)
    assert [f.operator_ids[0] for f in store.findings()] == ["T9", "T2", "T1"]
    assert [f.operator_ids[0] for f in store.findings(limit=1)] == ["T9"]
    assert [f.operator_ids[0] for f in store.findings(night=night_of(1))] == ["T1"]
    assert [f.operator_ids[0] for f in store.findings(kinds=("rule",))] == ["T2", "T1"]
    assert store.findings(statuses=("decided",)) == []


def test_a_crash_at_any_statement_leaves_yesterdays_findings_whole(
    store: Store, tmp_path: Path
) -> None:
    """Whichever statement of a publication fails, nothing of it stays; a repeat completes it."""
    rows = [lookup(day, 1, "T1", "P-1") for day in range(2)]
    store.publish([night(0)], RUN)
    yesterday, tokens = exported(store), store.night_tokens()
    pieces = gathered(night_of(1), rows, [], [hit(rows[1], "colleague")], [surprise(rows)])
    tonight = [result(night_of(0), []), result(night_of(1), pieces)]
    crashes = 0
    while _crashes_at(store, crashes, tonight):
        assert exported(store) == yesterday
        assert store.night_tokens() == tokens
        crashes += 1
    assert crashes > 10  # statements and the commit
    with Store(tmp_path / "clean.db") as clean:
        clean.publish([night(0)], RUN)
        clean.publish(tonight, RUN)
        assert exported(store) == exported(clean) != yesterday


def _crashes_at(store: Store, number: int, results: list[NightResult]) -> bool:
    """Publish with a crash before the statement of a number; tell whether it came to that."""
    count = -1

    def fall(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == number:
            raise KeyboardInterrupt

    engine = store._database.engine
    names = ("before_cursor_execute", "commit")
    for name in names:
        event.listen(engine, name, fall)
    try:
        store.publish(results, RUN)
    except KeyboardInterrupt:
        return True
    finally:
        for name in names:
            event.remove(engine, name, fall)
    return False


def test_a_decision_reopens_on_new_evidence_and_can_be_withdrawn(store: Store) -> None:
    """Decided, reopened, decided again, withdrawn: every step stays in the history."""
    store.publish([night(0)], RUN)
    (finding,) = store.findings()
    name = finding.finding_id
    decided(store, name, "explained", "A task order.", "R1")
    assert store.finding(name).status == "decided"
    store.publish([night(0)], RUN)
    assert store.finding(name).status == "decided"
    store.publish([night(1)], RUN)
    assert store.finding(name).status == "reopened"
    decided(store, name, "policy_breach", "No task order this time.", "R2")
    assert store.finding(name).status == "decided"
    decided(store, name, "withdrawn", "Wrong finding.", "R2")
    assert store.finding(name).status == "reopened", "the first decision stands again"
    decided(store, name, "withdrawn", "That one too.", "R1")
    assert store.finding(name).status == "open"
    history = store.reviews(name)
    assert [review.number for review in history] == [1, 2, 3, 4]
    said = [review.disposition for review in history]
    assert said == ["explained", "policy_breach", "withdrawn", "withdrawn"]
    assert [action.action for action in store.journal()] == ["decide"] * 4
    assert store.unjournaled_reviews() == []


def test_evidence_that_goes_is_no_reason_to_ask_again(store: Store) -> None:
    """When a corrected rule takes evidence away, a decided finding stays decided."""
    store.publish([night(0), night(1)], RUN)
    (finding,) = store.findings()
    decided(store, finding.finding_id, "explained", "A task order.", "R1")
    store.publish([result(night_of(1), [])], RUN)
    assert store.finding(finding.finding_id).status == "decided"


def test_a_reviewed_operator_finding_does_not_move_into_a_pair(store: Store) -> None:
    """Evidence that a reviewer decided on stays in the finding that was decided."""
    row = lookup(0, 1, "T1", "P-1")
    alone = gathered(row["night"], [row], [], [hit(row, "vague", story="operator")])
    store.publish([result(night_of(0), alone)], RUN)
    (finding,) = store.findings()
    decided(store, finding.finding_id, "explained", "A task order.", "R1")
    store.publish([night(1)], RUN)
    assert {f.finding_id: f.status for f in store.findings()} == {
        finding.finding_id: "decided",
        store.night(night_of(1)).new[0]: "open",
    }


def test_unknown_findings_and_nights_are_refused(store: Store) -> None:
    """A wrong id or date gets an error that says where to look."""
    for call, code in (
        (lambda: store.finding("F-NONE"), "AW-FINDINGS-002"),
        (lambda: store.night("2020-01-01"), "AW-FINDINGS-007"),
        (lambda: store.publish([night(0), night(0)], RUN), "AW-FINDINGS-008"),
        (lambda: store.reveal("R1", " "), "AW-FINDINGS-004"),
    ):
        with pytest.raises(UsageError) as caught:
            call()
        assert caught.value.code == code


@pytest.mark.parametrize("column", [c.name for c in tables.journal.columns])
def test_any_edit_of_the_journal_is_noticed(store: Store, column: str) -> None:
    """Changing any column of any row breaks the chain at that row."""
    for number in range(3):
        store.reveal("R1", f"Case {number}")
    assert store.broken_journal_row() is None
    value = 9 if column == "number" else "edited"
    table = tables.journal
    edit(store, update(table).where(table.c.number == 2).values({column: value}))
    assert store.broken_journal_row() == 2


def test_a_removed_row_is_noticed_and_the_head_shows_a_cut_tail(store: Store) -> None:
    """A row taken out breaks the chain; a cut tail shows against a head kept elsewhere."""
    for number in range(3):
        store.reveal("R1", f"Case {number}")
    head = store.journal_head()
    table = tables.journal
    edit(store, delete(table).where(table.c.number == 3))
    assert store.journal_head() != head
    edit(store, delete(table).where(table.c.number == 1))
    assert store.broken_journal_row() == 1


@pytest.mark.parametrize("kind", ["file", "server"])
def test_a_database_of_a_newer_program_is_refused(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """An unknown revision is refused by name, and nothing is changed."""
    file = tmp_path / "findings.db"
    database = file if kind == "file" else request.getfixturevalue("postgres").new()
    with Store(database) as store:
        edit(store, text("UPDATE alembic_version SET version_num = '0999'"))
    with pytest.raises(ConfigError, match="0999") as caught:
        Store(database)
    assert caught.value.code == "AW-STORE-001"


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A damaged file is an integrity error with a way out, not a trace."""
    path = tmp_path / "findings.db"
    path.write_bytes(b"not a database at all, " * 100)
    with pytest.raises(IntegrityError) as caught:
        Store(path)
    assert caught.value.code == "AW-STORE-005"


@pytest.mark.parametrize(
    "url", ["nothing://host/name", "mysql://host/name", "postgresql://h:port/n"]
)
def test_a_url_without_a_driver_is_refused(url: str) -> None:
    """A URL that cannot be used says what would be right."""
    with pytest.raises(ConfigError) as caught:
        Store(url)
    assert caught.value.code == "AW-STORE-002"


def test_a_password_in_the_settings_is_refused_and_not_repeated() -> None:
    """The URL of a server carries no secret; the message that says so does not either."""
    with pytest.raises(ConfigError, match="pgpass") as caught:
        Store("postgresql://desk:hunter2@localhost/findings")
    assert caught.value.code == "AW-STORE-002"
    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A server that does not answer is one line with a way out, not a trace."""
    with pytest.raises(RefusedError) as caught:
        Store(f"postgresql:///findings?host={tmp_path}")
    assert caught.value.code == "AW-STORE-004"


def test_a_server_that_sorts_by_language_is_refused(postgres: Server) -> None:
    """Exports would differ from those of a file; the message has the command for a right one."""
    postgres.say(
        "CREATE DATABASE by_language TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'"
    )
    with pytest.raises(ConfigError, match="createdb") as caught:
        Store(postgres.url("by_language"))
    assert caught.value.code == "AW-STORE-006"


def test_an_empty_database_of_a_server_gets_its_tables(postgres: Server) -> None:
    """All revisions run on PostgreSQL, and leave what the code's own tables say."""
    url = postgres.new()
    with Store(url) as store:
        store.publish([night(0)], RUN)
        seen = inspect(store._database.engine)
        for name, table in tables.metadata.tables.items():
            assert [c["name"] for c in seen.get_columns(name)] == [c.name for c in table.columns]
            assert {i["name"] for i in seen.get_indexes(name)} == {i.name for i in table.indexes}
            key = [column.name for column in table.primary_key.columns]
            assert sorted(seen.get_pk_constraint(name)["constrained_columns"]) == sorted(key)


def test_both_databases_keep_and_export_the_same_bytes(store: Store, tmp_path: Path) -> None:
    """Hostile names come back in one order and to the byte, wherever they are kept."""
    names = ["é1", "B-2", "a_3", "Z 4", "-5", "\u202e6", "'; DROP TABLE findings; --", "%s"]
    nights = [night(day, operator=name) for day, name in enumerate(names)]
    with Store(tmp_path / "beside.db") as beside:
        for one in (store, beside):
            one.publish(nights, RUN)
        assert exported(store) == exported(beside)
        assert store.spoke("2000", "3000") == beside.spoke("2000", "3000")


def test_the_migrations_make_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    """Columns, keys and indexes after migration equal those of the code's own tables."""
    Store(tmp_path / "migrated.db").close()
    shapes = []
    for name in ("migrated.db", "declared.db"):
        engine = create_engine(f"sqlite:///{tmp_path / name}")
        tables.metadata.create_all(engine)
        seen = inspect(engine)
        shapes.append(
            {
                table: (
                    [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(table)],
                    seen.get_pk_constraint(table)["constrained_columns"],
                    sorted((i["name"], i["column_names"]) for i in seen.get_indexes(table)),
                )
                for table in tables.metadata.tables
            }
        )
        engine.dispose()
    assert shapes[0] == shapes[1]


def test_the_database_is_private_and_durable(tmp_path: Path) -> None:
    """The file is for this account alone, in WAL mode with full synchronisation."""
    path = tmp_path / "findings.db"
    with Store(path) as store, store._database.reading() as connection:
        modes = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous")
        ]
    assert modes == ["wal", 2]
    assert path.stat().st_mode & 0o777 == 0o600


PUBLISH = """
import sys
from auditwatch.core.errors import AuditwatchError
from auditwatch.findings.model import NightResult, NightSummary, Run
from auditwatch.findings.publish import publish
from auditwatch.findings.store import Store
try:
    with Store(sys.argv[1], float(sys.argv[2])) as store:
        night = NightResult("2026-02-02", "t", (), "rules", "model", NightSummary())
        print("ready", flush=True)
        store.publish([night], Run("run-2", "0.1.0"))
except AuditwatchError as error:
    print(error.code)
else:
    print("published")
"""


def publishing(path: Path | str, wait_seconds: float) -> subprocess.Popen[str]:
    """Start to publish a night in another process; return when it is about to write."""
    command = [sys.executable, "-c", PUBLISH, str(path), str(wait_seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_second_process_waits_for_the_first_or_fails_cleanly(database: Path | str) -> None:
    """While one process writes, another waits its turn, or gives up and says why."""
    with Store(database) as store:
        store.publish([night(0)], RUN)
        with store._database.writing(), publishing(database, 0.05) as hasty:
            assert hasty.communicate(timeout=60)[0] == "AW-STORE-003\n"
        assert list(store.night_tokens()) == [night_of(0)]


def test_a_process_that_finds_another_writing_gets_its_turn(database: Path | str) -> None:
    """A publication that has to wait is complete afterwards, and so is the one before it."""
    with Store(database) as store:
        with store._database.writing() as connection:
            patient = publishing(database, 60)
            publish(connection, [night(0)], RUN)
            with pytest.raises(subprocess.TimeoutExpired):
                patient.wait(0.3)
        with patient:
            assert patient.communicate(timeout=60)[0] == "published\n"
        assert list(store.night_tokens()) == [night_of(0), night_of(1)]
        assert len(store.findings()) == 1


def test_two_writers_in_one_process_do_not_interleave(database: Path | str) -> None:
    """A second connection cannot begin to write before the first has committed."""
    with Store(database) as first, Store(database, 0.05) as second:
        with first._database.writing(), pytest.raises(LockedError):
            second.reveal("R1", "Case 7")
        second.reveal("R1", "Case 7")
        assert [action.number for action in first.journal()] == [1]


def test_lookups_of_a_finding_come_with_their_followers_in_order(tmp_path: Path) -> None:
    """Evidence lookups and the automatic lines after each come by time; others stay away."""
    rows = [lookup(day, 1, "T1", "P-1") for day in (2, 0, 1)]
    tail = [follower(rows[0]), follower(rows[1])]
    others = [lookup(0, n, "T2", "P-2") for n in range(2, 6)]
    pieces = gathered(night_of(2), rows, surprises=[surprise(rows)])
    fabric = make_fabric(tmp_path, [*rows, *others, *tail], [result(night_of(2), pieces)])
    with fabric.store:
        found = lookups_of(fabric.store.findings()[0], fabric.lake)
    assert found["event_id"].to_pylist() == [
        "L00-0001",
        "L00-0001f",
        "L01-0001",
        "L02-0001",
        "L02-0001f",
    ]
