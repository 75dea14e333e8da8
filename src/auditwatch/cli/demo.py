"""``demo``: a synthetic city, its scan, its night report."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from auditwatch.cli.scan import latest_report, print_scan
from auditwatch.cli.show import narrate, progress

__all__ = ["demo"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("demo"))
@click.option("--seed", type=click.IntRange(0), default=2026, show_default=True)
@click.option("--operators", type=click.IntRange(12), default=420, show_default=True)
@click.option("--days", type=click.IntRange(1, 400), default=63, show_default=True)
def demo(folder: Path, seed: int, operators: int, days: int) -> None:
    """Make an invented city in FOLDER, scan its trail, and print where the night report is.

    \b
    Example:
      auditwatch demo /tmp/demo --operators 60 --days 30
    """
    from auditwatch.config import find_workspace, make_workspace
    from auditwatch.night import Request, run_scan
    from auditwatch.synthetic import make_city, write_city

    narrate(f"making a city of {operators} operators and {days} nights …")
    files = write_city(make_city(seed, operators, days), folder / "city", "csv")
    root = make_workspace(folder / "workspace")
    context = {name: files[name] for name in ("roster", "cases", "duty", "relations", "links")}
    place = find_workspace(root, root)
    request = Request(files=(files["trail"],), context=context)
    with progress() as tell:
        result = run_scan(place, request, tell)
    print_scan(result, latest_report(place), as_json=False)
    narrate(f"look further: auditwatch -w {root} findings list")
