"""What a source says of a field, as it is stored and told."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from auditwatch.core.cells import STATES
from auditwatch.core.fieldstates import (
    FieldStates,
    as_field_states,
    read_field_states,
    silences,
    unknown_fields,
)

COUNTS = st.fixed_dictionaries({state: st.integers(0, 500) for state in STATES})


def test_sources_read_by_an_earlier_version_are_still_understood() -> None:
    """Then a field was exported or not, and that is all that is known of it."""
    states = read_field_states('{"reason": "exported", "purpose": "not_exported"}')
    assert unknown_fields(states) == {"purpose": "not_exported"}
    assert silences(states) == ["not exported: purpose"]


@given(COUNTS, st.dictionaries(st.sampled_from(["***", "###"]), st.integers(1, 9)), st.booleans())
def test_what_is_stored_is_what_is_read(
    counts: dict[str, int], masks: dict[str, int], one: bool
) -> None:
    """Counts, masks and the mark of one value come back from JSON as they were."""
    states = {"reason": FieldStates(True, counts, masks, one_value=one)}
    stored = json.dumps({name: state.as_json() for name, state in states.items()})
    assert read_field_states(stored) == states


def test_a_field_is_unknown_when_no_lookup_tells_it() -> None:
    """Masked throughout or overwritten is as silent as not exported; one masked cell is not."""
    states = as_field_states(
        {
            "operator_id": {"value": 0, "masked": 150},
            "subject_id": {"value": 149, "masked": 1},
            "reason": {"value": 150, "one_value": True},
            "case_id": {"value": 0, "empty": 150},
            "system": {"value": 150, "one_value": True},
            "purpose": "not_exported",
        }
    )
    assert unknown_fields(states) == {
        "operator_id": "masked",
        "reason": "overwritten",
        "purpose": "not_exported",
    }


def test_one_operator_in_every_record_may_be_one_operator() -> None:
    """Internal affairs asks for the trail of one person: it is told, and nothing goes blind."""
    states = as_field_states({"operator_id": {"value": 150, "one_value": True}})
    assert unknown_fields(states) == {}
    assert silences(states) == [
        "operator_id holds one value in every record: overwritten, or an export of one alone"
    ]


def test_silence_is_told_in_numbers() -> None:
    """A reader learns how much is hidden, by which masks."""
    counts = {"value": 90, "empty": 0, "masked": 1010, "placeholder": 4, "masks": {"***": 1010}}
    assert silences(as_field_states({"reason": counts})) == [
        "reason is masked (***) in 1,010 and a placeholder in 4 of 1,104 records"
    ]
    assert silences(as_field_states({"reason": {"value": 3}})) == []


def test_a_field_of_one_table_of_two_is_known_where_it_stands() -> None:
    """What a part of a source exports is told in numbers, and makes no rule blind for the rest."""
    stored = {"value": 3, "empty": 1, "masked": 0, "placeholder": 0, "not_exported": 6}
    states = as_field_states({"reason": stored})
    assert states["reason"].as_json() == stored
    assert unknown_fields(states) == {}
    assert silences(states) == ["reason is not exported for 6 of 10 records"]
