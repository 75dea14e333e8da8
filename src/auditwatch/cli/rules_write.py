"""``rules schema``, ``new`` and ``doc``: what helps to write rules, and to sign them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from auditwatch.cli.rules_test import opened_pack
from auditwatch.cli.show import emit_json, narrate, open_workspace
from auditwatch.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from auditwatch.check.trial.pack import Pack

__all__ = ["doc", "new", "schema"]

KINDS = ("detection", "permits", "exception", "tests")
NEW = ("detection", "correlation", "permit", "exception")


@click.command()
@click.argument("kind", type=click.Choice(KINDS), required=False)
@click.option(
    "--rules", "folder", type=click.Path(path_type=Path), metavar="FOLDER",
    help="The pack whose names are offered; the workspace's unless given.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="Write a schema for each kind of file, and print the editor's setting.",
)  # fmt: skip
@click.pass_obj
def schema(
    workspace: Path | None, kind: str | None, folder: Path | None, output: Path | None
) -> None:
    """Print a JSON Schema of rule files, with the names of this catalogue to choose from.

    An editor with YAML support completes and checks by it. With -o all four are written, and what
    is printed goes into VS Code's settings.json as it is.

    \b
    Examples:
      auditwatch rules schema detection
      auditwatch rules schema --rules rules/ -o .schemas
    """
    from auditwatch.check.trial.schemas import FOLDERS, schemas

    made = schemas(opened_pack(workspace, folder).ruleset)
    if output is not None:
        for name, text in made.items():
            _write(output / f"{name}.schema.json", text)
        paths = {str(output / f"{name}.schema.json"): f"**/{FOLDERS[name]}" for name in made}
        emit_json({"yaml.schemas": paths})
        return
    emit_json(made[kind] if kind else made)


def _write(path: Path, schema: Mapping[str, object]) -> None:
    """Write one schema."""
    from auditwatch.core.files import ensure_folder, write_atomic

    ensure_folder(path.parent)
    write_atomic(path, (json.dumps(schema, indent=2) + "\n").encode("utf-8"))
    narrate(str(path))


@click.command()
@click.argument("kind", type=click.Choice(NEW))
@click.argument("name")
@click.option(
    "--rules", "folder", type=click.Path(path_type=Path), metavar="FOLDER",
    help="The pack it goes into; the workspace's unless given.",
)  # fmt: skip
@click.pass_obj
def new(workspace: Path | None, kind: str, name: str, folder: Path | None) -> None:
    """Write a new rule, permit or exception with tests that fail until it is written.

    Everything that is to be filled in says TODO; rules lint shows what is left.

    \b
    Examples:
      auditwatch rules new detection many-gun-queries
      auditwatch rules new permit analysts-faces --rules rules/
    """
    from auditwatch.check.trial.templates import new_files
    from auditwatch.core.clock import now
    from auditwatch.core.files import write_atomic

    place = folder or open_workspace(workspace).rules
    files = new_files(kind, name, now().date(), _offered(opened_pack(workspace, folder)))
    for path in files:
        if (place / path).exists():
            raise UsageError(
                "there is such a file already",
                code="AW-BENCH-007",
                where=str(place / path),
                hint="choose another name; nothing was written",
            )
    for path, text in files.items():
        write_atomic(place / path, text.encode("utf-8"))
        click.echo(str(place / path))
    narrate("write what says TODO, then: auditwatch rules lint, auditwatch rules test")


def _offered(pack: Pack) -> Callable[[str], str]:
    """Return how a template gets some name of each sort that is in the catalogue."""
    rules = pack.ruleset
    permits = [one.statement_id for one in rules.statements if not one.forbids]
    known = {
        "unit": sorted(rules.catalogue.units),
        "key": sorted(rules.catalogue.transactions),
        "purpose": sorted(rules.catalogue.purposes),
        "requirement": sorted(rules.requirements),
        "permit": permits,
        "calls": [rule.rule_id for rule in rules.rules if rule.correlation is None],
    }
    return lambda sort: next(iter(known[sort]), "TODO")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--on", "day", metavar="DATE", help="The policy of this day; today's unless given.")
@click.option("--since", "before", metavar="DATE", help="Show what changed since that day instead.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="Write an index, the policy, and a page for each rule.",
)  # fmt: skip
@click.pass_obj
def doc(
    workspace: Path | None,
    folder: Path | None,
    day: str | None,
    before: str | None,
    output: Path | None,
) -> None:
    """Print what is permitted on a day, in sentences and as tables unit by key by purpose.

    Markdown, for whoever approves it. The tables are the policy's own decisions. With -o also a
    page for each rule: what it asks, what the reviewer reads, what its tests show.

    \b
    Examples:
      auditwatch rules doc --on 2026-07-01
      auditwatch rules doc --on 2026-07-01 --since 2026-06-30
      auditwatch rules doc rules/ -o pages
    """
    from auditwatch.check.trial.pages import changes_page, index_page, policy_page, rule_page
    from auditwatch.core.files import ensure_folder, write_atomic

    pack = opened_pack(workspace, folder)
    on = _day(day)
    if before is not None:
        click.echo(changes_page(pack.ruleset, on, _day(before)), nl=False)
        return
    if output is None:
        click.echo(policy_page(pack.ruleset, on), nl=False)
        return
    pages = {"index.md": index_page(pack, on), "policy.md": policy_page(pack.ruleset, on)}
    pages |= {f"rules/{rule.rule_id}.md": rule_page(pack, rule) for rule in pack.ruleset.rules}
    ensure_folder(output / "rules")
    for name, text in pages.items():
        write_atomic(output / name, text.encode("utf-8"))
    narrate(f"{output / 'index.md'} and {len(pages) - 1} more pages")


def _day(given: str | None) -> date:
    """Return a day, today's where none is given.

    Raises
    ------
    UsageError
        ``AW-BENCH-008`` when it is no date.
    """
    from datetime import date as any_date

    from auditwatch.core.clock import now

    if given is None:
        return now().date()
    try:
        return any_date.fromisoformat(given)
    except ValueError as error:
        raise UsageError(
            f"{given!r} is not a date", code="AW-BENCH-008", expected="a date such as 2026-03-14"
        ) from error
