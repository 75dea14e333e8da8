"""A correlation in a workspace's rules, from the trail to the finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.e2e.conftest import auditwatch, export
from tests.unit.test_sigma_correlations import CORRELATION, DETECTION

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "event_time,operator_id,system,transaction,subject_id,purpose,reason\n"
#: Three gun queries in ten minutes around a midnight in Los Angeles (in UTC), a fourth much later.
TIMES = ("07:55:00", "07:59:00", "08:05:00", "20:00:00")


def trail(folder: Path, name: str, *times: str) -> Path:
    """Write gun queries of one operator."""
    rows = (f"2026-03-02T{time}Z,T1,CLETS,QG,P-{time[:5]},C,stop\n" for time in times)
    (folder / name).write_text(HEADER + "".join(rows))
    return folder / name


def workspace(folder: Path) -> Path:
    """Make a workspace with a rule and a correlation of it."""
    assert auditwatch("init", folder).code == 0
    settings = folder / "auditwatch.toml"
    text = settings.read_text()
    zone = next(line for line in text.splitlines() if line.startswith("timezone"))
    settings.write_text(text.replace(zone, 'timezone = "America/Los_Angeles"'))
    (folder / "rules/detections/gun-query.yml").write_text(DETECTION)
    (folder / "rules/detections/many-guns.yml").write_text(CORRELATION)
    return folder


def test_a_window_that_crosses_midnight_becomes_a_finding(tmp_path: Path) -> None:
    """The night in which the window ends tells of it, in whatever order the nights came."""
    first, second = trail(tmp_path, "a.csv", *TIMES[:2]), trail(tmp_path, "b.csv", *TIMES[2:])
    exports = []
    for name, files in (("one", (first, second)), ("two", (second, first))):
        place = workspace(tmp_path / name)
        for file in files:
            done = auditwatch("-w", place, "scan", file)
            assert done.code == 0, done.err
        exports.append(export(place))
    assert exports[0] == exports[1]
    found = [json.loads(line) for line in exports[0].splitlines()]
    (finding,) = [one for one in found if one["rule_id"] == "many-guns"]
    assert finding["night"] == "2026-03-02"
    assert len(finding["event_ids"]) == 1
    assert "asked 3 times within ten minutes" in " ".join(finding["reasons"])
