"""``rules coverage`` and ``rules mutate``: what the pack's own tests would not notice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.rules_test import check_rule_name, opened_pack
from auditwatch.cli.show import emit_json, print_table
from auditwatch.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.check.trial.coverage import Branch

__all__ = ["coverage", "mutate"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--name", metavar="NAME", help="One rule, permit, requirement, code or exception.")
@click.option(
    "--threshold", type=click.FloatRange(0, 100), metavar="PERCENT",
    help="End with 1 when less is covered.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Every branch as JSON.")
@click.pass_obj
def coverage(
    workspace: Path | None,
    folder: Path | None,
    name: str | None,
    threshold: float | None,
    as_json: bool,
) -> None:
    """Show which branches of the rules no test reaches, by file and line.

    A branch is each test of a rule holding and not holding, each clause of a permit failing alone,
    each requirement that is enough or missing alone, both sides of each date, each term of an
    exception.

    \b
    Examples:
      auditwatch rules coverage rules/
      auditwatch rules coverage rules/ --name PATROL-CHECKS
      auditwatch rules coverage rules/ --threshold 100
    """
    from auditwatch.check.trial.coverage import cover

    branches = cover(opened_pack(workspace, folder))
    if name is not None:
        check_rule_name(name, sorted({branch.name for branch in branches}))
        branches = [branch for branch in branches if branch.name == name]
    share = 100 * sum(branch.covered for branch in branches) / max(1, len(branches))
    if as_json:
        emit_json({"share": round(share, 2), "branches": [vars(branch) for branch in branches]})
    else:
        _tell(branches)
        covered = sum(branch.covered for branch in branches)
        click.echo(f"{covered:,} of {len(branches):,} branches, {share:.1f} %")
    if threshold is not None and share < threshold:
        raise Exit(ExitCode.FAILED_CHECK)


def _tell(branches: Sequence[Branch]) -> None:
    """Print what no test reaches, then the share of each file that has such."""
    total, missed = Counter[str](), Counter[str]()
    for branch in branches:
        file = branch.where.partition(":")[0]
        total[file] += 1
        missed[file] += not branch.covered
        if not branch.covered:
            click.echo(f"{branch.where}: {branch.name}: no test shows: {branch.what}")
    rows = [
        [file, f"{total[file] - missed[file]}/{total[file]}"]
        for file in sorted(total)
        if missed[file]
    ]
    if rows:
        click.echo()
        print_table(["file", "branches"], rows)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--name", metavar="NAME", help="One rule, permit, requirement, code or exception.")
@click.option(
    "--threshold", type=click.FloatRange(0, 1), metavar="SHARE",
    help="End with 1 when a smaller share of the changes is noticed.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Every change as JSON.")
@click.pass_obj
def mutate(
    workspace: Path | None,
    folder: Path | None,
    name: str | None,
    threshold: float | None,
    as_json: bool,
) -> None:
    """Make small changes of the rules, one at a time, and show those that no test notices.

    A test turned round, a threshold one higher, a selection, clause or requirement left out, a date
    moved by a day. A change that lives on is a missing test, at its file and line. All tests have
    to pass before.

    \b
    Examples:
      auditwatch rules mutate rules/
      auditwatch rules mutate rules/ --name wildcard-plate
      auditwatch rules mutate rules/ --threshold 0.9
    """
    from auditwatch.check.trial import try_samples
    from auditwatch.check.trial.mutating import mutate as every_change

    pack = opened_pack(workspace, folder)
    failed = sum(not trial.passed for trial in try_samples(pack.ruleset))
    if failed:
        raise UsageError(
            f"{failed} of the pack's own tests fail, so that every change would be noticed",
            code="AW-BENCH-005",
            expected="a pack of which all tests pass",
            hint="see them: auditwatch rules test",
        )
    mutants = list(every_change(pack))
    if name is not None:
        check_rule_name(name, sorted({mutant.name for mutant in mutants}))
        mutants = [mutant for mutant in mutants if mutant.name == name]
    noticed = sum(mutant.noticed for mutant in mutants)
    share = noticed / max(1, len(mutants))
    if as_json:
        emit_json({"share": round(share, 4), "changes": [vars(mutant) for mutant in mutants]})
    else:
        for mutant in mutants:
            if not mutant.noticed:
                click.echo(f"{mutant.where}: {mutant.name}: no test notices: {mutant.what}")
        click.echo(f"{noticed:,} of {len(mutants):,} changes noticed, {share:.3f}")
    if threshold is not None and share < threshold:
        raise Exit(ExitCode.FAILED_CHECK)
