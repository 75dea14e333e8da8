"""Samples as the batches that the judge sees, for what looks at many things of each."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from auditwatch.check.columns import Columns
from auditwatch.check.facts import make_facts
from auditwatch.check.sample import Sample, sample_batch, sample_context
from auditwatch.check.verdicts import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditwatch.check.facts import Facts
    from auditwatch.check.policy import Question
    from auditwatch.check.ruleset import Ruleset

__all__ = ["Batch", "batches_of", "context_key", "sample_facts", "together"]


@dataclass(frozen=True)
class Batch:
    """Samples that know the same beside their lookups.

    Parameters
    ----------
    samples : sequence of Sample
        In order.
    ruleset : Ruleset
        The pack they are of.
    """

    samples: Sequence[Sample]
    ruleset: Ruleset = field(repr=False)

    @cached_property
    def columns(self) -> Columns:
        """All their lookups, sample by sample."""
        facts = sample_facts(self.samples)
        return Columns(sample_batch(self.samples), facts, self.ruleset.catalogue)

    @cached_property
    def rows(self) -> list[range]:
        """The rows of each sample."""
        found, start = [], 0
        for sample in self.samples:
            found.append(range(start, start + len(sample.lookups)))
            start += len(sample.lookups)
        return found

    @cached_property
    def questions(self) -> list[Question]:
        """What the policy is asked about each row."""
        return ask(self.ruleset.policy, self.columns)


def batches_of(ruleset: Ruleset, samples: Iterable[Sample], *, apart: bool = False) -> list[Batch]:
    """Return samples in as few batches as they can be judged in.

    Parameters
    ----------
    ruleset : Ruleset
        The pack they are of.
    samples : iterable of Sample
        Any.
    apart : bool
        Each by itself: windows must not reach from one into another.
    """
    groups = ([one] for one in samples) if apart else together(samples)
    return [Batch(group, ruleset) for group in groups]


def together(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    """Yield samples that can be judged at once: they know the same beside their lookups."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[context_key(sample)].append(sample)
    yield from groups.values()


def context_key(sample: Sample) -> str:
    """Return a text that is the same for samples that know the same beside their lookups."""
    return json.dumps(sample.context, sort_keys=True)


def sample_facts(samples: Sequence[Sample]) -> Facts:
    """Return the facts of samples that share their context."""
    hidden = {f"s{number}": sample.not_exported for number, sample in enumerate(samples)}
    return make_facts(sample_context(samples[0]), hidden)
