"""The same scan on both engines: verdicts, hits, findings, and what is said without Spark."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from auditwatch.check import load_rules
from auditwatch.config import load_settings
from auditwatch.core.contexttables import CONTEXT_TABLES
from auditwatch.core.schema import HITS, LOOKUPS, VERDICTS
from auditwatch.engine.lake import Lake
from auditwatch.engine.local import LocalEngine
from auditwatch.engine.spark import SparkEngine
from auditwatch.ingest import read_context
from auditwatch.night.blindness import read_blindness
from auditwatch.night.judging import facts_of, judge_nights
from tests.e2e.conftest import City, Told, auditwatch, export
from tests.unit.test_sigma_correlations import CORRELATION, DETECTION

if TYPE_CHECKING:
    from pathlib import Path

#: Any lookup of a person, and two correlations of it whose windows cross midnights.
PERSON = DETECTION.replace("{transaction: QG}", "{subject_kind: person}")
BUSY = (
    CORRELATION.replace("timespan: 10m", "timespan: 12h")
    .replace("gte: 3", "gte: 5")
    .split("  tests:")[0]
)
CROWD = (
    BUSY.replace("a002", "a003")
    .replace("many-guns", "crowd")
    .replace("[operator_id]", "[subject_id]")
    .replace("timespan: 12h", "timespan: 3d")
    .replace("type: event_count", "type: value_count")
    .replace("{gte: 5}", "{field: operator_id, gte: 2}")
)


def workspace(folder: Path) -> Path:
    """Make a workspace whose pack has correlations."""
    assert auditwatch("init", folder).code == 0
    for name, text in (("person", PERSON), ("busy", BUSY), ("crowd", CROWD)):
        (folder / "rules/detections" / f"{name}.yml").write_text(text)
    return folder


def same_judgement(one: Path, other: Path) -> dict[str, int]:
    """Assert that two workspaces hold the same verdicts and hits; return how many."""
    counts = {}
    for table in (VERDICTS, HITS):
        here, there = (Lake(place / "lake").read(table) for place in (one, other))
        for name in table.names:
            assert here[name].to_pylist() == there[name].to_pylist(), (table.name, name)
        counts[table.name] = here.num_rows
    return counts


@pytest.mark.usefixtures("spark")
def test_a_scan_on_spark_comes_to_the_same(city: City, tmp_path: Path) -> None:
    """Verdicts, hits of rules and correlations, and findings are the same, and nothing is told."""
    places = [workspace(tmp_path / name) for name in ("local", "spark")]
    told = [
        auditwatch("-w", place, "scan", city.trail, *city.context, "--engine", place.name)
        for place in places
    ]
    assert [one.code for one in told] == [0, 0], told[1].err
    assert told[1].err == told[0].err
    assert told[1].out.replace(str(places[1]), "W") == told[0].out.replace(str(places[0]), "W")
    assert same_judgement(*places)["hits"]
    rules = set(Lake(places[0] / "lake").read(HITS)["rule_id"].to_pylist())
    assert {"many-guns", "crowd"} <= rules
    assert export(places[0]) == export(places[1])


def without(folder: Path, change: str, environment: dict[str, str]) -> Told:
    """Ask for Spark where something it needs is missing."""
    code = f"import sys; {change}; from auditwatch.__main__ import main; main()"
    (folder / "w/trail.csv").write_text("event_time,operator_id,system\n")
    done = subprocess.run(
        [sys.executable, "-c", code, "-w", folder / "w", "scan", "--engine", "spark",
         folder / "w/trail.csv"],
        capture_output=True, text=True, check=False, env=environment, timeout=120,
    )  # fmt: skip
    return Told(done.returncode, done.stdout, done.stderr)


def test_without_the_extra_the_scan_says_how_to_get_it(tmp_path: Path) -> None:
    """Exit 2 with a stable code before anything is read; the setting asks as the option does."""
    workspace(tmp_path / "w")
    told = without(tmp_path, "sys.modules['pyspark'] = None", dict(os.environ))
    assert told.code == 2
    assert "AW-ENGINE-001" in told.err
    assert "auditwatch[spark]" in told.err
    assert not (tmp_path / "w/lake").exists()


def test_without_java_the_scan_says_so(tmp_path: Path) -> None:
    """A JAVA_HOME without Java is named as such, and no stack of Java's is shown."""
    pytest.importorskip("pyspark", reason="the extra spark is not installed")
    workspace(tmp_path / "w")
    told = without(tmp_path, "pass", {**os.environ, "JAVA_HOME": str(tmp_path)})
    assert told.code == 2
    assert "JAVA_HOME: Spark needs Java, and there is none [AW-ENGINE-002]" in told.err


def test_an_engine_that_is_none_is_refused_with_the_settings(tmp_path: Path) -> None:
    """The name of an engine is one of two."""
    place = workspace(tmp_path / "w")
    settings = place / "auditwatch.toml"
    settings.write_text(settings.read_text().replace('name = "local"', 'name = "sparc"'))
    told = auditwatch("-w", place, "scan")
    assert told.code == 2
    assert "AW-CONFIG-001" in told.err


# py4j leaves its sockets to the collector of rubbish
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.long
@pytest.mark.usefixtures("spark")
def test_a_million_lookups_come_to_the_same(tmp_path: Path) -> None:
    """A city of a million lookups through the shipped pack and correlations, night by night."""
    sample = auditwatch(
        "sample", tmp_path / "city", "--operators", 2700, "--days", 60, patience=1200
    )
    assert sample.code == 0, sample.err
    city = City(tmp_path / "city")
    place = workspace(tmp_path / "w")
    done = auditwatch("-w", place, "ingest", city.trail, patience=1200)
    assert done.code == 0, done.err
    lookups, hits = same_nights(place, city)
    print(f"{lookups:,} lookups, {hits:,} hits are the same on both engines")
    assert lookups >= 1_000_000
    assert hits


def same_nights(place: Path, city: City) -> tuple[int, int]:
    """Assert that each night is judged the same on both engines; return lookups and hits."""
    zone = load_settings(place / "auditwatch.toml").agency.timezone
    lake, rules = Lake(place / "lake"), load_rules(place / "rules")
    tables = {name: city.folder / f"{name}.csv" for name in CONTEXT_TABLES}
    context = read_context({n: path for n, path in tables.items() if path.exists()}, zone)
    blindness = read_blindness(lake)
    facts = facts_of(blindness, context, zone)
    lookups, hits = 0, 0
    with LocalEngine() as here, SparkEngine("local[*]", place / ".spark") as there:
        made = [
            judge_nights(
                lake.nights(LOOKUPS), lake, engine, rules,
                context=context, facts=facts, blindness=blindness,
            )
            for engine in (here, there)
        ]  # fmt: skip
        for one, other in zip(*made, strict=True):
            assert one.summary == other.summary
            assert one.hits.equals(other.hits), one.night
            for name in VERDICTS.names:
                texts = [night.verdicts[name].cast("string") for night in (one, other)]
                assert texts[0].equals(texts[1]), (one.night, name)
            lookups += one.verdicts.num_rows
            hits += one.hits.num_rows
    return lookups, hits
