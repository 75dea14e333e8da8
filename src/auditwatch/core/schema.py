"""Every table: name, columns, types, units, meaning. Rooms agree on these and on nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

__all__ = [
    "COUNTERS",
    "COUNT_NIGHTS",
    "DELIVERIES",
    "GAPS",
    "HITS",
    "HOURS",
    "LOOKUPS",
    "MARK_NIGHTS",
    "PAIR_NIGHTS",
    "REJECTS",
    "SOURCES",
    "SOURCE_FIELDS",
    "SURPRISES",
    "TABLES",
    "VERDICTS",
    "WORK_NIGHTS",
    "Column",
    "Table",
]

TEXT: Final = pa.string()
CODED: Final = pa.dictionary(pa.int32(), TEXT)
BYTES: Final = pa.binary()
WHOLE: Final = pa.int64()
REAL: Final = pa.float64()
INSTANT: Final = pa.timestamp("us", tz="UTC")
DAY: Final = pa.date32()


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        As it stands in files and rules.
    type : pa.DataType
        Storage type; text columns may arrive dictionary-encoded in memory.
    meaning : str
        One clause with the unit.
    repeats : bool
        Few distinct values: read and kept as a dictionary.
    """

    name: str
    type: pa.DataType
    meaning: str
    repeats: bool = False


@dataclass(frozen=True)
class Table:
    """A table: what one row is, and its columns in order."""

    name: str
    row: str
    columns: tuple[Column, ...]
    partition: str | None = None

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema with plain (not dictionary) types, in column order."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    @property
    def coded(self) -> pa.Schema:
        """Arrow schema with dictionaries for the columns that repeat, in column order."""
        return pa.schema([(one.name, CODED if one.repeats else one.type) for one in self.columns])

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def repeating(self) -> tuple[str, ...]:
        """Columns worth a dictionary in memory."""
        return tuple(column.name for column in self.columns if column.repeats)

    def empty(self) -> pa.Table:
        """Return a table of this schema without rows."""
        return self.schema.empty_table()


NIGHT: Final = Column("night", TEXT, "agency-local date of the lookup, ISO", repeats=True)

LOOKUPS: Final = Table(
    "lookups",
    "one accepted record of a source; a lookup is a record that heads itself",
    (
        Column(
            "event_id",
            TEXT,
            "the source's own id, else 20 digits of the sha256 of its fields:occurrence",
        ),
        Column(
            "event_time", INSTANT, "when the lookup was made; for date_only where its day begins"
        ),
        Column(
            "time_quality",
            TEXT,
            "exact, assumed_zone, ambiguous_fold, skewed, date_only",
            repeats=True,
        ),
        Column(
            "local_hour", WHOLE, "agency-local hour, 0-23; null where the source keeps days alone"
        ),
        Column("local_weekday", WHOLE, "agency-local weekday, 0 Monday - 6 Sunday"),
        NIGHT,
        Column("operator_id", TEXT, "who keyed it", repeats=True),
        Column("operator_role", TEXT, "declared role", repeats=True),
        Column("operator_unit", TEXT, "declared unit", repeats=True),
        Column("requester_id", TEXT, "for whom", repeats=True),
        Column("agency", TEXT, "ORI", repeats=True),
        Column("terminal", TEXT, "where it was keyed", repeats=True),
        Column("system", TEXT, "what was asked", repeats=True),
        Column("transaction", TEXT, "message key", repeats=True),
        Column("subject_kind", TEXT, "person, vehicle, property …", repeats=True),
        Column("subject_id", TEXT, "normalised key of who or what was looked up", repeats=True),
        Column("subject_name", TEXT, "as given", repeats=True),
        Column("purpose", TEXT, "declared code, upper case", repeats=True),
        Column("reason", TEXT, "declared free text as given", repeats=True),
        Column("reason_norm", TEXT, "NFKC, lower case, spaces folded", repeats=True),
        Column("case_id", TEXT, "case or incident number, normalised", repeats=True),
        Column("outcome", TEXT, "hit, no_record, error, denied", repeats=True),
        Column("origin", TEXT, "manual, cascade, hotlist, batch", repeats=True),
        Column("lookup_id", TEXT, "event_id of the record that heads its cascade; itself if none"),
        Column("source_id", TEXT, "sha256 of the source's bytes", repeats=True),
        Column(
            "line",
            WHOLE,
            "first physical line in the source, from 1; in documents the number of the piece",
        ),
        Column("byte_start", WHOLE, "first byte in the (unzipped) source"),
        Column("byte_end", WHOLE, "byte after the last"),
    ),
    partition="night",
)

