"""Escalations at the desk as investigations: read from the steps, so that no case is kept twice.

Whoever escalates a finding opens an investigation, whether or not anybody writes it into the
register. Until an entry of the register takes the finding in, it is one under the finding's own
id: opened with the escalation, concluded with the conclusion that a second person approved.
"""

from __future__ import annotations

from datetime import datetime
from itertools import count, groupby
from typing import TYPE_CHECKING, Any, Final

from auditwatch.findings.investigations import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from zoneinfo import ZoneInfo

    from auditwatch.findings.steps import Step

__all__ = ["escalated"]

#: Outcomes that say misuse where nobody made a finding on the allegation.
MISUSE: Final = ("training_issue", "policy_violation", "criminal_referral")


def escalated(
    steps: Iterable[Step],
    taken: Collection[str],
    about: Callable[[str], tuple[tuple[str, ...], int]],
    zone: ZoneInfo,
) -> list[Entry]:
    """Return the entries that the steps of escalated findings stand for.

    Parameters
    ----------
    steps : iterable of Step
        By finding, oldest first.
    taken : collection of str
        Findings that the register took in: their cases are told there.
    about : callable
        Finding to its operators and how many lookups are behind it; asked of what ended only.
    zone : ZoneInfo
        The agency's clock: an entry belongs to a local day.
    """
    found: list[Entry] = []
    for name, own in groupby(steps, lambda one: one.finding_id):
        history = list(own)
        if name not in taken and any(one.act == "escalate" for one in history):
            numbers = count(1)
            for step, act, more in _told(history, about):
                at = datetime.fromisoformat(step.at)
                entry = Entry(
                    name,
                    act,
                    at.astimezone(zone).date().isoformat(),
                    note=step.note,
                    recorder=step.actor,
                    number=next(numbers),
                    at=step.at,
                    **more,
                )
                found.append(entry)
    return found


def _told(
    history: list[Step], about: Callable[[str], tuple[tuple[str, ...], int]]
) -> Iterator[tuple[Step, str, dict[str, Any]]]:
    """Yield (step, act of the register, what it carries) of one finding."""
    pending = was_open = False
    for step in history:
        if step.act == "escalate" and not was_open:
            yield step, "open", {"finding_ids": (step.finding_id,)}
            pending = was_open = True
        elif step.act in {"escalate", "reopen"} and was_open and not pending:
            yield step, "reopen", {}
            pending = True
        elif pending and step.state == "closed" and step.act != "comment":
            yield from _ended(step, *about(step.finding_id))
            pending = False


def _ended(
    step: Step, operators: tuple[str, ...], lookups: int
) -> Iterator[tuple[Step, str, dict[str, Any]]]:
    """Yield what a conclusion says of each person, what was done, and how it ended."""
    misuse = step.allegation == "sustained" or (not step.allegation and step.outcome in MISUSE)
    for operator in operators:
        allegation = step.allegation or ("sustained" if misuse else "no_finding")
        yield step, "person", {"operator_id": operator, "word": allegation}
        for action in step.actions:
            yield step, "action", {"operator_id": operator, "word": action}
    result = {"word": "confirmed" if misuse else "no_misuse", "queries": lookups if misuse else 0}
    yield step, "conclude", result
