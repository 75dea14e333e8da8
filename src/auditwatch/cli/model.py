"""``model``: how well the scorer finds misuse, and what it believes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from auditwatch.cli.ingest import format_options
from auditwatch.cli.scan import CONTEXT, context_options
from auditwatch.cli.show import count, emit_json, narrate, open_workspace, print_table, progress
from auditwatch.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.config import Workspace
    from auditwatch.evaluate import Again, Bench, Episode, Outcome, Trial
    from auditwatch.night import Request

__all__ = ["model"]

TOLD: Final = 60  # rows of a table that go to the terminal; the files have all
FILES_ONLY: Final = ("episodes",)


@click.group()
def model() -> None:
    """Look into the scorer: what it finds, what it believes."""


@model.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--truth", type=click.Path(path_type=Path), metavar="FILE", help="Which lookups are misuse."
)
@context_options
@format_options
@click.option("--seeds", metavar="N,N…", help="Invented cities instead of FILES, by seed.")
@click.option("--operators", type=click.IntRange(12), default=420, show_default=True)
@click.option("--days", type=click.IntRange(1, 400), default=63, show_default=True)
@click.option(
    "--without",
    type=click.Choice(list(CONTEXT)),
    multiple=True,
    help="Withhold a context table of the cities; may be repeated.",
)
@click.option(
    "--findings-per-week",
    "per_week",
    type=click.FloatRange(0, min_open=True),
    help="What reviewers read; default is 20 for 420 operators, in proportion.",
)
@click.option("--stability", is_flag=True, help="Scan again with 1 % of the lookups left out.")
@click.option(
    "--poisoning", is_flag=True, help="Scan again without the first half of each episode's nights."
)
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME",
    help="Misuse of the cities is of this way alone; may be repeated.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the tables as CSV and pictures of them as SVG.",
)
@click.option("--json", "as_json", is_flag=True, help="All tables as JSON.")
@click.pass_obj
def evaluate(
    workspace: Path | None,
    /,
    files: tuple[Path, ...],
    truth: Path | None,
    format_name: str,
    mapping: Path | None,
    seeds: str | None,
    operators: int,
    days: int,
    without: tuple[str, ...],
    per_week: float | None,
    stability: bool,
    poisoning: bool,
    scenarios: tuple[str, ...],
    out: Path | None,
    as_json: bool,
    **context: Path | None,
) -> None:
    """Scan labelled trails night by night and say how much misuse the reviewers would have met.

    FILES with --truth (event_id, scenario, episode) are one trail; --seeds makes invented cities.
    Both are scanned in workspaces that are thrown away, with the rules and settings of the
    workspace at -w, or with those of a new one. --truth alone looks at what the scans of a
    workspace came to, and scans nothing.

    \b
    Examples:
      auditwatch model evaluate --seeds 1,2,3 --operators 60 --days 30
      auditwatch model evaluate trail.csv --truth truth.csv --roster roster.csv --cases cases.csv
      auditwatch -w w model evaluate --truth truth.csv
    """
    given = {name: path for name, path in context.items() if path}
    wanted = _numbers(seeds) if seeds else []
    _require_one(
        labelled=bool(files and truth) and not (wanted or without or scenarios),
        scanned=bool(truth)
        and not (files or wanted or without or given or stability or poisoning or scenarios),
        invented=bool(wanted) and not (files or truth or given),
    )
    from auditwatch.evaluate import Again, as_records, as_text, summarise, workbench, write_results
    from auditwatch.night import Request

    place = open_workspace(workspace) if workspace or not (files or wanted) else None
    bench = workbench(place)
    narrate(f"judged by the rules in {bench.rules}")
    again = Again(thinned=stability, abrupt=poisoning)
    if place and truth and not files:
        trials = _scanned(place, truth)
    elif truth:
        request = Request(files, format_name, mapping, given)
        trials = _labelled(request, truth, bench, again)
    else:
        trials = _cities(wanted, operators, days, bench, without, again=again, only=scenarios)
    outcomes = list(_measured(trials, bench, per_week))
    sheets = summarise(outcomes)
    for path in write_results(out, outcomes, sheets) if out else ():
        narrate(str(path))
    if as_json:
        emit_json({sheet.name: as_records(sheet) for sheet in sheets})
    else:
        shown = [as_text(sheet, TOLD) for sheet in sheets if sheet.name not in FILES_ONLY]
        click.echo("\n\n\n".join(shown))


def _require_one(*, labelled: bool, scanned: bool, invented: bool) -> None:
    """Refuse anything but a labelled trail, a scanned workspace, or cities.

    Raises
    ------
    UsageError
        ``AW-EVAL-007``.
    """
    if not (labelled or scanned or invented):
        raise UsageError(
            "nothing to evaluate, or two things at once",
            code="AW-EVAL-007",
            expected="FILES with --truth and context tables; --truth alone in a workspace that was "
            "scanned; or --seeds 1,2,3",
            hint="see auditwatch model evaluate --help",
        )


def _labelled(request: Request, truth: Path, bench: Bench, again: Again) -> Iterator[Trial]:
    """Yield the trail that a person labelled."""
    from auditwatch.evaluate import run_trial

    episodes = _truth(truth)
    with progress() as tell:
        yield run_trial(request.files[0].name, bench, request, episodes, again=again, tell=tell)


def _scanned(place: Workspace, truth: Path) -> Iterator[Trial]:
    """Yield what the scans of a workspace came to."""
    from auditwatch.evaluate import scanned_trial

    yield scanned_trial(place, _truth(truth))


def _truth(path: Path) -> list[Episode]:
    """Return the episodes of a truth file; say which of its columns are not used."""
    from auditwatch.evaluate import read_truth

    episodes, unused = read_truth(path)
    if unused:
        narrate(f"{path.name}: not used: {', '.join(unused)}")
    return episodes


def _cities(
    seeds: list[int],
    operators: int,
    days: int,
    bench: Bench,
    without: tuple[str, ...],
    *,
    again: Again,
    only: tuple[str, ...],
) -> Iterator[Trial]:
    """Yield invented cities, one after the other."""
    from auditwatch.evaluate import city_trial

    for seed in seeds:
        narrate(f"seed {seed}: a city of {operators} operators and {count(days, 'night')} …")
        with progress() as tell:
            trial = city_trial(
                seed,
                operators,
                days,
                bench,
                without,
                again=again,
                scenarios=only or None,
                tell=tell,
            )
        yield trial


def _measured(trials: Iterator[Trial], bench: Bench, per_week: float | None) -> Iterator[Outcome]:
    """Yield the figures of each trail, and say the first of them."""
    from auditwatch.evaluate import measure

    for trial in trials:
        if trial.missing:
            narrate(
                f"{trial.name}: lines of the truth that are not in the trail: {trial.missing:,}; "
                "they do not count"
            )
        one = measure(trial, bench.settings, per_week)
        rank = one.episodes["rank"]
        found = f"{int((rank <= one.budget).sum())} of {count(len(rank), 'episode')}"
        narrate(f"{one.trail}: {found} within the first {count(one.budget, 'finding')}")
        yield one


def _numbers(text: str) -> list[int]:
    """Return the seeds that a person typed.

    Raises
    ------
    UsageError
        ``AW-EVAL-008`` when one is no number.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isascii() and part.isdigit() for part in parts):
        raise UsageError(
            "--seeds is not a list of numbers",
            code="AW-EVAL-008",
            where=repr(text[:40]),
            expected="whole numbers with commas between them, such as 1,2,3",
        )
    return [int(part) for part in dict.fromkeys(parts)]


