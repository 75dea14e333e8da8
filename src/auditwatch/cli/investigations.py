"""``investigations``: the register that the yearly report is made from."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from auditwatch.cli.findings import masker_for, reveal_options
from auditwatch.cli.show import count, emit_json, narrate, one_of, open_workspace, print_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditwatch.findings.investigations import Entry

__all__ = ["investigations"]

ALLEGATIONS = ("sustained", "not_sustained", "unfounded", "exonerated", "no_finding")
ACTIONS = (
    "none", "counselled", "trained", "reprimand_oral", "reprimand_written", "suspended", "demoted",
    "resigned", "retired_during", "terminated", "access_removed", "charged", "misdemeanour",
    "felony", "dismissed", "other",
)  # fmt: skip
GROUNDS = (
    "criminal_matter", "waiver", "other_jurisdictions", "several_employees", "unavailable",
    "civil_action", "complainant_charged", "workers_compensation",
)  # fmt: skip


def entry_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add what every entry has: the day it took place, and why."""
    note = click.option("--note", required=True, metavar="TEXT", help="Why; it is kept for good.")
    day = click.option("--on", "day", required=True, metavar="DATE", help="Day it took place.")
    return day(note(command))


@click.group()
def investigations() -> None:
    """Keep the register of investigations, from which the yearly report is made.

    Entries are added and never changed: a later one corrects an earlier one, and both stay.
    """


@investigations.command("open")
@click.argument("number")
@click.option("--finding", "finding_ids", multiple=True, metavar="ID", help="May be repeated.")
@entry_options
@click.pass_obj
def open_one(
    workspace: Path | None, number: str, finding_ids: tuple[str, ...], day: str, note: str
) -> None:
    """Open an investigation under the agency's own number, with the findings that it takes in.

    \b
    Examples:
      auditwatch investigations open IA-2026-014 --on 2026-03-02 --note "letter"
      auditwatch investigations open IA-2026-015 --on 2026-03-09 --finding F-ABCDEFGHJKMN \\
        --note "from the queue"
    """
    _record(workspace, number, "open", day, note, finding_ids=tuple(sorted(set(finding_ids))))


@investigations.command(epilog=one_of("ALLEGATION", ALLEGATIONS))
@click.argument("number")
@click.argument("operator")
@click.argument("allegation", type=click.Choice(ALLEGATIONS), metavar="ALLEGATION")
@entry_options
@click.pass_obj
def person(
    workspace: Path | None, number: str, operator: str, allegation: str, day: str, note: str
) -> None:
    """Say what was found of one person's part.

    \b
    Example:
      auditwatch investigations person IA-2026-014 T4471 sustained --on 2026-05-20 --note "p. 9"
    """
    _record(workspace, number, "person", day, note, operator_id=operator, word=allegation)


@investigations.command(epilog=one_of("ACTION", ACTIONS))
@click.argument("number")
@click.argument("operator")
@click.argument("action", type=click.Choice(ACTIONS), metavar="ACTION")
@entry_options
@click.pass_obj
def action(
    workspace: Path | None, number: str, operator: str, action: str, day: str, note: str
) -> None:
    """Say what was done about one person; none says that nothing was.

    \b
    Example:
      auditwatch investigations action IA-2026-014 T4471 suspended --on 2026-06-01 --note "10 days"
    """
    _record(workspace, number, "action", day, note, operator_id=operator, word=action)


@investigations.command()
@click.argument("number")
@click.argument("result", type=click.Choice(["confirmed", "no_misuse"]))
@click.option(
    "--queries", type=click.IntRange(0), default=0, help="Lookups confirmed to be misuse."
)
@entry_options
@click.pass_obj
def conclude(
    workspace: Path | None, number: str, result: str, queries: int, day: str, note: str
) -> None:
    """Conclude an investigation, with the number of queries that were misuse.

    \b
    Examples:
      auditwatch investigations conclude IA-2026-14 confirmed --queries 9 --on 2026-05-20 --note ok
      auditwatch investigations conclude IA-2026-15 no_misuse --on 2026-04-01 --note "unfounded"
    """
    _record(workspace, number, "conclude", day, note, word=result, queries=queries)


