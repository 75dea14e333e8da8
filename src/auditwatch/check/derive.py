"""Facts: columns worked out from the trail, the catalogue and the context.

Each is worked out once for each distinct value or pair of values, never row by row. Where what it
needs is not there the answer is *unknown*, which no rule may take for yes or for no.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.coded import Coded, code_column, code_texts
from auditwatch.check.facts import DAY_KEYS, DUTY_SLACK, EPOCH, NEVER, SECOND_KEYS
from auditwatch.check.purpose import STATES
from auditwatch.check.states import reason_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns
    from auditwatch.check.facts import CaseList, Duty, Relations, Roster

    Positions = NDArray[np.int64]

__all__ = ["DERIVED", "night_days"]

#: What stands around a number typed into a text, so that no longer number is cut in two.
EDGE: Final = r"(?:^|[^0-9A-Z-])"
ORI: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{7}")
YES_NO: Final = ("no", "yes")
RELATIONS: Final = ("none", "self", "household", "own_vehicle", "colleague", "colleague_vehicle")


def night_days(columns: Columns) -> NDArray[np.int32]:
    """Return the night of each row as days since 1970-01-01; -1 where it is not known."""
    nights = columns.coded("night")
    days = [(date.fromisoformat(text) - EPOCH).days for text in nights.texts()]
    return np.array([*days, -1, -1], dtype=np.int32)[nights.codes]


def _positions(columns: Columns, name: str, known: pa.Array) -> Positions:
    """Return where each row's value stands in `known`; -1 where it does not."""
    column = columns.coded(name)
    found = pc.fill_null(pc.index_in(column.values.cast(pa.string()), known), -1)
    table = np.append(found.to_numpy(zero_copy_only=False).astype(np.int64), [-1, -1])
    return np.asarray(table[column.codes])


def _by_value(columns: Columns, name: str, answers: list[str | None]) -> Coded:
    """Return a fact that depends on one column alone; None is unknown."""
    column = columns.coded(name)
    values = sorted({answer for answer in answers if answer is not None})
    places = [-1 if answer is None else values.index(answer) for answer in answers]
    return code_texts(np.array([*places, -1, -1], dtype=np.int64)[column.codes], values)


def _all_unknown(columns: Columns) -> Coded:
    """Return a fact that no row knows."""
    return code_texts(np.full(columns.height, -1, dtype=np.int64), ())


