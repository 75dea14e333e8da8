"""Judging a batch of lookups: verdicts of the policy and hits of the rules. A plain function."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.coded import code_column
from auditwatch.check.columns import Columns
from auditwatch.check.hits import detection_hits, in_order, window_hits, window_rows
from auditwatch.check.lifting import lift_hits
from auditwatch.check.verdicts import give_verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditwatch.check.facts import Facts
    from auditwatch.check.ruleset import Ruleset

__all__ = [
    "Judged",
    "for_windows",
    "judge",
    "judge_columns",
    "judge_policy",
    "judge_rows",
    "judge_rules",
    "judge_windows",
    "own_lookups",
]

#: Lookups from which on the policy is asked beside the rules: most of the time is spent in Arrow
#: and numpy, which let another thread work meanwhile.
WORTH_A_THREAD: Final = 1 << 16


@dataclass(frozen=True)
class Judged:
    """What the policy and the rules say of a batch.

    Parameters
    ----------
    verdicts : pa.Table
        Columns of `schema.VERDICTS`, coded: millions of rows share a few texts. One row for each
        head, in the order of the batch.
    hits : pa.Table
        Columns of `schema.HITS`, in the order of the batch, then by rule.
    undecided : mapping of str to int
        Rule to the number of lookups on which it could not decide; only rules with some.
    """

    verdicts: pa.Table
    hits: pa.Table
    undecided: Mapping[str, int]


def judge(
    ruleset: Ruleset, batch: pa.RecordBatch, facts: Facts, earlier: pa.RecordBatch | None = None
) -> Judged:
    """Judge every lookup of a batch that heads itself.

    Parameters
    ----------
    ruleset : Ruleset
        From `load_rules`.
    batch : pa.RecordBatch
        Columns of `schema.LOOKUPS`, plain or dictionary. Followers of a cascade, hotlist and batch
        rows are passed over: they are evidence, nobody's act.
    facts : Facts
        From `make_facts`.
    earlier : pa.RecordBatch, optional
        Lookups before the batch, in which windows of correlations may begin. A correlation sees
        these and the batch, nothing else: give it a night at once.

    Returns
    -------
    Judged
        The same for the same input, on any number of threads. Ceilings of exceptions are of a
        whole night: `lifting.hold_ceilings` holds them once all batches of a night are judged.
    """
    alone, rows = judge_rows(ruleset, batch, facts)
    before = None if earlier is None else for_windows(ruleset, earlier, facts)
    return judge_windows(ruleset, alone, rows, facts, before)


def judge_rows(
    ruleset: Ruleset, batch: pa.RecordBatch, facts: Facts
) -> tuple[Judged, pa.RecordBatch]:
    """Judge every lookup by itself: all that `judge` says but for correlations.

    A batch may be cut anywhere: what is said of its parts, one after the other, is what is said of
    the whole.

    Returns
    -------
    judged : Judged
        Verdicts, and the hits of detections.
    rows : pa.RecordBatch
        As `for_windows`.
    """
    return judge_columns(ruleset, Columns(own_lookups(batch), facts, ruleset.catalogue))


def judge_columns(ruleset: Ruleset, columns: Columns) -> tuple[Judged, pa.RecordBatch]:
    """Judge lookups as `judge_rows` does, of which the columns are at hand.

    Parameters
    ----------
    ruleset : Ruleset
        Of the catalogue of the columns.
    columns : Columns
        Heads alone. Tests that were made on them are not made again.
    """
    if columns.height < WORTH_A_THREAD:
        verdicts = give_verdicts(ruleset.policy, columns)
        lifted, undecided = _lifted_hits(ruleset, columns)
    else:
        with ThreadPoolExecutor(1) as beside:
            deciding = beside.submit(give_verdicts, ruleset.policy, columns)
            lifted, undecided = _lifted_hits(ruleset, columns)
            verdicts = deciding.result()
    return Judged(verdicts, lifted, undecided), _for_windows(ruleset, columns)


def _lifted_hits(ruleset: Ruleset, columns: Columns) -> tuple[pa.Table, dict[str, int]]:
    """Return the hits of detections with what lifts them, and what each leaves open."""
    hits, undecided = detection_hits(ruleset.rules, columns)
    return lift_hits(hits, ruleset.exemptions.values(), columns), undecided


def for_windows(ruleset: Ruleset, batch: pa.RecordBatch, facts: Facts) -> pa.RecordBatch:
    """Return the lookups that may count in a window of some correlation, all columns."""
    return _for_windows(ruleset, Columns(own_lookups(batch), facts, ruleset.catalogue))


def judge_windows(
    ruleset: Ruleset,
    alone: Judged,
    rows: pa.RecordBatch,
    facts: Facts,
    earlier: pa.RecordBatch | None = None,
) -> Judged:
    """Add what correlations say to what is said of every lookup by itself.

    Parameters
    ----------
    ruleset, facts
        As for `judge`.
    alone : Judged
        From `judge_rows`; of a batch that was cut, its parts together.
    rows, earlier : pa.RecordBatch
        From `for_windows`, of the batch and of the lookups before it.
    """
    if not rows.num_rows:
        return alone
    columns = Columns(rows, facts, ruleset.catalogue)
    before = None if earlier is None else Columns(earlier, facts, ruleset.catalogue)
    hits, undecided = window_hits(ruleset.rules, columns, before)
    lifted = lift_hits(hits, ruleset.exemptions.values(), columns)
    together = in_order([alone.hits, lifted], alone.verdicts["event_id"])
    return Judged(alone.verdicts, together, {**alone.undecided, **undecided})


def judge_policy(ruleset: Ruleset, batch: pa.RecordBatch, facts: Facts) -> pa.Table:
    """Return the verdicts of `judge` alone, without asking any rule."""
    return give_verdicts(ruleset.policy, Columns(own_lookups(batch), facts, ruleset.catalogue))


def judge_rules(ruleset: Ruleset, batch: pa.RecordBatch, facts: Facts) -> pa.Table:
    """Return the hits of `judge` alone, without asking the policy; exceptions lift none."""
    columns = Columns(own_lookups(batch), facts, ruleset.catalogue)
    alone, _ = detection_hits(ruleset.rules, columns)
    windows, _ = window_hits(ruleset.rules, columns)
    return in_order([alone, windows], columns.batch.column("event_id"))


def _for_windows(ruleset: Ruleset, columns: Columns) -> pa.RecordBatch:
    """Return the rows of a batch that correlations may ask about."""
    return columns.batch.take(pa.array(window_rows(ruleset.rules, columns)))


def own_lookups(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the rows that are somebody's act."""
    own = pc.equal(batch.column("event_id"), batch.column("lookup_id"))
    origins = code_column(batch.column("origin"))
    machine = pc.is_in(origins.values, pa.array(["hotlist", "batch"]))
    made = pc.invert(pa.concat_arrays([machine, pa.array([False, False])]))
    heads = pc.and_(own, made.take(pa.array(origins.codes)))
    return batch if heads.true_count == len(heads) else batch.filter(heads)
