"""``init``: a new workspace."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from auditwatch.cli.show import current_folder, narrate

__all__ = ["init"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--rules", "pack", metavar="NAME", default="", help="Another pack: hipaa, dppa.")
@click.pass_obj
def init(workspace: Path | None, folder: Path | None, pack: str) -> None:
    """Make a workspace: auditwatch.toml and a copy of the shipped rules.

    Running it again adds what is missing and changes nothing that is there.

    \b
    Examples:
      auditwatch init w
      auditwatch init hospital --rules hipaa
      auditwatch -w w init
    """
    from auditwatch.config import make_workspace

    made = make_workspace(folder or workspace or current_folder(), pack)
    narrate(f"workspace {made}")
    narrate(f"set the agency's name, time zone and a secret mask_key in {made / 'auditwatch.toml'}")
