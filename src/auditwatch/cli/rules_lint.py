"""``rules lint``: everything that is wrong with a pack, at once, each with its place."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.show import count, emit_json, narrate, open_workspace, printable
from auditwatch.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.check.trial.linting import Looked, Problem

__all__ = ["lint"]

FORMATS = ("text", "json", "sarif", "github")
FAIL_ON = ("error", "warning", "info")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--fix", is_flag=True, help="Put right what changes nothing but how it is read.")
@click.option(
    "--fail-on", "worst", type=click.Choice(FAIL_ON), default="warning", show_default=True,
    help="End with 1 at this level; a pack that does not load always ends with 2.",
)  # fmt: skip
@click.option(
    "--stdin", "shown", metavar="FILE",
    help="Take the content of this file of the pack from stdin: for editors, before it is saved.",
)  # fmt: skip
@click.pass_obj
def lint(
    workspace: Path | None,
    folder: Path | None,
    form: str,
    as_json: bool,
    fix: bool,
    worst: str,
    shown: str | None,
) -> None:
    """Look over FOLDER, or the workspace's rules: what does not load, and what is not right.

    Every fault is shown, not the first alone, each with file, line, column and what to do. A
    comment "# lint: ignore AW-LINT-201" on the line or above it keeps a warning away. See
    docs/how-to/lint-rules.md for each check.

    \b
    Examples:
      auditwatch rules lint
      auditwatch rules lint rules/ --fix
      auditwatch rules lint rules/ --format sarif > lint.sarif
      auditwatch rules lint rules/ --stdin detections/self-lookup.yml < draft.yml
    """
    from auditwatch.check.trial.linting import look_over
    from auditwatch.core.arrow import leave_pandas_out

    leave_pandas_out()
    place = folder or open_workspace(workspace).rules
    instead = None if shown is None else (_in_a_pack(shown), sys.stdin.buffer.read())
    looked = look_over(place, instead)
    if fix and instead is None:
        looked = _put_right(place, looked)
    _tell(place, looked, "json" if as_json else form)
    counts = looked.counts
    if counts["error"]:
        raise Exit(ExitCode.USAGE)
    if any(counts[level] for level in FAIL_ON[: FAIL_ON.index(worst) + 1]):
        raise Exit(ExitCode.FAILED_CHECK)


def _in_a_pack(shown: str) -> str:
    """Return the name of a file below a pack, or refuse it: nothing would be looked at.

    Raises
    ------
    UsageError
        ``AW-BENCH-009``.
    """
    from auditwatch.check.ruleset import FOLDERS

    path = PurePosixPath(shown)
    if path.parent.as_posix() not in FOLDERS or path.suffix != ".yml":
        raise UsageError(
            f"{shown!r} is no file of a rule pack",
            code="AW-BENCH-009",
            expected="its name below the pack, such as detections/self-lookup.yml",
        )
    return path.as_posix()


def _put_right(folder: Path, looked: Looked) -> Looked:
    """Write what has a fix, and look again until there is nothing more: a fault hides others."""
    from auditwatch.check.trial.linting import look_over

    while any(_put_file_right(folder, looked, file) for file in sorted(looked.texts)):
        looked = look_over(folder)
    return looked


def _put_file_right(folder: Path, looked: Looked, file: str) -> bool:
    """Write one file with what can be put right; tell whether that changed it."""
    from auditwatch.check.trial.linting import fixed
    from auditwatch.core.files import write_atomic

    ours = [one for one in looked.problems if one.file == file and one.fix is not None]
    after = fixed(looked.texts[file], ours)
    if after == looked.texts[file]:
        return False
    write_atomic(folder / file, after.encode("utf-8"))
    narrate(f"{folder / file}: {count(len(ours), 'problem')} put right")
    return True


def _tell(folder: Path, looked: Looked, form: str) -> None:
    """Print problems in one of the formats."""
    from auditwatch import __version__
    from auditwatch.check.trial.linting.output import github_line, sarif

    def shown(problem: Problem) -> str:
        return _path(folder, problem.file)

    if form == "json":
        emit_json({**_facts(looked), "problems": [one.plain() for one in looked.problems]})
    elif form == "sarif":
        emit_json(sarif(looked.problems, shown, __version__))
    elif form == "github":
        for problem in looked.problems:
            click.echo(github_line(problem, shown(problem)))
    else:
        for line in _lines(folder, looked):
            click.echo(line)


def _facts(looked: Looked) -> dict[str, object]:
    """Return what loads of a pack, for programs."""
    if looked.pack is None or looked.counts["error"]:
        return {"version": ""}
    rules = looked.pack.ruleset
    return {"version": rules.version, **rules.counts}


def _lines(folder: Path, looked: Looked) -> Iterator[str]:
    """Yield what a person reads."""
    for problem in looked.problems:
        place = f"{_path(folder, problem.file)}:{problem.line}:{problem.column}"
        yield printable(f"{place}: {problem.level}: {problem.what} [{problem.code}]")
        if problem.expected:
            yield printable(f"  expected: {problem.expected}")
        if problem.hint:
            yield printable(f"  do: {problem.hint}")
    counts = looked.counts
    told = ", ".join(count(counts[level], level) for level in FAIL_ON if counts[level])
    if looked.pack is not None and not counts["error"]:
        rules = looked.pack.ruleset
        parts = ", ".join(count(number, thing[:-1]) for thing, number in rules.counts.items())
        yield f"rules {rules.version[:12]}: {parts}"
    if told:
        yield told


def _path(folder: Path, file: str) -> str:
    """Return a file of the pack as the person who called knows it."""
    path = os.path.relpath(folder / file)
    return str(folder / file) if path.startswith("..") else path
