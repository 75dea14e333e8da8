"""Of a case file: the files it rests on, what was decided, and who has read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.core.words import harmless
from auditwatch.report.document import Column, Section, Table

if TYPE_CHECKING:
    from auditwatch.report.case import CaseMatter
    from auditwatch.report.document import Cell
    from auditwatch.report.evidence import EvidenceMaker

__all__ = ["NOTE_MAX", "decisions_section", "files_section", "readers_section"]

NOTE_MAX: Final = 4000
READ: Final = ("reveal", "view", "export", "copy-made")


def files_section(maker: EvidenceMaker) -> Section:
    """Return the files that the lookups stand in, so that anybody can look them up."""
    columns = (
        Column("file", "File"),
        Column("format", "Format"),
        Column("bytes", "Bytes", number=True),
        Column("lines", "Lines", number=True),
        Column("sha256", "SHA-256"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (harmless(one["name"], 120), one["format"], one["bytes"], one["lines"], one["source_id"])
        for one in sorted(maker.sources.values(), key=lambda one: one["name"])
    )
    return Section("files", "The files", (Table("files", "As delivered", columns, rows),))


def decisions_section(matter: CaseMatter, maker: EvidenceMaker) -> Section:
    """Return what was decided, by whom, and what the register has."""
    columns = (
        Column("at", "When", short=True),
        Column("about", "About", short=True),
        Column("who", "By"),
        Column("what", "Decision"),
        Column("note", "Note", prose=True),
    )
    decided = [
        (one.at, one.finding_id, one.reviewer, one.disposition, one.note)
        for own in matter.reviews.values()
        for one in own
    ]
    kept = [
        (
            one.at,
            one.investigation_id,
            one.recorder,
            " ".join(
                part
                for part in (one.act, one.word, maker.name("operator", one.operator_id), one.day)
                if part
            ),
            one.note,
        )
        for one in matter.entries
    ]
    rows = tuple(
        (maker.time(at), about, harmless(who, 80), what, maker.note(note, NOTE_MAX))
        for at, about, who, what, note in sorted([*decided, *kept])
    )
    table = Table("decisions", "Decisions and entries of the register, oldest first", columns, rows)
    return Section("decisions", "What was decided", (table,))


def readers_section(matter: CaseMatter, maker: EvidenceMaker) -> Section:
    """Return who saw identities of these findings before this copy was made."""
    columns = (
        Column("at", "When", short=True),
        Column("finding", "Finding", short=True),
        Column("who", "Who"),
        Column("what", "What"),
        Column("why", "Why", prose=True),
    )
    rows = tuple(
        (
            maker.time(one.at),
            one.finding_id,
            harmless(one.actor, 80),
            one.action,
            maker.note(one.detail, NOTE_MAX),
        )
        for one in matter.actions
        if one.action in READ
    )
    table = Table("readers", "Recorded before this copy was made", columns, rows)
    return Section("readers", "Who has read it", (table,))
