"""The desk of one workspace: what pages and commands ask for, each look and act on record."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

import msgspec
from sqlalchemy import delete, insert, select

from auditwatch.core import clock
from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.engine.lake import Lake
from auditwatch.findings import journal, tables
from auditwatch.findings.database import Database
from auditwatch.findings.rows import read_evidence, read_finding
from auditwatch.ingest.context import read_context
from auditwatch.review import copies, decide
from auditwatch.review.bands import Profiles
from auditwatch.review.conflict import Circle, Ties
from auditwatch.review.evidence import Evidence, evidence_of, requesters_of
from auditwatch.review.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from types import TracebackType

    from sqlalchemy import Connection

    from auditwatch.config import Workspace
    from auditwatch.core.mask import Masker
    from auditwatch.findings.model import Finding, Piece
    from auditwatch.review.accounts import Account
    from auditwatch.review.decide import Act, Standing, Step

__all__ = ["Desk", "Seen"]

REVEAL: Final = timedelta(minutes=30)
REASON_LEAST: Final = 15
LOOKUPS_MOST: Final = 100


class Seen(msgspec.Struct, frozen=True):
    """A finding with everything that belongs to it.

    Parameters
    ----------
    finding : Finding
        As it stands.
    pieces : tuple of Piece
        Its evidence.
    evidence : Evidence
        Its latest lookups.
    standing : Standing
        Where it stands.
    steps : tuple of Step
        What reviewers did, oldest first.
    """

    finding: Finding
    pieces: tuple[Piece, ...]
    evidence: Evidence
    standing: Standing
    steps: tuple[Step, ...]


class Desk:
    """The findings of one workspace, as reviewers work on them; a context manager.

    Parameters
    ----------
    workspace : Workspace
        Whose findings they are.

    Raises
    ------
    ConfigError, LockedError, RefusedError, IntegrityError
        ``AW-STORE-001`` to ``-005``, as `database.Database` says.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.database = Database(workspace.database)
        self.lake = Lake(workspace.lake)
        self.vault = Vault(workspace.factor_key)
        self._tokens: tuple[tuple[str, ...], dict[str, tuple[str, str]]] | None = None
        self._ties: tuple[tuple[tuple[str, int], ...], Ties] | None = None
        self._profiles: tuple[tuple[str, ...], Profiles] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.database.close()

    @staticmethod
    def now() -> datetime:
        """Return the current instant in UTC."""
        return clock.now()

    @property
    def ties(self) -> Ties:
        """Who belongs together, by the roster and relations as they were last given."""
        files = {name: self.workspace.context / f"{name}.csv" for name in ("roster", "relations")}
        there = {name: path for name, path in files.items() if path.is_file()}
        stamp = tuple((name, path.stat().st_mtime_ns) for name, path in there.items())
        if self._ties is None or self._ties[0] != stamp:
            context = read_context(there, self.workspace.settings.agency.timezone)
            self._ties = (stamp, Ties.of(context))
        return self._ties[1]

    @property
    def profiles(self) -> Profiles:
        """Who looked at what, read anew after each scan."""
        tokens = self._tokens_of_nights()
        if self._profiles is None or self._profiles[0] != tokens:
            self._profiles = (tokens, Profiles(self.lake))
        return self._profiles[1]

    @property
    def tokens(self) -> Mapping[str, tuple[str, str]]:
        """Pseudonyms of whom findings mean, to kind and identity; read anew after each scan."""
        nights = self._tokens_of_nights()
        if self._tokens is None or self._tokens[0] != nights:
            masker, table = self.workspace.masker(), tables.parties
            query = select(table.c.kind, table.c.identity).distinct()
            with self.database.reading() as connection:
                rows = [(row[0], row[1]) for row in connection.execute(query)]
            self._tokens = (nights, {masker.name(*row): row for row in rows})
        return self._tokens[1]

    def circle(self, account: Account) -> Circle:
        """Return whom an account must not decide about."""
        return self.ties.circle(account.own)

    def seen(self, finding_id: str) -> Seen:
        """Return a finding with everything that belongs to it.

        Raises
        ------
        UsageError
            ``AW-FINDINGS-002`` when there is none of that id.
        """
        with self.database.reading() as connection:
            finding, pieces = _read(connection, finding_id)
            standing = decide.standing_of(connection, finding_id)
            steps = decide.steps_of(connection, finding_id)
        evidence = evidence_of(finding, self.lake, LOOKUPS_MOST)
        return Seen(finding, tuple(pieces), evidence, standing, tuple(steps))

    def look(self, account: Account, finding_id: str) -> Seen:
        """Return a finding to somebody who may see it; the journal tells of it first.

        Raises
        ------
        RefusedError
            ``AW-REVIEW-010`` the role may not; ``-011``, ``-012`` conflict.
        UsageError
            ``AW-FINDINGS-002`` when there is none of that id.
        """
        self.require(account, "findings")
        self._refuse_conflict(account, finding_id)
        self.note(account, "view", finding_id, "finding")
        return self.seen(finding_id)

    def act(self, account: Account, finding_id: str, act: Act) -> Step:
        """Move a finding, as `decide.decide` says; all or nothing."""
        with self.database.reading() as connection:
            finding, _ = _read(connection, finding_id)
        requesters = self._requesters(account, finding)
        with self.database.writing() as connection:
            finding, pieces = _read(connection, finding_id)
            matter = decide.Matter(finding, pieces, requesters, self.circle(account), self._key)
            return decide.decide(connection, matter, account, act, self.now())

    def reveal(self, account: Account, finding_id: str, reason: str) -> datetime:
        """Let an account see the identities of one finding for half an hour; return until when.

        Raises
        ------
        UsageError
            ``AW-REVIEW-017`` no reason.
        RefusedError
            ``AW-REVIEW-010`` to ``-012``, as `look`.
        """
        self.require(account, "reveal")
        _refuse_without_reason(reason)
        self._refuse_conflict(account, finding_id)
        until, table = self.now() + REVEAL, tables.reveals
        mine = (table.c.account == account.account, table.c.finding_id == finding_id)
        with self.database.writing() as connection:
            self._append(connection, account, "reveal", finding_id, reason.strip())
            connection.execute(delete(table).where(*mine))
            connection.execute(
                insert(table).values(
                    account=account.account, finding_id=finding_id, until=_text(until)
                )
            )
        return until

    def revealed_until(self, account: Account, finding_id: str) -> str:
        """Return until when an account sees the identities of a finding; empty when it does not."""
        table = tables.reveals
        query = select(table.c.until).where(
            table.c.account == account.account,
            table.c.finding_id == finding_id,
            table.c.until > _text(self.now()),
        )
        with self.database.reading() as connection:
            return connection.execute(query).scalar() or ""

    def masker(self, account: Account, finding_id: str) -> Masker:
        """Return what shows the identities of a finding to an account."""
        shown = bool(finding_id and self.revealed_until(account, finding_id))
        return self.workspace.masker(reveal=shown and account.may("reveal"))

    def behind(self, kind: str, token: str) -> str:
        """Return the operator or subject behind a pseudonym; empty when no finding has one.

        Parameters
        ----------
        kind : str
            ``operator`` or ``subject``.
        token : str
            As from `Masker.name`.
        """
        found = self.tokens.get(token, ("", ""))
        return found[1] if found[0] == kind else ""

    def copy(self, account: Account, finding_id: str, *, full: bool, reason: str) -> str:
        """Let somebody take a copy of the evidence away; return who agreed to a full one.

        Raises
        ------
        UsageError
            ``AW-REVIEW-017`` a full copy without a reason.
        RefusedError
            ``AW-REVIEW-010`` to ``-012``, as `look`; ``-041`` a second person has not agreed yet.
        """
        self.require(account, "reveal" if full else "findings")
        self._refuse_conflict(account, finding_id)
        if not full:
            self.note(account, copies.MADE, finding_id, "masked")
            return ""
        _refuse_without_reason(reason)
        with self.database.writing() as connection:
            told = journal.of_finding(connection, finding_id)
            second = copies.agreed_by(told, account.account, self.now())
            if second:
                detail = f"full, agreed by {second}: {reason.strip()}"
                self._append(connection, account, copies.MADE, finding_id, detail)
                return second
            copies.ask(connection, finding_id, account, reason.strip(), self.now())
        raise RefusedError(
            "a second person has to agree to a full copy; that you asked is on record",
            code="AW-REVIEW-041",
            where=finding_id,
            hint=f"a lead runs `auditwatch review agree {finding_id}`; then you run this again",
        )

    def agree(self, account: Account, finding_id: str, note: str, asker: str = "") -> str:
        """Agree, as the second person, to a full copy; return for whom.

        Raises
        ------
        UsageError
            ``AW-REVIEW-017`` no reason; ``-040`` nobody asked.
        RefusedError
            ``AW-REVIEW-010`` to ``-013``, as `act`.
        """
        self.require(account, "approve")
        self._refuse_conflict(account, finding_id)
        _refuse_without_reason(note)
        with self.database.writing() as connection:
            return copies.agree(connection, finding_id, account, note.strip(), self.now(), asker)

    def note(self, account: Account, action: str, finding_id: str = "", detail: str = "") -> None:
        """Write into the journal what somebody looks at, before it is shown."""
        with self.database.writing() as connection:
            self._append(connection, account, action, finding_id, detail)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection whose reads all see the same moment."""
        with self.database.reading() as connection:
            yield connection

    def require(self, account: Account, permission: str) -> None:
        """Refuse whoever lacks a permission.

        Raises
        ------
        RefusedError
            ``AW-REVIEW-010``.
        """
        if not account.may(permission):
            raise RefusedError(
                "your role may not do this",
                code="AW-REVIEW-010",
                where=f"{account.account} as {account.role}",
                expected=f"a role with the permission {permission}",
            )

    @property
    def _key(self) -> str:
        """The installation's secret."""
        return self.workspace.masker().key

    def _refuse_conflict(self, account: Account, finding_id: str) -> None:
        """Refuse whom a finding concerns; that somebody tried is on record."""
        with self.database.reading() as connection:
            finding, pieces = _read(connection, finding_id)
        requesters, circle = self._requesters(account, finding), self.circle(account)
        matter = decide.Matter(finding, pieces, requesters, circle, self._key)
        try:
            decide.refuse_conflict(account, matter)
        except RefusedError as error:
            self.note(account, "refused", finding_id, error.code)
            raise

    def _requesters(self, account: Account, finding: Finding) -> frozenset[str]:
        """Return for whom lookups were made, where the account may be one of them."""
        return requesters_of(finding, self.lake) if account.own else frozenset()

    def _tokens_of_nights(self) -> tuple[str, ...]:
        """Return what changes whenever something is scanned."""
        table = tables.nights
        with self.database.reading() as connection:
            return tuple(
                connection.execute(select(table.c.token).order_by(table.c.night)).scalars()
            )

    def _append(
        self, connection: Connection, account: Account, action: str, finding_id: str, detail: str
    ) -> None:
        """Write one line of the journal."""
        journal.append(
            connection,
            at=_text(self.now()),
            actor=account.account,
            action=action,
            finding_id=finding_id,
            detail=detail,
        )


def _read(connection: Connection, finding_id: str) -> tuple[Finding, list[Piece]]:
    """Return a finding and its evidence."""
    return read_finding(connection, finding_id), read_evidence(connection, finding_id)


def _refuse_without_reason(reason: str) -> None:
    """Refuse to show identities to somebody who does not say why."""
    if len(reason.strip()) < REASON_LEAST:
        raise UsageError(
            "identities are shown for a reason only",
            code="AW-REVIEW-017",
            expected=f"why you need them, in {REASON_LEAST} characters or more",
        )


def _text(at: datetime) -> str:
    """Return an instant as the tables have it."""
    return at.isoformat(timespec="seconds")
