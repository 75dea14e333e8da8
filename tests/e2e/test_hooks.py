"""A scan with a hook that nobody answers: all is kept, and the timer hears of it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tests.e2e.conftest import auditwatch

if TYPE_CHECKING:
    from pathlib import Path

TRAIL = "event_id,event_time,operator_id,system\nA1,2026-03-14T20:00:00Z,CANARY-T1,NLETS\n"


def test_a_scan_that_could_not_tell_keeps_its_night_and_ends_with_six(tmp_path: Path) -> None:
    """The report is there, the hook is named, and evidence that is missing weighs more."""
    place, trail = tmp_path / "w", tmp_path / "trail.csv"
    assert auditwatch("init", place).code == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = place / "auditwatch.toml"
    hook = f'\n[hooks.siem]\nurl = "http://127.0.0.1:{port}"\nattempts = 1\n'
    settings.write_text(settings.read_text() + hook)
    trail.write_text(TRAIL)
    told = auditwatch("-w", place, "scan", trail)
    assert told.code == 6, told.err
    assert "hooks.siem" in told.err
    assert "AW-HOOKS-001" in told.err
    assert (place / "reports" / "night-2026-03-14.html").exists()
    trail.write_text(TRAIL + "A2,not a time,T1,NLETS\n" * 3)
    assert auditwatch("-w", place, "scan", trail).code == 3