#: What a source may supply, by canonical name; the rest of LOOKUPS is computed.
SOURCE_FIELDS: Final = (
    "event_id",
    "event_time",
    "operator_id",
    "operator_role",
    "operator_unit",
    "requester_id",
    "agency",
    "terminal",
    "system",
    "transaction",
    "subject_kind",
    "subject_id",
    "subject_name",
    "purpose",
    "reason",
    "case_id",
    "outcome",
    "origin",
)

REJECTS: Final = Table(
    "rejects",
    "one refused record",
    (
        Column("source_id", TEXT, "sha256 of the source's bytes", repeats=True),
        Column("line", WHOLE, "first physical line, from 1"),
        Column("lines", WHOLE, "physical lines it spans"),
        Column("byte_start", WHOLE, "first byte"),
        Column("byte_end", WHOLE, "byte after the last"),
        Column("reason_code", TEXT, "why, a stable word", repeats=True),
        Column("excerpt_sha256", TEXT, "hash of its bytes; empty in a binary container"),
        Column("excerpt", BYTES, "its first 4,096 bytes as they stood; shown only when revealed"),
    ),
)

GAPS: Final = Table(
    "gaps",
    "one hole in the evidence",
    (
        Column("source_id", TEXT, "sha256 of the source's bytes", repeats=True),
        Column("night", TEXT, "agency-local date it concerns; empty if none", repeats=True),
        Column("kind", TEXT, "missing_number, shrunk_file, masked_values …", repeats=True),
        Column("detail", TEXT, "one plain sentence with its numbers"),
    ),
)

SOURCES: Final = Table(
    "sources",
    "one file that was read",
    (
        Column("source_id", TEXT, "sha256 of its bytes as delivered"),
        Column("name", TEXT, "file name without its folder"),
        Column("format", TEXT, "which reader took it"),
        Column("bytes", WHOLE, "size as delivered"),
        Column("lines", WHOLE, "physical lines = the next five added up"),
        Column("accepted", WHOLE, "lines of accepted records"),
        Column("rejected", WHOLE, "lines of refused records"),
        Column("blank", WHOLE, "empty lines"),
        Column("header", WHOLE, "header and comment lines, records that are no lookups"),
        Column("duplicate", WHOLE, "lines of records whose own id was read before"),
        Column("records", WHOLE, "accepted records"),
        Column("lookups", WHOLE, "accepted records that head themselves"),
        Column("first_time", INSTANT, "earliest event_time; null when none"),
        Column("last_time", INSTANT, "latest event_time; null when none"),
        Column("first_night", TEXT, "earliest night; empty when none"),
        Column("last_night", TEXT, "latest night; empty when none"),
        Column(
            "field_states",
            TEXT,
            "JSON: canonical field, local_hour -> not_exported, exported (one constant of the "
            "mapping), or its records by state (value, empty, masked, placeholder, not_exported "
            "in a table without the column), masks, one_value",
        ),
    ),
)

DELIVERIES: Final = Table(
    "deliveries",
    "one file that came from a source of the settings",
    (
        Column("source_id", TEXT, "sha256 of its bytes as delivered"),
        Column("source", TEXT, "name of the source in the settings", repeats=True),
    ),
)

HOURS: Final = Table(
    "hours",
    "one system of one source in one hour: what silence is measured against",
    (
        NIGHT,
        Column("source", TEXT, "name in the settings; empty for files named by hand", repeats=True),
        Column("system", TEXT, "what was asked; empty when not told", repeats=True),
        Column("hour", INSTANT, "when it began"),
        Column("lookups", WHOLE, "lookups that a person made in it"),
    ),
    partition="night",
)

