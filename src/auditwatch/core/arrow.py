"""pyarrow by itself, in a process that has nothing of pandas'."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["leave_pandas_out"]


def leave_pandas_out() -> None:
    """Have pyarrow make its first array without importing pandas, which takes a third of a second.

    pyarrow looks for pandas then, to know a series when it is handed one. It is told that there is
    none, and does not look again until it has to make a frame. For commands and processes that
    have no frames; call it before the first array.
    """
    if "pandas" in sys.modules:
        return
    absence = _Absence()
    sys.meta_path.insert(0, absence)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(absence)


class _Absence(MetaPathFinder):
    """Finds no pandas."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse pandas, and leave everything else to who comes next."""
        del path, target
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)
        return None
