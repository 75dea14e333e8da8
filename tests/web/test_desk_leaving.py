"""What leaves the desk by the browser: packages, and the draft of the year."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from auditwatch.report.seal import unseal
from auditwatch.review.accounts import Account
from auditwatch.review.press import Part, Passage, Sheet, without
from auditwatch.review.sessions import open_session
from tests.desk_fabric import PEOPLE, DeskFabric, enrol, make_desk, open_inquiry
from tests.web.desk_client import Browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WHY = "hearing of the fourth of May"


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]
) -> Iterator[DeskFabric]:
    """A desk with an investigation of T3."""
    built = make_desk(
        tmp_path_factory.mktemp("leaving") / "w", reason="CANARY Xyz", database=new_database()
    )
    for one in PEOPLE:
        enrol(built.desk, one)
    open_inquiry(built.desk, built.finding_of("T3"))
    yield built
    built.desk.database.close()
    built.fabric.store.close()


def test_a_masked_package_is_handed_over_at_once_and_on_record(made: DeskFabric) -> None:
    """One button, one sound archive without identities, one line of the journal."""
    name = made.finding_of("T3")
    answer = Browser(made, "rita").post(f"/findings/{name}/package")
    assert answer.headers["content-disposition"].endswith(f'"package-{name}-masked.zip"')
    assert answer.headers["cache-control"] == "no-store"
    files = unseal(answer.content, "p.zip").files
    assert not [part for part in files.values() if b"CANARY" in part or b"P-51" in part]
    last = made.fabric.store.journal()[-1]
    assert (last.actor, last.action, last.detail) == ("rita", "copy-made", "masked")


def test_a_full_package_takes_a_reason_and_somebody_else(made: DeskFabric) -> None:
    """Asked, agreed by another, taken by who asked; the asker cannot agree, nobody else take."""
    name = made.finding_of("T3")
    path, asker, second = f"/findings/{name}/package", Browser(made, "lena"), Browser(made, "ian")
    assert asker.post(path, full="yes", reason="short").status_code == 400
    asked = asker.post(path, full="yes", reason=WHY)
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        f"/findings/{name}?done=asked#done",
    )
    assert "a second person has to agree" in asker.get(asked.headers["location"]).text
    alone = asker.post(f"{path}/agree", asker="lena", reason=WHY)
    assert (alone.status_code, "AW-REVIEW-013" in alone.text) == (403, True)
    assert WHY in second.get(f"/findings/{name}").text
    assert "wait for your agreement" in second.get("/queue?tab=mine").text
    assert "wait for your agreement" not in asker.get("/queue?tab=mine").text
    agreed = second.post(f"{path}/agree", asker="lena", reason="read the summons, agreed")
    assert agreed.status_code == 303
    assert "wait for your agreement" not in second.get("/queue?tab=mine").text
    assert "Full package" in asker.get(f"/findings/{name}").text
    taken = asker.post(path, full="yes", reason=WHY)
    assert taken.headers["content-type"] == "application/zip"
    assert b"CANARY Xyz" in unseal(taken.content, "p.zip").files["lookups.jsonl"]
    assert Browser(made, "rolf").post(path, full="yes", reason=WHY).status_code == 303


def test_who_is_concerned_takes_no_package_and_agrees_to_none(made: DeskFabric) -> None:
    """Withheld like absent, by each of the addresses."""
    name = made.finding_of("T1")
    for who in ("self", "mate", "boss", "kin", "asked"):
        browser = Browser(made, who)
        for more in ("", "/agree"):
            answer = browser.post(f"/findings/{name}/package{more}", reason=WHY, full="yes")
            assert answer.status_code == 404


def test_the_draft_of_the_year_names_cases_and_no_person(made: DeskFabric) -> None:
    """What is not settled and how to file it stand on the page; identities do not."""
    text = Browser(made, "ian").get("/annual?year=2026").text
    assert "IA-2026-014" in text
    assert "--final --preparer" in text
    assert not [one for one in ("T3", "P-51", "page 9") if re.search(rf"\b{one}\b", text)]
    assert Browser(made, "ian").get("/annual?year=1066").status_code == 200


def test_the_draft_is_without_what_concerns_its_reader(made: DeskFabric) -> None:
    """The supervisor of the person concerned sees numbers, and that a case is left out."""
    chief = Account("chief", "Chief", "lead", ("S8",))
    enrol(made.desk, chief)
    browser = Browser(made, "")
    session = open_session(made.desk.database, chief, made.desk.now())
    browser.client.cookies.set(browser.site.cookie, session.token, domain="desk.example.org")
    text = browser.get("/annual?year=2026").text
    assert "IA-2026-014" not in text
    assert "withheld from you" in text
    assert "withheld from you" not in Browser(made, "lena").get("/annual?year=2026").text


def test_rows_and_words_about_withheld_matters_are_left_out() -> None:
    """A row of such a matter goes, its name within other words too; longer names stay."""
    rows = (("IA-1", "x"), ("IA-14", "y"), ("confirmed", "IA-1, IA-14"))
    sheet = Sheet(
        "t", "o", "l", (Part("p", "P", (Passage(("IA-1: open.",)), Passage(rows=rows))),), ()
    )
    left, count = without(sheet, ["IA-1"])
    assert count == 1
    assert left.parts[0].passages[0].said == ("withheld: open.",)
    assert left.parts[0].passages[1].rows == (("IA-14", "y"), ("confirmed", "withheld, IA-14"))
