"""The register from a terminal: two persons, roles and conflicts hold as they do at the desk."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update
from tests.desk_fabric import PASSWORD, DeskFabric, enrol, make_desk

from auditwatch.cli import cli
from auditwatch.config import make_workspace
from auditwatch.core.errors import AuditwatchError
from auditwatch.findings import tables
from auditwatch.findings.store import Store
from auditwatch.review.accounts import Account, add_account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

NUMBER = "IA-2026-014"
OPEN = ("open", NUMBER, "--on", "2026-03-02")
SUSTAINED = ("person", NUMBER, "T3", "sustained", "--on", "2026-05-20")
CONFIRMED = ("conclude", NUMBER, "confirmed", "--queries", "9", "--on", "2026-05-21")
SUSPENDED = ("action", NUMBER, "T3", "suspended", "--on", "2026-06-01")
WHY = ("--note", "report of the third of May")
PEOPLE = (
    Account("ian", "Ian", "internal_affairs", ("-",)),
    Account("ivy", "Ivy", "internal_affairs", ("-",)),
    Account("lena", "Lena", "lead", ("-",)),
    Account("mia", "Mia", "internal_affairs", ("T2",)),
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A workspace where nobody has an account of the desk."""
    return make_workspace(tmp_path / "w")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[DeskFabric]:
    """A desk with two of internal affairs, a lead, and a colleague of T1 in internal affairs.

    They have one password, hashed once: hashing is slow on purpose.
    """
    built = make_desk(make_workspace(tmp_path / "w"))
    add_account(built.desk.database, PEOPLE[0], PASSWORD, by="ada", at=built.desk.now())
    for one in PEOPLE[1:]:
        enrol(built.desk, one)
    with built.desk.database.writing() as connection:
        same = select(func.max(tables.accounts.c.password)).scalar_subquery()
        connection.execute(update(tables.accounts).values(password=same))
    yield built
    built.desk.database.close()
    built.fabric.store.close()


def keep(place: Path, *arguments: str) -> Result:
    """Run a command of the register in the name of the login of this machine."""
    return CliRunner().invoke(cli, ["-w", str(place), "investigations", *arguments])


def keep_as(made: DeskFabric, who: str, *arguments: str, password: str = PASSWORD) -> Result:
    """Run a command of the register in the name of an account of the desk."""
    signed = ("--as", who, "--password-stdin")
    asked = ["-w", str(made.fabric.workspace.root), "investigations", *signed, *arguments]
    return CliRunner().invoke(cli, asked, input=password + "\n")


def code(told: Result) -> str:
    """Return the code of the error that a command ended with."""
    assert isinstance(told.exception, AuditwatchError), told.output
    return told.exception.code


def said(told: Result) -> str:
    """Return what a command that went well said."""
    assert told.exit_code == 0, told.output
    return told.output


def listed(place: Path, *more: str) -> dict[str, Any]:
    """Return the investigation as the list has it."""
    (row,) = json.loads(keep(place, "list", "--json", *more).stdout)
    return dict(row)


def acts(place: Path) -> list[tuple[str, str]]:
    """Return what the register has: act and recorder, in order."""
    with Store(place / "findings.db") as store:
        return [(one.act, one.recorder) for one in store.investigations()]


