"""``report``: pages for people."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from auditwatch.cli.findings import masker_for, reveal_options
from auditwatch.cli.show import narrate, open_workspace
from auditwatch.core.errors import UsageError

__all__ = ["report"]


@click.group()
def report() -> None:
    """Write reports."""


@report.command()
@click.option("--night", metavar="DATE", help="Which night; default the last that was scanned.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: reports/."
)
@reveal_options
@click.pass_obj
def night(
    workspace: Path | None,
    night: str | None,
    output: Path | None,
    reveal: bool,
    reason: str | None,
) -> None:
    """Write the report of one night: a single HTML file that opens without server or network.

    \b
    Examples:
      auditwatch report night
      auditwatch report night --night 2026-03-14 -o friday.html
    """
    from auditwatch.core.files import require_folder, write_atomic
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.store import Store
    from auditwatch.report.night import write_night

    place = open_workspace(workspace)
    with Store(place.database) as store:
        nights = list(store.night_tokens())
        if not nights:
            raise UsageError(
                "no night was scanned yet",
                code="AW-CLI-002",
                where=str(place.root),
                hint="scan a trail first: auditwatch scan FILE",
            )
        masker = masker_for(place, store, reveal=reveal, reason=reason)
        path = write_night(store, Lake(place.lake), place, night or nights[-1], masker)
    if output is not None:
        require_folder(output)
        write_atomic(output, path.read_bytes())
        path = output
    click.echo(path)
    if reveal:
        narrate("this report shows identities; treat it as such")
