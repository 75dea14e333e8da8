"""One lookup of the lake, explained as the scan of its night judges it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check import hold_ceilings, judge
from auditwatch.check.columns import Columns
from auditwatch.check.trial.explain import explain
from auditwatch.check.trial.explaining import Lookup
from auditwatch.core.errors import UsageError
from auditwatch.core.schema import HITS, VERDICTS
from auditwatch.night.judging import is_judged

if TYPE_CHECKING:
    from auditwatch.check.trial.explain import Explained
    from auditwatch.check.trial.pack import Pack
    from auditwatch.night.history import History

__all__ = ["explain_lookup"]


def explain_lookup(
    history: History, pack: Pack, found: pa.Table, only: str | None = None
) -> Explained:
    """Explain one lookup.

    Parameters
    ----------
    history : History
        With its night.
    pack : Pack
        What judges it.
    found : pa.Table
        The lookup: one row, as from `History.find`.
    only : str, optional
        A rule to ask about; every one that asks when it is not given.

    Returns
    -------
    Explained
        The whole night is judged where other lookups matter: for windows of correlations and for
        ceilings of exceptions. Else the lookup alone, to which the judge says the same.

    Raises
    ------
    UsageError
        ``AW-BENCH-003`` a machine made it, so that nobody judges it.
    """
    rules = pack.ruleset
    rows = found.filter(is_judged(found)).combine_chunks().to_batches()
    if not rows:
        raise UsageError(
            "nobody made this lookup: a hotlist or a batch job did",
            code="AW-BENCH-003",
            expected="a lookup that a person made",
            hint="such records are evidence of others and are not judged",
        )
    event_id, night = (str(found[name][0].as_py()) for name in ("event_id", "night"))
    whole = bool(rules.exemptions or any(rule.correlation for rule in rules.rules))
    before = history.earlier(night, rules) if whole else None
    batches = list(history.heads(night)) if whole else rows
    judged = [judge(rules, batch, history.facts, before) for batch in batches]
    verdicts = pa.concat_tables([VERDICTS.coded.empty_table(), *(each.verdicts for each in judged)])
    hits = pa.concat_tables([HITS.empty(), *(each.hits for each in judged)])
    verdicts, hits = hold_ceilings(rules.exemptions, verdicts, hits)
    lookup = Lookup(pack, Columns(rows[0], history.facts, rules.catalogue), 0)
    return explain(lookup, _of(verdicts, event_id), _of(hits, event_id), only)


def _of(table: pa.Table, event_id: str) -> pa.Table:
    """Return the rows of one lookup."""
    return table.filter(pc.equal(pc.cast(table["event_id"], pa.string()), event_id))