@investigations.command()
@click.argument("number")
@entry_options
@click.pass_obj
def reopen(workspace: Path | None, number: str, day: str, note: str) -> None:
    """Take a conclusion back; it stays in the register, and years that counted it change."""
    _record(workspace, number, "reopen", day, note)


@investigations.command(epilog=one_of("GROUND", GROUNDS))
@click.argument("number")
@click.argument("ground", type=click.Choice(GROUNDS), metavar="GROUND")
@entry_options
@click.pass_obj
def toll(workspace: Path | None, number: str, ground: str, day: str, note: str) -> None:
    """Let the year for discipline stand still, on one of the grounds of the law.

    \b
    Example:
      auditwatch investigations toll IA-2026-014 criminal_matter --on 2026-04-02 --note "DA has it"
    """
    _record(workspace, number, "toll", day, note, word=ground)


@investigations.command()
@click.argument("number")
@entry_options
@click.pass_obj
def resume(workspace: Path | None, number: str, day: str, note: str) -> None:
    """Let the year for discipline run again.

    \b
    Example:
      auditwatch investigations resume IA-2026-014 --on 2026-06-30 --note "not charged"
    """
    _record(workspace, number, "resume", day, note)


@investigations.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def import_file(workspace: Path | None, file: Path) -> None:
    """Take in a register that was kept elsewhere: all of its entries, or none.

    A CSV file with a row for each entry, in order, and these columns: investigation_id, act, day,
    note; and, where the act has them, operator_id, word, queries, finding_ids (joined by ;).

    \b
    Example:
      auditwatch investigations import register.csv
    """
    from auditwatch.core.files import require_file
    from auditwatch.findings.registerfile import read_register
    from auditwatch.findings.store import Store

    entries = read_register(require_file(file), getpass.getuser())
    with Store(open_workspace(workspace).database) as store:
        written = store.investigate(entries)
    narrate(f"{count(len(written), 'entry', 'entries')} of {file}")


@investigations.command("list")
@click.option("--json", "as_json", is_flag=True, help="The register as JSON.")
@reveal_options
@click.pass_obj
def list_all(workspace: Path | None, as_json: bool, reveal: bool, reason: str | None) -> None:
    """List investigations as they stand.

    A finding that was escalated at the desk is one under its own id, until an investigation of the
    register takes it in.

    \b
    Example:
      auditwatch investigations list
    """
    from auditwatch.core.clock import zone
    from auditwatch.findings.matters import registered_matters
    from auditwatch.findings.store import Store

    place = open_workspace(workspace)
    with Store(place.database) as store:
        masker = masker_for(place, store, reveal=reveal, reason=reason)
        matters = registered_matters(store.register(zone(place.settings.agency.timezone)))
    rows = [_row(one, masker.name) for one in matters]
    if as_json:
        emit_json(rows)
        return
    print_table(
        ["number", "opened", "concluded", "result", "persons", "queries", "outcomes", "findings"],
        [[_cell(value) for value in row.values()] for row in rows],
    )
    narrate(count(len(rows), "investigation"))


def _row(matter: Any, name: Callable[[str, str], str]) -> dict[str, Any]:
    """Return what a program wants to know of an investigation."""
    return {
        "investigation_id": matter.matter_id,
        "opened": matter.opened,
        "concluded": matter.concluded,
        "result": matter.result or "pending",
        "persons": [name("operator", one) for one in matter.operator_ids],
        "queries": matter.queries,
        "outcomes": [f"{one.action} {one.day}" for one in matter.taken],
        "finding_ids": list(matter.finding_ids),
    }


def _cell(value: Any) -> str:
    """Return a value as a cell."""
    return ", ".join(value) if isinstance(value, list) else str(value)


def _record(
    workspace: Path | None, number: str, act: str, day: str, note: str, **more: Any
) -> None:
    """Append an entry in the name of this account and say so."""
    from auditwatch.findings.investigations import Entry
    from auditwatch.findings.store import Store

    entry: Entry = Entry(number, act, day, note=note, recorder=getpass.getuser(), **more)
    with Store(open_workspace(workspace).database) as store:
        (written,) = store.investigate([entry])
    narrate(f"{written.investigation_id}: entry {written.number}, {written.act} on {written.day}")
