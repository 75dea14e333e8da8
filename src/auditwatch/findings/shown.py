"""Lookups as a person may see them: identities shown or masked, hostile text disarmed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from auditwatch.core.words import harmless, local_day, local_time, masked_reason, name_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    import pyarrow as pa

    from auditwatch.core.mask import Masker

__all__ = ["LookupLine", "LookupShower", "given_case"]

CELL_MAX: Final = 120

#: What reads like a case or incident number: five digits or more, a dash or a year among them.
NUMBER: Final = re.compile(r"\d[\d-]*\d{4}")


@dataclass(frozen=True)
class LookupLine:
    """One lookup as a row of a card's table."""

    time: str
    operator: str
    subject: str
    what: str
    purpose: str
    reason: str
    case: str
    terminal: str
    followers: int


@dataclass(frozen=True)
class LookupShower:
    """Shows lookups: the same in reports, on the desk and on the command line.

    Parameters
    ----------
    zone : ZoneInfo
        The agency's clock.
    masker : Masker
        Shows or masks identities.
    """

    zone: ZoneInfo
    masker: Masker

    def lines(self, lookups: pa.Table) -> list[LookupLine]:
        """Return all lookups of a finding as shown, as from `lookups_of`."""
        rows = lookups.to_pylist()
        followers = Counter(r["lookup_id"] for r in rows if r["event_id"] != r["lookup_id"])
        heads = [row for row in rows if row["event_id"] == row["lookup_id"]]
        return [self._line(row, followers) for row in heads]

    def _line(self, row: Mapping[str, Any], followers: Mapping[str, int]) -> LookupLine:
        """Return one lookup as shown."""
        hidden = name_words(
            (row["subject_name"], row["subject_id"], row["operator_id"], row["requester_id"])
        )
        told = local_day if row["time_quality"] == "date_only" else local_time
        what = " · ".join(part for part in (row["system"], row["transaction"]) if part)
        return LookupLine(
            time=told(row["event_time"], self.zone),
            operator=self._name("operator", row["operator_id"]),
            subject=self._name("subject", row["subject_id"]),
            what=harmless(what, CELL_MAX),
            purpose=self._purpose(row["purpose"], hidden),
            reason=self._free(row["reason"], hidden),
            case=self._name("case", row["case_id"])
            if self.masker.reveal and row["case_id"]
            else given_case(row),
            terminal=self._name("terminal", row["terminal"]),
            followers=followers.get(row["event_id"], 0),
        )

    def _name(self, kind: str, identity: str | None) -> str:
        """Return one identity as shown."""
        return harmless(self.masker.name(kind, identity), 40)

    def _purpose(self, purpose: str | None, hidden: frozenset[str]) -> str:
        """Return a purpose: a code as it is, a sentence as a reason."""
        code = purpose or ""
        return code if code.isalnum() and len(code) <= 3 else self._free(code, hidden)

    def _free(self, text: str | None, hidden: frozenset[str]) -> str:
        """Return free text as shown."""
        given = text or ""
        shown = harmless(given, CELL_MAX)
        return shown if self.masker.reveal else masked_reason(shown, hidden)


def given_case(row: Mapping[str, Any]) -> str:
    """Say whether there is a case number and where, not which.

    Published search logs show that most people who give a number type it into the reason.
    """
    if row["case_id"]:
        return "given"
    return "in the reason" if NUMBER.search(row["reason"] or "") else "none"
