"""Values of JSON records as formats need them, all as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from auditwatch.ingest.jsontext import LineError, as_text, find_value

if TYPE_CHECKING:
    from auditwatch.ingest.jsontext import Object

__all__ = ["first_text", "host_of", "in_utc", "joined", "list_at"]

NAIVE: Final = re.compile(r"\d{4}-\d\d-\d\d[T ][0-9:]+(?:[.,]\d+)?", re.ASCII)
BRACKETED: Final = re.compile(r"\[(.+)\](?::\d{1,5})?", re.ASCII)
WITH_PORT: Final = re.compile(r"([^:]+):\d{1,5}", re.ASCII)


def first_text(record: Object, *places: str) -> str | None:
    """Return the text at the first place that says something.

    Parameters
    ----------
    record : dict
        Under folded keys.
    *places : str
        Folded names; dots lead into objects.

    Raises
    ------
    LineError
        ``nested_value`` when a list or an object stands where text is due.
    """
    for place in places:
        if text := as_text(find_value(record, place)[1]):
            return text
    return None


def list_at(record: Object, place: str) -> list[Any]:
    """Return the list at a place; an empty one where there is none.

    Raises
    ------
    LineError
        ``nested_value`` when something else stands there.
    """
    found = find_value(record, place)[1]
    if found is None:
        return []
    if not isinstance(found, list):
        raise LineError("nested_value")
    return found


def joined(values: list[Any]) -> str | None:
    """Return scalars as one text, each once, in order of the alphabet, joined by commas."""
    return ",".join(sorted({text for one in values if (text := as_text(one))})) or None


def in_utc(time: str | None) -> str | None:
    """Return the time of a log that is in UTC by its maker's word: marked as such where it is not.

    Parameters
    ----------
    time : str or None
        As written.
    """
    return f"{time}Z" if time and NAIVE.fullmatch(time) else time


def host_of(address: str | None) -> str | None:
    """Return the host of ``192.0.2.1:5432`` or ``[::1]:5432``; anything else as it is."""
    found = address and (BRACKETED.fullmatch(address) or WITH_PORT.fullmatch(address))
    return found[1] if found else address
