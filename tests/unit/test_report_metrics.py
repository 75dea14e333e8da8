from __future__ import annotations

import re
from typing import TYPE_CHECKING

from click.testing import CliRunner
from tests.findings_fabric import gathered, hit, lookup, make_fabric, night_of, result

from auditwatch.cli import cli
from auditwatch.config import make_workspace
from auditwatch.findings.model import NightSummary

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = re.compile(r'auditwatch_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?\d+')


def test_a_monitor_reads_figures_and_no_names(tmp_path: Path) -> None:
    """Each line is a comment or a sample; the night, the queue and the account are in it."""
    make_workspace(tmp_path)
    rows = [lookup(0, n, f"CANARY-{n}", "CANARY-P") for n in range(3)]
    pieces = gathered(night_of(0), rows, hits=[hit(row, "colleague") for row in rows])
    summary = NightSummary(lookups=3)
    fabric = make_fabric(tmp_path, rows, [result(night_of(0), pieces, summary=summary)])
    fabric.store.close()
    told = CliRunner().invoke(cli, ["-w", str(tmp_path), "report", "metrics"]).output
    assert "CANARY" not in told
    assert all(line.startswith("# ") or SAMPLE.fullmatch(line) for line in told.splitlines())
    assert "auditwatch_last_night_timestamp_seconds 1769932800\n" in told
    assert "auditwatch_last_night_lookups 3\n" in told
    assert 'auditwatch_open_findings{kind="rule",severity="medium"} 3\n' in told
    assert "auditwatch_journal_sound 1\n" in told


def test_a_workspace_without_a_night_has_figures(tmp_path: Path) -> None:
    """No night is no sample of the last night, so that an alert on its absence fires."""
    make_workspace(tmp_path)
    told = CliRunner().invoke(cli, ["-w", str(tmp_path), "report", "metrics"]).output
    assert "auditwatch_nights 0\n" in told
    assert not re.search(r"^auditwatch_last_night", told, re.MULTILINE)
