"""``rejects``: the lines that could not be read, each with its place and its reason."""

from __future__ import annotations

import getpass
from pathlib import Path

import rich_click as click

from auditwatch.cli.findings import masker_for, reveal_options
from auditwatch.cli.ingest import format_options, print_accounts
from auditwatch.cli.show import (
    count,
    emit_json,
    narrate,
    open_workspace,
    print_table,
    progress,
)

__all__ = ["rejects"]

PLACES = ("source", "line", "lines", "byte_start", "byte_end", "reason_code", "excerpt_sha256")


@click.group()
def rejects() -> None:
    """Look at the lines that could not be read, and read them again."""


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

    What a reason means stands in docs/reference/formats.md and on the page of its format.

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


@rejects.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@format_options
@click.option("--json", "as_json", is_flag=True, help="The account as JSON.")
@click.pass_obj
def retry(
    workspace: Path | None,
    files: tuple[Path, ...],
    format_name: str,
    mapping: Path | None,
    as_json: bool,
) -> None:
    """Read refused records of FILES again, after a setting, a mapping or auditwatch changed.

    The files must be the very ones that were read, under any name: what is kept of a refused
    record is an excerpt without the file's header, enough to look at and too little to read.
    Only records in lines that were refused are added, each once, and what was accepted stays as
    it is. Each file leaves a row in the journal.
    The next scan judges the nights concerned again.

    \b
    Examples:
      auditwatch rejects retry march.csv
      auditwatch rejects retry --mapping plates.yml export.csv
    """
    from auditwatch.findings.store import Store
    from auditwatch.night import Wanted, retry_files

    place = open_workspace(workspace)
    with progress() as tell:
        done = retry_files(place, [Wanted(one, format_name, mapping) for one in files], tell)
    with Store(place.database) as store:
        for one in done:
            said = (
                f"{one.account['name']} ({one.account['sha256'][:12]}): {one.added} added, "
                f"{one.known} known already, {one.left} still refused"
            )
            store.retried(getpass.getuser(), said)
            narrate(said)
    accounts = [one.account for one in done]
    if as_json:
        emit_json({"sources": accounts})
    else:
        print_accounts(accounts)
