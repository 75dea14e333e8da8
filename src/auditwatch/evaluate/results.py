"""An evaluation in a folder: its tables as CSV, its pictures as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.core.files import write_atomic
from auditwatch.evaluate.pictures import pictures
from auditwatch.evaluate.sheets import as_csv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditwatch.evaluate.outcome import Outcome
    from auditwatch.evaluate.sheets import Sheet

__all__ = ["write_results"]


def write_results(folder: Path, outcomes: Sequence[Outcome], sheets: Sequence[Sheet]) -> list[Path]:
    """Write tables and pictures; return where they are.

    Parameters
    ----------
    folder : Path
        Made if missing; files of the same names are replaced.
    outcomes : sequence of Outcome
        Figures of each trail.
    sheets : sequence of Sheet
        Their tables.
    """
    files = {f"{sheet.name}.csv": as_csv(sheet) for sheet in sheets}
    files |= {f"{name}.svg": drawn.encode() for name, drawn in pictures(outcomes, sheets).items()}
    for name, data in files.items():
        write_atomic(folder / name, data)
    return [folder / name for name in files]
