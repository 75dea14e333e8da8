"""A fitted scorer as JSON and Parquet: to be kept, compared and read again, and never run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from auditwatch import __version__
from auditwatch.core.errors import IntegrityError
from auditwatch.core.files import require_file, write_atomic
from auditwatch.score.calibrate import Reference
from auditwatch.score.posts import Posts
from auditwatch.score.scorer import LookupScorer
from auditwatch.score.tails import Counts, Shares

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["STATE_SCHEMA", "load_state", "save_state"]

STATE_SCHEMA: Final = 2
PARTS: Final = {kind.__name__: kind for kind in (Counts, Shares, Reference, Posts)}
JSON_NAME: Final = "scorer.json"
ARRAYS_NAME: Final = "scorer.parquet"


def save_state(scorer: LookupScorer, folder: Path) -> list[Path]:
    """Write what a fitted scorer learnt.

    Parameters
    ----------
    scorer : LookupScorer
        Fitted.
    folder : Path
        Made if missing.

    Returns
    -------
    list of Path
        ``scorer.json`` (parameters, priors, hash of the other) and ``scorer.parquet`` (arrays).

    Notes
    -----
    Doubles are kept to the last bit, so a scorer that is read again scores the same.
    """
    arrays: list[np.ndarray] = []
    learnt = {
        name: _plain(value, arrays)
        for name, value in sorted(vars(scorer).items())
        if name.endswith("_") and not name.startswith("_")
    }
    sink = pa.BufferOutputStream()
    pq.write_table(_stacked(arrays), sink, compression="zstd")
    packed = sink.getvalue().to_pybytes()
    told = {
        "schema": STATE_SCHEMA,
        "auditwatch": __version__,
        "parameters": scorer.get_params(),
        "arrays_sha256": hashlib.sha256(packed).hexdigest(),
        "learnt": learnt,
    }
    text = json.dumps(told, indent=1, sort_keys=True, allow_nan=False)
    write_atomic(folder / ARRAYS_NAME, packed)
    write_atomic(folder / JSON_NAME, f"{text}\n".encode())
    return [folder / JSON_NAME, folder / ARRAYS_NAME]


def load_state(folder: Path) -> LookupScorer:
    """Read what `save_state` wrote.

    Raises
    ------
    IntegrityError
        ``AW-SCORE-001`` another schema, ``-002`` the files do not belong together or were changed.
    """
    packed = require_file(folder / ARRAYS_NAME).read_bytes()
    try:
        told = json.loads(require_file(folder / JSON_NAME).read_bytes())
        if told["schema"] != STATE_SCHEMA:
            raise IntegrityError(
                "the scorer's state has another schema",
                code="AW-SCORE-001",
                where=str(folder / JSON_NAME),
                expected=f"schema {STATE_SCHEMA}",
                hint="write it again with this version: auditwatch model show --out FOLDER",
            )
        if hashlib.sha256(packed).hexdigest() != told["arrays_sha256"]:
            raise _changed(folder)
        arrays = _unstacked(pq.read_table(pa.BufferReader(packed)))
        scorer = LookupScorer(**told["parameters"])
        for name, value in told["learnt"].items():
            setattr(scorer, name, _whole(value, arrays))
    except (KeyError, TypeError, ValueError, IndexError, pa.ArrowException) as error:
        raise _changed(folder) from error
    return scorer


def _changed(folder: Path) -> IntegrityError:
    """Say that the state is not what was written."""
    return IntegrityError(
        "the scorer's state was changed or its two files do not belong together",
        code="AW-SCORE-002",
        where=str(folder),
        expected=f"{JSON_NAME} and {ARRAYS_NAME} as they were written",
        hint="write it again: auditwatch model show --out FOLDER",
    )


def _plain(value: Any, arrays: list[np.ndarray]) -> Any:
    """Return a value as JSON knows it; arrays of numbers are put aside under their place."""
    if is_dataclass(value):
        parts = {one.name: _plain(getattr(value, one.name), arrays) for one in fields(value)}
        return {"is": type(value).__name__, "parts": parts}
    if isinstance(value, dict):
        return {"is": "dict", "items": [[_plain(p, arrays) for p in i] for i in value.items()]}
    if isinstance(value, tuple):
        return {"is": "tuple", "items": [_plain(part, arrays) for part in value]}
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        arrays.append(value)
        return {"is": "array", "place": len(arrays) - 1}
    if isinstance(value, np.ndarray):
        return {"is": "texts", "items": [str(part) for part in value]}
    return value.item() if isinstance(value, np.generic) else value


def _whole(value: Any, arrays: list[np.ndarray]) -> Any:
    """Return what `_plain` made plain."""
    if not isinstance(value, dict):
        return value
    match value["is"]:
        case "dict":
            return {_whole(k, arrays): _whole(v, arrays) for k, v in value["items"]}
        case "tuple":
            return tuple(_whole(part, arrays) for part in value["items"])
        case "array":
            return arrays[value["place"]]
        case "texts":
            return np.array(value["items"], dtype=object)
    parts = {name: _whole(part, arrays) for name, part in value["parts"].items()}
    return PARTS[value["is"]](**parts)


def _stacked(arrays: list[np.ndarray]) -> pa.Table:
    """Return arrays as one table: which array, and its values in order."""
    places = np.repeat(np.arange(len(arrays), dtype=np.int32), [len(one) for one in arrays])
    values = np.concatenate([np.zeros(0), *arrays])
    sizes = {b"arrays": str(len(arrays)).encode()}
    table = pa.table({"array": places, "value": values})
    return table.replace_schema_metadata(sizes)


def _unstacked(table: pa.Table) -> list[np.ndarray]:
    """Return the arrays of a table."""
    count = int(table.schema.metadata[b"arrays"])
    places, values = (table[name].to_numpy() for name in ("array", "value"))
    return [values[places == place] for place in range(count)]
