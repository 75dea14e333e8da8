"""Facts of who keyed it: unit, role, standing, and what ties the operator to the subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.coded import Coded, code_texts
from auditwatch.check.fact_codes import YES_NO, all_unknown, night_days, positions
from auditwatch.check.facts import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns
    from auditwatch.check.fact_codes import Positions
    from auditwatch.check.facts import Relations, Roster

__all__ = [
    "known_operator",
    "operator_on_roster",
    "operator_separated",
    "operator_suspended",
    "owner",
    "requester_on_roster",
    "role",
    "subject_relation",
    "training_lapsed",
    "unit",
]

RELATIONS: Final = ("none", "self", "household", "own_vehicle", "colleague", "colleague_vehicle")


def _declared_or_roster(columns: Columns, declared: str, rostered: str) -> Coded:
    """Return what the trail declares, else what the roster says of the operator."""
    column = columns.coded(declared)
    values = column.values.cast(pa.string())
    roster = columns.facts.roster
    codes = np.where(column.codes < column.absent, column.codes, np.int32(-1))
    if roster is not None and (codes < 0).any():
        known = getattr(roster, rostered)
        people = positions(columns, "operator_id", roster.operators)
        listed = np.asarray(known.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
        fill = (codes < 0) & (people >= 0) & np.append(listed, False)[people]
        codes = np.where(fill, len(values) + people, codes)
        values = pa.concat_arrays([values, pc.fill_null(known, "")])
    distinct = values.dictionary_encode()
    places = distinct.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    unknown = np.int32(len(distinct.dictionary) + 1)
    return Coded(np.append(places, unknown)[codes], distinct.dictionary)


def unit(columns: Columns) -> Coded:
    """Return the operator's unit."""
    return _declared_or_roster(columns, "operator_unit", "units")


def role(columns: Columns) -> Coded:
    """Return the operator's role."""
    return _declared_or_roster(columns, "operator_role", "roles")


def owner(columns: Columns) -> Coded:
    """Return the registered owner of each row's vehicle; unknown where there is none."""
    owners = columns.facts.owners
    if owners is None:
        return all_unknown(columns)
    # the owners of a whole state are looked up once for each vehicle that a batch has
    column, places = columns.coded("subject_id"), dict[str | None, int]({None: -1})
    names = (owners.owner_of.get(text) for text in column.texts())
    table = np.array([*(places.setdefault(n, len(places) - 1) for n in names), -1, -1])
    return code_texts(table[column.codes], [name for name in places if name is not None])


def subject_relation(columns: Columns) -> Coded:
    """Return what ties the subject, or the vehicle's registered owner, to the operator."""
    relations = columns.facts.relations
    words = tuple(dict.fromkeys([*RELATIONS, *(relations.words if relations else ())]))
    answers = _relation(columns, "subject_id", words)
    if columns.facts.owners is not None:
        tie = _relation(columns, "owner", words)
        owner = np.where(tie == 1, 3, np.where(tie == 4, 5, tie))
        answers = np.where((answers <= 0) & (owner > 0), owner, answers)
    return code_texts(answers, words)


def _relation(columns: Columns, name: str, words: tuple[str, ...]) -> NDArray[np.int64]:
    """Return what ties a column's subject to the operator, the closest tie first."""
    roster, relations = columns.facts.roster, columns.facts.relations
    answers = np.full(columns.height, -1, dtype=np.int64)
    if roster is not None:
        answers = _relation_by_roster(columns, roster, name)
    if relations is not None:
        told = _relation_as_told(columns, relations, name, words)
        answers = np.where((told >= 0) & ~np.isin(answers, (1, 2, 3)), told, answers)
    return answers


