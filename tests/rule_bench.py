"""What tests of the rule developer's bench share: a small pack, and the command in this process."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditwatch.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SHIPPED = Path(__file__).parents[1] / "rules"

RULE = """\
title: Gun query
id: 0b5a4c0e-7f43-4a2e-9a43-0d0f3ac1a001
name: gun-query
status: test
description: A sample.
logsource: {product: lookups}
detection:
  gun: {transaction: QG}
  late: {local_hour|gte: 22}
  known: {subject_id|contains: "1AB"}
  condition: gun and (late or known)
falsepositives: [Nothing]
level: low
auditwatch:
  story: operator
  owner: auditor
  reason_template: "{operator_id} asked for a gun on {night}."
  tests:
    - title: late
      lookup: {operator_id: T1, transaction: QG, local_hour: "23"}
      fires: true
    - title: by day
      lookup: {operator_id: T1, transaction: QG, local_hour: "10"}
      fires: false
"""
CORRELATION = """\
title: Many gun queries
id: 0b5a4c0e-7f43-4a2e-9a43-0d0f3ac1a002
name: many-guns
status: test
description: A sample.
correlation:
  type: event_count
  rules: [gun-query]
  group-by: [operator_id]
  timespan: 10m
  condition: {gte: 3}
falsepositives: [A shift]
level: medium
auditwatch:
  story: operator
  owner: auditor
  reason_template: "{operator_id} asked {lookups_in_window} times within ten minutes ({night})."
"""
PERMIT = """\
kind: permits
permits:
  - id: PATROL-GUNS
    says: Patrol may check guns in a criminal matter.
    effective: {from: "2026-01-01", until: "2026-07-01"}
    approved: {by: Chief, date: "2025-12-01"}
    authority: A sample.
    verified: agency
    who: {units: [patrol]}
    may: {transactions: [QG]}
    for: [C]
    if: {any_of: [case_number, incident_number]}
forbids:
  - id: NO-WEEKENDS
    says: Licensing may not check guns.
    effective: {from: "2026-01-01"}
    approved: {by: Chief, date: "2025-12-01"}
    authority: A sample.
    verified: agency
    story: unit
    severity: low
    who: {units: [licensing]}
    may: {transactions: [QG]}
"""


@dataclass(frozen=True)
class Told:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it said, as a program reads it."""
        return json.loads(self.out)


def make_pack(folder: Path, **files: str) -> Path:
    """Write a pack of the shipped catalogue and some files; ``__`` in a name is a slash."""
    shutil.copytree(SHIPPED / "catalogue", folder / "catalogue")
    for name in ("permits", "detections", "tests", "exceptions"):
        (folder / name).mkdir()
    usual = {"permits__guns": PERMIT, "detections__gun": RULE, "detections__many": CORRELATION}
    for name, text in (usual | files).items():
        (folder / f"{name.replace('__', '/')}.yml").write_text(text, "utf-8")
    return folder


def runner(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Return a function that runs the command in this process, as `python -m auditwatch` would."""

    def run(*arguments: object) -> Told:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main([str(one) for one in arguments])
        said = capsys.readouterr()
        return Told(int(stop.value.code or 0), said.out, said.err)

    return run


COLUMNS = (
    "event_id", "event_time", "operator_id", "operator_role", "operator_unit", "agency",
    "terminal", "system", "transaction", "subject_kind", "subject_id", "purpose", "reason",
    "case_id",
)  # fmt: skip
USUAL = {
    "event_time": "2026-03-10T10:00:00-07:00",
    "operator_id": "T1",
    "operator_role": "officer",
    "operator_unit": "patrol-north",
    "agency": "CA0990100",
    "terminal": "MDC-1",
    "system": "AFS",
    "transaction": "QG",
    "subject_kind": "property",
    "subject_id": "G-77",
    "purpose": "C",
}


def write_trail(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    """Write gun queries of one operator; each row says what is different in it."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number, row in enumerate(rows):
            writer.writerow({"event_id": f"e{number}"} | USUAL | row)
    return path


def make_workspace(
    run: Callable[..., Told], folder: Path, rows: Sequence[dict[str, str]], **files: str
) -> Path:
    """Make a workspace with a small pack, and read a trail into its lake without judging it."""
    workspace = folder / "w"
    assert run("init", workspace).code == 0
    shutil.rmtree(workspace / "rules")
    make_pack(workspace / "rules", **files)
    told = run("-w", workspace, "ingest", write_trail(folder / "trail.csv", rows))
    assert told.code == 0, told.err
    return workspace
