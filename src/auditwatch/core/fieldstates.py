"""What a source says of each field: the states of its cells, counted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from auditwatch.core.cells import STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FieldStates", "read_field_states", "unknown_fields"]

EXPORTED: Final = "exported"
NOT_EXPORTED: Final = "not_exported"
#: Columns in which one value in every row was written by nobody. Others may well hold one value:
#: an export of one operator or one subject, one system, one purpose.
WRITTEN_BY_HAND: Final = ("subject_name", "reason", "case_id")


@dataclass(frozen=True)
class FieldStates:
    """One column of one source.

    Parameters
    ----------
    exported : bool
        The source has the column, or its mapping gives one value for all records.
    counts : mapping of str to int
        Records by `STATES`; empty where nothing was counted (a constant of the mapping, a source
        read before counting began, a column that is not exported).
    masks : mapping of str to int
        Records by mask, most first; a text behind a mask is cut off.
    one_value : bool
        All records, at least a hundred, hold the same.
    """

    exported: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    masks: Mapping[str, int] = field(default_factory=dict)
    one_value: bool = False

    @property
    def records(self) -> int:
        """Records that were counted."""
        return sum(self.counts.values())

    def count(self, state: str) -> int:
        """Return how many records have a state."""
        return self.counts.get(state, 0)

    def why_unknown(self, name: str) -> str:
        """Return why no lookup of the source tells this field; empty when some do.

        Returns
        -------
        str
            ``not_exported``, ``masked`` (in every record), ``overwritten`` (one value in every
            record of a column that people fill in), or nothing.
        """
        if not self.exported:
            return NOT_EXPORTED
        if self.records and self.count("masked") == self.records:
            return "masked"
        return "overwritten" if self.one_value and name in WRITTEN_BY_HAND else ""

    def as_json(self) -> Any:
        """Return what is stored: a word, or a mapping of counts."""
        if not self.counts:
            return EXPORTED if self.exported else NOT_EXPORTED
        found: dict[str, Any] = {state: self.count(state) for state in STATES}
        if self.masks:
            found["masks"] = dict(self.masks)
        if self.one_value:
            found["one_value"] = True
        return found


def read_field_states(stored: str) -> dict[str, FieldStates]:
    """Read the column `field_states` of SOURCES, in the form of today or of earlier versions."""
    return {name: _read(one) for name, one in json.loads(stored).items()}


def _read(stored: Any) -> FieldStates:
    """Read one field."""
    if not isinstance(stored, dict):
        return FieldStates(stored != NOT_EXPORTED)
    counts = {state: int(stored.get(state, 0)) for state in STATES}
    return FieldStates(True, counts, stored.get("masks", {}), bool(stored.get("one_value")))


def unknown_fields(states: Mapping[str, FieldStates]) -> dict[str, str]:
    """Return the fields that no lookup of a source tells, each with the reason why."""
    reasons = {name: one.why_unknown(name) for name, one in states.items()}
    return {name: reason for name, reason in reasons.items() if reason}
