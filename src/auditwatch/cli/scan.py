"""``scan``: ingest, check, score, findings, night report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.ingest import format_options, print_accounts
from auditwatch.cli.report_machines import ready_hooks, tell_hooks
from auditwatch.cli.show import count, emit_json, narrate, open_workspace, progress
from auditwatch.core.errors import ExitCode

if TYPE_CHECKING:
    from auditwatch.config import Workspace
    from auditwatch.night import Scan

__all__ = ["latest_report", "print_scan", "scan"]

LEVELS: Final = ("informational", "low", "medium", "high", "critical")
CONTEXT: Final = {
    "roster": "operators: role, unit, own plate and household …",
    "cases": "cases and incidents: when open, whose, which subjects",
    "duty": "recorded spells of duty",
    "relations": "known ties between operators and subjects",
    "links": "known links between subjects, such as registered owners",
}


def context_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add one option for each context table; all are optional."""
    for name, holds in reversed(CONTEXT.items()):
        option = click.option(
            f"--{name}", type=click.Path(path_type=Path), metavar="FILE", help=f"CSV of {holds}."
        )
        command = option(command)
    return command


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@context_options
@format_options
@click.option("--from", "first", metavar="DATE", help="Judge again from this night on.")
@click.option("--to", "last", metavar="DATE", help="Judge again up to this night.")
@click.option(
    "--as-known-on",
    "known_on",
    metavar="DATE",
    help="Judge by the permits, forbids and exceptions that were approved by this day.",
)
@click.option(
    "--engine",
    type=click.Choice(("local", "spark")),
    help="What judges lookups; that of auditwatch.toml when not given. The results are the same.",
)
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    help="Exit with 1 when a new or grown finding is at or above this level.",
)
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON.")
@click.pass_obj
def scan(
    workspace: Path | None,
    /,
    files: tuple[Path, ...],
    format_name: str,
    mapping: Path | None,
    first: str | None,
    last: str | None,
    known_on: str | None,
    engine: str | None,
    fail_on: str | None,
    as_json: bool,
    **context: Path | None,
) -> None:
    """Read FILES, judge every new or changed night, write the findings and the night report.

    A file of many nights is judged as if each night had been scanned when it ended. The same scan
    again changes nothing. Without FILES, what is new in the sources of auditwatch.toml is read, and
    nights that are in the lake but not yet judged are judged.

    \b
    Examples:
      auditwatch scan trail.csv --roster roster.csv --cases cases.csv
      auditwatch scan /var/log/postgresql/postgresql.csv --fail-on high
      auditwatch scan --from 2026-03-01 --to 2026-03-31
    """
    from auditwatch.findings.store import Store
    from auditwatch.night import Request, run_scan

    request = Request(
        files=files,
        format_name=format_name,
        mapping=mapping,
        context={name: path for name, path in context.items() if path},
        first=first,
        last=last,
        known_on=known_on,
        engine=engine or "",
    )
    place = open_workspace(workspace)
    hooks = ready_hooks(place)
    with progress() as tell:
        result = run_scan(place, request, tell)
    print_scan(result, latest_report(place), as_json=as_json)
    untold = 0
    if hooks:
        with Store(place.database) as store:
            untold = tell_hooks(place, store, hooks, result.nights)
    raise Exit(_exit_code(result, fail_on, untold))


def _exit_code(result: Scan, fail_on: str | None, untold: int) -> ExitCode:
    """Return the code of a finished scan.

    Incomplete evidence outweighs a hook that could not be told, and that a failed threshold.
    """
    if result.incomplete:
        return ExitCode.INCOMPLETE
    if untold:
        return ExitCode.UNDELIVERED
    if fail_on and any(LEVELS.index(level) >= LEVELS.index(fail_on) for level in result.severities):
        return ExitCode.FAILED_CHECK
    return ExitCode.DONE


def latest_report(place: Workspace) -> Path | None:
    """Write the report of the last night that was ever judged; None when none was.

    It is written by every scan: also by the one after a crash between findings and report.
    """
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.store import Store
    from auditwatch.report.night import write_night

    with Store(place.database) as store:
        nights = list(store.night_tokens())
        if not nights:
            return None
        return write_night(store, Lake(place.lake), place, nights[-1], place.masker())


def print_scan(result: Scan, report: Path | None, *, as_json: bool) -> None:
    """Print what a scan did: as JSON, or as a person would tell it."""
    if as_json:
        emit_json({**result.as_dict(), "report": str(report) if report else None})
        return
    if result.accounts:
        print_accounts(result.accounts)
    for note in result.notes:
        narrate(note)
    if not result.nights:
        click.echo("every night was judged before; nothing changed")
    else:
        first, last = result.nights[0], result.nights[-1]
        span = first if first == last else f"{first} to {last}"
        nights, lookups = count(len(result.nights), "night"), count(result.lookups, "lookup")
        click.echo(f"judged {nights} ({span}), {lookups}")
        fresh = count(result.new, "new finding")
        click.echo(f"{fresh}, {result.grown:,} grown, {result.open:,} open")
    for hole in result.holes:
        narrate(f"missing from the trail: {hole}")
    for line in result.top:
        click.echo(f"  {line}")
    if report:
        click.echo(f"report: {report}")
