"""Which format a source has: found by discovery and a look at the first bytes, never guessed."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import InputError, UsageError
from auditwatch.core.strict import suggest
from auditwatch.ingest import formats
from auditwatch.ingest.sheettables import SHEET_HEAD, sheet_head

if TYPE_CHECKING:
    from auditwatch.ingest.request import Format
    from auditwatch.ingest.stream import Stream

__all__ = ["choose_format", "known_formats"]

AUTO: Final = "auto"
#: Formats that take any column names: they give way to one that knows the names it sees, and are
#: the only ones that a mapping of columns can be for.
GENERAL: Final = ("csv", "jsonl", "parquet", "xlsx")
CONTAINERS: Final = {
    b"PK\x03\x04": "a zip archive",
    b"\xd0\xcf\x11\xe0": "an old or an encrypted spreadsheet",
    b"%PDF": "a PDF",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
CONTROLS: Final = bytes(set(range(32)) - {9, 10, 12, 13, 27})
CONTROL_SHARE_MAX: Final = 0.01


def known_formats() -> dict[str, Format]:
    """Return every format by its name, in name order."""
    names = [found.name for found in pkgutil.iter_modules(formats.__path__)]
    modules = [importlib.import_module(f"{formats.__name__}.{name}") for name in names]
    return {module.NAME: module for module in sorted(modules, key=lambda one: one.NAME)}


def choose_format(stream: Stream, asked: str, *, mapped: bool = False) -> Format:
    """Return the format to read a source with.

    Parameters
    ----------
    stream : Stream
        The source, not yet read.
    asked : str
        A format's name, the first part of several names such as ``pgaudit``, or ``auto``.
    mapped : bool
        Whether a mapping file names columns.

    Returns
    -------
    Format
        The one that is asked for, or the only one that fits.

    Raises
    ------
    UsageError
        ``AW-INGEST-006`` unknown name; ``-007`` none fits, or more than one.
    InputError
        ``AW-INGEST-001`` the file is empty or not text.
    """
    known = known_formats()
    head = sheet_head(stream) or stream.head
    if not head:
        raise InputError(
            "the file is empty",
            code="AW-INGEST-001",
            where=str(stream.path),
            expected="at least a header line",
            hint="check the export; an empty trail is a gap, not a quiet night",
        )
    if asked in known:
        chosen = known[asked]
        if not chosen.sniff(head):
            _refuse_binary(head, stream)
        return chosen
    family = {name: one for name, one in known.items() if name.startswith(f"{asked}-")}
    if asked != AUTO and not family:
        raise UsageError(
            f"unknown format {asked!r}",
            code="AW-INGEST-006",
            where=str(stream.path),
            expected="auto, or one of " + ", ".join(known),
            hint=suggest(asked, known),
        )
    if mapped and not family:
        known = {name: known[name] for name in GENERAL}
    return _only(family or known, head, stream)


def _only(candidates: dict[str, Format], head: bytes, stream: Stream) -> Format:
    """Return the only candidate that fits the first bytes."""
    fits = [name for name, one in candidates.items() if one.sniff(head)]
    fits = [name for name in fits if name not in GENERAL] or fits
    if len(fits) == 1:
        return candidates[fits[0]]
    _refuse_binary(head, stream)
    what = " and ".join(["it could be " + ", ".join(fits)]) if fits else "no format fits"
    raise UsageError(
        what,
        code="AW-INGEST-007",
        where=str(stream.path),
        expected="exactly one of " + ", ".join(candidates),
        hint="say which with --format NAME, or describe the columns with --mapping FILE",
    )


def _refuse_binary(head: bytes, stream: Stream) -> None:
    """Refuse what is neither text nor a table."""
    if head.startswith(SHEET_HEAD):
        return
    kind = next((name for magic, name in CONTAINERS.items() if head.startswith(magic)), "")
    controls = len(head) - len(head.translate(None, CONTROLS))
    if kind or controls > CONTROL_SHARE_MAX * len(head):
        raise InputError(
            f"this is {kind or 'binary data'}, not a text log",
            code="AW-INGEST-001",
            where=str(stream.path),
            expected="UTF-8 text, Parquet or XLSX, plain or gzip",
            hint="export the trail as CSV, JSON lines, Parquet or XLSX",
        )