COUNTERS: Final = Table(
    "counters",
    "what one counter of a source's own ids came to on one night",
    (
        NIGHT,
        Column("source", TEXT, "name in the settings; empty for files named by hand", repeats=True),
        Column("stem", TEXT, "the id without its number"),
        Column("highest", WHOLE, "highest number"),
        Column("steps", WHOLE, "pairs of neighbouring numbers"),
        Column("ones", WHOLE, "of these: without a hole between them"),
        Column("event_id", TEXT, "the record with the highest number"),
        Column("event_time", INSTANT, "its time"),
        Column("source_id", TEXT, "the file it stands in", repeats=True),
        Column("line", WHOLE, "its line there"),
    ),
    partition="night",
)

VERDICTS: Final = Table(
    "verdicts",
    "what the policy says of one lookup",
    (
        Column("event_id", TEXT, "the lookup"),
        NIGHT,
        Column(
            "verdict",
            TEXT,
            "forbidden, cannot_decide, permitted, permitted_by_exception, justification_missing, "
            "unknown_purpose, no_purpose, not_permitted",
            repeats=True,
        ),
        Column("statement_id", TEXT, "permit or forbid that decided or came nearest", repeats=True),
        Column("story", TEXT, "gathered by: pair, subject, operator, unit, agency", repeats=True),
        Column("severity", TEXT, "informational, low, medium, high, critical", repeats=True),
        Column("missing", TEXT, "which field or clause was missing; empty if none", repeats=True),
        Column("says", TEXT, "the statement's plain sentence", repeats=True),
        Column("place", TEXT, "file:line of the statement", repeats=True),
        Column("suppressed_by", TEXT, "exception that lifts it; empty if none", repeats=True),
        Column("lifted", TEXT, "verdict without that exception; empty if none", repeats=True),
    ),
    partition="night",
)

HITS: Final = Table(
    "hits",
    "one rule on one lookup",
    (
        Column("event_id", TEXT, "the lookup"),
        NIGHT,
        Column("rule_id", TEXT, "id of the rule", repeats=True),
        Column("title", TEXT, "its title", repeats=True),
        Column("story", TEXT, "gathered by: pair, subject, operator, unit, agency", repeats=True),
        Column("severity", TEXT, "informational, low, medium, high, critical", repeats=True),
        Column("says", TEXT, "why, in one plain sentence filled from the lookup"),
        Column("innocent", TEXT, "what else it may be: the rule's false positives", repeats=True),
        Column("place", TEXT, "file:line of the rule", repeats=True),
        Column("suppressed_by", TEXT, "exception that lifts it; empty if none", repeats=True),
    ),
    partition="night",
)

PAIR_NIGHTS: Final = Table(
    "profiles",
    "one operator and one subject on one night: additive, so that later nights need no lookups",
    (
        NIGHT,
        Column("night_number", WHOLE, "days since 1970-01-01 of the night"),
        Column("operator_id", TEXT, "who", repeats=True),
        Column("operator_role", TEXT, "role that night, least in sort order", repeats=True),
        Column("operator_unit", TEXT, "unit that night, least in sort order", repeats=True),
        Column("subject_id", TEXT, "whom or what", repeats=True),
        Column("lookups", WHOLE, "lookups that night"),
        Column(
            "explained",
            WHOLE,
            "of these: a case that checks out explains them, or a mask hides the case",
        ),
        Column(
            "settled",
            WHOLE,
            "of these: a case that was closed by then lists the subject, and the operator worked "
            "on it or cites it",
        ),
        Column("numbered", WHOLE, "of these: a case number was typed in, checked or not"),
        Column("number", TEXT, "the number typed in, least in sort order; null if none"),
        Column("rushed", WHOLE, "of these: in a rush of three operators or more within two hours"),
    ),
    partition="night",
)

MARK_NIGHTS: Final = Table(
    "marks",
    "lookups that one view takes for odd in themselves, by operator and subject on one night",
    (
        NIGHT,
        Column("night_number", WHOLE, "days since 1970-01-01 of the night"),
        Column("operator_id", TEXT, "who", repeats=True),
        Column("subject_id", TEXT, "whom or what", repeats=True),
        Column("mark", TEXT, "which view marked them", repeats=True),
        Column("value", TEXT, "terminal, case number …; empty where there is none", repeats=True),
        Column("lookups", WHOLE, "lookups so marked"),
    ),
    partition="night",
)

