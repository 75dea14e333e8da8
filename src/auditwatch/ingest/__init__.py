"""From the bytes of an audit trail to lookups, with an account of every line."""

from auditwatch.ingest.context import read_context
from auditwatch.ingest.folding import fold, read_followers
from auditwatch.ingest.reader import SourceRead, format_names, read_source
from auditwatch.ingest.storing import Stored, refused_records, store_source

__all__ = [
    "SourceRead",
    "Stored",
    "fold",
    "format_names",
    "read_context",
    "read_followers",
    "read_source",
    "refused_records",
    "store_source",
]
