from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.desk_fabric import make_desk
from tests.findings_fabric import (
    ZONE,
    decided,
    gathered,
    hit,
    lookup,
    make_fabric,
    night_of,
    result,
)
from tests.published_year import PENDING, published_year

from auditwatch.cli import cli
from auditwatch.config import make_workspace, shipped_rules
from auditwatch.core.errors import AuditwatchError, RefusedError, RuleError, UsageError
from auditwatch.findings.investigations import Entry
from auditwatch.findings.matters import Matter, Taken, registered_matters
from auditwatch.findings.store import Store
from auditwatch.report.annual import count_year
from auditwatch.report.form import read_form
from auditwatch.review.decide import Act

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORM = read_form(shipped_rules(), "ca-hdc-0010")
FINAL = ("--final", "--preparer", "A. Roe", "--approver", "B. Poe")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty workspace."""
    return make_workspace(tmp_path / "w")


@pytest.fixture
def store(place: Path) -> Iterator[Store]:
    """Its findings."""
    with Store(place / "findings.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the published year; tests only read it."""
    made = make_workspace(tmp_path_factory.mktemp("published") / "w")
    with Store(made / "findings.db") as opened:
        opened.investigate(published_year())
    return made


def entry(act: str, day: str, name: str = "IA-1", **more: Any) -> Entry:
    """Return an entry of the register."""
    return Entry(name, act, day, **({"note": "as told", "recorder": "clerk"} | more))


def annual(place: Path, *more: str, year: int = 2023, form: str = "json") -> bytes:
    """Write the report of a year through the command line and return it."""
    path = place / f"out.{form}"
    arguments = ["-w", str(place), "report", "annual", "--year", str(year), "--format", form]
    CliRunner().invoke(cli, [*arguments, "-o", str(path), *more], catch_exceptions=False)
    return path.read_bytes()


def numbers(paper: bytes) -> dict[str, int]:
    """Return the numbers of a report in JSON by their labels."""
    tables = json.loads(paper)["tables"]
    parts = ("investigations", "misuse", "outcomes", "prosecution")
    return {row["label"]: row["number"] for part in parts for row in tables[part]}


def test_the_published_year_gives_the_published_figures(published: Path) -> None:
    """7,275 queries, 6,789 of one case; 24 suspended, 6 resigned, 9 dismissed; cases apart."""
    paper = annual(published)
    found = numbers(paper)
    assert found["Queries"] == 7275
    assert (found["Suspended"], found["Resigned"], found["Terminated"]) == (24, 6, 9)
    assert (found["Misuse confirmed (cases)"], found["Persons"]) == (487, 486)
    assert found["Pending at the end of the year"] == PENDING
    assert "6,789 of the 7,275 queries are of one case, IA-2023-0000" in paper.decode()


def test_one_fault_of_procedure_is_one_case_and_all_its_queries(place: Path, store: Store) -> None:
    """6,789 lines of one cause: 1 investigation, 1 case, nobody's misuse, 6,789 queries."""
    store.investigate([one for one in published_year() if one.investigation_id.endswith("-0000")])
    found = numbers(annual(place))
    assert found["Opened in the year"] == found["Misuse confirmed (cases)"] == 1
    assert (found["Persons"], found["Queries"]) == (0, 6789)


def test_a_year_without_a_case_is_a_report(place: Path) -> None:
    """It says none, in every line, and can be final."""
    paper = annual(place, *FINAL)
    assert set(numbers(paper).values()) == {0}
    assert "None: in 2023 no investigation" in paper.decode()
    assert "Final, version 1" in paper.decode()


def test_what_is_pending_is_carried_over_until_it_is_concluded(place: Path, store: Store) -> None:
    """A case of 2021 is pending in 2021 and 2022, and confirmed in 2023."""
    store.investigate(
        [
            entry("open", "2021-12-31"),
            entry("conclude", "2023-01-01", word="confirmed", queries=2),
        ]
    )
    told = [numbers(annual(place, year=year)) for year in (2021, 2022, 2023)]
    assert [one["Pending from the year before"] for one in told] == [0, 1, 1]
    assert [one["Pending at the end of the year"] for one in told] == [1, 1, 0]
    assert [one["Queries"] for one in told] == [0, 0, 2]


def test_a_case_reads_as_it_stood_at_the_end_of_the_year(place: Path, store: Store) -> None:
    """What was concluded later is pending in the paper of the year before."""
    concluded = entry("conclude", "2023-02-02", word="confirmed", queries=7)
    store.investigate([entry("open", "2022-03-03"), concluded])
    (case,) = json.loads(annual(place, year=2022))["tables"]["cases"]
    assert (case["result"], case["queries"], case["concluded"]) == ("pending", 0, "")


