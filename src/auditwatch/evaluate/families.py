"""Which views, rules and statements would be the right reason for a way of misuse.

A finding may hold an episode for a reason that has nothing to do with it: a former partner found
because a purpose code was mistyped. Reviewers who read such a finding see the wrong question. Who
writes a view or a rule puts it into its family, who writes a scenario says which families would be
right about it; a name that nobody wrote yet does no harm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditwatch.findings.model import Finding

__all__ = ["FAMILIES", "RIGHT", "is_right"]

#: Family to the views, rules and statements that tell it.
FAMILIES: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(members.split())
    for name, members in {
        "ties": "tie household-lookup known-tie own-vehicle self-lookup partner-lookup "
        "tested-with-own-record",
        "repeats": "pair pretext closure victim private-reason numbered-on-a-subject "
        "unnumbered-on-a-subject",
        "colleagues": "tie victim colleague-without-number crowd-on-a-colleague",
        "crowd": "burst victim crowd-on-one-subject crowd-on-a-colleague",
        "names": "fishing search name-only-search single-name-search wildcard-plate",
        "strangers": "dossier harvest run screening volume bulk-lookups",
        "numbers": "case borrowed-number number-not-on-file number-closed number-for-many "
        "number-of-another-unit",
        "outsiders": "outsider witness number-of-another-unit",
        "protected": "denied-protected protected-order-outside protected-order-outside-the-case "
        "vague-reason-protected ritual-reason-protected refused-again-and-again "
        "NO-MENTAL-HEALTH-FIREARMS-FILE MENTAL-HEALTH-FIREARMS-FILE-FOR-ELIGIBILITY-ALONE",
        "licensing": "NO-CARRY-PERMIT-CHECKS NO-LICENSING-OVER-CRIMINAL-JUSTICE "
        "NO-LICENSING-BY-NAME LICENSING-RETURNS carry-permit-words-elsewhere",
        "immigration": "NO-IMMIGRATION-ENFORCEMENT IMMIGRATION-CRIMINAL-HISTORY "
        "immigration-agency-requester immigration-status-query withdrawn-purpose-code",
        "topics": "protected-topic",
        "reasons": "reason vague-reason-protected ritual-reason ritual-reason-protected",
        "purposes": "purpose NO-EMPLOYMENT-CHECK-IN-A-CASE NO-FEDERAL-CODES PERSONNEL "
        "NO-HIRING-OVER-CRIMINAL-JUSTICE hiring-driver-history",
        "login": "terminal many-terminals two-cars-at-once around-the-clock in-a-car "
        "from-a-terminal",
        "hours": "shift off-duty off-duty-private around-the-clock",
        "gone": "lookup-after-separation lookup-while-suspended operator-not-on-roster "
        "training-lapsed",
        "systems": "dossier mix admin-key-outside-records",
        "requests": "relay outside-requester",
        "plates": "plate-read-without-purpose plate-reads-from-outside",
        "exports": "records-exported database-bulk-copy",
    }.items()
}

#: Scenario to the families that would be right about it.
RIGHT: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(families.split())
    for name, families in {
        "barred_topic_search": "topics plates reasons",
        "borrowed_case_number": "numbers outsiders repeats ties",
        "borrowed_login": "login hours",
        "carry_permit": "licensing purposes",
        "celebrity_crowd": "crowd",
        "colleague_crowd": "crowd colleagues",
        "colleague_family": "ties colleagues repeats",
        "critic_watch": "repeats crowd topics",
        "custody_dispute": "repeats ties",
        "dispatcher_relay": "requests repeats",
        "ex_partner": "repeats ties",
        "first_day_curiosity": "ties repeats",
        "first_name_search": "names",
        "fishing": "names",
        "guest_screening": "strangers names",
        "harvest_for_sale": "strangers",
        "hiring_with_c": "purposes",
        "immigration_request": "immigration requests",
        "investigator_sale": "strangers systems requests",
        "landlord_favour": "strangers names",
        "leaver": "gone hours",
        "neighbour_dispute": "repeats ties",
        "new_partner_screening": "strangers names plates",
        "off_shift_sessions": "hours",
        "on_leave": "gone hours",
        "overused_case_number": "numbers",
        "plate_stalking": "repeats plates",
        "plate_to_address": "strangers plates",
        "resignation_bulk": "strangers exports",
        "retaliation": "repeats ties systems",
        "self_and_own_family": "ties repeats",
        "sensitive_curiosity": "protected systems",
        "shared_account": "login",
        "slow_start": "repeats",
        "split_harvest": "strangers",
        "split_watch": "repeats crowd",
        "suspect_tip_off": "repeats outsiders protected ties",
        "system_drift": "systems protected",
        "test_pretext": "reasons ties strangers",
        "tow_company_sale": "strangers plates",
        "unrelated_own_case": "repeats numbers",
        "vague_drift": "reasons strangers",
        "witness_leak": "outsiders protected numbers repeats",
    }.items()
}


def is_right(scenario: str, finding: Finding) -> bool | None:
    """Tell whether a finding leads with what a scenario is; None when nobody declared it."""
    if scenario not in RIGHT:
        return None
    led = finding.rule_id.partition(":")[0]  # of a statement, without what was missing
    return any(led in FAMILIES[family] for family in RIGHT[scenario])
