"""``rules test``: the pack's own samples, through the judge of a scan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.show import count, emit_json, open_workspace
from auditwatch.core.errors import ExitCode, UsageError
from auditwatch.core.strict import suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.check.trial.pack import Pack
    from auditwatch.check.trial.trying import Trial

__all__ = ["check_rule_name", "opened_pack", "test"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--rule", "name", metavar="NAME", help="Only this rule's; policy for the tables.")
@click.option(
    "--junit",
    "report",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the results as JUnit XML as well.",
)
@click.option("--json", "as_json", is_flag=True, help="The samples and what became of them.")
@click.pass_obj
def test(
    workspace: Path | None,
    folder: Path | None,
    name: str | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Judge every sample of the rules and decision tables; exit 1 when one is not as expected.

    Samples go through the same judge as a scan. Of one that fails the tree of its rule or permit
    is shown, with what each test found. See docs/how-to/test-rules.md.

    \b
    Examples:
      auditwatch rules test
      auditwatch rules test rules/ --rule self-lookup
      auditwatch rules test rules/ --junit results.xml
    """
    from auditwatch.check.trial import POLICY, try_policy, try_rules
    from auditwatch.core.arrow import leave_pandas_out

    leave_pandas_out()
    pack = opened_pack(workspace, folder)
    rules = pack.ruleset.rules
    if name is not None:
        check_rule_name(name, [*(rule.rule_id for rule in rules), POLICY])
    chosen = [rule for rule in rules if name in (None, rule.rule_id)]
    trials = list(try_rules(pack.ruleset, chosen))
    if name in (None, POLICY):
        trials.extend(try_policy(pack.ruleset, pack.ruleset.decisions))
    if report is not None:
        _write_junit(report, trials)
    _tell(pack, trials, as_json)
    if not all(trial.passed for trial in trials):
        raise Exit(ExitCode.FAILED_CHECK)


def opened_pack(workspace: Path | None, folder: Path | None) -> Pack:
    """Read the rules of a folder, or of the workspace, with their text."""
    from auditwatch.check.trial.pack import open_pack

    return open_pack(folder or open_workspace(workspace).rules)


def check_rule_name(name: str, known: Sequence[str]) -> None:
    """Refuse a name that no rule has.

    Raises
    ------
    UsageError
        ``AW-BENCH-001``.
    """
    if name not in known:
        raise UsageError(
            f"no rule is called {name!r}",
            code="AW-BENCH-001",
            expected="the name of a rule of this pack",
            hint=suggest(name, known) or "see them all: auditwatch rules test --json",
        )


def _write_junit(path: Path, trials: Sequence[Trial]) -> None:
    """Write trials for a build server."""
    from auditwatch.check.trial.junit import junit
    from auditwatch.core.files import require_folder, write_atomic

    require_folder(path)
    write_atomic(path, junit(trials).encode())


def _tell(pack: Pack, trials: Sequence[Trial], as_json: bool) -> None:
    """Print what became of the samples; of those that failed why."""
    failed = [trial for trial in trials if not trial.passed]
    if as_json:
        emit_json([_plain(pack, trial) for trial in trials])
        return
    for trial in failed:
        _tell_failure(pack, trial)
    click.echo(f"{count(len(trials), 'sample')}, {len(failed)} failed")


def _tell_failure(pack: Pack, trial: Trial) -> None:
    """Print why one sample failed."""
    from auditwatch.check.trial.failing import lines_of
    from auditwatch.check.trial.tree import plainly

    sample = trial.sample
    click.echo(f"{sample.place}: {trial.name}: {sample.title}")
    if trial.got != sample.expected:
        click.echo(f"  expected {sample.expected}, got {trial.got or 'nothing'}")
    if not trial.says_so:
        click.echo(f"  the sentence should say: {sample.says}")
    if trial.said:
        click.echo(f"  says: {trial.said}")
    for line in lines_of(pack, trial):
        for text in line.lines(plainly):
            click.echo(f"  {text}")
    click.echo()


def _plain(pack: Pack, trial: Trial) -> dict[str, Any]:
    """Return what a program wants to know of one sample."""
    from auditwatch.check.trial.failing import lines_of
    from auditwatch.check.trial.tree import plainly

    sample = trial.sample
    told = {
        "rule": trial.name,
        "sample": sample.title,
        "place": sample.place,
        "expected": sample.expected,
        "got": trial.got,
        "says": sample.says,
        "said": trial.said,
        "passed": trial.passed,
    }
    if trial.passed:
        return told
    return told | {"tree": [line.plain(plainly) for line in lines_of(pack, trial)]}
