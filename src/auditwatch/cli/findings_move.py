"""``findings move``: everything that people did and read, from one database to another."""

from __future__ import annotations

import getpass
from pathlib import Path

import rich_click as click

from auditwatch.cli.show import count, narrate, open_workspace

__all__ = ["move"]


@click.command()
@click.argument("target")
@click.pass_obj
def move(workspace: Path | None, target: str) -> None:
    """Move everything from the findings database to TARGET, an empty one; stop the desk first.

    TARGET is postgresql://USER@HOST/NAME, or a file to go back to one. Every row is read again on
    the other side and the journal's chain recomputed before anything counts; then the old database
    refuses to be opened, and auditwatch.toml is yours to change.

    \b
    Examples:
      auditwatch findings move postgresql://auditwatch@db.example.org/findings
      auditwatch findings move w/findings.db
    """
    from auditwatch.findings.moving import move as move_all

    place = open_workspace(workspace)
    goal = target if "://" in target else Path(target).absolute()
    counts, chain = move_all(place.database, goal, getpass.getuser())
    for name, rows in counts.items():
        click.echo(f"{name}\t{rows}")
    narrate(f"{count(sum(counts.values()), 'row')} moved; the journal's head is {chain.head}")
    named = "" if goal == (place.root / "findings.db").absolute() else goal
    narrate(f'set database = "{named}" under [findings] in {place.root / "auditwatch.toml"}')
