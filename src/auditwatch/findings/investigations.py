"""The register of investigations: what was opened, whom it concerned, what came of it and when.

An agency answers for every investigation of misuse, also for those that began with a complaint
and not with a finding. So the register stands beside the findings and may name them. Entries are
appended and never changed: a later entry corrects an earlier one, and both stay.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, astuple, dataclass, replace
from datetime import UTC, date
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import insert, select

from auditwatch.core import clock
from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.findings import journal
from auditwatch.findings.tables import findings, investigations

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Select

__all__ = [
    "ACTIONS",
    "ACTS",
    "ALLEGATIONS",
    "BY_TWO",
    "GROUNDS",
    "RESULTS",
    "Entry",
    "digest_of",
    "every",
    "own_entries",
    "record",
    "said",
    "waiting",
]

RESULTS: Final = ("confirmed", "no_misuse")

#: What an investigation finds of one person's part (the usual words of internal affairs).
ALLEGATIONS: Final = ("sustained", "not_sustained", "unfounded", "exonerated", "no_finding")

#: What was done about one person; ``none`` says that nothing was, which is not the same as silence.
ACTIONS: Final = (
    "none",
    "counselled",
    "trained",
    "reprimand_oral",
    "reprimand_written",
    "suspended",
    "demoted",
    "resigned",
    "retired_during",
    "terminated",
    "access_removed",
    "charged",
    "misdemeanour",
    "felony",
    "dismissed",
    "other",
)

#: Why the year for discipline stands still (California Government Code 3304 (d) (2), A to H).
GROUNDS: Final = (
    "criminal_matter",
    "waiver",
    "other_jurisdictions",
    "several_employees",
    "unavailable",
    "civil_action",
    "complainant_charged",
    "workers_compensation",
)

#: Act to the words it may carry; empty when it carries none.
ACTS: Final[dict[str, tuple[str, ...]]] = {
    "open": (),
    "person": ALLEGATIONS,
    "action": ACTIONS,
    "conclude": RESULTS,
    "reopen": (),
    "toll": GROUNDS,
    "resume": (),
    "person_proposed": ALLEGATIONS,
    "action_proposed": ACTIONS,
    "conclude_proposed": RESULTS,
    "person_declined": ALLEGATIONS,
    "action_declined": ACTIONS,
    "conclude_declined": RESULTS,
}
#: Acts that one may propose and a second person agrees to or declines. The entry that agrees is
#: the act itself, so whoever counts acts counts no proposal.
BY_TWO: Final = ("person", "action", "conclude")
ABOUT_A_PERSON: Final = ("person", "action")
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
NOTE_MOST: Final = 20_000


@dataclass(frozen=True)
class Entry:
    """One entry of the register.

    Parameters
    ----------
    investigation_id : str
        The agency's own number, such as ``IA-2026-014``.
    act : str
        One of `ACTS`.
    day : str
        Agency-local day on which it took place, ISO; what a year is counted by.
    operator_id : str
        Whom a ``person`` or ``action`` is about; otherwise empty.
    word : str
        The allegation's finding, the action, the result, or the ground on which the clock stands
        still; one of `ACTS` of the act.
    queries : int
        Lookups that a confirmed conclusion found to be misuse; otherwise 0.
    finding_ids : tuple of str
        Findings that an ``open`` takes in.
    note, recorder : str
        Why, and who writes it down.
    number : int
        From 1 within the investigation; given by `record`.
    at : str
        When it was written down, ISO 8601 in UTC; given by `record`.
    """

    investigation_id: str
    act: str
    day: str
    operator_id: str = ""
    word: str = ""
    queries: int = 0
    finding_ids: tuple[str, ...] = ()
    note: str = ""
    recorder: str = ""
    number: int = 0
    at: str = ""


def every(connection: Connection) -> list[Entry]:
    """Return all entries, investigation by investigation, oldest first."""
    return _entries(connection, select(investigations))


def own_entries(connection: Connection, investigation_id: str) -> list[Entry]:
    """Return the entries of one investigation, oldest first."""
    own = investigations.c.investigation_id == investigation_id
    return _entries(connection, select(investigations).where(own))


def waiting(entries: Iterable[Entry]) -> list[Entry]:
    """Return the proposals of one investigation that nobody agreed to or declined, oldest first.

    A proposal is settled by the first later entry that says the same, whoever wrote it and where.
    """
    found: list[Entry] = []
    for one in entries:
        if one.act.endswith("_proposed"):
            found.append(one)
        else:
            same = [n for n, other in enumerate(found) if _content(other) == _content(one)]
            del found[slice(same[0], same[0] + 1) if same else slice(0, 0)]
    return found


def _content(entry: Entry) -> tuple[str, str, str, str, int]:
    """Return what an entry says, whether it is proposed, agreed to or declined."""
    act = entry.act.partition("_")[0]
    return (act, entry.day, entry.operator_id, entry.word, entry.queries)


def _entries(connection: Connection, query: Select[Any]) -> list[Entry]:
    """Return the entries that a query finds."""
    order = (investigations.c.investigation_id, investigations.c.number)
    rows = connection.execute(query.order_by(*order)).mappings()
    return [
        Entry(
            **{**row, "finding_ids": msgspec.json.decode(row["finding_ids"], type=tuple[str, ...])}
        )
        for row in rows
    ]


def record(connection: Connection, entry: Entry, seen: int | None = None) -> Entry:
    """Append an entry within the caller's writing transaction.

    Parameters
    ----------
    connection : Connection
        A writing transaction; entry and journal stand or fall with it.
    entry : Entry
        Without its number and time.
    seen : int or None
        Number of the last entry that its writer saw; None for whoever looked at none.

    Returns
    -------
    Entry
        As written, with its number and time; the journal carries its digest.

    Raises
    ------
    UsageError
        ``AW-INVEST-001`` an entry that says too little or something unknown, ``-002`` an act that
        does not follow from those before, ``-003`` a finding that is not there or is taken,
        ``-005`` the register moved on meanwhile.
    RefusedError
        ``AW-FINDINGS-006`` the recorder is the person concerned.
    """
    _refuse_unclear(entry)
    before = own_entries(connection, entry.investigation_id)
    if seen is not None and seen != len(before):
        raise UsageError(
            "somebody else was faster: the register changed since you saw it",
            code="AW-INVEST-005",
            where=entry.investigation_id,
            expected=f"entry {len(before)} as the last one",
            hint="look at it again, then write",
        )
    _refuse_out_of_order(entry, before)
    if entry.finding_ids:
        _refuse_findings(connection, entry)
    at = clock.now().astimezone(UTC).isoformat(timespec="seconds")
    written = replace(entry, number=len(before) + 1, at=at, note=entry.note.strip())
    row = {**asdict(written), "finding_ids": msgspec.json.encode(written.finding_ids).decode()}
    connection.execute(insert(investigations).values(row))
    journal.append(
        connection,
        at=at,
        actor=written.recorder,
        action="investigate",
        finding_id="",
        detail=said(written),
    )
    return written


def digest_of(entry: Entry) -> str:
    """Return the SHA-256 of an entry, which its row of the journal carries."""
    return hashlib.sha256(msgspec.json.encode(astuple(entry))).hexdigest()


def said(entry: Entry) -> str:
    """Return what the journal says of an entry: never whom it is about."""
    name, number = entry.investigation_id, entry.number
    return f"{name} entry {number}: {entry.act} on {entry.day}, sha256 {digest_of(entry)}"


def _refuse_unclear(entry: Entry) -> None:
    """Refuse an entry that nobody could account for later."""
    act, words = entry.act.partition("_")[0], ACTS.get(entry.act, ())
    about = act in ABOUT_A_PERSON
    counted = act == "conclude" and entry.word == "confirmed"
    demands = (
        (NAME.fullmatch(entry.investigation_id) is not None, "number", "such as IA-2026-014"),
        (entry.act in ACTS, "act", "one of " + ", ".join(ACTS)),
        (_is_day(entry.day), "day", "a day that has been, such as 2026-03-14"),
        (
            entry.word in words if words else not entry.word,
            "word",
            "one of " + ", ".join(words) if words else "none with this act",
        ),
        (bool(entry.operator_id.strip()) == about, "operator", "whom it is about"),
        (entry.queries >= 0 and (counted or not entry.queries), "queries", "of a confirmed case"),
        (bool(entry.note.strip()), "note", "why, in a sentence"),
        (len(entry.note) <= NOTE_MOST, "note", f"at most {NOTE_MOST:,} characters"),
        (bool(entry.recorder.strip()), "recorder", "who writes it down"),
    )
    for holds, what, expected in demands:
        if not holds:
            raise UsageError(
                f"the {what} of this entry is missing or not one that it may have",
                code="AW-INVEST-001",
                where=entry.investigation_id[:40],
                expected=expected,
            )
    if entry.recorder.strip().casefold() == entry.operator_id.strip().casefold():
        raise RefusedError(
            "nobody keeps the register of an investigation of their own lookups",
            code="AW-FINDINGS-006",
            where=entry.investigation_id,
            hint="another person has to write this down",
        )


def _is_day(text: str) -> bool:
    """Tell whether a text is a day that has begun somewhere on Earth."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2026-03-14") and (day - clock.now().date()).days <= 1


