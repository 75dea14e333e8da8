"""The words of the desk: states, acts, outcomes and the rest, each with what a page shows."""

from __future__ import annotations

from typing import Final

from auditwatch.findings.model import OUTCOMES

__all__ = [
    "ACTIONS",
    "ALLEGATIONS",
    "CLEARED",
    "DID",
    "DONE",
    "ENTRIES",
    "GROUNDS",
    "NEXT",
    "OUTCOME_WORDS",
    "QUALITIES",
    "RESULTS",
    "STATES",
    "VIOLATIONS",
]

#: State to what a page calls it.
STATES: Final = {
    "new": "new",
    "in_triage": "in triage",
    "waiting": "waiting for an explanation",
    "proposed": "waiting for a second person",
    "returned": "returned by the second person",
    "escalated": "under investigation",
    "reopened": "reopened",
    "closed": "closed",
    "auto_closed": "lifted by an exception",
}

#: State to the acts that are possible in it, and the state that each leads to. A proposal leads to
#: `closed` where no second person is needed.
NEXT: Final = {
    "new": {"take": "in_triage", "propose": "proposed", "escalate": "escalated"},
    "in_triage": {
        "take": "in_triage",
        "ask": "waiting",
        "propose": "proposed",
        "escalate": "escalated",
    },
    "waiting": {"answer": "in_triage", "escalate": "escalated"},
    "proposed": {"approve": "closed", "return": "returned"},
    "returned": {
        "take": "in_triage",
        "ask": "waiting",
        "propose": "proposed",
        "escalate": "escalated",
    },
    "escalated": {"conclude": "proposed"},
    "reopened": {"take": "in_triage", "propose": "proposed", "escalate": "escalated"},
    "closed": {"reopen": "reopened"},
    "auto_closed": {},
}

#: Act to what a person who just did it reads.
DID: Final = {
    "take": "It is yours",
    "ask": "That you asked is on record",
    "answer": "The explanation is on record",
    "propose": "Your answer is on record",
    "approve": "You approved",
    "return": "You returned it",
    "escalate": "The investigation is open",
    "conclude": "Your conclusion is on record",
    "reopen": "It is open again",
    "comment": "Your comment is on record",
}

OUTCOME_WORDS: Final = {
    "cleared_authorised": "cleared: authorised",
    "cleared_explained": "cleared: explained, paper missing",
    "cleared_data_error": "cleared: error in the data",
    "duplicate": "the same matter as another finding",
    "training_issue": "training issue",
    "policy_violation": "violation of policy",
    "criminal_referral": "referred for prosecution",
    "withdrawn_rule_error": "withdrawn: the rule is wrong",
}
VIOLATIONS: Final = frozenset({"training_issue", "policy_violation", "criminal_referral"})
CLEARED: Final = frozenset(OUTCOMES) - VIOLATIONS

#: Whether the rule did what it is for: never derived from the outcome.
QUALITIES: Final = {
    "correct_hit": "right to ask",
    "correct_hit_but_benign": "right to ask, nothing behind it",
    "wrong_hit": "wrong to ask",
    "cannot_tell": "cannot tell",
}

#: What internal affairs find of a person's part (15 CCR 3392.1); empty without an investigation.
ALLEGATIONS: Final = {
    "sustained": "sustained",
    "not_sustained": "not sustained",
    "unfounded": "unfounded",
    "exonerated": "exonerated",
    "no_finding": "no finding",
}

ACTIONS: Final = {
    "counselled": "counselled",
    "trained": "trained",
    "reprimand_oral": "oral reprimand",
    "reprimand_written": "written reprimand",
    "suspended": "suspended",
    "demoted": "demoted",
    "resigned": "resigned",
    "retired_during": "retired meanwhile",
    "terminated": "terminated",
    "access_removed": "access removed",
    "charged": "prosecuted: charged",
    "misdemeanour": "prosecuted: misdemeanour",
    "felony": "prosecuted: felony",
    "dismissed": "prosecuted: dismissed",
    "other": "other",
}

#: Why the year for discipline stands still, by the ground's name in the register.
GROUNDS: Final = {
    "criminal_matter": "a criminal investigation or prosecution is pending",
    "waiver": "the person waived the limit in writing",
    "other_jurisdictions": "several jurisdictions investigate",
    "several_employees": "several employees are concerned",
    "unavailable": "the person cannot be reached or is not able to take part",
    "civil_action": "a civil action that names the person is pending",
    "complainant_charged": "a criminal case against the complainant is pending",
    "workers_compensation": "fraud of workers' compensation is alleged",
}

#: How an investigation ended, by the register's word; empty while it is pending.
RESULTS: Final = {"": "pending", "confirmed": "misuse confirmed", "no_misuse": "no misuse"}

#: Act of the register to what a page calls it.
ENTRIES: Final = {
    "open": "opened",
    "person": "finding",
    "action": "what was done",
    "conclude": "concluded",
    "reopen": "reopened",
    "toll": "stands still",
    "resume": "runs again",
    "person_proposed": "proposed finding",
    "action_proposed": "proposed, what was done",
    "conclude_proposed": "proposed conclusion",
    "person_declined": "declined finding",
    "action_declined": "declined, what was done",
    "conclude_declined": "declined conclusion",
}

#: Act of the register to what a person who just wrote it reads.
DONE: Final = {
    "open": "It is in the register",
    "reopen": "It is open again",
    "toll": "The year stands still",
    "resume": "The year runs again",
    **dict.fromkeys(("person", "action", "conclude"), "You agreed; it stands"),
    **dict.fromkeys(
        ("person_proposed", "action_proposed", "conclude_proposed"),
        "It is proposed, and stands when a second person agrees",
    ),
    **dict.fromkeys(
        ("person_declined", "action_declined", "conclude_declined"),
        "You declined; the proposal stays on record and counts for nothing",
    ),
}
