"""Logs of databases and clouds through a whole scan: account, remarks, findings that read well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import auditwatch, export

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "realdata"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/realdata")


def test_a_real_database_log_gives_findings_about_rights_and_structure(tmp_path: Path) -> None:
    """A real MariaDB log is read whole; who made users and dropped schemas is asked."""
    auditwatch("init", tmp_path / "w")
    log = REAL / "mariadb_server_audit_generated" / "server_audit.log"
    told = auditwatch("-w", tmp_path / "w", "scan", log)
    assert told.code == 0, told.err
    found = [json.loads(line) for line in export(tmp_path / "w").splitlines()]
    by_rule = {(one["rule_id"], len(one["event_ids"])) for one in found}
    assert ("database-rights-changed", 4) in by_rule
    assert ("database-structure-changed", 4) in by_rule
    assert all("postgres" not in json.dumps(one).lower() for one in found)


def test_wrapped_rows_of_a_cloud_log_are_read_and_told(tmp_path: Path) -> None:
    """Snowflake rows inside an envelope just work, and the reader is told what was unwrapped."""
    auditwatch("init", tmp_path / "w")
    log = REAL / "panther_db_tests" / "snowflake.jsonl"
    told = auditwatch("-w", tmp_path / "w", "scan", log)
    assert told.code == 3  # two of its rows carry no time: more than the limit of rejects
    assert "snowflake.jsonl: each record was taken out of event" in told.out + told.err
    rules = {json.loads(line)["rule_id"] for line in export(tmp_path / "w").splitlines()}
    assert {"database-rights-changed", "database-bulk-copy"} <= rules
