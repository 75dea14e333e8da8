"""The desk in a real browser: nothing sticks out, nothing is refused, keys do what they say."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from auditwatch.cli.press import PRESS
from auditwatch.review.app import make_app
from auditwatch.review.sessions import open_session
from auditwatch.review.visit import Site
from tests.axe import CONTRAST, WCAG, complaints
from tests.desk_fabric import PEOPLE, DeskFabric, enrol, make_desk, open_inquiry
from tests.web.desk_client import free_port, paths_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

PORT = free_port()
ORIGIN = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]
) -> Iterator[DeskFabric]:
    """A desk that is served while these tests run."""
    built = make_desk(tmp_path_factory.mktemp("desk") / "w", database=new_database())
    for one in PEOPLE:
        enrol(built.desk, one)
    open_inquiry(built.desk, built.finding_of("T3"))
    app = make_app(built.desk, Site(ORIGIN, PRESS))
    server = uvicorn.Server(uvicorn.Config(app, port=PORT, log_level="warning"))
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    while not server.started:
        time.sleep(0.05)
    yield built
    server.should_exit = True
    serving.join(timeout=10)
    built.desk.database.close()
    built.fabric.store.close()


@contextmanager
def browsing(
    made: DeskFabric, chromium: str, width: int, *, scripts: bool = True, refused: bool = False
) -> Iterator[Page]:
    """Give a page of lena's browser; whatever the browser complains of fails the test.

    That a page was not found or, where a form is `refused`, that it was, is no complaint.
    """
    complaints: list[str] = []
    fine = ("404 (Not Found)", *["400 (Bad Request)"] * refused)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=scripts
        )
        page = context.new_page()
        become(page, made, "lena")
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()
    assert not [one for one in complaints if not any(word in one for word in fine)]


def become(page: Page, made: DeskFabric, who: str) -> None:
    """Let the browser be somebody else's; nobody's when the name is empty."""
    page.context.clear_cookies()
    if who:
        session = open_session(made.desk.database, made.account(who), made.desk.now())
        page.context.add_cookies([{"name": "auditwatch", "value": session.token, "url": ORIGIN}])


def every_page(page: Page, made: DeskFabric) -> Iterator[str]:
    """Open every page, each as somebody who may, an error among them; yield its address."""
    paths = set(paths_of(made, "T3", "P-51").values())
    own = {"ada": {"/accounts"}, "": {"/sign-in"}}
    beside = {"/queue?tab=all", "/findings/F-NONE", f"/findings/{made.finding_of('T3')}?tab=all"}
    shown = {"ian": (paths | beside).difference(*own.values()), **own}
    for who, those in shown.items():
        become(page, made, who)
        for path in sorted(those):
            page.goto(ORIGIN + path)
            yield path


UNFOLD = "document.querySelectorAll('details').forEach(one => { one.open = true })"
#: Cells of stacked tables whose words begin beneath the name of their column.
OVERLAPPING = """[...document.querySelectorAll('.stack td[data-label]')].filter(
    cell => parseFloat(getComputedStyle(cell).paddingLeft)
            < parseFloat(getComputedStyle(cell, '::before').width)).length"""


def test_every_page_fits_into_320_pixels(made: DeskFabric, chromium: str) -> None:
    """Every page scrolls down only, all folded out, and the browser has nothing to say of it."""
    with browsing(made, chromium, 320) as page:
        for path in every_page(page, made):
            page.evaluate(UNFOLD)
            for width in (320, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            page.set_viewport_size({"width": 320, "height": 800})
            assert page.evaluate(OVERLAPPING) == 0, path


def test_no_page_keeps_anybody_out(made: DeskFabric, chromium: str, axe: str) -> None:
    """WCAG 2.2 A and AA as axe checks them, everything folded out; contrast by day and night."""
    found: dict[str, list[str]] = {}
    with browsing(made, chromium, 1280) as page:
        for path in every_page(page, made):
            page.evaluate(UNFOLD)
            found[path] = complaints(page, axe, WCAG)
            page.emulate_media(color_scheme="dark")
            found[path] += complaints(page, axe, CONTRAST)
            page.emulate_media(color_scheme="light")
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_the_keyboard_leads_from_the_queue_to_the_form(made: DeskFabric, chromium: str) -> None:
    """Next, choose, open, decide; what is typed into a field is no key."""
    with browsing(made, chromium, 1280) as page:
        page.goto(ORIGIN + "/queue?tab=all")
        page.keyboard.press("j")
        page.keyboard.press("x")
        assert page.locator("input[name=finding]:checked").count() == 1
        page.keyboard.press("o")
        page.wait_for_url("**/findings/*")
        page.keyboard.press("d")
        assert page.evaluate("document.activeElement.id") == "outcome"
        page.focus("#note")
        page.keyboard.type("just a joke")
        assert page.input_value("#note") == "just a joke"


def test_without_scripts_a_finding_is_taken_all_the_same(made: DeskFabric, chromium: str) -> None:
    """Forms and links are all it needs."""
    name = made.finding_of("B4")
    with browsing(made, chromium, 1280, scripts=False) as page:
        page.goto(f"{ORIGIN}/findings/{name}")
        page.get_by_role("button", name="Take it").click()
        page.wait_for_url("**#done")
    assert made.desk.seen(name).standing.assignee == "lena"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_of_an_investigation_is_proposed_by_keys(
    made: DeskFabric, chromium: str, scripts: bool
) -> None:
    """Unfold, choose, write, send: with scripts off as well, and then the focus is led on."""
    with browsing(made, chromium, 320, scripts=scripts) as page:
        become(page, made, "ian")
        page.goto(f"{ORIGIN}/investigations/IA-2026-014")
        page.locator("#person > summary").press("Enter")
        page.locator("#person-other").press_sequentially(f"T7{scripts}")
        page.locator("#person-word").press("u")
        page.locator("#person-note").press_sequentially("the report, page nine")
        page.locator("#person button").press("Enter")
        page.wait_for_url("**#done")
        assert "stands when a second person agrees" in (page.text_content("#done") or "")
        if scripts:
            assert "second person" in focused(page)


def test_a_refused_form_keeps_what_was_typed_and_the_eye_is_led_to_it(
    made: DeskFabric, chromium: str
) -> None:
    """Who forgot to choose an outcome reads so at once, and has not to write the note again."""
    said = "his sergeant asked for it, by mail of 3 March"
    with browsing(made, chromium, 1280, refused=True) as page:
        page.goto(f"{ORIGIN}/findings/{made.finding_of('T1')}")
        page.fill("#note", said)
        page.get_by_role("button", name="Propose this outcome").click()
        page.wait_for_selector("#problem")
        assert page.evaluate("document.activeElement.id") == "problem"
        assert page.input_value("#note") == said


def test_keys_walk_from_finding_to_finding_of_the_list(made: DeskFabric, chromium: str) -> None:
    """Next goes on in the list it was opened from, and back returns to that list."""
    names = made.findings
    with browsing(made, chromium, 1280) as page:
        page.goto(f"{ORIGIN}/queue?tab=all")
        page.keyboard.press("j")
        page.keyboard.press("o")
        page.wait_for_url(f"**/findings/{names[0]}?tab=all")
        page.keyboard.press("n")
        page.wait_for_url(f"**/findings/{names[1]}?tab=all")
        page.keyboard.press("p")
        page.wait_for_url(f"**/findings/{names[0]}?tab=all")
        page.keyboard.press("u")
        page.wait_for_url("**/queue?tab=all")


def test_after_each_form_the_focus_is_on_what_was_done(made: DeskFabric, chromium: str) -> None:
    """Taken, commented, revealed, asked for, refused: the words stand where the keys go on."""
    note, why = "read the file twice today", "hearing of the fourth of May"
    with browsing(made, chromium, 1280) as page:
        page.goto(f"{ORIGIN}/findings/{made.findings[0]}?tab=all")
        page.fill("#note", note)
        page.get_by_role("button", name="Only comment").click()
        assert "Your comment is on record" in focused(page)
        page.keyboard.press("Tab")
        assert page.locator("a:focus").text_content() == "Next in the list"
        page.get_by_text("Show who it is").click()
        page.fill("#reason", why)
        page.get_by_role("button", name="Show for 30 minutes").click()
        assert "Identities are shown to you" in focused(page)
        page.get_by_text("A full one, with identities").click()
        page.fill("#package", why)
        page.get_by_role("button", name="Ask for it").click()
        assert "second person has to agree" in focused(page)
        page.goto(f"{ORIGIN}/queue?tab=all")
        page.get_by_text("Name this list").click()
        page.get_by_label("Name", exact=True).fill("mine")
        page.get_by_role("button", name="Keep").click()
        assert focused(page) == "The list is kept."
        page.keyboard.press("x")
        page.keyboard.press("g")
        page.keyboard.press("o")
        page.wait_for_url("**/overview")


def focused(page: Page) -> str:
    """Return the words that have the focus once a page has come."""
    return page.locator("#done:focus").text_content() or ""


def test_a_finding_is_decided_beside_the_list_and_what_is_chosen_stays(
    made: DeskFabric, chromium: str, axe: str
) -> None:
    """Looked at, commented, gone on from, closed, all by keys; each look is on record as any is."""
    names = made.findings
    with browsing(made, chromium, 1280) as page:
        page.goto(f"{ORIGIN}/queue?tab=all")
        before = len(made.fabric.store.journal())
        page.keyboard.press("j")
        page.keyboard.press("x")
        page.keyboard.press("v")
        page.locator("#pane h1:focus").wait_for()
        assert complaints(page, axe, WCAG) == []
        page.keyboard.press("c")
        page.keyboard.type("looked at it beside the list")
        page.locator("#pane button[value=comment]").press("Enter")
        assert "Your comment is on record" in focused(page)
        version = made.desk.seen(names[0]).standing.version
        chosen = page.locator("input[name=finding]:checked")
        assert chosen.get_attribute("value") == f"{names[0]}:{version}"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.locator(f"#pane [data-finding={names[1]}] h1:focus").wait_for()
        page.keyboard.press("Escape")
        assert page.locator("#pane > *").count() == 0
        assert names[1] in str(page.locator("a:focus").get_attribute("href"))
        assert chosen.count() == 1
        assert page.url == f"{ORIGIN}/queue?tab=all"
    told = [(one.action, one.finding_id) for one in made.fabric.store.journal()[before:]]
    assert told == [
        ("view", names[0]), ("comment", names[0]), ("view", names[0]), ("view", names[1]),
    ]  # fmt: skip


def test_beside_the_list_a_session_that_ended_leads_to_the_door(
    made: DeskFabric, chromium: str
) -> None:
    """Nothing of a finding is left on the page, and nobody decides without a name."""
    with browsing(made, chromium, 1280) as page:
        page.goto(f"{ORIGIN}/queue?tab=all")
        page.context.clear_cookies()
        page.keyboard.press("j")
        page.keyboard.press("v")
        page.wait_for_url("**/sign-in")


def test_without_room_or_scripts_a_finding_is_a_page(made: DeskFabric, chromium: str) -> None:
    """On a phone, and with scripts off, no link offers what cannot be."""
    with browsing(made, chromium, 390) as page:
        page.goto(f"{ORIGIN}/queue?tab=all")
        assert not page.locator(".look").first.is_visible()
        page.keyboard.press("j")
        page.keyboard.press("v")
        page.wait_for_url(f"**/findings/{made.findings[0]}?tab=all")
    with browsing(made, chromium, 1280, scripts=False) as page:
        page.goto(f"{ORIGIN}/queue?tab=all")
        assert not page.locator(".look").first.is_visible()
