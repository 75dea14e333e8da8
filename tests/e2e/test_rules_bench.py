"""The bench on a scanned town: what it explains is what the scan published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from auditwatch.core.schema import HITS, VERDICTS
from auditwatch.engine.lake import Lake
from tests.e2e.conftest import auditwatch

if TYPE_CHECKING:
    from pathlib import Path


def test_an_explanation_says_what_the_scan_published(scanned: Path) -> None:
    """Verdict, sentence and hits of lookups of several findings, as they are in the lake."""
    listed = json.loads(auditwatch("-w", scanned, "findings", "list", "--json").out)
    lake = Lake(scanned / "lake")
    verdicts = {row["event_id"]: row for row in lake.read(VERDICTS).to_pylist()}
    hits = {(row["event_id"], row["rule_id"]): row["says"] for row in lake.read(HITS).to_pylist()}
    told = 0
    for finding in [one for one in listed if one["kind"] in ("policy", "rule")][:4]:
        done = auditwatch("-w", scanned, "rules", "explain", finding["finding_id"], "--json")
        assert done.code == 0, done.err
        for explained in json.loads(done.out):
            event_id, told = explained["event_id"], told + 1
            published = verdicts[event_id]
            for name in ("verdict", "statement_id", "missing", "place"):
                assert explained["verdict"][name] == (published[name] or "")
            asked = {one["rule"] for one in explained["rules"]}
            assert asked == {rule for event, rule in hits if event == event_id}
    assert told


def test_the_journal_keeps_who_saw_identities(scanned: Path) -> None:
    """An explanation with identities is a reveal like any other: only with a reason."""
    (finding, *_) = json.loads(auditwatch("-w", scanned, "findings", "list", "--json").out)
    bare = auditwatch("-w", scanned, "rules", "explain", finding["finding_id"], "--reveal")
    assert (bare.code, bare.out) == (2, "")
    plain = auditwatch("-w", scanned, "rules", "explain", finding["finding_id"])
    assert "operator-" in plain.out
