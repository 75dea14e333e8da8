"""From the bytes of an audit trail to lookups, with an account of every line."""

from auditwatch.ingest.context import read_context
from auditwatch.ingest.folding import LOOK_BACK, fold, read_followers
from auditwatch.ingest.foreman import Foreman, Task
from auditwatch.ingest.reader import SourceRead, format_names, read_source
from auditwatch.ingest.retrying import Retried, retry_staged
from auditwatch.ingest.settling import Followers
from auditwatch.ingest.storing import Stored, refused_records, store_source, store_staged

__all__ = [
    "LOOK_BACK",
    "Followers",
    "Foreman",
    "Retried",
    "SourceRead",
    "Stored",
    "Task",
    "fold",
    "format_names",
    "read_context",
    "read_followers",
    "read_source",
    "refused_records",
    "retry_staged",
    "store_source",
    "store_staged",
]