def _relation_by_roster(columns: Columns, roster: Roster, name: str) -> NDArray[np.int64]:
    """Return ties that the roster shows; unknown for an operator who is not on it."""
    who = positions(columns, "operator_id", roster.operators)
    person = positions(columns, name, roster.subjects)
    vehicle = positions(columns, name, roster.vehicles)
    homes = np.append(roster.households, -1)
    answers = np.zeros(columns.height, dtype=np.int64)
    answers[vehicle >= 0] = 5
    answers[person >= 0] = 4
    answers[(vehicle >= 0) & (vehicle == who)] = 3
    answers[(person >= 0) & (homes[person] >= 0) & (homes[person] == homes[who])] = 2
    answers[(person >= 0) & (person == who)] = 1
    subjects = columns.coded("subject_id")
    known = (who >= 0) & (subjects.codes != subjects.unknown)
    return np.where(known | (answers >= 4), answers, -1)


def _relation_as_told(
    columns: Columns, relations: Relations, name: str, words: tuple[str, ...]
) -> NDArray[np.int64]:
    """Return ties of the relations table; -1 where it tells of none."""
    if len(relations.pairs) == 0:
        return np.full(columns.height, -1, dtype=np.int64)
    who = positions(columns, "operator_id", relations.operators)
    whom = positions(columns, name, relations.subjects)
    pairs = np.where((who >= 0) & (whom >= 0), who * len(relations.subjects) + whom, -1)
    places = np.searchsorted(relations.pairs, pairs)
    places = np.where(places < len(relations.pairs), places, 0)
    order = np.array([words.index(word) for word in relations.words], dtype=np.int64)
    told = order[relations.word_of_pair[places]]
    return np.where(relations.pairs[places] == pairs, told, -1)


def operator_on_roster(columns: Columns) -> Coded:
    """Return whether the operator is on the roster."""
    roster = columns.facts.roster
    if roster is None:
        return all_unknown(columns)
    people = positions(columns, "operator_id", roster.operators)
    return code_texts(known_operator(columns, (people >= 0).astype(np.int64)), YES_NO)


def known_operator(columns: Columns, answers: Positions) -> Positions:
    """Return answers about the operator; unknown where a mask stands in the operator's place."""
    operators = columns.coded("operator_id")
    return np.where(operators.codes == operators.unknown, -1, answers)


def requester_on_roster(columns: Columns) -> Coded:
    """Return whether the lookup was made for somebody on the roster."""
    roster = columns.facts.roster
    if roster is None:
        return all_unknown(columns)
    people = positions(columns, "requester_id", roster.operators)
    requesters = columns.coded("requester_id")
    given = requesters.codes < requesters.absent
    return code_texts(np.where(given, (people >= 0).astype(np.int64), -1), YES_NO)


def operator_separated(columns: Columns) -> Coded:
    """Return whether the operator was no longer employed on that night."""
    roster = columns.facts.roster
    if roster is None:
        return all_unknown(columns)
    people = positions(columns, "operator_id", roster.operators)
    gone = (night_days(columns) >= np.append(roster.separated, 0)[people]).astype(np.int64)
    return code_texts(np.where(people >= 0, gone, -1), YES_NO)


def operator_suspended(columns: Columns) -> Coded:
    """Return whether the operator was suspended or on leave on that night, both ends included."""
    roster = columns.facts.roster
    if roster is None:
        return all_unknown(columns)
    people = positions(columns, "operator_id", roster.operators)
    first, last = np.append(roster.suspended, [[NEVER, NEVER]], axis=0)[people].T
    days = night_days(columns)
    out = ((days >= first) & (days <= last)).astype(np.int64)
    return code_texts(np.where(people >= 0, out, -1), YES_NO)


def training_lapsed(columns: Columns) -> Coded:
    """Return whether the operator's certificate had run out; unknown without a date."""
    roster = columns.facts.roster
    if roster is None:
        return all_unknown(columns)
    people = positions(columns, "operator_id", roster.operators)
    until = np.append(roster.trained, -1)[people]
    lapsed = (night_days(columns) > until).astype(np.int64)
    return code_texts(np.where((people >= 0) & (until >= 0), lapsed, -1), YES_NO)
