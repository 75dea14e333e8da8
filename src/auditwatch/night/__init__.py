"""The only room that knows the order of a scan: ingest, check, score, findings.

Publication comes last and in one transaction. Whatever ends a scan before that leaves the
findings of yesterday whole; the next scan finds the same work still to do and does it.
"""

from typing import TYPE_CHECKING

from auditwatch.core.late import late

if TYPE_CHECKING:
    from auditwatch.night.learnt import scorer_of
    from auditwatch.night.reading import ingest_files, retry_files
    from auditwatch.night.request import Ingested, Request, Scan, Wanted
    from auditwatch.night.scan import run_scan
    from auditwatch.night.verdicts import Share, tell_verdicts

__all__ = [
    "Ingested",
    "Request",
    "Scan",
    "Share",
    "Wanted",
    "ingest_files",
    "retry_files",
    "run_scan",
    "scorer_of",
    "tell_verdicts",
]

__getattr__ = late(
    __name__,
    {
        "Ingested": "request",
        "Request": "request",
        "Scan": "request",
        "Share": "verdicts",
        "Wanted": "request",
        "ingest_files": "reading",
        "retry_files": "reading",
        "run_scan": "scan",
        "scorer_of": "learnt",
        "tell_verdicts": "verdicts",
    },
)
