"""Has untrusted bytes read in another process, and outlives whatever they do to it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import msgspec

from auditwatch.core import errors
from auditwatch.core.errors import AuditwatchError, InputError
from auditwatch.ingest.limits import MEMORY_BYTES, Allowance
from auditwatch.ingest.worker import Answer, Fault, Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from auditwatch.config import Settings
    from auditwatch.ingest.staging import Staged

__all__ = ["Foreman", "Task"]

#: ``-P``: a module that lies in the current folder is not ours.
COMMAND: Final = ("-P", "-m", "auditwatch.ingest.worker")
#: Errors of the program that mean that a limit was met.
LIMITS: Final = {
    "MemoryError": f"it takes more than {MEMORY_BYTES >> 20:,} MB of memory to read",
    "ArrowMemoryError": f"it takes more than {MEMORY_BYTES >> 20:,} MB of memory to read",
}


@dataclass(frozen=True)
class Task:
    """A file to read, how, and how many bytes of it: a log may grow meanwhile."""

    path: Path
    format_name: str
    mapping: Path | None
    upto: int | None = None


class Foreman:
    """Keeps one worker; use as a context manager, early: the worker gets ready meanwhile.

    Parameters
    ----------
    settings : Settings
        For reading.
    rules : Path
        The rule pack, for mapping files.
    folder : Path
        Where records are left until they are stored; emptied at the start and at the end.
    """

    def __init__(self, settings: Settings, rules: Path, folder: Path) -> None:
        self._settings = settings
        self._rules = rules
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        shutil.rmtree(self._folder, ignore_errors=True)  # of a run that was killed
        self._process = self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def read(self, tasks: Sequence[Task]) -> Iterator[tuple[Staged | AuditwatchError, Path]]:
        """Read files in order, the next one while the caller is busy with what came of the last.

        Parameters
        ----------
        tasks : sequence of Task
            The files.

        Yields
        ------
        Staged or AuditwatchError
            What the file holds, or why it cannot be read: ``AW-INGEST-032`` when reading it ended
            the worker or went beyond its limits, which concerns this file alone.
        Path
            Where its records are; removed when the next file is asked for.
        """
        if tasks:
            self._ask(tasks[0], 0)
        for number, task in enumerate(tasks):
            outcome = self._answer(task)
            if number + 1 < len(tasks):
                self._ask(tasks[number + 1], number + 1)
            place = self._place(number)
            yield outcome, place
            shutil.rmtree(place, ignore_errors=True)

    def _place(self, number: int) -> Path:
        """Return where the records of one file are."""
        return self._folder / str(number)

    def _start(self) -> subprocess.Popen[bytes]:
        """Start a worker; what its libraries print is shown only to who looks for faults."""
        quiet = None if os.environ.get("AUDITWATCH_TRACEBACK") else subprocess.DEVNULL
        return subprocess.Popen(  # noqa: S603 - our own module by our own interpreter
            [sys.executable, *COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=quiet,
        )

    def _ask(self, task: Task, number: int) -> None:
        """Give the worker a file; a dead one is replaced first."""
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = self._start()
        job = Job(
            str(task.path),
            str(self._place(number)),
            self._settings,
            str(self._rules),
            task.format_name,
            str(task.mapping) if task.mapping else None,
            task.upto,
        )
        assert self._process.stdin
        with suppress(BrokenPipeError):  # it died just now: no answer will come, and that is told
            self._process.stdin.write(msgspec.json.encode(job) + b"\n")
            self._process.stdin.flush()

    def _answer(self, task: Task) -> Staged | AuditwatchError:
        """Wait for what a file came to."""
        process = self._process
        assert process
        assert process.stdout
        line = process.stdout.readline()
        if not line.endswith(b"\n"):
            return _dead(task, process.wait())
        answer = msgspec.json.decode(line, type=Answer)
        if answer.staged:
            return answer.staged
        assert answer.fault
        return _raised(task, answer.fault)

    def _end(self) -> None:
        """End the worker, whatever it is doing."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            with suppress(BrokenPipeError):  # what was not sent any more is not needed
                pipe.close()
        self._process = None


def _raised(task: Task, fault: Fault) -> AuditwatchError:
    """Return the error that a worker met."""
    kind = getattr(errors, fault.kind, None)
    if fault.code and isinstance(kind, type) and issubclass(kind, AuditwatchError):
        return kind(
            fault.what,
            code=fault.code,
            where=fault.where,
            expected=fault.expected,
            hint=fault.hint,
        )
    why = LIMITS.get(fault.kind, f"a fault in reading it ({fault.kind} at {fault.what})")
    return _unreadable(task, why)


def _dead(task: Task, code: int) -> InputError:
    """Return why a worker ended."""
    if code == -signal.SIGXCPU:
        seconds = Allowance(task.path).cpu_seconds
        return _unreadable(task, f"it takes more than {seconds:,} s of processor time to read")
    if code == -signal.SIGKILL:
        return _unreadable(task, "the system ended its reading, most often for want of memory")
    ended = signal.Signals(-code).name if code < 0 else f"code {code}"
    return _unreadable(task, f"reading it ended the reader ({ended})")


def _unreadable(task: Task, why: str) -> InputError:
    """Return the error of a file that its reader did not survive."""
    return InputError(
        why,
        code="AW-INGEST-032",
        where=str(task.path),
        expected="a log that can be read within the limits of a reader",
        hint="nothing of it was stored; look at the file, cut it into smaller ones, and report it",
    )
