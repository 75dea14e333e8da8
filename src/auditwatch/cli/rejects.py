"""``rejects``: the lines that could not be read, each with its place and its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from auditwatch.cli.findings import masker_for, reveal_options
from auditwatch.cli.show import count, emit_json, narrate, open_workspace, print_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["rejects"]

PLACES = ("source", "line", "lines", "byte_start", "byte_end", "reason_code", "excerpt_sha256")


@click.group()
def rejects() -> None:
    """Look at the lines that could not be read."""


@rejects.command("list")
@click.option("--source", metavar="NAME", help="Only of this file, by its name without folder.")
@click.option("--code", metavar="CODE", help="Only with this reason, such as bad_time.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@reveal_options
@click.pass_obj
def list_rejects(
    workspace: Path | None,
    source: str | None,
    code: str | None,
    limit: int,
    as_json: bool,
    reveal: bool,
    reason: str | None,
) -> None:
    """List refused records: file, line, bytes, reason; with --reveal also what stood there.

    What a reason means, and what to do, stands in docs/reference/formats.md.

    \b
    Examples:
      auditwatch rejects list
      auditwatch rejects list --source march.csv --code bad_time
      auditwatch rejects list --reveal --reason "asking the vendor about ticket 12"
    """
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.store import Store
    from auditwatch.ingest import refused_records

    place = open_workspace(workspace)
    with Store(place.database) as store:
        masker_for(place, store, reveal=reveal, reason=reason)
    found = refused_records(Lake(place.lake), source or "", code or "")
    names = (*PLACES, "excerpt") if reveal else PLACES
    shown = [{name: row[name] for name in names} for row in found[:limit]]
    if as_json:
        emit_json({"rejects": shown})
    else:
        print_table(names, [["" if v is None else str(v) for v in row.values()] for row in shown])
    if len(found) > limit:
        narrate(f"{count(len(found) - limit, 'more record')}; --limit shows more")
    if not found:
        narrate("no refused records" + (" of this kind" if source or code else ""))