def test_every_number_opens_its_list(published: Path) -> None:
    """The cases behind a line are as many as the line says, in lists of forty."""
    tables = json.loads(annual(published))["tables"]
    behind: dict[str, list[str]] = {}
    for row in tables["lists"]:
        behind.setdefault(row["label"], []).extend(row["cases"].split(", "))
    known = {row["case"] for row in tables["cases"]}
    for row in tables["investigations"]:
        cases = behind.get(row["label"], [])
        assert len(set(cases)) == len(cases) == row["number"]
        assert set(cases) <= known


def test_counts_agree_over_all_formats(published: Path) -> None:
    """CSV, XLSX and HTML carry the numbers of the JSON, line by line."""
    told = numbers(annual(published))
    rows = list(csv.reader(io.StringIO(annual(published, form="csv").decode("utf-8-sig"))))
    in_csv = {row[2]: int(row[3]) for row in rows if row[2] in told and row[3].isdigit()}
    assert in_csv == told
    page = annual(published, form="html").decode()
    in_page = re.findall(
        r"<th scope=\"row\">([^<]*)</th>\s*<td class=\"number\"[^>]*>([\d,]*)</td>", page
    )
    assert {k: int(v.replace(",", "")) for k, v in in_page if k in told} == told
    book = zipfile.ZipFile(io.BytesIO(annual(published, form="xlsx")))
    sheets = " ".join(book.read(one).decode() for one in book.namelist() if "/sheet" in one)
    assert all(f"<v>{number}</v>" in sheets for number in told.values())


@pytest.mark.parametrize("form", ["html", "xlsx", "csv", "json"])
def test_two_runs_are_byte_equal(place: Path, store: Store, form: str) -> None:
    """A final, too: the same numbers in the same names are the same version."""
    store.investigate(published_year()[:40])
    first = annual(place, *FINAL, "--despite", "counted by hand", form=form)
    assert annual(place, *FINAL, "--despite", "counted by hand", form=form) == first


def test_other_numbers_are_another_version(place: Path, store: Store) -> None:
    """A restatement gets a number of its own, and the journal keeps both digests."""
    annual(place, *FINAL)
    store.investigate([entry("open", "2023-04-01")])
    assert "Final, version 2" in annual(place, *FINAL).decode()
    filed = [one.detail for one in store.journal() if one.action == "file"]
    assert len(filed) == len(set(filed)) == 2


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--final",), "AW-REPORT-005"),
        (("--final", "--preparer", "A. Roe", "--approver", "a. roe "), "AW-REPORT-005"),
        (FINAL, "AW-REPORT-006"),
        (("--form", "ca-hdc-0011"), "AW-REPORT-002"),
        (("--form", "../ca-hdc-0010"), "AW-REPORT-002"),
    ],
)
def test_a_final_needs_two_persons_and_nothing_unsettled(
    place: Path, store: Store, more: tuple[str, ...], code: str
) -> None:
    """Refused with its code, and no file is left."""
    person = entry("person", "2023-02-01", operator_id="T1", word="sustained")
    ended = entry("conclude", "2023-02-02", word="confirmed", queries=1)
    store.investigate([entry("open", "2023-01-01"), person, ended])
    with pytest.raises(AuditwatchError) as refused:
        annual(place, *more)
    assert refused.value.code == code
    assert not list(place.glob("*out*"))


def test_a_year_that_is_not_over_cannot_be_final(place: Path) -> None:
    """Whatever anybody writes under --despite."""
    with pytest.raises(UsageError, match="not over"):
        annual(place, *FINAL, "--despite", "leave", year=2999)


def test_a_decision_in_the_queue_counts_until_an_investigation_takes_it_in(
    tmp_path: Path,
) -> None:
    """Misuse decided in the queue is a case, unsettled; then it is part of the other one."""
    rows = [lookup(0, number, "T1", "P1") for number in range(3)]
    pieces = gathered(night_of(0), rows, hits=[hit(row, "colleague") for row in rows])
    make_workspace(tmp_path)
    fabric = make_fabric(tmp_path, rows, [result(night_of(0), pieces)])
    (finding,) = fabric.store.findings()
    year = int(decided(fabric.store, finding.finding_id, "misuse", "seen", "lead").at[:4])
    draft = annual(tmp_path, year=year)
    assert numbers(draft)["Queries"] == 3
    assert "decided in the queue only" in draft.decode()
    opened = entry("open", f"{year}-01-02", finding_ids=(finding.finding_id,))
    fabric.store.investigate([opened])
    fabric.store.close()
    again = annual(tmp_path, year=year)
    assert numbers(again)["Queries"] == 0
    assert [row["case"] for row in json.loads(again)["tables"]["cases"]] == ["IA-1"]


