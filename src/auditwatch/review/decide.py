"""The one function that moves a finding: pages, commands and whatever comes later go through it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.findings import reviews, steps
from auditwatch.findings.steps import Standing, Step, standing_of, steps_of
from auditwatch.review.roles import ACT_PERMISSIONS
from auditwatch.review.words import ACTIONS, ALLEGATIONS, NEXT, OUTCOME_WORDS, QUALITIES, VIOLATIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from auditwatch.findings.model import Finding, Piece
    from auditwatch.review.accounts import Account
    from auditwatch.review.conflict import Circle

__all__ = [
    "Act",
    "Matter",
    "Standing",
    "Step",
    "decide",
    "refuse_conflict",
    "standing_of",
    "state_of",
    "steps_of",
    "worked_on",
]

NOTE_LEAST: Final = 15
NOTE_MOST: Final = 20_000
ALWAYS_SECOND: Final = ("high", "critical")
#: Acts that make a person one of those who worked on the finding, and the one it is assigned to.
WORKING: Final = frozenset({"take", "ask", "answer", "propose", "escalate", "conclude"})
SAMPLE_ONE_IN: Final = 10  # of other cleared findings, one in ten gets a second person


@dataclass(frozen=True)
class Act:
    """What a person asks for.

    Parameters
    ----------
    act : str
        One of `roles.ACT_PERMISSIONS`.
    version : int
        Number of the last step that the person saw; 0 for none.
    note : str
        Why; at least 15 characters, but for `take`.
    outcome, quality : str
        Of a proposal or a conclusion: one of `words.OUTCOME_WORDS` and of `words.QUALITIES`.
    allegation : str
        Of a conclusion: one of `words.ALLEGATIONS`.
    actions : tuple of str
        Of a conclusion: some of `words.ACTIONS`.
    """

    act: str
    version: int
    note: str = ""
    outcome: str = ""
    quality: str = ""
    allegation: str = ""
    actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Matter:
    """What is decided on, as the actor and the rules of conduct have it.

    Parameters
    ----------
    finding : Finding
        The finding as it stands now.
    pieces : sequence of Piece
        Its evidence.
    requesters : collection of str
        For whom its lookups were made.
    circle : Circle
        Whom the actor must not decide about.
    key : str
        Secret that draws the sample for a second person, so that nobody can foresee it.
    """

    finding: Finding
    pieces: Sequence[Piece]
    requesters: Collection[str]
    circle: Circle
    key: str


def decide(connection: Connection, matter: Matter, actor: Account, act: Act, at: datetime) -> Step:
    """Move a finding within the caller's writing transaction, or refuse.

    Parameters
    ----------
    connection : Connection
        A writing transaction; the step, its consequence and the journal stand or fall with it.
    matter : Matter
        What is decided on.
    actor : Account
        Who decides.
    act : Act
        What.
    at : datetime
        When, UTC.

    Returns
    -------
    Step
        As recorded.

    Raises
    ------
    RefusedError
        ``AW-REVIEW-010`` the role may not; ``-011`` the account is not linked to an operator;
        ``-012`` the finding concerns the actor or someone close; ``-013`` a second person is needed
        and this is the first one.
    UsageError
        ``AW-REVIEW-014`` the finding moved on meanwhile; ``-015`` not possible in this state;
        ``-016`` a note, an outcome or another answer is missing or unknown.

    Notes
    -----
    Outcome, quality of the rule, finding on the allegation, and actions are four things; none is
    derived from another. A second person is needed for every violation, every conclusion of an
    investigation, every finding of high severity, and one in ten of the rest.
    """
    _refuse_role(actor, act)
    refuse_conflict(actor, matter)
    name = matter.finding.finding_id
    before = standing_of(connection, name)
    if act.version != before.version:
        raise UsageError(
            "somebody else was faster: the finding changed since you saw it",
            code="AW-REVIEW-014",
            where=name,
            expected=f"version {before.version}",
            hint="look at it again, then decide",
        )
    state = state_of(matter.finding.status, before)
    reached = _reached(state, act, name)
    _refuse_incomplete(act)
    history = steps_of(connection, name)
    if act.act in {"approve", "return"}:
        _refuse_same_person(actor, history, name)
    ends = act.act in {"propose", "conclude"}
    if ends and not _needs_second(matter, act, before.version + 1):
        reached = "closed"
    step = _step(matter, actor, act, reached, before, history, at)
    _record(connection, matter, step, before, history)
    return step


def state_of(status: str, standing: Standing) -> str:
    """Return the state of a finding from its own status and from what reviewers did.

    Evidence that comes after a decision reopens it, whoever decided; an exception lifts it.
    """
    if status == "suppressed":
        return "auto_closed"
    if standing.state in {"", "closed"}:
        fallback = "closed" if standing.state else "new"
        return {"reopened": "reopened", "decided": "closed"}.get(status, fallback)
    return standing.state


def refuse_conflict(actor: Account, matter: Matter) -> None:
    """Refuse whoever is concerned, close to who is concerned, or not known to be neither.

    Raises
    ------
    RefusedError
        ``AW-REVIEW-011`` or ``-012``.
    """
    finding = matter.finding
    if not actor.operator_ids:
        raise RefusedError(
            "nobody said which logins of the trails are yours, so you may not review",
            code="AW-REVIEW-011",
            where=actor.account,
            hint="an administrator links you: auditwatch review user change NAME --operator ID",
        )
    concerned = (*finding.operator_ids, *matter.requesters)
    if matter.circle.meets(concerned, finding.subject_ids):
        raise RefusedError(
            "this finding is withheld from you: it concerns you or someone close to you",
            code="AW-REVIEW-012",
            where=finding.finding_id,
            hint="another reviewer has to look at this one",
        )


def _refuse_role(actor: Account, act: Act) -> None:
    """Refuse an act that the actor's role does not have."""
    permission = ACT_PERMISSIONS.get(act.act, "")
    if not permission:
        raise UsageError(
            "unknown act",
            code="AW-REVIEW-015",
            where=act.act[:40],
            expected="one of " + ", ".join(ACT_PERMISSIONS),
        )
    if not actor.may(permission):
        raise RefusedError(
            "your role may not do this",
            code="AW-REVIEW-010",
            where=f"{actor.account} as {actor.role}",
            expected=f"a role that may {permission}",
        )


