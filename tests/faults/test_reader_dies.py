"""Whatever a file does to the process that reads it, the scan goes on and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditwatch.config import Settings, shipped_rules
from auditwatch.core.errors import AuditwatchError, InputError
from auditwatch.ingest import Foreman, Task
from tests.e2e.conftest import auditwatch

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = "event_id,event_time,operator_id,system\n"
DEADLY = """\
import os, signal, sys
from auditwatch.ingest import limits, worker
from auditwatch.ingest.formats import canonical_csv

honest = canonical_csv.read

def read(stream, request):
    how = stream.head.split(b"#")[1].decode() if b"#" in stream.head else ""
    if how.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, how))
    elif how == "exit":
        os._exit(3)
    elif how == "fault":
        raise ValueError("secret of a record")
    elif how == "memory":
        held = [bytes(1 << 28) for _ in range(64)]  # asked for, not filled: that takes seconds
    elif how == "output":
        with open(stream.path.with_suffix(".out"), "wb") as file:
            for _ in range(64):
                file.write(b"x" * (1 << 20))
    elif how == "time":
        while True:
            pass
    yield from honest(stream, request)

canonical_csv.read = read
limits.CPU_SECONDS_LEAST = 1
limits.OUTPUT_LEAST = 1 << 22
worker.main()
"""
SAID = {
    "SIGKILL": "the system ended its reading",
    "SIGSEGV": "SIGSEGV",
    "exit": "code 3",
    "fault": "a fault in reading it (ValueError at ",
    "memory": "MB of memory",
    "output": "OSError",
    "time": "of processor time",
}


def trail(folder: Path, name: str, how: str = "") -> Path:
    """Write a trail of one lookup that does something to its reader."""
    path = folder / f"{name}.csv"
    path.write_text(f"#{how}#\n{HEADER}{name},2026-03-14T20:00:00Z,T1,NLETS\n")
    return path


@pytest.fixture
def foreman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Foreman]:
    """A foreman whose workers do what a file says."""
    script = tmp_path / "deadly.py"
    script.write_text(DEADLY)
    monkeypatch.setattr("auditwatch.ingest.foreman.COMMAND", (str(script),))
    with Foreman(Settings(), shipped_rules(), tmp_path / "staging") as made:
        yield made
    assert not (tmp_path / "staging").exists()


def test_each_death_costs_one_file(tmp_path: Path, foreman: Foreman) -> None:
    """Killed, crashed, out of memory, time or room: told with a code; its neighbours are read."""
    tasks = [Task(trail(tmp_path, "before"), "csv", None)]
    for how in SAID:
        tasks += [
            Task(trail(tmp_path, how, how), "csv", None),
            Task(trail(tmp_path, f"after-{how}"), "csv", None),
        ]
    found = [one for one, _ in foreman.read(tasks)]
    for task, one in zip(tasks, found, strict=True):
        if task.path.stem not in SAID:
            assert not isinstance(one, AuditwatchError), str(one)
            continue
        assert isinstance(one, InputError)
        assert (one.code, one.where) == ("AW-INGEST-032", str(task.path))
        assert SAID[task.path.stem] in one.what
        assert "secret" not in str(one)


def test_what_a_reader_refuses_is_told_as_if_it_had_been_read_here(
    tmp_path: Path, foreman: Foreman
) -> None:
    """Kind, code, place and advice of an error come through the pipe."""
    path = tmp_path / "noop.csv"
    path.write_text("event_time,system\n2026-03-14T20:00:00Z,DMV\n")
    missing = Task(tmp_path / "gone.csv", "auto", None)
    refused, gone = (one for one, _ in foreman.read([Task(path, "auto", None), missing]))
    assert isinstance(refused, AuditwatchError)
    assert isinstance(gone, AuditwatchError)
    assert (refused.code, refused.exit_code) == ("AW-INGEST-003", 2)
    assert "operator_id" in str(refused)
    assert gone.code == "AW-FILES-004"


def running(marker: Path) -> list[int]:
    """Return the processes that were started with a marker in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(marker).encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A trail that takes some seconds to read."""
    path = tmp_path / "slow.jsonl"
    line = '{"event_time":"2026-03-%02dT20:%02d:00Z","operator_id":"T1","system":"N"}\n'
    with path.open("w") as file:
        for n in range(600_000):
            file.write(line % (1 + n % 28, n % 60))
    return path


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_no_reader_outlives_the_command(
    tmp_path: Path, slow: Path, sent: signal.Signals, code: int
) -> None:
    """Interrupted or killed in the middle of reading, no process stays; the next run tidies up."""
    workspace = tmp_path / "w"
    auditwatch("init", workspace)
    command = [sys.executable, "-m", "auditwatch", "-w", str(workspace), "ingest", str(slow)]
    process = subprocess.Popen(
        command, env={**os.environ, "AW_MARK": str(tmp_path)}, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    records = workspace / ".staging" / "0" / "records.arrows"
    deadline = time.monotonic() + 60
    while not (records.exists() and records.stat().st_size):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    assert len(running(tmp_path)) == 2
    if sent == signal.SIGINT:
        os.killpg(process.pid, sent)  # as a terminal does: to both
    else:
        process.kill()
    assert process.wait(30) == code
    while running(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert (workspace / ".staging").exists() == (sent == signal.SIGKILL)
    small = trail(tmp_path, "small")
    told = auditwatch("-w", workspace, "ingest", "--json", small)
    assert told.code == 0, told.err
    assert json.loads(told.out)["sources"][0]["accepted"] == 1
    assert not (workspace / ".staging").exists()
    assert not (workspace / "lake" / ".adding").exists()


def test_a_scan_goes_on_past_a_file_that_ends_its_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bad file is a note, the good ones are stored, and the scan is incomplete."""
    from auditwatch.config import find_workspace, make_workspace  # noqa: PLC0415
    from auditwatch.night import Wanted, ingest_files  # noqa: PLC0415

    script = tmp_path / "deadly.py"
    script.write_text(DEADLY)
    monkeypatch.setattr("auditwatch.ingest.foreman.COMMAND", (str(script),))
    place = find_workspace(make_workspace(tmp_path / "w"), tmp_path)
    files = [trail(tmp_path, "a"), trail(tmp_path, "bad", "SIGSEGV"), trail(tmp_path, "b")]
    done = ingest_files(place, [Wanted(path) for path in files], lambda *_: None)
    assert [account["name"] for account in done.accounts] == ["a.csv", "b.csv"]
    assert done.incomplete
    assert any("AW-INGEST-032" in note for note in done.notes)