def _declared_or_roster(columns: Columns, declared: str, rostered: str) -> Coded:
    """Return what the trail declares, else what the roster says of the operator."""
    column = columns.coded(declared)
    values = column.values.cast(pa.string())
    codes = np.where(column.codes < column.absent, column.codes, -1).astype(np.int64)
    roster = columns.facts.roster
    if roster is not None:
        known = getattr(roster, rostered)
        people = _positions(columns, "operator_id", roster.operators)
        listed = np.asarray(known.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
        fill = (codes < 0) & (people >= 0) & np.append(listed, False)[people]
        codes = np.where(fill, len(values) + people, codes)
        values = pa.concat_arrays([values, pc.fill_null(known, "")])
    distinct = values.dictionary_encode()
    places = np.append(distinct.indices.to_numpy(zero_copy_only=False).astype(np.int64), -1)
    return code_texts(places[codes], distinct.dictionary.to_pylist())


def _unit(columns: Columns) -> Coded:
    """Return the operator's unit."""
    return _declared_or_roster(columns, "operator_unit", "units")


def _role(columns: Columns) -> Coded:
    """Return the operator's role."""
    return _declared_or_roster(columns, "operator_role", "roles")


def _unit_type(columns: Columns) -> Coded:
    """Return the type of the operator's unit; unknown for a unit the catalogue does not list."""
    types = columns.catalogue.units
    return _by_value(columns, "unit", [types.get(text) for text in columns.coded("unit").texts()])


def _unit_told(columns: Columns) -> Coded:
    """Return whether the type of the unit is known: a rule may spare units only where it is."""
    types = columns.coded("unit_type")
    return code_texts((types.codes < types.absent).astype(np.int64), YES_NO)


def _grounds_told(columns: Columns) -> Coded:
    """Return whether the source has columns for reason and number, in which grounds could stand."""
    lacking = columns.hidden(("reason", "case_id"))
    told = np.ones(columns.height, dtype=np.int64) if lacking is None else ~lacking
    return code_texts(told.astype(np.int64), YES_NO)


def _system(columns: Columns) -> Coded:
    """Return the declared system, else the key's own: the log of one network does not repeat it.

    A masked system stays unknown, for something was declared.
    """
    declared, keys = columns.trail("system"), columns.coded("transaction")
    known = columns.catalogue.transactions
    homes = [known[text].system if text in known else None for text in keys.texts()]
    names = sorted({*declared.texts(), *filter(None, homes)})
    places = {name: at for at, name in enumerate(names)}
    told = [*map(places.__getitem__, declared.texts()), len(names), len(names) + 1]
    of_key = np.array([*(-1 if home is None else places[home] for home in homes), -1, -1])
    codes, home = np.array(told)[declared.codes], of_key[keys.codes]
    silent = (columns.empty("system") | (declared.codes == declared.absent)) & (home >= 0)
    return Coded(np.where(silent, home, codes).astype(np.int32), pa.array(names, pa.string()))


def _purpose(columns: Columns) -> Coded:
    """Return the declared purpose; none with a key that takes none, exported or not."""
    declared, keys = columns.trail("purpose"), columns.coded("transaction")
    known = columns.catalogue.transactions
    takes = np.array(
        [text not in known or known[text].takes_purpose for text in keys.texts()] + [True, True]
    )
    none = columns.empty("purpose") & ~takes[keys.codes]
    return Coded(np.where(none, np.int32(declared.absent), declared.codes), declared.values)


def _tier(columns: Columns) -> Coded:
    """Return how protected the answer of the transaction is; unknown for an unmapped key."""
    known = columns.catalogue.transactions
    keys = columns.coded("transaction")
    tiers = [known[text].tier if text in known else -1 for text in keys.texts()]
    values = pa.array(sorted({tier for tier in tiers if tier >= 0}), pa.int64())
    found = pc.fill_null(pc.index_in(pa.array(tiers, pa.int64()), values), len(values) + 1)
    places = found.to_numpy(zero_copy_only=False).astype(np.int32)
    unknown = np.int32(len(values) + 1)
    return Coded(np.append(places, [unknown, unknown])[keys.codes].astype(np.int32), values)


def _purpose_state(columns: Columns) -> Coded:
    """Return whether the declared code was in force on that night."""
    words = ("none", "undefined", *STATES)
    purposes, nights, places = map(columns.coded, ("purpose", "night", "jurisdiction"))
    days = [date.fromisoformat(text) for text in nights.texts()]
    where = [*places.texts(), None, None]
    states = np.full((len(purposes.values) + 2, len(days) + 2, len(where)), 1, dtype=np.int64)
    for row, code in enumerate(purposes.texts()):
        known = columns.catalogue.purposes.get(code)
        if known is not None:
            states[row, : len(days)] = [
                [_place(known.state(day, place), words) for place in where] for day in days
            ]
    states[:, len(days) :] = -1
    states[purposes.absent] = 0
    states[purposes.unknown] = -1
    return code_texts(states[purposes.codes, nights.codes, places.codes], words)


def _place(word: str | None, words: tuple[str, ...]) -> int:
    """Return a word's place among words; -1 for None, which is unknown."""
    return -1 if word is None else words.index(word)


def _jurisdiction(columns: Columns) -> Coded:
    """Return the state that the agency's ORI names, else the catalogue's own."""
    agencies = columns.coded("agency")
    otherwise = columns.catalogue.jurisdiction or None
    states = [text[:2] if ORI.fullmatch(text) else otherwise for text in agencies.texts()]
    every = [*states, otherwise, otherwise]
    values = sorted({state for state in every if state is not None})
    places = np.array([-1 if state is None else values.index(state) for state in every])
    return code_texts(places[agencies.codes], values)


def _numbers(columns: Columns) -> tuple[Coded, Coded]:
    """Return each row's case or incident number, and its kind; the field first, then the reason."""
    cases, reasons = columns.coded("case_id"), columns.coded("reason_norm")
    patterns = columns.catalogue.numbers
    case_kinds = _whole_kinds(cases.values.cast(pa.string()), patterns)
    typed, typed_kinds = _typed_numbers(pc.utf8_upper(reasons.values.cast(pa.string())), patterns)
    kinds = ("none", "other", *patterns)
    in_field = np.append(case_kinds, [0, 0])[cases.codes]
    in_reason = np.append(typed_kinds, [0, 0])[reasons.codes]
    kind = np.where((in_field <= 1) & (in_reason > 1), in_reason, in_field)
    hidden = (cases.codes == cases.unknown) | (reasons.codes == reasons.unknown)
    kind = np.where((kind == 0) & hidden, -1, kind)
    places = np.where(in_field > 1, cases.codes, -1).astype(np.int64)
    places = np.where((in_field <= 1) & (in_reason > 1), len(cases.values) + reasons.codes, places)
    every = pa.concat_arrays([cases.values.cast(pa.string()), typed]).dictionary_encode()
    table = np.append(every.indices.to_numpy(zero_copy_only=False).astype(np.int64), -1)
    return code_texts(table[places], every.dictionary.to_pylist()), code_texts(kind, kinds)


def _whole_kinds(values: pa.Array, patterns: Mapping[str, str]) -> NDArray[np.int64]:
    """Return for each value which pattern it is as a whole: 1 for none of them, 2 the first."""
    kinds = np.ones(len(values), dtype=np.int64)
    for place, pattern in reversed(list(enumerate(patterns.values(), start=2))):
        held = pc.match_substring_regex(values, f"^(?:{pattern})$")
        kinds[np.asarray(held.to_numpy(zero_copy_only=False), dtype=bool)] = place
    return kinds


def _typed_numbers(
    values: pa.Array, patterns: Mapping[str, str]
) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return the first number found in each text and its kind; the first pattern wins."""
    found = pa.array([""] * len(values), pa.string())
    kinds = np.zeros(len(values), dtype=np.int64)
    for place, pattern in enumerate(patterns.values(), start=2):
        taken = pc.extract_regex(values, f"{EDGE}(?P<number>{pattern})(?:$|[^0-9A-Z-])")
        here = np.asarray(taken.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
        new = here & (kinds == 0)
        if new.any():
            numbers = pc.struct_field(taken, "number")
            found = pc.if_else(pa.array(new), pc.fill_null(numbers, ""), found)
            kinds[new] = place
    return found, kinds


def _number(columns: Columns) -> Coded:
    """Return the number itself; unknown where there is none."""
    return _numbers(columns)[0]


def _number_kind(columns: Columns) -> Coded:
    """Return what kind of number the lookup carries."""
    return _numbers(columns)[1]


def _case_places(columns: Columns, cases: CaseList) -> tuple[Positions, NDArray[np.bool_]]:
    """Return each row's place in the case list (-1 not in it), and whether it has a number."""
    number, kind = columns.coded("number"), columns.coded("number_kind")
    found = pc.fill_null(pc.index_in(number.values, cases.ids), -1)
    table = np.append(found.to_numpy(zero_copy_only=False).astype(np.int64), [-1, -1])
    return table[number.codes], kind.codes != 0


def _case_state(columns: Columns) -> Coded:
    """Return whether the number is one of a case that was open on that night."""
    cases = columns.facts.cases
    if cases is None:
        return _all_unknown(columns)
    words = ("none", "not_found", "not_yet_open", "open", "closed")
    places, numbered = _case_places(columns, cases)
    days = night_days(columns)
    opened, closed = np.append(cases.opened, 0)[places], np.append(cases.closed, 0)[places]
    state = np.where(days < opened, 2, np.where(days > closed, 4, 3))
    state = np.where(places < 0, 1, state)
    state = np.where(numbered, state, 0)
    unknown = columns.coded("number_kind")
    return code_texts(np.where(unknown.codes == unknown.unknown, -1, state), words)


def _case_member(columns: Columns, name: str, members: str, words: tuple[str, ...]) -> Coded:
    """Return whether a row's value is listed with its case; unknown when the case lists nobody."""
    cases = columns.facts.cases
    if cases is None:
        return _all_unknown(columns)
    places, _ = _case_places(columns, cases)
    column = columns.coded(name)
    width = len(column.values) + 2
    pairs, back = np.unique(places * width + column.codes, return_inverse=True)
    lists, texts = getattr(cases, members), column.texts()
    answers = np.full(len(pairs), 2, dtype=np.int64)
    for n, pair in enumerate(pairs.tolist()):
        place, code = divmod(pair, width)
        if place >= 0:
            known = lists[place] and code < len(texts)
            answers[n] = (0 if texts[code] in lists[place] else 1) if known else -1
    unknown = columns.coded("number_kind")
    return code_texts(np.where(unknown.codes == unknown.unknown, -1, answers[back]), words)


def _case_operator(columns: Columns) -> Coded:
    """Return whether the operator is assigned to the case."""
    words = ("assigned", "not_assigned", "no_case")
    return _case_member(columns, "operator_id", "operators", words)


def _case_unit(columns: Columns) -> Coded:
    """Return whether the case is that of the operator's unit; unknown when it names no unit."""
    cases = columns.facts.cases
    if cases is None:
        return _all_unknown(columns)
    places, _ = _case_places(columns, cases)
    units = columns.coded("unit")
    known = units.texts()
    numbers = {name: number for number, name in enumerate(known)}
    charged = [
        -1 if unit is None else numbers.get(unit, len(known) + 2) for unit in (*cases.units, None)
    ]
    charge = np.array(charged, dtype=np.int64)[places]
    answers = np.where(charge == units.codes, 0, 1)
    answers = np.where((charge < 0) | (units.codes >= units.absent), -1, answers)
    number = columns.coded("number_kind")
    answers = np.where(number.codes == number.unknown, -1, np.where(places < 0, 2, answers))
    return code_texts(answers, ("own", "other", "no_case"))


def _case_subject(columns: Columns) -> Coded:
    """Return whether the subject is known in the case."""
    return _case_member(columns, "subject_id", "subjects", ("known", "not_known", "no_case"))


def _owner(columns: Columns) -> Coded:
    """Return the registered owner of each row's vehicle; unknown where there is none."""
    owners = columns.facts.owners
    if owners is None:
        return _all_unknown(columns)
    # the owners of a whole state are looked up once for each vehicle that a batch has
    column, places = columns.coded("subject_id"), dict[str | None, int]({None: -1})
    names = (owners.owner_of.get(text) for text in column.texts())
    table = np.array([*(places.setdefault(n, len(places) - 1) for n in names), -1, -1])
    return code_texts(table[column.codes], [name for name in places if name is not None])


def _subject_relation(columns: Columns) -> Coded:
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
    who = _positions(columns, "operator_id", roster.operators)
    person = _positions(columns, name, roster.subjects)
    vehicle = _positions(columns, name, roster.vehicles)
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
    who = _positions(columns, "operator_id", relations.operators)
    whom = _positions(columns, name, relations.subjects)
    pairs = np.where((who >= 0) & (whom >= 0), who * len(relations.subjects) + whom, -1)
    places = np.searchsorted(relations.pairs, pairs)
    places = np.where(places < len(relations.pairs), places, 0)
    order = np.array([words.index(word) for word in relations.words], dtype=np.int64)
    told = order[relations.word_of_pair[places]]
    return np.where(relations.pairs[places] == pairs, told, -1)


def _operator_on_roster(columns: Columns) -> Coded:
    """Return whether the operator is on the roster."""
    roster = columns.facts.roster
    if roster is None:
        return _all_unknown(columns)
    people = _positions(columns, "operator_id", roster.operators)
    return code_texts(_known_operator(columns, (people >= 0).astype(np.int64)), YES_NO)


def _known_operator(columns: Columns, answers: Positions) -> Positions:
    """Return answers about the operator; unknown where a mask stands in the operator's place."""
    operators = columns.coded("operator_id")
    return np.where(operators.codes == operators.unknown, -1, answers)


def _requester_on_roster(columns: Columns) -> Coded:
    """Return whether the lookup was made for somebody on the roster."""
    roster = columns.facts.roster
    if roster is None:
        return _all_unknown(columns)
    people = _positions(columns, "requester_id", roster.operators)
    requesters = columns.coded("requester_id")
    given = requesters.codes < requesters.absent
    return code_texts(np.where(given, (people >= 0).astype(np.int64), -1), YES_NO)


def _operator_separated(columns: Columns) -> Coded:
    """Return whether the operator was no longer employed on that night."""
    roster = columns.facts.roster
    if roster is None:
        return _all_unknown(columns)
    people = _positions(columns, "operator_id", roster.operators)
    gone = (night_days(columns) >= np.append(roster.separated, 0)[people]).astype(np.int64)
    return code_texts(np.where(people >= 0, gone, -1), YES_NO)


def _operator_suspended(columns: Columns) -> Coded:
    """Return whether the operator was suspended or on leave on that night, both ends included."""
    roster = columns.facts.roster
    if roster is None:
        return _all_unknown(columns)
    people = _positions(columns, "operator_id", roster.operators)
    first, last = np.append(roster.suspended, [[NEVER, NEVER]], axis=0)[people].T
    days = night_days(columns)
    out = ((days >= first) & (days <= last)).astype(np.int64)
    return code_texts(np.where(people >= 0, out, -1), YES_NO)


def _training_lapsed(columns: Columns) -> Coded:
    """Return whether the operator's certificate had run out; unknown without a date."""
    roster = columns.facts.roster
    if roster is None:
        return _all_unknown(columns)
    people = _positions(columns, "operator_id", roster.operators)
    until = np.append(roster.trained, -1)[people]
    lapsed = (night_days(columns) > until).astype(np.int64)
    return code_texts(np.where((people >= 0) & (until >= 0), lapsed, -1), YES_NO)


def _seconds_off_duty(columns: Columns, duty: Duty) -> NDArray[np.int64]:
    """Return seconds from each lookup to recorded duty and its slack; -1 where nobody knows."""
    people = _positions(columns, "operator_id", duty.operators)
    times = columns.batch.column("event_time").cast(pa.timestamp("s", "UTC"), safe=False)
    seconds = pc.fill_null(times.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    keys = people * SECOND_KEYS + seconds
    places = np.searchsorted(duty.starts, keys, side="right") - 1
    # a spell of another operator lies farther off than any spell of the own
    since = np.where(places >= 0, keys - np.append(duty.ends, NEVER)[places], SECOND_KEYS)
    until = np.append(duty.starts, people.max(initial=0) * SECOND_KEYS + 2 * SECOND_KEYS)
    away = np.minimum(since, until[places + 1] - keys)
    return np.where((people >= 0) & (seconds >= 0), np.maximum(away, 0), -1)


def _on_duty(columns: Columns) -> Coded:
    """Return whether it was made within an hour of recorded duty; unknown without any record."""
    duty = columns.facts.duty
    if duty is None or "event_time" not in columns.batch.schema.names:
        return _all_unknown(columns)
    away = _seconds_off_duty(columns, duty)
    return code_texts(np.where(away < 0, -1, (away == 0).astype(np.int64)), YES_NO)


def _hours_off_duty(columns: Columns) -> Coded:
    """Return whole hours to the nearest recorded duty; unknown where only the day is known."""
    duty = columns.facts.duty
    if duty is None or "event_time" not in columns.batch.schema.names:
        return _all_unknown(columns)
    away = _seconds_off_duty(columns, duty)
    hours = np.where(away > 0, (away + DUTY_SLACK) // 3600, away)
    local = columns.coded("local_hour")
    hours = np.where(local.codes >= local.absent, -1, hours)
    values, places = np.unique(hours[hours >= 0], return_inverse=True)
    codes = np.full(len(hours), len(values) + 1, dtype=np.int32)
    codes[hours >= 0] = places
    return Coded(codes, pa.array(values, pa.int64()))


def _local_minute(columns: Columns) -> Coded:
    """Return the minute of the agency's clock; nothing where the source keeps days alone."""
    if "event_time" not in columns.batch.schema.names:
        return _all_unknown(columns)
    zoned = pa.timestamp("us", columns.facts.zone.key)
    minutes = code_column(pc.minute(columns.batch.column("event_time").cast(zoned)))
    hours = columns.coded("local_hour")
    codes = np.where(hours.codes == hours.absent, minutes.absent, minutes.codes)
    codes = np.where(hours.codes == hours.unknown, minutes.unknown, codes)
    return Coded(codes.astype(np.int32), minutes.values)


def _duty_near(columns: Columns) -> Coded:
    """Return whether duty was recorded within a day; that no duty was given is an answer too."""
    duty = columns.facts.duty
    words = ("no", "yes", "not_given")
    if duty is None:
        return code_texts(np.full(columns.height, 2, dtype=np.int64), words)
    people = _positions(columns, "operator_id", duty.operators)
    keys = people * DAY_KEYS + night_days(columns)
    near = ((people >= 0) & np.isin(keys, duty.days)).astype(np.int64)
    return code_texts(_known_operator(columns, near), words)


#: How each fact is worked out, by name.
DERIVED: Final[dict[str, Callable[[Columns], Coded]]] = {
    "system": _system,
    "purpose": _purpose,
    "unit": _unit,
    "role": _role,
    "unit_type": _unit_type,
    "unit_told": _unit_told,
    "grounds_told": _grounds_told,
    "tier": _tier,
    "jurisdiction": _jurisdiction,
    "purpose_state": _purpose_state,
    "reason_state": reason_state,
    "number": _number,
    "number_kind": _number_kind,
    "case_state": _case_state,
    "case_operator": _case_operator,
    "case_unit": _case_unit,
    "case_subject": _case_subject,
    "owner": _owner,
    "subject_relation": _subject_relation,
    "operator_on_roster": _operator_on_roster,
    "requester_on_roster": _requester_on_roster,
    "operator_separated": _operator_separated,
    "operator_suspended": _operator_suspended,
    "training_lapsed": _training_lapsed,
    "local_minute": _local_minute,
    "on_duty": _on_duty,
    "hours_off_duty": _hours_off_duty,
    "duty_near": _duty_near,
}
