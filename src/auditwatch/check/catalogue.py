"""The catalogue: purposes, systems, transactions, units, numbers and word lists, as data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditwatch.check.purpose import Purpose

__all__ = [
    "SEVERITIES",
    "SOFT_VERDICTS",
    "STORIES",
    "Catalogue",
    "Manner",
    "Transaction",
    "WordList",
]

SEVERITIES: Final = ("informational", "low", "medium", "high", "critical")
STORIES: Final = ("pair", "subject", "operator", "unit", "agency")
SOFT_VERDICTS: Final = (
    "cannot_decide",
    "justification_missing",
    "unknown_purpose",
    "no_purpose",
    "not_permitted",
)


@dataclass(frozen=True)
class Transaction:
    """A message key: what it asks, how protected the answer is, whether a purpose is due.

    Parameters
    ----------
    takes_purpose : bool
        A purpose code can be declared with it at all; where not, that a log has none is no gap.
    """

    key: str
    system: str
    tier: int
    purpose_required: bool
    takes_purpose: bool = True


@dataclass(frozen=True)
class WordList:
    """A named list for the ``expand`` modifier.

    Parameters
    ----------
    match : str
        ``value``: the whole text equals an entry; ``word``: an entry stands in the text as whole
        words; ``pattern``: entries are RE2 patterns.
    """

    name: str
    match: str
    entries: tuple[str, ...]

    @property
    def patterns(self) -> tuple[str, ...]:
        """RE2 patterns for entries that are not whole values."""
        if self.match == "pattern":
            return self.entries
        return tuple(rf"(?i:\b{re.escape(entry)}\b)" for entry in self.entries)


@dataclass(frozen=True)
class Manner:
    """How a verdict that no single statement decided is put before a reviewer."""

    story: str
    severity: str
    says: str
    place: str


@dataclass(frozen=True)
class Catalogue:
    """Everything that permits and rules may name.

    Parameters
    ----------
    purposes, transactions, lists : mapping
        By code, key and name.
    jurisdiction : str
        State of lookups whose agency does not tell it; empty when that is not known.
    systems, roles : frozenset of str
        Known names.
    units : mapping of str to str
        Unit to its type.
    groups : mapping of str to tuple of str
        Named groups of message keys.
    numbers : mapping of str to str
        Kind of number to the RE2 pattern of the whole number, in the order they are tried.
    manners : mapping of str to Manner
        For each verdict that is no statement's own.
    """

    purposes: Mapping[str, Purpose]
    jurisdiction: str
    transactions: Mapping[str, Transaction]
    systems: frozenset[str]
    units: Mapping[str, str]
    roles: frozenset[str]
    groups: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, str]
    lists: Mapping[str, WordList]
    manners: Mapping[str, Manner]

    @property
    def unit_types(self) -> frozenset[str]:
        """Every type a unit can have."""
        return frozenset(self.units.values())
