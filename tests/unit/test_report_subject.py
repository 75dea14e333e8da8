from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.findings_fabric import Fabric, follower, lookup, make_fabric, night_of, result

from auditwatch.cli import cli
from auditwatch.config import make_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    """Two lookups of one subject, one of which left two records, and one of another subject."""
    root = tmp_path_factory.mktemp("subject")
    make_workspace(root)
    rows = [
        lookup(0, 1, "CANARY-T1", "P-1", requester_id="CANARY-T7", case_id="CANARY-CASE"),
        lookup(1, 1, "CANARY-T2", "P-1", reason="stop of CANARY-NAME", terminal="CANARY-TERM"),
        lookup(1, 2, "CANARY-T3", "P-2"),
    ]
    made = make_fabric(root, [*rows, follower(rows[0])], [result(night_of(1), [])])
    yield made
    made.store.close()


def access(fabric: Fabric, name: str, *more: str) -> dict[str, Any]:
    """Write who looked at a subject through the command line and return it."""
    path = fabric.workspace.root / "out.json"
    arguments = ["-w", str(fabric.workspace.root), "report", "subject", name, "--format", "json"]
    options = ["-o", str(path), "--reason", "request 7", *more]
    CliRunner().invoke(cli, [*arguments, *options], catch_exceptions=False)
    return json.loads(path.read_bytes())  # type: ignore[no-any-return]


def test_a_lookup_is_one_row_however_many_records_it_left(fabric: Fabric) -> None:
    """Operator and requester stand in it; nobody else's lookups do."""
    rows = access(fabric, "P-1", "--reveal")["tables"]["lookups"]
    told = [(row["operator"], row["requester"], row["records"]) for row in rows]
    assert told == [("CANARY-T1", "CANARY-T7", 2), ("CANARY-T2", "CANARY-T2", 1)]


def test_a_release_leaves_out_what_names_others(fabric: Fabric) -> None:
    """Case numbers, terminals and names in reasons, even where operators are shown."""
    text = json.dumps(access(fabric, "P-1", "--reveal"))
    assert not [one for one in ("CASE", "TERM", "NAME") if f"CANARY-{one}" in text]


def test_operators_are_masked_and_the_question_is_on_record(fabric: Fabric) -> None:
    """Whoever asks for a subject by name leaves an entry, also without --reveal."""
    before = len(fabric.store.journal())
    assert "CANARY" not in json.dumps(access(fabric, "P-1"))
    (entry,) = fabric.store.journal()[before:]
    assert (entry.action, entry.detail) == ("reveal", "request 7")


def test_nobody_is_an_answer(fabric: Fabric) -> None:
    """With the nights that could have shown somebody."""
    paper = access(fabric, "P-9")
    assert paper["tables"]["lookups"] == []
    assert "0 lookups by 0 operators, 2 nights with a trail" in paper["sentences"][0]["text"]
