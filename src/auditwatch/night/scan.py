"""A whole scan: read, judge, score, publish."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch import __version__
from auditwatch.check import Ruleset, load_rules
from auditwatch.core.clock import now, silent_before
from auditwatch.core.files import lock
from auditwatch.core.schema import HITS, LOOKUPS, MARK_NIGHTS, PAIR_NIGHTS, SURPRISES, VERDICTS
from auditwatch.engine.lake import Lake
from auditwatch.engine.local import LocalEngine
from auditwatch.findings.gaps import KINDS
from auditwatch.findings.grouping import FACT_COLUMNS, gather
from auditwatch.findings.model import NightResult, Run
from auditwatch.findings.store import Store
from auditwatch.night.blindness import read_blindness
from auditwatch.night.context import context_of
from auditwatch.night.gaps import GapFinder
from auditwatch.night.judging import JudgedNight, facts_of, is_judged, judge_nights
from auditwatch.night.plan import (
    known_day,
    night_tokens,
    nights_to_judge,
    oldest,
    portions,
    refuse_lost,
)
from auditwatch.night.reading import read_followed, read_into, reading_room
from auditwatch.night.refolding import fold_across_files
from auditwatch.night.request import Ingested, Request, Scan
from auditwatch.score import LakePast, model_id, profile_nights, score_nights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from auditwatch.check import Facts
    from auditwatch.config import Workspace
    from auditwatch.core.contexttables import Context
    from auditwatch.engine.base import Engine
    from auditwatch.findings.gaps import Gap
    from auditwatch.night.blindness import Blindness

__all__ = ["run_scan"]

OPEN: Final = ("open", "reopened")
TOP: Final = 5  # findings named on the terminal; the report has the rest


def run_scan(workspace: Workspace, request: Request, tell: Callable[[str, int, int], None]) -> Scan:
    """Do a whole scan under the workspace's lock.

    Parameters
    ----------
    workspace : Workspace
        Where.
    request : Request
        What.
    tell : callable
        Called with (stage, done, total) as work goes on.

    Returns
    -------
    Scan
        What it came to.

    Raises
    ------
    AuditwatchError
        Any of its children; nothing is then published for the nights at hand.
    """
    # the engines come first: without the one that was asked for, nothing is to be read
    with lock(workspace.lock_file), LocalEngine() as engine, ExitStack() as stack:
        wanted = request.engine or workspace.settings.engine.name
        judging = stack.enter_context(_spark_engine(workspace)) if wanted == "spark" else engine
        rules, context, kept, read = _read(workspace, request, tell)
        if kept:
            read.notes.append(f"{', '.join(kept)}: as given to an earlier scan")
        with Store(workspace.database) as store:
            lake = Lake(workspace.lake)
            bench = _Bench(workspace, rules, context, lake, engine, judging, store, tell)
            return bench.scan(request, read)


def _spark_engine(workspace: Workspace) -> Engine:
    """Start Spark as the settings say."""
    from auditwatch.engine.spark import SparkEngine  # noqa: PLC0415 - an extra

    return SparkEngine(workspace.settings.engine.spark_master, workspace.spark)


def _read(
    workspace: Workspace, request: Request, tell: Callable[[str, int, int], None]
) -> tuple[Ruleset, Context, list[str], Ingested]:
    """Read rules and context, then sources; the reader gets ready meanwhile."""
    with reading_room(workspace) as foreman:
        rules = load_rules(workspace.rules, known_day(request.known_on))
        context, kept = context_of(workspace, request)
        read = (
            read_into(workspace, request.wanted, foreman, tell)
            if request.files
            else read_followed(workspace, foreman, tell)
        )
    return rules, context, kept, read


@dataclass(frozen=True)
class _Bench:
    """All that the steps of one scan share."""

    workspace: Workspace
    rules: Ruleset
    context: Context
    lake: Lake
    engine: LocalEngine
    judging: Engine
    store: Store
    tell: Callable[[str, int, int], None]

    def scan(self, request: Request, read: Ingested) -> Scan:
        """Judge what is to be judged, publish it portion by portion."""
        tokens = night_tokens(self.lake, self.context, self._seen)
        known = self.store.night_tokens()
        refuse_lost(tokens, known, self.lake.root)
        nights = nights_to_judge(tokens, known, request)
        if fold_across_files(nights, self.lake, self.workspace):
            tokens = night_tokens(self.lake, self.context, self._seen)
        before = {finding.finding_id: finding.event_ids for finding in self.store.findings()}
        run = Run(run_id=uuid4().hex, version=__version__, started=now().isoformat())
        blindness = read_blindness(self.lake)
        facts = facts_of(blindness, self.context, self.workspace.settings.agency.timezone)
        finder = GapFinder(self.lake, self.workspace.settings.agency.timezone)
        lookups, done = 0, 0
        for portion in portions(nights, self.lake.counts(LOOKUPS)):
            judged = []
            self.tell("judging nights", done, len(nights))
            for night in self._judged(portion, facts, blindness):
                judged.append(night)
                done += 1
                self.tell("judging nights", done, len(nights))
            gaps = finder.gaps(portion)
            lookups += sum(night.summary.lookups for night in judged)
            self._publish(judged, gaps, tokens, run)
        return self._told(request, read, nights, lookups, before)

    def _judged(
        self, nights: Sequence[str], facts: Facts, blindness: Blindness
    ) -> Iterator[JudgedNight]:
        """Judge a portion of nights on the engine that was asked for."""
        return judge_nights(
            nights,
            self.lake,
            self.judging,
            self.rules,
            context=self.context,
            facts=facts,
            blindness=blindness,
        )

    @property
    def _history(self) -> int:
        """Nights that a night is compared with."""
        return self.workspace.settings.score.history_nights

    @property
    def _seen(self) -> int:
        """Nights on which what becomes of a night depends: history, and windows of correlations."""
        return max(self._history, self.rules.reach_nights + 1)

    def _publish(
        self,
        judged: Sequence[JudgedNight],
        gaps: Mapping[str, Sequence[Gap]],
        tokens: Mapping[str, str],
        run: Run,
    ) -> None:
        """Write a portion's tables, score it, and publish its findings last."""
        nights = [night.night for night in judged]
        self.lake.replace(VERDICTS, _stacked(night.verdicts for night in judged), nights)
        self.lake.replace(HITS, _stacked(night.hits for night in judged), nights)
        self._profile(nights)
        surprises = self._score(nights)
        self.lake.replace(SURPRISES, surprises, nights)
        facts = self._facts(judged, surprises)
        results = []
        for done, night in enumerate(judged):
            self.tell("gathering findings", done, len(judged))
            token = tokens[night.night]
            results.append(self._gathered(night, surprises, facts, gaps[night.night], token))
        self.tell("gathering findings", len(judged), len(judged))
        self.store.publish(results, run)

    def _score(self, nights: Sequence[str]) -> pa.Table:
        """Score nights against the profiles of the nights before each."""
        self.tell("scoring nights", 0, len(nights))
        first = oldest(nights[0], self._history)
        window = [night for night in self.lake.nights(LOOKUPS) if first < night <= nights[-1]]
        # nights that were never judged serve as history all the same
        self._profile(sorted(set(window) - set(self.lake.nights(PAIR_NIGHTS))))
        settings = self.workspace.settings
        past = LakePast(self.lake)
        surprises = score_nights(nights, past, self.lake, self.context, settings, self.engine)
        self.tell("scoring nights", len(nights), len(nights))
        return surprises

    def _profile(self, nights: Sequence[str]) -> None:
        """Make the profiles of some nights, together: the cases are read once for all of them."""
        if nights:
            rows = self.lake.read(LOOKUPS, nights)
            seen = read_blindness(self.lake).seen_by_views(rows.filter(is_judged(rows)))
            pairs, marks = profile_nights(seen, self.context)
            self.lake.replace(PAIR_NIGHTS, pairs, nights)
            self.lake.replace(MARK_NIGHTS, marks, nights)

    def _facts(self, judged: Sequence[JudgedNight], surprises: pa.Table) -> pa.Table:
        """Return what grouping needs to know of every lookup that some evidence names."""
        wanted = _named(surprises)
        for night in judged:
            wanted.update(_speaking(night)["event_id"].to_pylist())
            wanted.update(night.hits["event_id"].to_pylist())
        since = min([judged[0].night, *surprises["since"].to_pylist()])
        nights = [n for n in self.lake.nights(LOOKUPS) if since <= n <= judged[-1].night]
        return self.lake.pick(LOOKUPS, "event_id", wanted, nights, FACT_COLUMNS)

    def _gathered(
        self,
        judged: JudgedNight,
        surprises: pa.Table,
        facts: pa.Table,
        gaps: Sequence[Gap],
        token: str,
    ) -> NightResult:
        """Group one night's evidence into pieces of findings."""
        tonight = surprises.filter(pc.equal(surprises["night"], judged.night))
        speaking = _speaking(judged)
        hits = self._heard(judged.hits)
        ids = {*speaking["event_id"].to_pylist(), *hits["event_id"].to_pylist()}
        named = pc.is_in(facts["event_id"], pa.array(sorted(ids | _named(tonight)), pa.string()))
        pieces = gather(judged.night, speaking, hits, tonight, facts.filter(named), gaps=gaps)
        return NightResult(
            night=judged.night,
            token=token,
            pieces=tuple(pieces),
            rules_version=self.rules.version,
            model_id=model_id(),
            summary=judged.summary,
        )

    def _heard(self, hits: pa.Table) -> pa.Table:
        """Return the hits that ask a reviewer: those of rules in shadow are kept, and no more."""
        shadow = sorted(rule.rule_id for rule in self.rules.rules if rule.shadow_since)
        names = pc.cast(hits["rule_id"], pa.string())
        return hits.filter(pc.invert(pc.is_in(names, pa.array(shadow, pa.string()))))

    def _told(
        self,
        request: Request,
        read: Ingested,
        nights: list[str],
        lookups: int,
        before: Mapping[str, tuple[str, ...]],
    ) -> Scan:
        """Sum up."""
        findings = self.store.findings()
        masker = self.workspace.masker()
        fresh = [f for f in findings if f.finding_id not in before]
        asking = [f for f in findings if f.status != "suppressed"]
        grown = [f for f in findings if before.get(f.finding_id, f.event_ids) != f.event_ids]
        return Scan(
            accounts=read.accounts,
            notes=[*read.notes, *self._remarks(request, nights)],
            incomplete=read.incomplete,
            nights=nights,
            lookups=lookups,
            new=len(fresh),
            grown=len(grown),
            open=sum(finding.status in OPEN for finding in findings),
            severities=[f.severity for f in (*fresh, *grown) if f.status != "suppressed"],
            holes=[
                f"{f.finding_id}  {masker.text(f.title)}"
                for f in (*fresh, *grown)
                if f.rule_id in KINDS and f.status in OPEN
            ][:TOP],
            top=[
                f"{f.finding_id}  {masker.text(f.title)}"
                for f in [one for one in asking if one.rule_id not in KINDS][:TOP]
                if nights
            ],
        )

    def _remarks(self, request: Request, nights: list[str]) -> list[str]:
        """Say what the person should know beside the result."""
        remarks = []
        if self.context.absent and nights:
            absent = ", ".join(self.context.absent)
            remarks.append(f"not given: {absent}; the report says what that hides")
        if request.known_on:
            remarks.append(
                f"judged as known on {request.known_on}: what was approved later does not count"
                if nights
                else f"to judge nights again as known on {request.known_on}, add --from DATE"
            )
        known = self.lake.nights(LOOKUPS)
        remarks += [told for night in nights if (told := silent_before(night, known))]
        versions = self.store.night_rules()
        older = [night for night, version in versions.items() if version != self.rules.version]
        if older:
            remarks.append(
                f"{len(older)} night(s) were judged by other rules than today's; to judge them "
                f"again: auditwatch scan --from {older[0]} --to {older[-1]}"
            )
        if not versions and not request.files:
            remarks.append("the lake is empty: name a file to read, auditwatch scan FILE")
        return remarks


def _stacked(tables: Iterable[pa.Table]) -> pa.Table:
    """Stack tables of one schema, dictionaries unified."""
    return pa.concat_tables(tables).unify_dictionaries()


def _speaking(judged: JudgedNight) -> pa.Table:
    """Return the verdicts of a night that ask something."""
    return judged.verdicts.filter(pc.not_equal(judged.verdicts["verdict"], "permitted"))


def _named(surprises: pa.Table) -> set[str]:
    """Return the lookups that surprises name."""
    return {name for ids in surprises["event_ids"].to_pylist() for name in ids.split("\n") if name}
