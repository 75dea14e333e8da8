"""Trying a pack again after a save: only what has changed is judged."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from auditwatch.check.trial.trying import POLICY, alone, try_policy, try_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from auditwatch.check.ruleset import Ruleset
    from auditwatch.check.sample import Sample
    from auditwatch.check.trial.trying import Trial

    _Key = tuple[Ruleset, tuple[str, ...]]

__all__ = ["Again"]


class Again:
    """Tries packs, one after the other, and remembers what became of each rule."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[_Key, list[Trial]]] = {}

    def trials(self, ruleset: Ruleset) -> list[Trial]:
        """Return what becomes of every sample, as `try_samples` says.

        Parameters
        ----------
        ruleset : Ruleset
            The pack as it is now. What is the same as at the last call is not judged again: a rule
            with those it calls and the catalogue, or the whole policy with its tables.
        """
        work: dict[str, tuple[_Key, Callable[[], Iterator[Trial]]]] = {
            rule.rule_id: (
                (_bare(alone(ruleset, rule)), _places(rule.samples)),
                partial(try_rule, ruleset, rule),
            )
            for rule in ruleset.rules
        }
        work[POLICY] = (
            (replace(ruleset, version="", rules=()), _places(ruleset.decisions)),
            partial(try_policy, ruleset, ruleset.decisions),
        )
        self._known = {
            name: self._remembered(name, key, trying) for name, (key, trying) in work.items()
        }
        return [trial for _, trials in self._known.values() for trial in trials]

    def _remembered(
        self, name: str, key: _Key, trying: Callable[[], Iterator[Trial]]
    ) -> tuple[_Key, list[Trial]]:
        """Return what is known of a rule, or try it where something it depends on has changed."""
        before = self._known.get(name)
        if before is not None and before[0] == key:
            return before
        return key, list(trying())


def _bare(own: Ruleset) -> Ruleset:
    """Return a pack of one rule without what changes with every other file."""
    return replace(own, version="", decisions=())


def _places(samples: Iterable[Sample]) -> tuple[str, ...]:
    """Return where samples stand: they are equal wherever they stand, and yet have moved."""
    return tuple(sample.place for sample in samples)
