"""The desk from a terminal: the same function, the same refusals, in the caller's own name."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.desk_fabric import PASSWORD, make_desk

from auditwatch.cli import cli
from auditwatch.config import make_workspace
from auditwatch.core.errors import AuditwatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result
    from tests.desk_fabric import DeskFabric


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]
) -> Iterator[DeskFabric]:
    """A desk whose accounts were made from the terminal."""
    root, database = tmp_path_factory.mktemp("desk") / "w", new_database()
    make_workspace(root)
    settings = root / "auditwatch.toml"
    named = settings.read_text().replace('\ndatabase = ""', f'\ndatabase = "{database}"')
    settings.write_text(named)
    built = make_desk(root, database=database)
    add = ("user", "add")
    run(built, "ada", *add, "ada", "--role", "administrator", "--no-operator", signed=False)
    for name, role, link in (
        ("rita", "reviewer", "--no-operator"),
        ("lena", "lead", "--no-operator"),
        ("mate", "lead", "--operator=T2"),
    ):
        told = run(built, "ada", *add, name, "--role", role, link, extra=PASSWORD)
        assert told.exit_code == 0, told.output
    yield built
    built.desk.database.close()
    built.fabric.store.close()


def run(
    made: DeskFabric, who: str, *arguments: str, signed: bool = True, extra: str = ""
) -> Result:
    """Run a command as somebody, the password on standard input."""
    lines = [PASSWORD, *([extra] if extra else [])] if signed else [PASSWORD]
    workspace = str(made.fabric.workspace.root)
    asked = ["-w", workspace, "review", "--as", who, "--password-stdin", *arguments]
    return CliRunner().invoke(cli, asked, input="\n".join(lines) + "\n")


def code(told: Result) -> str:
    """Return the code of the error that a command ended with."""
    assert isinstance(told.exception, AuditwatchError), told.output
    return told.exception.code


def week(made: DeskFabric) -> set[str]:
    """Return what there is to read this week."""
    asked = ["-w", str(made.fabric.workspace.root), "findings", "week", "--json"]
    told = CliRunner().invoke(cli, asked)
    assert told.exit_code == 0, told.output
    return {row["finding_id"] for row in json.loads(told.stdout)["read"]}


def test_a_finding_is_decided_and_approved_by_two(made: DeskFabric) -> None:
    """A violation waits for a second person, who is neither the first nor somebody close.

    The week has no more room for it then: it has been read.
    """
    name = made.finding_of("T1")
    assert name in week(made)
    note = ("--note", "he knew her from school")
    decide = ("decide", name, "policy_violation", "--quality", "correct_hit", *note)
    told = run(made, "rita", *decide)
    assert told.exit_code == 0, told.output
    assert "waiting for a second person" in told.output
    assert name not in week(made)
    approve = ("approve", name, "--note", "read it, and I agree")
    assert code(run(made, "rita", *approve)) == "AW-REVIEW-010"
    assert code(run(made, "mate", *approve)) == "AW-REVIEW-012"
    assert code(run(made, "lena", *approve, "--seen", "0")) == "AW-REVIEW-014"
    told = run(made, "lena", *approve)
    assert (told.exit_code, "now closed" in told.output) == (0, True)
    assert made.fabric.store.finding(name).status == "decided"


def test_the_list_is_masked_and_withholds(made: DeskFabric) -> None:
    """No identity shows, and what concerns the caller's unit is counted, not listed."""
    told = run(made, "mate", "list", "--tab", "all")
    assert told.exit_code == 0, told.output
    assert made.finding_of("T1") not in told.output
    assert made.finding_of("T3") in told.output
    assert "1 finding withheld" in told.output
    assert "P-51" not in told.output


def test_what_may_be_done_next_is_said_in_the_words_of_commands(made: DeskFabric) -> None:
    """Who reads that a finding may be decided finds a command of that name."""
    name = made.finding_of("T3")
    told = run(made, "rita", "show", name)
    acts = told.output.split("you may now: ")[1].strip().split(", ")
    commands = {"decide", "approve", "conclude"}
    assert "decide" in acts
    for act in acts:
        page = [act] if act in commands else ["act"]
        assert act in CliRunner().invoke(cli, ["review", *page, "--help"]).output


def test_a_finding_is_shown_with_identities_after_a_reveal(made: DeskFabric) -> None:
    """Masked first; after a reveal the names stand there, for half an hour."""
    name = made.finding_of("T3")
    assert "P-51" not in run(made, "rita", "show", name).output
    reveal = ("show", name, "--reveal", "--reason", "IA case 2026-14, interview")
    told = run(made, "rita", *reveal)
    assert "P-51" in told.output
    assert re.search(r"until \d\d:\d\d P[SD]T", told.output)
    assert "P-51" in run(made, "rita", "show", name).output
    assert "P-51" not in run(made, "lena", "show", name).output


def test_only_an_administrator_makes_accounts(made: DeskFabric) -> None:
    """Neither a reviewer, nor somebody without a password."""
    add = ("user", "add", "eve", "--role", "lead", "--no-operator")
    assert code(run(made, "rita", *add, extra=PASSWORD)) == "AW-REVIEW-010"
    told = run(made, "ada", *add)
    assert code(told) == "AW-CLI-006"
    assert "ended before the password of eve" in str(told.exception)
    told = run(made, "ada", "user", "list")
    assert "eve" not in told.output
    assert "T2" not in told.output


def test_a_package_is_made_agreed_to_and_verified(made: DeskFabric, tmp_path: Path) -> None:
    """Masked at once, full after a second person; `verify` says whether it is as it was written."""
    name, path = made.finding_of("T1"), tmp_path / "p.zip"
    told = run(made, "rita", "package", name, "-o", str(path))
    assert told.exit_code == 0, told.output
    signer = re.search(r"signed by (\w{64})", told.output)
    assert signer
    checked = CliRunner().invoke(cli, ["verify", str(path), "--signer", signer[1]])
    assert (checked.exit_code, "BROKEN" in checked.output) == (0, False)
    path.write_bytes(path.read_bytes()[:-1])
    assert code(CliRunner().invoke(cli, ["verify", str(path)])) == "AW-SEAL-002"
    full = ("package", name, "--full", "--reason", "hearing of the fourth of May", "-o", str(path))
    assert code(run(made, "rita", *full)) == "AW-REVIEW-041"
    assert f"rita asks for a full package of {name}" in run(made, "lena", "list").output
    nobody = ("agree", name, "--for", "mate", "--note", "read the summons, agreed")
    assert code(run(made, "lena", *nobody)) == "AW-REVIEW-040"
    told = run(made, "lena", "agree", name, "--note", "read the summons, agreed")
    assert told.exit_code == 0, told.output
    told = run(made, "rita", *full)
    assert told.exit_code == 0, told.output
    assert b"P-50" in path.read_bytes()
