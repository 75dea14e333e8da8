"""One trail, scanned night by night in a workspace that is thrown away afterwards."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.config import ContextFiles, Findings, Settings, Workspace, shipped_rules
from auditwatch.core.errors import UsageError
from auditwatch.core.schema import LOOKUPS, PAIR_NIGHTS, SURPRISES
from auditwatch.engine.lake import Lake
from auditwatch.evaluate.stability import by_lot, scanned_again, without_beginnings
from auditwatch.evaluate.truth import Episode, within
from auditwatch.findings.store import Store
from auditwatch.ingest import read_context
from auditwatch.night import Request, ingest_files, run_scan
from auditwatch.night.context import context_of
from auditwatch.night.judging import is_judged
from auditwatch.score import blind_views, units_heard, views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from auditwatch.core.contexttables import Context
    from auditwatch.findings.model import Finding, Piece

__all__ = ["Abrupt", "Again", "Bench", "Trial", "run_trial", "scanned_trial", "workbench"]

HEAD_COLUMNS: Final = (
    "event_id", "night", "local_hour", "operator_id", "operator_role", "terminal", "transaction",
    "subject_id", "case_id",
)  # fmt: skip
WORKER_COLUMNS: Final = ("night", "operator_id", "operator_role", "operator_unit")
HEARD_COLUMNS: Final = ("night", "view", "operator_id", "subject_id")


@dataclass(frozen=True)
class Bench:
    """What all trails of one evaluation are judged by.

    Parameters
    ----------
    settings : Settings
        Of the workspace that is evaluated.
    rules : Path
        Its rule pack.
    """

    settings: Settings
    rules: Path


@dataclass(frozen=True)
class Again:
    """What to scan a second time.

    Parameters
    ----------
    thinned : bool
        With a hundredth of the lookups left out.
    abrupt : bool
        Without the slow beginnings of the misuse.
    """

    thinned: bool = False
    abrupt: bool = False


@dataclass(frozen=True)
class Abrupt:
    """The same trail as if all misuse had begun half-way.

    Parameters
    ----------
    episodes : tuple of Episode
        In the order of the whole ones.
    findings : tuple of Finding
        The queue after the last night.
    """

    episodes: tuple[Episode, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Trial:
    """What a scan made of a labelled trail.

    Parameters
    ----------
    name : str
        What to call it.
    episodes : tuple of Episode
        What there was to find.
    operators : int
        On the roster, or seen in the trail where no roster was given.
    nights : tuple of str
        Nights with lookups, ISO.
    heads : pd.DataFrame
        `HEAD_COLUMNS` of each lookup that a person made, in order of event_id.
    workers : pd.DataFrame
        `WORKER_COLUMNS`: one row for each operator and night.
    surprises : pd.DataFrame
        Rows of SURPRISES, without sentences.
    heard : pd.DataFrame
        `HEARD_COLUMNS`: one row for each view, operator and night with a count that could be a
        story; for each subject and night where a view is about subjects, without operator.
    findings : tuple of Finding
        The queue after the last night.
    pieces : tuple of Piece
        All evidence.
    views : mapping of str to str
        Views that could see with this context, each with its story.
    shifts : mapping of str to str
        Operator to shift, as the roster says.
    habits : mapping of str to str
        Event to the honest habit that it came of; empty where nobody knows.
    thinned : tuple of str or None
        Ids of the queue when a hundredth of the lookups is left out; None when not asked.
    abrupt : Abrupt or None
        The trail without slow beginnings; None when not asked.
    missing : int
        Lines of the truth that the trail does not have.
    """

    name: str
    episodes: tuple[Episode, ...]
    operators: int
    nights: tuple[str, ...]
    heads: pd.DataFrame
    workers: pd.DataFrame
    surprises: pd.DataFrame
    heard: pd.DataFrame
    findings: tuple[Finding, ...]
    pieces: tuple[Piece, ...]
    views: Mapping[str, str]
    shifts: Mapping[str, str] = field(default_factory=dict)
    habits: Mapping[str, str] = field(default_factory=dict)
    thinned: tuple[str, ...] | None = None
    abrupt: Abrupt | None = None
    missing: int = 0


def workbench(workspace: Workspace | None) -> Bench:
    """Return the settings and rules to evaluate: those of a workspace, or those of a new one."""
    if workspace is None:
        return Bench(Settings(), shipped_rules())
    alone = replace(workspace.settings, context=ContextFiles(), sources={}, findings=Findings())
    return Bench(alone, workspace.rules)


@contextmanager
def passing_workspace(bench: Bench) -> Iterator[Workspace]:
    """Yield an empty workspace that is gone afterwards."""
    with TemporaryDirectory(prefix="auditwatch-evaluate-") as folder:
        place = Workspace(Path(folder), bench.settings)
        shutil.copytree(bench.rules, place.rules)
        yield place


def run_trial(
    name: str,
    bench: Bench,
    request: Request,
    episodes: Sequence[Episode],
    *,
    again: Again,
    tell: Callable[[str, int, int], None],
) -> Trial:
    """Scan a labelled trail and return what came of it.

    Parameters
    ----------
    name : str
        What to call it.
    bench : Bench
        What judges it.
    request : Request
        The trail and its context tables.
    episodes : sequence of Episode
        The truth.
    again : Again
        What to scan a second time.
    tell : callable
        Called with (stage, done, total) as work goes on.

    Raises
    ------
    AuditwatchError
        What a scan raises; ``AW-EVAL-005`` truth and trail do not belong together, ``-006`` the
        trail has no lookup.
    """
    with passing_workspace(bench) as place:
        ingest_files(place, request.wanted, tell)
        known, missing = _known(name, Lake(place.lake), episodes)
        run_scan(place, Request(context=request.context), tell)
        context = read_context(dict(request.context), bench.settings.agency.timezone)
        trial = _told(name, place, context, known, missing)
        if again.thinned:
            with passing_workspace(bench) as second:
                queue = scanned_again(place, second, request.context, by_lot(), tell)
            trial = replace(trial, thinned=tuple(one.finding_id for one in queue))
        if again.abrupt:
            with passing_workspace(bench) as second:
                trial = replace(trial, abrupt=_abrupt(trial, place, second, request, tell))
        return trial


def _abrupt(
    trial: Trial,
    place: Workspace,
    second: Workspace,
    request: Request,
    tell: Callable[[str, int, int], None],
) -> Abrupt:
    """Scan a trail again without the slow beginnings of its misuse."""
    night_of = dict(zip(trial.heads["event_id"], trial.heads["night"], strict=True))
    episodes, gone = without_beginnings(trial.episodes, night_of)
    queue = scanned_again(place, second, request.context, gone.intersection, tell)
    return Abrupt(tuple(episodes), tuple(queue))


def scanned_trial(place: Workspace, episodes: Sequence[Episode]) -> Trial:
    """Return what the scans of a workspace made of its trail so far; nothing is scanned again.

    Parameters
    ----------
    place : Workspace
        Only read.
    episodes : sequence of Episode
        The truth.

    Raises
    ------
    AuditwatchError
        ``AW-EVAL-005`` and ``-006`` as `run_trial`.
    """
    name = place.root.resolve().name
    known, missing = _known(name, Lake(place.lake), episodes)
    context, _ = context_of(place, Request())
    return _told(name, place, context, known, missing)


def _known(name: str, lake: Lake, episodes: Sequence[Episode]) -> tuple[list[Episode], int]:
    """Return the episodes that the trail has, before anything costly is done."""
    if not lake.nights(LOOKUPS):
        raise UsageError(
            "the trail has no lookup",
            code="AW-EVAL-006",
            where=name,
            hint="see what was refused: auditwatch ingest FILE",
        )
    rows = lake.read(LOOKUPS, columns=["event_id"])
    return within(episodes, set(rows["event_id"].to_pylist()), name)


def _told(
    name: str, place: Workspace, context: Context, episodes: Sequence[Episode], missing: int
) -> Trial:
    """Gather what a scanned workspace holds."""
    lake = Lake(place.lake)
    rows = lake.read(LOOKUPS, columns=[*HEAD_COLUMNS, "lookup_id", "origin"])
    heads = _frame(rows.filter(is_judged(rows)), HEAD_COLUMNS)
    roster, blind = context.roster, blind_views(context)
    with Store(place.database) as store:
        findings, pieces, nights = store.findings(), store.pieces(), list(store.night_tokens())
    if not nights:
        raise UsageError(
            "no night of this workspace was scanned",
            code="AW-EVAL-009",
            where=name,
            hint="scan it first: auditwatch scan",
        )
    workers = _workers(lake)
    seeing = {view.NAME: view.STORY for view in views() if view.NAME not in blind}
    return Trial(
        name=name,
        episodes=tuple(episodes),
        operators=roster.num_rows if roster else heads["operator_id"].nunique(),
        nights=tuple(nights),
        heads=heads.sort_values("event_id", ignore_index=True),
        workers=workers,
        surprises=_frame(
            lake.read(SURPRISES),
            ("night", "view", "story", "operator_id", "subject_id", "surprise_milli", "event_ids"),
        ),
        heard=_heard(lake, nights, workers, seeing),
        findings=tuple(one for one in findings if one.status != "suppressed"),
        pieces=tuple(pieces),
        views=seeing,
        shifts=_shifts(roster),
        missing=missing,
    )


def _frame(rows: pa.Table, columns: Sequence[str]) -> pd.DataFrame:
    """Return some columns as plain text and numbers; what is not given is empty."""
    plain = {
        name: pc.fill_null(pc.cast(rows[name], pa.string()), "")
        if pa.types.is_dictionary(rows[name].type) or pa.types.is_string(rows[name].type)
        else rows[name]
        for name in columns
    }
    frame: pd.DataFrame = pa.table(plain).to_pandas()
    return frame


def _workers(lake: Lake) -> pd.DataFrame:
    """Return who was at work on which night, in which role and unit."""
    rows = _frame(lake.read(PAIR_NIGHTS, columns=list(WORKER_COLUMNS)), WORKER_COLUMNS)
    rows = rows.sort_values(list(WORKER_COLUMNS))
    return rows.drop_duplicates(["night", "operator_id"], ignore_index=True)


def _heard(
    lake: Lake, nights: Sequence[str], workers: pd.DataFrame, seeing: Mapping[str, str]
) -> pd.DataFrame:
    """Return of whom each view that sees had a word to say; of everybody where nobody counted."""
    units, unknown = units_heard(lake, nights)
    words = _frame(units, HEARD_COLUMNS)
    everybody = workers.loc[workers["night"].isin(unknown), ["night", "operator_id"]]
    parts = [words[words["view"].isin(list(seeing))]]
    parts += [everybody.assign(view=view, subject_id="") for view in seeing if len(everybody)]
    return pd.concat(parts, ignore_index=True)


def _shifts(roster: pa.Table | None) -> dict[str, str]:
    """Return the shift of each operator on the roster."""
    if roster is None:
        return {}
    pairs = zip(roster["operator_id"].to_pylist(), roster["shift"].to_pylist(), strict=True)
    return {operator: shift or "not told" for operator, shift in pairs}
