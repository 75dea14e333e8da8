"""Of a case file: what spoke on which night, and the text of each rule as it ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.check.ruleset import load_rules
from auditwatch.core.errors import RuleError
from auditwatch.core.words import harmless
from auditwatch.report.document import Column, Section, Sentences, Table
from auditwatch.report.ruletext import rule_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.config import Workspace
    from auditwatch.findings.model import Piece
    from auditwatch.report.case import CaseMatter
    from auditwatch.report.document import Block
    from auditwatch.report.evidence import EvidenceMaker

__all__ = ["SENTENCE_MAX", "rules_section"]

SENTENCE_MAX: Final = 600


def rules_section(matter: CaseMatter, workspace: Workspace, maker: EvidenceMaker) -> Section:
    """Return what spoke, night by night, and the text of each rule."""
    pieces = [piece for one in matter.findings for piece in matter.pieces[one.finding_id]]
    columns = (
        Column("night", "Night", short=True),
        Column("source", "Kind"),
        Column("source_id", "Rule, statement or view"),
        Column("severity", "Severity"),
        Column("lookups", "Lookups", number=True),
        Column("says", "What it says", prose=True),
        Column("lifted_by", "Lifted by"),
    )
    rows = tuple(
        (
            one.night,
            one.source,
            harmless(one.source_id, 80),
            one.severity,
            one.lookups,
            maker.sentence(one.says, SENTENCE_MAX),
            one.suppressed_by,
        )
        for one in pieces
    )
    table = Table("evidence", "What spoke on which night", columns, rows)
    return Section("rules", "The rules as they ran", (table, *_texts(matter, pieces, workspace)))


def _texts(matter: CaseMatter, pieces: Sequence[Piece], workspace: Workspace) -> list[Block]:
    """Return the text of every rule that spoke, or say why it cannot be shown."""
    asked = {one.source_id for one in pieces if one.source in ("policy", "rule")}
    if not asked:
        return []
    try:
        ruleset = load_rules(workspace.rules)
    except RuleError as error:
        return [Sentences((f"The pack cannot be read today ({error.code}).",), "notice")]
    places = {one.rule_id: one.place for one in ruleset.rules}
    places |= {one.statement_id: one.place for one in ruleset.statements}
    versions = {one.rules_version for one in matter.findings}
    blocks: list[Block] = []
    if versions != {ruleset.version}:
        said = (
            "The pack has changed since the last of these nights was judged. The text below is of "
            f"today ({ruleset.version[:12]}), not as it ran ({', '.join(sorted(versions))[:60]})."
        )
        blocks.append(Sentences((said,), "notice"))
    columns = (Column("line", "Line"), Column("text", "Text"))
    for name in sorted(asked):
        if name not in places:
            blocks.append(Sentences((f"{name} is not in the pack any more.",), "notice"))
            continue
        file, start = places[name].split(":")[:2]
        lines = rule_text(workspace.rules, places[name])
        numbered = tuple((f"{int(start) + n}", one) for n, one in enumerate(lines))
        blocks.append(Table(f"rule {name}", f"{name}, {file}", columns, numbered))
    return blocks
