"""Facts of the numbers that people type: in the case field, else in the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.coded import Coded, code_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns

__all__ = ["number", "number_kind"]

#: What stands around a number typed into a text, so that no longer number is cut in two.
EDGE: Final = r"(?:^|[^0-9A-Z-])"
END: Final = r"(?:$|[^0-9A-Z-])"


def _numbers(columns: Columns) -> tuple[Coded, Coded]:
    """Return each row's case or incident number, and its kind; the field first, then the reason."""
    cases, reasons = columns.coded("case_id"), columns.coded("reason_norm")
    patterns = columns.catalogue.numbers
    case_kinds = _whole_kinds(cases.values.cast(pa.string()), patterns)
    typed, typed_kinds = _typed_numbers(pc.utf8_upper(reasons.values.cast(pa.string())), patterns)
    in_field = np.append(case_kinds, [0, 0]).astype(np.int32)[cases.codes]
    in_reason = np.append(typed_kinds, [0, 0]).astype(np.int32)[reasons.codes]
    from_reason = (in_field <= 1) & (in_reason > 1)
    kind = np.where(from_reason, in_reason, in_field)
    hidden = (cases.codes == cases.unknown) | (reasons.codes == reasons.unknown)
    kind[hidden & (kind == 0)] = -1
    every = pa.concat_arrays([cases.values.cast(pa.string()), typed]).dictionary_encode()
    places = every.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    nowhere = np.int32(len(every.dictionary) + 1)
    of_case, of_reason = np.split(places, [len(cases.values)])
    of_case = np.append(np.where(case_kinds > 1, of_case, nowhere), [nowhere, nowhere])
    of_reason = np.append(of_reason, [nowhere, nowhere])
    codes = np.where(from_reason, of_reason[reasons.codes], of_case[cases.codes])
    numbers = Coded(codes.astype(np.int32, copy=False), every.dictionary)
    return numbers, code_texts(kind, ("none", "other", *patterns))


def _whole_kinds(values: pa.Array, patterns: Mapping[str, str]) -> NDArray[np.int64]:
    """Return for each value which pattern it is as a whole: 1 for none of them, 2 the first."""
    kinds = np.ones(len(values), dtype=np.int64)
    for place, pattern in reversed(list(enumerate(patterns.values(), start=2))):
        held = pc.match_substring_regex(values, f"^(?:{pattern})$")
        kinds[_flags(held)] = place
    return kinds


def _typed_numbers(
    values: pa.Array, patterns: Mapping[str, str]
) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return the first number found in each text and its kind; the first pattern wins."""
    found = pa.array([""] * len(values), pa.string())
    kinds = np.zeros(len(values), dtype=np.int64)
    left = np.arange(len(values))
    for place, pattern in enumerate(patterns.values(), start=2):
        # most texts hold no number: to tell so is cheaper than to look for where one stands
        whole = f"{EDGE}(?P<number>{pattern}){END}"
        here = left[_flags(pc.match_substring_regex(values.take(pa.array(left)), whole))]
        if len(here):
            taken = pc.extract_regex(values.take(pa.array(here)), whole)
            numbers = pc.fill_null(pc.struct_field(taken, "number"), "")
            kinds[here] = place
            found = pc.replace_with_mask(found, pa.array(kinds == place), numbers)
            left = np.flatnonzero(kinds == 0)
    return found, kinds


def _flags(values: pa.Array) -> NDArray[np.bool_]:
    """Return booleans as numpy has them."""
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)


def number(columns: Columns) -> Coded:
    """Return the number itself; unknown where there is none."""
    return columns.once(_numbers)[0]


def number_kind(columns: Columns) -> Coded:
    """Return what kind of number the lookup carries."""
    return columns.once(_numbers)[1]
