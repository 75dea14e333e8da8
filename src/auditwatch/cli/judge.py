"""``rules judge``: any Sigma rules on any events, without a workspace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.show import complain, count, narrate, printable
from auditwatch.core.errors import ExitCode, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from auditwatch.check.eventjudge import JudgedEvents
    from auditwatch.check.foreign import ForeignRules
    from auditwatch.core.errors import RuleError

__all__ = ["judge"]


@click.command()
@click.argument("folder", metavar="RULES_FOLDER", type=click.Path(path_type=Path))
@click.argument(
    "events", metavar="EVENTS.jsonl", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--json", "as_json", is_flag=True, help="A JSON line a hit.")
@click.option(
    "--skip-unsupported", is_flag=True, help="Name the rules that cannot be taken; judge the rest."
)
@click.option("--time", "time_field", metavar="FIELD", help="The field with an event's time.")
@click.option(
    "--timezone",
    metavar="NAME",
    help="Clock of hour and the like, and of times without an offset: the workspace's, else UTC.",
)
@click.pass_obj
def judge(
    workspace: Path | None,
    folder: Path,
    events: Path,
    as_json: bool,
    skip_unsupported: bool,
    time_field: str | None,
    timezone: str | None,
) -> None:
    """Judge events, one JSON object a line, by the Sigma rules below a folder.

    Nested objects become dotted names. Each hit is told by the event's line and the rule's id; of
    a correlation it is the last event of a window. See docs/reference/sigma.md.

    \b
    Examples:
      auditwatch rules judge sigma/rules events.jsonl
      auditwatch rules judge sigma/rules events.jsonl --json --skip-unsupported
    """
    from auditwatch.check.eventjudge import judge_events
    from auditwatch.check.foreign import load_foreign

    rules = load_foreign(folder)
    _tell_refused(rules.refused, skip_unsupported)
    judged = judge_events(rules, events, _zone(workspace, timezone), time_field)
    for line, rule_id in judged.hits:
        click.echo(_hit(rules, events, line, rule_id, as_json))
    left_out = list(_left_out(judged, events))
    for error in left_out:
        complain(str(error))
    if left_out:
        raise Exit(ExitCode.INCOMPLETE)


def _left_out(judged: JudgedEvents, events: Path) -> Iterator[InputError]:
    """Yield what of the events was not judged, or not wholly."""
    for one in judged.unread:
        yield InputError(
            f"not judged: {one.reason}",
            code="AW-RULES-034",
            where=f"{events}:{one.line}",
            expected="a JSON object on a line",
        )
    if judged.timeless:
        yield InputError(
            f"{count(judged.timeless, 'event')} without a time left out of correlations",
            code="AW-RULES-035",
            where=str(events),
            hint="name the field with the time: --time FIELD",
        )


def _tell_refused(refused: Sequence[RuleError], skip: bool) -> None:
    """Name the rules that cannot be taken; end here unless they may be skipped."""
    for error in refused:
        complain(str(error))
    if refused:
        narrate(f"{count(len(refused), 'rule')} cannot be taken" + (", skipped" if skip else ""))
    if refused and not skip:
        raise Exit(ExitCode.USAGE)


def _zone(workspace: Path | None, timezone: str | None) -> ZoneInfo:
    """Return the clock that was named, else the workspace's where one was, else UTC."""
    from auditwatch.cli.show import open_workspace
    from auditwatch.core.clock import zone

    if timezone is None and workspace is not None:
        timezone = open_workspace(workspace).settings.agency.timezone
    return zone(timezone or "UTC")


def _hit(rules: ForeignRules, events: Path, line: int, rule_id: str, as_json: bool) -> str:
    """Return one hit as a line."""
    if as_json:
        return json.dumps({"event": line, "rule": rule_id}, ensure_ascii=False)
    place = next(rule.place for rule in rules.rules if rule.rule_id == rule_id)
    return f"{events}:{line}\t{printable(rule_id)}\t{place}"
