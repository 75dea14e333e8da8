"""Commands in processes of their own that need not import the heavy libraries again.

Importing what a scan needs takes two seconds, and the tests start some hundreds of commands. So
one server imports all of it once and forks for each command: what runs is the command's own entry,
in a fresh process with its own streams, folder and environment. Tests of starting, signals and
full disks start the command itself.

``python -m tests.preloaded`` is the server; it reads one request a line and answers with the
process id, and then with how it ended.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from select import select
from socketserver import StreamRequestHandler, UnixStreamServer
from threading import Thread
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Preloaded"]

#: What is imported late, and so by no module of ours: the libraries behind them.
LATE = ("alembic.command", "ibis.backends.duckdb", "sqlite3")


class Preloaded:
    """The client of one server, which ends when this process does."""

    def __init__(self) -> None:
        # a library that starts threads when imported would not survive the fork
        alone = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.preloaded"],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=alone,
        )
        atexit.register(self._end)

    def _end(self) -> None:
        """Ask for nothing more, and see the server off."""
        with self._server:
            pass

    def run(
        self, arguments: list[str], cwd: Path | None, typed: str, patience: int
    ) -> tuple[int, str, str]:
        """Run one command; return its exit code (below zero: the signal), and what it said.

        Raises
        ------
        subprocess.TimeoutExpired
            After ``patience`` seconds; the command is ended.
        """
        with tempfile.TemporaryDirectory() as folder:
            streams = [Path(folder) / name for name in ("in", "out", "err")]
            streams[0].write_text(typed, "utf-8")
            request = {
                "arguments": arguments,
                "cwd": str(cwd or Path.cwd()),
                "env": dict(os.environ),
                "streams": [str(stream) for stream in streams],
            }
            assert self._server.stdin
            self._server.stdin.write(json.dumps(request).encode() + b"\n")
            self._server.stdin.flush()
            process = self._answer()
            assert self._server.stdout
            if not select([self._server.stdout], [], [], patience)[0]:
                os.kill(process, 9)
                self._answer()
                raise subprocess.TimeoutExpired(arguments, patience)
            code = self._answer()
            return code, streams[1].read_text("utf-8"), streams[2].read_text("utf-8")

    @contextmanager
    def on_path(self) -> Iterator[Path]:
        """Give a folder with a command for shells that has this server run what it is asked."""
        with tempfile.TemporaryDirectory(prefix="aw-") as made:
            command = Path(made) / "auditwatch"
            command.write_text(f"#!{sys.executable} -IS\n{COMMAND}", "utf-8")
            command.chmod(0o755)
            with UnixStreamServer(str(command.with_name("socket")), _Asked) as asked:
                asked.preloaded = self  # type: ignore[attr-defined]
                Thread(target=asked.serve_forever, args=(0.05,), daemon=True).start()
                yield command.parent
                asked.shutdown()

    def _answer(self) -> int:
        """Return the server's next line."""
        assert self._server.stdout
        return int(self._server.stdout.readline())


#: A small program that asks over the socket beside it; it takes no time to start.
COMMAND = """\
import json, os, socket, sys
request = {"arguments": sys.argv[1:], "cwd": os.getcwd(), "typed": sys.stdin.read()}
with socket.socket(socket.AF_UNIX) as place:
    place.connect(os.path.join(os.path.dirname(__file__), "socket"))
    with place.makefile("rw", encoding="utf-8") as lines:
        print(json.dumps(request), file=lines, flush=True)
        code, out, err = json.loads(lines.readline())
sys.stderr.write(err)
sys.stdout.write(out)
sys.exit(code)
"""


class _Asked(StreamRequestHandler):
    """One command of a shell."""

    def handle(self) -> None:
        """Have it run, and answer with what it said."""
        asked = json.loads(self.rfile.readline())
        run = self.server.preloaded.run  # type: ignore[attr-defined]
        told = run(asked["arguments"], Path(asked["cwd"]), asked["typed"], 280)
        self.wfile.write(json.dumps(told).encode() + b"\n")


def serve() -> None:
    """Get ready what commands need, then fork for every request until nobody asks any more."""
    warm_up()
    for line in iter(sys.stdin.buffer.readline, b""):
        process = os.fork()
        if not process:
            become(json.loads(line))
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


def warm_up() -> None:
    """Import all of the program, and read the shipped rules once: their patterns stay compiled."""
    import auditwatch  # noqa: PLC0415 - the client needs none of it
    from auditwatch.check import load_rules  # noqa: PLC0415

    for module in walk_packages(auditwatch.__path__, "auditwatch."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            import_module(module.name)
    for name in LATE:
        import_module(name)
    load_rules(Path(__file__).parents[1] / "rules")


def become(request: dict[str, list[str] | str | dict[str, str]]) -> NoReturn:
    """Be the command that was asked for."""
    gc.freeze()  # what is shared with the server is not looked through, and so not copied
    modes = (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)
    for number, (path, mode) in enumerate(zip(request["streams"], modes, strict=True)):
        os.dup2(os.open(path, mode), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - we live no longer
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["env"])  # type: ignore[arg-type]
    os.chdir(str(request["cwd"]))
    from auditwatch.cli import main  # noqa: PLC0415 - here, as the command does

    code = 1
    try:
        main(list(request["arguments"]))
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
