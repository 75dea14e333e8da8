"""``review user``: accounts of the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from auditwatch.cli.show import narrate, print_table
from auditwatch.core.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from auditwatch.cli.review_caller import Caller
    from auditwatch.review.desk import Desk

__all__ = ["user"]

ROLES = ("viewer", "reviewer", "lead", "internal_affairs", "administrator", "rule_developer")


@click.group()
def user() -> None:
    """Say who may sign in, as what, and which logins of the trails are theirs."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--full-name", default="", metavar="TEXT", help="As pages show it.")
@click.option("--operator", "operators", multiple=True, metavar="ID", help="Login in the trails.")
@click.option("--no-operator", is_flag=True, help="The person has no login in any trail.")
@click.pass_obj
def add_user(
    caller: Caller,
    name: str,
    role: str,
    full_name: str,
    operators: tuple[str, ...],
    no_operator: bool,
) -> None:
    """Add an account; the first one is an administrator and needs no other.

    Without --operator or --no-operator the person cannot review: nobody could tell which lookups
    are their own.

    \b
    Example:
      auditwatch review --as ada user add rita --role reviewer --operator T4471
    """
    from auditwatch.review.accounts import Account, add_account, every_account

    linked = _linked(operators, no_operator)
    with caller.desk() as desk:
        with desk.reading() as connection:
            first = not every_account(connection)
        by = _first_admin(caller, role) if first else _administrator(caller, desk)
        made = Account(name, full_name, role, linked)
        add_account(desk.database, made, caller.password(name, new=True), by=by, at=desk.now())
    narrate(f"added {name} as {role}")


@user.command("change")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default=None)
@click.option("--operator", "operators", multiple=True, metavar="ID", help="Login in the trails.")
@click.option("--no-operator", is_flag=True, help="The person has no login in any trail.")
@click.option("--password", "new_password", is_flag=True, help="Set another password.")
@click.option("--disable/--enable", "disabled", default=None, help="Keep out, or let in again.")
@click.option("--unlock", is_flag=True, help="Let in again after too many wrong passwords.")
@click.option("--lost-device", is_flag=True, help="Take the second factor away.")
@click.pass_obj
def change_user(
    caller: Caller,
    name: str,
    role: str | None,
    operators: tuple[str, ...],
    no_operator: bool,
    new_password: bool,
    disabled: bool | None,
    unlock: bool,
    lost_device: bool,
) -> None:
    """Change an account; its sessions end.

    \b
    Example:
      auditwatch review --as ada user change rita --unlock
    """
    from auditwatch.review.accounts import change_account

    with caller.desk() as desk:
        by = _administrator(caller, desk)
        change_account(
            desk.database,
            name,
            by=by,
            at=desk.now(),
            role=role or "",
            password=caller.password(name, new=True) if new_password else "",
            operator_ids=_linked(operators, no_operator),
            enabled=None if disabled is None else not disabled,
            unlock=unlock,
            lost_device=lost_device,
        )
    narrate(f"changed {name}")


@user.command("list")
@click.pass_obj
def list_users(caller: Caller) -> None:
    """List accounts; whose logins are linked, not which.

    \b
    Example:
      auditwatch review --as ada user list
    """
    from auditwatch.review.accounts import every_account

    with caller.desk() as desk:
        _administrator(caller, desk)
        with desk.reading() as connection:
            accounts = every_account(connection)
    rows = [
        [
            one.account,
            one.name,
            one.role,
            "linked" if one.own else "no operator" if one.operator_ids else "not linked",
            "locked" if one.locked else "enabled" if one.enabled else "disabled",
        ]
        for one in accounts
    ]
    print_table(["account", "name", "role", "trails", "state"], rows)


def _linked(operators: tuple[str, ...], no_operator: bool) -> tuple[str, ...]:
    """Return the logins to link, or the declaration that there are none."""
    if operators and no_operator:
        raise UsageError(
            "a person has logins in the trails or has none",
            code="AW-CLI-007",
            expected="--operator ID, or --no-operator",
        )
    return ("-",) if no_operator else operators


def _first_admin(caller: Caller, role: str) -> str:
    """Return who makes the first account, which must be able to make the others."""
    if role != "administrator":
        raise UsageError(
            "there is no account yet: the first one must be an administrator",
            code="AW-CLI-007",
            expected="--role administrator",
        )
    return caller.name


def _administrator(caller: Caller, desk: Desk) -> str:
    """Return the name of the caller, who must be an administrator."""
    account = caller.account(desk)
    if not account.may("accounts"):
        raise RefusedError(
            "only an administrator may do this",
            code="AW-REVIEW-010",
            where=f"{account.account} as {account.role}",
        )
    return account.account
