"""Facts: columns worked out from the trail, the catalogue and the context.

Each is worked out once for each distinct value or pair of values, never row by row. Where what it
needs is not there the answer is *unknown*, which no rule may take for yes or for no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.check import (
    facts_of_cases,
    facts_of_catalogue,
    facts_of_duty,
    facts_of_reasons,
    facts_of_roster,
)
from auditwatch.check.states import reason_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditwatch.check.coded import Coded
    from auditwatch.check.columns import Columns

__all__ = ["DERIVED"]

#: How each fact is worked out, by name.
DERIVED: Final[dict[str, Callable[[Columns], Coded]]] = {
    "system": facts_of_catalogue.system,
    "purpose": facts_of_catalogue.purpose,
    "unit": facts_of_roster.unit,
    "role": facts_of_roster.role,
    "unit_type": facts_of_catalogue.unit_type,
    "unit_told": facts_of_catalogue.unit_told,
    "grounds_told": facts_of_catalogue.grounds_told,
    "tier": facts_of_catalogue.tier,
    "jurisdiction": facts_of_catalogue.jurisdiction,
    "purpose_state": facts_of_catalogue.purpose_state,
    "reason_state": reason_state,
    "number": facts_of_reasons.number,
    "number_kind": facts_of_reasons.number_kind,
    "case_state": facts_of_cases.case_state,
    "case_operator": facts_of_cases.case_operator,
    "case_unit": facts_of_cases.case_unit,
    "case_subject": facts_of_cases.case_subject,
    "owner": facts_of_roster.owner,
    "subject_relation": facts_of_roster.subject_relation,
    "operator_on_roster": facts_of_roster.operator_on_roster,
    "requester_on_roster": facts_of_roster.requester_on_roster,
    "operator_separated": facts_of_roster.operator_separated,
    "operator_suspended": facts_of_roster.operator_suspended,
    "training_lapsed": facts_of_roster.training_lapsed,
    "local_minute": facts_of_duty.local_minute,
    "on_duty": facts_of_duty.on_duty,
    "hours_off_duty": facts_of_duty.hours_off_duty,
    "duty_near": facts_of_duty.duty_near,
}
