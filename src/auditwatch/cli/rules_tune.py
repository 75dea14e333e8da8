"""``rules tune``: from findings of no use to a change that somebody else may approve."""

from __future__ import annotations

import getpass
import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.findings import masker_for, reveal_options
from auditwatch.cli.rules_backtest import past_of
from auditwatch.cli.rules_diff import plain_comparison, tell_comparison
from auditwatch.cli.show import count, emit_json, narrate, open_workspace
from auditwatch.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from auditwatch.check.exemption import Exemption
    from auditwatch.check.statement import Statement
    from auditwatch.core.mask import Masker
    from auditwatch.night.tuning import Proposal

__all__ = ["tune"]

#: How long an exception holds unless more or less is asked for.
DAYS: Final = 90


@click.command()
@click.argument("findings", metavar="FINDING...", nargs=-1, required=True)
@click.option("--from", "first", metavar="DATE", help="Try it on the nights from this one on.")
@click.option("--to", "last", metavar="DATE", help="Up to this night.")
@click.option(
    "--as", "kind", type=click.Choice(["exception", "permit"]),
    help="Draft this; else what reaches fewer others, or a permit for what several people do.",
)  # fmt: skip
@click.option(
    "--days", type=click.IntRange(1, 366), default=DAYS, show_default=True,
    help="How long it is to hold from today.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write the draft there; else it is printed.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Draft and difference as JSON.")
@reveal_options
@click.pass_obj
def tune(
    workspace: Path | None,
    findings: tuple[str, ...],
    first: str | None,
    last: str | None,
    kind: str | None,
    days: int,
    output: Path | None,
    as_json: bool,
    reveal: bool,
    reason: str | None,
) -> None:
    """Draft the narrowest exception that lifts FINDINGs which reviewers decided as not useful.

    Of all terms that an exception may have it takes those that reach the fewest other lookups, and
    no lookup of a finding that somebody confirmed. The draft is tried on past nights and shown with
    what it would have changed. It does not load until somebody else than you approves it by name
    and date. Operators in it are masked unless revealed; a file needs them. Ends with 1 when the
    trial does not bear it out.

    \b
    Examples:
      auditwatch rules tune F-ABCDEFGHJKMN F-NMKJHGFEDCBA
      auditwatch rules tune F-ABCDEFGHJKMN --as permit -o rules/permits/stock.yml
      auditwatch rules tune F-ABCDEFGHJKMN -o stock.yml --reveal --reason "exception for MEMO-1"
    """
    from auditwatch.check import load_rules
    from auditwatch.core.files import require_folder, write_atomic
    from auditwatch.findings.store import Store
    from auditwatch.night.history import open_history
    from auditwatch.night.tuning import propose

    place = open_workspace(workspace)
    rules = load_rules(place.rules)
    if output is not None:
        require_folder(output)
    with Store(place.database) as store:
        masker = masker_for(place, store, reveal=reveal, reason=reason, finding_id=findings[0])
    history = open_history(place, first, last)
    found = propose(history, rules, list(dict.fromkeys(findings)), past_of(place), kind)
    masked = _names_operators(found.change) and not reveal
    if masked and output is not None:
        raise UsageError(
            "this exception names operators, and a file needs their names",
            code="AW-CLI-001",
            expected='--reveal --reason "why you need them"',
        )
    text = _draft(found, days, masker)
    if as_json:
        told = plain_comparison(found.comparison, masker)
        emit_json({"kind": _kind_of(found), "proven": found.proven, "draft": text, "diff": told})
    else:
        tell_comparison(found.comparison, masker, every=False)
        click.echo()
    word = "permitted" if _kind_of(found) == "permit" else "lifted"
    narrate(f"{count(found.lookups, 'lookup')} {word}, {found.others:,} of them of other findings")
    if output is not None:
        write_atomic(output, text.encode())
        narrate(f"{output} waits for approval: fill in by and date, by somebody else than you")
    elif not as_json:
        click.echo(text, nl=False)
    if masked:
        narrate("operators are masked: --reveal --reason TEXT gives the draft that can be used")
    if not found.proven:
        raise Exit(ExitCode.FAILED_CHECK)


def _kind_of(found: Proposal) -> str:
    """Return what was drafted."""
    from auditwatch.check.exemption import Exemption

    return "exception" if isinstance(found.change, Exemption) else "permit"


def _names_operators(change: Exemption | Statement) -> bool:
    """Tell whether a change says whom by name."""
    return "operator_id" in getattr(change, "only", ())


def _draft(found: Proposal, days: int, masker: Masker) -> str:
    """Return the change as its file will have it, without an approval."""
    from auditwatch.check.exemption import Exemption
    from auditwatch.core.clock import now

    day = now().date()
    period = f'effective: {{from: "{day}", until: "{day + timedelta(days=days)}"}}'
    if isinstance(found.change, Exemption):
        return _exception(found, found.change, period, masker)
    return _permit(found, found.change, period)


def _permit(found: Proposal, one: Statement, period: str) -> str:
    """Return a permit as its file will have it."""
    whom = {"units": one.units, "roles": one.roles}
    who = ", ".join(f"{key}: {_list(sorted(named))}" for key, named in whom.items() if named)
    return "\n".join(
        [
            f"# Reviewed as not useful: {', '.join(found.findings)}",
            "kind: permits",
            "permits:",
            f'  - id: "PERMIT-{found.findings[0]}"',
            '    says: ""  # what is permitted, to whom and why, in a sentence',
            f"    {period}",
            "    # somebody else than the one who asks; on or before the day it begins",
            '    approved: {by: "", date: ""}',
            '    authority: ""  # the order or statute that it rests on',
            "    verified: agency",
            f"    who: {{{who}}}",
            f"    may: {{transactions: {_list(sorted(one.transactions or ()))}}}",
            f"    for: {_list(sorted(one.purposes or ()))}",
            *([f"    if: {{all_of: {_list(sorted(one.all_of))}}}"] if one.all_of else []),
            "",
        ]
    )


def _exception(found: Proposal, one: Exemption, period: str, masker: Masker) -> str:
    """Return an exception as its file will have it."""
    from auditwatch.night.tuning import ONLY_KEY

    lifts = ", ".join(f"{kind}: {_list(names)}" for kind, names in found.lifts.items())
    terms = {name: sorted(one.only[name]) for name in one.only}
    if "operator_id" in terms:
        terms["operator_id"] = [masker.name("operator", name) for name in terms["operator_id"]]
    only = ", ".join(f"{ONLY_KEY[name]}: {_list(values)}" for name, values in terms.items())
    return "\n".join(
        [
            "kind: exception",
            f'id: "EX-{found.findings[0]}"',
            f'because: "Reviewed as not useful: {", ".join(found.findings)}"',
            f'ticket: "{found.findings[0]}"',
            f"lifts: {{{lifts}}}",
            f"only: {{{only}}}",
            period,
            f"requested_by: {_quoted(getpass.getuser())}",
            "# somebody else than the one who asks; on or before the day it begins",
            'approved: {by: "", date: ""}',
            f"ceiling: {{lookups_a_night: {one.ceiling}, severity: {found.severity}}}",
            "",
        ]
    )


def _list(names: list[str]) -> str:
    """Return names as a list of YAML, each in quotes."""
    return "[" + ", ".join(map(_quoted, names)) + "]"


def _quoted(text: str) -> str:
    """Return a text in quotes as YAML has them."""
    return json.dumps(text, ensure_ascii=False)
