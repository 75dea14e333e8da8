"""Spark as an engine: the pieces of the lake go out as tasks, what was made of them comes back.

Spark is told which row groups of the table's current Parquet files there are, and each task reads
its own: dictionaries stay whole, rows never pass through the Java side, and no Delta reader is
needed, as deletion vectors stay off. Every node must see the lake under the same path and have the
same auditwatch installed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa

from auditwatch.core.errors import AuditwatchError, UsageError
from auditwatch.core.files import ensure_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from pyspark import Broadcast
    from pyspark.sql import SparkSession

    from auditwatch.engine.base import Work
    from auditwatch.engine.pieces import Piece

__all__ = ["SparkEngine"]

RETURNED: Final = "piece bigint, name string, rows binary"
ERROR: Final = "!"  # in place of a table's name: the work refused
PACKED: Final = pa.ipc.IpcWriteOptions(compression="zstd")
KINDS: Final = {kind.__name__: kind for kind in AuditwatchError.__subclasses__()}
ARGUMENTS: Final = ("what", "code", "where", "expected", "hint")

#: Java's memory when Spark runs in this process's machine alone; it holds results, never lookups.
LOCAL_MEMORY: Final = "2g"
LOOPBACK: Final = "127.0.0.1"


class SparkEngine:
    """Runs work over the lake as tasks of Spark; use as a context manager.

    Parameters
    ----------
    master : str
        Where: ``local[*]``, or a cluster's address.
    scratch : Path
        Folder for what Spark writes beside its results: its log, and passing files. Emptied first.

    Raises
    ------
    UsageError
        ``AW-ENGINE-001`` the extra is not installed, ``-002`` there is no Java, ``-003`` Spark does
        not start.
    """

    def __init__(self, master: str, scratch: Path) -> None:
        _refuse_missing()
        shutil.rmtree(scratch, ignore_errors=True)
        self._log = ensure_folder(scratch) / "spark.log"
        self._session = _start(master, scratch, self._log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def run(
        self, pieces: Sequence[Piece], work: Work
    ) -> Iterator[tuple[Piece, Mapping[str, pa.Table]]]:
        """Yield each piece with what the work made of it: one job, a task for each piece.

        Raises
        ------
        AuditwatchError
            ``AW-ENGINE-004`` when Spark gives up; otherwise what the work raised.
        """
        if not pieces:
            return
        made: dict[int, dict[str, pa.Table]] = {number: {} for number in range(len(pieces))}
        for row in sorted(self._returned(pieces, work), key=lambda row: int(row["piece"])):
            if row["name"] == ERROR:
                raise _raised(row["rows"])
            made[row["piece"]][row["name"]] = pa.ipc.open_stream(row["rows"]).read_all()
        for number, piece in enumerate(pieces):
            yield piece, made.pop(number)

    def close(self) -> None:
        """End the session and Java with it."""
        gateway = self._session.sparkContext._gateway  # noqa: SLF001 - nothing public ends Java
        self._session.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()

    def _returned(self, pieces: Sequence[Piece], work: Work) -> list[dict[str, Any]]:
        """Run the tasks; return what they handed back, in any order."""
        from pyspark.errors import PySparkException  # noqa: PLC0415 - an extra, and slow to import

        # what is broadcast is unpacked once by each worker, not by each task
        shared = self._session.sparkContext.broadcast((tuple(pieces), work))
        numbers = self._session.range(0, len(pieces), 1, len(pieces))
        frame = numbers.mapInArrow(partial(_task, shared), RETURNED)
        try:
            rows: list[dict[str, Any]] = frame.toArrow().to_pylist()
            shared.destroy()
        except PySparkException as error:
            raise AuditwatchError(
                "Spark gave up on a task",
                code="AW-ENGINE-004",
                where=str(self._log),
                hint="the log says why; meanwhile --engine local comes to the same results",
            ) from error
        return rows


def _task(
    shared: Broadcast[tuple[tuple[Piece, ...], Work]], numbers: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Do the work for the pieces of one task; this runs on the nodes."""
    pieces, work = shared.value
    for batch in numbers:
        for number in batch.column("id").to_pylist():
            for name, data in _packed(pieces[number], work):
                yield pa.record_batch(
                    {
                        "piece": pa.array([number], pa.int64()),
                        "name": pa.array([name], pa.string()),
                        "rows": pa.array([data], pa.binary()),
                    }
                )


def _packed(piece: Piece, work: Work) -> Iterator[tuple[str, bytes]]:
    """Yield the tables that the work makes of a piece as Arrow streams, or its error."""
    try:
        for name, table in work(piece.read()).items():
            sink = pa.BufferOutputStream()
            whole = table.unify_dictionaries().combine_chunks()
            with pa.ipc.new_stream(sink, whole.schema, options=PACKED) as writer:
                writer.write_table(whole)
            yield name, sink.getvalue().to_pybytes()
    except AuditwatchError as error:
        said = {name: getattr(error, name) for name in ARGUMENTS}
        yield ERROR, json.dumps([type(error).__name__, said]).encode()


def _raised(data: bytes) -> AuditwatchError:
    """Return the error that a task handed back."""
    kind, said = json.loads(data)
    return KINDS.get(kind, AuditwatchError)(said.pop("what"), **said)


def _refuse_missing() -> None:
    """Refuse to start without the extra, or without Java."""
    try:
        import pyspark  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise UsageError(
            "Spark is not installed",
            code="AW-ENGINE-001",
            expected="auditwatch with its extra: pip install 'auditwatch[spark]'",
            hint="or --engine local: it comes to the same results",
        ) from error
    home = os.environ.get("JAVA_HOME")
    java = Path(home) / "bin" / "java" if home else shutil.which("java")
    if java is None or not os.access(java, os.X_OK):
        raise UsageError(
            "Spark needs Java, and there is none",
            code="AW-ENGINE-002",
            where="JAVA_HOME" if home else "PATH",
            expected="Java 17 or 21",
            hint="install it, or --engine local: it comes to the same results",
        )


def _start(master: str, scratch: Path, log: Path) -> SparkSession:
    """Start Java, which writes to the log alone, and a session in it."""
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415
    from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    here = master.startswith("local")
    if here:
        os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP=LOOPBACK)
    settings = {**_settings(master, scratch), **(_here() if here else {})}
    conf = SparkConf().setAll(list(settings.items()))
    try:
        with log.open("wb") as stream:
            gateway = launch_gateway(conf, {"stdout": stream, "stderr": stream})
        return SparkSession(SparkContext(conf=conf, gateway=gateway))
    except (PySparkRuntimeError, OSError, _java_error()) as error:
        raise UsageError(
            f"Spark does not start at {master!r}",
            code="AW-ENGINE-003",
            where=str(log),
            expected="Java 17 or 21, and in the settings an engine.spark_master that answers",
            hint="the log says why; meanwhile --engine local comes to the same results",
        ) from error


def _java_error() -> type[Exception]:
    """Return what is raised when Java refuses."""
    from py4j.protocol import Py4JJavaError  # noqa: PLC0415

    kind: type[Exception] = Py4JJavaError
    return kind


def _settings(master: str, scratch: Path) -> dict[str, str]:
    """Return the settings of a session on any master."""
    return {
        "spark.master": master,
        "spark.app.name": "auditwatch",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.maxResultSize": "0",  # a portion of nights bounds it
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
    }


def _here() -> dict[str, str]:
    """Return what a session on this machine alone has beside: it hears nobody else."""
    return {
        "spark.driver.memory": LOCAL_MEMORY,
        "spark.driver.host": LOOPBACK,
        "spark.driver.bindAddress": LOOPBACK,
    }
