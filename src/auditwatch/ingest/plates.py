"""Plates as subjects: the same key whatever the export, and none for what is no single plate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.redaction import is_mask

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["machine_origin", "unread", "vehicle_key", "vehicle_keys"]

#: Letters and digits with at least one of them, wildcards, and marks that plates carry.
PLATE: Final = re.compile(r"(?=.*[A-Z0-9])[A-Z0-9*?-]{2,10}")
#: What people type where a form wants a plate and they have none.
PLACEHOLDERS: Final = frozenset(
    {"NA", "N-A", "NONE", "NULL", "NOPLATE", "TEST", "UNK", "UNKNOWN", "XX", "XXX", "XXXX"}
)
HOTLIST_WORDS: Final = ("hotlist", "hot list", "alert")
BATCH_WORDS: Final = ("api", "batch")


def vehicle_key(text: str) -> str | None:
    """Return the key of a vehicle by its plate, such as ``V-8ABC123``.

    Parameters
    ----------
    text : str
        A plate as written; ``*`` and ``?`` stand for what was not known.

    Returns
    -------
    str or None
        A mask as it stands, so that it is counted as one; None for placeholders, statute numbers,
        several plates and all else that is not one plate.
    """
    if is_mask(text):
        return text
    plate = "".join(text.split()).upper()
    if plate in PLACEHOLDERS or not PLATE.fullmatch(plate):
        return None
    return f"V-{plate}"


def vehicle_keys(texts: pa.Array) -> pa.Array:
    """Return the keys of many plates, each distinct one looked at once."""
    codes = texts.dictionary_encode()
    keys = [vehicle_key(text) for text in codes.dictionary.to_pylist()]
    return pa.array(keys, pa.string()).take(codes.indices)


def unread(texts: pa.Array, keys: pa.Array) -> int:
    """Count the plates that are not empty and gave no key."""
    there = pc.not_equal(pc.utf8_trim_whitespace(texts), "")
    return int(pc.sum(pc.and_(there, keys.is_null())).as_py() or 0)


def machine_origin(kind: str) -> str | None:
    """Return the origin of a search by its kind, lower case: hotlist, batch, or None."""
    origins: Iterable[tuple[str, tuple[str, ...]]] = (
        ("hotlist", HOTLIST_WORDS),
        ("batch", BATCH_WORDS),
    )
    return next((name for name, words in origins if kind.startswith(words)), None)
