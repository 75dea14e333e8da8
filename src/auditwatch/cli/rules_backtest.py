"""``rules backtest``: what rules would have cost and brought on the workspace's own history."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.rules_test import check_rule_name
from auditwatch.cli.show import count, emit_json, narrate, open_workspace, print_table
from auditwatch.core.errors import ExitCode

if TYPE_CHECKING:
    from auditwatch.check import Ruleset
    from auditwatch.config import Workspace
    from auditwatch.findings.past import Past
    from auditwatch.night.backtest import Backtest, Share

__all__ = ["backtest", "past_of"]

#: Findings of one rule that are shown.
SHOWN: Final = 10
COLUMNS: Final = (
    "rule", "findings", "alone", "lookups", "operators", "a week", "busiest", "minutes a week",
    "confirmed", "cleared", "precision", "remarks",
)  # fmt: skip


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--from", "first", metavar="DATE", help="From this night on.")
@click.option("--to", "last", metavar="DATE", help="Up to this night.")
@click.option(
    "--rule", "name", metavar="NAME", help="One rule or statement, week by week, with findings."
)
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.pass_obj
def backtest(
    workspace: Path | None,
    folder: Path | None,
    first: str | None,
    last: str | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Judge past nights by the rules of FOLDER (the workspace's unless given) and count.

    For each rule: findings it takes part in, and those that would not be there without it; lookups
    and operators behind them; new findings a week and the minutes they take; what people decided of
    these findings, and which share of that was confirmed. `blind` stands for a zero where no lookup
    met some part of the rule. Nothing is published. Ends with 1 when a rule is above its budget.

    \b
    Examples:
      auditwatch rules backtest --from 2026-03-01 --to 2026-03-31
      auditwatch rules backtest draft/ --rule off-duty
    """
    from auditwatch.check.trial.pack import open_pack
    from auditwatch.night.backtest import backtest as count_all
    from auditwatch.night.history import open_history

    place = open_workspace(workspace)
    pack = open_pack(folder or place.rules)
    if name is not None:
        check_rule_name(name, _names(pack.ruleset))
    history = open_history(place, first, last)
    found = count_all(history, pack, past_of(place))
    shares = [one for one in found.shares if name in (None, one.name, one.name.partition(":")[0])]
    if as_json:
        emit_json(_plain(place, found, shares, pack.ruleset.version))
    elif name is None:
        _tell_all(place, found, shares)
    else:
        for share in shares:
            _tell_one(place, found, share)
    if any(share.above for share in shares):
        raise Exit(ExitCode.FAILED_CHECK)


def past_of(place: Workspace) -> dict[str, Past]:
    """Return what became of the findings of a workspace."""
    from auditwatch.findings.past import read_past
    from auditwatch.findings.store import Store

    with Store(place.database) as store:
        return read_past(store)


def _names(rules: Ruleset) -> list[str]:
    """Return every name that may be asked for."""
    return [
        *(rule.rule_id for rule in rules.rules),
        *dict.fromkeys(one.statement_id for one in rules.statements),
    ]


def _tell_all(place: Workspace, found: Backtest, shares: list[Share]) -> None:
    """Print a row for each rule, then the sum."""
    print_table(COLUMNS, [_row(place, found, share) for share in shares])
    weekly = found.findings / found.weeks
    minutes = weekly * place.settings.review.minutes_per_finding
    narrate(
        f"{count(len(found.nights), 'night')} {found.nights[0]} to {found.nights[-1]}, "
        f"{count(found.lookups, 'lookup')}: {count(found.findings, 'finding')} about "
        f"{count(found.operators, 'operator')}, {weekly:.1f} a week, {minutes:.0f} minutes of "
        f"reviewers; the budget is {place.settings.review.findings_per_week} a week"
    )
    for share in shares:
        if share.above:
            narrate(f"above its budget: {share.name} [{share.place}]")


def _row(place: Workspace, found: Backtest, share: Share) -> list[str]:
    """Return what is said of one rule."""
    number = len(share.findings)
    weekly = number / found.weeks
    return [
        share.name,
        "blind" if share.blind else f"{number:,}",
        f"{share.alone:,}",
        f"{share.lookups:,}",
        f"{share.operators:,}",
        f"{weekly:.1f}",
        f"{max(share.weeks.values()):,}",
        f"{weekly * place.settings.review.minutes_per_finding:.0f}",
        f"{share.confirmed:,}",
        f"{share.cleared:,}",
        _precision(share),
        "; ".join(_remarks(share)),
    ]


def _precision(share: Share) -> str:
    """Return the share of decided findings that were confirmed, in words."""
    if share.precision is None:
        return "-"
    middle, low, high = share.precision
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _remarks(share: Share) -> list[str]:
    """Return what else there is to say of one rule."""
    told = ["in shadow"] if share.mode == "shadow" else []
    told += share.blind
    told += [f"{share.lifted:,} lookups lifted"] if share.lifted else []
    told += [f"undecided on {share.undecided:,} lookups"] if share.undecided else []
    return told + [one.words for one in share.spending]


def _tell_one(place: Workspace, found: Backtest, share: Share) -> None:
    """Print one rule week by week, with some of its findings."""
    mean, usual = len(share.findings) / found.weeks, median(share.weeks.values())
    click.echo(f"{share.name}  {share.mode}  [{share.place}]")
    row = _row(place, found, share)
    for label, value in list(zip(COLUMNS, row, strict=True))[1:]:
        if value and label != "a week":
            click.echo(f"  {label:<15} {value}")
    click.echo(f"  {'a week':<15} {mean:.1f}, in the usual week {usual:g}")
    for monday, number in share.weeks.items():
        click.echo(f"  week of {monday}  {number:>5,}")
    masker, past = place.masker(reveal=False), past_of(place)
    for finding in share.findings[:SHOWN]:
        (piece, *_) = [p for p in found.evidence[finding] if p.source_id == share.name]
        was = past[finding].words if finding in past else "never in the queue"
        click.echo(f"  {finding}  {was}: {masker.text(piece.says)}")
    if len(share.findings) > SHOWN:
        narrate(f"{count(len(share.findings) - SHOWN, 'more finding')}: --json names every one")


def _plain(place: Workspace, found: Backtest, shares: list[Share], version: str) -> dict[str, Any]:
    """Return everything for programs."""
    minutes = place.settings.review.minutes_per_finding
    return {
        "rules_version": version,
        "from": found.nights[0],
        "to": found.nights[-1],
        "nights": len(found.nights),
        "lookups": found.lookups,
        "findings": found.findings,
        "operators": found.operators,
        "findings_per_week": round(found.findings / found.weeks, 3),
        "minutes_per_week": round(found.findings / found.weeks * minutes, 1),
        "rules": [
            asdict(share)
            | {"precision": share.precision, "above_budget": share.above}
            | {"findings_per_week": round(len(share.findings) / found.weeks, 3)}
            for share in shares
        ],
    }
