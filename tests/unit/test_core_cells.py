"""The states of cells: what is a value, a mask, a placeholder, nothing."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditwatch.config import shipped_rules
from auditwatch.core.cells import STATES, Cells, masked_rows
from auditwatch.core.mask import Masker
from auditwatch.core.redaction import MASK, is_mask, mask_shown
from auditwatch.ingest.masks import read_cells

CELLS = read_cells(shipped_rules())
#: Texts near the border between masks, placeholders and values.
NEAR = st.text(alphabet="*#█ REDACTEDredactedmasked[]()<>-:.,x/n0\n", max_size=14)
TEXTS = st.one_of(st.none(), NEAR, st.text(max_size=12))


@pytest.mark.parametrize(
    ("field", "text", "state"),
    [
        ("reason", "***", "masked"),
        ("reason", " * * * ", "masked"),
        ("subject_id", "####", "masked"),
        ("reason", "█████", "masked"),
        ("operator_id", "[Redacted]", "masked"),
        ("reason", "REDACTED per request 12", "masked"),
        ("reason", "[redacted] suspect", "masked"),
        ("case_id", "GC 7923.600", "masked"),
        ("reason", "Exempt RCW 42.56.240(1)", "masked"),
        ("subject_name", "(b)(7)(C)", "masked"),
        ("reason", "redacted copy for the court", "value"),
        ("subject_id", "REDACTED-1", "value"),
        ("subject_id", "9ZZ*", "value"),
        ("subject_id", "*", "value"),
        ("reason", "PC 459", "value"),
        ("reason", "VC 10851", "value"),
        ("case_id", "6254", "value"),
        ("operator_id", "11111111-2222-4333-8444-555555555555", "value"),
        ("reason", ".", "placeholder"),
        ("reason", " N/A ", "placeholder"),
        ("case_id", "none", "placeholder"),
        ("reason", "Test", "placeholder"),
        ("purpose", "X", "value"),
        ("subject_id", "TEST", "value"),
        ("operator_id", "NA", "value"),
        ("purpose", "-", "placeholder"),
        ("reason", "test drive theft", "value"),
        ("reason", " \t", "empty"),
        ("reason", None, "empty"),
    ],
)
def test_a_cell_has_one_state(field: str, text: str | None, state: str) -> None:
    """Masks are told by their look, placeholders by a list; a code or a plate stays a value."""
    assert CELLS.state_of(field, text) == state


@given(st.lists(TEXTS, max_size=8), st.sampled_from(["reason", "subject_id"]))
def test_the_state_of_a_cell_does_not_depend_on_its_neighbours(
    texts: list[str | None], field: str
) -> None:
    """Many at once are judged as each by itself, and spaces around them do not matter."""
    together = CELLS.states(field, pa.array(texts, pa.string()))
    assert [STATES[one] for one in together] == [CELLS.state_of(field, one) for one in texts]
    padded = CELLS.states(field, pa.array([one and f"  {one} " for one in texts], pa.string()))
    assert padded.tolist() == together.tolist()


@given(TEXTS)
def test_masks_need_no_list_to_be_told_again(text: str | None) -> None:
    """Both ways to tell a mask agree on every text, so that no room sees what another does not."""
    assert (Cells().state_of("reason", text) == "masked") == is_mask(text or "")
    rows = pa.array([text, MASK, text], pa.string())
    assert masked_rows(rows).to_pylist() == [is_mask(text or ""), True, is_mask(text or "")]
    assert masked_rows(rows.dictionary_encode()).equals(masked_rows(rows))


@given(st.text(alphabet="ABCabc ", min_size=1).filter(str.strip))
def test_a_list_of_masks_never_repeats_the_text_behind_a_stamp(behind: str) -> None:
    """What stands behind REDACTED may be what was to be hidden."""
    assert mask_shown(f"REDACTED {behind}") == "REDACTED …"


def test_a_mask_has_no_pseudonym() -> None:
    """A pseudonym for ``***`` would look like one person."""
    assert Masker("key").name("operator", "***") == "***"
    assert Masker("key").name("operator", "T1").startswith("operator-")
