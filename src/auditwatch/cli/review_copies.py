"""``review package``, ``review agree``: evidence that leaves the desk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from auditwatch.cli.show import narrate

if TYPE_CHECKING:
    from auditwatch.cli.review_caller import Caller

__all__ = ["agree", "package"]


@click.command()
@click.argument("finding_id")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: in reports/."
)
@click.option("--full", is_flag=True, help="With identities; needs --reason and a second person.")
@click.option("--reason", metavar="TEXT", default="", help="Why a full copy is needed.")
@click.pass_obj
def package(caller: Caller, finding_id: str, output: Path | None, full: bool, reason: str) -> None:
    """Write all evidence of a finding as one signed archive that others can check.

    The case file, every record with its file and line, the rules as they ran, what was done and who
    looked; `auditwatch verify FILE` or sha256sum and openssl tell whether it is as it was written.

    \b
    Examples:
      auditwatch review --as rita package F-ABCDEFGHJKMN
      auditwatch review --as ian package F-ABCDEFGHJKMN --full --reason "hearing of 4 May"
    """
    from auditwatch.cli.press import PRESS
    from auditwatch.core.files import require_folder, write_atomic
    from auditwatch.report.seal import fingerprint, signing_key
    from auditwatch.review.copies import makers_of

    kind = "full" if full else "masked"
    with caller.desk() as desk:
        place, account = desk.workspace, caller.account(desk)
        path = output or place.reports / f"package-{finding_id}-{kind}.zip"
        key = signing_key(place.signing_key)
        if output is not None:
            require_folder(output)
        second = desk.copy(account, finding_id, full=full, reason=reason)
        archive = PRESS.package(desk, finding_id, makers_of(account, second))
    write_atomic(path, archive)
    click.echo(path)
    narrate(f"signed by {fingerprint(key.public_key())}: tell whoever gets it on another way")
    if full:
        narrate("this package shows identities; treat it as such")


@click.command()
@click.argument("finding_id")
@click.option("--note", required=True, metavar="TEXT", help="Why you agree; kept for good.")
@click.option("--for", "asker", metavar="NAME", default="", help="Whose wish; default the last.")
@click.pass_obj
def agree(caller: Caller, finding_id: str, note: str, asker: str) -> None:
    """Agree, as the second person, to the full copy that somebody asked for; it lasts a day.

    \b
    Example:
      auditwatch review --as lena agree F-ABCDEFGHJKMN --note "read the summons, agreed"
    """
    with caller.desk() as desk:
        asker = desk.agree(caller.account(desk), finding_id, note, asker)
    narrate(f"agreed: {asker} may make a full copy of {finding_id} for a day")
