"""How commands speak: data to stdout, narration and progress to stderr."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from auditwatch.config import Workspace, find_workspace
from auditwatch.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

__all__ = [
    "complain",
    "count",
    "current_folder",
    "emit_json",
    "known_day",
    "narrate",
    "one_of",
    "open_workspace",
    "print_table",
    "printable",
    "progress",
]


def narrate(text: str) -> None:
    """Say something about the work, to stderr."""
    print("\n".join(map(printable, text.split("\n"))), file=sys.stderr)  # noqa: T201


def complain(text: str) -> None:
    """Say what is wrong, to stderr."""
    narrate(f"auditwatch: {text}")


def emit_json(value: Any) -> None:
    """Print one JSON value to stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False))  # noqa: T201


def known_day(_context: object, _parameter: object, value: str | None) -> str | None:
    """Return the ISO date of an option, refused before anything is read when it is none.

    Raises
    ------
    UsageError
        ``AW-CLI-008`` when no calendar has such a day.
    """
    from datetime import date

    try:
        return date.fromisoformat(value).isoformat() if value else value
    except ValueError as error:
        raise UsageError(
            "no calendar has such a day",
            code="AW-CLI-008",
            where=str(value)[:40],
            expected="a date such as 2026-03-14",
        ) from error


def open_workspace(given: Path | None) -> Workspace:
    """Return the workspace of ``-w``, or the nearest upwards from here."""
    return find_workspace(given, current_folder())


def current_folder() -> Path:
    """Return the folder that the command was started in.

    Raises
    ------
    UsageError
        ``AW-CLI-004`` when it is gone.
    """
    from pathlib import Path as AnyPath

    try:
        return AnyPath.cwd()
    except FileNotFoundError as error:
        raise UsageError(
            "the current folder does not exist any more",
            code="AW-CLI-004",
            hint="change to another folder, or name the workspace with -w",
        ) from error


def count(number: int, thing: str, things: str | None = None) -> str:
    """Return a number with its noun, such as ``1 finding`` or ``2,000 lookups``."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def one_of(name: str, words: Sequence[str]) -> str:
    """Return what may stand for an argument, to stand beneath the options: all words, uncut."""
    return f"{name} is one of {', '.join(words)}."


def printable(text: str) -> str:
    """Return text in which no character from a trail moves the cursor or tears a row."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows to stdout: a table on a terminal, tab-separated otherwise."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not sys.stdout.isatty():
        for row in [columns, *rows]:
            print("\t".join(map(printable, row)))  # noqa: T201
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console().print(table)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function (stage, done, total): a bar on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=30),
        TextColumn("{task.completed:>4.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        tasks: dict[str, Any] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield tell
