"""One night through the rules: verdicts, hits and its counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check import hold_ceilings, judge, make_facts
from auditwatch.core.clock import nights_between, zone
from auditwatch.core.schema import HITS, LOOKUPS, VERDICTS
from auditwatch.findings.model import NightSummary
from auditwatch.score import blind_views

if TYPE_CHECKING:
    from auditwatch.check import Facts, Ruleset
    from auditwatch.core.schema import Context
    from auditwatch.engine.lake import Lake
    from auditwatch.night.blindness import Blindness

__all__ = ["JudgedNight", "facts_of", "is_judged", "judge_night"]


@dataclass(frozen=True)
class JudgedNight:
    """One night after checking."""

    night: str
    verdicts: pa.Table
    hits: pa.Table
    summary: NightSummary


def judge_night(
    night: str,
    lake: Lake,
    rules: Ruleset,
    context: Context,
    facts: Facts,
    *,
    blindness: Blindness,
) -> JudgedNight:
    """Check one night.

    Parameters
    ----------
    night : str
        Agency-local date, ISO.
    lake : Lake
        Where its lookups are.
    rules : Ruleset
        What judges them.
    context : Context
        What is known beside them.
    facts : Facts
        The same, made ready for the rules.
    blindness : Blindness
        What the sources do not say.
    """
    rows = lake.read(LOOKUPS, [night])
    kept = is_judged(rows)
    heads = rows.filter(kept).combine_chunks()
    before = _earlier(night, lake, rules)
    results = [judge(rules, batch, facts, before) for batch in heads.to_batches()]
    verdicts = pa.concat_tables([VERDICTS.empty(), *(result.verdicts for result in results)])
    undecided: Counter[str] = Counter()
    for result in results:
        undecided.update(result.undecided)
    hits = pa.concat_tables([HITS.empty(), *(result.hits for result in results)])
    verdicts, hits = hold_ceilings(rules.exemptions, verdicts, hits)
    sources = pc.unique(pc.cast(rows["source_id"], pa.string())).to_pylist()
    summary = NightSummary(
        lookups=heads.num_rows,
        verdicts=_counts(verdicts["verdict"]),
        unmapped=_unmapped(heads, rules),
        blind_views=blindness.blind_views(blind_views(context), sources),
        undecided_rules=dict(sorted(undecided.items())),
        blind_rules=blindness.blind_rules(rules, undecided, sources, facts),
        absent_context=context.absent,
        aside=_counts(rows.filter(pc.invert(kept))["origin"]),
    )
    return JudgedNight(night, verdicts, hits, summary)


def _earlier(night: str, lake: Lake, rules: Ruleset) -> pa.RecordBatch | None:
    """Return the lookups of earlier nights in which windows of correlations may begin."""
    if not rules.reach_nights:
        return None
    first = date.fromisoformat(night) - timedelta(days=rules.reach_nights)
    rows = lake.read(LOOKUPS, nights_between(first.isoformat(), night)[:-1])
    return next(iter(rows.filter(is_judged(rows)).combine_chunks().to_batches()), None)


def facts_of(blindness: Blindness, context: Context, timezone: str) -> Facts:
    """Return what rules may ask beside the lookups, with the fields that no source tells."""
    clock = zone(timezone)
    return make_facts(context, blindness.unknown, blindness.masked_subjects, clock)


def is_judged(rows: pa.Table) -> pa.ChunkedArray:
    """Tell which records are lookups to judge: heads that a person made."""
    heads = pc.equal(rows["event_id"], rows["lookup_id"])
    machine = pc.is_in(pc.cast(rows["origin"], pa.string()), pa.array(["hotlist", "batch"]))
    return pc.and_(heads, pc.invert(machine))


def _counts(values: pa.ChunkedArray) -> dict[str, int]:
    """Count the values of a column, in value order; what is not given counts as empty."""
    counted = pc.value_counts(pc.fill_null(pc.cast(values, pa.string()), "")).to_pylist()
    return {item["values"]: item["counts"] for item in sorted(counted, key=lambda i: i["values"])}


def _unmapped(heads: pa.Table, rules: Ruleset) -> dict[str, int]:
    """Count lookups by transaction where the catalogue does not know it."""
    known = rules.catalogue.transactions
    return {key: n for key, n in _counts(heads["transaction"]).items() if key and key not in known}
