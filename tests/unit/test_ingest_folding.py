"""Cascades: what a machine sends after one keystroke belongs to that keystroke."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditwatch.config import Settings, shipped_rules
from auditwatch.core.errors import AuditwatchError
from auditwatch.ingest import read_source
from auditwatch.ingest.folding import fold, read_followers
from auditwatch.ingest.normalise import rows_schema
from auditwatch.synthetic import make_city, write_city

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

import pyarrow as pa

FOLLOWERS = {
    "RQ": frozenset({"DQ", "QV"}),
    "DQ": frozenset({"QW"}),
    "QW": frozenset(),
    "QV": frozenset(),
}
Row = tuple[int, str, str, str] | tuple[int, str, str, str, str]
"""Seconds, operator and terminal, transaction, reason, and subject where it matters."""
KEYSTROKES = ("event_id", "keystroke")
KINDS = {"V": "vehicle", "P": "person", "N": "person"}


def _subject(row: Row) -> str:
    """Return the subject of a row, if any."""
    return row[4] if len(row) > 4 else ""


def _table(rows: list[Row], origins: dict[int, str] | None = None) -> pa.Table:
    """Return lookups of some rows, one a line."""
    columns = {name: [None] * len(rows) for name in rows_schema().names}
    columns |= {
        "event_id": [f"E{n}" for n in range(len(rows))],
        "event_time": [row[0] * 1_000_000 for row in rows],
        "operator_id": [row[1] for row in rows],
        "terminal": [row[1] for row in rows],
        "transaction": [row[2] for row in rows],
        "reason_norm": [row[3] or None for row in rows],
        "subject_id": [_subject(row) or None for row in rows],
        "subject_kind": [KINDS.get(_subject(row)[:1]) for row in rows],
        "origin": [(origins or {}).get(n) for n in range(len(rows))],
        "line": list(range(1, len(rows) + 1)),
    }
    arrays = [pa.array(columns[field.name], field.type) for field in rows_schema()]
    return pa.table(arrays, schema=rows_schema())


def heads(rows: list[Row], origins: dict[int, str] | None = None) -> list[str | None]:
    """Return the head of each row, with a window of 90 s."""
    return list(fold(_table(rows, origins), FOLLOWERS, 90)[1].to_pylist())


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([(0, "A", "RQ", "stop"), (12, "A", "DQ", ""), (15, "A", "QW", "")], "E0 E0 E0"),
        ([(0, "A", "RQ", "stop"), (5, "A", "QW", "")], "E0 E1"),
        ([(0, "A", "RQ", "stop"), (91, "A", "DQ", "")], "E0 E1"),
        ([(0, "A", "RQ", "stop"), (60, "A", "DQ", ""), (95, "A", "QW", "")], "E0 E0 E2"),
        ([(0, "A", "RQ", "stop"), (5, "B", "DQ", "")], "E0 E1"),
        ([(0, "A", "RQ", "stop"), (5, "A", "DQ", "other")], "E0 E1"),
        ([(0, "A", "RQ", "stop"), (5, "A", "DQ", "stop")], "E0 E0"),
        ([(0, "A", "RQ", "stop"), (5, "A", "DQ", "auto from e0")], "E0 E0"),
        ([(0, "A", "RQ", "x"), (1, "A", "RQ", "y"), (5, "A", "DQ", "")], "E0 E1 E1"),
        ([(0, "A", "RQ", "x"), (1, "A", "RQ", "y"), (5, "A", "DQ", "x")], "E0 E1 E0"),
        ([(5, "A", "DQ", ""), (0, "A", "RQ", "stop")], "E1 E1"),
        ([(0, "A", "IV", "stop"), (5, "A", "DQ", "")], "E0 E1"),
        ([(0, "A", "DQ", "", "P-1"), (5, "A", "QW", "", "P-1")], "E0 E0"),
        ([(0, "A", "DQ", "", "P-1"), (5, "A", "QW", "", "P-2")], "E0 E1"),
        ([(0, "A", "DQ", "", "P-1"), (5, "A", "QW", "", "N-DOE")], "E0 E0"),
        ([(0, "A", "RQ", "", "V-1"), (5, "A", "QV", "", "V-2")], "E0 E1"),
        (
            [(0, "A", "RQ", "", "V-1"), (3, "A", "DQ", "", "P-1"), (5, "A", "DQ", "", "P-2")],
            "E0 E0 E0",
        ),
        (
            [(0, "A", "DQ", "", "P-1"), (3, "A", "QW", "", "P-1"), (9, "A", "QW", "", "P-1")],
            "E0 E0 E2",
        ),
    ],
)
def test_a_record_follows_only_what_may_cause_it(rows: list[Row], wanted: str) -> None:
    """Same place, in time, an expected transaction, its subject, once, and nothing else typed."""
    assert heads(rows) == wanted.split()


def test_hotlist_and_batch_records_neither_head_nor_follow() -> None:
    """What a machine did for itself is no lookup and no cascade."""
    rows = [(0, "A", "RQ", ""), (5, "A", "DQ", ""), (6, "A", "QW", "")]
    assert heads(rows, {0: "hotlist", 2: "batch"}) == [None, "E1", None]
    origin, _ = fold(_table(rows, {0: "hotlist"}), FOLLOWERS, 90)
    assert origin.to_pylist() == ["hotlist", "manual", "cascade"]


@pytest.mark.parametrize(
    ("seconds", "transactions", "subject", "reason", "wanted"),
    [
        (2, "QW QW", "P-1", "", "E0 E0"),
        (2, "QW QW", "P-1", "other", "E0 E1"),
        (3, "QW QW", "P-1", "", "E0 E1"),
        (1, "QW QW", "P-2", "", "E0 E1"),
        (1, "QW QV", "P-1", "", "E0 E1"),
        (1, "QW QW", None, "", "E0 E1"),
        (1, "READ.SELECT READ.SELECT", "P-1", "", "E0 E1"),
    ],
)
def test_one_question_sent_to_several_states_is_one_lookup(
    seconds: int, transactions: str, subject: str | None, reason: str, wanted: str
) -> None:
    """A known key about the same subject within two seconds, nothing else typed, is a copy."""
    first, second = transactions.split()
    table = _table([(0, "A", first, "stop"), (seconds, "A", second, reason)])
    at = table.column_names.index("subject_id")
    subjects = pa.array(["P-1" if subject else None, subject], table.schema.field(at).type)
    found = fold(table.set_column(at, "subject_id", subjects), FOLLOWERS, 90)[1]
    assert found.to_pylist() == wanted.split()


def _caused(rows: list[Row], cause: int, n: int) -> bool:
    """Tell whether one record may be the machine's answer to another."""
    if rows[n][2] not in FOLLOWERS.get(rows[cause][2], ()):
        return False
    one, other = _subject(rows[cause]), _subject(rows[n])
    return not one or not other or one[0] != other[0] or one == other


