"""The only room that writes to disk: atomic writes, private folders, the workspace lock."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from auditwatch.core.errors import (
    AuditwatchError,
    InputError,
    LockedError,
    RefusedError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "ensure_folder",
    "file_sha256",
    "lock",
    "require_file",
    "require_folder",
    "scratch_folder",
    "write_atomic",
    "write_once",
]

CHUNK_BYTES = 1 << 20
SHOWN_CHARACTERS = 400
#: What stands at a path, or the path itself, is at fault: trying again is no use.
IN_THE_WAY = (errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ENOENT)


def _refusal(error: OSError, path: Path, doing: str) -> AuditwatchError:
    """Turn what the operating system says into a message a person can act on."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return RefusedError(
            f"cannot {doing}: {error.strerror}",
            code="AW-FILES-001",
            where=str(path),
            expected="a place this account may write to",
            hint="check owner and mode, or choose another workspace with -w",
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InputError(
            f"cannot {doing}: {error.strerror}",
            code="AW-FILES-002",
            where=str(path),
            hint="free some space and run the same command again; nothing is lost",
        )
    if error.errno == errno.EFBIG:
        return InputError(
            f"too large, cannot {doing}: {error.strerror}",
            code="AW-FILES-002",
            where=_short(path),
            expected="a limit on the size of files (ulimit -f, the file system's) that it fits in",
            hint="raise the limit, write to another disk, or ask for less; nothing was written",
        )
    kind = RefusedError if error.errno in IN_THE_WAY else InputError
    return kind(
        f"cannot {doing}: {error.strerror}",
        code="AW-FILES-003",
        where=_short(path),
        expected="a path where such a thing can be made",
        hint="look at what stands there now, or name another path",
    )


def _short(path: Path) -> str:
    """Return a path for a message; one that no system allows is cut."""
    text = str(path)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def ensure_folder(path: Path) -> Path:
    """Make a folder, and those above it, readable by this account only; return it.

    Raises
    ------
    RefusedError
        ``AW-FILES-001``, ``-003`` when the system refuses.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _refusal(error, path, "make this folder") from error
    return path


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, mode 0600, flushed to disk with its folder.

    Parameters
    ----------
    path : Path
        Replaced if it exists; its folder is made if missing.
    data : bytes
        The whole content.

    Raises
    ------
    RefusedError, InputError
        ``AW-FILES-001`` refused, ``-002`` disk full, ``-003`` anything else the system said.
    """
    _write(path, data, os.replace)


def write_once(path: Path, data: bytes) -> None:
    """Write a file as `write_atomic` does, unless there is one: who came first stays.

    Parameters
    ----------
    path, data, and what is raised
        As of `write_atomic`.
    """
    _write(path, data, _link)


def _link(name: str, path: Path) -> None:
    """Give a file its own name unless another has it."""
    with suppress(FileExistsError):
        os.link(name, path)
    os.unlink(name)  # noqa: PTH108 - the descriptor's own name


def _write(path: Path, data: bytes, put: Callable[[str, Path], None]) -> None:
    """Write a file beside its place and put it there."""
    ensure_folder(path.parent)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            put(name, path)
        except BaseException:
            os.unlink(name)  # noqa: PTH108 - the descriptor's own name
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _refusal(error, path, "write this file") from error


def _sync_folder(folder: Path) -> None:
    """Flush the rename itself, without which a power cut can undo it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Lend a folder of this account only, for files that nobody keeps; it goes away with them.

    Raises
    ------
    RefusedError, InputError
        As `write_atomic`, when the system's place for such files (``TMPDIR``) takes no more.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="auditwatch-") as name:
            yield Path(name)
    except OSError as error:
        place = Path(tempfile.gettempdir())
        raise _refusal(error, place, "write a file for the time being") from error


def require_file(path: Path) -> Path:
    """Return `path` when it is a readable regular file.

    Raises
    ------
    UsageError
        ``AW-FILES-004`` missing, ``AW-FILES-005`` a folder or a device.
    RefusedError
        ``AW-FILES-001`` not readable.
    """
    try:
        there = path.exists()
    except OSError as error:  # a name too long, a folder that may not be entered
        raise RefusedError(
            f"cannot look for this file: {error.strerror}",
            code="AW-FILES-001",
            where=_short(path),
            expected="a path that this account may read",
            hint="check the spelling, and the mode of the folders above it",
        ) from error
    if not there:
        raise UsageError(
            "no such file", code="AW-FILES-004", where=str(path), hint="check the spelling"
        )
    if not path.is_file():
        raise UsageError(
            "not a file",
            code="AW-FILES-005",
            where=str(path),
            expected="a regular file",
            hint="name the files in it, for example FOLDER/*.csv",
        )
    if not os.access(path, os.R_OK):
        raise RefusedError(
            "cannot read this file", code="AW-FILES-001", where=str(path), hint="check its mode"
        )
    return path


def require_folder(path: Path) -> Path:
    """Return `path` when the folder it is to be written into exists.

    Raises
    ------
    UsageError
        ``AW-FILES-007`` when there is no such folder.
    """
    if not path.parent.is_dir():
        raise UsageError(
            "no such folder to write into",
            code="AW-FILES-007",
            where=str(path.parent),
            hint="make it first, or check the spelling",
        )
    return path


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal, read in chunks of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the one lock of a workspace; the system frees it when the process dies.

    Parameters
    ----------
    path : Path
        The lock file; it names the holder's process id.

    Raises
    ------
    LockedError
        ``AW-FILES-006`` when another process holds it; the message names that process.
    """
    ensure_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _refusal(error, path, "lock this workspace") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise LockedError(
                f"another scan (process {holder}) is at work in this workspace",
                code="AW-FILES-006",
                where=str(path.parent),
                hint="wait for it to end and run the same command again",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)
