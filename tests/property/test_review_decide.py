"""The state machine against a plain model: whoever tries whatever, in any order."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.desk_fabric import PEOPLE, DeskFabric, make_desk

from auditwatch.core.errors import AuditwatchError
from auditwatch.review.decide import Act, state_of
from auditwatch.review.sound import changed_steps

if TYPE_CHECKING:
    from tests.postgres_fabric import Server

#: State to acts and where they lead, written down again on purpose: the model shares no code.
CASE = {"ask": "waiting", "propose": "ended", "escalate": "escalated"}
MODEL = {
    "new": {"take": "in_triage", "propose": "ended", "escalate": "escalated"},
    "in_triage": {"take": "in_triage", **CASE},
    "waiting": {"answer": "in_triage", "escalate": "escalated"},
    "proposed": {"approve": "closed", "return": "returned"},
    "returned": {"take": "in_triage", **CASE},
    "escalated": {"conclude": "ended"},
    "reopened": {"take": "in_triage", "propose": "ended", "escalate": "escalated"},
    "closed": {"reopen": "reopened"},
}
DOERS = {"rita", "rolf", "lena", "lutz", "ian", "ivy"}
SECONDS = {"lena", "lutz", "ian", "ivy"}
INVESTIGATORS = {"ian", "ivy"}
#: Of the finding about T1; "known" lives with somebody else's subject and may work on this one.
TIED = {"self", "mate", "boss", "kin", "asked", "loose"}
WORK = {"take", "ask", "answer", "propose", "escalate", "conclude"}
ACTS = (*sorted({act for acts in MODEL.values() for act in acts}), "comment")
GRAVE = {"training_issue", "policy_violation", "criminal_referral"}


def allowed(name: str, act: str) -> bool:
    """Tell whether a person may do an act at all, by role and ties."""
    if name in TIED or name not in DOERS | {"known"}:
        return False
    if act in {"approve", "return"}:
        return name in SECONDS | {"known"}
    return name in INVESTIGATORS if act == "conclude" else True


class Reviewing(RuleBasedStateMachine):
    """Everybody tries everything on the finding about T1."""

    def __init__(self, database: str = "") -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.made: DeskFabric = make_desk(Path(self.folder.name) / "w", database=database)
        self.finding = self.made.finding_of("T1")
        self.state, self.version = "new", 0
        self.workers: set[str] = set()

    @rule(
        who=st.sampled_from([one.account for one in PEOPLE]),
        act=st.sampled_from(ACTS),
        outcome=st.sampled_from(["cleared_explained", "policy_violation"]),
        stale=st.sampled_from([False, False, False, True]),
        note=st.sampled_from(["I read the task order", "I read the task order", "short"]),
    )
    def anybody_tries_anything(
        self, who: str, act: str, outcome: str, stale: bool, note: str
    ) -> None:
        """An act goes through exactly when the model says so, and leads where it says."""
        asked = Act(
            act,
            self.version - 1 if stale else self.version,
            note,
            outcome,
            "correct_hit",
            "sustained" if act == "conclude" else "",
            ("counselled",) if act == "conclude" else (),
        )
        possible = act == "comment" or act in MODEL[self.state]
        right = allowed(who, act) and possible and not stale and (act == "take" or len(note) >= 15)
        if act in {"approve", "return"} and who in self.workers:
            right = False
        try:
            step = self.made.desk.act(self.made.account(who), self.finding, asked)
        except AuditwatchError:
            step = None
        assert (step is not None) == right, (who, act, self.state)
        if step is not None:
            self.follow(who, act, outcome, step.state)

    def follow(self, who: str, act: str, outcome: str, reached: str) -> None:
        """Move the model."""
        self.version += 1
        if act != "comment":
            expected = MODEL[self.state][act]
            if expected == "ended":
                # a violation or a conclusion always waits; of the rest one in ten is drawn
                expected = "proposed" if outcome in GRAVE or act == "conclude" else reached
                assert reached in {"proposed", "closed"}
            assert reached == expected
            self.workers = self.workers | {who} if act in WORK else self.workers
            self.state = reached
            self.workers = set() if reached == "closed" else self.workers

    @invariant()
    def history_and_journal_agree(self) -> None:
        """The standing is that of the model, every step is kept, the chain holds."""
        seen = self.made.desk.seen(self.finding)
        assert state_of(seen.finding.status, seen.standing) == self.state
        assert [step.number for step in seen.steps] == list(range(1, self.version + 1))
        with self.made.desk.reading() as connection:
            assert not changed_steps(connection)
        store = self.made.fabric.store
        assert store.broken_journal_row() is None
        assert not store.unjournaled_reviews()
        decided = seen.finding.status == "decided"
        assert decided == (self.state == "closed")

    def teardown(self) -> None:
        """Give everything back."""
        self.made.desk.database.close()
        self.made.fabric.store.close()
        self.folder.cleanup()


#: Shrinking would make a city a minute.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


def test_whoever_tries_whatever_on_a_file() -> None:
    """Acts, refusals and accounts follow the model on SQLite."""
    plan = settings(max_examples=7, stateful_step_count=25, deadline=None, phases=PHASES)
    run_state_machine_as_test(Reviewing, settings=plan)


def test_whoever_tries_whatever_on_a_server(postgres: Server) -> None:
    """Acts, refusals and accounts follow the model on PostgreSQL."""
    plan = settings(max_examples=3, stateful_step_count=25, deadline=None, phases=PHASES)
    run_state_machine_as_test(lambda: Reviewing(postgres.clean()), settings=plan)
