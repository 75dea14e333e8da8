"""Nights through the rules: verdicts, hits and counts of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

import pyarrow as pa

from auditwatch.check import Judged, hold_ceilings, judge_windows, make_facts
from auditwatch.core.clock import nights_between, zone
from auditwatch.core.schema import HITS, LOOKUPS, VERDICTS
from auditwatch.findings.model import NightSummary
from auditwatch.night.piecework import (
    added,
    count_values,
    is_judged,
    judge_piece,
    one_batch,
    window_piece,
)
from auditwatch.score import blind_views

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditwatch.check import Facts, Ruleset
    from auditwatch.core.contexttables import Context
    from auditwatch.engine.base import Engine, Work
    from auditwatch.engine.lake import Lake
    from auditwatch.night.blindness import Blindness

__all__ = ["JudgedNight", "WorkedNight", "each_night", "facts_of", "is_judged", "judge_nights"]


@dataclass(frozen=True)
class JudgedNight:
    """One night after checking."""

    night: str
    verdicts: pa.Table
    hits: pa.Table
    summary: NightSummary


def judge_nights(
    nights: Sequence[str],
    lake: Lake,
    engine: Engine,
    rules: Ruleset,
    *,
    context: Context,
    facts: Facts,
    blindness: Blindness,
) -> Iterator[JudgedNight]:
    """Check some nights, one after the other.

    Parameters
    ----------
    nights : sequence of str
        Agency-local dates, ISO, in order.
    lake : Lake
        Where their lookups are.
    engine : Engine
        What works through them.
    rules : Ruleset
        What judges them.
    context : Context
        What is known beside them.
    facts : Facts
        The same, made ready for the rules.
    blindness : Blindness
        What the sources do not say.
    """
    work = partial(judge_piece, rules, facts)
    for one in each_night(nights, lake, engine, rules, facts=facts, work=work):
        judged, tallies = one.judged, one.tallies
        verdicts, hits = hold_ceilings(rules.exemptions, judged.verdicts, judged.hits)
        sources = list(tallies.get("source", {}))
        summary = NightSummary(
            lookups=verdicts.num_rows,
            verdicts=count_values(verdicts["verdict"]),
            unmapped=tallies.get("unmapped", {}),
            blind_views=blindness.blind_views(blind_views(context), sources),
            undecided_rules=dict(sorted(judged.undecided.items())),
            blind_rules=blindness.blind_rules(rules, judged.undecided, sources, facts),
            absent_context=context.absent,
            aside=tallies.get("aside", {}),
        )
        yield JudgedNight(one.night, verdicts, hits, summary)


@dataclass(frozen=True)
class WorkedNight:
    """One night as pieces of it were worked on, ceilings of exceptions not yet held.

    Parameters
    ----------
    night : str
        ISO.
    judged : Judged
        Of all its lookups, correlations included.
    tallies : mapping
        As from `piecework.added`.
    made : sequence of mapping
        What the work made of each piece.
    """

    night: str
    judged: Judged
    tallies: Mapping[str, Mapping[str, int]]
    made: Sequence[Mapping[str, pa.Table]]


def each_night(
    nights: Sequence[str],
    lake: Lake,
    engine: Engine,
    rules: Ruleset,
    *,
    facts: Facts,
    work: Work,
) -> Iterator[WorkedNight]:
    """Put nights through rules, one after the other, piece by piece, windows across pieces.

    Parameters
    ----------
    nights, lake, engine, rules, facts
        As for `judge_nights`.
    work : callable
        `piecework.judge_piece`, or what makes more tables beside the same ones.
    """
    waiting = _windows_before(nights, lake, engine, rules, facts)
    done = engine.run(lake.pieces(LOOKUPS, nights), work)
    for night, parts in groupby(done, key=lambda one: one[0].night):
        made = [tables for _, tables in parts]
        tallies = added(tables["tallies"] for tables in made)
        rows = one_batch(tables["windows"] for tables in made)
        # no later night reaches further back than this one
        waiting = {one: waiting[one] for one in _reached(night, rules) if one in waiting}
        earlier = one_batch(waiting.values()) if waiting else None
        waiting[night] = pa.Table.from_batches([rows])
        alone = _together(made, tallies.get("undecided", {}))
        judged = judge_windows(rules, alone, rows, facts, earlier)
        yield WorkedNight(night, judged, tallies, made)


def _together(made: Sequence[Mapping[str, pa.Table]], undecided: Mapping[str, int]) -> Judged:
    """Return what is said of every lookup by itself in all pieces of a night."""
    return Judged(
        pa.concat_tables([VERDICTS.coded.empty_table(), *(tables["verdicts"] for tables in made)]),
        pa.concat_tables([HITS.empty(), *(tables["hits"] for tables in made)]),
        undecided,
    )


def _windows_before(
    nights: Sequence[str], lake: Lake, engine: Engine, rules: Ruleset, facts: Facts
) -> dict[str, pa.Table]:
    """Return by night the lookups before some nights in which windows of theirs may begin."""
    before = {one for night in nights for one in _reached(night, rules)} - set(nights)
    if not before:
        return {}
    done = engine.run(lake.pieces(LOOKUPS, sorted(before)), partial(window_piece, rules, facts))
    found: dict[str, list[pa.Table]] = {}
    for piece, made in done:
        found.setdefault(piece.night, []).append(made["windows"])
    return {night: pa.concat_tables(parts) for night, parts in found.items()}


def _reached(night: str, rules: Ruleset) -> list[str]:
    """Return the nights before one in which windows of correlations may begin."""
    if not rules.reach_nights:
        return []
    first = date.fromisoformat(night) - timedelta(days=rules.reach_nights)
    return nights_between(first.isoformat(), night)[:-1]


def facts_of(blindness: Blindness, context: Context, timezone: str) -> Facts:
    """Return what rules may ask beside the lookups, with the fields that no source tells."""
    clock = zone(timezone)
    return make_facts(context, blindness.unknown, blindness.masked_subjects, clock)
