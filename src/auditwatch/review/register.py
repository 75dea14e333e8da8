"""Keeping the register at the desk: who may write into it, and what needs a second person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.findings import agreements, investigations
from auditwatch.review.decide import NOTE_LEAST
from auditwatch.review.inquiries import kept_from

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditwatch.findings.investigations import Entry
    from auditwatch.review.accounts import Account
    from auditwatch.review.desk import Desk

__all__ = ["Person", "is_known", "keep", "persons_of", "settle"]


@dataclass(frozen=True)
class Person:
    """What the register says of one person's part.

    Parameters
    ----------
    operator_id : str
        Who.
    allegation : str
        The last finding that stands; empty while there is none.
    taken : tuple of (str, str)
        What was done and on which day, in order of entry.
    """

    operator_id: str
    allegation: str
    taken: tuple[tuple[str, str], ...]


def persons_of(entries: Iterable[Entry]) -> list[Person]:
    """Return each person of one investigation as what stands says, in order of first mention."""
    found: dict[str, Person] = {}
    for one in entries:
        before = found.get(one.operator_id, Person(one.operator_id, "", ()))
        if one.act == "person":
            found[one.operator_id] = replace(before, allegation=one.word)
        elif one.act == "action":
            taken = (*before.taken, (one.word, one.day))
            found[one.operator_id] = replace(before, taken=taken)
    return list(found.values())


def keep(desk: Desk, account: Account, entry: Entry, seen: int | None = None) -> Entry:
    """Append an entry in an account's name; what needs a second person is proposed only.

    Parameters
    ----------
    desk : Desk
        Whose register it is.
    account : Account
        Who writes.
    entry : Entry
        What; its recorder is `account`.
    seen : int or None
        Number of the last entry that the account saw; None for a new investigation.

    Raises
    ------
    RefusedError
        ``AW-REVIEW-010`` to ``-012``: the role, an account without a link, whom it concerns.
    UsageError
        ``AW-REVIEW-016`` a note too short; as `investigations.record`.

    Notes
    -----
    A finding on somebody's part, what was done, and a conclusion need a second person always.
    """
    desk.require(account, "investigate")
    _refuse_concerned(desk, account, entry.investigation_id, entry)
    _refuse_short(entry.note)
    if entry.act in investigations.BY_TWO:
        entry = replace(entry, act=f"{entry.act}_proposed")
    with desk.database.writing() as connection:
        return investigations.record(connection, replace(entry, recorder=account.account), seen)


def settle(
    desk: Desk, account: Account, proposal: tuple[str, int], *, agreed: bool, note: str
) -> Entry:
    """Agree to what somebody proposed, or decline it, as `agreements.settle` says.

    Raises
    ------
    RefusedError, UsageError
        As `keep`; ``AW-REVIEW-013`` the same person.
    """
    desk.require(account, "approve")
    _refuse_concerned(desk, account, proposal[0])
    _refuse_short(note)
    with desk.database.writing() as connection:
        return agreements.settle(
            connection, proposal, agreed=agreed, note=note, recorder=account.account
        )


def is_known(desk: Desk, operator_id: str) -> bool:
    """Tell whether the roster, a finding or what stands in the register names an operator."""
    sought = operator_id.strip().casefold()
    means = {identity for kind, identity in desk.tokens.values() if kind == "operator"}
    with desk.reading() as connection:
        entries = investigations.every(connection)
    means |= {one.operator_id for one in entries if one.act in {"person", "action"}}
    return sought in desk.ties.roster or sought in {one.strip().casefold() for one in means}


def _refuse_concerned(
    desk: Desk, account: Account, number: str, entry: Entry | None = None
) -> None:
    """Refuse whoever is concerned, close to who is, or not known to be neither; on record."""
    if not account.operator_ids:
        raise RefusedError(
            "nobody said which logins of the trails are yours, so you may not review",
            code="AW-REVIEW-011",
            where=account.account,
        )
    circle = desk.circle(account)
    with desk.reading() as connection:
        kept = kept_from(connection, circle)
    names = {number, *entry.finding_ids} if entry else {number}
    about = {entry.operator_id} if entry and entry.operator_id else set()
    if not kept.isdisjoint(names) or circle.meets(about, ()):
        error = RefusedError(
            "this investigation is withheld from you: it concerns you or someone close to you",
            code="AW-REVIEW-012",
            where=number[:40],
            hint="another investigator has to keep this one",
        )
        desk.note(account, "refused", "", f"investigation {number[:40]}: {error.code}")
        raise error


def _refuse_short(note: str) -> None:
    """Refuse what nobody could account for later."""
    if len(note.strip()) < NOTE_LEAST:
        raise UsageError(
            "the note cannot be taken as it is",
            code="AW-REVIEW-016",
            expected=f"{NOTE_LEAST} characters or more; this one has {len(note.strip())}",
        )
