"""Refused lines: each has its place, its reason, and its bytes for those who may see them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import auditwatch

if TYPE_CHECKING:
    from pathlib import Path

GOOD = b"A%d,2026-03-14T02:11:%02d-07:00,T4471,NLETS,stop\n"
BAD = {
    2: (b"B1,yesterday,T4471,NLETS,stop\n", "bad_time"),
    4: (b"B2,,T4471,NLETS,stop\n", "missing_time"),
    6: (b"B3,2026-03-14T02:11:09-07:00,,NLETS,stop\n", "missing_operator"),
    8: (b"B4,2026-03-14T02:11:09-07:00,T4471,,stop\n", "missing_system"),
    10: (b"B5,2026-03-14T02:11:09-07:00,T4471\n", "fields_few"),
    12: (b"B6,2026-03-14T02:11:09-07:00,T4471,NLETS,stop,6\n", "fields_many"),
    14: (b'B7,2026-03-14T02:11:09-07:00,T4471,NLETS,a "stray quote\n', "stray_quote"),
    16: (b"B8,2026-03-14T02:11:09-07:00,T4471,NLETS,\xff\xfe\n", "not_utf8"),
    18: (b"B9,2026-03-14T02:11:09-07:00,T4471,NLETS,a\x00b\n", "nul_byte"),
    20: (b"BA,2026-03-14T02:11:09-07:00,T4471,NLETS," + b"x" * 1_100_000 + b"\n", "too_long"),
}


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace that read a file with one bad line of each kind between good ones."""
    folder = tmp_path_factory.mktemp("rejects")
    lines = [b"event_id,event_time,operator_id,system,reason\n"]
    lines += [BAD[n][0] if n in BAD else GOOD % (n, n) for n in range(2, 23)]
    lines += [b"\n", lines[0], GOOD % (3, 3)]
    (folder / "march.csv").write_bytes(b"".join(lines))
    auditwatch("init", folder / "w")
    told = auditwatch("-w", folder / "w", "ingest", "--json", folder / "march.csv")
    assert told.code == 3  # far above the share of rejects that a source may have
    (folder / "account.json").write_text(told.out)
    return folder


def test_every_line_of_a_bad_file_has_its_place(read: Path) -> None:
    """One bad line of each kind costs that line alone, and the account names each kind."""
    account = json.loads((read / "account.json").read_text())["sources"][0]
    parts = [account[n] for n in ("accepted", "rejected", "blank", "header", "duplicate")]
    assert parts == [11, 10, 1, 2, 1]
    assert account["lines"] == sum(parts)
    assert account["rejects"] == dict.fromkeys(sorted(code for _, code in BAD.values()), 1)


def test_refused_lines_are_listed_without_what_stood_there(read: Path) -> None:
    """Line, bytes and reason of each are told; their text is not."""
    told = auditwatch("-w", read / "w", "rejects", "list", "--json")
    found = json.loads(told.out)["rejects"]
    assert {row["line"]: row["reason_code"] for row in found} == {n: c for n, (_, c) in BAD.items()}
    whole = (read / "march.csv").read_bytes()
    for row in found:
        assert whole[row["byte_start"] : row["byte_end"]] == BAD[row["line"]][0]
    assert "yesterday" not in told.out


def test_what_stood_there_is_shown_for_a_reason_that_is_kept(read: Path) -> None:
    """Without a reason it is refused; with one, bytes that are no text are escaped."""
    listing = ("-w", read / "w", "rejects", "list", "--reveal")
    assert auditwatch(*listing).code == 2
    told = auditwatch(*listing, "--reason", "ticket 12", "--code", "not_utf8")
    assert told.code == 0
    assert r"stop" not in told.out
    assert r"NLETS,\xff\xfe" in told.out


def test_no_refused_line_of_a_kind_is_said(read: Path) -> None:
    """An empty list is told from a list that was not made."""
    told = auditwatch("-w", read / "w", "rejects", "list", "--code", "too_deep")
    assert (told.code, "no refused records of this kind" in told.err) == (0, True)
