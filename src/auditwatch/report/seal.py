"""Sealed archives: files with their digests, signed, the same bytes for the same files.

An archive is a ZIP without compression, its entries sorted and without times. ``SHA256SUMS`` names
every file, ``SHA256SUMS.sig`` is an Ed25519 signature of it, ``signer.pem`` the key to check with.
So anybody can check one with sha256sum and openssl, and every byte of the archive counts.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from auditwatch.core.errors import ConfigError, IntegrityError
from auditwatch.core.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Sealed", "fingerprint", "seal", "signing_key", "unseal"]

SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"
SIGNER: Final = "signer.pem"
BEFORE_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say
#: What Python's reader says of bytes that are no sound ZIP.
UNREADABLE: Final = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
)


class Sealed(msgspec.Struct, frozen=True):
    """A sound archive.

    Parameters
    ----------
    files : mapping
        Name to content, without what the seal itself is made of.
    signer : str
        `fingerprint` of the key that signed it.
    """

    files: dict[str, bytes]
    signer: str


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Return the key of an installation; made when there is none, for this account only.

    Raises
    ------
    ConfigError
        ``AW-SEAL-001`` the file is no such key, or others may read it.
    """
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        write_atomic(path, pem)
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey) or path.stat().st_mode & 0o077:
        raise ConfigError(
            "not a signing key for this account alone",
            code="AW-SEAL-001",
            where=str(path),
            expected="an Ed25519 key in PEM, mode 0600",
            hint="put it back from the backup; without one, move it away and a new one is made",
        )
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a key, to compare it by telephone."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def seal(files: Mapping[str, bytes], key: Ed25519PrivateKey) -> bytes:
    """Return an archive of files that nobody can change unnoticed.

    Parameters
    ----------
    files : mapping
        Name to content; names are plain and may have folders.
    key : Ed25519PrivateKey
        Signs it.
    """
    signer = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    listed = {**files, SIGNER: signer}
    sums = "".join(f"{_sha256(listed[name])}  {name}\n" for name in sorted(listed)).encode()
    return _archive({**listed, SUMS: sums, SIGNATURE: key.sign(sums)})


def unseal(data: bytes, where: str, known: str = "") -> Sealed:
    """Return what a sound archive holds.

    Parameters
    ----------
    data : bytes
        The archive.
    where : str
        Its name, for messages.
    known : str
        `fingerprint` of the key that must have signed it; any key when empty.

    Raises
    ------
    IntegrityError
        ``AW-SEAL-002`` with the first thing that is wrong: the archive, its signature, a file.
    """
    found, first_unread = _read(data, where)
    sums = _part(found, SUMS, where)
    key = _signer(_part(found, SIGNER, where), where)
    try:
        key.verify(_part(found, SIGNATURE, where), sums)
    except InvalidSignature:
        raise _broken(where, f"{SIGNATURE} is not a signature of {SUMS} by {SIGNER}") from None
    if known and fingerprint(key) != known:
        raise _broken(where, f"signed by another key, {fingerprint(key)}")
    listed = dict(line.split("  ", 1)[::-1] for line in sums.decode().splitlines())
    for name, digest in listed.items():
        if _sha256(_part(found, name, where)) != digest:
            raise _broken(where, f"{name} is not as it was written")
    stray = sorted(found.keys() - listed.keys() - {SUMS, SIGNATURE})
    if stray or first_unread:
        raise _broken(where, f"{(stray or [first_unread])[0]} does not belong here")
    if _archive({name: content or b"" for name, content in found.items()}) != data:
        raise _broken(where, "the files are as they were written, the archive around them is not")
    files = {name: _part(found, name, where) for name in listed if name != SIGNER}
    return Sealed(files, fingerprint(key))


def _sha256(content: bytes) -> str:
    """Return a digest as sha256sum writes it."""
    return hashlib.sha256(content).hexdigest()


def _archive(files: Mapping[str, bytes]) -> bytes:
    """Return files as a ZIP: sorted, without times, as they are."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, BEFORE_TIME)
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            archive.writestr(entry, files[name])
    return made.getvalue()


def _read(data: bytes, where: str) -> tuple[dict[str, bytes | None], str]:
    """Return what a ZIP holds, None for what cannot be read, and a name that is there twice."""
    found: dict[str, bytes | None] = {}
    twice = ""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                twice = twice or (entry.filename if entry.filename in found else "")
                found[entry.filename] = _content(archive, entry)
    except UNREADABLE:
        raise _broken(where, "not an archive that can be read") from None
    return found, twice


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    """Return the content of an entry; None when it cannot be read, or is packed."""
    if entry.compress_type != zipfile.ZIP_STORED:
        return None
    try:
        return archive.read(entry)
    except UNREADABLE:
        return None


def _part(found: Mapping[str, bytes | None], name: str, where: str) -> bytes:
    """Return the content of a file that has to be there."""
    if name not in found:
        raise _broken(where, f"{name} is missing")
    content = found[name]
    if content is None:
        raise _broken(where, f"{name} is not as it was written")
    return content


def _signer(pem: bytes, where: str) -> Ed25519PublicKey:
    """Return the key that the archive says it was signed with."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise _broken(where, f"{SIGNER} is not an Ed25519 key")
    return key


def _broken(where: str, what: str) -> IntegrityError:
    """Return the error for an archive that is not as it was written."""
    return IntegrityError(
        what,
        code="AW-SEAL-002",
        where=where,
        hint="do not rely on it: ask whoever made it for another copy",
    )
