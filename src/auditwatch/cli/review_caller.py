"""Who types a command of ``review`` or ``investigations``: each acts in somebody's name."""

from __future__ import annotations

import os
import pwd
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import rich_click as click

from auditwatch.cli.show import open_workspace
from auditwatch.core.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.review.accounts import Account
    from auditwatch.review.desk import Desk

__all__ = ["Caller", "os_account"]


def os_account() -> str:
    """Return the name of the account that this process runs as, whatever the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


@dataclass
class Caller:
    """Who types: signs in once a command, at the terminal or with a line of standard input."""

    workspace: Path | None
    name: str
    from_stdin: bool

    def password(self, of: str, *, new: bool = False) -> str:
        """Ask for a password, or take the next line of standard input."""
        return self._secret(f"password of {of}", new=new)

    def _secret(self, said: str, *, new: bool = False) -> str:
        """Ask for what nobody else may see."""
        if self.from_stdin:
            line = sys.stdin.readline()
            if not line:
                raise UsageError(
                    f"standard input ended before the {said}",
                    code="AW-CLI-006",
                    expected="a line for each: your password, the code of your device where you "
                    "have one, then any new password",
                )
            return line.rstrip("\r\n")
        if not sys.stdin.isatty():
            raise UsageError(
                "no terminal to ask for a password",
                code="AW-CLI-006",
                hint="give it as a line of standard input: --password-stdin",
            )
        return str(click.prompt(said, hide_input=True, confirmation_prompt=new, err=True))

    def account(self, desk: Desk) -> Account:
        """Return the account of the caller after signing in."""
        from auditwatch.review.factors import has_factor
        from auditwatch.review.sessions import sign_in

        password, code = self.password(self.name), ""
        with desk.reading() as connection:
            if has_factor(connection, self.name.strip().casefold()):
                code = self._secret(f"code on the device of {self.name}")
        return sign_in(desk.database, desk.vault, self.name, password, desk.now(), code)

    def keeper(self, desk: Desk) -> Account:
        """Return who keeps the register: an account of the desk, or of the machine without any.

        Where nobody was ever given an account of the desk, the account of the operating system is
        taken for a person of internal affairs whose login in the trails is the same.
        """
        from auditwatch.review.accounts import Account, every_account

        own = os_account()
        with desk.reading() as connection:
            accounts = every_account(connection)
        if accounts or self.name != own:
            return self.account(desk)
        return Account(own, own, "internal_affairs", (own,))

    def desk(self) -> Desk:
        """Open the desk of the workspace."""
        from auditwatch.review.desk import Desk

        return Desk(open_workspace(self.workspace))