def test_an_escalation_at_the_desk_is_an_investigation_of_the_year(tmp_path: Path) -> None:
    """Pending when escalated, confirmed when concluded, reopened, taken in: one case all along."""
    make_workspace(tmp_path / "w")
    made = make_desk(tmp_path / "w")
    name, year = made.finding_of("T1"), made.desk.now().year

    def counted() -> tuple[int, int, int, int, int]:
        found = numbers(annual(tmp_path / "w", year=year))
        labels = ("Opened in the year", "Misuse confirmed (cases)", "Persons", "Queries")
        return (*(found[label] for label in labels), found["Counselled"])

    def act(who: str, act: str, **more: Any) -> None:
        version = made.desk.seen(name).standing.version
        asked = Act(act, version, "as it is in the memo of that day", **more)
        made.desk.act(made.account(who), name, asked)

    conclusion = {"outcome": "policy_violation", "quality": "correct_hit"}
    conclusion |= {"allegation": "sustained", "actions": ("counselled",)}
    act("rita", "escalate")
    assert counted() == (1, 0, 0, 0, 0)
    act("ian", "conclude", **conclusion)
    assert counted() == (1, 0, 0, 0, 0), "nothing is concluded before a second person agreed"
    act("ivy", "approve")
    assert counted() == (1, 1, 1, 1, 1)
    told = CliRunner().invoke(cli, ["-w", str(tmp_path / "w"), "investigations", "list", "--json"])
    (row,) = json.loads(told.stdout)
    assert (row["investigation_id"], row["result"], row["queries"]) == (name, "confirmed", 1)
    act("lena", "reopen")
    assert counted() == (1, 0, 0, 0, 1), "what was done to a person was done"
    made.fabric.store.investigate([entry("open", f"{year}-01-02", finding_ids=(name,))])
    assert counted() == (1, 0, 0, 0, 0)
    assert [one.investigation_id for one in made.fabric.store.register(ZONE)] == ["IA-1"]
    made.desk.database.close()
    made.fabric.store.close()


def test_an_unknown_format_is_refused_before_anything_is_on_record(
    place: Path, store: Store
) -> None:
    """Nothing was revealed to nobody, and the right names are told."""
    with pytest.raises(UsageError) as refused:
        annual(place, "--reveal", "--reason", "test", "--format", "xls")
    assert refused.value.code == "AW-REPORT-007"
    assert "xlsx" in refused.value.hint
    assert store.journal() == []


def test_persons_are_masked_until_revealed_on_record(place: Path, store: Store) -> None:
    """A pseudonym by default; with a reason the identity, and the journal says so."""
    person = entry("person", "2023-02-01", operator_id="CANARY", word="sustained")
    ended = entry("conclude", "2023-02-02", word="confirmed", queries=1)
    store.investigate([entry("open", "2023-01-01"), person, ended])
    assert b"CANARY" not in annual(place)
    assert b"CANARY" in annual(place, "--reveal", "--reason", "state asks")
    assert [one.action for one in store.journal()][-1] == "reveal"
    assert all("CANARY" not in one.detail for one in store.journal())


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (entry("close", "2023-01-01"), "AW-INVEST-001"),
        (entry("open", "2023-02-30"), "AW-INVEST-001"),
        (entry("open", "2999-01-01"), "AW-INVEST-001"),
        (entry("open", "2023-01-01", note=" "), "AW-INVEST-001"),
        (entry("open", "2023-01-01", name="=cmd"), "AW-INVEST-001"),
        (entry("person", "2023-01-01", word="sustained"), "AW-INVEST-001"),
        (entry("conclude", "2023-01-01", word="no_misuse", queries=4), "AW-INVEST-001"),
        (entry("conclude", "2023-01-01", word="confirmed", name="IA-2"), "AW-INVEST-002"),
        (entry("open", "2023-01-01"), "AW-INVEST-002"),
        (entry("reopen", "2023-01-01"), "AW-INVEST-002"),
        (entry("conclude", "2022-01-01", word="confirmed"), "AW-INVEST-002"),
        (entry("open", "2023-01-01", name="IA-2", finding_ids=("F-NONE",)), "AW-INVEST-003"),
    ],
)
def test_the_register_refuses_what_nobody_could_account_for(
    store: Store, bad: Entry, code: str
) -> None:
    """And keeps nothing of it."""
    store.investigate([entry("open", "2023-01-01")])
    with pytest.raises(UsageError) as refused:
        store.investigate([bad])
    assert refused.value.code == code
    assert len(store.investigations()) == 1


def test_nobody_keeps_the_register_of_an_own_case(store: Store) -> None:
    """Whoever is meant may not write it down."""
    store.investigate([entry("open", "2023-01-01")])
    with pytest.raises(RefusedError):
        store.investigate(
            [entry("person", "2023-01-02", operator_id="T9", word="unfounded", recorder="t9")]
        )


