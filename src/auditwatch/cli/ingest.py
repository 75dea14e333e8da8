"""``ingest``: sources into the lake, with the account of every line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.show import emit_json, narrate, open_workspace, print_table, progress
from auditwatch.core.errors import ExitCode

__all__ = ["format_options", "ingest", "print_accounts"]

ACCOUNT = ("lines", "accepted", "rejected", "blank", "header", "duplicate", "lookups")


def format_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add the options that say how sources are to be read."""
    mapping = click.option(
        "--mapping",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="YAML that says which column is which, for any CSV, JSON lines, Parquet or XLSX.",
    )
    named = click.option(
        "--format",
        "format_name",
        default="auto",
        show_default=True,
        metavar="NAME",
        help="How to read the sources; auto looks at the first bytes and says what it took.",
    )
    return mapping(named(command))


def print_accounts(accounts: list[dict[str, object]]) -> None:
    """Print the account of each source: every line has its place."""
    rows = []
    for account in accounts:
        rejects = account["rejects"]
        assert isinstance(rejects, dict)
        reasons = ", ".join(f"{code} {number}" for code, number in sorted(rejects.items()))
        numbers = [f"{account[name]:,}" for name in ACCOUNT]
        rows.append([str(account["name"]), str(account["format"]), *numbers, reasons])
    print_table(["source", "format", *ACCOUNT, "rejected for"], rows)


def _narrate_silences(accounts: list[dict[str, Any]]) -> None:
    """Say what each source does not say, so that nobody takes its silence for an answer."""
    from auditwatch.core.fieldstates import as_field_states, silences

    for account in accounts:
        if told := silences(as_field_states(account["fields"])):
            narrate(f"{account['name']}: {'; '.join(told)}")
        if count := account.get("contradicting"):
            noun = (
                "record contradicts its copy" if count == 1 else "records contradict their copies"
            )
            narrate(f"{account['name']}: {count:,} {noun}; the night report says in which fields")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@format_options
@click.option("--json", "as_json", is_flag=True, help="The account as JSON.")
@click.pass_obj
def ingest(
    workspace: Path | None,
    files: tuple[Path, ...],
    format_name: str,
    mapping: Path | None,
    as_json: bool,
) -> None:
    """Read FILES into the lake and print the account of every line.

    For each file, lines = accepted + rejected + blank + header + duplicate. A file that was read
    before changes nothing. In JSON and XML documents of many records a line is a record.

    \b
    Examples:
      auditwatch ingest trail.csv.gz
      auditwatch ingest --format pgaudit-csvlog postgresql.csv
      auditwatch ingest --mapping plates.yml export.csv --json
    """
    from auditwatch.night import Wanted, ingest_files

    wanted = [Wanted(path, format_name, mapping) for path in files]
    with progress() as tell:
        result = ingest_files(open_workspace(workspace), wanted, tell)
    if as_json:
        emit_json({"sources": result.accounts})
    else:
        print_accounts(result.accounts)
        _narrate_silences(result.accounts)
    for note in result.notes:
        narrate(note)
    if result.incomplete:
        raise Exit(ExitCode.INCOMPLETE)
