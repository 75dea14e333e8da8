"""``demo``: a synthetic city, its scan, its night report."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from auditwatch.cli.scan import latest_report, print_scan
from auditwatch.cli.show import narrate, progress

__all__ = ["demo"]


DEMO_BANNER = "An invented city: nobody here exists. Accounts and passwords are public."
DEMO_PASSWORD = "nobody here exists"  # noqa: S105 - it is printed for everybody
DEMO_ACCOUNTS = (
    ("rita", "Rita Reviewer", "reviewer"),
    ("lena", "Lena Lead", "lead"),
    ("ian", "Ian Affairs", "internal_affairs"),
    ("vera", "Vera Oversight", "viewer"),
    ("ada", "Ada Administrator", "administrator"),
)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("demo"))
@click.option("--seed", type=click.IntRange(0), default=2026, show_default=True)
@click.option("--operators", type=click.IntRange(12), default=420, show_default=True)
@click.option("--days", type=click.IntRange(1, 400), default=63, show_default=True)
@click.option("--desk", is_flag=True, help="Then open the reviewers' desk on it.")
def demo(folder: Path, seed: int, operators: int, days: int, desk: bool) -> None:
    """Make an invented city in FOLDER, scan its trail, and print where the night report is.

    \b
    Examples:
      auditwatch demo /tmp/demo --operators 60 --days 30
      auditwatch demo /tmp/demo --desk
    """
    if not (desk and (folder / "workspace" / "findings.db").is_file()):
        _scan(folder, seed, operators, days)
    if desk:
        _open_desk(folder)


def _scan(folder: Path, seed: int, operators: int, days: int) -> None:
    """Make the city and scan it."""
    from auditwatch.config import find_workspace, make_workspace
    from auditwatch.night import Request, run_scan
    from auditwatch.synthetic import claim_folder, make_city, write_city

    claim_folder(folder / "city", "csv")
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


def _open_desk(folder: Path) -> None:
    """Open the desk on the city, with accounts that everybody knows."""
    from auditwatch.cli.press import PRESS
    from auditwatch.config import find_workspace
    from auditwatch.review.accounts import Account, add_account, every_account
    from auditwatch.review.desk import Desk
    from auditwatch.review.serve import Listening, serve

    root = folder / "workspace"
    listening = Listening("127.0.0.1:8470")
    with Desk(find_workspace(root, root)) as desk:
        with desk.reading() as connection:
            there = every_account(connection)
        for name, full_name, role in () if there else DEMO_ACCOUNTS:
            linked = (next(iter(desk.ties.roster.values()))["operator_id"],)
            account = Account(name, full_name, role, linked if name == "rita" else ("-",))
            add_account(desk.database, account, DEMO_PASSWORD, by="demo", at=desk.now())
        names = ", ".join(f"{name} ({role})" for name, _, role in DEMO_ACCOUNTS)
        narrate(f"sign in as {names}; the password of each is: {DEMO_PASSWORD}")
        narrate(f"the desk is open: {listening.origin}  (ctrl-C closes it)")
        serve(desk, listening, PRESS, DEMO_BANNER)
