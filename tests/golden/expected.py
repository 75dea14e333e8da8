"""What a sample log yields, in the words of the file beside it.

``python -m tests.golden.expected sample_logs/NAME > sample_logs/NAME.expected.json`` writes that
file for a new sample. It says what the code does: read it line by line beside the sample before you
keep it, because from then on it is what the code must do.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from auditwatch.config import Settings
from auditwatch.ingest import SourceRead, read_source
from auditwatch.ingest.sources import account_of

ROOT = Path(__file__).parents[2]
LOOKUPS_SHOWN = 10


def read_sample(log: Path) -> SourceRead:
    """Read a sample log, with its mapping file if there is one."""
    mapping = Path(f"{log}.mapping.yml")
    return read_source(
        log, Settings(), rules=ROOT / "rules", mapping=mapping if mapping.exists() else None
    )


def shown(read: SourceRead) -> dict[str, Any]:
    """Return account, rejects, gaps, cascades and lookups of a sample."""
    rows = read.lookups.drop_columns(["source_id"]).to_pylist()
    for row in rows:
        row["event_time"] = row["event_time"].isoformat()
    lookups = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return {
        "account": account_of(read.source, read.staged.reasons),
        "rejects": [[r["line"], r["lines"], r["reason_code"]] for r in read.rejects.to_pylist()],
        "gaps": [[gap["night"], gap["kind"], gap["detail"]] for gap in read.gaps.to_pylist()],
        "cascades": [
            [row["event_id"], row["lookup_id"]]
            for row in lookups
            if row.get("lookup_id") not in {None, row["event_id"]}
        ],
        "lookups": lookups,
    }


if __name__ == "__main__":
    found = shown(read_sample(Path(sys.argv[1])))
    found["lookups"] = found["lookups"][:LOOKUPS_SHOWN]
    print(json.dumps(found, indent=1, ensure_ascii=False))
