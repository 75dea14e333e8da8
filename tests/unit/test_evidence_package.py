"""Evidence that leaves the desk: whole, signed, masked unless two people say otherwise."""

from __future__ import annotations

import json
import random
import subprocess
import zipfile
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.desk_fabric import DeskFabric, make_desk

from auditwatch.config import make_workspace
from auditwatch.core.errors import ConfigError, IntegrityError, RefusedError, UsageError
from auditwatch.report.case import case_matter
from auditwatch.report.package import package_files
from auditwatch.report.seal import fingerprint, seal, signing_key, unseal
from auditwatch.review.decide import Act
from auditwatch.review.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WHY = "hearing of the fourth of May"
#: What no masked copy may hold: identities and free text of the fabric, and of a reviewer's note.
CANARIES = ("P-50", "Quillfeather", "Odalys", "MDC-114", "CANARY", '"T1"', ">T1<")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[DeskFabric]:
    """A desk on which somebody worked on the finding about T1, naming whom it is about."""
    make_workspace(tmp_path / "w")
    built = make_desk(tmp_path / "w", reason="CANARY Xyz")
    act = Act("comment", 0, "asked Quillfeather about P-50 on the phone")
    built.desk.act(built.account("rita"), built.finding_of("T1"), act)
    yield built
    built.desk.database.close()
    built.fabric.store.close()


def packed(made: DeskFabric, *, reveal: bool = False) -> bytes:
    """Return a package of the finding about T1."""
    finding, place = made.finding_of("T1"), made.fabric.workspace
    files = package_files(
        case_matter(made.fabric.store, finding),
        made.desk.seen(finding).steps,
        place,
        place.masker(reveal=reveal),
        makers=["rita", "lena"] if reveal else ["rita"],
    )
    return seal(files, KEY)


def test_a_masked_package_names_nobody_and_says_all_else(made: DeskFabric) -> None:
    """No identity and no word that may name somebody in any file; each record has its place."""
    files = unseal(packed(made), "p.zip").files
    for name, content in files.items():
        assert not [one for one in CANARIES if one.encode() in content], name
    (row,) = [json.loads(line) for line in files["lookups.jsonl"].splitlines()]
    assert (row["line"], row["source_id"]) == (3, "5f" * 32)
    (step,) = [json.loads(line) for line in files["history.jsonl"].splitlines()]
    assert (step["act"], step["actor"]) == ("comment", "rita")
    (action,) = [json.loads(line) for line in files["access.jsonl"].splitlines()]
    assert action["digest"] == json.loads(files["manifest.json"])["journal"]["digest"]


def test_a_full_package_holds_the_rows_as_they_are_kept(made: DeskFabric) -> None:
    """Every column of every record, and what was written, to the letter."""
    files = unseal(packed(made, reveal=True), "p.zip").files
    (row,) = [json.loads(line) for line in files["lookups.jsonl"].splitlines()]
    assert (row["subject_id"], row["reason"], row["requester_id"]) == ("P-50", "CANARY Xyz", "B4")
    assert b"asked Quillfeather about P-50" in files["history.jsonl"]
    assert json.loads(files["manifest.json"])["agreed_by"] == "lena"


def test_the_same_history_makes_the_same_bytes(made: DeskFabric) -> None:
    """Two packages are equal, also after the first was put on record; a new step changes them."""
    finding, first = made.finding_of("T1"), packed(made)
    made.desk.copy(made.account("rita"), finding, full=False, reason="")
    assert made.fabric.store.journal()[-1].action == "copy-made"
    assert packed(made) == first
    made.desk.act(made.account("rita"), finding, Act("comment", 1, "and once more, in person"))
    assert packed(made) != first


def test_every_byte_of_a_sealed_archive_counts() -> None:
    """Whichever byte is changed, removed or added, it is noticed and never a fault of ours."""
    data = seal({"a.txt": b"one\n", "rules/b.yml": b"two\n"}, KEY)
    assert unseal(data, "p.zip").files == {"a.txt": b"one\n", "rules/b.yml": b"two\n"}
    changed = [
        data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :] for at in range(len(data))
    ]
    shorter = [data[:at] + data[at + 1 :] for at in range(0, len(data), 7)]
    for other in (*changed, *shorter, data + b"\0", b"\0" + data, b""):
        with pytest.raises(IntegrityError) as caught:
            unseal(other, "p.zip")
        assert caught.value.code == "AW-SEAL-002"


def test_a_change_anywhere_in_a_package_is_noticed(made: DeskFabric) -> None:
    """A sample of single bits of a real package, each in another place."""
    data, draw = packed(made), random.Random(7)
    for at in draw.sample(range(len(data)), 150):
        other = data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]
        with pytest.raises(IntegrityError):
            unseal(other, "p.zip")


