"""The desk on a hundred thousand findings: what each page costs its one process, at the door."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import insert, select

from auditwatch.core.clock import now
from auditwatch.findings import tables
from tests.bench.figure import Figure
from tests.desk_fabric import PEOPLE, DeskFabric, enrol, make_desk, open_inquiry
from tests.web.desk_client import Browser, paths_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from httpx import Response

    from auditwatch.review.accounts import Account

__all__ = ["figures"]

FINDINGS = 100_000
ENTRIES = 200_000  # of the journal
STEPS = 20_000
REVIEWS = 1_073  # decided, one in ten of them as misuse
CALLS = 40
RULES = 80
SEVERITIES = ("informational", "low", "medium", "high", "critical")
STATES = ("in_triage", "waiting", "proposed", "escalated", "closed")


def figures(folder: Path) -> Iterator[Figure]:
    """Yield p50 and p95 of the processor time of each page."""
    made = make_desk(folder / "desk")
    for one in PEOPLE:
        enrol(made.desk, one)
    open_inquiry(made.desk, made.finding_of("T3"))
    _fill(made)
    # somebody with colleagues: what is withheld costs most where there is something to withhold
    tied = replace(PEOPLE[4], account="tied", operator_ids=("R5",))
    enrol(made.desk, tied)
    browser = Browser(_With(made, tied), "tied")
    calls = {name: partial(browser.get, path) for name, path in _asked(made).items()}
    calls |= {
        "sign-in": partial(Browser(made, "").get, "/sign-in"),
        "accounts": partial(Browser(made, "ada").get, "/accounts"),
        "package": partial(browser.post, f"/findings/{made.finding_of('T3')}/package"),
    }
    for name, call in calls.items():
        times = [_seconds(call) for _ in range(CALLS)]
        low, high = np.quantile(times[3:], [0.5, 0.95])
        yield Figure(f"desk, {name}, p50", 1000 * low, "ms of CPU", "", f"{FINDINGS:,} findings")
        yield Figure(f"desk, {name}, p95", 1000 * high, "ms of CPU", "<= 100", "the same")
    made.desk.database.close()
    made.fabric.store.close()


class _With(DeskFabric):
    """A desk with one person more."""

    def __init__(self, made: DeskFabric, more: Account) -> None:
        super().__init__(made.desk, made.fabric)
        object.__setattr__(self, "_more", more)

    def account(self, name: str) -> Account:
        """Return the person."""
        more: Account = getattr(self, "_more")  # noqa: B009 - set beside a frozen class
        return more if name == more.account else super().account(name)


def _asked(made: DeskFabric) -> dict[str, str]:
    """Return what is asked for, by its name."""
    deep = made.fabric.store.findings()[0].finding_id
    with made.desk.reading() as connection:
        table = tables.findings
        order = (table.c.priority.desc(), table.c.last_seen.desc(), table.c.finding_id)
        query = select(table.c.finding_id).order_by(*order).offset(60_000).limit(1)
        middle = connection.execute(query).scalar() or deep
    lists = {
        "queue": "/queue",
        "queue, all": "/queue?tab=all",
        "queue, far down": f"/queue?tab=all&after={middle}",
        "queue, one severity": "/queue?tab=new&severity=low",
        "queue, rare severity": "/queue?tab=mine&severity=critical",
        "queue, one kind": "/queue?tab=new&kind=gap",
        "queue, one rule": "/queue?tab=all&rule=rule-0",
        "queue, one outcome": "/queue?tab=closed&outcome=cleared_explained",
        "queue, one night of a rule": "/queue?tab=all&rule=rule-7&night=2026-01-09",
        "queue, mine": "/queue?tab=mine",
        "queue, for a second person": "/queue?tab=approval",
        "queue, closed": "/queue?tab=closed",
        "finding of a list": f"/findings/{middle}?tab=new&severity=low",
    }
    kept = {path: path for path in paths_of(made, "T1", "P-50").values()}
    return lists | {
        name: path.replace("/colleague", "/rule-7")
        for name, path in kept.items()
        if path not in {"/queue", "/sign-in", "/accounts"}
    }


def _seconds(call: Callable[[], Response]) -> float:
    """Return the processor time of one page, all threads of this process together."""
    began = time.process_time()
    answer = call()
    assert answer.status_code == 200, (answer.url, answer.status_code)
    return time.process_time() - began


def _fill(made: DeskFabric) -> None:
    """Add findings, who is meant in them, what was done, and a journal."""
    draw = random.Random(11)
    with made.desk.database.writing() as connection:
        table = tables.findings
        whole = connection.execute(select(table).limit(1)).mappings().one()
        pieces = tables.evidence
        piece = connection.execute(select(pieces).limit(1)).mappings().one()
        names = [f"F-{n:012d}" for n in range(FINDINGS)]
        standings = [_standing(name, draw) for name in names[:STEPS]]
        closed = {row["finding_id"] for row in standings if row["state"] == "closed"}
        rows = [_finding(dict(whole), name, draw) for name in names]
        for row in rows:
            row["status"] = "decided" if row["finding_id"] in closed else "open"
        _add(connection, table, rows)
        _add(connection, pieces, [{**piece, "finding_id": name} for name in names])
        _add(connection, tables.parties, _parties(names, draw))
        _add(connection, tables.steps, [_step(one, draw) for one in standings])
        _add(connection, tables.standings, standings)
        _add(connection, tables.reviews, [_review(one, draw) for one in sorted(closed)[:REVIEWS]])
        _add(connection, tables.journal, _entries(connection, names, draw))


def _add(connection: Any, table: Any, rows: list[dict[str, Any]]) -> None:
    """Add rows, some thousands at a time."""
    for start in range(0, len(rows), 5000):
        connection.execute(insert(table), rows[start : start + 5000])


def _finding(row: dict[str, Any], name: str, draw: random.Random) -> dict[str, Any]:
    """Return one finding."""
    night = f"2026-{draw.randint(1, 3):02d}-{draw.randint(1, 28):02d}"
    number = min(int(draw.expovariate(0.05)), RULES - 1)  # few rules find most
    return row | {
        "finding_id": name,
        "rule_id": f"rule-{number}",
        "kind": ("policy", "rule", "pattern", "gap")[min(number // 20, 3)],
        "severity": draw.choices(SEVERITIES, (30, 40, 24, 5, 1))[0],
        "priority": draw.randrange(12_000),
        "night": night,
        "last_seen": f"{night}T{draw.randrange(24):02d}:00:00+00:00",
        "operator_ids": f'["U{hash_of(name) % 3000}"]',
        "subject_ids": f'["Q{hash_of(name) % 40_000}"]',
    }


def hash_of(name: str) -> int:
    """Return a number that a name always has."""
    return int(name[2:]) * 2_654_435_761 % (1 << 32)


def _parties(names: list[str], draw: random.Random) -> list[dict[str, Any]]:
    """Return who is meant: a few hundred findings are about people whom the reviewer knows."""
    rows = []
    for name in names:
        known = draw.random() < 0.005
        who = draw.choice(["R5", "S8"]) if known else f"U{hash_of(name) % 3000}"
        rows += [
            {"finding_id": name, "kind": "operator", "identity": who},
            {"finding_id": name, "kind": "subject", "identity": f"Q{hash_of(name) % 40_000}"},
        ]
    return rows


def _step(standing: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """Return the step that led there."""
    state = standing["state"]
    return {
        "finding_id": standing["finding_id"], "number": 1, "state": state,
        "act": "escalate" if state == "escalated" else "propose",
        "outcome": "cleared_explained", "quality": "correct_hit_but_benign", "allegation": "",
        "actions": "[]", "note": "a note that is long enough",
        "actor": draw.choice(["rita", "rolf", "tied"]), "at": f"{_day(draw)}T10:00:00+00:00",
    }  # fmt: skip


def _review(name: str, draw: random.Random) -> dict[str, Any]:
    """Return the decision of a closed finding, for the year."""
    misuse = draw.random() < 0.1
    return {
        "finding_id": name, "number": 1, "reviewer": "rita", "at": f"{_day(draw)}T10:00:00+00:00",
        "disposition": "policy_violation" if misuse else "cleared_explained",
        "note": "a note that is long enough", "covers": "",
    }  # fmt: skip


def _day(draw: random.Random) -> str:
    """Return a day of the last two years."""
    return (now() - timedelta(days=draw.randrange(730))).date().isoformat()


def _standing(name: str, draw: random.Random) -> dict[str, Any]:
    """Return where a finding stands."""
    state = draw.choices(STATES, (20, 5, 5, 1, 69))[0]
    return {
        "finding_id": name, "version": 1, "state": state,
        "assignee": draw.choice(["rita", "rolf", "tied"]),
        "outcome": "cleared_explained" if state in {"closed", "proposed"} else "",
        "quality": "correct_hit_but_benign" if state == "closed" else "",
    }  # fmt: skip


def _before(last: datetime, entries: int) -> str:
    """Return the instant of an entry: one every five minutes."""
    return (last - timedelta(minutes=5 * entries)).isoformat(timespec="seconds")


def _entries(connection: Any, names: list[str], draw: random.Random) -> list[dict[str, Any]]:
    """Return entries of the journal: nobody verifies this chain."""
    table = tables.journal
    first = connection.execute(select(table.c.number).order_by(table.c.number.desc()).limit(1))
    start, last = first.scalar_one() + 1, now()
    return [
        {
            "number": start + n, "at": _before(last, ENTRIES - n),
            "actor": draw.choice(["rita", "rolf", "tied", "lena"]),
            "action": "reveal" if n % 50 == 0 else "view",
            "finding_id": names[draw.randrange(STEPS)], "detail": "finding",
            "previous": "0" * 64, "digest": "0" * 64,
        }
        for n in range(ENTRIES)
    ]  # fmt: skip
