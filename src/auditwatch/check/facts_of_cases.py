"""Facts of the case that a lookup names: whether it was open, and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from auditwatch.check.coded import Coded, code_texts
from auditwatch.check.fact_codes import all_unknown, night_days

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns
    from auditwatch.check.fact_codes import Positions
    from auditwatch.check.facts import CaseList

__all__ = ["case_operator", "case_state", "case_subject", "case_unit"]


def _case_places(columns: Columns, cases: CaseList) -> tuple[Positions, NDArray[np.bool_]]:
    """Return each row's place in the case list (-1 not in it), and whether it has a number."""
    number, kind = columns.coded("number"), columns.coded("number_kind")
    found = pc.fill_null(pc.index_in(number.values, cases.ids), -1)
    table = np.append(found.to_numpy(zero_copy_only=False).astype(np.int64), [-1, -1])
    return table[number.codes], kind.codes != 0


def case_state(columns: Columns) -> Coded:
    """Return whether the number is one of a case that was open on that night."""
    cases = columns.facts.cases
    if cases is None:
        return all_unknown(columns)
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
        return all_unknown(columns)
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


def case_operator(columns: Columns) -> Coded:
    """Return whether the operator is assigned to the case."""
    words = ("assigned", "not_assigned", "no_case")
    return _case_member(columns, "operator_id", "operators", words)


def case_unit(columns: Columns) -> Coded:
    """Return whether the case is that of the operator's unit; unknown when it names no unit."""
    cases = columns.facts.cases
    if cases is None:
        return all_unknown(columns)
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


def case_subject(columns: Columns) -> Coded:
    """Return whether the subject is known in the case."""
    return _case_member(columns, "subject_id", "subjects", ("known", "not_known", "no_case"))
