"""``investigations``: the register that the yearly report is made from."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import rich_click as click

from auditwatch.cli.investigations_list import list_all
from auditwatch.cli.review_caller import Caller, os_account
from auditwatch.cli.show import complain, count, narrate, one_of, open_workspace

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
NOTED = click.option(
    "--note", required=True, metavar="TEXT", help="Why, in 15 characters or more; kept for good."
)


def entry_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add what every entry has: the day it took place, and why."""
    day = click.option("--on", "day", required=True, metavar="DATE", help="Day it took place.")
    return day(NOTED(command))


def settling_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add what a second person names: the entry that waits, and why it stands or does not."""
    number = click.argument("number")
    entry = click.argument("entry", type=click.IntRange(1))
    return number(entry(NOTED(command)))


@click.group()
@click.option("--as", "name", metavar="NAME", help="Your account; default is your login's name.")
@click.option("--password-stdin", is_flag=True, help="Your password is a line of standard input.")
@click.pass_context
def investigations(context: click.Context, name: str | None, password_stdin: bool) -> None:
    """Keep the register of investigations, from which the yearly report is made.

    Entries are added and never changed: a later one corrects an earlier one, and both stay. What
    was found of somebody's part, what was done, and a conclusion wait until a second person agrees.

    Who has an account of the desk signs in with it, and its roles and conflicts hold as they do
    there. Without any account at the desk, your login on this machine is your name, and the second
    person needs another one.

    \b
    Examples:
      auditwatch investigations list
      auditwatch investigations --as ivy agree IA-2026-014 7 --note "read the report, agreed"
    """
    context.obj = Caller(context.obj, name or os_account(), password_stdin)


@investigations.command("open")
@click.argument("number")
@click.option("--finding", "finding_ids", multiple=True, metavar="ID", help="May be repeated.")
@entry_options
@click.pass_obj
def open_one(
    caller: Caller, number: str, finding_ids: tuple[str, ...], day: str, note: str
) -> None:
    """Open an investigation under the agency's own number, with the findings that it takes in.

    \b
    Examples:
      auditwatch investigations open IA-2026-014 --on 2026-03-02 --note "a letter of 1 March"
      auditwatch investigations open IA-2026-015 --on 2026-03-09 --finding F-ABCDEFGHJKMN \\
        --note "seen in the queue"
    """
    _record(caller, number, "open", day, note, finding_ids=tuple(sorted(set(finding_ids))))


@investigations.command(epilog=one_of("ALLEGATION", ALLEGATIONS))
@click.argument("number")
@click.argument("operator")
@click.argument("allegation", type=click.Choice(ALLEGATIONS), metavar="ALLEGATION")
@entry_options
@click.pass_obj
def person(
    caller: Caller, number: str, operator: str, allegation: str, day: str, note: str
) -> None:
    """Propose what was found of one person's part; a second person has to agree.

    \b
    Example:
      auditwatch investigations person IA-2026-014 T4471 sustained --on 2026-05-20 \\
        --note "the report, page 9"
    """
    _record(caller, number, "person", day, note, operator_id=operator, word=allegation)


@investigations.command(epilog=one_of("ACTION", ACTIONS))
@click.argument("number")
@click.argument("operator")
@click.argument("action", type=click.Choice(ACTIONS), metavar="ACTION")
@entry_options
@click.pass_obj
def action(caller: Caller, number: str, operator: str, action: str, day: str, note: str) -> None:
    """Propose what was done about one person, or none; a second person has to agree.

    \b
    Example:
      auditwatch investigations action IA-2026-014 T4471 suspended --on 2026-06-01 \\
        --note "ten days, order 7"
    """
    _record(caller, number, "action", day, note, operator_id=operator, word=action)


@investigations.command()
@click.argument("number")
@click.argument("result", type=click.Choice(["confirmed", "no_misuse"]))
@click.option(
    "--queries", type=click.IntRange(0), default=0, help="Lookups confirmed to be misuse."
)
@entry_options
@click.pass_obj
def conclude(caller: Caller, number: str, result: str, queries: int, day: str, note: str) -> None:
    """Propose a conclusion, with the queries that were misuse; a second person has to agree.

    \b
    Examples:
      auditwatch investigations conclude IA-2026-14 confirmed --queries 9 --on 2026-05-20 \\
        --note "report, page 10"
      auditwatch investigations conclude IA-2026-15 no_misuse --on 2026-04-01 \\
        --note "complaint unfounded"
    """
    _record(caller, number, "conclude", day, note, word=result, queries=queries)


@investigations.command()
@click.argument("number")
@entry_options
@click.pass_obj
def reopen(caller: Caller, number: str, day: str, note: str) -> None:
    """Take a conclusion back; it stays in the register, and years that counted it change."""
    _record(caller, number, "reopen", day, note)


@investigations.command(epilog=one_of("GROUND", GROUNDS))
@click.argument("number")
@click.argument("ground", type=click.Choice(GROUNDS), metavar="GROUND")
@entry_options
@click.pass_obj
def toll(caller: Caller, number: str, ground: str, day: str, note: str) -> None:
    """Let the year for discipline stand still, on one of the grounds of the law.

    \b
    Example:
      auditwatch investigations toll IA-2026-014 criminal_matter --on 2026-04-02 \\
        --note "the DA has the case"
    """
    _record(caller, number, "toll", day, note, word=ground)


@investigations.command()
@click.argument("number")
@entry_options
@click.pass_obj
def resume(caller: Caller, number: str, day: str, note: str) -> None:
    """Let the year for discipline run again.

    \b
    Example:
      auditwatch investigations resume IA-2026-014 --on 2026-06-30 --note "not charged, letter"
    """
    _record(caller, number, "resume", day, note)


@investigations.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def import_file(caller: Caller, file: Path) -> None:
    """Take in a register that was kept elsewhere: all of its entries, or none.

    A CSV file with a row for each entry, in order, and these columns: investigation_id, act, day,
    note; and, where the act has them, operator_id, word, queries, finding_ids (joined by ;). What
    it says stands at once, as it did where it was kept, in the name of your login on this machine.

    \b
    Example:
      auditwatch investigations import register.csv
    """
    from auditwatch.core.files import require_file
    from auditwatch.findings.registerfile import read_register
    from auditwatch.findings.store import Store

    entries = read_register(require_file(file), getpass.getuser())
    with Store(open_workspace(caller.workspace).database) as store:
        written = store.investigate(entries)
    narrate(f"{count(len(written), 'entry', 'entries')} of {file}")


@investigations.command()
@settling_options
@click.pass_obj
def agree(caller: Caller, number: str, entry: int, note: str) -> None:
    """Agree, as the second person, to an entry that waits: it stands and counts from now on.

    \b
    Example:
      auditwatch investigations agree IA-2026-014 7 --note "read the report, agreed"
    """
    _settle(caller, (number, entry), agreed=True, note=note)


@investigations.command()
@settling_options
@click.pass_obj
def decline(caller: Caller, number: str, entry: int, note: str) -> None:
    """Decline, as the second person, an entry that waits: it stays and counts for nothing.

    \b
    Example:
      auditwatch investigations decline IA-2026-014 7 --note "page 9 says another login"
    """
    _settle(caller, (number, entry), agreed=False, note=note)


def _record(caller: Caller, number: str, act: str, day: str, note: str, **more: Any) -> None:
    """Append an entry in the name of who types and say so, and whether it waits."""
    from auditwatch.findings.investigations import Entry
    from auditwatch.review.register import is_known, keep

    with caller.desk() as desk:
        account = caller.keeper(desk)
        operator = more.get("operator_id", "").strip()
        operator = desk.behind("operator", operator) or operator
        known = not operator or is_known(desk, operator)
        entry = Entry(number, act, day, note=note, **more | {"operator_id": operator})
        written = keep(desk, account, entry)
    if not known:
        complain(
            f"neither roster nor findings nor register know an operator {operator}: is it a typo? "
            "Then let the second person decline it"
        )
    said = f"{written.investigation_id}: entry {written.number}, {act} on {written.day}"
    if written.act == act:
        narrate(said)
        return
    place = f"{written.investigation_id} {written.number}"
    narrate(f"{said}, waits for a second person: auditwatch investigations agree {place}")


def _settle(caller: Caller, proposal: tuple[str, int], *, agreed: bool, note: str) -> None:
    """Agree or decline in the name of who types and say what became of it."""
    from auditwatch.review.register import settle

    with caller.desk() as desk:
        account = caller.keeper(desk)
        written = settle(desk, account, proposal, agreed=agreed, note=note)
    act = written.act.partition("_")[0]
    turn = "agrees to" if agreed else "declines"
    became = "stands from now on" if agreed else "stays on record and counts for nothing"
    narrate(
        f"{written.investigation_id}: entry {written.number} {turn} entry {proposal[1]}: "
        f"{act} on {written.day} {became}"
    )


investigations.add_command(list_all)
