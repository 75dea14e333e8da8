"""``rules``: the rule developer's bench."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.show import count, emit_json, open_workspace
from auditwatch.core.errors import ExitCode

if TYPE_CHECKING:
    from auditwatch.check import Ruleset

__all__ = ["rules"]


@click.group()
def rules() -> None:
    """Work on the rule pack."""


@rules.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="The counts as JSON.")
@click.pass_obj
def lint(workspace: Path | None, folder: Path | None, as_json: bool) -> None:
    """Load FOLDER, or the workspace's rules, as strictly as a scan does; exit 2 at the first fault.

    \b
    Examples:
      auditwatch rules lint
      auditwatch rules lint rules/
    """
    loaded = _loaded(workspace, folder)
    if as_json:
        emit_json({"version": loaded.version, **loaded.counts})
        return
    parts = ", ".join(count(number, thing[:-1]) for thing, number in loaded.counts.items())
    click.echo(f"rules {loaded.version[:12]}: {parts}")


@rules.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="The samples and what became of them.")
@click.pass_obj
def test(workspace: Path | None, folder: Path | None, as_json: bool) -> None:
    """Judge every sample of the rules and decision tables; exit 1 when one is not as expected.

    Samples go through the same judge as a scan.

    \b
    Examples:
      auditwatch rules test
      auditwatch rules test rules/
    """
    from auditwatch.check.trial import try_samples

    trials = list(try_samples(_loaded(workspace, folder)))
    failed = [trial for trial in trials if not trial.passed]
    if as_json:
        emit_json(
            [
                {
                    "rule": trial.name,
                    "sample": trial.sample.title,
                    "place": trial.sample.place,
                    "expected": trial.sample.expected,
                    "got": trial.got,
                    "passed": trial.passed,
                }
                for trial in trials
            ]
        )
    else:
        for trial in failed:
            place, title = trial.sample.place, trial.sample.title
            click.echo(f"{place}: {trial.name}: {title}")
            click.echo(f"  expected {trial.sample.expected}, got {trial.got}")
        click.echo(f"{count(len(trials), 'sample')}, {len(failed)} failed")
    if failed:
        raise Exit(ExitCode.FAILED_CHECK)


def _loaded(workspace: Path | None, folder: Path | None) -> Ruleset:
    """Load the rules of a folder, or of the workspace."""
    from auditwatch.check import load_rules

    return load_rules(folder or open_workspace(workspace).rules)
