"""Why a sample got another answer than the expected one, as trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.check.columns import Columns
from auditwatch.check.sample import sample_batch
from auditwatch.check.trial.explaining import Lookup
from auditwatch.check.trial.sampled import sample_facts
from auditwatch.check.trial.trying import POLICY

if TYPE_CHECKING:
    from auditwatch.check.statement import Statement
    from auditwatch.check.trial.pack import Pack
    from auditwatch.check.trial.tree import Line
    from auditwatch.check.trial.trying import Trial

__all__ = ["lines_of"]


def lines_of(pack: Pack, trial: Trial) -> list[Line]:
    """Return what the rule, or the statements at issue, made of each lookup of a sample.

    Parameters
    ----------
    pack : Pack
        The pack that was tried.
    trial : Trial
        One of its samples.

    Returns
    -------
    list of Line
        For a rule one line a lookup; for the policy the statement that was expected and the one
        that answered, on the first lookup.
    """
    batch, facts = sample_batch([trial.sample]), sample_facts([trial.sample])
    columns = Columns(batch, facts, pack.ruleset.catalogue)
    if trial.name == POLICY:
        lookup = Lookup(pack, columns, 0)
        return [lookup.statement(one) for one in _at_issue(lookup, trial)]
    (rule,) = (one for one in pack.ruleset.rules if one.rule_id == trial.name)
    hit = trial.got != "false"
    lookups = (Lookup(pack, columns, row) for row in range(columns.height))
    return [lookup.rule(rule, hit=hit) for lookup in lookups]


def _at_issue(lookup: Lookup, trial: Trial) -> list[Statement]:
    """Return the statements in force that the expectation and the answer name."""
    names = {lookup.decision.statement_id, *trial.sample.expected.split()[1:2]}
    in_force = lookup.policy.in_force(lookup.question.day)
    return [one for one in in_force if one.statement_id in names]
