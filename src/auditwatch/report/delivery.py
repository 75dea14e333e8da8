"""A paper on its way out: whole in memory first, then written in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import UsageError
from auditwatch.core.files import write_atomic
from auditwatch.core.strict import suggest
from auditwatch.report.digest import digest
from auditwatch.report.formats import paper_formats

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditwatch.report.document import Document

__all__ = ["MAIL", "require_format", "write_paper"]

#: Of a night only, and no format of papers: it leaves out whatever names somebody.
MAIL: Final = "mail"


def require_format(name: str, also: Sequence[str] = ()) -> str:
    """Return the name of a format when there is one.

    Parameters
    ----------
    name : str
        What was asked for.
    also : sequence of str
        Names that are right beside those of `paper_formats`.

    Raises
    ------
    UsageError
        ``AW-REPORT-007`` an unknown format.
    """
    known = [*paper_formats(), *also]
    if name not in known:
        raise UsageError(
            "unknown format",
            code="AW-REPORT-007",
            where=name[:40],
            expected="one of " + ", ".join(known),
            hint=suggest(name, known),
        )
    return name


def write_paper(document: Document, format_name: str, path: Path) -> None:
    """Write a paper in a format: the whole file or none.

    Parameters
    ----------
    document : Document
        What it says.
    format_name : str
        As `require_format` returns it.
    path : Path
        Replaced if it exists.

    Raises
    ------
    RefusedError
        ``AW-REPORT-001`` what a PDF needs is not on this machine; ``AW-FILES-…`` as `write_atomic`.
    """
    mail = format_name == MAIL
    write_atomic(path, digest(document) if mail else paper_formats()[format_name].write(document))
