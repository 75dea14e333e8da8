"""A PostgreSQL server of the tests' own: in a passing folder, reached by its socket only."""

from __future__ import annotations

import getpass
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine

from auditwatch.findings import tables
from auditwatch.findings.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

#: It is thrown away, so nothing has to reach the disk.
SETTINGS = """\
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 32MB
max_connections = 60
"""


class Server:
    """A running server.

    Parameters
    ----------
    folder : Path
        Holds its socket.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._shared = ""

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@/{name}?host={self._folder}"

    def say(self, words: str) -> None:
        """Run a command outside any transaction."""
        url = self.url("postgres").replace("postgresql:", "postgresql+psycopg:")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(words)
        engine.dispose()

    def new(self) -> str:
        """Return the address of a new database without tables."""
        name = f"store{next(self._numbers)}"
        self.say(f"CREATE DATABASE {name}")
        return self.url(name)

    def clean(self) -> str:
        """Return the address of a database with empty tables: the one of the test before."""
        self._shared = self._shared or self.new()
        store = Database(self._shared)
        with store.writing() as connection:
            for table in tables.metadata.sorted_tables:
                connection.execute(table.delete())
        store.close()
        return self._shared


def find_programs() -> Path | None:
    """Return the folder of Debian's newest PostgreSQL, or of the one on the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[-3])
    found = str(debian[-1]) if debian else shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def serving(programs: Path) -> Iterator[Server]:
    """Start a server, and end it with the tests; root lends it the package's account."""
    owner = "postgres" if getpass.getuser() == "root" else None
    # in memory, and by a short path: a socket's may have a hundred characters
    folder = Path(tempfile.mkdtemp(prefix="aw-pg-", dir="/dev/shm"))
    if owner:
        shutil.chown(folder, owner)
    data = folder / "data"
    options = ("--no-sync", "--auth=trust", "--username=postgres", "--locale=C", "--encoding=UTF8")
    subprocess.run(
        [programs / "initdb", *options, data],
        user=owner,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(SETTINGS.format(folder=folder))
    command = [str(programs / "postgres"), "-D", str(data)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, user=owner, cwd=folder, stdout=log, stderr=log)
    try:
        _wait(folder)
        yield Server(folder)
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
        process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(folder: Path) -> None:
    """Wait until the server takes connections."""
    until = time.monotonic() + 60
    while "ready to accept connections" not in (folder / "log").read_text():
        assert time.monotonic() < until, (folder / "log").read_text()
        time.sleep(0.05)
