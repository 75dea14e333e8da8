"""Numbers as text says them, exactly: whole where they are whole, fractions elsewhere."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias

__all__ = ["Amount", "amount"]

Amount: TypeAlias = int | Fraction

#: A number as JSON writes it, a plus sign allowed; no longer than anything that is measured.
NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)


def amount(text: str) -> Amount | None:
    """Return the number that a text writes; None when it is no number.

    Parameters
    ----------
    text : str
        Such as ``12``, ``-0.5`` or ``1e3``; blanks around it do not count.
    """
    text = text.strip()
    if not NUMBER.fullmatch(text):
        return None
    exact = Fraction(Decimal(text))
    return exact.numerator if exact.denominator == 1 else exact