def _oracle(rows: list[Row]) -> list[str]:
    """Find heads the slow and plain way: each record looks back over all heads before it."""
    found = list(range(len(rows)))
    order = sorted(found, key=lambda n: (rows[n][0], n))
    done: list[int] = []
    for n in order:
        time, place, transaction, reason = rows[n][:4]
        for head in reversed(done):
            if found[head] != head or rows[head][1] != place or time - rows[head][0] > 90:
                continue
            cascade = [one for one in done if found[one] == head]
            again = [
                rows[one][0]
                for one in cascade
                if (rows[one][2], _subject(rows[one])) == (transaction, _subject(rows[n]))
            ]
            if reason not in {"", rows[head][3]}:
                continue
            causes = sum(_caused(rows, one, n) for one in cascade)
            copies = again if _subject(rows[n]) else []
            copied = copies and transaction in FOLLOWERS and time - max(copies) <= 2
            if copied or causes > len(copies):
                found[n] = head
                break
        done.append(n)
    return [f"E{n}" for n in found]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 400) | st.integers(0, 9),
            st.sampled_from("AB"),
            st.sampled_from(["RQ", "DQ", "QW", "QV", "IV"]),
            st.sampled_from(["", "", "x", "y"]),
            st.sampled_from(["", "V-1", "V-2", "P-1", "P-2", "N-1"]),
        ),
        max_size=30,
    )
)
def test_folding_agrees_with_the_plain_way(rows: list[Row]) -> None:
    """The fast walk finds the same heads as a search over everything."""
    assert heads(rows) == _oracle(rows)


def test_every_follower_names_a_head_that_heads_itself() -> None:
    """No head of a follower is itself a follower."""
    rows = [(n * 3, "A", ("RQ", "DQ", "QW", "QV")[n % 4], "") for n in range(50)]
    found = heads(rows)
    assert all(found[int(str(head)[1:])] == head for head in found)


def test_a_catalogue_that_cannot_be_used_is_shown_its_place(tmp_path: Path) -> None:
    """The error names the line; a missing catalogue names the file."""
    (tmp_path / "catalogue").mkdir()
    path = tmp_path / "catalogue" / "transactions.yml"
    with pytest.raises(AuditwatchError, match="no such file"):
        read_followers(tmp_path)
    path.write_text("kind: transactions\ntransactions:\n  - {name: plate}\n")
    with pytest.raises(AuditwatchError, match=r"transactions.yml:3:5"):
        read_followers(tmp_path)


def test_the_window_is_a_setting(tmp_path: Path) -> None:
    """The followers of the catalogue are folded within the set seconds of the head."""
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "transactions.yml").write_text(
        "transactions: [{key: rq, followed_by: [dq]}, {key: DQ}]\n"
    )
    trail = tmp_path / "t.csv"
    trail.write_text(
        "event_time,operator_id,transaction\n"
        "2026-03-14T09:00:00Z,T1,RQ\n2026-03-14T09:01:30Z,T1,DQ\n"
    )
    found = read_source(trail, Settings(), rules=tmp_path)
    assert found.lookups["origin"].to_pylist() == ["manual", "cascade"]
    assert found.source["lookups"][0].as_py() == 1


def _pairs(groups: Iterable[object]) -> int:
    """Return how many pairs of records stand in one group."""
    return sum(size * (size - 1) // 2 for size in Counter(groups).values())


@pytest.mark.parametrize("seed", [61, 62])
def test_folding_finds_what_one_keystroke_made(seed: int, tmp_path: Path) -> None:
    """On a trail that says which lines one request made, 99 of 100 pairs are right and found."""
    city = make_city(seed, operators=200, days=14)
    trail = write_city(city, tmp_path)["trail"]
    own = tmp_path / "own.yml"
    own.write_text("transactions: {IV: RQ, ID: DQ, L1: KQ}\n")
    found = read_source(trail, Settings(), rules=shipped_rules(), mapping=own).lookups
    typed = dict(zip(*(city.keystrokes[name].to_pylist() for name in KEYSTROKES), strict=True))
    truth = [typed[one] for one in found["event_id"].to_pylist()]
    lookups = found["lookup_id"].to_pylist()
    right = _pairs(zip(truth, lookups, strict=True))
    assert right >= 0.99 * _pairs(lookups)  # precision
    assert right >= 0.99 * _pairs(truth)  # recall
