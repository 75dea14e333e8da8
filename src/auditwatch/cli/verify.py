"""``verify``: whether what is kept is still what was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli.show import emit_json, open_workspace
from auditwatch.core.errors import ExitCode

if TYPE_CHECKING:
    from auditwatch.config import Workspace

__all__ = ["verify"]

PARTS = ("accepted", "rejected", "blank", "header", "duplicate")


@click.command()
@click.argument(
    "package", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--signer", metavar="FINGERPRINT", help="Of the key that must have signed PACKAGE.")
@click.option("--head", metavar="DIGEST", help="The journal's head as you noted it elsewhere.")
@click.option("--json", "as_json", is_flag=True, help="The answers as JSON.")
@click.pass_obj
def verify(
    workspace: Path | None,
    package: Path | None,
    signer: str | None,
    head: str | None,
    as_json: bool,
) -> None:
    """Recompute the journal's chain and the account of every source; exit 5 when one is broken.

    With a PACKAGE of evidence: whether every byte of it is as it was written, and who signed it; no
    workspace is needed for that.

    A chain shows changed, removed and swapped entries. That its end was cut off shows only
    against a head that was kept elsewhere; the night report prints it.

    \b
    Examples:
      auditwatch verify
      auditwatch verify --head 3f0c9a…
      auditwatch verify package-F-ABCDEFGHJKMN-masked.zip --signer 9d1c40…
    """
    if package is not None:
        answers = _package(package, signer or "")
    else:
        answers = _answers(open_workspace(workspace), head)
    if as_json:
        emit_json(answers)
    else:
        for answer in answers:
            click.echo(f"{'sound ' if answer['sound'] else 'BROKEN'}  {answer['what']}")
    if not all(answer["sound"] for answer in answers):
        raise Exit(ExitCode.INTEGRITY)


def _package(path: Path, signer: str) -> list[dict[str, Any]]:
    """Return what holds of an evidence package, and what nobody can tell from it alone."""
    from auditwatch.report.seal import unseal

    sealed = unseal(path.read_bytes(), path.name, signer)
    said = f"{path.name}: {len(sealed.files)} files as they were written"
    by = f"signed by {sealed.signer}"
    by += "" if signer else "; ask the agency on another way whether that is its key"
    return [{"what": said, "sound": True}, {"what": by, "sound": True}]


def _answers(place: Workspace, head: str | None) -> list[dict[str, Any]]:
    """Return what was checked and whether it holds."""
    from auditwatch.findings.store import Store
    from auditwatch.review.desk import Desk
    from auditwatch.review.sound import changed_steps

    with Desk(place) as desk, desk.reading() as connection:
        changed = changed_steps(connection)
    with Store(place.database) as store:
        chain = store.journal_chain((head or "").rstrip("…"))
        forged = store.unjournaled_reviews()
        altered = store.unjournaled_investigations()
    said = f"journal of {chain.rows} entries, head {chain.head or 'none yet'}"
    if chain.broken is not None:
        said += f"; entry {chain.broken} is not as it was written"
    answers = [{"what": said, "sound": chain.broken is None}]
    told = f"decisions as the journal has them{_of(forged)}"
    answers.append({"what": told, "sound": not forged})
    told = f"steps of reviewers as the journal has them{_of(changed)}"
    answers.append({"what": told, "sound": not changed})
    told = f"register of investigations as the journal has it{_of(altered)}"
    answers.append({"what": told, "sound": not altered})
    if head is not None:
        answers.append({"what": f"the head {head} is in the journal", "sound": chain.found})
    return [*answers, *_sources(place)]


def _of(names: list[str]) -> str:
    """Say of what something does not hold."""
    return f": not of {', '.join(names)}" if names else ""


def _sources(place: Workspace) -> list[dict[str, Any]]:
    """Return for each source whether its lines add up and its records are in the lake."""
    import pyarrow.compute as pc

    from auditwatch.core.schema import LOOKUPS, SOURCES
    from auditwatch.engine.lake import Lake

    lake = Lake(place.lake)
    counted = pc.value_counts(lake.read(LOOKUPS, columns=["source_id"])["source_id"]).to_pylist()
    kept = {item["values"]: item["counts"] for item in counted}
    answers = []
    for source in sorted(lake.read(SOURCES).to_pylist(), key=lambda row: row["name"]):
        tiles = source["lines"] == sum(source[part] for part in PARTS)
        there = kept.get(source["source_id"], 0) == source["records"]
        said = f"{source['name']}: {source['lines']:,} lines, {source['records']:,} records"
        said += "" if tiles else "; its lines do not add up"
        said += "" if there else f"; the lake holds {kept.get(source['source_id'], 0):,} of them"
        answers.append({"what": said, "sound": tiles and there})
    return answers
