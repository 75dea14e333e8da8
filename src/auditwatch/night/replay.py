"""A history judged anew by one rule set, or by two in one pass: read only, nothing is published."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check import hold_ceilings
from auditwatch.check.trial.pairing import Pair
from auditwatch.check.trial.reaching import reach
from auditwatch.check.verdicts import give_verdicts
from auditwatch.core.errors import UsageError
from auditwatch.core.schema import SURPRISES
from auditwatch.engine.threads import ThreadEngine
from auditwatch.findings.grouping import FACT_COLUMNS, gather
from auditwatch.night.judging import each_night
from auditwatch.night.piecework import columns_of, judged_tables, tallied

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from auditwatch.check import Facts, Ruleset
    from auditwatch.findings.model import Piece
    from auditwatch.night.history import History
    from auditwatch.night.judging import WorkedNight

__all__ = ["Replayed", "replay", "replay_both"]


@dataclass(frozen=True)
class Replayed:
    """One night as a rule set, or each of two, would have it.

    Parameters
    ----------
    night : str
        ISO.
    lookups : int
        How many were judged.
    old, new : sequence of Piece
        Evidence that each set makes of them; the same for a single set.
    tallies : mapping
        ``undecided`` by rule, ``unmapped`` by transaction, ``reached`` as of `reaching.reach`.
    """

    night: str
    lookups: int
    old: Sequence[Piece]
    new: Sequence[Piece]
    tallies: Mapping[str, Mapping[str, int]]


def replay(history: History, rules: Ruleset) -> Iterator[Replayed]:
    """Judge each night of a history by one rule set.

    Parameters
    ----------
    history : History
        Which nights, with what is known beside them.
    rules : Ruleset
        What judges them.

    Yields
    ------
    Replayed
        In the order of the nights.

    Raises
    ------
    UsageError
        ``AW-BENCH-020`` the catalogue knows no transaction of the whole history.
    """
    return _replayed(history, Pair(rules, rules))


def replay_both(history: History, old: Ruleset, new: Ruleset) -> Iterator[Replayed]:
    """Judge each night of a history by two rule sets, what they share once.

    Notes
    -----
    Of one catalogue they take one pass. A changed catalogue changes what columns mean, so that
    nothing is shared and the history is read twice.

    Raises
    ------
    UsageError
        As `replay`.
    """
    if old.catalogue == new.catalogue:
        yield from _replayed(history, Pair(old, new))
        return
    passes = zip(replay(history, old), replay(history, new), strict=True)
    for one, other in passes:
        yield Replayed(one.night, one.lookups, one.old, other.new, other.tallies)


def _replayed(history: History, pair: Pair) -> Iterator[Replayed]:
    """Yield each night of one pass; refuse a history of another trade at its end."""
    lookups, unmapped = 0, 0
    work = partial(_work, pair, history.facts)
    with ThreadEngine() as engine:
        nights = each_night(
            history.nights, history.lake, engine, pair.merged, facts=history.facts, work=work
        )
        for one in nights:
            found = _night(pair, one)
            lookups += found.lookups
            unmapped += sum(one.tallies.get("unmapped", {}).values())
            yield found
    if lookups and unmapped == lookups:
        raise UsageError(
            "the catalogue of these rules knows no transaction of this history",
            code="AW-BENCH-020",
            expected="rules for the systems that these lookups are from",
            hint="see what the lookups ask: auditwatch rules verdicts",
        )


def _work(pair: Pair, facts: Facts, rows: pa.Table) -> dict[str, pa.Table]:
    """Judge a piece by both sets; add what gathering needs, and which parts of rules were met."""
    columns = columns_of(pair.merged, facts, rows)
    made = judged_tables(pair.merged, columns, rows)
    if not pair.one_policy:
        made["other"] = give_verdicts(pair.new.policy, columns)
    hit = set(pc.unique(made["hits"]["rule_id"]).to_pylist())
    quiet = [rule for rule in pair.merged.rules if rule.rule_id not in hit]
    met = tallied({"reached": reach(quiet, columns)})
    told = [made[name] for name in ("verdicts", "other") if name in made]
    ids = [_speaking(table)["event_id"] for table in told] + [made["hits"]["event_id"]]
    heads = pa.Table.from_batches([columns.batch]).select(list(FACT_COLUMNS))
    made["tallies"] = pa.concat_tables([made["tallies"], met])
    made["facts"] = _of(heads, ids)
    return made


def _speaking(verdicts: pa.Table) -> pa.Table:
    """Return the verdicts that ask something."""
    return verdicts.filter(pc.not_equal(verdicts["verdict"], "permitted"))


def _of(rows: pa.Table, ids: Iterable[pa.ChunkedArray]) -> pa.Table:
    """Return the rows of some lookups."""
    chunks = chain.from_iterable(pc.cast(one, pa.string()).chunks for one in ids)
    wanted = pa.chunked_array(chunks, pa.string())
    return rows.filter(pc.is_in(pc.cast(rows["event_id"], pa.string()), value_set=wanted))


def _night(pair: Pair, one: WorkedNight) -> Replayed:
    """Gather the evidence of one night, on either side."""
    hit = [one.judged.hits["event_id"]]
    windows = [_of(tables["windows"].select(list(FACT_COLUMNS)), hit) for tables in one.made]
    facts = pa.concat_tables(
        [*(tables["facts"] for tables in one.made), *windows]
    ).unify_dictionaries()
    judged = one.judged
    old_hits, new_hits = pair.split(judged.hits)
    old = _gathered(one.night, pair.old, judged.verdicts, old_hits, facts)
    if pair.old is pair.new:
        new = old
    else:
        others = [tables["other"] for tables in one.made if "other" in tables]
        verdicts = pa.concat_tables(others) if others else judged.verdicts
        new = _gathered(one.night, pair.new, verdicts, new_hits, facts)
    tallies = {**one.tallies, "undecided": judged.undecided}
    return Replayed(one.night, judged.verdicts.num_rows, old, new, tallies)


def _gathered(
    night: str, rules: Ruleset, verdicts: pa.Table, hits: pa.Table, facts: pa.Table
) -> list[Piece]:
    """Return the evidence that one rule set makes of a night."""
    verdicts, hits = hold_ceilings(rules.exemptions, verdicts, hits)
    return gather(night, _speaking(verdicts), hits, SURPRISES.empty(), facts)
