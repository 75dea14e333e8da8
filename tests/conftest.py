"""What all tests share: hypothesis profiles, real data where it is, tools where they are."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import HealthCheck, settings

from auditwatch.core.schema import SURPRISES
from tests.postgres_fabric import find_programs, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.postgres_fabric import Server

settings.register_profile(
    "ci",
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long", settings.get_profile("ci"), max_examples=10_000, derandomize=False
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# a background job of a plain shell ignores ctrl-C, and what it starts would too
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).parents[1]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with whole commands: at the end no worker should wait for another's long file."""
    items.sort(key=lambda item: "/e2e/" not in str(item.path))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Real inputs beside the checkout; skip visibly where they are absent."""
    folder = REPOSITORY.parent / "shared" / "realdata"
    if not folder.is_dir():
        pytest.skip("no real data beside this checkout (../shared/realdata)")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium; skip visibly where it is missing, fail where CI demands it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    return found or without("Chromium is not installed")


@pytest.fixture(scope="session")
def axe(repository: Path) -> str:
    """The text of axe-core, which `make axe` fetches; skip visibly where it was not."""
    found = repository / ".venv" / "axe" / "axe_playwright_python" / "axe.min.js"
    return found.read_text("utf-8") if found.is_file() else without("no axe-core (make axe)")


@pytest.fixture(scope="session")
def spark() -> None:
    """Make sure of Spark and Java; skip visibly where one is missing, fail where CI demands it."""
    if importlib.util.find_spec("pyspark") is None:
        without("Spark is not installed (the extra spark)")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        without("Java is not installed, which Spark needs")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Give a private PostgreSQL; skip visibly where it is missing, fail where CI demands it."""
    programs = find_programs()
    if programs is None:
        without("PostgreSQL is not installed (Debian's package postgresql)")
    if importlib.util.find_spec("psycopg") is None:
        without("the driver of PostgreSQL is not installed (the extra postgres)")
    with serving(programs) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Give a place for a findings database of each kind."""
    if request.param == "sqlite":
        return tmp_path / "findings.db"
    server: Server = request.getfixturevalue("postgres")
    return server.clean()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Give what names a new findings database, all of one kind; empty: a file of the workspace."""
    if request.param == "sqlite":
        return str
    server: Server = request.getfixturevalue("postgres")
    return server.new


@pytest.fixture(scope="module")
def unscored() -> Iterator[None]:
    """Scans that look for nothing unusual: for tests of what was read, which that cannot touch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auditwatch.night.scan.score_nights", lambda *_, **__: SURPRISES.empty())
        yield


def without(what: str) -> NoReturn:
    """Skip a test for want of a tool, or fail where nothing may be skipped."""
    if os.environ.get("AUDITWATCH_REQUIRE_TOOLS"):
        pytest.fail(f"{what}, and is required here")
    pytest.skip(what)
