"""What the sources of a night do not say, and which rules and views are blind for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check import needs_of
from auditwatch.core.fieldstates import WHY, read_field_states, unknown_fields
from auditwatch.core.redaction import MASK
from auditwatch.core.schema import SOURCES
from auditwatch.score import SEES, fields_of, views

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from auditwatch.check import Facts, Ruleset
    from auditwatch.core.fieldstates import FieldStates
    from auditwatch.engine.lake import Lake

__all__ = ["Blindness", "read_blindness"]

#: Sources named in one sentence; a year of drop-folder files may say the same.
NAMED_MAX: Final = 3
#: Without a column of case numbers every lookup is without one; that is no blindness of its own.
NOT_COUNTED: Final = (("case_id", "not_exported"),)


@dataclass(frozen=True)
class Blindness:
    """What the sources of a lake do not say.

    Parameters
    ----------
    names : mapping of str to str
        File name by source_id.
    states : mapping of str to mapping
        By source_id, the states of each field.
    """

    names: Mapping[str, str]
    states: Mapping[str, Mapping[str, FieldStates]]
    _unknown: dict[str, dict[str, str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        found = {source: unknown_fields(states) for source, states in self.states.items()}
        object.__setattr__(self, "_unknown", found)

    @property
    def unknown(self) -> dict[str, frozenset[str]]:
        """Fields that no lookup of a source tells, by source_id."""
        return {source: frozenset(fields) for source, fields in self._unknown.items()}

    @property
    def masked_subjects(self) -> frozenset[str]:
        """Sources in which some subjects are masked, or stand in tables without them."""
        return frozenset(
            source
            for source, states in self.states.items()
            if (told := states.get("subject_id")) and (told.count("masked") or told.lacking)
        )

    def blind_rules(
        self, rules: Ruleset, undecided: Collection[str], sources: Collection[str], facts: Facts
    ) -> dict[str, tuple[str, ...]]:
        """Return why each rule that could not decide some lookups could not.

        Parameters
        ----------
        rules : Ruleset
            What judged them.
        undecided : collection of str
            Ids of the rules.
        sources : collection of str
            The night's sources.
        facts : Facts
            With the context tables that were given.
        """
        found = {}
        for rule in rules.rules:
            if rule.rule_id in undecided:
                fields, tables = needs_of(rule.columns, facts)
                absent = (f"the table {one} was not given" for one in tables)
                found[rule.rule_id] = (*self._why(fields, sources), *absent)
        return found

    def blind_views(self, blind: Mapping[str, str], sources: Collection[str]) -> dict[str, str]:
        """Add what views cannot see in some sources to why they cannot see at all.

        Parameters
        ----------
        blind : mapping of str to str
            Views that see nothing with the context at hand, each with the reason.
        sources : collection of str
            The night's sources.
        """
        found = dict(blind)
        for view in views():
            fields = (*SEES, *fields_of(view))
            why = "; ".join(self._why(fields, sources, partly=False, but=NOT_COUNTED))
            if why:
                found.setdefault(view.NAME, f"{why}; lookups from there cannot be counted")
        return found

    def _why(
        self,
        fields: Collection[str],
        sources: Collection[str],
        *,
        partly: bool = True,
        but: Collection[tuple[str, str]] = (),
    ) -> Iterator[str]:
        """Yield a clause for each field and reason, with the sources that it holds for."""
        told: dict[str, list[str]] = {}
        for source in sorted(sources, key=lambda one: self.names.get(one, one)):
            for name in fields:
                why = self._unknown.get(source, {}).get(name, "")
                states = self.states.get(source, {}).get(name)
                words = WHY.get(why, _partly(states) if states and partly else "")
                if words and (name, why) not in but:
                    told.setdefault(f"{name} {words}", []).append(self.names.get(source, source))
        for clause, names in told.items():
            more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
            yield f"{clause} ({', '.join(names[:NAMED_MAX])}{more})"

    def seen_by_views(self, rows: pa.Table) -> pa.Table:
        """Return lookups with a mask for each case number that was overwritten in its source.

        Parameters
        ----------
        rows : pa.Table
            LOOKUPS.
        """
        written_over = [
            source
            for source, fields in self._unknown.items()
            if fields.get("case_id") == "overwritten"
        ]
        if not written_over:
            return rows
        of_these = pc.is_in(rows["source_id"].cast(pa.string()), pa.array(written_over))
        cases = pc.if_else(of_these, MASK, rows["case_id"].cast(pa.string()))
        place = rows.column_names.index("case_id")
        return rows.set_column(place, "case_id", cases)


def _partly(states: FieldStates) -> str:
    """Return what some records of a source do not tell of a field; nothing when all do."""
    if states.count("masked"):
        return "is masked in some records"
    return "is not exported for some records" if states.lacking else ""


def read_blindness(lake: Lake) -> Blindness:
    """Read what the sources of a lake do not say."""
    rows = lake.read(SOURCES, columns=["source_id", "name", "field_states"]).to_pylist()
    return Blindness(
        {row["source_id"]: row["name"] for row in rows},
        {row["source_id"]: read_field_states(row["field_states"]) for row in rows},
    )
