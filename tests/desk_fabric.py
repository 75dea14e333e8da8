"""A small town on a desk: three findings, a roster with ties, accounts in every role."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import insert

from auditwatch.findings import investigations, tables
from auditwatch.findings.investigations import Entry
from auditwatch.review.accounts import Account
from auditwatch.review.desk import Desk
from tests.findings_fabric import gathered, hit, lookup, make_fabric, night_of, result

if TYPE_CHECKING:
    from pathlib import Path

    from tests.findings_fabric import Fabric

PASSWORD = "correct horse battery staple"  # noqa: S105 - of nobody
ROSTER = """\
operator_id,role,unit,subject_id,surname,household,supervisor
T1,officer,patrol-north,P-1,AMSEL,H-1,S9
T2,officer,patrol-north,P-2,BRANDT,H-2,S9
T3,officer,patrol-south,P-3,CORDES,H-3,S8
K7,clerk,records,P-7,AMSEL,H-7,S7
B4,clerk,records,P-8,DIETZ,H-8,S7
S9,sergeant,command,P-9,EGGERS,H-9,
S8,sergeant,command,P-10,FALK,H-10,
R5,analyst,audit,P-11,GERKE,H-11,S8
"""
RELATIONS = "operator_id,subject_id,relation\nR5,P-77,household\n"

#: Accounts by what they show: two reviewers, two leads, investigators, each of the other roles, and
#: people tied to operator T1 in every way that counts.
PEOPLE = (
    Account("rita", "Rita", "reviewer", ("-",)),
    Account("rolf", "Rolf", "reviewer", ("-",)),
    Account("lena", "Lena", "lead", ("-",)),
    Account("lutz", "Lutz", "lead", ("-",)),
    Account("ian", "Ian", "internal_affairs", ("-",)),
    Account("ivy", "Ivy", "internal_affairs", ("-",)),
    Account("vera", "Vera", "viewer", ("-",)),
    Account("ada", "Ada", "administrator", ("-",)),
    Account("dev", "Dev", "rule_developer", ("-",)),
    Account("self", "Self", "lead", ("T1",)),
    Account("mate", "Mate", "lead", ("T2",)),
    Account("boss", "Boss", "lead", ("S9",)),
    Account("kin", "Kin", "lead", ("K7",)),
    Account("asked", "Asked", "lead", ("B4",)),
    Account("known", "Known", "lead", ("R5",)),
    Account("loose", "Loose", "lead", ()),
)


@dataclass(frozen=True)
class DeskFabric:
    """A desk and the fabric behind it."""

    desk: Desk
    fabric: Fabric

    def account(self, name: str) -> Account:
        """Return one of the people."""
        return next(one for one in PEOPLE if one.account == name)

    @property
    def findings(self) -> list[str]:
        """Ids of the findings, the most pressing first."""
        return [one.finding_id for one in self.fabric.store.findings()]

    def finding_of(self, operator: str) -> str:
        """Return the id of the finding about an operator."""
        found = [one for one in self.fabric.store.findings() if operator in one.operator_ids]
        return found[0].finding_id


def make_desk(root: Path, *, reason: str = "traffic stop", database: str = "") -> DeskFabric:
    """Make a workspace with findings about T1, T3 and about the subject that R5 lives with.

    Parameters
    ----------
    root : Path
        An empty folder.
    reason : str
        What every lookup gives as its reason.
    database : str
        URL of the findings database; a file in the workspace when empty.
    """
    rows = [
        lookup(0, 1, "T1", "P-50", requester_id="B4", reason=reason),
        lookup(0, 2, "T3", "P-51", reason=reason),
        lookup(0, 3, "B4", "P-77", reason=reason),
    ]
    hits = [
        hit(rows[0], "colleague"),
        hit(rows[1], "own-vehicle", severity="high"),
        hit(rows[2], "colleague"),
    ]
    night = night_of(0)
    published = result(night, gathered(night, rows, hits=hits))
    fabric = make_fabric(root, rows, [published], database)
    fabric.workspace.context.mkdir()
    (fabric.workspace.context / "roster.csv").write_text(ROSTER)
    (fabric.workspace.context / "relations.csv").write_text(RELATIONS)
    desk = Desk(fabric.workspace)
    return DeskFabric(desk, fabric)


def open_inquiry(desk: Desk, finding_id: str) -> None:
    """Put an investigation of a finding into the register, whose clock stood still for a month.

    What it proposes to do waits for a second person, who must not be ivy.
    """
    entries = (
        Entry("IA-2026-014", "open", "2026-02-03", finding_ids=(finding_id,), note="the queue"),
        Entry("IA-2026-014", "toll", "2026-03-01", word="criminal_matter", note="with the DA"),
        Entry("IA-2026-014", "resume", "2026-03-31", note="not charged"),
        Entry("IA-2026-014", "person", "2026-04-02", "T3", "sustained", note="page 9"),
        Entry(
            "IA-2026-014", "action_proposed", "2026-04-03", "T3", "trained", 0, (), "p. 9", "ivy"
        ),
    )
    with desk.database.writing() as connection:
        for entry in entries:
            investigations.record(connection, replace(entry, recorder=entry.recorder or "ian"))


def enrol(desk: Desk, one: Account) -> None:
    """Add an account that never signs in by password: hashing one is slow on purpose."""
    with desk.database.writing() as connection:
        connection.execute(
            insert(tables.accounts).values(
                account=one.account,
                name=one.name,
                role=one.role,
                password="",
                operator_ids=json.dumps(one.operator_ids),
                enabled=True,
                failures=0,
                failed_at="",
            )
        )
