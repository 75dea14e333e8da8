"""Fuzz for a while: ``make fuzz SECONDS=600``, or ``python -m tests.fuzz NAME --seconds 60``.

Each target runs in a process of its own and ends at the first input that it does not survive,
which is kept beside the corpus, or that takes a second or 256 MB more than it should.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

#: A first reading imports and compiles; the limit is for what comes after.
TIMEOUT_SECONDS = 5
MEMORY_MB = 2048


def main() -> int:
    """Run all targets that were asked for, one after the other; return how many failed."""
    from tests.fuzz.targets import targets  # noqa: PLC0415 - the fuzzer imports it in its own way

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("names", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=Path, default=Path(".fuzz"))
    asked = parser.parse_args()
    known = targets()
    if unknown := set(asked.names) - set(known):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    return sum(_run(name, asked.seconds, asked.corpus) for name in asked.names or known)


def _run(name: str, seconds: int, corpus: Path) -> bool:
    """Fuzz one target in a process of its own; print a line; tell whether it failed."""
    from tests.fuzz.targets import seeds  # noqa: PLC0415 - as above

    folder = corpus / name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as begin:
        for number, seed in enumerate(seeds(name)):
            (Path(begin) / str(number)).write_bytes(seed)
        command = [
            sys.executable, "-m", "tests.fuzz", "--one", name,
            f"-max_total_time={seconds}", f"-timeout={TIMEOUT_SECONDS}",
            f"-rss_limit_mb={MEMORY_MB}", "-max_len=16384", f"-artifact_prefix={folder.parent}/",
            str(folder), begin,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    runs = re.findall(r"^#(\d+)\s", done.stderr, re.MULTILINE)
    edges = re.findall(r" ft: (\d+)", done.stderr)
    said = "ok" if done.returncode == 0 else "FAILED"
    print(f"{name:<28} {said:<7} {(runs or ['0'])[-1]:>9} runs {(edges or ['0'])[-1]:>7} features")
    if done.returncode:
        print(f"ended with {done.returncode}")
        print("\n".join(done.stderr.splitlines()[-40:]))
    sys.stdout.flush()
    return done.returncode != 0


def _run_one(name: str, options: list[str]) -> None:
    """Hand one target to the fuzzer; does not return."""
    import atheris  # noqa: PLC0415 - installed by `make fuzz` alone

    with atheris.instrument_imports(include=["auditwatch"]):
        from tests.fuzz.targets import targets  # noqa: PLC0415
    atheris.Setup([sys.argv[0], *options], targets()[name])
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _run_one(sys.argv[2], sys.argv[3:])
    sys.exit(main())