def test_verify_finds_an_entry_that_was_changed(place: Path, store: Store) -> None:
    """The journal carries the digest of each entry."""
    store.investigate([entry("open", "2023-01-01")])
    assert store.unjournaled_investigations() == []
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE investigations SET day = '2022-01-01'")
    assert store.unjournaled_investigations() == ["IA-1"]
    told = CliRunner().invoke(cli, ["-w", str(place), "verify"])
    assert "BROKEN  register of investigations as the journal has it: not of IA-1" in told.output


def test_a_form_that_loses_an_investigation_is_refused(place: Path) -> None:
    """Without a line for what is pending, cases would vanish from one year to the next."""
    path = place / "rules" / "forms" / "ca-hdc-0010.yml"
    path.write_text(path.read_text().replace("counts: pending", "counts: opened"))
    with pytest.raises(RuleError) as refused:
        read_form(place / "rules", "ca-hdc-0010")
    assert refused.value.code == "AW-REPORT-003"


DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2024, 12, 31))


@st.composite
def matters(draw: st.DrawFn) -> Matter:
    """Return a case that was opened before it was concluded."""
    first, second = sorted(draw(st.tuples(DAYS, DAYS)))
    outcome = draw(st.sampled_from(["", "confirmed", "no_misuse"]))
    confirmed = outcome == "confirmed"
    who = draw(st.sets(st.sampled_from(["T1", "T2", "T3"]))) if confirmed else set()
    return Matter(
        matter_id=f"IA-{draw(st.integers(0, 10**9))}",
        opened=first.isoformat(),
        concluded=second.isoformat() if outcome else "",
        result=outcome,
        operator_ids=tuple(sorted(who)),
        queries=draw(st.integers(0, 9999)) if confirmed else 0,
        finding_ids=(),
        taken=tuple(Taken(second.isoformat(), one, "suspended") for one in sorted(who)),
        registered=True,
    )


@given(st.lists(matters(), max_size=12))
def test_years_add_up(cases: list[Matter]) -> None:
    """Over all years each confirmed case and query counts once; what is left is carried in."""
    years = [count_year(FORM, cases, year) for year in range(2020, 2026)]
    confirmed = [one for one in cases if one.result == "confirmed"]
    assert sum(year.number("confirmed") for year in years) == len(confirmed)
    assert sum(year.number("queries") for year in years) == sum(one.queries for one in confirmed)
    assert sum(year.number("opened") for year in years) == len(cases)
    for before, after in pairwise(years):
        assert before.number("pending") == after.number("carried_in")


def test_the_last_word_on_a_person_counts() -> None:
    """A corrected entry stays in the register and is not counted."""
    told = [
        entry("open", "2023-01-01"),
        entry("person", "2023-01-02", operator_id="T1", word="sustained"),
        entry("person", "2023-01-03", operator_id="T1", word="unfounded"),
        entry("conclude", "2023-01-04", word="confirmed", queries=1),
    ]
    (matter,) = registered_matters(told)
    assert matter.operator_ids == ()


REGISTER = """investigation_id,act,day,operator_id,word,queries,finding_ids,note
IA-1,open,2023-01-01,,,,,letter
IA-1,person,2023-02-01,T1,sustained,,,"p. 9, end"
IA-1,conclude,2023-02-02,,confirmed,12,,p. 10
IA-1,action,2023-02-03,T1,trained,,,course 4
"""


def imported(place: Path, text: str) -> Any:
    """Take in a register through the command line."""
    path = place / "register.csv"
    path.write_text(text)
    return CliRunner().invoke(cli, ["-w", str(place), "investigations", "import", str(path)])


def test_a_register_kept_elsewhere_is_taken_in(place: Path) -> None:
    """Its year is counted like any other."""
    assert imported(place, REGISTER).exit_code == 0
    found = numbers(annual(place))
    assert (found["Queries"], found["Trained"], found["Persons"]) == (12, 1, 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (REGISTER.replace("note\n", "remark\n", 1), "AW-INVEST-004"),
        (REGISTER.replace(",12,", ",twelve,"), "AW-INVEST-004"),
        (REGISTER + "IA-2,open\n", "AW-INVEST-004"),
        (REGISTER + "IA-2,conclude,2023-01-01,,confirmed,1,,x\n", "AW-INVEST-002"),
    ],
)
def test_a_register_with_a_fault_is_not_taken_in_at_all(
    place: Path, store: Store, text: str, code: str
) -> None:
    """One bad row, and nothing of the file is kept."""
    assert getattr(imported(place, text).exception, "code", "") == code
    assert store.investigations() == []
