"""Two rule sets as one, so that one pass over a history judges both: what they share once.

Rules that say the same in both are judged once. Of a rule that differs, the new wording goes in
under a marked name, beside the old; both look at the same columns, so that each test that they have
in common is made once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.hits import silent_rules
from auditwatch.core.schema import HITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditwatch.check.exemption import Exemption
    from auditwatch.check.rule import Rule
    from auditwatch.check.ruleset import Ruleset

__all__ = ["Pair"]

#: Begins the name of a new wording; YAML has no such character, so no rule is called so.
MARK: Final = "\x1e"


@dataclass(frozen=True)
class Pair:
    """Two rule sets of one catalogue.

    Parameters
    ----------
    old, new : Ruleset
        What a history is judged by; the same one twice for a single trial.

    Raises
    ------
    ValueError
        Their catalogues differ: columns then mean different things, and nothing can be shared.
    """

    old: Ruleset
    new: Ruleset

    def __post_init__(self) -> None:
        if self.old.catalogue != self.new.catalogue:
            raise ValueError("two catalogues")

    @cached_property
    def changed(self) -> frozenset[str]:
        """Rules of the new set that are not in the old one, or judge otherwise there."""
        if self.old is self.new:
            return frozenset()
        old, new = _Meanings(self.old), _Meanings(self.new)
        same = (name for name in new.rules if old.of(name) == new.of(name))
        return frozenset(new.rules) - frozenset(same)

    @cached_property
    def one_policy(self) -> bool:
        """Whether both sets say the same of purposes."""
        return self.old is self.new or _policy(self.old) == _policy(self.new)

    @cached_property
    def merged(self) -> Ruleset:
        """The old set with the changed rules of the new one under marked names."""
        if not self.changed:
            return self.old
        added = (
            _marked(rule, self.changed) for rule in self.new.rules if rule.rule_id in self.changed
        )
        rules = sorted((*self.old.rules, *added), key=lambda rule: rule.rule_id)
        # lifting goes by the first exception in the order of their ids, on either side
        lifting = {
            **self.old.exemptions,
            **{MARK + name: self._renamed(one) for name, one in self.new.exemptions.items()},
        }
        ordered = sorted(lifting.items(), key=lambda item: item[1].exception_id)
        return replace(self.old, rules=tuple(rules), exemptions=dict(ordered))

    def _renamed(self, one: Exemption) -> Exemption:
        """Return an exception of the new set for the names that its rules go by here.

        What it lifts of the policy is not asked for in the merged set, which has the old policy.
        """
        rules = (MARK + name if name in self.changed else name for name in one.rules)
        return replace(one, rules=frozenset(rules), statements=frozenset())

    def split(self, hits: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Return the hits of the merged set as those of the old and those of the new set."""
        if self.old is self.new:
            return hits, hits
        names = pc.cast(hits["rule_id"], pa.string())
        known = pa.array([rule.rule_id for rule in self.old.rules], pa.string())
        shared = [r.rule_id for r in self.new.rules if r.rule_id not in self.changed]
        kept = [*shared, *(MARK + name for name in self.changed)]
        new = hits.filter(pc.is_in(names, pa.array(kept, pa.string())))
        place = new.schema.get_field_index("rule_id")
        plain = pc.replace_substring(pc.cast(new["rule_id"], pa.string()), MARK, "")
        new = new.set_column(place, "rule_id", plain).cast(HITS.schema)
        return hits.filter(pc.is_in(names, known)), new


def _marked(rule: Rule, changed: Iterable[str]) -> Rule:
    """Return a rule under a marked name, which calls marked rules where they changed."""
    calls = tuple(MARK + name if name in changed else name for name in rule.calls)
    return replace(rule, rule_id=MARK + rule.rule_id, calls=calls)


class _Meanings:
    """What each rule of a set comes to, whatever its place, its samples and its comments."""

    def __init__(self, rules: Ruleset) -> None:
        self.rules: Mapping[str, Rule] = {rule.rule_id: rule for rule in rules.rules}
        self._silent = silent_rules(rules.rules)
        self._lifting: dict[str, list[Any]] = {name: [] for name in self.rules}
        for one in rules.exemptions.values():
            for name in one.rules:
                self._lifting.setdefault(name, []).append(_terms(one))

    def of(self, name: str) -> Any:
        """Return what a rule comes to; None when there is none."""
        rule = self.rules.get(name)
        if rule is None:
            return None
        alone = replace(rule, place="", samples=(), unique_id="", shadow_since=None, budget=None)
        calls = [self.of(called) for called in rule.calls]
        return alone, name in self._silent, self._lifting[name], calls


def _terms(one: Exemption) -> Any:
    """Return which lookups an exception reaches, under which name."""
    return one.exception_id, one.only, one.since, one.until


def _policy(rules: Ruleset) -> Any:
    """Return all that decides verdicts and their sentences."""
    return (
        [replace(one, place="") for one in rules.statements],
        rules.requirements,
        [(one.statements, _terms(one)) for one in rules.exemptions.values() if one.statements],
    )
