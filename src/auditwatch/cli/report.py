"""``report``: pages for people."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from auditwatch.cli.findings import masker_for, reveal_options
from auditwatch.cli.report_machines import ocsf, send
from auditwatch.cli.show import known_day, narrate, open_workspace
from auditwatch.core.errors import UsageError

if TYPE_CHECKING:
    from auditwatch.report.document import Document

__all__ = ["report"]


def known_format(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return the name of a format, refused before anything is read or put on record."""
    from auditwatch.report.delivery import require_format

    return require_format(value)


def known_night_format(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return the name of a format of nights, which may also be mailed."""
    from auditwatch.report.delivery import MAIL, require_format

    return require_format(value, (MAIL,))


@click.group()
def report() -> None:
    """Write reports."""


report.add_command(ocsf)
report.add_command(send)


@report.command()
@click.option(
    "--night",
    metavar="DATE",
    callback=known_day,
    help="Which night; default the last that was scanned.",
)
@click.option(
    "--format",
    "format_name",
    metavar="NAME",
    default="html",
    show_default=True,
    callback=known_night_format,
    help="html, pdf, xlsx, csv, json, or mail: counts only, with a subject line.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: reports/."
)
@reveal_options
@click.pass_obj
def night(
    workspace: Path | None,
    night: str | None,
    format_name: str,
    output: Path | None,
    reveal: bool,
    reason: str | None,
) -> None:
    """Write the report of one night: a page that opens without server or network, or its numbers.

    \b
    Examples:
      auditwatch report night
      auditwatch report night --night 2026-03-14 -o friday.html
      auditwatch report night --format mail -o night.txt
    """
    from auditwatch.core.files import require_folder, write_atomic
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.store import Store
    from auditwatch.report.night import write_night
    from auditwatch.report.nightpaper import night_paper

    place = open_workspace(workspace)
    with Store(place.database) as store:
        nights = list(store.night_tokens())
        if not nights:
            raise UsageError(
                "no night was scanned yet",
                code="AW-CLI-002",
                where=str(place.root),
                hint="scan a trail first: auditwatch scan FILE",
            )
        masker = masker_for(place, store, reveal=reveal, reason=reason)
        shown, lake = night or nights[-1], Lake(place.lake)
        if format_name == "html":
            path = write_night(store, lake, place, shown, masker)
        else:
            paper = night_paper(store, lake, place, shown, masker)
    if format_name != "html":
        usual = place.reports / f"night-{shown}.{format_name}"
        _deliver(paper, format_name, output or usual, output)
    elif output is not None:
        require_folder(output)
        write_atomic(output, path.read_bytes())
        click.echo(output)
    else:
        click.echo(path)
    if reveal:
        narrate("this report shows identities; treat it as such")


def paper_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add what every paper has: a format and a file."""
    format_name = click.option(
        "--format",
        "format_name",
        metavar="NAME",
        default="html",
        show_default=True,
        callback=known_format,
        help="html, pdf, xlsx, csv or json.",
    )
    output = click.option(
        "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: reports/."
    )
    return format_name(output(command))


@report.command()
@click.option("--year", type=click.IntRange(1990, 2999), required=True, help="Calendar year.")
@click.option("--form", "form_name", default="ca-hdc-0010", show_default=True, help="Which form.")
@click.option("--draft/--final", "draft", default=True, help="A final is kept in the journal.")
@click.option("--preparer", default="", metavar="NAME", help="Of a final: who prepared it.")
@click.option("--approver", default="", metavar="NAME", help="Of a final: somebody else.")
@click.option("--despite", default="", metavar="TEXT", help="Why final with points unsettled.")
@paper_options
@reveal_options
@click.pass_obj
def annual(
    workspace: Path | None,
    year: int,
    form_name: str,
    draft: bool,
    preparer: str,
    approver: str,
    despite: str,
    format_name: str,
    output: Path | None,
    reveal: bool,
    reason: str | None,
) -> None:
    """Write what the agency owes the state for a year: investigations, misuse, outcomes.

    Investigations, persons, confirmed cases and confirmed queries are counted apart. What was
    pending is carried over. A year without a case is a report too.

    \b
    Examples:
      auditwatch report annual --year 2026
      auditwatch report annual --year 2026 --final --preparer "A. Roe" --approver "B. Poe"
    """
    from auditwatch.findings.store import Store
    from auditwatch.report.annualpaper import Filing
    from auditwatch.report.filing import annual_document
    from auditwatch.report.form import read_form

    place = open_workspace(workspace)
    form = read_form(place.rules, form_name)
    asked = None if draft else Filing(preparer, approver, despite)
    with Store(place.database) as store:
        masker = masker_for(place, store, reveal=reveal, reason=reason)
        paper = annual_document(
            store, place, form, year, masker=masker, asked=asked, actor=getpass.getuser()
        )
    _deliver(paper, format_name, output or place.reports / f"annual-{year}.{format_name}", output)
    if reveal:
        narrate("this report shows identities; treat it as such")


@report.command()
@click.argument("name", metavar="FINDING|INVESTIGATION")
@paper_options
@reveal_options
@click.pass_obj
def case(
    workspace: Path | None,
    name: str,
    format_name: str,
    output: Path | None,
    reveal: bool,
    reason: str | None,
) -> None:
    """Write the case file of a finding, or of an investigation with the findings it took in.

    Why it asks, what would explain it, the lookups with file and line, the rules as they ran, what
    is usual, what was decided and by whom, who has read it. Masked; a full copy is journaled.

    \b
    Examples:
      auditwatch report case F-ABCDEFGHJKMN
      auditwatch report case F-ABCDEFGHJKMN --format xlsx -o evidence.xlsx
      auditwatch report case IA-2026-014 --format pdf --reveal --reason "hearing of 4 May"
    """
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.store import Store
    from auditwatch.report.case import case_matter, case_paper

    place = open_workspace(workspace)
    with Store(place.database) as store:
        matter = case_matter(store, name)
        for finding in matter.findings if reveal else ():
            masker_for(place, store, reveal=True, reason=reason, finding_id=finding.finding_id)
    paper = case_paper(matter, Lake(place.lake), place, place.masker(reveal=reveal))
    kind = "full" if reveal else "masked"
    usual = place.reports / f"case-{name}-{kind}.{format_name}"
    _deliver(paper, format_name, output or usual, output)
    if reveal:
        narrate("this case file shows identities; treat it as such")


@report.command()
@click.option("--random", "at_random", type=click.IntRange(0), default=25, show_default=True)
@click.option("--risk", "at_risk", type=click.IntRange(0), default=25, show_default=True)
@click.option("--seed", type=int, required=True, help="Write it down: it draws the same again.")
@click.option(
    "--from",
    "first",
    metavar="DATE",
    default="",
    callback=known_day,
    help="First night; default all.",
)
@click.option(
    "--to", "last", metavar="DATE", default="", callback=known_day, help="Last night; default all."
)
@paper_options
@reveal_options
@click.pass_obj
def sample(
    workspace: Path | None,
    at_random: int,
    at_risk: int,
    seed: int,
    first: str,
    last: str,
    format_name: str,
    output: Path | None,
    reveal: bool,
    reason: str | None,
) -> None:
    """Draw the packet that an auditor asks for, with blanks for what has to be answered.

    Lookups drawn at random and lookups that the most pressing findings name stay apart.

    \b
    Examples:
      auditwatch report sample --random 25 --risk 25 --seed 2026
      auditwatch report sample --random 50 --risk 0 --seed 7 --from 2026-01-01 --to 2026-03-31
    """
    from auditwatch.core.schema import LOOKUPS
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.store import Store
    from auditwatch.report.sampling import sample_paper

    place = open_workspace(workspace)
    lake = Lake(place.lake)
    nights = [one for one in lake.nights(LOOKUPS) if first <= one <= (last or one)]
    with Store(place.database) as store:
        masker = masker_for(place, store, reveal=reveal, reason=reason)
        paper = sample_paper(
            store,
            lake,
            place,
            masker,
            nights=nights,
            at_random=at_random,
            at_risk=at_risk,
            seed=seed,
        )
    _deliver(paper, format_name, output or place.reports / f"sample-{seed}.{format_name}", output)
    if reveal:
        narrate("this sample shows identities; treat it as such")


@report.command()
@click.argument("subject", metavar="SUBJECT")
@click.option(
    "--from",
    "first",
    metavar="DATE",
    default="",
    callback=known_day,
    help="First night; default all.",
)
@click.option(
    "--to", "last", metavar="DATE", default="", callback=known_day, help="Last night; default all."
)
@click.option("--reason", required=True, metavar="TEXT", help="Who asks and why; it is journaled.")
@click.option("--reveal", is_flag=True, help="Show operators and the subject.")
@paper_options
@click.pass_obj
def subject(
    workspace: Path | None,
    subject: str,
    first: str,
    last: str,
    reason: str,
    reveal: bool,
    format_name: str,
    output: Path | None,
) -> None:
    """Write who looked at a subject, redacted for release to the person concerned.

    To ask for a subject by name is to see who is meant, so a reason is due in any case.

    \b
    Example:
      auditwatch report subject P-1042 --from 2026-01-01 --reveal --reason "request 2026-7"
    """
    from auditwatch.core.schema import LOOKUPS
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.store import Store
    from auditwatch.report.subject import subject_paper

    place = open_workspace(workspace)
    with Store(place.database) as store:
        masker_for(place, store, reveal=True, reason=reason)
    lake = Lake(place.lake)
    nights = [one for one in lake.nights(LOOKUPS) if first <= one <= (last or one)]
    masker = place.masker(reveal=reveal)
    paper = subject_paper(lake, place, subject, nights, masker)
    masked = place.masker().name("subject", subject)
    _deliver(paper, format_name, output or place.reports / f"{masked}.{format_name}", output)


@report.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: stdout."
)
@click.pass_obj
def metrics(workspace: Path | None, output: Path | None) -> None:
    """Write figures for a monitor, in Prometheus' text format; no label names anybody.

    \b
    Example:
      auditwatch report metrics -o /var/lib/node_exporter/auditwatch.prom
    """
    from auditwatch.core.files import require_folder, write_atomic
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.store import Store
    from auditwatch.report.metrics import metrics as figures

    place = open_workspace(workspace)
    with Store(place.database) as store:
        data = figures(store, Lake(place.lake), place)
    if output is None:
        click.echo(data, nl=False)
    else:
        write_atomic(require_folder(output), data)
        narrate(f"written: {output}")


def _deliver(paper: Document, format_name: str, path: Path, given: Path | None) -> None:
    """Write a paper and say where it is."""
    from auditwatch.core.files import require_folder
    from auditwatch.report.delivery import write_paper

    if given is not None:
        require_folder(given)
    write_paper(paper, format_name, path)
    click.echo(path)
