"""An agency's own keys: said in its mapping file, put into the catalogue's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditwatch.config import Settings
from auditwatch.core.errors import ConfigError
from auditwatch.ingest import SourceRead, read_source

ROOT = Path(__file__).parents[2]
TRAIL = """\
event_time,operator_id,terminal,system,transaction
2026-03-14T09:00:00Z,T1,MDC-1,motor vehicles,iv
2026-03-14T09:00:04Z,T1,MDC-1,Motor  Vehicles,ID
2026-03-14T09:30:00Z,T1,MDC-1,NLETS,L1
2026-03-14T10:30:00Z,T1,MDC-1,,RQ
"""


def read(folder: Path, mapping: str, trail: str = TRAIL) -> SourceRead:
    """Read a trail with a mapping file and the shipped catalogue."""
    (folder / "trail.csv").write_text(trail)
    (folder / "agency.yml").write_text(mapping)
    return read_source(
        folder / "trail.csv", Settings(), rules=ROOT / "rules", mapping=folder / "agency.yml"
    )


def test_own_words_become_the_catalogues(tmp_path: Path) -> None:
    """Keys and systems are translated without regard to case; all others stay as they are."""
    found = read(
        tmp_path, "transactions: {IV: RQ, id: DQ}\nsystems: {Motor Vehicles: dmv}\n"
    ).lookups
    assert found["transaction"].to_pylist() == ["RQ", "DQ", "L1", "RQ"]
    assert found["system"].to_pylist() == ["DMV", "Motor  Vehicles", "NLETS", None]


def test_translated_keys_fold_like_the_catalogues(tmp_path: Path) -> None:
    """A plate check under the agency's own keys is one lookup with its owner check as evidence."""
    found = read(tmp_path, "transactions: {IV: RQ, ID: DQ}\n").lookups
    assert found["origin"].to_pylist() == ["manual", "cascade", "manual", "manual"]


def test_own_words_go_with_every_format(tmp_path: Path) -> None:
    """A format that knows its own columns takes a mapping file that names none."""
    journal = (ROOT / "sample_logs" / "clets_journal.csv").read_text()
    found = read(tmp_path, "format: clets-journal\ntransactions: {IV: RQ}\n", journal).lookups
    assert "IV" not in found["transaction"].to_pylist()
    assert found["transaction"].to_pylist().count("RQ") == 3


def test_a_key_that_nobody_maps_is_kept(tmp_path: Path) -> None:
    """An unknown key is neither refused nor changed."""
    found = read(tmp_path, "delimiter: ','\n")
    assert found.lookups["transaction"].to_pylist() == ["IV", "ID", "L1", "RQ"]
    assert found.rejects.num_rows == 0


@pytest.mark.parametrize(
    ("mapping", "place", "said"),
    [
        ("transactions:\n  IV: RQQ\n", "agency.yml:2:3", "did you mean 'RQ'"),
        ("transactions:\n  IV: RQ\n  L1: 7\n", "agency.yml:3:3", "unmapped"),
        ("systems:\n  state: NLET\n", "agency.yml:2:3", "did you mean 'NLETS'"),
        ("transactions:\n  iv: RQ\n  IV: DQ\n", "agency.yml:3:3", "a second time"),
        ("transactions: [IV, RQ]\n", "agency.yml:1:1", "no translation"),
        ("transactions:\n  IV: [RQ]\n", "agency.yml:2:3", "stands for nothing"),
        ("transaction: {IV: RQ}\n", "agency.yml:1:1", "did you mean 'transactions'"),
    ],
)
def test_a_word_that_means_nothing_is_shown_its_place(
    tmp_path: Path, mapping: str, place: str, said: str
) -> None:
    """Line, column and the nearest word of the catalogue; nothing is guessed."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, mapping)
    assert place in str(caught.value)
    assert said in str(caught.value)
