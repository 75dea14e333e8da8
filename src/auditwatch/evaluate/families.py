"""Which views, rules and statements would be the right reason for a way of misuse.

A finding may hold an episode for a reason that has nothing to do with it: a former partner found
because a purpose code was mistyped. Reviewers who read such a finding see the wrong question. The
list is by the numbered patterns of misuse that the scenarios name; whoever writes a view or a rule
for a pattern adds it here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.synthetic import scenario_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditwatch.findings.model import Finding

__all__ = ["RIGHT", "is_right"]

_TIES: Final = frozenset({"tie", "household-lookup", "known-tie", "own-vehicle", "self-lookup"})
_REPEATS: Final = frozenset({"pair", "closure", "after_closure", "private-reason"})
_NAMES: Final = frozenset(
    {"fishing", "name-only-search", "single-name-search", "wildcard-plate", "screening"}
)
_NUMBERS: Final = frozenset({"case", "borrowed-number", "number-not-on-file"})
_SALES: Final = frozenset({"harvest", "screening", "volume", "mix"})
_PROTECTED: Final = frozenset({"denied-protected", "protected-order-outside"})
_LICENSING: Final = frozenset({
    "NO-CARRY-PERMIT-CHECKS", "NO-LICENSING-OVER-CRIMINAL-JUSTICE", "NO-LICENSING-BY-NAME",
    "LICENSING-RETURNS", "carry-permit-words-elsewhere",
})  # fmt: skip
_IMMIGRATION: Final = frozenset({
    "NO-IMMIGRATION-ENFORCEMENT", "IMMIGRATION-CRIMINAL-HISTORY", "immigration-agency-requester",
    "immigration-status-query", "withdrawn-purpose-code",
})  # fmt: skip

#: Pattern of misuse to what would be right to say of it.
RIGHT: Final[Mapping[int, frozenset[str]]] = {
    1: _REPEATS | _TIES | {"victim", "witness"},
    2: _NAMES | {"harvest", "mix", "private-reason", "plate-read-without-purpose"},
    4: _TIES | _REPEATS | {"burst", "mix"},
    5: _TIES | _REPEATS,
    6: _TIES | _REPEATS | {"colleague-without-number", "victim"},
    7: frozenset({"burst", "victim", "colleague-without-number"}),
    8: _REPEATS | _TIES | {"burst", "victim", "witness", "protected-topic"},
    9: _SALES | _NUMBERS | {"outside-requester", "plate-read-without-purpose"},
    10: _PROTECTED | _NUMBERS | _REPEATS | {"witness", "victim", "tie"},
    11: _LICENSING | {"purpose", "mix"},
    12: _IMMIGRATION,
    13: frozenset({"protected-topic"}),
    14: frozenset({"reason", "purpose", "vague-reason-protected"}),
    15: frozenset({"terminal", "shift"}),
    16: frozenset({"lookup-after-separation", "training-lapsed", "shift"}),
    17: _NAMES,
    18: _TIES | _REPEATS,
    19: _LICENSING | {"NO-EMPLOYMENT-CHECK-IN-A-CASE", "PERSONNEL", "purpose", "NO-FEDERAL-CODES"},
    20: frozenset({"outside-requester", "pair", "case", "witness"}),
    21: _SALES | {"database-bulk-copy"},
}


def is_right(scenario: str, finding: Finding) -> bool | None:
    """Tell whether a finding says what a scenario is; None when nobody declared it."""
    pattern = scenario_pattern(scenario)
    right = RIGHT.get(pattern) if pattern is not None else None
    return None if right is None else finding.rule_id.partition(":")[0] in right
