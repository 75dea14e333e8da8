"""The command line: parses, calls, prints. A file per command group; heavy rooms load late."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Final, NoReturn

import rich_click as click
from click.exceptions import Exit

from auditwatch.cli import (
    demo,
    findings,
    ingest,
    investigations,
    model,
    rejects,
    report,
    review,
    rules,
    sample,
    scan,
    verify,
    workspace,
)
from auditwatch.cli.show import complain
from auditwatch.core.errors import AuditwatchError, ExitCode

__all__ = ["cli", "main"]

INTERRUPTED: Final = 128 + signal.SIGINT  # what shells and schedulers expect of ctrl-C
SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=SETTINGS)
@click.option(
    "-w",
    "--workspace",
    type=click.Path(path_type=Path),
    envvar="AUDITWATCH_WORKSPACE",
    metavar="FOLDER",
    help="The workspace; default is the nearest folder upwards with an auditwatch.toml.",
)
@click.version_option(package_name="auditwatch", message="auditwatch %(version)s")
@click.pass_context
def cli(context: click.Context, workspace: Path | None) -> None:
    """Read audit trails of lookups; put what deserves a person's eye before a reviewer.

    A finding is a question put to a person, never a verdict.

    \b
    A first night:
      auditwatch init w
      auditwatch -w w scan trail.csv --roster roster.csv --cases cases.csv
      auditwatch -w w findings list
    """
    context.obj = workspace


for command in (
    workspace.init,
    demo.demo,
    sample.sample,
    ingest.ingest,
    rejects.rejects,
    scan.scan,
    findings.findings,
    report.report,
    review.review,
    investigations.investigations,
    rules.rules,
    model.model,
    verify.verify,
):
    cli.add_command(command)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with a code of DESIGN's list; never with a bare traceback."""
    _prepare_streams()
    try:
        code = cli.main(args=arguments, prog_name="auditwatch", standalone_mode=False) or 0
        sys.stdout.flush()
    except Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except AuditwatchError as error:
        complain(str(error))
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        _leave_interrupted()
    except (BrokenPipeError, SystemExit):
        # the reader of our output went away, which is its right; click says so by SystemExit
        code = _silenced(ExitCode.DONE)
    except OSError as error:
        complain(
            f"{error.strerror or error} [AW-CLI-003]\n  do: free some space, or write elsewhere"
        )
        code = _silenced(ExitCode.INCOMPLETE)
    except Exception as error:  # noqa: BLE001 - the last resort must not print a record
        code = _internal(error)
    sys.exit(int(code))


def _prepare_streams() -> None:
    """Make sure that what is said can be written, whatever the locale and wherever it goes."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        else:
            stream.reconfigure(errors="backslashreplace")


def _leave_interrupted() -> NoReturn:
    """Say that the command was interrupted and leave at once.

    What was open was closed on the way here. Python's own shutdown is left out: threads of the
    native libraries may still be at work on what was interrupted, and the process would sometimes
    be aborted under them, with a code that tells a scheduler nothing.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    complain("interrupted; nothing half-done was published, run the same command again")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def _silenced(code: ExitCode) -> ExitCode:
    """Send what is still buffered nowhere: it would fail again when Python exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _internal(error: Exception) -> int:
    """Report a fault of ours by kind and place, without what it was working on."""
    if os.environ.get("AUDITWATCH_TRACEBACK"):
        raise error
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    complain(
        f"{place}: internal fault ({type(error).__name__}) [AW-INTERNAL-001]\n"
        "  do: run again with AUDITWATCH_TRACEBACK=1 and report it; nothing was published"
    )
    return ExitCode.INTERNAL
