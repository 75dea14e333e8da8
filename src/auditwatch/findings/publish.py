"""Publishing: replace nights of evidence, then derive again whatever they touch."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import delete, insert, select

from auditwatch.core.errors import UsageError
from auditwatch.findings import reviews
from auditwatch.findings.derive import assemble, derive
from auditwatch.findings.rows import (
    finding_from,
    finding_row,
    party_rows,
    piece_from,
    piece_row,
)
from auditwatch.findings.tables import evidence, findings, nights, parties, runs, standings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from auditwatch.findings.model import Finding, NightResult, Piece, Review, Run

__all__ = ["publish"]

CHUNK: Final = 500  # values in one IN list; databases limit them

GONE: Final = (
    "Neither the present rules nor the present views produce this evidence any more; "
    "it is kept because it was reviewed."
)


def publish(connection: Connection, results: Sequence[NightResult], run: Run) -> None:
    """Publish nights within the caller's writing transaction, as `Store.publish` says.

    Raises
    ------
    UsageError
        ``AW-FINDINGS-008`` when a night comes twice.
    """
    names = [result.night for result in results]
    if len(set(names)) != len(names):
        raise UsageError("a night is published twice at once", code="AW-FINDINGS-008")
    touched = _touched(connection, names)
    _replace(connection, results, run)
    touched |= _touched(connection, names)
    columns = select(nights.c.night, nights.c.rules_version, nights.c.model_id)
    versions = {row[0]: (row[1], row[2]) for row in connection.execute(columns)}
    last = reviews.latest(connection)
    worked = set(connection.execute(select(standings.c.finding_id)).scalars()) | set(last)
    for part in _chunks(sorted(touched)):
        _rederive(connection, set(part), versions, last, worked)


def _touched(connection: Connection, names: Sequence[str]) -> set[str]:
    """Return the findings that have evidence on these nights."""
    found: set[str] = set()
    for part in _chunks(names):
        query = select(evidence.c.finding_id).where(evidence.c.night.in_(part)).distinct()
        found.update(connection.execute(query).scalars())
    return found


def _replace(connection: Connection, results: Sequence[NightResult], run: Run) -> None:
    """Put the new evidence in the place of the old."""
    for part in _chunks([result.night for result in results]):
        connection.execute(delete(evidence).where(evidence.c.night.in_(part)))
        connection.execute(delete(nights).where(nights.c.night.in_(part)))
    rows = [piece_row(piece) for result in results for piece in result.pieces]
    _insert(connection, evidence, rows)
    _insert(connection, nights, [_night_row(result, run) for result in results])
    connection.execute(delete(runs).where(runs.c.run_id == run.run_id))
    _insert(connection, runs, [asdict(run)])


def _night_row(result: NightResult, run: Run) -> dict[str, Any]:
    """Return a row of `nights`."""
    summary = msgspec.json.encode(result.summary, order="sorted").decode("utf-8")
    return {
        "night": result.night,
        "token": result.token,
        "rules_version": result.rules_version,
        "model_id": result.model_id,
        "run_id": run.run_id,
        "summary": summary,
    }


def _rederive(
    connection: Connection,
    touched: set[str],
    versions: Mapping[str, tuple[str, str]],
    last: Mapping[str, Review],
    worked: Collection[str],
) -> None:
    """Derive some findings from all their evidence."""
    assembled = assemble(_pieces(connection, touched))
    kept = [
        _gone(finding)
        for finding in _findings(connection, touched)
        if finding.finding_id in worked and finding.finding_id not in assembled
    ]
    for part in _chunks(sorted(touched)):
        connection.execute(delete(findings).where(findings.c.finding_id.in_(part)))
        connection.execute(delete(parties).where(parties.c.finding_id.in_(part)))
    derived = [derive(name, own, versions, last.get(name)) for name, own in assembled.items()]
    _insert(connection, findings, [finding_row(finding) for finding in (*derived, *kept)])
    _insert(connection, parties, [row for one in (*derived, *kept) for row in party_rows(one)])


def _pieces(connection: Connection, names: set[str]) -> list[Piece]:
    """Return all evidence of these findings."""
    found = []
    for part in _chunks(sorted(names)):
        rows = connection.execute(select(evidence).where(evidence.c.finding_id.in_(part)))
        found += [piece_from(row) for row in rows.mappings()]
    return found


def _findings(connection: Connection, names: set[str]) -> list[Finding]:
    """Return the present findings of these ids, in the order of the ids."""
    found = []
    for part in _chunks(sorted(names)):
        query = select(findings).where(findings.c.finding_id.in_(part))
        rows = connection.execute(query.order_by(findings.c.finding_id))
        found += [finding_from(row) for row in rows.mappings()]
    return found


def _gone(finding: Finding) -> Finding:
    """Mark a reviewed finding that nothing produces any more."""
    if finding.gone:
        return finding
    return replace(finding, gone=True, counter_evidence=(GONE, *finding.counter_evidence))


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows, if there are any."""
    if rows:
        connection.execute(insert(table), rows)


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield values in parts that fit an IN list."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
