"""``rules``: the rule developer's bench."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import rich_click as click

from auditwatch.cli.judge import judge
from auditwatch.cli.rules_backtest import backtest
from auditwatch.cli.rules_cover import coverage, mutate
from auditwatch.cli.rules_diff import diff
from auditwatch.cli.rules_explain import explain
from auditwatch.cli.rules_fmt import fmt
from auditwatch.cli.rules_lint import lint
from auditwatch.cli.rules_promote import promote
from auditwatch.cli.rules_test import test
from auditwatch.cli.rules_tune import tune
from auditwatch.cli.rules_watch import watch
from auditwatch.cli.rules_write import doc, new, schema
from auditwatch.cli.show import emit_json, open_workspace, print_table

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from auditwatch.check import Ruleset
    from auditwatch.check.exemption import Exemption
    from auditwatch.findings.model import Finding

__all__ = ["rules"]


@click.group()
def rules() -> None:
    """Work on the rule pack."""


rules.add_command(judge)
rules.add_command(backtest)
rules.add_command(coverage)
rules.add_command(diff)
rules.add_command(explain)
rules.add_command(fmt)
rules.add_command(lint)
rules.add_command(mutate)
rules.add_command(promote)
rules.add_command(doc)
rules.add_command(new)
rules.add_command(schema)
rules.add_command(watch)
rules.add_command(test)
rules.add_command(tune)


@rules.command()
@click.option("--from", "first", metavar="DATE", help="From this night on.")
@click.option("--to", "last", metavar="DATE", help="Up to this night.")
@click.option(
    "--as-known-on",
    "known_on",
    metavar="DATE",
    help="Judge by what was approved by this day, and show what that changes.",
)
@click.option("--json", "as_json", is_flag=True, help="The counts as JSON.")
@click.pass_obj
def verdicts(
    workspace: Path | None,
    first: str | None,
    last: str | None,
    known_on: str | None,
    as_json: bool,
) -> None:
    """Count what the policy says of the lookups in the lake; nothing is published or changed.

    \b
    Examples:
      auditwatch rules verdicts --from 2026-06-01 --to 2026-06-30
      auditwatch rules verdicts --as-known-on 2026-05-31
    """
    from auditwatch.night import tell_verdicts

    shares = tell_verdicts(open_workspace(workspace), first, last, known_on)
    if as_json:
        emit_json([asdict(share) for share in shares])
        return
    columns = ["lookups", "verdict", "statement", "first", "last"]
    rows = [(s.lookups, s.verdict, s.statement_id, s.first, s.last, s.otherwise) for s in shares]
    wide = len(columns) + bool(known_on)
    told = [[f"{row[0]:,}", *row[1:]][:wide] for row in rows]
    print_table([*columns, "by today's knowledge"][:wide], told)


@rules.command()
@click.option("--json", "as_json", is_flag=True, help="The exceptions as JSON.")
@click.pass_obj
def exceptions(workspace: Path | None, as_json: bool) -> None:
    """List approved exceptions: what each lifts, until when, and what asks again at its end.

    \b
    Examples:
      auditwatch rules exceptions
    """
    from auditwatch.core.clock import now, zone
    from auditwatch.findings.store import Store

    place = open_workspace(workspace)
    known = sorted(_loaded(workspace, None).exemptions.values(), key=lambda one: one.until)
    with Store(place.database) as store:
        lifted = store.findings(statuses=("suppressed",))
    day = now().astimezone(zone(place.settings.agency.timezone)).date()
    told = [_exception(one, day, lifted) for one in known]
    if as_json:
        emit_json(told)
        return
    columns = ["exception", "state", "until", "lifts", "fires again at its end"]
    print_table(columns, [[_cell(value) for value in row.values()][:5] for row in told])


def _exception(one: Exemption, day: date, lifted: list[Finding]) -> dict[str, str | list[str]]:
    """Return what a person or a program wants to know of one exception."""
    name = one.exception_id
    return {
        "id": name,
        "state": one.state(day),
        "until": one.until.isoformat(timespec="minutes"),
        "lifts": sorted(one.statements | one.rules),
        "fires_again": [f.finding_id for f in lifted if name in f.suppressed_by.split(", ")],
        "because": one.because,
        "ticket": one.ticket,
        "requested_by": one.requested_by,
        "approved_by": one.approved_by,
        "place": one.place,
    }


def _cell(value: str | list[str]) -> str:
    """Return a value as the text of a cell."""
    return value if isinstance(value, str) else ", ".join(value) or "nothing so far"


def _loaded(workspace: Path | None, folder: Path | None) -> Ruleset:
    """Load the rules of a folder, or of the workspace."""
    from auditwatch.check import load_rules

    return load_rules(folder or open_workspace(workspace).rules)