def _reached(state: str, act: Act, name: str) -> str:
    """Return the state that an act leads to, or refuse it in this one."""
    if act.act == "comment":
        return state
    if act.act not in NEXT[state]:
        possible = ", ".join(NEXT[state]) or "nothing"
        raise UsageError(
            f"cannot {act.act} a finding that is {state}",
            code="AW-REVIEW-015",
            where=name,
            expected=f"one of {possible}",
        )
    return NEXT[state][act.act]


def _refuse_incomplete(act: Act) -> None:
    """Refuse what nobody could account for later."""
    length = len(act.note.strip())
    short = f"{NOTE_LEAST} characters or more; this one has {length}"
    _require(act.act == "take" or length >= NOTE_LEAST, "the note", short)
    _require(length <= NOTE_MOST, "the note", f"at most {NOTE_MOST:,} characters")
    if act.act in {"propose", "conclude"}:
        _require_chosen(act.outcome, OUTCOME_WORDS, "outcome")
        _require_chosen(act.quality, QUALITIES, "answer on whether the rule was right to ask")
    if act.act == "conclude":
        _require_chosen(act.allegation, ALLEGATIONS, "finding on the allegation")
        _require(
            set(act.actions) <= set(ACTIONS),
            "what was done",
            "some of " + "; ".join(ACTIONS.values()),
        )


def _require_chosen(word: str, words: Mapping[str, str], what: str) -> None:
    """Refuse an answer that was not chosen, in the words of the form."""
    if not word:
        raise UsageError(
            f"no {what} was chosen",
            code="AW-REVIEW-016",
            expected="one of: " + "; ".join(words.values()),
        )
    _require(word in words, f"this {what}", "one of " + ", ".join(words))


def _require(holds: bool, what: str, expected: str) -> None:
    """Refuse an answer that is missing or unknown."""
    if not holds:
        raise UsageError(
            f"{what} cannot be taken as it is",
            code="AW-REVIEW-016",
            expected=expected,
        )


def worked_on(actor: Account, history: Sequence[Step]) -> bool:
    """Tell whether somebody proposed, or worked on a finding since it was last open."""
    closed = max((n for n, one in enumerate(history, 1) if one.state == "closed"), default=0)
    return any(one.actor == actor.account and one.act in WORKING for one in history[closed:])


def _refuse_same_person(actor: Account, history: Sequence[Step], name: str) -> None:
    """Refuse as second person whoever worked on it."""
    if worked_on(actor, history):
        raise RefusedError(
            "the second person must be somebody who did not work on this finding",
            code="AW-REVIEW-013",
            where=name,
            hint="ask another lead or internal affairs",
        )


def _needs_second(matter: Matter, act: Act, number: int) -> bool:
    """Tell whether a proposal needs a second person."""
    if act.act == "conclude" or act.outcome in VIOLATIONS:
        return True
    if matter.finding.severity in ALWAYS_SECOND:
        return True
    draw = f"{matter.finding.finding_id}:{number}".encode()
    return hmac.digest(matter.key.encode(), draw, "sha256")[0] * SAMPLE_ONE_IN < 256


def _step(  # noqa: PLR0917 - all of it is what a step is made of
    matter: Matter,
    actor: Account,
    act: Act,
    reached: str,
    before: Standing,
    history: Sequence[Step],
    at: datetime,
) -> Step:
    """Return the step to record: an approval or return speaks of the proposal before it."""
    proposal = _proposal(history) if act.act in {"approve", "return"} else None
    return Step(
        finding_id=matter.finding.finding_id,
        number=before.version + 1,
        act=act.act,
        state=reached,
        outcome=proposal.outcome if proposal else act.outcome,
        quality=proposal.quality if proposal else act.quality,
        allegation=proposal.allegation if proposal else act.allegation,
        actions=proposal.actions if proposal else tuple(sorted(act.actions)),
        note=act.note.strip(),
        actor=actor.account,
        at=at.isoformat(timespec="seconds"),
    )


def _proposal(history: Sequence[Step]) -> Step:
    """Return the proposal that waits for a second person."""
    return [one for one in history if one.act in {"propose", "conclude"}][-1]


def _record(
    connection: Connection,
    matter: Matter,
    step: Step,
    before: Standing,
    history: Sequence[Step],
) -> None:
    """Write the step, where the finding stands now, the journal, and the decision if it is one."""
    reached = Standing(
        version=step.number,
        state=step.state,
        assignee=step.actor if step.act in WORKING else before.assignee,
        outcome=step.outcome or before.outcome,
        quality=step.quality or before.quality,
    )
    steps.record(connection, step, reached)
    if step.act == "reopen":
        _follow(connection, matter, step, "withdrawn", step)
    elif step.state == "closed" and step.act != "comment":
        source = _proposal(history) if step.act == "approve" else step
        _follow(connection, matter, step, step.outcome, source)


def _follow(
    connection: Connection, matter: Matter, step: Step, disposition: str, source: Step
) -> None:
    """Put the decision that a step makes on record, in the words of whoever proposed it."""
    reviews.follow(
        connection,
        matter.finding,
        matter.pieces,
        disposition=disposition,
        note=source.note,
        reviewer=source.actor,
        at=step.at,
    )
