"""``rules explain``: why a lookup was permitted, asked about, or passed over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rich_click as click

from auditwatch.cli.findings import masker_for, reveal_options
from auditwatch.cli.rules_test import check_rule_name, opened_pack
from auditwatch.cli.show import count, emit_json, narrate, open_workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from auditwatch.check.trial.explain import Explained
    from auditwatch.check.trial.pack import Pack
    from auditwatch.check.trial.tree import Value
    from auditwatch.config import Workspace
    from auditwatch.core.mask import Masker
    from auditwatch.findings.model import Finding
    from auditwatch.findings.shown import LookupLine
    from auditwatch.night.history import History

__all__ = ["explain"]

#: Lookups of one finding that are explained unless more are asked for.
SHOWN: Final = 3
TEXT_MAX: Final = 80  # characters of a value that are shown


@click.command()
@click.argument("lookup", metavar="LOOKUP|FINDING")
@click.option("--rule", "name", metavar="NAME", help="This rule, whether it asks or not.")
@click.option(
    "--rules", "folder", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Rules to judge by; the workspace's unless given.",
)  # fmt: skip
@click.option("--night", metavar="DATE", help="The lookup's night, where that is known: faster.")
@click.option("--all", "every", is_flag=True, help="Every lookup of a finding, not the first few.")
@click.option("--json", "as_json", is_flag=True, help="The trees as JSON, one for each lookup.")
@reveal_options
@click.pass_obj
def explain(
    workspace: Path | None,
    lookup: str,
    name: str | None,
    folder: Path | None,
    night: str | None,
    every: bool,
    as_json: bool,
    reveal: bool,
    reason: str | None,
) -> None:
    """Explain what the policy and the rules make of a lookup, or of the lookups of a finding.

    Shows the permit or forbid that decided or came nearest, in force on the lookup's own day, with
    each condition and what the lookup has there; the one change that would have made it permitted;
    exceptions that reach it or do not; and each rule that asks. It is judged anew by the judge of a
    scan; identities are masked.

    \b
    Examples:
      auditwatch rules explain F-ABCDEFGHJKMN
      auditwatch rules explain e-8812 --rule wildcard-plate
      auditwatch rules explain e-8812 --rules draft/ --json
    """
    from auditwatch.core.arrow import leave_pandas_out
    from auditwatch.night.history import open_history

    leave_pandas_out()
    place = open_workspace(workspace)
    pack = opened_pack(workspace, folder)
    if name is not None:
        check_rule_name(name, [rule.rule_id for rule in pack.ruleset.rules])
    history = open_history(place, night, night)
    is_finding = lookup.startswith("F-")
    if is_finding or reveal:
        from auditwatch.findings.store import Store

        with Store(place.database) as store:
            finding_id = lookup if is_finding else ""
            known = store.finding(finding_id) if is_finding else None
            masker = masker_for(place, store, reveal=reveal, reason=reason, finding_id=finding_id)
    else:
        known, masker = None, place.masker(reveal=False)
    found = _found(history, known, lookup)
    total = found.num_rows
    shown = total if every else min(SHOWN, total)
    told = [_told(place, history, pack, found.slice(n, 1), name, masker) for n in range(shown)]
    if as_json:
        emit_json([plain for plain, _ in told])
        return
    click.echo("\n\n".join(text for _, text in told))
    if shown < total:
        narrate(f"{count(total - shown, 'more lookup')}: --all explains every one")


def _found(history: History, finding: Finding | None, lookup: str) -> pa.Table:
    """Return the lookups that are asked about."""
    if finding is None:
        return history.find([lookup])
    return history.find(finding.event_ids, [day for day in finding.days if day in history.nights])


def _told(
    place: Workspace,
    history: History,
    pack: Pack,
    found: pa.Table,
    name: str | None,
    masker: Masker,
) -> tuple[dict[str, Any], str]:
    """Return what is said of one lookup, for programs and for people."""
    from auditwatch.core.clock import zone
    from auditwatch.night.explaining import explain_lookup
    from auditwatch.report.cards import CardMaker

    explained = explain_lookup(history, pack, found, name)
    show = _shower(found, masker)
    clock = zone(place.settings.agency.timezone)
    (line,) = CardMaker(explained.night, clock, masker, (), ()).lines(found)
    version = pack.ruleset.version[:12]
    plain = {"rules_version": version, **explained.plain(show, masker.text)}
    return plain, "\n".join([_head(line), *_page(explained, version, show, masker)])


def _head(line: LookupLine) -> str:
    """Return the lookup itself as findings show it."""
    reason = f'reason "{line.reason}"' if line.reason else "no reason"
    purpose = f"purpose {line.purpose}" if line.purpose else "no purpose"
    parts = (line.time, line.operator, line.subject, line.what, purpose, reason)
    return "  ".join([*filter(None, parts), f"case {line.case}"])


def _shower(found: pa.Table, masker: Masker) -> Callable[[Value], str]:
    """Return how values are shown: identities masked, free text without what may name someone."""
    from auditwatch.check.trial.tree import FREE_TEXT
    from auditwatch.core.words import harmless, masked_reason, name_words

    names = ("subject_name", "subject_id", "operator_id", "requester_id")
    hidden = name_words(found[name][0].as_py() for name in names)

    def show(value: Value) -> str:
        if value.without:
            return value.without
        if value.kind == FREE_TEXT:
            text = harmless(value.text, TEXT_MAX)
            return f'"{text if masker.reveal else masked_reason(text, hidden)}"'
        shown = masker.name(value.kind, value.text) if value.kind else value.text
        return harmless(shown, TEXT_MAX)

    return show


def _page(
    explained: Explained, version: str, show: Callable[[Value], str], masker: Masker
) -> list[str]:
    """Return the lines a person reads."""
    verdict = explained.verdict
    told = [f"{explained.event_id}, judged by the policy of {explained.night}, rules {version}"]
    words = [verdict["verdict"], verdict["statement_id"]]
    words += [f"missing: {verdict['missing']}"] if verdict["missing"] else []
    told += ["", "verdict  " + "  ".join(filter(None, words)), f"  {masker.text(verdict['says'])}"]
    if verdict["suppressed_by"]:
        told.append(f"  lifted by {verdict['suppressed_by']}; it would be {verdict['lifted']}")
    told += [f"  {text}" for line in explained.statements for text in line.lines(show)]
    for one in explained.otherwise:
        spell = f"from {one.since}" + (f" until {one.until}" if one.until else " on")
        told.append(f"  as in force {spell} [{one.place}] it would be {one.verdict}")
    if explained.exceptions:
        told += ["", "exceptions"]
        told += [f"  {text}" for line in explained.exceptions for text in line.lines(show)]
    told += [] if explained.rules else ["", "no rule asks"]
    for asked in explained.rules:
        told += ["", f"rule {asked.rule_id} " + ("asks" if asked.says else "does not ask")]
        told += [f"  {masker.text(asked.says)}"] if asked.says else []
        told += [f"  lifted by {asked.suppressed_by}"] if asked.suppressed_by else []
        told += [f"  {text}" for text in asked.tree.lines(show)]
    return told
