"""Who is behind a pseudonym: read once a scan, however many pages ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Engine, event
from tests.desk_fabric import make_desk
from tests.findings_fabric import RUN, gathered, hit, lookup, night_of, result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_the_parties_are_read_once_a_scan(tmp_path: Path, new_database: Callable[[], str]) -> None:
    """Nobody behind a pseudonym is no reason to read all again; somebody new is found at once."""
    made = make_desk(tmp_path / "w", database=new_database())
    said: list[str] = []

    def hear(*asked: object) -> None:
        said.append(str(asked[2]))

    token = made.desk.workspace.masker().name("operator", "T9")
    event.listen(Engine, "before_cursor_execute", hear)
    try:
        for _ in range(3):
            assert not made.desk.behind("operator", token)
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    assert len([one for one in said if "FROM parties" in one]) == 1
    rows = [lookup(1, 1, "T9", "P-60")]
    pieces = gathered(night_of(1), rows, hits=[hit(rows[0], "colleague")])
    made.fabric.store.publish([result(night_of(1), pieces)], RUN)
    assert made.desk.behind("operator", token) == "T9"
    assert not made.desk.behind("subject", token)
    made.desk.database.close()
    made.fabric.store.close()
