"""The name of a finding: a function of its story, so that it stays while the finding grows."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["finding_id"]

VERSION: Final = "auditwatch-finding-1"
LETTERS: Final = 12  # 60 bits: a clash among a million findings has odds of about 4 in 10 million


def finding_id(story: str, agency: str, key: Sequence[str]) -> str:
    """Return the stable id of a story.

    Parameters
    ----------
    story : str
        pair, operator, unit, subject, agency or gap.
    agency : str
        ORI; empty when the trail has none.
    key : sequence of str
        What the story is about, in its fixed order.

    Returns
    -------
    str
        ``F-`` and 12 characters of base32 (RFC 4648 alphabet, which has no 0, 1, 8 or 9).
    """
    # a JSON list, so that no two different keys have the same text
    text = json.dumps([VERSION, story, agency, *key], ensure_ascii=True)
    digest = hashlib.sha256(text.encode("ascii")).digest()
    return "F-" + base64.b32encode(digest).decode("ascii")[:LETTERS]