def repacked(data: bytes, changes: dict[str, bytes | None]) -> bytes:
    """Return an archive with files replaced, added, or left out: all sums of the ZIP are right."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        files: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in sorted((files | changes).items()):
            if content is not None:
                archive.writestr(zipfile.ZipInfo(name, (1999, 1, 1, 0, 0, 0)), content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"a.txt": b"eno\n"}, "a.txt is not as it was written"),
        ({"a.txt": None}, "a.txt is missing"),
        ({"c.txt": b"new"}, "c.txt does not belong here"),
        ({"SHA256SUMS": b""}, "SHA256SUMS.sig is not a signature"),
        ({"SHA256SUMS.sig": None}, "SHA256SUMS.sig is missing"),
        ({"signer.pem": b"none"}, "signer.pem is not an Ed25519 key"),
        ({}, "the archive around them is not"),
    ],
)
def test_the_first_thing_that_is_wrong_is_named(
    changes: dict[str, bytes | None], named: str
) -> None:
    """Whoever verifies learns which file it is, in words."""
    data = seal({"a.txt": b"one\n", "b.txt": b"two\n"}, KEY)
    with pytest.raises(IntegrityError, match=named):
        unseal(repacked(data, changes), "p.zip")


def test_a_package_that_somebody_else_signed_anew_is_noticed() -> None:
    """A forger can sign with a key of their own; against the agency's fingerprint it shows."""
    forged = seal({"a.txt": b"forged\n"}, Ed25519PrivateKey.generate())
    agency = fingerprint(KEY.public_key())
    assert unseal(seal({"a.txt": b""}, KEY), "p.zip", agency).signer == agency
    with pytest.raises(IntegrityError, match="signed by another key"):
        unseal(forged, "p.zip", agency)


def test_the_key_is_made_once_for_this_account_only(tmp_path: Path) -> None:
    """Mode 0600; the same key ever after; one that others can read is refused."""
    path = tmp_path / "signing-key.pem"
    first = signing_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert signing_key(path).private_bytes_raw() == first.private_bytes_raw()
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="0600"):
        signing_key(path)
    path.chmod(0o600)
    path.write_bytes(b"no key")
    with pytest.raises(ConfigError, match="AW-SEAL-001"):
        signing_key(path)


def test_a_package_is_checked_without_us(made: DeskFabric, tmp_path: Path) -> None:
    """The commands that its README names say yes, and no after a change."""
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(BytesIO(packed(made))) as archive:
        archive.extractall(folder)
        readme = archive.read("README.txt").decode()
    commands = [line.strip() for line in readme.splitlines() if line.startswith("  sha256sum -c")]
    commands += [line.strip() for line in readme.splitlines() if "openssl pkeyutl" in line]
    telling = next(line.strip() for line in readme.splitlines() if "openssl pkey " in line)
    assert len(commands) == 2
    for command in commands:
        subprocess.run(["sh", "-c", command], cwd=folder, check=True, capture_output=True)
    told = subprocess.run(["sh", "-c", telling], cwd=folder, check=True, capture_output=True)
    assert told.stdout.decode().split()[0] == fingerprint(KEY.public_key())
    (folder / "case.html").write_text("another")
    told = subprocess.run(["sh", "-c", commands[0]], cwd=folder, check=False, capture_output=True)
    assert b"case.html: FAILED" in told.stdout


def test_a_full_copy_needs_somebody_else_to_agree(
    made: DeskFabric, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked, refused, agreed by another, made; each on record; after a day it is over."""
    desk, finding = made.desk, made.finding_of("T1")
    lena, lutz = made.account("lena"), made.account("lutz")
    with pytest.raises(UsageError, match="nobody asked"):
        desk.agree(lena, finding, WHY)
    with pytest.raises(UsageError, match="AW-REVIEW-017"):
        desk.copy(lena, finding, full=True, reason="because")
    with pytest.raises(RefusedError, match="AW-REVIEW-041"):
        desk.copy(lena, finding, full=True, reason=WHY)
    with pytest.raises(RefusedError, match="AW-REVIEW-013"):
        desk.agree(lena, finding, WHY)
    assert desk.agree(lutz, finding, WHY) == "lena"
    with pytest.raises(RefusedError, match="AW-REVIEW-041"):
        desk.copy(made.account("ian"), finding, full=True, reason=WHY)
    assert desk.copy(lena, finding, full=True, reason=WHY) == "lutz"
    said = [one.action for one in made.fabric.store.journal() if one.finding_id == finding][1:]
    assert said == ["copy-asked", "copy-agreed", "copy-asked", "copy-made"]
    later = desk.now() + timedelta(hours=25)
    monkeypatch.setattr(Desk, "now", staticmethod(lambda: later))
    with pytest.raises(RefusedError, match="AW-REVIEW-041"):
        desk.copy(lena, finding, full=True, reason=WHY)


def test_nobody_concerned_and_no_role_without_findings_gets_a_copy(made: DeskFabric) -> None:
    """Ties and roles hold for copies, and for agreeing to them, as they do for looking."""
    finding = made.finding_of("T1")
    for account in map(made.account, ("self", "mate", "boss", "kin", "vera", "ada")):
        for full in (False, True):
            with pytest.raises(RefusedError):
                made.desk.copy(account, finding, full=full, reason=WHY)
        with pytest.raises(RefusedError):
            made.desk.agree(account, finding, WHY)
