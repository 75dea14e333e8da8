"""What ``--help`` shows: pages that read as they were meant, for every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.testing import CliRunner

from auditwatch.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator


def pages(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command below this one, itself included."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from pages(below, (*path, name))


def test_every_page_of_help_shows_its_examples_as_written() -> None:
    """No page shows the marks that keep examples from being filled up, which a raw text would."""
    for path in pages(cli):
        told = CliRunner().invoke(cli, [*path, "--help"])
        assert told.exit_code == 0, path
        assert "\\b" not in told.output, path
