"""What ``make bench`` prints: the figures this project holds itself to, as ratios in one run."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import desk, ingest, rules, scan, scoring, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bench.figure import Figure

PARTS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "start": start.figures,
    "ingest": ingest.figures,
    "rules": rules.figures,
    "scan": scan.figures,
    "scoring": scoring.figures,
    "desk": desk.figures,
}


def main() -> None:
    """Measure the parts that were asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    chosen = parser.parse_args().parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}; medians; a shared machine is noisy"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            for figure in PARTS[name](Path(folder)):
                print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
