"""A paper on its way out: whole in memory first, then written in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import UsageError
from auditwatch.core.files import write_atomic
from auditwatch.core.strict import suggest
from auditwatch.report.digest import digest
from auditwatch.report.formats import paper_formats

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.report.document import Document

__all__ = ["MAIL", "write_paper"]

#: Of a night only, and no format of papers: it leaves out whatever names somebody.
MAIL: Final = "mail"


def write_paper(document: Document, format_name: str, path: Path) -> None:
    """Write a paper in a format: the whole file or none.

    Raises
    ------
    UsageError
        ``AW-REPORT-007`` an unknown format.
    RefusedError
        ``AW-REPORT-001`` what a PDF needs is not on this machine; ``AW-FILES-…`` as `write_atomic`.
    """
    if format_name == MAIL and document.kind == "night":
        write_atomic(path, digest(document))
        return
    known = paper_formats()
    if format_name not in known:
        raise UsageError(
            "unknown format",
            code="AW-REPORT-007",
            where=format_name[:40],
            expected="one of " + ", ".join(known),
            hint=suggest(format_name, known),
        )
    write_atomic(path, known[format_name].write(document))
