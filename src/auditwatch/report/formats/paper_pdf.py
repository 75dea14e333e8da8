"""PDF: the page on paper, by WeasyPrint (extra ``pdf``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from auditwatch.core.errors import RefusedError
from auditwatch.report.pages import page_of

if TYPE_CHECKING:
    from auditwatch.report.document import Document

__all__ = ["NAME", "write"]

NAME: Final = "pdf"


def write(document: Document) -> bytes:
    """Return the paper as tagged PDF; it carries no date, so the same paper gives the same bytes.

    Raises
    ------
    RefusedError
        ``AW-REPORT-001`` when WeasyPrint or the Pango it needs is not on this machine.
    """
    html = _weasyprint().HTML(string=page_of(document, printed=True), url_fetcher=_refuse)
    printed = html.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=False)
    if not isinstance(printed, bytes):
        raise TypeError("WeasyPrint gives bytes when it is given no target")
    return printed


def _refuse(address: str, *_: Any, **__: Any) -> dict[str, Any]:
    """Refuse whatever a page might ask for: it has everything it needs."""
    raise ValueError(f"a paper asks for nothing outside itself: {address[:40]}")


def _weasyprint() -> Any:
    """Return WeasyPrint, or say what is missing."""
    try:
        import weasyprint  # noqa: PLC0415 - an extra
    except (ImportError, OSError) as error:
        what = "WeasyPrint" if isinstance(error, ImportError) else "Pango, which WeasyPrint needs,"
        raise RefusedError(
            f"no PDF can be made: {what} is not on this machine",
            code="AW-REPORT-001",
            expected="the extra pdf, and Pango from the operating system",
            hint="pip install 'auditwatch[pdf]', apt install libpango-1.0-0 libpangoft2-1.0-0; "
            "or take --format html and print it",
        ) from error
    return weasyprint
