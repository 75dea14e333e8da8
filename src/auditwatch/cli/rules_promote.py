"""``rules promote``: from shadow into the queue, on evidence that stays in the rule's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.rules_backtest import past_of
from auditwatch.cli.rules_test import check_rule_name, opened_pack
from auditwatch.cli.show import narrate, open_workspace
from auditwatch.core.errors import AuditwatchError, ExitCode, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.check.rule import Rule
    from auditwatch.check.trial.pack import Pack
    from auditwatch.night.backtest import Backtest, Share

__all__ = ["promote"]


@click.command()
@click.argument("name", metavar="RULE")
@click.option("--by", "person", required=True, metavar="NAME", help="Who answers for it.")
@click.option(
    "--nights", "least", type=click.IntRange(1), default=14, show_default=True,
    help="Nights in shadow that it takes.",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Say whether it may be promoted; change nothing.")
@click.pass_obj
def promote(workspace: Path | None, name: str, person: str, least: int, check: bool) -> None:
    """Take a rule of the workspace out of shadow, if the nights since then speak for it.

    It takes nights enough since the day in shadow_since, so that it is judged on what it was not
    tuned on; a budget, kept on these nights; lookups that met every part of it; and its own tests.
    What it did is written into its file as `promoted`. Ends with 1, and says why, if it may not.

    \b
    Examples:
      auditwatch rules promote off-duty --by "Lt. Moreno" --check
      auditwatch rules promote off-duty --by "Lt. Moreno"
    """
    from auditwatch.check.trial import try_rule
    from auditwatch.check.trial.promoting import objections
    from auditwatch.night.backtest import backtest
    from auditwatch.night.history import open_history

    place = open_workspace(workspace)
    pack = opened_pack(workspace, None)
    rules = {rule.rule_id: rule for rule in pack.ruleset.rules}
    check_rule_name(name, list(rules))
    rule = rules[name]
    if rule.shadow_since is None:
        raise UsageError(
            f"{name!r} is not in shadow",
            code="AW-BENCH-024",
            where=rule.place,
            expected="mode: shadow and shadow_since in its auditwatch block",
        )
    if not person.strip() or '"' in person or not person.isprintable():
        raise UsageError(
            "nobody answers for it", code="AW-BENCH-024", expected='--by "a name", without quotes'
        )
    found = backtest(open_history(place, rule.shadow_since.isoformat()), pack, past_of(place))
    share = _share(found, rule)
    failed = sum(not trial.passed for trial in try_rule(pack.ruleset, rule))
    against = list(
        objections(
            rule,
            nights=len(found.nights),
            least=least,
            failed=failed,
            blind=share.blind,
            spending=share.spending,
        )
    )
    evidence = _evidence(pack, found, share, person)
    for key, value in evidence.items():
        click.echo(f"{key:<18} {value}")
    if against:
        for one in against:
            click.echo(f"not yet: {one}")
        raise Exit(ExitCode.FAILED_CHECK)
    if check:
        narrate(f"{name} may be promoted")
        return
    _write(place.rules, pack, rule, evidence)
    narrate(f"{name} asks reviewers from the next scan on [{rule.place}]")


def _share(found: Backtest, rule: Rule) -> Share:
    """Return what a rule came to; refuse one that only correlations ask."""
    named = (one for one in found.shares if one.source == "rule" and one.name == rule.rule_id)
    share = next(named, None)
    if share is None:
        raise UsageError(
            f"{rule.rule_id!r} serves correlations alone and asks nobody by itself",
            code="AW-BENCH-024",
            where=rule.place,
            expected="a rule that speaks for itself",
            hint="promote the correlation, or set generate: true in it",
        )
    return share


def _evidence(pack: Pack, found: Backtest, share: Share, person: str) -> dict[str, str]:
    """Return what is written of what a rule did in shadow."""
    from auditwatch.check.trial.intervals import rate_interval
    from auditwatch.core.clock import now

    number = len(share.findings)
    low, high = rate_interval(number, found.weeks)
    return {
        "day": now().date().isoformat(),
        "by": person.strip(),
        "nights": f"{len(found.nights)}, {found.nights[0]} to {found.nights[-1]}",
        "findings": f"{number:,} of {share.lookups:,} lookups by {share.operators:,} operators",
        "findings_per_week": f"{number / found.weeks:.1f} ({low:.1f} to {high:.1f})",
        "confirmed": f"{share.confirmed:,}",
        "cleared": f"{share.cleared:,}",
        "rules": pack.ruleset.version[:12],
    }


def _write(folder: Path, pack: Pack, rule: Rule, evidence: dict[str, str]) -> None:
    """Write a rule's file anew; leave it as it was if it would not load."""
    from auditwatch.check import load_rules
    from auditwatch.check.trial.promoting import promoted
    from auditwatch.core.files import write_atomic

    section = pack.sections[rule.rule_id]
    path = folder / section.document.file
    before = path.read_text("utf-8")
    write_atomic(path, promoted(before, section, evidence).encode())
    try:
        load_rules(folder)
    except AuditwatchError:
        write_atomic(path, before.encode())
        raise
