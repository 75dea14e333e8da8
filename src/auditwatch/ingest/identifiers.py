"""Keys of subjects from what an inquiry says of them, in one form for all formats.

Most lines name a person by name and birth date, so that this pair comes before numbers: one person
asked for by many transactions is one subject. What is masked identifies nobody.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from auditwatch.core.redaction import is_mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["birth_date", "subject_of"]

#: Numbers of a person, the surest first, with the mark of their kind: two kinds never meet.
NUMBERS: Final = {"record": "REC", "licence": "OLN", "social": "SOC"}
BIRTH: Final = (
    re.compile(r"(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)", re.ASCII),
    re.compile(r"(?P<month>\d\d?)/(?P<day>\d\d?)/(?P<year>\d{4})", re.ASCII),
)
SHORT_BIRTH: Final = re.compile(r"(?P<month>\d\d)(?P<day>\d\d)(?P<year>\d\d)", re.ASCII)

#: Names and dates come again and again; this many are remembered.
REMEMBERED: Final = 1 << 16


@lru_cache(REMEMBERED)
def birth_date(text: str, year: int | None = None) -> str:
    """Return a birth date as it stands in a key.

    Parameters
    ----------
    text : str
        ``ccyy-mm-dd``, ``ccyymmdd``, ``mm/dd/ccyy``, or ``mmddyy`` where `year` is known.
    year : int, optional
        Year of the inquiry: two digits are the last such year up to it.

    Returns
    -------
    str
        ``ccyy-mm-dd``, also for a day that never was; any other text as it is, without spaces.
    """
    plain = "".join(text.split()).upper()
    found = next(filter(None, (one.fullmatch(plain) for one in BIRTH)), None)
    if found:
        return f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}"
    short = SHORT_BIRTH.fullmatch(plain) if year else None
    if short and year:
        century = year - (year - int(short["year"])) % 100
        return f"{century:04}-{short['month']}-{short['day']}"
    return plain


def subject_of(
    said: Mapping[str, str | None], kind: str | None = None, year: int | None = None
) -> tuple[str | None, str | None]:
    """Return kind and key of whom or what an inquiry is about.

    Parameters
    ----------
    said : mapping of str to str or None
        Values as written: `name`, `born`, `record` (a SID, CII or FBI number), `licence` (an OLN),
        `social`, `plate`, `vin`, `serial` (of a gun or another thing).
    kind : str, optional
        The kind that the source itself names: what identifies that kind comes first.
    year : int, optional
        Year of the inquiry, for birth dates of two digits.

    Returns
    -------
    kind : str or None
        As named, else ``person``, ``vehicle`` or ``property`` by what identifies it.
    key : str or None
        ``P-NAME/birth date``, ``P-REC:number``, ``P-NAME``, ``V-PLATE``, ``V-VIN``,
        ``G-SERIAL``; a mask as it stands where nothing else is given; None for nothing.
    """
    known = {name: value for name, value in said.items() if value and value.strip()}
    clear = {name: value for name, value in known.items() if not is_mask(value)}
    given = (kind or "").strip().lower()
    keys: dict[str, Callable[[], str | None]] = {
        "person": lambda: _person(clear, year),
        "vehicle": lambda: _marked("V-", clear, "plate", "vin"),
        "property": lambda: _marked("G-", clear, "serial"),
    }
    for one in sorted(keys, key=lambda name: name != given):
        key = keys[one]()
        if key:
            return kind if given else one, key
    return kind if given else None, next(iter(known.values()), None)


def _person(clear: Mapping[str, str], year: int | None) -> str | None:
    """Return the key of a person."""
    name = _name(clear["name"]) if "name" in clear else ""
    if name and "born" in clear:
        return f"P-{name}/{birth_date(clear['born'], year)}"
    for one, mark in NUMBERS.items():
        if one in clear:
            return f"P-{mark}:{_number(clear[one])}"
    return f"P-{name}" if name else None


@lru_cache(REMEMBERED)
def _name(text: str) -> str:
    """Return a name in upper case, spaces made one, none around commas."""
    parts = unicodedata.normalize("NFKC", text).upper().split(",")
    return ",".join(" ".join(part.split()) for part in parts).strip(",")


def _number(text: str) -> str:
    """Return a number or a plate in upper case without spaces."""
    return "".join(text.upper().split())


def _marked(mark: str, clear: Mapping[str, str], *names: str) -> str | None:
    """Return the first number that is given under the mark of its kind."""
    return next((mark + _number(clear[name]) for name in names if name in clear), None)
