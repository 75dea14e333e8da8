"""Write the reference pages that are made from the code: ``make docs``.

A test makes them again and compares, so that they cannot drift.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import defaultdict
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditwatch.cli import cli
from auditwatch.config import default_toml
from auditwatch.core.contexttables import CONTEXT_TABLES
from auditwatch.core.errors import ExitCode
from auditwatch.core.schema import TABLES
from auditwatch.ingest.sniff import known_formats
from auditwatch.synthetic import scenario_names
from auditwatch.synthetic.work import HONEST_WORK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditwatch.core.schema import Table

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
MADE = "<!-- made by `make docs` from the code; change it there -->\n"

INDEX = re.compile(
    r"(?<=<!-- index: made by `make docs` -->\n).*?(?=<!-- end of index -->)", re.DOTALL
)

SCENARIOS_INTRO = """\
`auditwatch sample` writes such a city. The seed draws which ways of misuse happen: 30 episodes of
27 of them among 420 operators in 63 nights, others in proportion, each at an intensity `low`,
`medium` or `high` (how many looks, and over how long: thin misuse is drawn out). Two to four
lookups in a thousand are misuse; the permit desk's declared fault comes on top. `truth.csv` says
of every misused line `event_id, scenario, episode, intensity`.

Half of the people who are misused are met by the police anyway, and reasons, purposes and numbers
are mostly copied from what the same operator honestly gives for the same transaction. Learners
taught on some cities find no column, and no pair of columns, that tells misuse from work in others.
"""

EXIT_MEANINGS = {
    ExitCode.DONE: "finished",
    ExitCode.FAILED_CHECK: "finished; a finding at or above `--fail-on`, or a check failed",
    ExitCode.USAGE: "usage, configuration or a rule file: nothing was done",
    ExitCode.INCOMPLETE: "finished but incomplete: rejects above the limit, a source unreadable",
    ExitCode.NOT_PERMITTED: "the system or a rule of conduct refuses it",
    ExitCode.INTEGRITY: "a sum does not add up or kept evidence was changed; nothing is published",
    ExitCode.UNDELIVERED: "finished and kept; a hook outside could not be told",
    ExitCode.INTERNAL: "a fault of auditwatch itself; nothing was published",
    ExitCode.LOCKED: "another scan holds the workspace's lock",
}


def commands_page() -> str:
    """Return the page of all commands with their options."""
    parts = [MADE, "# Commands\n", "`auditwatch -w WORKSPACE COMMAND …`\n"]
    for path, command in _commands(cli, ("auditwatch",)):
        parts.append(f"## {' '.join(path[1:]) or 'auditwatch'}\n")
        parts.append(_help(command, path))
    return "\n".join(parts)


def _commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield a command and those below it, groups first."""
    yield path, command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _commands(command.commands[name], (*path, name))


