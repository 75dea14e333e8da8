"""``report ocsf`` and ``report send``: findings and nights for other systems."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.findings import masker_for, reveal_options
from auditwatch.cli.show import complain, count, known_day, narrate, open_workspace
from auditwatch.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.config import Workspace
    from auditwatch.findings.store import Store
    from auditwatch.report.hooks.target import Target

__all__ = ["ocsf", "ready_hooks", "send", "tell_hooks"]


@click.command()
@click.option(
    "--night",
    metavar="DATE",
    callback=known_day,
    help="New and grown on this night; default all findings.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: stdout."
)
@reveal_options
@click.pass_obj
def ocsf(
    workspace: Path | None,
    night: str | None,
    output: Path | None,
    reveal: bool,
    reason: str | None,
) -> None:
    """Write findings as OCSF 1.8.0 Detection Findings (class 2004), one a line; identities masked.

    The same findings and decisions give the same bytes.

    \b
    Examples:
      auditwatch report ocsf -o findings.ocsf.jsonl
      auditwatch report ocsf --night 2026-03-14
    """
    from auditwatch.core.files import require_folder, write_atomic
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.store import Store
    from auditwatch.report.ocsf import json_lines, ocsf_events

    place = open_workspace(workspace)
    with Store(place.database) as store:
        published = store.night(night) if night else None
        masker = masker_for(place, store, reveal=reveal, reason=reason)
        findings = store.findings()
        fresh = {one.finding_id for one in findings if one.days[:1] == (one.night,)}
        if published:
            asked = {*published.new, *published.grown}
            fresh = set(published.new)
            findings = [one for one in findings if one.finding_id in asked]
        data = json_lines(ocsf_events(store, Lake(place.lake), findings, masker, fresh=fresh))
    if output is None:
        click.echo(data, nl=False)
    else:
        write_atomic(require_folder(output), data)
        narrate(f"written: {output}")


@click.command()
@click.option(
    "--night",
    metavar="DATE",
    callback=known_day,
    help="Which night; default the last that was scanned.",
)
@click.pass_obj
def send(workspace: Path | None, night: str | None) -> None:
    """Tell the hooks of auditwatch.toml of a night, as a scan does: again, or to try them out.

    \b
    Example:
      auditwatch report send --night 2026-03-14
    """
    from auditwatch.findings.store import Store

    place = open_workspace(workspace)
    targets = ready_hooks(place)
    if not targets:
        raise UsageError(
            "no hook is set, so there is nobody to tell",
            code="AW-HOOKS-002",
            where=str(place.root),
            expected="a section [hooks.NAME] in auditwatch.toml",
            hint="docs/how-to/tell-others.md has an example of each kind",
        )
    with Store(place.database) as store:
        shown = night or max(store.night_tokens(), default="")
        if not shown:
            raise UsageError(
                "no night was scanned yet",
                code="AW-CLI-002",
                where=str(place.root),
                hint="scan a trail first: auditwatch scan FILE",
            )
        store.night(shown)
        failed = tell_hooks(place, store, targets, [shown])
    narrate(f"{count(len(targets) - failed, 'hook')} told of {shown}")
    raise Exit(ExitCode.UNDELIVERED if failed else ExitCode.DONE)


def ready_hooks(place: Workspace) -> list[Target]:
    """Return the hooks of the settings, checked, with their secrets."""
    if not place.settings.hooks:
        return []
    from auditwatch.report.hooks.target import targets_of

    return targets_of(place, os.environ)


def tell_hooks(
    place: Workspace, store: Store, targets: Sequence[Target], nights: Sequence[str]
) -> int:
    """Tell all hooks, complain of those that could not be told, and return their number."""
    from auditwatch.engine.lake import Lake
    from auditwatch.report.hooks.rounds import tell_all

    failed = tell_all(targets, store, Lake(place.lake), place, nights)
    for error in failed:
        complain(str(error))
    return len(failed)
