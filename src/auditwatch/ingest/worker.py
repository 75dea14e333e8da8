"""The process that looks at untrusted bytes: ``python -m auditwatch.ingest.worker``.

It reads jobs as JSON lines from its standard input, leaves records in the folder that a job names,
and answers with a JSON line each. It is limited in what it may take, opens no connection, and ends
with the process that started it: when its input closes, whatever it is doing.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import IO, Final

import msgspec
import pyarrow as pa

from auditwatch.config import Settings  # noqa: TC001 - what a job holds is read from here
from auditwatch.core.arrow import leave_pandas_out
from auditwatch.core.errors import AuditwatchError
from auditwatch.ingest.limits import Allowance, allow, confine
from auditwatch.ingest.staging import Staged, stage_source

__all__ = ["Answer", "Fault", "Job", "main"]


class Job(msgspec.Struct, frozen=True):
    """A file to read, how, and where its records go."""

    path: str
    folder: str
    settings: Settings
    rules: str
    format_name: str
    mapping: str | None = None
    upto: int | None = None


class Fault(msgspec.Struct, frozen=True):
    """Why a file could not be read: an error of ours with all its parts, or one of the program."""

    kind: str
    what: str
    code: str = ""
    where: str = ""
    expected: str = ""
    hint: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What a job came to: one of the two."""

    staged: Staged | None = None
    fault: Fault | None = None


def main() -> None:
    """Do jobs until the input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the one who started us
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    pa.set_memory_pool(pa.system_memory_pool())  # gives back what the last block took
    confine()
    leave_pandas_out()
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, jobs), daemon=True).start()
    while True:
        answer = _done(msgspec.json.decode(jobs.get(), type=Job))
        answers.write(msgspec.json.encode(answer) + b"\n")
        answers.flush()


def _listen(source: IO[bytes], jobs: queue.SimpleQueue[bytes]) -> None:
    """Take in jobs; when nobody is left to give any, end at once."""
    for line in source:
        jobs.put(line)
    os._exit(0)


def _done(job: Job) -> Answer:
    """Do one job."""
    path, mapping = Path(job.path), Path(job.mapping) if job.mapping else None
    allow(Allowance(path))
    try:
        staged = stage_source(
            path,
            job.settings,
            Path(job.folder),
            rules=Path(job.rules),
            format_name=job.format_name,
            mapping=mapping,
            upto=job.upto,
        )
    except AuditwatchError as error:
        kind = type(error).__name__
        parts = (error.what, error.code, error.where, error.expected, error.hint)
        return Answer(fault=Fault(kind, *parts))
    except Exception as error:  # noqa: BLE001 - one file's trouble must not be that of the others
        return Answer(fault=Fault(type(error).__name__, _place(error)))
    return Answer(staged=staged)


PACKAGE: Final = Path(__file__).parents[1]


def _place(error: Exception) -> str:
    """Return where in our code an error arose; never what it says, which may quote a record."""
    place, trace = "?", error.__traceback__
    while trace:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(PACKAGE):
            place = f"{path.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


if __name__ == "__main__":
    main()
