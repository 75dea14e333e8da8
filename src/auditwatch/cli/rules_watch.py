"""``rules watch``: lint and tests on every save."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from auditwatch.cli.show import count, narrate, open_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.check.trial.again import Again

__all__ = ["watch"]

LOOK_EVERY: Final = 0.2  # seconds


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.pass_obj
def watch(workspace: Path | None, folder: Path | None) -> None:
    """Lint and test FOLDER, or the workspace's rules, now and whenever a file is saved.

    Ends with ctrl-C.

    \b
    Examples:
      auditwatch rules watch rules/
    """
    from auditwatch.check.ruleset import refuse_missing
    from auditwatch.check.trial.again import Again

    place = folder or open_workspace(workspace).rules
    refuse_missing(place)
    narrate(f"watching {place}, ctrl-C ends it")
    seen: dict[str, tuple[int, int]] = {}
    again = Again()
    while True:
        found = _state(place)
        if found != seen:
            for line in _told(place, again):
                click.echo(line)
            seen = found
        time.sleep(LOOK_EVERY)


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    """Return time and size of each rule file."""
    found = {}
    for path in folder.rglob("*.yml"):
        try:
            known = path.stat()
        except OSError:  # an editor is replacing it
            continue
        found[str(path)] = (known.st_mtime_ns, known.st_size)
    return found


def _told(folder: Path, again: Again) -> Iterator[str]:
    """Yield what lint and tests say, then a line of counts."""
    from auditwatch.check.trial.linting import look_over
    from auditwatch.core.errors import RuleError

    start = time.perf_counter()
    try:
        looked = look_over(folder)
    except RuleError as error:
        yield str(error)
        return
    for problem in looked.problems:
        if problem.level != "info":
            yield f"{folder / problem.where}: {problem.level}: {problem.what} [{problem.code}]"
    trials = again.trials(looked.pack.ruleset) if looked.pack is not None else []
    failed = [trial for trial in trials if not trial.passed]
    for trial in failed:
        sample = trial.sample
        yield f"{folder / sample.place}: {trial.name}: {sample.title}: got {trial.got or 'nothing'}"
    wrong = sum(looked.counts[level] for level in ("error", "warning"))
    took = time.perf_counter() - start
    yield (
        f"{count(wrong, 'problem')}, {count(len(trials), 'sample')}, {len(failed)} failed "
        f"({took:.2f} s)"
    )
