"""Keeping the register of investigations by the desk's forms: two persons, masked, on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from auditwatch.core.errors import RefusedError
from auditwatch.findings import investigations, tables
from auditwatch.findings.investigations import Entry
from auditwatch.findings.matters import registered_matters
from auditwatch.review.accounts import Account
from auditwatch.review.register import Person, keep, persons_of, settle
from tests.desk_fabric import PEOPLE, DeskFabric, enrol, make_desk, open_inquiry
from tests.web.desk_client import Browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from httpx import Response

    from auditwatch.findings.matters import Matter

NUMBER = "IA-2026-014"
PATH = f"/investigations/{NUMBER}"
WHY = "report of the third of May"


@pytest.fixture
def made(tmp_path: Path, new_database: Callable[[], str]) -> Iterator[DeskFabric]:
    """A desk whose register has one investigation, of the finding about T3."""
    built = make_desk(tmp_path / "w", database=new_database())
    for one in PEOPLE:
        enrol(built.desk, one)
    open_inquiry(built.desk, built.finding_of("T3"))
    yield built
    built.desk.database.close()
    built.fabric.store.close()


def entries(made: DeskFabric) -> list[Entry]:
    """Return what the register has."""
    with made.desk.reading() as connection:
        return investigations.own_entries(connection, NUMBER)


def matter(made: DeskFabric) -> Matter:
    """Return the investigation as a year counts it."""
    return registered_matters(entries(made))[0]


def standing(made: DeskFabric) -> tuple[Matter, list[Person]]:
    """Return the investigation as a year counts it, and what stands about persons."""
    return matter(made), persons_of(entries(made))


def write(made: DeskFabric, by: str, act: str, /, **answers: object) -> Response:
    """Send a form of somebody who saw the register as it is."""
    filled = {"day": "2026-05-04", "note": WHY, "version": len(entries(made)), **answers}
    return Browser(made, by).post(PATH, act=act, **filled)


def second(made: DeskFabric, who: str, act: str = "agree", number: int = 0) -> Response:
    """Answer the last entry, or another one, as a second person."""
    number = number or len(entries(made))
    return Browser(made, who).post(f"/agreements/{NUMBER}", act=act, entry=number, note=WHY)


def test_a_case_is_kept_from_its_first_person_to_its_end_by_forms(made: DeskFabric) -> None:
    """Person, deed, conclusion: each counts once a second person agreed, all of it journaled."""
    token = made.desk.workspace.masker().name("operator", "T3")
    for act, answers in (
        ("person", {"who": token, "word": "exonerated"}),
        ("action", {"other": "T1", "word": "none"}),
        ("conclude", {"word": "confirmed", "queries": 7}),
    ):
        before = standing(made)
        asked = write(made, "ian", act, **answers)
        assert (asked.status_code, standing(made)) == (303, before)
        assert (
            "stands when a second person agrees"
            in Browser(made, "ian").get(asked.headers["location"]).text
        )
        agreed = second(made, "lena")
        assert "You agreed; it stands" in Browser(made, "lena").get(agreed.headers["location"]).text
        assert standing(made) != before
    assert [(one.act, one.operator_id, one.word) for one in entries(made)[-6:]] == [
        ("person_proposed", "T3", "exonerated"),
        ("person", "T3", "exonerated"),
        ("action_proposed", "T1", "none"),
        ("action", "T1", "none"),
        ("conclude_proposed", "", "confirmed"),
        ("conclude", "", "confirmed"),
    ]
    assert (matter(made).result, matter(made).queries) == ("confirmed", 7)
    assert made.fabric.store.broken_journal_row() is None
    assert not made.fabric.store.unjournaled_investigations()
    assert write(made, "ian", "conclude", word="no_misuse").status_code == 400
    assert write(made, "ian", "reopen").status_code == 303
    assert not matter(made).result


def test_who_proposed_is_not_the_second_person_and_what_is_declined_counts_for_nothing(
    made: DeskFabric,
) -> None:
    """One's own proposal is refused; a declined one stays on record; settled is settled."""
    before = matter(made)
    write(made, "ian", "conclude", word="no_misuse")
    number = len(entries(made))
    same = second(made, "ian")
    assert (same.status_code, "AW-REVIEW-013" in same.text) == (403, True)
    assert second(made, "rita").status_code == 403
    assert second(made, "ivy", "decline").status_code == 303
    late = second(made, "lena", number=number)
    assert (late.status_code, "AW-INVEST-005" in late.text) == (409, True)
    assert matter(made) == before
    assert entries(made)[-1].act == "conclude_declined"


