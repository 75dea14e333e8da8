"""Records on disk between reading and storing: a file that does not fit into memory, in small."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from auditwatch.config import Settings, shipped_rules
from auditwatch.core.errors import InputError
from auditwatch.core.schema import GAPS, LOOKUPS, REJECTS, SOURCES
from auditwatch.engine.lake import Lake
from auditwatch.ingest import Followers, read_followers, read_source, spool, store_source
from auditwatch.ingest.staging import stage_source
from auditwatch.ingest.storing import store_staged

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "event_id,event_time,operator_id,terminal,system,transaction,reason\n"
START = datetime(2026, 3, 1, 8, tzinfo=UTC)


def trail(seed: int, *, shuffled: bool) -> str:
    """Return a trail of forty nights with chains over midnight, repeats, holes and bad lines."""
    draw = random.Random(seed)
    rows = []
    for number in range(1200):
        when = START + timedelta(minutes=48 * number, seconds=draw.randrange(60))
        own = f"N{number:05}" if number % 7 and number != 500 else ""
        for key in ("RQ", "DQ")[: draw.randint(1, 2)]:
            name = own if key == "RQ" else ""
            rows.append(f"{name},{when:%Y-%m-%dT%H:%M:%SZ},T{number % 5},M,NLETS,{key},\n")
            when += timedelta(seconds=40)
    rows += [rows[5], rows[700], "bad\n", "N1,never,T1,M,NLETS,RQ,\n"]
    if shuffled:
        draw.shuffle(rows)
    return HEADER + "".join(rows)


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_small_pieces_give_what_the_whole_gives(
    tmp_path: Path,
    repository: Path,
    seed: int,
    shuffled: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Blocks, segments and stretches far smaller than the file change no table of the lake."""
    path = tmp_path / "trail.csv"
    path.write_text(trail(seed, shuffled=shuffled))
    rules = repository / "rules"
    whole, pieces = Lake(tmp_path / "whole"), Lake(tmp_path / "pieces")
    wanted = store_source(read_source(path, Settings(), rules=rules), whole)
    monkeypatch.setattr(spool, "SEGMENT_ROWS", 9)
    monkeypatch.setattr(spool, "STRETCH_ROWS", 60)
    monkeypatch.setattr("auditwatch.ingest.lines.LineReader.__init__.__defaults__", (1024,))
    staged = stage_source(path, Settings(), tmp_path / "staged", rules=shipped_rules())
    followers = Followers(read_followers(rules), Settings().ingest.cascade_seconds)
    stored = store_staged(staged, tmp_path / "staged", followers, pieces)
    assert len(list(staged.spool(tmp_path / "staged").stretches())) > 20
    assert stored.account == wanted.account
    for table in (LOOKUPS, REJECTS, GAPS, SOURCES):
        one, other = (sorted(lake.read(table).to_pylist(), key=str) for lake in (whole, pieces))
        assert one == other, table.name


def test_times_scattered_over_centuries_are_refused(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column of numbers taken for times would make a folder for each of its nights."""
    monkeypatch.setattr(spool, "NIGHTS_MAX", 30)
    path = tmp_path / "trail.csv"
    path.write_text(trail(1, shuffled=True))
    with pytest.raises(InputError, match="more than 30 nights") as caught:
        read_source(path, Settings(), rules=repository / "rules")
    assert caught.value.code == "AW-INGEST-031"
