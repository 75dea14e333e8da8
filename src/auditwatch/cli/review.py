"""``review``: the reviewers' desk, in a browser or from a terminal."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from auditwatch.cli.review_caller import Caller
from auditwatch.cli.review_copies import agree, package
from auditwatch.cli.review_users import user
from auditwatch.cli.show import count, emit_json, narrate, one_of, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from auditwatch.review.accounts import Account
    from auditwatch.review.decide import Step
    from auditwatch.review.desk import Desk, Seen
    from auditwatch.review.queue import Row

__all__ = ["review"]

OUTCOMES = (
    "cleared_authorised",
    "cleared_explained",
    "cleared_data_error",
    "duplicate",
    "training_issue",
    "policy_violation",
    "criminal_referral",
    "withdrawn_rule_error",
)
QUALITIES = ("correct_hit", "correct_hit_but_benign", "wrong_hit", "cannot_tell")
ALLEGATIONS = ("sustained", "not_sustained", "unfounded", "exonerated", "no_finding")


@click.group()
@click.option("--as", "name", metavar="NAME", help="Your account; default is your login's name.")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Passwords are lines of standard input: yours, then any new one.",
)
@click.pass_context
def review(context: click.Context, name: str | None, password_stdin: bool) -> None:
    """Work on findings: take, ask, decide, approve; each step in your name and on record.

    \b
    Examples:
      auditwatch review user add ada --role administrator --no-operator
      auditwatch review serve
      auditwatch review --as rita list
    """
    context.obj = Caller(context.obj, name or getpass.getuser(), password_stdin)


@review.command("list")
@click.option(
    "--tab",
    type=click.Choice(["new", "mine", "waiting", "approval", "investigation", "closed", "all"]),
    default="new",
    show_default=True,
)
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The list as JSON.")
@click.pass_obj
def list_queue(caller: Caller, tab: str, page: int, as_json: bool) -> None:
    """List what waits, the most pressing first; what concerns you is withheld.

    \b
    Example:
      auditwatch review --as lena list --tab approval
    """
    from auditwatch.review.queue import Filter, read_queue
    from auditwatch.review.wanted import wanted_of

    with caller.desk() as desk:
        account = caller.account(desk)
        desk.require(account, "findings")
        with desk.reading() as connection:
            queue = read_queue(connection, account, desk.circle(account), Filter(tab, page=page))
            times = _clocks(desk, connection, queue.rows)
            wanted = wanted_of(connection, account, desk.circle(account), desk.now())
        desk.note(account, "view", "", f"queue {tab}, page {page}, {len(queue.rows)} findings")
        rows = [_line(row, desk, times) for row in queue.rows]
    if as_json:
        emit_json({"rows": rows, "more": queue.more, "withheld": queue.withheld})
        return
    columns = ("finding", "state", "assignee", "severity", "night", "days_left", "title")
    print_table(columns, [[str(row[name]) for name in columns] for row in rows])
    for one in wanted:
        narrate(f"{one.account} asks for a full package of {one.finding_id}: review agree")
    if queue.withheld:
        narrate(f"{count(queue.withheld, 'finding')} withheld from you: they concern you or yours")
    if queue.more:
        narrate(f"more: --page {page + 1}")


def _clocks(desk: Desk, connection: Connection, rows: Sequence[Row]) -> dict[str, int]:
    """Return the days left of the year for discipline, of those that are not closed."""
    from auditwatch.core.clock import zone
    from auditwatch.review.inquiries import clocks

    local = zone(desk.workspace.settings.agency.timezone)
    today = desk.now().astimezone(local).date()
    open_ones = [row.finding.finding_id for row in rows if not row.state.endswith("closed")]
    found = clocks(connection, open_ones, local, today)
    return {name: clock.left for name, clock in found.items()}


def _line(row: Row, desk: Desk, left: Mapping[str, int]) -> dict[str, Any]:
    """Return one place of the queue as shown."""
    return {
        "finding": row.finding.finding_id,
        "state": row.state,
        "assignee": row.standing.assignee,
        "severity": row.finding.severity,
        "night": row.finding.night,
        "days_left": left.get(row.finding.finding_id, ""),
        "title": desk.workspace.masker().text(row.finding.title),
    }


@review.command()
@click.argument("finding_id")
@click.option("--reveal", is_flag=True, help="Show identities for 30 minutes; needs --reason.")
@click.option("--reason", metavar="TEXT", default="", help="Why you need the identities.")
@click.pass_obj
def show(caller: Caller, finding_id: str, reveal: bool, reason: str) -> None:
    """Show one finding: why it asks, what would explain it, the lookups, what was done so far.

    \b
    Example:
      auditwatch review --as rita show F-ABCDEFGHJKMN
    """
    from auditwatch.core.clock import zone

    with caller.desk() as desk:
        account = caller.account(desk)
        if reveal:
            until = desk.reveal(account, finding_id, reason)
            local = zone(desk.workspace.settings.agency.timezone)
            narrate(f"identities are shown to you until {until.astimezone(local):%H:%M %Z}")
        _print(desk, account, desk.look(account, finding_id))


def _print(desk: Desk, account: Account, seen: Seen) -> None:
    """Print one finding."""
    from dataclasses import astuple
    from datetime import datetime

    from auditwatch.core.clock import zone
    from auditwatch.core.words import harmless, local_time
    from auditwatch.findings.shown import LookupShower
    from auditwatch.review.decide import state_of
    from auditwatch.review.words import NEXT, STATES

    finding, masker = seen.finding, desk.masker(account, seen.finding.finding_id)
    state = state_of(finding.status, seen.standing)
    click.echo(masker.text(finding.title))
    standing = f"{finding.severity}  priority {finding.priority / 1000:.1f}"
    click.echo(
        f"{finding.finding_id}  {standing}  {STATES[state]}  version {seen.standing.version}"
    )
    for title, sentences in (
        ("why it asks", finding.reasons),
        ("what would explain it", finding.counter_evidence),
    ):
        if sentences:
            click.echo(f"\n{title}")
        for sentence in sentences:
            click.echo(f"  - {masker.text(sentence)}")
    click.echo("\nlookups")
    local = zone(desk.workspace.settings.agency.timezone)
    lines = LookupShower(local, masker).lines(seen.evidence.lookups)
    columns = ("time", "operator", "subject", "asked", "purpose", "reason", "case", "terminal")
    print_table(columns, [astuple(line)[: len(columns)] for line in lines])
    if seen.steps:
        click.echo("\nhistory")
    for step in seen.steps:
        told = " ".join(part for part in (step.act, step.outcome, step.allegation) if part)
        note = f" - {harmless(step.note, 600)}" if step.note else ""
        at = local_time(datetime.fromisoformat(step.at), local)
        click.echo(f"  - {at} {step.actor}: {told}{note}")
    acts = ["decide" if act == "propose" else act for act in NEXT[state]]  # as commands say it
    click.echo(f"\nyou may now: {', '.join([*acts, 'comment'])}")


def _note_option(command: click.decorators.FC) -> click.decorators.FC:
    """Add the note and the version that an act needs."""
    note = click.option(
        "--note",
        required=True,
        metavar="TEXT",
        help="Why, in 15 characters or more; kept for good.",
    )
    version = click.option(
        "--seen", type=click.IntRange(0), help="Version that you saw; refused when it moved on."
    )
    return note(version(command))


@review.command(epilog=one_of("OUTCOME", OUTCOMES))
@click.argument("finding_id")
@click.argument("outcome", type=click.Choice(OUTCOMES), metavar="OUTCOME")
@click.option(
    "--quality",
    type=click.Choice(QUALITIES),
    required=True,
    metavar="WORD",
    help=f"Was the rule right? One of {', '.join(QUALITIES)}.",
)
@_note_option
@click.pass_obj
def decide(
    caller: Caller, finding_id: str, outcome: str, quality: str, note: str, seen: int | None
) -> None:
    """Propose how a finding ends; where no second person is needed, it ends so.

    \b
    Example:
      auditwatch review --as rita decide F-ABCDEFGHJKMN cleared_explained \\
        --quality correct_hit_but_benign --note "task order 7, sheet attached"
    """
    _act(caller, finding_id, seen, act="propose", outcome=outcome, quality=quality, note=note)


@review.command()
@click.argument("finding_id")
@_note_option
@click.pass_obj
def approve(caller: Caller, finding_id: str, note: str, seen: int | None) -> None:
    """Approve, as the second person, what somebody else proposed.

    \b
    Example:
      auditwatch review --as lena approve F-ABCDEFGHJKMN --note "read the sheet, agreed"
    """
    _act(caller, finding_id, seen, act="approve", note=note)


@review.command(epilog=one_of("OUTCOME", OUTCOMES))
@click.argument("finding_id")
@click.argument("outcome", type=click.Choice(OUTCOMES), metavar="OUTCOME")
@click.option(
    "--quality",
    type=click.Choice(QUALITIES),
    required=True,
    metavar="WORD",
    help=f"Was the rule right? One of {', '.join(QUALITIES)}.",
)
@click.option(
    "--allegation",
    type=click.Choice(ALLEGATIONS),
    required=True,
    metavar="WORD",
    help=f"What is found on the allegation: one of {', '.join(ALLEGATIONS)}.",
)
@click.option(
    "--action",
    "actions",
    multiple=True,
    metavar="WORD",
    help="What was done, as `investigations action` has it; may be repeated.",
)
@_note_option
@click.pass_obj
def conclude(
    caller: Caller,
    finding_id: str,
    outcome: str,
    quality: str,
    allegation: str,
    actions: tuple[str, ...],
    note: str,
    seen: int | None,
) -> None:
    """Propose how an investigation ends: its finding on the allegation, and what was done.

    \b
    Example:
      auditwatch review --as ian conclude F-ABCDEFGHJKMN policy_violation --quality correct_hit \\
        --allegation sustained --action counselled --note "IA 2026-14, closing memo of 3 March"
    """
    _act(
        caller,
        finding_id,
        seen,
        act="conclude",
        outcome=outcome,
        quality=quality,
        allegation=allegation,
        actions=actions,
        note=note,
    )


@review.command()
@click.argument("finding_id")
@click.argument(
    "act", type=click.Choice(["take", "ask", "answer", "escalate", "return", "reopen", "comment"])
)
@click.option(
    "--note",
    default="",
    metavar="TEXT",
    help="Why, in 15 characters or more, but for take; kept for good.",
)
@click.option("--seen", type=click.IntRange(0), help="Version that you saw.")
@click.pass_obj
def act(caller: Caller, finding_id: str, act: str, note: str, seen: int | None) -> None:
    """Move a finding: take it, ask for an explanation, escalate, return, reopen, comment.

    \b
    Example:
      auditwatch review --as rita act F-ABCDEFGHJKMN ask --note "asked his sergeant by mail"
    """
    _act(caller, finding_id, seen, act=act, note=note)


def _act(caller: Caller, finding_id: str, seen: int | None, **answers: Any) -> None:
    """Do one act as the caller and say what came of it."""
    from auditwatch.review.decide import Act, standing_of

    with caller.desk() as desk:
        account = caller.account(desk)
        if seen is None:
            with desk.reading() as connection:
                seen = standing_of(connection, finding_id).version
        step = desk.act(account, finding_id, Act(version=seen, **answers))
    _told(step)


def _told(step: Step) -> None:
    """Say where a finding stands after a step."""
    from auditwatch.review.words import STATES

    narrate(f"{step.finding_id}: {step.act} by {step.actor}; now {STATES[step.state]}")


@review.command()
@click.option("--bind", metavar="HOST:PORT", default="127.0.0.1:8470", show_default=True)
@click.option("--origin", metavar="URL", default="", help="Address of the TLS proxy in front.")
@click.option("--tls-cert", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--tls-key", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def serve(
    caller: Caller, bind: str, origin: str, tls_cert: Path | None, tls_key: Path | None
) -> None:
    """Open the desk for browsers: on this machine only, or by TLS.

    \b
    Examples:
      auditwatch review serve
      auditwatch review serve --bind 0.0.0.0:443 --tls-cert desk.crt --tls-key desk.key
      auditwatch review serve --origin https://desk.example.org
    """
    from auditwatch.cli.press import PRESS
    from auditwatch.review.serve import Listening
    from auditwatch.review.serve import serve as serve_desk

    listening = Listening(bind, origin, tls_cert, tls_key)
    with caller.desk() as desk:
        narrate(f"the desk is open: {listening.origin}  (ctrl-C closes it)")
        serve_desk(desk, listening, PRESS)


for _command in (user, package, agree):
    review.add_command(_command)