def become(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    """Be another account of this machine: 0 is root and 1 is daemon wherever there is Unix."""
    monkeypatch.setattr(os, "getuid", lambda: uid)


def test_three_acts_wait_for_a_second_account_of_the_desk(made: DeskFabric) -> None:
    """Person, conclusion and deed count once somebody else agreed, in both names on record."""
    place = made.fabric.workspace.root
    said(keep_as(made, "ian", *OPEN, *WHY))
    for number, asked in ((2, SUSTAINED), (4, CONFIRMED), (6, SUSPENDED)):
        before = listed(place)
        told = said(keep_as(made, "ian", *asked, *WHY))
        assert f"waits for a second person: auditwatch investigations agree {NUMBER} {number}" in (
            told
        )
        assert listed(place) | {"waiting": []} == before
        agree = ("agree", NUMBER, str(number), *WHY)
        assert code(keep_as(made, "ian", *agree)) == "AW-REVIEW-013"
        assert "stands from now on" in said(keep_as(made, "lena", *agree))
        assert code(keep_as(made, "ivy", *agree)) == "AW-INVEST-005"
    row = listed(place, "--reveal", "--reason", "test")
    assert (row["result"], row["queries"], row["persons"]) == ("confirmed", 9, ["T3"])
    assert row["outcomes"] == ["suspended 2026-06-01"]
    assert acts(place)[1:3] == [("person_proposed", "ian"), ("person", "lena")]
    assert made.fabric.store.unjournaled_investigations() == []


def test_what_is_declined_counts_for_nothing(made: DeskFabric) -> None:
    """It stays on record, and the investigation is pending as before."""
    place = made.fabric.workspace.root
    said(keep_as(made, "ian", *OPEN, *WHY))
    before = listed(place)
    said(keep_as(made, "ian", *CONFIRMED, *WHY))
    told = said(keep_as(made, "ivy", "decline", NUMBER, "2", *WHY))
    assert "entry 3 declines entry 2" in told
    assert listed(place) == before
    assert acts(place)[1:] == [("conclude_proposed", "ian"), ("conclude_declined", "ivy")]


def test_where_the_desk_has_accounts_nobody_writes_without_one(made: DeskFabric) -> None:
    """No login of the machine, no wrong password, no role that may not, no short note."""
    place = made.fabric.workspace.root
    assert code(keep(place, *OPEN, *WHY)) == "AW-CLI-006"
    assert code(keep_as(made, "ian", *OPEN, *WHY, password="wrong")) == "AW-REVIEW-005"  # noqa: S106
    assert code(keep_as(made, "lena", *OPEN, *WHY)) == "AW-REVIEW-010"
    assert code(keep_as(made, "ian", *OPEN, "--note", "short")) == "AW-REVIEW-016"
    assert acts(place) == []


def test_whom_it_concerns_is_refused_on_record(made: DeskFabric) -> None:
    """A colleague opens nothing of a finding about T1, writes nothing about T1 and agrees to none.

    Nor does a pseudonym in place of the login help.
    """
    place = made.fabric.workspace.root
    finding = ("--finding", made.finding_of("T1"))
    assert code(keep_as(made, "mia", *OPEN, *finding, *WHY)) == "AW-REVIEW-012"
    said(keep_as(made, "ian", *OPEN, *WHY))
    for whom in ("T1", made.desk.workspace.masker().name("operator", "T1")):
        about = ("person", NUMBER, whom, "unfounded", "--on", "2026-05-20", *WHY)
        assert code(keep_as(made, "mia", *about)) == "AW-REVIEW-012"
    said(keep_as(made, "ian", *about))
    assert code(keep_as(made, "mia", "agree", NUMBER, "2", *WHY)) == "AW-REVIEW-012"
    with made.desk.reading() as connection:
        table = tables.journal
        refused = select(table.c.actor).where(table.c.action == "refused")
        assert list(connection.execute(refused).scalars()) == ["mia"] * 4
    with Store(place / "findings.db") as store:
        assert store.investigations()[-1].operator_id == "T1"


def test_without_accounts_the_second_person_is_another_login(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment says of the login does not make a second person."""
    become(monkeypatch, 0)
    said(keep(place, *OPEN, *WHY))
    said(keep(place, *SUSTAINED, *WHY))
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "daemon")
    agree = ("agree", NUMBER, "2", *WHY)
    assert code(keep(place, *agree)) == "AW-REVIEW-013"
    become(monkeypatch, 1)
    said(keep(place, *agree))
    assert acts(place) == [("open", "root"), ("person_proposed", "root"), ("person", "daemon")]


def test_without_accounts_nobody_agrees_where_it_is_about_them(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login that the investigation names is taken for the person of that name."""
    become(monkeypatch, 0)
    said(keep(place, *OPEN, *WHY))
    own = ("person", NUMBER, "Root", "unfounded", "--on", "2026-05-20", *WHY)
    assert code(keep(place, *own)) == "AW-REVIEW-012"
    other = ("person", NUMBER, "daemon", "unfounded", "--on", "2026-05-20", *WHY)
    said(keep(place, *other))
    become(monkeypatch, 1)
    assert code(keep(place, "agree", NUMBER, "2", *WHY)) == "AW-REVIEW-012"


def test_the_list_says_what_waits_and_shows_notes_with_identities_only(place: Path) -> None:
    """Whom it is about and why are shown to who asks with a reason."""
    said(keep(place, *OPEN, *WHY))
    assert "second person" not in said(keep(place, "list"))
    said(keep(place, *SUSTAINED, *WHY))
    told = said(keep(place, "list"))
    assert "1 entry waits for a second person" in told
    assert not [one for one in ("T3", WHY[1]) if one in told]
    told = said(keep(place, "list", "--reveal", "--reason", "second person"))
    assert not [one for one in ("T3", WHY[1], "sustained") if one not in told]
    (waits,) = listed(place)["waiting"]
    assert (waits["entry"], waits["act"], waits["word"]) == (2, "person", "sustained")
    assert "note" not in waits


def test_an_operator_that_nobody_knows_is_asked_about(made: DeskFabric) -> None:
    """Roster, findings and what stands in the register know people; a proposal alone does not."""
    said(keep_as(made, "ian", *OPEN, *WHY))

    def asks(whom: str, allegation: str) -> bool:
        about = ("person", NUMBER, whom, allegation, "--on", "2026-05-20", *WHY)
        return "is it a typo?" in said(keep_as(made, "ian", *about))

    assert not asks("k7", "unfounded"), "of the roster, in another case"
    assert asks("T4471", "sustained")
    assert asks("T4471", "unfounded")
    said(keep_as(made, "ivy", "agree", NUMBER, "3", *WHY))
    assert not asks("T4471", "exonerated")


def test_a_register_kept_elsewhere_stands_at_once(place: Path) -> None:
    """What is imported was settled where it was kept."""
    file = place / "register.csv"
    file.write_text(
        "investigation_id,act,day,note,operator_id,word\n"
        f"{NUMBER},open,2026-03-02,a letter,,\n"
        f"{NUMBER},person,2026-05-20,page 9,T3,sustained\n"
    )
    said(keep(place, "import", str(file)))
    assert listed(place)["waiting"] == []
    assert [act for act, _ in acts(place)] == ["open", "person"]
