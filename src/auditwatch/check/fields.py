"""What a rule may read: columns of the trail, and facts joined to them, each with what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["FIELDS", "Field"]


@dataclass(frozen=True)
class Field:
    """One column a rule, a permit or a requirement may name.

    Parameters
    ----------
    name : str
        Name in rules.
    meaning : str
        One clause for the rule developer.
    needs : tuple of str
        Fields a source must export for the value to be known.
    context : tuple of str
        Context tables of which at least one must be given.
    number : bool
        Holds whole numbers, so that it can be compared with gt, gte, lt, lte.
    fact : bool
        Derived: an empty value means *not known*, never *absent*.
    identity : str
        Kind of identity it holds (`core.mask`); empty when it names nobody.
    free_text : bool
        Typed by people: may hold names, so it never enters a stored sentence.
    """

    name: str
    meaning: str
    needs: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    number: bool = False
    fact: bool = False
    identity: str = ""
    free_text: bool = False


def _trail(name: str, meaning: str, identity: str = "", *, free_text: bool = False) -> Field:
    """Return a field that the trail itself carries."""
    return Field(name, meaning, needs=(name,), identity=identity, free_text=free_text)


def _clock(name: str, meaning: str) -> Field:
    """Return a whole number of the agency's clock."""
    return Field(name, meaning, needs=("event_time", name), number=True)


def _fact(name: str, meaning: str, needs: tuple[str, ...], *context: str) -> Field:
    """Return a field that is derived, and unknown when what it needs is not there."""
    return Field(name, meaning, needs=needs, context=context, fact=True)


_ALL: Final = (
    _clock("local_hour", "agency-local hour, 0-23"),
    Field(
        "local_minute",
        "agency-local minute, 0-59",
        needs=("event_time", "local_hour"),
        number=True,
    ),
    _clock("local_weekday", "agency-local weekday, 0 Monday - 6 Sunday"),
    Field("night", "agency-local date, ISO", needs=("event_time",)),
    Field(
        "time_quality",
        "exact, assumed_zone, ambiguous_fold, skewed, date_only",
        needs=("event_time",),
    ),
    _trail("operator_id", "who keyed it", "operator"),
    _trail("operator_role", "declared role"),
    _trail("operator_unit", "declared unit"),
    _trail("requester_id", "for whom", "operator"),
    _trail("agency", "ORI"),
    _trail("terminal", "where it was keyed", "terminal"),
    _trail("system", "what was asked"),
    _trail("transaction", "message key"),
    _trail("subject_kind", "person, vehicle, property …"),
    _trail("subject_id", "who or what was looked up", "subject"),
    _trail("subject_name", "as given", "subject", free_text=True),
    _trail("purpose", "declared code"),
    _trail("reason", "declared free text as given", free_text=True),
    Field("reason_norm", "declared free text, lower case", needs=("reason",), free_text=True),
    _trail("case_id", "case or incident number as given", "case"),
    _trail("outcome", "hit, no_record, error, denied"),
    _trail("origin", "manual, cascade, hotlist, batch"),
    _fact("unit", "declared unit, else the roster's", ("operator_unit",)),
    _fact("role", "declared role, else the roster's", ("operator_role",)),
    _fact("unit_type", "type of the unit in units.yml", ("operator_unit",)),
    Field(
        "tier",
        "how protected the transaction's answer is, 0-4",
        needs=("transaction",),
        number=True,
        fact=True,
    ),
    _fact("jurisdiction", "state of the agency's ORI, else that of purposes.yml", ()),
    _fact("purpose_state", "valid, withdrawn, not_yet, elsewhere, undefined, none", ("purpose",)),
    _fact("unit_told", "yes, no: the unit is known and stands in units.yml", ()),
    _fact("grounds_told", "yes, no: the source exports both reasons and case numbers", ()),
    _fact("reason_state", "given, placeholder, none", ("reason",)),
    Field(
        "number",
        "the case or incident number itself: that of the case field, else one typed in the reason",
        needs=("case_id", "reason"),
        fact=True,
        identity="case",
    ),
    _fact(
        "number_kind",
        "which pattern of numbers.yml the case field, else the reason, holds; other, none",
        ("case_id", "reason"),
    ),
    _fact(
        "case_state",
        "open, closed, not_yet_open, not_found, none",
        ("case_id", "reason"),
        "cases",
    ),
    _fact("case_operator", "assigned, not_assigned", ("case_id", "reason"), "cases"),
    _fact(
        "case_unit",
        "own, other: the unit in charge of the case is the operator's",
        ("case_id", "reason"),
        "cases",
    ),
    _fact("case_subject", "known, not_known", ("case_id", "reason", "subject_id"), "cases"),
    _fact(
        "subject_relation",
        "self, household, own_vehicle, colleague, colleague_vehicle, none, or as in relations",
        ("subject_id",),
        "roster",
        "relations",
    ),
    _fact("operator_on_roster", "yes, no", ("operator_id",), "roster"),
    _fact(
        "requester_on_roster", "yes, no; unknown where none is given", ("requester_id",), "roster"
    ),
    _fact("operator_separated", "yes, no", ("operator_id",), "roster"),
    _fact("operator_suspended", "yes, no: suspended or on leave", ("operator_id",), "roster"),
    _fact("training_lapsed", "yes, no", ("operator_id",), "roster"),
    _fact(
        "on_duty",
        "yes, no: within an hour of duty recorded for the operator",
        ("operator_id", "event_time"),
        "duty",
    ),
    Field(
        "hours_off_duty",
        "whole hours to the nearest duty recorded for the operator, 0 on duty",
        needs=("operator_id", "event_time"),
        context=("duty",),
        number=True,
        fact=True,
    ),
    _fact("duty_near", "yes, no, not_given: duty recorded within a day", ("operator_id",)),
)

#: Every field by name, in a fixed order.
FIELDS: Final = {field.name: field for field in _ALL}
