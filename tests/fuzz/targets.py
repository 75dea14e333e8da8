"""What is fuzzed: every door that takes bytes of others, each a function of some bytes.

A target may raise nothing but an error with a code; reading must balance, which it checks itself.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from auditwatch.check import load_rules
from auditwatch.config import Ingest, Settings, load_settings
from auditwatch.core.errors import AuditwatchError, IntegrityError
from auditwatch.ingest import format_names
from auditwatch.ingest.mapping import read_mapping
from auditwatch.ingest.staging import stage_source

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["seeds", "targets"]

_Made = TypeVar("_Made")
ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_logs"
RULES = ROOT / "rules"
LIMITS = Settings(ingest=Ingest(record_bytes_max=4096))
SEED_BYTES = 1 << 14


def targets() -> dict[str, Callable[[bytes], None]]:
    """Return every target by name; formats are found by discovery."""
    read = {f"format-{name}": _format(name) for name in format_names()}
    return {**read, "mapping": _mapping, "rule": _rule, "settings": _settings}


def seeds(name: str) -> list[bytes]:
    """Return what to begin with: samples of the right kind."""
    if name.startswith("format-"):
        files = [path for path in SAMPLES.iterdir() if path.suffix not in {".yml", ".md"}]
    elif name == "rule":
        files = [*(RULES / "detections").rglob("*.yml")]
    elif name == "mapping":
        files = [*SAMPLES.glob("*.mapping.yml")]
    else:
        files = []
    found = [path.read_bytes()[:SEED_BYTES] for path in sorted(files) if path.is_file()]
    return found or [b'[agency]\nname = "x"\n[sources.a]\nfiles = "b"\n']


def _format(name: str) -> Callable[[bytes], None]:
    """Return the target that reads bytes by one format."""

    def read(data: bytes) -> None:
        with tempfile.TemporaryDirectory(dir=_memory()) as folder:
            place = Path(folder)
            path = place / "source"
            path.write_bytes(data)
            staged = _coded(
                lambda: stage_source(path, LIMITS, place, rules=RULES, format_name=name)
            )
            if staged is not None:
                refused = [n for part in staged.rejects(place) for n in part["lines"].to_pylist()]
                assert sum(refused) == staged.account.rejected
                read = sum(part.num_rows for part in staged.spool(place).stretches())
                assert read == sum(staged.nights.values())

    return read


def _mapping(data: bytes) -> None:
    """Read bytes as a mapping file."""
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        path = Path(folder) / "m.yml"
        path.write_bytes(data)
        _coded(lambda: read_mapping(path, format_names(), RULES))


def _rule(data: bytes) -> None:
    """Read bytes as the one detection of a pack."""
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        root = Path(folder)
        for part in ("permits", "tests", "exceptions"):
            (root / part).mkdir()
        (root / "catalogue").symlink_to(RULES / "catalogue")
        (root / "detections").mkdir()
        (root / "detections" / "r.yml").write_bytes(data)
        _coded(lambda: load_rules(root))


def _settings(data: bytes) -> None:
    """Read bytes as settings."""
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        path = Path(folder) / "auditwatch.toml"
        path.write_bytes(data)
        _coded(lambda: load_settings(path))


def _coded(work: Callable[[], _Made]) -> _Made | None:
    """Do some work; an error with a code is a good answer, but not a sum that does not add up."""
    try:
        return work()
    except IntegrityError:
        raise
    except AuditwatchError:
        return None


def _memory() -> str | None:
    """Return a folder in memory where there is one: disks wear out."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
