"""From the bytes of an audit trail to lookups, with an account of every line."""

from typing import TYPE_CHECKING

from auditwatch.core.late import late

if TYPE_CHECKING:
    from auditwatch.ingest.completing import complete, fold_night
    from auditwatch.ingest.context import read_context
    from auditwatch.ingest.deliveries import SKEW_COLUMNS, clock_skew, feed_of, stopped_columns
    from auditwatch.ingest.folding import read_followers
    from auditwatch.ingest.foreman import Foreman, Task
    from auditwatch.ingest.numbering import NUMBER_COLUMNS, number_rows
    from auditwatch.ingest.reader import SourceRead, format_names, read_source
    from auditwatch.ingest.retrying import Retried, retry_staged
    from auditwatch.ingest.settling import Followers
    from auditwatch.ingest.silence import BASE_NIGHTS, find_silence, hours_of
    from auditwatch.ingest.spans import EXCERPT_BYTES
    from auditwatch.ingest.storing import Stored, refused_records, store_source, store_staged

__all__ = [
    "BASE_NIGHTS",
    "EXCERPT_BYTES",
    "NUMBER_COLUMNS",
    "SKEW_COLUMNS",
    "Followers",
    "Foreman",
    "Retried",
    "SourceRead",
    "Stored",
    "Task",
    "clock_skew",
    "complete",
    "feed_of",
    "find_silence",
    "fold_night",
    "format_names",
    "hours_of",
    "number_rows",
    "read_context",
    "read_followers",
    "read_source",
    "refused_records",
    "retry_staged",
    "stopped_columns",
    "store_source",
    "store_staged",
]

__getattr__ = late(
    __name__,
    {
        "BASE_NIGHTS": "silence",
        "EXCERPT_BYTES": "spans",
        "NUMBER_COLUMNS": "numbering",
        "SKEW_COLUMNS": "deliveries",
        "Followers": "settling",
        "Foreman": "foreman",
        "Retried": "retrying",
        "SourceRead": "reader",
        "Stored": "storing",
        "Task": "foreman",
        "clock_skew": "deliveries",
        "complete": "completing",
        "feed_of": "deliveries",
        "find_silence": "silence",
        "fold_night": "completing",
        "format_names": "reader",
        "hours_of": "silence",
        "number_rows": "numbering",
        "read_context": "context",
        "read_followers": "folding",
        "read_source": "reader",
        "refused_records": "storing",
        "retry_staged": "retrying",
        "stopped_columns": "deliveries",
        "store_source": "storing",
        "store_staged": "storing",
    },
)
