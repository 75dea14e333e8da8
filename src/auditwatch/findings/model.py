"""What findings are made of: pieces of evidence in, findings and reviews out."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - msgspec reads the annotations
from dataclasses import dataclass, field
from typing import Final

__all__ = [
    "DISPOSITIONS",
    "OUTCOMES",
    "SEVERITIES",
    "STATUSES",
    "Finding",
    "NightResult",
    "NightSummary",
    "Piece",
    "Review",
    "Run",
]

#: Weakest first.
SEVERITIES: Final = ("informational", "low", "medium", "high", "critical")

#: How a finding may end, as the desk says it.
OUTCOMES: Final = (
    "cleared_authorised",
    "cleared_explained",
    "cleared_data_error",
    "duplicate",
    "training_issue",
    "policy_violation",
    "criminal_referral",
    "withdrawn_rule_error",
)

#: What may be on record: an outcome, or a word of before there was a desk; ``withdrawn`` undoes
#: the decision before it.
DISPOSITIONS: Final = (
    "misuse",
    "policy_breach",
    "explained",
    "not_useful",
    *OUTCOMES,
    "withdrawn",
)

STATUSES: Final = ("open", "decided", "reopened", "suppressed")


@dataclass(frozen=True)
class Piece:
    """What one source says of one story on one night: the smallest part of a finding.

    Parameters
    ----------
    night : str
        Agency-local date on which it was judged, ISO.
    story : str
        pair, operator, unit, subject, agency or gap.
    agency : str
        ORI; empty when the trail has none.
    key : tuple of str
        What the story is about: (operator, subject), (operator, source id), (source id, unit),
        (subject,), (source id,), (missing item,) or (kind of gap, …).
    source : str
        policy, rule, pattern or gap.
    source_id : str
        Statement, rule, view or kind of gap.
    severity : str
        One of `SEVERITIES`.
    says, against : str
        Sentences with identities inside marks; `against` has one a line.
    lookups : int
        Lookups behind it, true even where `event_ids` is cut short.
    event_ids, operator_ids, subject_ids : tuple of str
        Sorted.
    days : tuple of str
        Nights with such a lookup, sorted ISO dates.
    first_time, last_time : str
        ISO 8601 in UTC.
    surprise_milli : int
        What it weighs in the queue. Of a pattern: -log10 tail probability x 1000, with what else
        speaks for it. Of a rule or statement: as from `ranking.worth`. Otherwise 0.
    title : str
        Of a rule: its title; of the policy: the verdict in words.
    varies : bool
        The lookups behind it did not all say the same sentence.
    suppressed_by : str
        Ids of the approved exceptions that lift it, joined by a comma; empty if none.
    """

    night: str
    story: str
    agency: str
    key: tuple[str, ...]
    source: str
    source_id: str
    severity: str
    says: str
    against: str
    lookups: int
    event_ids: tuple[str, ...]
    operator_ids: tuple[str, ...]
    subject_ids: tuple[str, ...]
    days: tuple[str, ...]
    first_time: str
    last_time: str
    surprise_milli: int = 0
    title: str = ""
    varies: bool = False
    suppressed_by: str = ""


@dataclass(frozen=True)
class NightSummary:
    """Counts of one night for its report: what was judged and what could not be seen.

    Parameters
    ----------
    lookups : int
        Lookups judged that night.
    verdicts : mapping
        Verdict to lookups.
    unmapped : mapping
        Transaction that the catalogue does not know to lookups.
    blind_views : mapping
        View to the reason why it could not see.
    undecided_rules : mapping
        Rule to lookups it could not decide.
    blind_rules : mapping
        Each of these rules to the reasons: fields that sources do not tell, tables not given.
    absent_context : tuple of str
        Context tables that were not given.
    aside : mapping
        Origin (cascade, hotlist, batch) to records kept as evidence but not judged.
    """

    lookups: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)
    unmapped: Mapping[str, int] = field(default_factory=dict)
    blind_views: Mapping[str, str] = field(default_factory=dict)
    undecided_rules: Mapping[str, int] = field(default_factory=dict)
    blind_rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent_context: tuple[str, ...] = ()
    aside: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class NightResult:
    """One night, ready to publish.

    Parameters
    ----------
    night : str
        Agency-local date, ISO.
    token : str
        Changes whenever anything that went into the night changes.
    pieces : tuple of Piece
        All evidence of that night.
    rules_version, model_id : str
        What judged and scored it.
    summary : NightSummary
        Counts for the report.
    """

    night: str
    token: str
    pieces: tuple[Piece, ...]
    rules_version: str
    model_id: str
    summary: NightSummary


@dataclass(frozen=True)
class Run:
    """One start of the program; never part of an export.

    Parameters
    ----------
    run_id : str
        Unique; publishing with the id of an earlier run overwrites that run's row.
    version : str
        Of auditwatch.
    started : str
        ISO 8601 in UTC, for people only.
    """

    run_id: str
    version: str
    started: str = ""


@dataclass(frozen=True)
class Finding:
    """A question to a reviewer, with all that speaks for and against it.

    Parameters
    ----------
    finding_id : str
        ``F-`` and 12 letters; the same for the same story for ever.
    kind : str
        policy, rule, pattern or gap: the source of its strongest evidence.
    rule_id : str
        The strongest statement, rule or view.
    severity : str
        One of `SEVERITIES`.
    priority : int
        Milli-decades, higher first.
    night : str
        Last night with evidence, ISO.
    operator_ids, subject_ids, event_ids : tuple of str
        Sorted.
    first_seen, last_seen : str
        First and last lookup, ISO 8601 in UTC.
    title : str
        One plain sentence; identities inside marks.
    reasons : tuple of str
        Sentences, strongest first.
    counter_evidence : tuple of str
        What would explain it.
    rules_version, model_id : str
        What judged and scored its last night.
    status : str
        One of `STATUSES`.
    story : str
        pair, operator, unit, subject, agency or gap; not exported.
    days : tuple of str
        Nights with a lookup of this finding; not exported.
    gone : bool
        Kept only because it was reviewed: nothing produces it any more; not exported.
    suppressed_by : str
        Approved exceptions that lift all of it, joined by a comma; empty if they do not.
    """

    finding_id: str
    kind: str
    rule_id: str
    severity: str
    priority: int
    night: str
    operator_ids: tuple[str, ...]
    subject_ids: tuple[str, ...]
    event_ids: tuple[str, ...]
    first_seen: str
    last_seen: str
    title: str
    reasons: tuple[str, ...]
    counter_evidence: tuple[str, ...]
    rules_version: str
    model_id: str
    status: str
    story: str
    days: tuple[str, ...]
    gone: bool = False
    suppressed_by: str = ""


@dataclass(frozen=True)
class Review:
    """One decision on a finding; never changed, only followed by another.

    Parameters
    ----------
    finding_id : str
        Which finding.
    number : int
        1 for the first review of this finding.
    disposition : str
        One of `DISPOSITIONS`.
    note, reviewer : str
        Why, and who.
    at : str
        ISO 8601 in UTC.
    covers : str
        Digest of the evidence that the reviewer saw.
    """

    finding_id: str
    number: int
    disposition: str
    note: str
    reviewer: str
    at: str
    covers: str