def test_who_saw_an_older_register_writes_nothing_and_loses_nothing(made: DeskFabric) -> None:
    """The version of the form must be that of the register; what was typed is still there."""
    seen = len(entries(made))
    assert write(made, "ian", "toll", word="waiver").status_code == 303
    stale = write(made, "ivy", "toll", word="unavailable", version=seen)
    assert (stale.status_code, "AW-INVEST-005" in stale.text, WHY in stale.text) == (
        409,
        True,
        True,
    )
    assert len(entries(made)) == seen + 1
    assert write(made, "ivy", "toll", word="unavailable").status_code == 400
    page = Browser(made, "ivy").get(PATH).text
    assert "waived the limit in writing" in page
    assert write(made, "ivy", "resume").status_code == 303


def test_half_an_entry_is_refused_on_the_page_itself(made: DeskFabric) -> None:
    """Nothing is written, and the page says what is missing."""
    before = entries(made)
    whole = {"word": "sustained", "other": "T1"}
    for answers in (
        {"word": "sustained"},
        {"word": "sustained", "who": "operator-00000000"},
        {**whole, "who": "operator-00000000"},
        {**whole, "word": "guilty"},
        {**whole, "note": "short"},
        {**whole, "day": "2999-01-01"},
        {**whole, "version": "x"},
        {**whole, "note": "n" * 20_001},
    ):
        assert write(made, "ian", "person", **answers).status_code in {400, 404}, answers
    assert write(made, "ian", "open").status_code == 400
    assert entries(made) == before


def test_no_identity_and_no_note_reaches_who_may_not_have_it(made: DeskFabric) -> None:
    """Persons stand under pseudonyms for everybody; a lead reads the note that waits for one."""
    write(made, "ian", "person", other="CANARY7", word="unfounded", note="a secret of the file")
    for who in ("rita", "lena", "ian"):
        assert "CANARY7" not in Browser(made, who).get(PATH).text
    assert "a secret of the file" not in Browser(made, "rita").get(PATH).text
    assert "a secret of the file" in Browser(made, "lena").get(PATH).text
    second(made, "ivy")
    assert "a secret of the file" not in Browser(made, "lena").get(PATH).text
    with made.desk.reading() as connection:
        told = connection.execute(select(tables.journal.c.detail)).scalars()
        assert not [one for one in told if "CANARY7" in one or "secret" in one]


def test_nobody_writes_about_themselves_or_who_is_close(made: DeskFabric) -> None:
    """A colleague of the person is refused on record, as writer and as second person."""
    mate = Account("mia", "Mia", "internal_affairs", ("T2",))
    loose = Account("leo", "Leo", "internal_affairs", ())
    entry = Entry(NUMBER, "person", "2026-05-04", "t1", "sustained", note=WHY)
    for who, code in ((mate, "012"), (loose, "011"), (made.account("lena"), "010")):
        with pytest.raises(RefusedError, match=f"AW-REVIEW-{code}"):
            keep(made.desk, who, entry)
    written = keep(made.desk, made.account("ian"), entry)
    for who in (mate, loose):
        with pytest.raises(RefusedError, match=r"AW-REVIEW-01[12]"):
            settle(made.desk, who, (NUMBER, written.number), agreed=True, note=WHY)
    with made.desk.reading() as connection:
        table = tables.journal
        refused = select(table.c.actor).where(table.c.action == "refused")
        assert list(connection.execute(refused).scalars()) == ["mia", "mia"]
