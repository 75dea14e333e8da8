"""The findings store: publish nights in one transaction, read the queue, decide on the record."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
from sqlalchemy import func, select

from auditwatch.core import clock
from auditwatch.core.errors import UsageError
from auditwatch.findings import investigations, journal, publish, reviews, steps, tables
from auditwatch.findings.database import Database
from auditwatch.findings.escalations import escalated
from auditwatch.findings.model import NightSummary
from auditwatch.findings.rows import (
    finding_from,
    piece_from,
    read_decided,
    read_evidence,
    read_finding,
)
from auditwatch.findings.sentences import lookups_behind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path
    from types import TracebackType
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection, Row

    from auditwatch.findings.investigations import Entry
    from auditwatch.findings.journal import Action, Chain
from auditwatch.findings.model import Finding, NightResult, Piece, Review, Run

__all__ = ["PublishedNight", "Store"]

LAST_DAY: Final = "9999-12-31"


class PublishedNight(msgspec.Struct, frozen=True):
    """One night as it was published.

    Parameters
    ----------
    night, token, rules_version, model_id, run_id : str
        As given to `Store.publish`.
    summary : NightSummary
        Its counts.
    new, grown : tuple of str
        Findings whose first evidence is of this night, and findings that had some before.
    """

    night: str
    token: str
    rules_version: str
    model_id: str
    run_id: str
    summary: NightSummary
    new: tuple[str, ...]
    grown: tuple[str, ...]


class Store:
    """Findings of one workspace; use as a context manager or call `close`.

    Parameters
    ----------
    place : Path or str
        File of an SQLite database (made when missing), or an SQLAlchemy URL.
    wait_seconds : float
        How long a writer waits for another process.

    Raises
    ------
    ConfigError, LockedError, RefusedError, IntegrityError
        ``AW-STORE-001`` to ``-005``, as `database.Database` says.
    """

    def __init__(self, place: Path | str, wait_seconds: float = 30.0) -> None:
        self._database = Database(place, wait_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back all connections."""
        self._database.close()

    def publish(self, results: Sequence[NightResult], run: Run) -> None:
        """Replace the evidence of these nights and re-derive every finding it touches.

        Parameters
        ----------
        results : sequence of NightResult
            Each night at most once; a night that was published before is replaced.
        run : Run
            Which start of the program this is.

        Notes
        -----
        One transaction: after a crash anywhere the findings are those of before. A finding is a
        function of all its evidence, so the order of nights and repeats change nothing. A finding
        that loses all its evidence goes, unless it was reviewed: then it stays and says so.
        """
        with self._database.writing() as connection:
            publish.publish(connection, results, run)

    def findings(
        self,
        *,
        statuses: Sequence[str] = (),
        kinds: Sequence[str] = (),
        night: str | None = None,
        limit: int | None = None,
    ) -> list[Finding]:
        """Return findings in priority order: priority, then the latest lookup, then the id.

        Parameters
        ----------
        statuses, kinds : sequence of str, optional
            Only these; all when empty.
        night : str, optional
            Only findings with evidence of this night, ISO.
        limit : int, optional
            At most so many.
        """
        table = tables.findings
        query = select(table).order_by(
            table.c.priority.desc(), table.c.last_seen.desc(), table.c.finding_id
        )
        if statuses:
            query = query.where(table.c.status.in_(list(statuses)))
        if kinds:
            query = query.where(table.c.kind.in_(list(kinds)))
        if night is not None:
            touched = select(tables.evidence.c.finding_id).where(tables.evidence.c.night == night)
            query = query.where(table.c.finding_id.in_(touched))
        with self._database.reading() as connection:
            rows = connection.execute(query.limit(limit) if limit is not None else query)
            return [finding_from(row) for row in rows.mappings()]

    def finding(self, finding_id: str) -> Finding:
        """Return one finding.

        Raises
        ------
        UsageError
            ``AW-FINDINGS-002`` when there is none of that id.
        """
        with self._database.reading() as connection:
            return read_finding(connection, finding_id)

    def evidence(self, finding_id: str) -> list[Piece]:
        """Return the evidence of a finding, night by night."""
        with self._database.reading() as connection:
            return read_evidence(connection, finding_id)

    def pieces(self) -> list[Piece]:
        """Return the evidence of all findings, night by night."""
        table = tables.evidence
        place = (table.c.night, table.c.finding_id)
        order = (*place, table.c.source, table.c.source_id, table.c.suppressed_by)
        with self._database.reading() as connection:
            rows = connection.execute(select(table).order_by(*order))
            return [piece_from(row) for row in rows.mappings()]

    def surprises(self, first: str = "", last: str = LAST_DAY) -> dict[str, int]:
        """Return the strongest surprise of each finding that a pattern speaks for.

        Parameters
        ----------
        first, last : str
            ISO dates: only what was surprising on these nights and between.
        """
        table = tables.evidence
        strongest = func.max(table.c.surprise_milli)
        query = select(table.c.finding_id, strongest).where(
            table.c.source == "pattern", table.c.night.between(first, last)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.group_by(table.c.finding_id))
            return {name: value for name, value in rows if value}

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many findings there are of each (kind, status)."""
        kind, status = tables.findings.c.kind, tables.findings.c.status
        query = select(kind, status, func.count()).group_by(kind, status).order_by(kind, status)
        with self._database.reading() as connection:
            return {(row[0], row[1]): row[2] for row in connection.execute(query)}

    def reviews(self, finding_id: str) -> list[Review]:
        """Return all reviews of a finding, oldest first."""
        with self._database.reading() as connection:
            return reviews.history(connection, finding_id)

    def dispositions(self) -> dict[str, str]:
        """Return the decision that stands on each finding that has one."""
        with self._database.reading() as connection:
            last = reviews.latest(connection)
        return {
            name: review.disposition
            for name, review in last.items()
            if review.disposition != "withdrawn"
        }

    def in_hand(self) -> set[str]:
        """Return the findings that wait for a second person or an answer, or are investigated."""
        states = tables.standings.c.state.in_(("waiting", "proposed", "escalated"))
        with self._database.reading() as connection:
            return set(connection.scalars(select(tables.standings.c.finding_id).where(states)))

    def reveal(self, reviewer: str, reason: str, finding_id: str = "") -> Action:
        """Record that identities were shown to someone; call it before showing them.

        Parameters
        ----------
        reviewer : str
            Who sees them.
        reason : str
            Why; not empty.
        finding_id : str
            Of which finding; empty when of several.

        Raises
        ------
        UsageError
            ``AW-FINDINGS-004`` no reviewer or no reason.
        """
        with self._database.writing() as connection:
            return reviews.reveal(connection, reviewer, reason, finding_id)

    def retried(self, actor: str, detail: str) -> Action:
        """Record that refused records of a source were read again, and what came of it."""
        with self._database.writing() as connection:
            return journal.append(
                connection,
                at=clock.now().astimezone(UTC).isoformat(timespec="seconds"),
                actor=actor,
                action="retry",
                finding_id="",
                detail=detail,
            )

    def reviewed(
        self, weighed: Collection[str]
    ) -> tuple[list[tuple[Finding, Review, list[Piece]]], list[tuple[str, Review]]]:
        """Return what was decided in some way, and (status, review) of whatever was decided.

        Parameters
        ----------
        weighed : collection of str
            Dispositions: findings whose standing decision is one of these come whole, with the
            decision and their evidence. Most are not, and are not worth reading.
        """
        table = tables.findings
        with self._database.reading() as connection:
            last = reviews.latest(connection)
            found, evidence = read_decided(connection, weighed)
            decided = select(tables.reviews.c.finding_id)
            query = select(table.c.finding_id, table.c.status)
            rows = connection.execute(query.where(table.c.finding_id.in_(decided)))
            status = {row[0]: row[1] for row in rows}
        standing = [one for _, one in sorted(last.items()) if one.disposition != "withdrawn"]
        whole = [
            (found[one.finding_id], one, evidence.get(one.finding_id, []))
            for one in standing
            if one.disposition in weighed
        ]
        return whole, [(status[one.finding_id], one) for one in standing]

    def spoke(self, first: str, last: str) -> list[tuple[str, str, int, int]]:
        """Return (night, rule or view, findings, lookups) of what spoke from one night to another.

        Gaps are left out.
        """
        table = tables.evidence
        query = (
            select(
                table.c.night,
                table.c.source_id,
                func.count(table.c.finding_id.distinct()),
                func.sum(table.c.lookups),
            )
            .where(table.c.night.between(first, last), table.c.source != "gap")
            .group_by(table.c.night, table.c.source_id)
            .order_by(table.c.night, table.c.source_id)
        )
        with self._database.reading() as connection:
            return [(row[0], row[1], row[2], int(row[3])) for row in connection.execute(query)]

    def decided_rules(self) -> list[tuple[str, Review]]:
        """Return the decisions that stand, each with the strongest rule of its finding."""
        table = tables.findings
        with self._database.reading() as connection:
            last = reviews.latest(connection)
            rules = dict(connection.execute(select(table.c.finding_id, table.c.rule_id)).all())
        return [
            (rules[name], review)
            for name, review in sorted(last.items())
            if review.disposition != "withdrawn"
        ]

    def investigate(self, entries: Sequence[Entry]) -> list[Entry]:
        """Append entries to the register of investigations: all of them or none.

        Raises
        ------
        UsageError, RefusedError
            As `investigations.record`.
        """
        with self._database.writing() as connection:
            return [investigations.record(connection, entry) for entry in entries]

    def register(self, zone: ZoneInfo) -> list[Entry]:
        """Return the register with the escalations of the desk that no entry of it took in.

        Parameters
        ----------
        zone : ZoneInfo
            The agency's clock.

        Returns
        -------
        list of Entry
            Investigation by investigation, oldest first.
        """
        with self._database.reading() as connection:
            kept = investigations.every(connection)
            taken = {name for one in kept for name in (one.investigation_id, *one.finding_ids)}

            def about(name: str) -> tuple[tuple[str, ...], int]:
                finding = read_finding(connection, name)
                pieces = read_evidence(connection, name)
                lookups = lookups_behind(pieces) if pieces else len(finding.event_ids)
                return finding.operator_ids, lookups

            derived = escalated(steps.of_escalated(connection), taken, about, zone)
        return sorted([*kept, *derived], key=lambda one: (one.investigation_id, one.number))

    def investigations(self) -> list[Entry]:
        """Return what was written into the register, by investigation, oldest first."""
        with self._database.reading() as connection:
            return investigations.every(connection)

    def told(self, actor: str, action: str, detail: str, finding_id: str = "") -> Action:
        """Record what a person made or filed; `action` is one word such as ``file``."""
        with self._database.writing() as connection:
            return journal.append(
                connection,
                at=clock.now().astimezone(UTC).isoformat(timespec="seconds"),
                actor=actor,
                action=action,
                finding_id=finding_id,
                detail=detail,
            )

    def actions(self, finding_ids: Sequence[str]) -> list[Action]:
        """Return what people did with some findings, in order."""
        with self._database.reading() as connection:
            found = [one for name in finding_ids for one in journal.of_finding(connection, name)]
        return sorted(found, key=lambda one: one.number)

    def filed(self) -> list[Action]:
        """Return what was filed, in order."""
        with self._database.reading() as connection:
            return journal.of_action(connection, "file")

    def journal(self) -> list[Action]:
        """Return all actions in order."""
        with self._database.reading() as connection:
            return journal.read(connection)

    def journal_head(self) -> str:
        """Return the digest of the last action: keep it elsewhere to notice a rewritten journal."""
        with self._database.reading() as connection:
            return journal.head(connection)

    def unjournaled_reviews(self) -> list[str]:
        """Return the findings whose reviews are not, one by one, what the journal says of them."""
        said: dict[str, list[tuple[str, str, str]]] = {}
        kept: dict[str, list[tuple[str, str, str]]] = {}
        with self._database.reading() as connection:
            for action in journal.of_action(connection, "decide"):
                entry = (action.at, action.actor, action.detail)
                said.setdefault(action.finding_id, []).append(entry)
            for review in reviews.every(connection):
                entry = (review.at, review.reviewer, f"{review.disposition}: {review.note}")
                kept.setdefault(review.finding_id, []).append(entry)
        return sorted(
            name for name in said.keys() | kept.keys() if said.get(name) != kept.get(name)
        )

    def unjournaled_investigations(self) -> list[str]:
        """Return the investigations whose entries are not what the journal has the digests of."""
        with self._database.reading() as connection:
            said = {one.detail for one in journal.of_action(connection, "investigate")}
            entries = investigations.every(connection)
        kept = {investigations.said(one): one.investigation_id for one in entries}
        names = {kept[detail] for detail in kept.keys() - said}
        return sorted(names | {detail.partition(" ")[0] for detail in said - kept.keys()})

    def journal_chain(self, sought: str = "") -> Chain:
        """Return what a walk along the journal finds, as `journal.walk` says."""
        with self._database.reading() as connection:
            return journal.walk(connection, sought)

    def broken_journal_row(self) -> int | None:
        """Return the number of the first journal row that was changed; None when all are sound."""
        return self.journal_chain().broken

    def night_tokens(self) -> dict[str, str]:
        """Return the token of each published night, in order."""
        table = tables.nights
        with self._database.reading() as connection:
            rows = connection.execute(select(table.c.night, table.c.token).order_by(table.c.night))
            return {row.night: row.token for row in rows}

    def night_rules(self) -> dict[str, str]:
        """Return the rules_version that judged each published night, in order."""
        table = tables.nights
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table.c.night, table.c.rules_version).order_by(table.c.night)
            )
            return {row.night: row.rules_version for row in rows}

    def night(self, night: str) -> PublishedNight:
        """Return one published night with what it brought.

        Raises
        ------
        UsageError
            ``AW-FINDINGS-007`` when it was not published.
        """
        with self._database.reading() as connection:
            row = _published(connection, night)
            firsts = _first_nights(connection, night)
        summary = msgspec.json.decode(row.summary, type=NightSummary)
        new = tuple(name for name, first in firsts if first == night)
        grown = tuple(name for name, first in firsts if first != night)
        return PublishedNight(
            night, row.token, row.rules_version, row.model_id, row.run_id, summary, new, grown
        )

    def summary(self, night: str) -> NightSummary:
        """Return the counts of one published night, without the findings that it brought.

        Raises
        ------
        UsageError
            ``AW-FINDINGS-007`` when it was not published.
        """
        with self._database.reading() as connection:
            row = _published(connection, night)
        return msgspec.json.decode(row.summary, type=NightSummary)


def _published(connection: Connection, night: str) -> Row[Any]:
    """Return the row of a published night, or refuse."""
    table = tables.nights
    row = connection.execute(select(table).where(table.c.night == night)).first()
    if row is None:
        raise UsageError(
            "this night was not scanned",
            code="AW-FINDINGS-007",
            where=night[:40],
            expected="a night that was scanned, such as 2026-03-14",
            hint="scan it first: auditwatch scan",
        )
    return row


def _first_nights(connection: Connection, night: str) -> list[tuple[str, str]]:
    """Return (finding, its first night) of every finding with evidence of a night."""
    table = tables.evidence
    touched = select(table.c.finding_id).where(table.c.night == night)
    rows = connection.execute(
        select(table.c.finding_id, func.min(table.c.night))
        .where(table.c.finding_id.in_(touched))
        .group_by(table.c.finding_id)
        .order_by(table.c.finding_id)
    )
    return [(row[0], row[1]) for row in rows]
