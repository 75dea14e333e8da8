"""The shipped catalogue knows every system and message key of the field, and how surely."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from auditwatch.check import load_rules
from auditwatch.core.errors import RuleError
from auditwatch.core.strict import Plain, read_documents

RULES = Path(__file__).parents[2] / "rules"

#: code: who keeps it, tier, how far verified.
SYSTEMS = """
CLETS/CA DOJ/2/V  CA DOJ CJIS/CA DOJ CJIS/2/V  WPS/CA DOJ CJIS/2/V  SRF/CA DOJ CJIS/2/V
CARPOS/CA DOJ CJIS/3/V  DVROS/CA DOJ CJIS/3/V  CSAR/CA DOJ CJIS/2/V  CHS/CA DOJ CJIS/3/V
ACHS/CA DOJ CJIS/3/V2  MCHS/CA DOJ CJIS/3/V2  CORI/CA DOJ CJIS/3/V  MUPS/CA DOJ CJIS/2/V
MPS/CA DOJ CJIS/2/V  UPS/CA DOJ CJIS/2/V  SVS/CA DOJ CJIS/1/V  AFS/CA DOJ CJIS/3/V
ABS/CA DOJ CJIS/1/V  APS/CA DOJ CJIS/1/V  APPS/CA DOJ CJIS/3/V2  MHFPS/CA DOJ CJIS/4/V2
NCIC/FBI CJIS/2/V  III/FBI CJIS/3/V  NICS/FBI CJIS/3/V  NLETS/Nlets/2/V  LEDS/Oregon/2/V
DMV/state motor vehicle department/2/V  CPIC/Canada/2/V2  INTERPOL/INTERPOL/2/V2  ALPR/vendor/3/V
FACE/vendor/3/U
"""
#: key: system, subject kind, tier, whether a purpose is due, how far verified.
TRANSACTIONS = """
QW/NCIC/person/2/false/V  QWA/NCIC/person/2/false/V2  QWI/NCIC/person/3/true/V
QWB/NCIC/person/2/false/V  ZW/NCIC/person/2/false/V2  QM/NCIC/person/2/false/V
QU/NCIC/person/2/false/V  QIDN/NCIC/person/3/false/V  QID/NCIC/person/3/false/U
QPO/NCIC/person/3/false/U  QXS/NCIC/person/2/false/U  QGG/NCIC/group/3/false/V
QGM/NCIC/person/3/false/U  QND/NCIC/person/3/false/U  QNP/NICS/person/3/false/V
QNR/NICS/person/3/false/V  QV/NCIC/vehicle/1/false/V  QB/NCIC/property/1/false/V
QG/NCIC/property/2/false/V  QA/NCIC/property/1/false/V  QS/NCIC/property/1/false/V
QH/III/person/3/true/V  QR/III/person/3/true/V  ZI/III/person/3/true/U  ZR/III/person/3/true/V
DQ/NLETS/person/2/false/V  DR/NLETS/message/0/false/V  DNQ/NLETS/person/2/false/V
DQG/NLETS/person/2/false/V  KQ/NLETS/person/2/false/V  KR/NLETS/message/0/false/V
RQ/NLETS/vehicle/2/false/V  RR/NLETS/message/0/false/V  RNQ/NLETS/person/2/false/V
RPQ/NLETS/vehicle/2/false/V  RQG/NLETS/vehicle/2/false/V  IQ/NLETS/person/3/true/U
FQ/NLETS/person/3/true/U  AQ/NLETS/person/3/true/V2  IAQ/NLETS/person/4/true/U
CWQ/NLETS/person/2/false/V  ACQ/NLETS/business/1/false/V  AVQ/NLETS/vehicle/1/false/V
NIQ/NLETS/vehicle/1/false/V  NAQ/NLETS/vehicle/1/false/V  AM/NLETS/message/0/false/V
YQ/NLETS/message/0/false/U  YR/NLETS/message/0/false/U  NLQ/NLETS/audit/3/false/V
NFQ/NLETS/audit/3/false/V  QVC/CLETS/person/3/false/V2  FACE.SEARCH/FACE/image/3/false/U
FACE.COMPARE/FACE/image/3/false/U
"""
LOCAL = ("IV", "ID", "IN", "IP", "IR", "L1", "QHN", "QHY")


def _rows(name: str, columns: tuple[str, ...]) -> set[str]:
    """Return some columns of each entry of a catalogue file."""
    (document,) = read_documents(RULES / "catalogue" / f"{name}.yml")
    content: Plain = document.content
    assert isinstance(content, dict)
    entries = content[name]
    assert isinstance(entries, list)
    return {"/".join(str(one[column]) for column in columns) for one in entries if one}  # type: ignore[index, call-overload]


def _listed(text: str) -> set[str]:
    """Return the entries of a list above."""
    return {" ".join(one.split()) for line in text.splitlines() for one in line.split("  ") if one}


def test_every_system_of_the_field_is_known() -> None:
    """Each has who keeps it, its tier, and how far that is verified."""
    found = _rows("systems", ("code", "kept_by", "tier", "verified"))
    assert _listed(SYSTEMS) - found == set()


def test_every_published_message_key_is_known() -> None:
    """Each has its network, what it asks for, its tier, whether a purpose is due, and its mark."""
    columns = ("key", "system", "subject_kind", "tier", "purpose_required", "verified")
    assert _listed(TRANSACTIONS) - _rows("transactions", columns) == set()


def test_unpublished_local_keys_are_left_to_the_agency() -> None:
    """No California-local key is guessed at; a bare CJIS is neither California's nor the FBI's."""
    assert _rows("transactions", ("key",)) & set(LOCAL) == set()
    assert "CJIS" not in _rows("systems", ("code",))


@pytest.mark.parametrize("name", ["systems", "transactions"])
def test_an_entry_that_hides_how_far_it_is_known_is_refused(tmp_path: Path, name: str) -> None:
    """A mark that is none is shown with its line."""
    copytree(RULES, tmp_path / "rules")
    path = tmp_path / "rules" / "catalogue" / f"{name}.yml"
    path.write_text(
        path.read_text()
        .replace("verified: V,", "verified: sure,", 1)
        .replace("verified: V}", "verified: sure}", 1)
    )
    with pytest.raises(RuleError, match=rf"catalogue/{name}.yml:\d+:\d+"):
        load_rules(tmp_path / "rules")
