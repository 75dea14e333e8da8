"""``rules fmt``: rule files in one order, with their comments."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.show import complain, count, narrate, open_workspace
from auditwatch.core.errors import ExitCode, RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["fmt"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--check", is_flag=True, help="Write nothing; end with 1 when a file would change.")
@click.option("--diff", "as_diff", is_flag=True, help="Write nothing; show what would change.")
@click.option(
    "--stdin", "shown", metavar="FILE",
    help="Format stdin as this file of the pack, to stdout: for editors.",
)  # fmt: skip
@click.pass_obj
def fmt(
    workspace: Path | None, folder: Path | None, check: bool, as_diff: bool, shown: str | None
) -> None:
    """Put the files of FOLDER, or of the workspace's rules, into one order.

    Keys in the order of the documentation, codes in quotes that other readers would change, no
    blanks at the ends of lines. Comments stay with what they stand above. What a file says never
    changes: the rule set's version is the same after.

    \b
    Examples:
      auditwatch rules fmt rules/
      auditwatch rules fmt rules/ --check
      auditwatch rules fmt --stdin detections/self-lookup.yml < draft.yml
    """
    from auditwatch.check.trial.formatting import format_text

    if shown is not None:
        click.echo(format_text(sys.stdin.buffer.read().decode("utf-8", "replace"), shown), nl=False)
        return
    place = folder or open_workspace(workspace).rules
    changed, refused = 0, 0
    for file, text in _files(place):
        try:
            made = format_text(text, file)
        except RuleError as error:
            complain(str(error))
            refused += 1
            continue
        if made != text:
            changed += 1
            _change(place / file, text, made, check=check, as_diff=as_diff)
    told = "would change" if check or as_diff else "put in order"
    narrate(f"{count(changed, 'file')} {told}" + (f", {refused} not readable" if refused else ""))
    if refused:
        raise Exit(ExitCode.USAGE)
    if changed and check:
        raise Exit(ExitCode.FAILED_CHECK)


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of each rule file of a pack."""
    from auditwatch.check.catalogue_files import rule_files
    from auditwatch.check.ruleset import FOLDERS, refuse_missing

    refuse_missing(folder)
    for name in FOLDERS:
        for path in rule_files(folder, name):
            if path.suffix == ".yml" and path.is_file():
                yield f"{name}/{path.name}", path.read_bytes().decode("utf-8", "replace")


def _change(path: Path, before: str, after: str, *, check: bool, as_diff: bool) -> None:
    """Write a file in order, or say what would change."""
    from auditwatch.core.files import write_atomic

    if as_diff:
        lines = (before.splitlines(keepends=True), after.splitlines(keepends=True))
        click.echo("".join(unified_diff(*lines, str(path), str(path))), nl=False)
    elif check:
        click.echo(str(path))
    else:
        write_atomic(path, after.encode("utf-8"))
        narrate(str(path))
