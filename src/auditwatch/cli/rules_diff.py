"""``rules diff``: two rule sets on one history, before a reviewer meets the difference."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.revisions import rules_folder
from auditwatch.cli.rules_backtest import past_of
from auditwatch.cli.show import count, emit_json, narrate, open_workspace, print_table
from auditwatch.core.errors import ExitCode, RuleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.check import Ruleset
    from auditwatch.core.mask import Masker
    from auditwatch.night.comparing import Change, Comparison

__all__ = ["diff", "tell_comparison"]

#: Findings of each kind of change that are shown unless all are asked for.
SHOWN: Final = 5
UNSEEN: Final = "never in the queue"


@click.command()
@click.argument("old")
@click.argument("new", required=False)
@click.option(
    "--on", "history", type=click.Path(path_type=Path), metavar="WORKSPACE",
    help="Whose history; that of -w unless given.",
)  # fmt: skip
@click.option("--from", "first", metavar="DATE", help="From this night on.")
@click.option("--to", "last", metavar="DATE", help="Up to this night.")
@click.option("--all", "every", is_flag=True, help="Every finding that differs, not the first few.")
@click.option("--json", "as_json", is_flag=True, help="Every difference as JSON.")
@click.pass_obj
def diff(
    workspace: Path | None,
    old: str,
    new: str | None,
    history: Path | None,
    first: str | None,
    last: str | None,
    every: bool,
    as_json: bool,
) -> None:
    """Show which findings NEW adds, removes and changes against OLD, and what became of them.

    OLD and NEW are folders, or git revisions of the repository that the workspace's rules are in;
    NEW is the workspace's rules unless given. Both judge the same nights in one pass; nothing is
    published. Ends with 1 when a finding disappears that a reviewer confirmed.

    \b
    Examples:
      auditwatch rules diff rules/ draft/ --from 2026-01-01
      auditwatch rules diff HEAD~1
      auditwatch rules diff main HEAD --on /srv/auditwatch --json
    """
    from auditwatch.night.comparing import compare
    from auditwatch.night.history import open_history

    place = open_workspace(history or workspace)
    own = open_workspace(workspace).rules if workspace or not history else place.rules
    with rules_folder(old, own) as one, rules_folder(new or str(own), own) as other:
        rules = (_side(one, old, "OLD"), _side(other, new or str(own), "NEW"))
    nights = open_history(place, first, last)
    found = compare(nights, *rules, past_of(place))
    masker = place.masker(reveal=False)
    if as_json:
        versions = {"old_rules": rules[0].version, "new_rules": rules[1].version}
        emit_json(versions | plain_comparison(found, masker))
    else:
        tell_comparison(found, masker, every=every)
    if found.lost:
        raise Exit(ExitCode.FAILED_CHECK)


def _side(folder: Path, name: str, side: str) -> Ruleset:
    """Load one side; a fault in it says which side it is on, as both have the same files."""
    from auditwatch.check import load_rules

    try:
        return load_rules(folder)
    except RuleError as error:
        error.where = f"{side} {name}: {error.where}"
        raise


def tell_comparison(found: Comparison, masker: Masker, *, every: bool) -> None:
    """Print what differs: a row for each rule, then findings."""
    span = f"{found.nights[0]} to {found.nights[-1]}"
    narrate(
        f"{count(len(found.nights), 'night')} {span}, {count(found.lookups, 'lookup')}: "
        f"{found.old:,} findings before, {found.new:,} after"
    )
    if not found.changes:
        click.echo("no finding differs")
        return
    print_table(["rule", "added", "removed", "changed", "lost"], _by_rule(found.changes))
    for what in ("removed", "added", "changed"):
        _tell_kind(what, [one for one in found.changes if one.what == what], masker, every=every)
    if found.lost:
        narrate(f"{count(len(found.lost), 'confirmed finding')} would be lost")


def _by_rule(changes: Sequence[Change]) -> list[list[str]]:
    """Return a row for each rule or statement whose evidence differs."""
    counted: Counter[tuple[str, str]] = Counter()
    for one in changes:
        for source in one.sources:
            counted[source, one.what] += 1
            counted[source, "lost"] += one.lost
    names = sorted({source for source, _ in counted})
    kinds = ("added", "removed", "changed", "lost")
    return [[name, *(f"{counted[name, kind]:,}" for kind in kinds)] for name in names]


def _tell_kind(what: str, changes: Sequence[Change], masker: Masker, *, every: bool) -> None:
    """Print findings of one kind of change."""
    if not changes:
        return
    became = Counter(_became(one) for one in changes)
    told = ", ".join(f"{number:,} {words}" for words, number in became.most_common())
    click.echo(f"\n{what}: {count(len(changes), 'finding')}: {told}")
    shown = changes if every else changes[:SHOWN]
    for one in shown:
        click.echo(f"  {one.finding.finding_id}  {_became(one)}  {masker.text(one.finding.title)}")
        if one.lost:
            click.echo("    LOST: a reviewer confirmed it")
        if one.lifted:
            click.echo("    lifted by an exception")
        if one.parts:
            click.echo(f"    {', '.join(one.parts)}")
    if len(shown) < len(changes):
        narrate(f"{len(changes) - len(shown):,} more {what}: --all shows every one")


def _became(one: Change) -> str:
    """Return what became of a finding, in words."""
    return one.past.words if one.past else UNSEEN


def plain_comparison(found: Comparison, masker: Masker) -> dict[str, Any]:
    """Return everything that differs, for programs."""
    return {
        "from": found.nights[0],
        "to": found.nights[-1],
        "lookups": found.lookups,
        "old_findings": found.old,
        "new_findings": found.new,
        "lost": [one.finding.finding_id for one in found.lost],
        "changes": [
            {
                "finding_id": one.finding.finding_id,
                "what": one.what,
                "rules": list(one.sources),
                "differs": list(one.parts),
                "lifted": one.lifted,
                "lost": one.lost,
                "became": _became(one),
                "severity": one.finding.severity,
                "title": masker.text(one.finding.title),
                "lookups": len(one.finding.event_ids),
            }
            for one in found.changes
        ],
    }
