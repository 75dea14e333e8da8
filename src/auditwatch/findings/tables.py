"""The findings database: every table in SQLAlchemy's words, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text

__all__ = [
    "accounts",
    "evidence",
    "factors",
    "filters",
    "findings",
    "investigations",
    "journal",
    "metadata",
    "nights",
    "parties",
    "recoveries",
    "reveals",
    "reviews",
    "runs",
    "sessions",
    "standings",
    "steps",
]

metadata: Final = MetaData()

#: One piece of evidence; columns from `night` to `varies` are those of `Piece`, tuples as JSON.
evidence: Final = Table(
    "evidence",
    metadata,
    Column("finding_id", Text, primary_key=True),
    Column("night", Text, primary_key=True),
    Column("story", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("source", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("severity", Text, nullable=False),
    Column("says", Text, nullable=False),
    Column("against", Text, nullable=False),
    Column("lookups", BigInteger, nullable=False),
    Column("event_ids", Text, nullable=False),
    Column("operator_ids", Text, nullable=False),
    Column("subject_ids", Text, nullable=False),
    Column("days", Text, nullable=False),
    Column("first_time", Text, nullable=False),
    Column("last_time", Text, nullable=False),
    Column("surprise_milli", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("varies", Boolean, nullable=False),
    Column("suppressed_by", Text, primary_key=True),
    Index("evidence_by_night", "night"),
)

#: One finding; columns from `finding_id` to `gone` are those of `Finding`, tuples as JSON.
findings: Final = Table(
    "findings",
    metadata,
    Column("finding_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("rule_id", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("priority", BigInteger, nullable=False),
    Column("night", Text, nullable=False),
    Column("operator_ids", Text, nullable=False),
    Column("subject_ids", Text, nullable=False),
    Column("event_ids", Text, nullable=False),
    Column("first_seen", Text, nullable=False),
    Column("last_seen", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("counter_evidence", Text, nullable=False),
    Column("rules_version", Text, nullable=False),
    Column("model_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("story", Text, nullable=False),
    Column("days", Text, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("suppressed_by", Text, nullable=False),
)
Index(
    "findings_by_priority",
    findings.c.priority.desc(),
    findings.c.last_seen.desc(),
    findings.c.finding_id,
    findings.c.status,
)

# lists and counts of the desk are answered from these alone, without the wide rows
Index(
    "findings_by_severity",
    findings.c.severity,
    findings.c.priority.desc(),
    findings.c.last_seen.desc(),
    findings.c.finding_id,
    findings.c.status,
)
Index(
    "findings_by_kind",
    findings.c.kind,
    findings.c.priority.desc(),
    findings.c.last_seen.desc(),
    findings.c.finding_id,
    findings.c.status,
)
Index("findings_by_rule", findings.c.rule_id, findings.c.kind, findings.c.status, findings.c.night)

#: One decision; rows are only ever added.
reviews: Final = Table(
    "reviews",
    metadata,
    Column("finding_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("disposition", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("covers", Text, nullable=False),
)

#: One action of a person; each row carries the digest of the row before.
journal: Final = Table(
    "journal",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("finding_id", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Index("journal_by_finding", "finding_id", "action", "actor", "at"),
    Index("journal_by_action", "action", "at", "actor", "finding_id"),
)

#: One start of the program that published something.
runs: Final = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("started", Text, nullable=False),
)

#: One published night.
nights: Final = Table(
    "nights",
    metadata,
    Column("night", Text, primary_key=True),
    Column("token", Text, nullable=False),
    Column("rules_version", Text, nullable=False),
    Column("model_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("summary", Text, nullable=False),
)

#: Who is meant in a finding: kept beside it, so that conflicts and neighbours are found by index.
parties: Final = Table(
    "parties",
    metadata,
    Column("finding_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("identity", Text, primary_key=True),
    Index("parties_by_identity", "kind", "identity"),
)

#: One act of a reviewer on a finding; rows are only ever added, `actions` is a JSON list.
steps: Final = Table(
    "steps",
    metadata,
    Column("finding_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("act", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("quality", Text, nullable=False),
    Column("allegation", Text, nullable=False),
    Column("actions", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Text, nullable=False),
    Index("steps_by_actor", "actor", "finding_id", "at"),
)

#: Where a finding stands: what its last step says, one row each, for the queue.
standings: Final = Table(
    "standings",
    metadata,
    Column("finding_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("assignee", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("quality", Text, nullable=False),
    Index("standings_by_state", "state"),
)

#: One person who may sign in; `operator_ids` is a JSON list, empty where nobody linked it yet.
accounts: Final = Table(
    "accounts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("operator_ids", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failed_at", Text, nullable=False),
)

#: One sign-in; the token itself is nowhere kept.
sessions: Final = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("form_token", Text, nullable=False),
    Column("opened", Text, nullable=False),
    Column("seen", Text, nullable=False),
)

#: The second factor of an account: the shared secret in base 32, and the number of the last
#: half-minute whose code was taken, so that none is taken twice; 0 until the first one was.
factors: Final = Table(
    "factors",
    metadata,
    Column("account", Text, primary_key=True),
    Column("secret", Text, nullable=False),
    Column("used", BigInteger, nullable=False),
)

#: Codes to sign in with when the device is lost: digests only, each good for once.
recoveries: Final = Table(
    "recoveries",
    metadata,
    Column("account", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
)

#: A list of the queue that somebody gave a name; `address` is the query of its page.
filters: Final = Table(
    "filters",
    metadata,
    Column("account", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("address", Text, nullable=False),
)

#: Until when an account may see the identities of a finding.
reveals: Final = Table(
    "reveals",
    metadata,
    Column("account", Text, primary_key=True),
    Column("finding_id", Text, primary_key=True),
    Column("until", Text, nullable=False),
)

#: One entry of the register of investigations; rows are only ever added, `finding_ids` is JSON.
investigations: Final = Table(
    "investigations",
    metadata,
    Column("investigation_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("act", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("operator_id", Text, nullable=False),
    Column("word", Text, nullable=False),
    Column("queries", BigInteger, nullable=False),
    Column("finding_ids", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("recorder", Text, nullable=False),
    Column("at", Text, nullable=False),
)