@model.command()
@click.option("--night", metavar="DATE", help="The night to judge; default is the last one.")
@click.option("--view", metavar="NAME", help="This view only.")
@click.option("--groups", is_flag=True, help="Roles within each unit as well.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write all that was learnt as JSON and Parquet.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
@click.pass_obj
def show(
    workspace: Path | None,
    /,
    night: str | None,
    view: str | None,
    groups: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Print what the scorer took for usual when it judged a night.

    Shares and widths are those of beta-binomials, multipliers and sizes those of negative
    binomials; raw decades are what one unit of a view in a hundred, or in a thousand, reached in
    the nights before.

    \b
    Examples:
      auditwatch model show
      auditwatch model show --night 2026-03-14 --view harvest --groups
    """
    from auditwatch.night import scorer_of
    from auditwatch.score import beliefs, save_state, views

    names = [one.NAME for one in views()]
    if view and view not in names:
        raise UsageError(
            f"no view {view!r}", code="AW-SCORE-003", expected="one of " + ", ".join(names)
        )
    judged, scorer = scorer_of(open_workspace(workspace), night)
    told = [
        one
        for one in beliefs(scorer)
        if view in (None, one.view) and (groups or ", " not in one.group)
    ]
    for path in save_state(scorer, out) if out else ():
        narrate(str(path))
    if as_json:
        learnt = [asdict(one) for one in told]
        emit_json({"night": judged, "nights_learnt_from": scorer.nights_, "beliefs": learnt})
        return
    nights = count(scorer.nights_, "night")
    narrate(f"as it judged {judged}, having learnt from {nights}")
    rows = [
        [one.view, str(one.window or "all"), one.kind, one.group, one.what, f"{one.value:.4g}"]
        for one in told
    ]
    print_table(("view", "nights", "kind", "group", "what", "value"), rows)
