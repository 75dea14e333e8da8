"""``sample``: files of a synthetic city."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from auditwatch.cli.show import count, narrate

__all__ = ["sample"]


@click.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option(
    "--operators",
    type=click.IntRange(12),
    default=420,
    show_default=True,
    help="People at work; fewer than 12 make no city with shifts, units and peers.",
)
@click.option("--days", type=click.IntRange(1, 400), default=63, show_default=True)
@click.option(
    "--format",
    "trail_format",
    type=click.Choice(["csv", "jsonl", "parquet"]),
    default="csv",
    show_default=True,
    help="Format of the trail; context tables and truth are CSV.",
)
def sample(out: Path, seed: int, operators: int, days: int, trail_format: str) -> None:
    """Write trail, roster, cases, duty, relations, links and truth of an invented city into OUT.

    The same seed gives the same bytes. truth.csv says which lookups were misuse, and how;
    keystrokes.csv which lines came of the same typed request. A city that OUT holds already is
    replaced; a folder with anything else is refused.

    \b
    Example:
      auditwatch sample city --seed 7 --operators 60 --days 30
    """
    from auditwatch.synthetic import claim_folder, make_city, write_city

    claim_folder(out, trail_format)
    city = make_city(seed, operators, days)
    for path in write_city(city, out, trail_format).values():  # type: ignore[arg-type]
        click.echo(path)
    narrate(f"{count(city.trail.num_rows, 'line')}, {city.truth.num_rows:,} of them misuse")
