from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.findings_fabric import (
    Fabric,
    follower,
    gathered,
    hit,
    lookup,
    make_fabric,
    night_of,
    result,
)

from auditwatch.cli import cli
from auditwatch.config import make_workspace
from auditwatch.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    """Four nights of fifty lookups, each with a follower; two operators have a finding."""
    root = tmp_path_factory.mktemp("sample")
    make_workspace(root)
    rows = [lookup(day, n, f"T{n}", f"P{n}") for day in range(4) for n in range(50)]
    nights = [
        result(
            night_of(day),
            gathered(
                night_of(day), rows, hits=[hit(rows[50 * day + n], "colleague") for n in (3, 4)]
            ),
        )
        for day in range(4)
    ]
    made = make_fabric(root, [*rows, *map(follower, rows)], nights)
    yield made
    made.store.close()


def sample(fabric: Fabric, *more: str) -> dict[str, Any]:
    """Draw a packet through the command line and return its tables."""
    path = fabric.workspace.root / "out.json"
    arguments = ["-w", str(fabric.workspace.root), "report", "sample", "--format", "json"]
    CliRunner().invoke(cli, [*arguments, "-o", str(path), *more], catch_exceptions=False)
    return json.loads(path.read_bytes())["tables"]  # type: ignore[no-any-return]


def test_a_seed_draws_the_same_again_and_another_one_others(fabric: Fabric) -> None:
    """Nobody can choose, and anybody can repeat."""
    first = sample(fabric, "--seed", "1", "--random", "20")
    assert first == sample(fabric, "--seed", "1", "--random", "20")
    other = sample(fabric, "--seed", "2", "--random", "20")
    assert [row["record"] for row in first["random"]] != [row["record"] for row in other["random"]]


def test_a_smaller_draw_is_the_beginning_of_a_larger_one(fabric: Fabric) -> None:
    """An auditor who asks for ten more gets ten more, not another twenty."""
    few = sample(fabric, "--seed", "1", "--random", "10")["random"]
    more = sample(fabric, "--seed", "1", "--random", "20")["random"]
    assert [row["record"] for row in few] == [row["record"] for row in more[:10]]


def test_random_and_risk_stay_apart_with_blanks_for_answers(fabric: Fabric) -> None:
    """No follower is drawn; each finding gives one lookup; what is to be answered is empty."""
    tables = sample(fabric, "--seed", "3", "--random", "200", "--risk", "9")
    drawn = [row["record"] for row in tables["random"]]
    assert len(set(drawn)) == len(drawn) == 200
    assert not [name for name in drawn if name.endswith("f")]
    assert len(tables["risk"]) == len({row["finding"] for row in tables["risk"]}) == 2
    assert all(row["justification"] == row["dissemination"] == "" for row in tables["risk"])


def test_only_the_nights_asked_for_are_drawn_from(fabric: Fabric) -> None:
    """Also where a finding goes on over other nights."""
    tables = sample(fabric, "--seed", "3", "--from", night_of(2), "--to", night_of(2))
    told = tables["random"] + tables["risk"]
    assert {row["time"][:10] for row in told} == {night_of(2)}
    assert len(tables["risk"]) == 2


def test_nights_without_a_lookup_are_refused(fabric: Fabric) -> None:
    """With the nights that were asked for."""
    with pytest.raises(UsageError) as refused:
        sample(fabric, "--seed", "3", "--from", "2031-01-01")
    assert refused.value.code == "AW-REPORT-009"
