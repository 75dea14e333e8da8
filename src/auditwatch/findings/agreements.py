"""The second person of the register: what one proposed, another agrees to or declines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.findings.investigations import own_entries, record, waiting

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from auditwatch.findings.investigations import Entry

__all__ = ["settle"]


def settle(
    connection: Connection,
    proposal: tuple[str, int],
    *,
    agreed: bool,
    note: str,
    recorder: str,
) -> Entry:
    """Agree to a proposal or decline it, as the second person, within a writing transaction.

    Parameters
    ----------
    connection : Connection
        A writing transaction.
    proposal : (str, int)
        Investigation and number of the entry that proposes.
    agreed : bool
        Whether it stands from now on; otherwise it stays on record and counts for nothing.
    note, recorder : str
        Why, and who the second person is.

    Returns
    -------
    Entry
        As written: what was proposed, in the second person's name.

    Raises
    ------
    UsageError
        ``AW-INVEST-005`` no such proposal waits any more, and as `investigations.record`.
    RefusedError
        ``AW-REVIEW-013`` the one who proposed it cannot be the second person.
    """
    name, number = proposal
    meant = [one for one in waiting(own_entries(connection, name)) if one.number == number]
    if not meant:
        raise UsageError(
            "this does not wait for a second person any more",
            code="AW-INVEST-005",
            where=name,
            hint="look at the investigation again",
        )
    if meant[0].recorder.strip().casefold() == recorder.strip().casefold():
        raise RefusedError(
            "the second person must be somebody else than the one who proposed it",
            code="AW-REVIEW-013",
            where=name,
            hint="ask a lead or internal affairs",
        )
    act = meant[0].act.partition("_")[0]
    said = replace(meant[0], act=act if agreed else f"{act}_declined", note=note, recorder=recorder)
    return record(connection, said)
