"""The desk in a real browser: nothing sticks out, nothing is refused, keys do what they say."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from auditwatch.review.accounts import open_session
from auditwatch.review.app import make_app
from auditwatch.review.visit import Site
from tests.desk_fabric import PEOPLE, DeskFabric, enrol, make_desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

PORT = 8479
ORIGIN = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskFabric]:
    """A desk that is served while these tests run."""
    built = make_desk(tmp_path_factory.mktemp("desk") / "w")
    for one in PEOPLE:
        enrol(built.desk, one)
    app = make_app(built.desk, Site(ORIGIN))
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
    made: DeskFabric, chromium: str, width: int, *, scripts: bool = True
) -> Iterator[Page]:
    """Give a page of lena's browser; whatever the browser complains of fails the test."""
    session = open_session(made.desk.database, made.account("lena"), made.desk.now())
    complaints: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=scripts
        )
        context.add_cookies([{"name": "auditwatch", "value": session.token, "url": ORIGIN}])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()
    assert not complaints


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_sticks_out_or_asks_for_what_is_forbidden(
    made: DeskFabric, chromium: str, width: int
) -> None:
    """Every page scrolls down only, and the browser has nothing to say about it."""
    tokens = made.desk.workspace.masker()
    paths = (
        "/queue",
        f"/findings/{made.finding_of('T3')}",
        f"/operators/{tokens.name('operator', 'T3')}",
        f"/subjects/{tokens.name('subject', 'P-51')}",
        "/rules",
        "/rules/colleague",
        "/overview",
        "/auditors",
        "/help",
    )
    with browsing(made, chromium, width) as page:
        for path in paths:
            page.goto(ORIGIN + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


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
        page.wait_for_url("**#history")
    assert made.desk.seen(name).standing.assignee == "lena"
