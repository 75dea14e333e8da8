"""A scan that is killed at its k-th durable step: ``python -m tests.faults.killed K ARGUMENTS…``.

A durable step is a commit to the lake, a file moved into place, or a statement to the findings
database. The process sends itself SIGKILL right before step K, so nothing can tidy up. It writes
the number of steps to stderr when it survives.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from auditwatch.cli import main
from auditwatch.engine import lake


class Steps:
    """Counts durable steps and kills before one of them."""

    def __init__(self, deadly: int) -> None:
        self.deadly = deadly
        self.done = 0

    def step(self, *_: Any) -> None:
        """Take one more step, or die."""
        self.done += 1
        if self.done == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def arm(steps: Steps) -> None:
    """Make every durable step pass by the counter."""
    commit, move = lake.write_deltalake, os.replace
    add = lake.Lake._commit

    def counted_commit(*arguments: Any, **options: Any) -> None:
        steps.step()
        commit(*arguments, **options)
        steps.step()

    def counted_add(*arguments: Any) -> None:
        steps.step()
        add(*arguments)
        steps.step()

    def counted_move(*arguments: Any) -> None:
        steps.step()
        move(*arguments)

    lake.write_deltalake = counted_commit  # type: ignore[assignment]
    lake.Lake._commit = counted_add  # type: ignore[method-assign]
    os.replace = counted_move  # type: ignore[assignment]
    event.listen(Engine, "before_cursor_execute", steps.step)
    event.listen(Engine, "commit", steps.step)


if __name__ == "__main__":
    counter = Steps(int(sys.argv[1]))
    arm(counter)
    try:
        main(sys.argv[2:])
    finally:
        print(f"STEPS {counter.done}", file=sys.stderr)
