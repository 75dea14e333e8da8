"""The errors a person meets, each with a stable code, a place, and what to do."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

__all__ = [
    "AuditwatchError",
    "ConfigError",
    "DeliveryError",
    "ExitCode",
    "InputError",
    "IntegrityError",
    "LockedError",
    "RefusedError",
    "RuleError",
    "UsageError",
]


class ExitCode(IntEnum):
    """Exit codes of the command line, fixed for schedulers and scripts."""

    DONE = 0
    FAILED_CHECK = 1
    USAGE = 2
    INCOMPLETE = 3
    NOT_PERMITTED = 4
    INTEGRITY = 5
    UNDELIVERED = 6
    INTERNAL = 70
    LOCKED = 75


class AuditwatchError(Exception):
    """What went wrong, where, what was expected, and what to do about it.

    Parameters
    ----------
    what : str
        One sentence; never the content of a record.
    code : str
        Stable code such as ``AW-INGEST-003``; `docs/reference/errors.md` has an entry for each.
    where : str
        ``file:line:column``, ``file:byte 12`` or a name; empty when there is no place.
    expected : str
        What would have been right; empty when obvious.
    hint : str
        What to do now.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL

    def __init__(
        self, what: str, *, code: str, where: str = "", expected: str = "", hint: str = ""
    ) -> None:
        super().__init__(what)
        self.what = what
        self.code = code
        self.where = where
        self.expected = expected
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        lines = [f"{place}{self.what} [{self.code}]"]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.hint:
            lines.append(f"  do: {self.hint}")
        return "\n".join(lines)


class UsageError(AuditwatchError):
    """The command was called in a way it cannot work with."""

    exit_code = ExitCode.USAGE


class ConfigError(AuditwatchError):
    """`auditwatch.toml`, a mapping file or a context file cannot be used as it is."""

    exit_code = ExitCode.USAGE


class RuleError(AuditwatchError):
    """A file of the rule pack cannot be used as it is."""

    exit_code = ExitCode.USAGE


class InputError(AuditwatchError):
    """A source cannot be read at all; single bad lines are rejects, not errors."""

    exit_code = ExitCode.INCOMPLETE


class RefusedError(AuditwatchError):
    """The operating system refuses what the command needs."""

    exit_code = ExitCode.NOT_PERMITTED


class IntegrityError(AuditwatchError):
    """A sum does not add up or kept evidence was changed; nothing is published."""

    exit_code = ExitCode.INTEGRITY


class DeliveryError(AuditwatchError):
    """What was made and kept could not be handed to somebody outside."""

    exit_code = ExitCode.UNDELIVERED


class LockedError(AuditwatchError):
    """Another scan is at work in this workspace."""

    exit_code = ExitCode.LOCKED