def _help(command: click.Command, path: tuple[str, ...]) -> str:
    """Return the usage, the help text and a table of options of one command."""
    context = click.Context(command, info_name=" ".join(path))
    usage = " ".join([*path, *command.collect_usage_pieces(context)])
    lines = [f"`{usage}`", "", *map(_paragraph, cleandoc(command.help or "").split("\n\n"))]
    records = [p.get_help_record(context) for p in command.params if isinstance(p, click.Option)]
    rows = [f"| `{names}` | {meaning} |" for names, meaning in filter(None, records)]
    if rows:
        lines += ["| option | meaning |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _paragraph(text: str) -> str:
    """Return a paragraph; one that click leaves as written becomes a block of code."""
    if not text.startswith("\b"):
        return text + "\n"
    title, *lines = text.splitlines()[1:]
    return "\n".join([title, "", "```", *(line.strip() for line in lines), "```", ""])


def tables_page() -> str:
    """Return the page of all tables with their columns."""
    parts = [MADE, "# Tables\n"]
    for title, tables in (("In the lake", TABLES), ("Context", CONTEXT_TABLES)):
        parts.append(f"## {title}\n")
        parts.extend(_table(table) for table in tables.values())
    return "\n".join(parts)


def _table(table: Table) -> str:
    """Return one table's section."""
    rows = [f"| `{c.name}` | {c.type} | {c.meaning} |" for c in table.columns]
    head = [
        f"### {table.name}\n",
        f"A row is {table.row}.\n",
        "| column | type | meaning |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


def errors_page() -> str:
    """Return the page of all error codes with what each says."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for path in sorted((ROOT / "src").rglob("*.py")):
        for call in (
            n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)
        ):
            words = {k.arg: k.value for k in call.keywords}
            for code in _codes(words.get("code")):
                said = _text(call.args[0]) if call.args else _text(words.get("what"))
                hints = [_text(words.get(name)) for name in ("expected", "hint")]
                found[code].add((said, "; ".join(hint for hint in hints if hint)))
        for code in re.findall(r"AW-[A-Z]+-\d+", path.read_text("utf-8")):
            found[code] |= set() if found[code] else {("", "")}
    parts = [MADE, "# Error codes\n", "An error says what, where, what was expected, what to do.\n"]
    for code in sorted(found):
        parts.append(f"## {code}\n")
        lines = [
            f"- {said}{f' — {hint}' if hint else ''}" for said, hint in sorted(found[code]) if said
        ]
        parts.append("\n".join(lines or ["- see the message"]) + "\n")
    return "\n".join(parts)


def _codes(node: ast.AST | None) -> list[str]:
    """Return the codes that an expression can be."""
    texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)] if node else []
    return [t for t in texts if isinstance(t, str) and re.fullmatch(r"AW-[A-Z]+-\d+", t)]


def _text(node: ast.AST | None) -> str:
    """Return a literal as text, with an ellipsis where something is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return "…" if node is not None else ""


def exit_codes_page() -> str:
    """Return the page of exit codes."""
    rows = [f"| {code.value} | {EXIT_MEANINGS[code]} |" for code in ExitCode]
    rows.append("| 130 | interrupted with ctrl-C; nothing half-done was published |")
    return "\n".join([MADE, "# Exit codes\n", "| code | meaning |", "|---|---|", *rows, ""])


def settings_page() -> str:
    """Return the page of settings."""
    intro = "`auditwatch.toml`, as `auditwatch init` writes it:"
    return f"{MADE}\n# Settings\n\n{intro}\n\n```toml\n{default_toml()}```\n"


def formats_page() -> str:
    """Return the page of all formats, written by hand but for its index."""
    written = (REFERENCE / "formats.md").read_text("utf-8")
    return INDEX.sub(lambda _: _format_index(), written, count=1)


def _format_index() -> str:
    """Return the table of all formats: what each reads, its page, its samples."""
    samples: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "sample_logs").glob("*.expected.json")):
        name = path.name.removesuffix(".expected.json")
        shown = f"[`{name}`](../../sample_logs/{name})"
        samples[json.loads(path.read_text("utf-8"))["account"]["format"]].append(shown)
    rows = [
        f"| [`{name}`](formats/{_format_file(name)}) | {one.SAYS} | {', '.join(samples[name])} |"
        for name, one in known_formats().items()
    ]
    return "\n".join(["", "| format | reads | samples |", "|---|---|---|", *rows, "", ""])


def _format_file(name: str) -> str:
    """Return the page of a format: its own, or the one that it shares with its family."""
    own = f"{name}.md"
    return own if (REFERENCE / "formats" / own).is_file() else f"{name.partition('-')[0]}.md"


def scenarios_page() -> str:
    """Return the page of what happens in an invented city: ways of misuse, and honest work."""
    parts = [MADE, "# What happens in an invented city\n", SCENARIOS_INTRO, "## Misuse\n"]
    for name in scenario_names():
        module = import_module(f"auditwatch.synthetic.scenarios.{name}")
        parts.append(f"### {name}\n\n{cleandoc(module.__doc__ or '')}\n")
    rows = [f"| `{habit.__name__}` | {_first_line(habit)} |" for habit in HONEST_WORK]
    return "\n".join([*parts, "## Honest work\n", "| habit | lookups |", "|---|---|", *rows, ""])


def _first_line(habit: Callable[..., object]) -> str:
    """Return what a habit's lookups are, from the first sentence of its docstring."""
    first = cleandoc(habit.__doc__ or "").split("\n\n")[0]
    return " ".join(first.split()).removeprefix("Return ").rstrip(".")


PAGES = {
    "scenarios.md": scenarios_page,
    "formats.md": formats_page,
    "commands.md": commands_page,
    "tables.md": tables_page,
    "errors.md": errors_page,
    "exit-codes.md": exit_codes_page,
    "settings.md": settings_page,
}


def main(folder: Path) -> None:
    """Write all pages into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REFERENCE)
