"""The register against a plain model: whoever writes or agrees to whatever, in any order."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.desk_fabric import DeskFabric, make_desk
from tests.property.test_review_decide import PHASES

from auditwatch.core.errors import AuditwatchError
from auditwatch.findings import investigations
from auditwatch.findings.investigations import Entry
from auditwatch.findings.matters import registered_matters
from auditwatch.review.accounts import Account
from auditwatch.review.register import keep, persons_of, settle

if TYPE_CHECKING:
    from tests.postgres_fabric import Server

#: mia works in the unit of T1 and T2; nobody linked leo.
WHO = {
    "ian": Account("ian", "Ian", "internal_affairs", ("-",)),
    "ivy": Account("ivy", "Ivy", "internal_affairs", ("-",)),
    "lena": Account("lena", "Lena", "lead", ("-",)),
    "rita": Account("rita", "Rita", "reviewer", ("-",)),
    "mia": Account("mia", "Mia", "internal_affairs", ("T2",)),
    "leo": Account("leo", "Leo", "internal_affairs", ()),
}
CLOSE = {"T1", "T2"}
WORDS = {"person": "unfounded", "action": "trained", "conclude": "no_misuse", "toll": "waiver"}
DAY, WHY = "2026-05-04", "report of the third of May"


class Keeping(RuleBasedStateMachine):
    """Everybody tries everything on one investigation, opened by ian about nobody yet."""

    def __init__(self, database: str = "") -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.made: DeskFabric = make_desk(Path(self.folder.name) / "w", database=database)
        keep(self.made.desk, WHO["ian"], Entry("IA-1", "open", DAY, note=WHY))
        self.count, self.concluded, self.tolled = 1, False, False
        self.persons: dict[str, list[str]] = {}
        self.named: set[str] = set()
        #: number of a proposal that waits to who made it, its act and its person
        self.open: dict[int, tuple[str, str, str]] = {}

    def kept_out(self, who: str, about: str = "") -> bool:
        """Tell whether somebody must keep away, or nobody said from what."""
        return who == "leo" or (who == "mia" and bool(CLOSE & {about, *self.named}))

    @rule(
        who=st.sampled_from(sorted(WHO)),
        act=st.sampled_from(["person", "action", "conclude", "reopen", "toll", "resume"]),
        about=st.sampled_from(["T1", "T3"]),
        stale=st.sampled_from([False, False, False, True]),
    )
    def anybody_writes(self, who: str, act: str, about: str, stale: bool) -> None:
        """An entry is taken exactly when the model says so."""
        about = about if act in {"person", "action"} else ""
        entry = Entry("IA-1", act, DAY, about, WORDS.get(act, ""), note=WHY)
        same = [one for one in self.open.values() if one[1:] == (act, about)]
        possible = {
            "conclude": not self.concluded and not same,
            "reopen": self.concluded,
            "toll": not self.tolled,
            "resume": self.tolled,
        }.get(act, not same)
        role = WHO[who].role == "internal_affairs"
        right = role and possible and not stale and not self.kept_out(who, about)
        try:
            keep(self.made.desk, WHO[who], entry, self.count - stale)
        except AuditwatchError:
            assert not right, (who, act, about)
            return
        assert right, (who, act, about)
        self.count += 1
        self.named |= {about} - {""}
        if act in {"person", "action", "conclude"}:
            self.open[self.count] = (who, act, about)
        self.concluded &= act != "reopen"
        self.tolled = {"toll": True, "resume": False}.get(act, self.tolled)

    @rule(who=st.sampled_from(sorted(WHO)), pick=st.integers(0, 3), agreed=st.booleans())
    def anybody_answers(self, who: str, pick: int, agreed: bool) -> None:
        """A proposal is settled exactly when the model says so."""
        number = [*self.open, 99][min(pick, len(self.open))]
        proposer, act, about = self.open.get(number, ("", "", ""))
        right = who not in {proposer, "rita"} and bool(act) and not self.kept_out(who)
        right &= not (agreed and act == "conclude" and self.concluded)
        try:
            settle(self.made.desk, WHO[who], ("IA-1", number), agreed=agreed, note=WHY)
        except AuditwatchError:
            assert not right, (who, act, about)
            return
        assert right, (who, act, about)
        self.count += 1
        del self.open[number]
        if agreed and about:
            self.persons.setdefault(about, []).append(act)
        self.concluded |= agreed and act == "conclude"

    @invariant()
    def what_counts_is_what_two_agreed_to(self) -> None:
        """Persons, result and journal are those of the model."""
        with self.made.desk.reading() as connection:
            entries = investigations.every(connection)
        assert [one.number for one in entries] == list(range(1, self.count + 1))
        said = {one.operator_id: one for one in persons_of(entries)}
        assert said.keys() == self.persons.keys()
        for who, acts in self.persons.items():
            assert bool(said[who].allegation) == ("person" in acts)
            assert len(said[who].taken) == acts.count("action")
        assert bool(registered_matters(entries)[0].result) == self.concluded
        assert self.made.fabric.store.broken_journal_row() is None
        assert not self.made.fabric.store.unjournaled_investigations()

    def teardown(self) -> None:
        """Give everything back."""
        self.made.desk.database.close()
        self.made.fabric.store.close()
        self.folder.cleanup()


def test_whoever_keeps_whatever_on_a_file() -> None:
    """Entries, proposals and refusals follow the model on SQLite."""
    plan = settings(max_examples=6, stateful_step_count=25, deadline=None, phases=PHASES)
    run_state_machine_as_test(Keeping, settings=plan)


def test_whoever_keeps_whatever_on_a_server(postgres: Server) -> None:
    """Entries, proposals and refusals follow the model on PostgreSQL."""
    plan = settings(max_examples=3, stateful_step_count=25, deadline=None, phases=PHASES)
    run_state_machine_as_test(lambda: Keeping(postgres.clean()), settings=plan)
