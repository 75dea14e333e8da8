"""`model evaluate` and `model show` as a person runs them."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.e2e.conftest import City, Told, auditwatch, export

if TYPE_CHECKING:
    from pathlib import Path

SIZE = ("--operators", 40, "--days", 8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tables and pictures of an evaluation go."""
    return tmp_path_factory.mktemp("evaluation") / "out"


@pytest.fixture(scope="module")
def of_seed(folder: Path) -> Told:
    """What an evaluation of the town of all tests says."""
    given = ("--seeds", "11", *SIZE, "--out", folder)
    return auditwatch("model", "evaluate", *given)


def tables(told: Told) -> dict[str, list[dict[str, object]]]:
    """Return the tables of an evaluation as JSON."""
    assert told.code == 0, told.err
    found: dict[str, list[dict[str, object]]] = json.loads(told.out)
    return found


@pytest.fixture(scope="module")
def of_files(city: City) -> dict[str, list[dict[str, object]]]:
    """The tables of the same town, handed over as files."""
    truth = city.folder / "truth.csv"
    given = ("--truth", truth, *city.context, "--json")
    return tables(auditwatch("model", "evaluate", city.trail, *given))


def test_a_workspace_that_was_scanned_needs_no_other_scan(
    of_files: dict[str, list[dict[str, object]]], city: City, scanned: Path
) -> None:
    """The truth alone, in that workspace, has all the figures; only the trail's name differs."""
    truth = city.folder / "truth.csv"
    told = tables(auditwatch("-w", scanned, "model", "evaluate", "--truth", truth, "--json"))
    assert _nameless(told) == _nameless(of_files)


def _nameless(found: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
    """Return tables without what their trail is called."""
    return {
        name: [{key: cell for key, cell in row.items() if key != "trail"} for row in rows]
        for name, rows in found.items()
    }


def test_an_evaluation_prints_its_tables_within_a_hundred_columns(of_seed: Told) -> None:
    """Recall by scenario, beside other ways, what fills the budget, stated and realised alerts."""
    assert of_seed.code == 0, of_seed.err
    assert max(map(len, of_seed.out.splitlines())) <= 100
    for title in (
        "Episodes found, by scenario",
        "The same trails put in order otherwise",
        "What leads the findings within the budget",
        "What fills the budget, by honest habit",
        "Stated and realised false alerts",
    ):
        assert title in of_seed.out
    assert "IsolationForest" in of_seed.out
    assert "seed 11: a city of 40 operators" in of_seed.err


def test_tables_and_pictures_go_to_a_folder(of_seed: Told, folder: Path) -> None:
    """Every table is a CSV file, every picture a well-formed SVG that says what it shows."""
    assert of_seed.code == 0
    drawn = sorted(path.name for path in folder.glob("*.svg"))
    assert drawn == ["false_alerts.svg", "recall_by_rank.svg", "recall_by_scenario.svg"]
    for name in drawn:
        picture = ET.fromstring((folder / name).read_bytes())  # noqa: S314 - our own file
        assert picture.get("aria-label")
    with (folder / "episodes.csv").open(newline="") as file:
        episodes = list(csv.DictReader(file))
    assert {row["trail"] for row in episodes} == {"seed 11"}
    assert all(row["rank"] == "" or int(row["rank"]) >= 1 for row in episodes)


def test_a_labelled_trail_gives_what_its_seed_gives(
    of_files: dict[str, list[dict[str, object]]], folder: Path, of_seed: Told
) -> None:
    """The same town as files and by seed has every episode at the same place in the queue."""
    assert of_seed.code == 0
    with (folder / "episodes.csv").open(newline="") as file:
        by_seed = {(row["scenario"], row["episode"]): row["rank"] for row in csv.DictReader(file)}
    by_file = {
        (row["scenario"], row["episode"]): "" if row["rank"] is None else str(row["rank"])
        for row in of_files["episodes"]
    }
    assert by_file == by_seed


def test_the_place_of_an_episode_is_that_in_the_exported_queue(
    of_files: dict[str, list[dict[str, object]]], city: City, scanned: Path
) -> None:
    """The first exported finding with a fifth of an episode's lookups is the one that is told."""
    queue = [json.loads(line) for line in export(scanned).splitlines()]
    with (city.folder / "truth.csv").open(newline="") as file:
        truth = list(csv.DictReader(file))
    for row in of_files["episodes"]:
        own = {line["event_id"] for line in truth if line["episode"] == row["episode"]}
        shares = [len(own & set(f["event_ids"])) / len(f["event_ids"]) for f in queue]
        about = [place for place, share in enumerate(shares, start=1) if share >= 0.2]
        assert row["rank"] == (about[0] if about else None)


def test_a_truth_of_another_trail_and_odd_requests_are_refused(city: City, tmp_path: Path) -> None:
    """Codes, no tracebacks: a foreign truth, seeds that are no numbers, two things at once."""
    foreign = tmp_path / "truth.csv"
    foreign.write_text("event_id,scenario,episode\nnobody-has-this,x,1\n")
    for given, code in (
        ((city.trail, "--truth", foreign), "AW-EVAL-005"),
        (("--seeds", "1,x"), "AW-EVAL-008"),
        (("--seeds", "1", city.trail), "AW-EVAL-007"),
        ((), "AW-EVAL-007"),
    ):
        told = auditwatch("model", "evaluate", *given)
        assert (told.code, told.out) == (2, "")
        assert code in told.err


def test_one_night_without_any_context_is_evaluated(city: City, tmp_path: Path) -> None:
    """A truth with more columns and unknown lookups, a trail of one night: said, and no failure."""
    header, *lines = city.trail.read_text().splitlines()
    trail, truth = tmp_path / "trail.csv", tmp_path / "truth.csv"
    day = lines[0].split(",")[1][:11]
    night = [line for line in lines if line.split(",")[1].startswith(day)]
    trail.write_text("\n".join([header, *night]) + "\n")
    event = night[3].split(",")[0].strip('"')
    truth.write_text(f"event_id,scenario,episode,color\n{event},odd,1,red\nnone,odd,1,red\n")
    given = ("--truth", truth, "--findings-per-week", 7, "--stability")
    told = auditwatch("model", "evaluate", trail, *given)
    assert told.code == 0, told.err
    assert "not used: color" in told.err
    assert "lines of the truth that are not in the trail: 1" in told.err
    assert "stable" in told.out
    assert "No night had enough nights before it" in told.out


def test_show_prints_what_the_scorer_takes_for_usual(scanned: Path, tmp_path: Path) -> None:
    """Shares by role, multipliers, references; the state in two files, by names, not codes."""
    told = auditwatch("-w", scanned, "model", "show", "--out", tmp_path / "state", "--json")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    shares = {
        one["group"]: one["value"]
        for one in found["beliefs"]
        if one["view"] == "harvest" and one["what"] == "share"
    }
    assert {"agency", "officer", "dispatcher"} <= set(shares)
    assert all(0 < share < 1 for share in shares.values())
    state = json.loads((tmp_path / "state" / "scorer.json").read_text())
    assert state["schema"] == 2
    assert "officer" in json.dumps(state["learnt"])


def test_show_refuses_what_is_not_there(scanned: Path) -> None:
    """A night without lookups and a view that nobody wrote."""
    for given, code in (
        (("--night", "1999-01-01"), "AW-SCORE-004"),
        (("--view", "x"), "AW-SCORE-003"),
    ):
        told = auditwatch("-w", scanned, "model", "show", *given)
        assert told.code == 2
        assert code in told.err
