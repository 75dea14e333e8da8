"""``findings``: the queue, one finding, exports."""

from __future__ import annotations

import getpass
from dataclasses import astuple
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from auditwatch.cli.findings_move import move
from auditwatch.cli.findings_week import week
from auditwatch.cli.show import count, emit_json, narrate, open_workspace, print_table
from auditwatch.core.errors import UsageError

if TYPE_CHECKING:
    from auditwatch.config import Workspace
    from auditwatch.core.mask import Masker
    from auditwatch.findings.model import Finding
    from auditwatch.findings.store import Store

__all__ = ["findings"]

#: In the order of a report's line; its count of followers stays out.
LOOKUP_COLUMNS = (
    "time",
    "operator",
    "subject",
    "asked",
    "purpose",
    "reason",
    "case",
    "terminal",
)


def reveal_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add the options that show identities: asked for with a reason, kept in the journal."""
    reason = click.option("--reason", metavar="TEXT", help="Why you need the identities.")
    reveal = click.option(
        "--reveal", is_flag=True, help="Show identities; needs --reason and is kept in the journal."
    )
    return reveal(reason(command))


def masker_for(
    workspace: Workspace, store: Store, *, reveal: bool, reason: str | None, finding_id: str = ""
) -> Masker:
    """Return what shows identities, after a reveal was put on record.

    Raises
    ------
    UsageError
        ``AW-CLI-001`` when identities are asked for without a reason.
    """
    if reveal and not (reason and reason.strip()):
        raise UsageError(
            "identities are shown for a reason only",
            code="AW-CLI-001",
            expected='--reveal --reason "why you need them"',
        )
    if reveal:
        store.reveal(getpass.getuser(), str(reason), finding_id)
    return workspace.masker(reveal=reveal)


@click.group()
def findings() -> None:
    """Read the queue, look at one finding, export; decisions are made with `review`."""


findings.add_command(week)
findings.add_command(move)


@findings.command("list")
@click.option(
    "--status",
    "statuses",
    type=click.Choice(["open", "reopened", "decided", "suppressed"]),
    multiple=True,
    default=("open", "reopened"),
    show_default=True,
    help="Findings with this status; may be given more than once.",
)
@click.option("--limit", type=click.IntRange(1), help="At most so many; default all.")
@click.option("--json", "as_json", is_flag=True, help="The list as JSON.")
@reveal_options
@click.pass_obj
def list_findings(
    workspace: Path | None,
    statuses: tuple[str, ...],
    limit: int | None,
    as_json: bool,
    reveal: bool,
    reason: str | None,
) -> None:
    """List findings, the most pressing first.

    \b
    Examples:
      auditwatch findings list --limit 20
      auditwatch findings list --status decided
    """
    from auditwatch.findings.store import Store

    place = open_workspace(workspace)
    with Store(place.database) as store:
        masker = masker_for(place, store, reveal=reveal, reason=reason)
        queue = store.findings(statuses=statuses, limit=limit)
        total = sum(n for (_, status), n in store.counts().items() if status in statuses)
    if as_json:
        emit_json([_row(rank, finding, masker) for rank, finding in enumerate(queue, 1)])
        return
    columns = ["rank", "priority", "severity", "finding", "last night", "lookups", "title"]
    print_table(columns, [_cells(rank, finding, masker) for rank, finding in enumerate(queue, 1)])
    shown = f"{count(len(queue), 'finding')}"
    narrate(shown if total == len(queue) else f"{shown} of {total:,}")


def _row(rank: int, finding: Finding, masker: Masker) -> dict[str, Any]:
    """Return what a program wants to know of one place in the queue."""
    return {
        "rank": rank,
        "finding_id": finding.finding_id,
        "priority": finding.priority,
        "severity": finding.severity,
        "kind": finding.kind,
        "status": finding.status,
        "suppressed_by": finding.suppressed_by,
        "night": finding.night,
        "lookups": len(finding.event_ids),
        "title": masker.text(finding.title),
    }


def _cells(rank: int, finding: Finding, masker: Masker) -> list[str]:
    """Return what a person wants to see of one place in the queue."""
    row = _row(rank, finding, masker)
    names = ("severity", "finding_id", "night")
    told = [row[name] for name in names]
    return [str(rank), _decades(finding), *told, f"{row['lookups']:,}", row["title"]]


def _decades(finding: Finding) -> str:
    """Return a priority as the report shows it: in decades with one decimal."""
    return f"{finding.priority / 1000:.1f}"


@findings.command()
@click.argument("finding_id")
@reveal_options
@click.pass_obj
def show(workspace: Path | None, finding_id: str, reveal: bool, reason: str | None) -> None:
    """Show one finding: why it asks, what would explain it, the lookups, what was decided.

    \b
    Examples:
      auditwatch findings show F-ABCDEFGHJKMN
      auditwatch findings show F-ABCDEFGHJKMN --reveal --reason "IA case 2026-14"
    """
    from auditwatch.core.clock import zone
    from auditwatch.core.words import HOUR_NOT_KEPT, local_time
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.lookups import lookups_of
    from auditwatch.findings.shown import LookupShower
    from auditwatch.findings.store import Store
    from auditwatch.report.chances import odds_among, odds_said, patterns_until

    place = open_workspace(workspace)
    with Store(place.database) as store:
        finding = store.finding(finding_id)
        masker = masker_for(place, store, reveal=reveal, reason=reason, finding_id=finding_id)
        reviews = store.reviews(finding_id)
        patterns = patterns_until(store, finding.night)
    lake = Lake(place.lake)
    rows = lookups_of(finding, lake)
    chance = odds_said(odds_among(patterns, lake, place).get(finding_id), finding.night)
    click.echo(masker.text(finding.title))
    lookups = count(len(finding.event_ids), "lookup")
    standing = f"{finding.severity}  priority {_decades(finding)}  {finding.status}"
    local = zone(place.settings.agency.timezone)
    dated = set(rows["time_quality"].to_pylist()) == {"date_only"}
    first, last = (
        local_time(datetime.fromisoformat(time), local)[: len("2026-03-14") if dated else None]
        for time in (finding.first_seen, finding.last_seen)
    )
    span = f"{lookups}, {first}" if first == last else f"{lookups}, {first} to {last}"
    span += f", {HOUR_NOT_KEPT}" if dated else ""
    click.echo(f"{finding.finding_id}  {standing}  {span}")
    _section("why it asks", [masker.text(sentence) for sentence in finding.reasons])
    _section("what chance would make", chance)
    _section("what would explain it", [masker.text(s) for s in finding.counter_evidence])
    _section("decisions", [f"{r.at} {r.reviewer}: {r.disposition} - {r.note}" for r in reviews])
    click.echo("\nlookups")
    lines = LookupShower(local, masker).lines(rows)
    print_table(LOOKUP_COLUMNS, [astuple(line)[: len(LOOKUP_COLUMNS)] for line in lines])


def _section(title: str, lines: list[str]) -> None:
    """Print a heading and its sentences, or nothing when there are none."""
    if lines:
        click.echo(f"\n{title}")
        for line in lines:
            click.echo(f"  - {line}")


@findings.command()
@click.option(
    "--format", "format_name", type=click.Choice(["jsonl", "json", "csv"]), default="jsonl",
    show_default=True,
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: stdout."
)
@reveal_options
@click.pass_obj
def export(
    workspace: Path | None,
    format_name: str,
    output: Path | None,
    reveal: bool,
    reason: str | None,
) -> None:
    """Write all findings for other programs, the most pressing first; identities masked.

    The same findings give the same bytes.

    \b
    Examples:
      auditwatch findings export --format jsonl
      auditwatch findings export --format csv -o findings.csv
    """
    from auditwatch.core.files import require_folder, write_atomic
    from auditwatch.findings.export import export_findings
    from auditwatch.findings.store import Store

    place = open_workspace(workspace)
    with Store(place.database) as store:
        masker = masker_for(place, store, reveal=reveal, reason=reason)
        data = export_findings(store.findings(), format_name, masker)
    if output is None:
        click.echo(data, nl=False)
    else:
        require_folder(output)
        write_atomic(output, data)
        narrate(f"written: {output}")
