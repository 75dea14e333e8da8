"""``investigations list``: the register as it stands, and what waits for a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from auditwatch.cli.findings import masker_for, reveal_options
from auditwatch.cli.show import count, emit_json, narrate, open_workspace, print_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditwatch.cli.review_caller import Caller
    from auditwatch.findings.investigations import Entry

__all__ = ["list_all"]


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="The register as JSON.")
@reveal_options
@click.pass_obj
def list_all(caller: Caller, as_json: bool, reveal: bool, reason: str | None) -> None:
    """List investigations as they stand, and the entries that wait for a second person.

    A finding that was escalated at the desk is one under its own id, until an investigation of the
    register takes it in. The notes of what waits are shown with the identities.

    \b
    Examples:
      auditwatch investigations list
      auditwatch investigations list --reveal --reason "second person of IA-2026-014"
    """
    from auditwatch.core.clock import zone
    from auditwatch.findings.matters import registered_matters
    from auditwatch.findings.store import Store

    place = open_workspace(caller.workspace)
    with Store(place.database) as store:
        masker = masker_for(place, store, reveal=reveal, reason=reason)
        entries = store.register(zone(place.settings.agency.timezone))
    waiting = {
        name: [_proposal(one, masker.name, noted=reveal) for one in proposals]
        for name, proposals in _waiting(entries).items()
    }
    rows = [
        _row(one, masker.name) | {"waiting": waiting.get(one.matter_id, [])}
        for one in registered_matters(entries)
    ]
    if as_json:
        emit_json(rows)
        return
    columns = ["number", "opened", "concluded", "result", "persons", "queries", "outcomes"]
    print_table(
        [*columns, "findings"],
        [[_cell(value) for name, value in row.items() if name != "waiting"] for row in rows],
    )
    _print_waiting([[name, *map(str, one.values())] for name in waiting for one in waiting[name]])
    narrate(count(len(rows), "investigation"))


def _print_waiting(rows: Sequence[Sequence[str]]) -> None:
    """Print the proposals, when there are any, and how they are settled."""
    if not rows:
        return
    columns = ["number", "entry", "act", "day", "person", "word", "queries", "proposed by", "note"]
    print_table(columns[: len(rows[0])], rows)
    narrate(
        f"{count(len(rows), 'entry waits', 'entries wait')} for a second person: "
        "auditwatch investigations agree | decline NUMBER ENTRY"
    )


def _waiting(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Return what waits, by investigation."""
    from itertools import groupby

    from auditwatch.findings.investigations import waiting

    by_name = groupby(entries, lambda one: one.investigation_id)
    return {name: waiting(own) for name, own in by_name}


def _proposal(entry: Entry, name: Callable[[str, str], str], *, noted: bool) -> dict[str, Any]:
    """Return what a second person wants to know of an entry that waits."""
    said = {
        "entry": entry.number,
        "act": entry.act.partition("_")[0],
        "day": entry.day,
        "person": name("operator", entry.operator_id) if entry.operator_id else "",
        "word": entry.word,
        "queries": entry.queries,
        "proposed_by": entry.recorder,
    }
    return said | {"note": entry.note} if noted else said


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
