"""What pgAudit writes into a PostgreSQL log, whatever the container: one logged access a record.

Source of the payload's fields: pgAudit's README, section Format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from auditwatch.ingest.csvtext import Dialect, split_record
from auditwatch.ingest.sqlkey import record_key

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FIELDS", "MARK", "Line", "Sessions", "as_columns"]

MARK: Final = "AUDIT: "
FIELDS: Final = (
    "event_id",
    "event_time",
    "operator_id",
    "terminal",
    "system",
    "transaction",
    "subject_kind",
    "subject_id",
    "outcome",
)
PAYLOAD: Final = Dialect((9, 10), limit=1 << 30)
AS_BEFORE: Final = "<previously logged>"
COUNTED: Final = ("READ", "WRITE")
NUMBER: Final = re.compile(r"[0-9]{1,18}")  # as the server writes them: ASCII, 64 bits
PORT: Final = re.compile(r"^(.+?)(?::\d+|\(\d+\))$")

Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Line:
    """One log record around an audit message.

    Parameters
    ----------
    time : str
        As written.
    user, database, host, application : str
        Of the session; empty when the log does not say.
    session : str
        Session id; empty when the log does not say.
    number : str
        Number of the log line in its session; empty when the log does not say.
    message : str
        From ``AUDIT:`` on.
    """

    time: str
    user: str
    database: str
    host: str
    application: str
    session: str
    number: str
    message: str


@dataclass
class Sessions:
    """What must be remembered from one record to the next, by session."""

    numbers: dict[str, int] = field(default_factory=dict)
    statements: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def holes(self, session: str, number: str) -> Iterator[tuple[str, str]]:
        """Yield a gap when numbers of a session's log lines are missing.

        Parameters
        ----------
        session, number : str
            Of every log line that has them, audit or not.
        """
        if not session or not NUMBER.fullmatch(number):
            return
        last, now = self.numbers.get(session), int(number)
        self.numbers[session] = now
        if last is not None and now > last + 1:
            yield (
                "missing_lines",
                f"session {session}: log lines {last + 1} to {now - 1} are missing",
            )

    def row(self, line: Line) -> Row | None:
        """Return the values of `FIELDS` for one audit record; None when it cannot be read."""
        payload = line.message.removeprefix(MARK).encode("utf-8")
        parsed = split_record(payload, 0, PAYLOAD)
        if isinstance(parsed, str) or parsed[1] != len(payload):
            return None
        cells = [value.decode("utf-8") for value in parsed[0]]
        if len(cells) not in PAYLOAD.fields:
            return None
        _, statement, part, kind, command, object_type, object_name, text, values = cells[:9]
        text, values = self._resolved(line.session, statement, text, values)
        key = record_key(text, values, object_name)
        return (
            _event_id(line, statement, part),
            line.time,
            line.user,
            _terminal(line),
            line.database,
            f"{kind}.{command}",
            object_type,
            f"{object_name}#{key}" if key else object_name,
            _outcome(kind, cells[9] if len(cells) > 9 else ""),
        )

    def _resolved(self, session: str, statement: str, text: str, values: str) -> tuple[str, str]:
        """Return statement and parameters, from the record before when they stood there."""
        if text == AS_BEFORE:
            known = self.statements.get(session, ("", "", ""))
            return known[1:] if known[0] == statement else ("", "")
        self.statements[session] = (statement, text, values)
        return text, values


def _event_id(line: Line, statement: str, part: str) -> str | None:
    """Return the log's own id of a record: session, line in it, statement and its part."""
    if not line.session or not line.number:
        return None
    return f"{line.session}:{line.number}:{statement}:{part}"


def _terminal(line: Line) -> str:
    """Return host and application, which tell a client program from the agency's own."""
    found = PORT.match(line.host)
    host = found[1] if found and not line.host.startswith("[") else line.host
    return "/".join(part for part in (host, line.application) if part)


def _outcome(kind: str, rows: str) -> str | None:
    """Return whether rows came back or were touched, where the log counts them."""
    if kind not in COUNTED or not NUMBER.fullmatch(rows):
        return None
    return "no_record" if int(rows) == 0 else "hit"


def as_columns(rows: list[Row]) -> dict[str, pa.Array]:
    """Return rows as columns by field."""
    columns = zip(*rows, strict=True) if rows else [()] * len(FIELDS)
    return {
        name: pa.array(values, pa.string()) for name, values in zip(FIELDS, columns, strict=True)
    }