WORK_NIGHTS: Final = Table(
    "work",
    "all that one operator did on one night, so that later nights need not read it row by row",
    (
        NIGHT,
        Column("night_number", WHOLE, "days since 1970-01-01 of the night"),
        Column("operator_id", TEXT, "who", repeats=True),
        Column("role", TEXT, "role that night, least in sort order", repeats=True),
        Column("unit", TEXT, "unit that night, least in sort order", repeats=True),
        Column("days", WHOLE, "subjects looked at"),
        Column("bare_days", WHOLE, "of these: without a case that explains it"),
        Column("again_days", WHOLE, "of these: met without a case not long before, too"),
        Column("cold_days", WHOLE, "without a case: no other operator met them in 14 nights"),
        *(
            Column(f"{name}_{place}", WHOLE, f"{name}_days by how well known the subject is")
            for place in range(4)
            for name in ("bare", "again")
        ),
        Column("basis", TEXT, "digest of what was counted, and how", repeats=True),
    ),
    partition="night",
)

COUNT_NIGHTS: Final = Table(
    "counts",
    "one unit of one view on one night: what later nights are calibrated against",
    (
        NIGHT,
        Column("view", TEXT, "pair, tie, burst, harvest …", repeats=True),
        Column("tail", TEXT, "negative_binomial or beta_binomial", repeats=True),
        Column("night_number", WHOLE, "days since 1970-01-01 of the night"),
        Column("operator_id", TEXT, "the operator; null when the unit is a subject", repeats=True),
        Column("subject_id", TEXT, "the subject; null when the unit is an operator", repeats=True),
        Column("role", TEXT, "role that night; null for silent units", repeats=True),
        Column("unit", TEXT, "unit that night; null for silent units", repeats=True),
        Column("kind", TEXT, "which of the view's counts", repeats=True),
        Column("window", WHOLE, "nights"),
        Column("observed", WHOLE, "count in the window"),
        Column("least", WHOLE, "a smaller count is no story"),
        Column("exposure", WHOLE, "what the count is out of"),
        Column("base", REAL, "base expectation of a negative binomial"),
        Column("own_observed", WHOLE, "count of the operator's own history"),
        Column("own_exposure", WHOLE, "what that is out of"),
        Column("weight", REAL, "units that the row stands for"),
        Column("operators", WHOLE, "operators active that night"),
        Column("basis", TEXT, "digest of what was counted, and how", repeats=True),
    ),
    partition="night",
)

SURPRISES: Final = Table(
    "surprises",
    "one unit of one view on one night that came out above the reporting floor",
    (
        NIGHT,
        Column("view", TEXT, "pair, tie, burst, harvest …", repeats=True),
        Column("story", TEXT, "what one finding gathers: pair, operator, subject", repeats=True),
        Column("operator_id", TEXT, "the operator; empty when the unit is a subject", repeats=True),
        Column("subject_id", TEXT, "the subject; empty when the unit is an operator", repeats=True),
        Column("observed", WHOLE, "count in the window"),
        Column("expected_milli", WHOLE, "expected count x 1000"),
        Column("exposure", WHOLE, "what the count is out of, in the view's own unit"),
        Column("surprise_milli", WHOLE, "calibrated -log10 tail probability x 1000"),
        Column("since", TEXT, "first night of the evidence, ISO"),
        Column("title", TEXT, "what happened, in one plain line; identities marked"),
        Column("says", TEXT, "the tail statement in a plain sentence with its numbers"),
        Column("against", TEXT, "counter-evidence in plain sentences joined by newline"),
        Column("event_ids", TEXT, "lookups of the evidence, sorted, joined by newline"),
    ),
    partition="night",
)

TABLES: Final = {
    table.name: table
    for table in (
        LOOKUPS,
        REJECTS,
        GAPS,
        SOURCES,
        DELIVERIES,
        HOURS,
        COUNTERS,
        VERDICTS,
        HITS,
        PAIR_NIGHTS,
        MARK_NIGHTS,
        WORK_NIGHTS,
        COUNT_NIGHTS,
        SURPRISES,
    )
}
