"""What a source says of each field: the states of its cells, counted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from auditwatch.core.cells import STATES
from auditwatch.core.schema import SOURCE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "NOT_EXPORTED",
    "WHY",
    "FieldStates",
    "as_field_states",
    "read_field_states",
    "silences",
    "unknown_fields",
]

EXPORTED: Final = "exported"
NOT_EXPORTED: Final = "not_exported"
#: Columns in which one value in every row was written by nobody. Others may well hold one value:
#: an export of one operator or one subject, one system, one purpose.
WRITTEN_BY_HAND: Final = ("subject_name", "reason", "case_id")
#: Columns in which one value may be an overwritten column or an export of one person alone.
OF_ONE: Final = ("operator_id", "subject_id")
MASKS_SHOWN: Final = 3
#: The reasons of `FieldStates.why_unknown` in words that follow the field's name.
WHY: Final = {
    NOT_EXPORTED: "is not exported",
    "masked": "is masked in every record",
    "overwritten": "holds one value in every record, as if overwritten before release",
}


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
        All records that have the column, at least a hundred, hold the same.
    lacking : int
        Further records, those of tables of the source that have no such column.
    """

    exported: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    masks: Mapping[str, int] = field(default_factory=dict)
    one_value: bool = False
    lacking: int = 0

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
        if self.lacking:
            found[NOT_EXPORTED] = self.lacking
        return found


def silences(states: Mapping[str, FieldStates]) -> list[str]:
    """Return what a source does not say, one plain clause a field; never content of a record.

    Parameters
    ----------
    states : mapping of str to FieldStates
        By canonical name.
    """
    known = {name: states[name] for name in SOURCE_FIELDS if name in states}
    absent = [name for name, one in known.items() if not one.exported]
    told = [f"{name} {said}" for name, one in known.items() for said in _silences(name, one)]
    return [*([f"not exported: {', '.join(absent)}"] if absent else []), *told]


def _silences(name: str, states: FieldStates) -> Iterator[str]:
    """Yield what one exported field does not say, of tables without it and of those with it."""
    if states.lacking:
        whole = states.records + states.lacking
        yield f"is not exported for {states.lacking:,} of {whole:,} records"
    if said := _silence(name, states):
        yield said


def _silence(name: str, states: FieldStates) -> str:
    """Return what one exported field does not say; nothing when it says what it can."""
    if not states.records:
        return ""
    masks = f" ({', '.join(list(states.masks)[:MASKS_SHOWN])})" if states.masks else ""
    why = states.why_unknown(name)
    if why:
        return WHY[why] + (masks if why == "masked" else "")
    if states.one_value and name in OF_ONE:
        return "holds one value in every record: overwritten, or an export of one alone"
    if states.count("empty") == states.records:
        return "is empty in every record"
    words = {"masked": f"masked{masks}", "placeholder": "a placeholder"}
    counts = {state: states.count(state) for state in words}
    parts = [f"{words[state]} in {number:,}" for state, number in counts.items() if number]
    return f"is {' and '.join(parts)} of {states.records:,} records" if parts else ""


def read_field_states(stored: str) -> dict[str, FieldStates]:
    """Read the column `field_states` of SOURCES, in the form of today or of earlier versions."""
    return as_field_states(json.loads(stored))


def as_field_states(fields: Mapping[str, Any]) -> dict[str, FieldStates]:
    """Return what `read_field_states` does, of JSON that was read already."""
    return {name: _read(one) for name, one in fields.items()}


def _read(stored: Any) -> FieldStates:
    """Read one field."""
    if not isinstance(stored, dict):
        return FieldStates(stored != NOT_EXPORTED)
    counts = {state: int(stored.get(state, 0)) for state in STATES}
    one_value, lacking = bool(stored.get("one_value")), int(stored.get(NOT_EXPORTED, 0))
    return FieldStates(True, counts, stored.get("masks", {}), one_value, lacking)


def unknown_fields(states: Mapping[str, FieldStates]) -> dict[str, str]:
    """Return the fields that no lookup of a source tells, each with the reason why."""
    reasons = {name: one.why_unknown(name) for name, one in states.items()}
    return {name: reason for name, reason in reasons.items() if reason}
