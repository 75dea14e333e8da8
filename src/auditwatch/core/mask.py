"""Identities in sentences: marked where they are written, masked or revealed where they are read.

A sentence that is stored names people only inside marks, ``⟦operator:T4471⟧``. Whoever shows it
chooses: a stable pseudonym by default, the identity itself after a recorded reveal. A pseudonym
spares people who need not know; it is no anonymisation: who has the list of identities and the
key can compute them again.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

from auditwatch.core.redaction import is_mask

__all__ = ["Masker", "mark"]

MARK: Final = re.compile("⟦(operator|subject|case|terminal):([^⟦⟧]*)⟧")
BRACKETS: Final = str.maketrans({"⟦": "[", "⟧": "]"})


def mark(kind: str, identity: str | None) -> str:
    """Return an identity marked for later masking.

    Parameters
    ----------
    kind : str
        ``operator``, ``subject``, ``case`` or ``terminal``.
    identity : str or None
        As in the trail; None becomes the word ``unknown``.
    """
    return f"⟦{kind}:{identity.translate(BRACKETS)}⟧" if identity else f"unknown {kind}"


@dataclass(frozen=True)
class Masker:
    """Shows identities, or pseudonyms in their place.

    Parameters
    ----------
    key : str
        Secret of this installation; the same key gives the same pseudonyms.
    reveal : bool
        Show identities as they are.
    """

    key: str
    reveal: bool = False

    def name(self, kind: str, identity: str | None) -> str:
        """Return what to show for one identity, such as ``operator-7f3a2c``."""
        if not identity:
            return ""
        if self.reveal or is_mask(identity):  # what the source hid already is nobody's pseudonym
            return identity
        digest = hmac.new(self.key.encode(), f"{kind}:{identity}".encode(), hashlib.sha256)
        return f"{kind}-{digest.hexdigest()[:8]}"

    def text(self, sentence: str) -> str:
        """Return a sentence with every mark shown or masked."""
        return MARK.sub(lambda found: self.name(found[1], found[2]), sentence)
