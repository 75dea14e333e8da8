"""Real health and cloud trails through a whole scan: what a reviewer is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import auditwatch, export

REAL = Path(__file__).parents[3] / "shared" / "realdata"
CLOUD = REAL / "stratus_cloudtrail" / "detonation_events.jsonl"
HEALTH = REAL / "fhir_auditevent"


def _asked(folder: Path, *files: Path) -> dict[str, int]:
    """Scan files in a new workspace; return the rules that found something, and how often."""
    workspace = folder / "w"
    assert auditwatch("init", workspace).code == 0
    told = auditwatch("-w", workspace, "scan", *files)
    assert told.code == 0, told.err
    rules = [json.loads(line)["rule_id"] for line in export(workspace).splitlines()]
    return {rule: rules.count(rule) for rule in rules}


@pytest.mark.skipif(not CLOUD.is_file(), reason="needs ../shared/realdata/stratus_cloudtrail")
def test_a_real_cloud_trail_asks_about_what_was_done_to_it(tmp_path: Path) -> None:
    """Of 309 calls of real attacks: trails switched off, copies shared, secrets refused."""
    assert _asked(tmp_path, CLOUD) == {
        "cloud-trail-switched-off": 3,
        "cloud-copy-shared": 3,
        "cloud-secrets-refused": 1,
        "silent_night": 4,  # weeks between drills
    }


@pytest.mark.skipif(not HEALTH.is_dir(), reason="needs ../shared/realdata/fhir_auditevent")
def test_the_real_health_examples_ask_about_glass_and_marketing(tmp_path: Path) -> None:
    """HL7's two examples: one emergency override to review, one disclosure for marketing."""
    files = sorted(HEALTH.glob("*.xml"))
    assert _asked(tmp_path, *files) == {"health-break-glass": 1, "health-marketing": 1}


@pytest.mark.skipif(not HEALTH.is_dir(), reason="needs ../shared/realdata/fhir_auditevent")
def test_a_hospitals_pack_reads_the_real_health_examples(tmp_path: Path) -> None:
    """Marketing is forbidden, the override lacks its reason; the purpose code shows unrevealed."""
    workspace = tmp_path / "w"
    assert auditwatch("init", workspace, "--rules", "hipaa").code == 0
    told = auditwatch("-w", workspace, "scan", *sorted(HEALTH.glob("*.xml")))
    assert told.code == 0, told.err
    found = {one["rule_id"]: one for one in map(json.loads, export(workspace).splitlines())}
    assert sorted(found) == ["EMERGENCY:justification_missing", "NO-MARKETING"]
    shown = auditwatch("-w", workspace, "findings", "show", found["NO-MARKETING"]["finding_id"])
    assert "\tHMARKT\t" in shown.out