def _refuse_out_of_order(entry: Entry, before: Sequence[Entry]) -> None:
    """Refuse an act that does not follow from those before."""
    concluded = _is_concluded(before)
    act, _, turn = entry.act.partition("_")
    same = [one for one in waiting(before) if _content(one) == _content(entry)]
    if entry.act == "open" and before:
        problem = "is in the register already"
    elif entry.act != "open" and not before:
        problem = "was never opened"
    elif before and entry.day < before[0].day:
        problem = f"was opened on {before[0].day} only"
    elif act == "conclude" and turn != "declined" and concluded:
        problem = "is concluded; reopen it first"
    elif entry.act == "reopen" and not concluded:
        problem = "is not concluded"
    elif entry.act == "toll" and _is_tolled(before):
        problem = "stands still already; let its clock run first"
    elif entry.act == "resume" and not _is_tolled(before):
        problem = "does not stand still"
    elif turn == "proposed" and same:
        problem = "has the same waiting for a second person"
    elif turn == "declined" and not same:
        problem = "has no such proposal waiting"
    else:
        return
    raise UsageError(
        f"this investigation {problem}",
        code="AW-INVEST-002",
        where=entry.investigation_id,
        hint="see what is kept of it: auditwatch investigations list",
    )


def _is_concluded(entries: Sequence[Entry]) -> bool:
    """Tell whether the last conclusion still stands."""
    turns = [one.act for one in entries if one.act in ("conclude", "reopen")]
    return bool(turns) and turns[-1] == "conclude"


def _is_tolled(entries: Sequence[Entry]) -> bool:
    """Tell whether the clock stands still."""
    turns = [one.act for one in entries if one.act in ("toll", "resume")]
    return bool(turns) and turns[-1] == "toll"


def _refuse_findings(connection: Connection, entry: Entry) -> None:
    """Refuse findings that are not there, or that another investigation took in."""
    taken = {name for one in every(connection) for name in one.finding_ids}
    for name in entry.finding_ids:
        there = select(findings.c.finding_id).where(findings.c.finding_id == name)
        if name in taken or connection.execute(there).first() is None:
            raise UsageError(
                "no such finding, or another investigation took it in",
                code="AW-INVEST-003",
                where=name[:40],
                hint="see them all: auditwatch findings list, auditwatch investigations list",
            )
