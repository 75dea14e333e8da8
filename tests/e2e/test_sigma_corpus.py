"""Rules as their authors write them, each with events it is meant for and events it is not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[1] / "sigma_corpus"
NAMES = dict(
    re.findall(
        r"^id: (\S+)\nname: (\S+)$",
        "\n".join(path.read_text() for path in sorted(CORPUS.glob("*.yml"))),
        re.MULTILINE,
    )
)
AREAS = sorted(path.stem for path in CORPUS.glob("*.yml"))


def expectations(area: str) -> list[tuple[dict[str, object], list[str]]]:
    """Return the events of an area, each with the names of the rules that fire on it."""
    lines = (CORPUS / f"{area}.jsonl").read_text().splitlines()
    return [(one["event"], sorted(one["fires"])) for one in map(json.loads, lines)]


@pytest.fixture(scope="module")
def fired(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """For each area the rules that fire on each of its events, all rules asked of all events."""
    events, sizes = [], {}
    for area in AREAS:
        found = expectations(area)
        events += [event for event, _ in found]
        sizes[area] = len(found)
    file = tmp_path_factory.mktemp("corpus") / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    done = subprocess.run(
        [sys.executable, "-m", "auditwatch", "rules", "judge", CORPUS, file, "--json",
         "--time", "time"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    hits: list[list[str]] = [[] for _ in events]
    for line in done.stdout.splitlines():
        hit = json.loads(line)
        hits[hit["event"] - 1].append(NAMES[hit["rule"]])
    told = iter(sorted(names) for names in hits)
    return {area: [next(told) for _ in range(sizes[area])] for area in AREAS}


@pytest.mark.parametrize("area", AREAS)
def test_rules_fire_on_what_they_mean_and_on_nothing_else(
    area: str, fired: dict[str, list[list[str]]]
) -> None:
    """Asked of every event of every area, a rule fires exactly where its author says so."""
    for number, (event, wanted) in enumerate(expectations(area)):
        assert fired[area][number] == wanted, f"{area}.jsonl:{number + 1} {event}"


def test_every_rule_is_seen_to_fire() -> None:
    """No rule of the corpus is there without an event that it is meant for."""
    seen = {name for area in AREAS for _, names in expectations(area) for name in names}
    serving = {"failed_sign_in"}  # speaks through its correlations alone
    assert set(NAMES.values()) - seen == serving
    assert len(NAMES) >= 50
