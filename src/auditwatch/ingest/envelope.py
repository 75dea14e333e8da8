"""Envelopes: exporters wrap a record in an object of their own, such as ``{"event": {…}}``.

A mapping file names the way to the record (``record: event``). Without one, the first object
that is a record, or holds one under exactly one of its keys, decides for the whole source: nothing
is searched for line by line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from auditwatch.ingest.jsontext import LineError, fold_keys, read_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditwatch.ingest.jsontext import Object

    Knows = Callable[[Object], bool]

__all__ = ["Envelope", "begins_with"]

#: Lines of a head that are tried until one of them is an object: the first may be damaged.
TRIED_MAX: Final = 20


class Envelope:
    """Takes records out of what they are wrapped in.

    Parameters
    ----------
    given : str
        Keys that lead to the record, joined by dots; empty to find out.
    knows : callable
        From an object under its folded keys to whether it bears the marks of a record.
    """

    def __init__(self, given: str, knows: Knows) -> None:
        self._knows = knows
        self.path: tuple[str, ...] | None = tuple(given.split(".")) if given else None

    def open(self, found: Object) -> Object:
        """Return the record of one line under its folded keys.

        Parameters
        ----------
        found : dict
            The object of the line, keys as written.

        Raises
        ------
        LineError
            ``no_record`` when no object stands where the record should be, ``duplicate_key``.
        """
        if self.path is None:
            self.path = self._find(found)
        for key in self.path or ():
            inside = found.get(key)
            if not isinstance(inside, dict):
                raise LineError("no_record")
            found = inside
        return fold_keys(found)

    def remarks(self) -> tuple[str, ...]:
        """Return a sentence on what was unwrapped; nothing when records stand for themselves."""
        return (f"each record was taken out of {'.'.join(self.path)}",) if self.path else ()

    def _find(self, found: Object) -> tuple[str, ...] | None:
        """Return the way to the record of an object; None when it is not clear."""
        if self._bears(found):
            return ()
        holding = [key for key, value in found.items() if self._bears(value)]
        return (holding[0],) if len(holding) == 1 else None

    def _bears(self, value: Any) -> bool:
        """Tell whether a value is an object with the marks of a record."""
        try:
            return isinstance(value, dict) and self._knows(fold_keys(value))
        except LineError:
            return False


def begins_with(head: bytes, knows: Knows) -> bool:
    """Tell whether the first object of a source is a record, or wraps exactly one.

    Parameters
    ----------
    head : bytes
        First bytes of a source.
    knows : callable
        As for `Envelope`.
    """
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for line in [line for line in lines if line.strip()][:TRIED_MAX]:
        try:
            found = read_object(line, len(head))
            return knows(Envelope("", knows).open(found))
        except LineError:
            continue
    return False
