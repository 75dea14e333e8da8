"""Invented names, plates and serial numbers; nobody real is meant by any of them."""

from __future__ import annotations

from itertools import product

import numpy as np

from auditwatch.synthetic.draws import Ints, Texts, texts

__all__ = ["given_names", "numbers", "plates", "serials", "surnames"]

_OPEN = [
    "Bal",
    "Bren",
    "Cal",
    "Cor",
    "Dal",
    "Den",
    "Dov",
    "El",
    "Fal",
    "Fen",
    "Gal",
    "Gar",
    "Hal",
    "Hes",
    "Il",
    "Jor",
    "Kel",
    "Kor",
    "Lan",
    "Lor",
]
_OPEN += [
    "Mal",
    "Mer",
    "Nor",
    "Nev",
    "Or",
    "Pal",
    "Per",
    "Quil",
    "Ral",
    "Ros",
    "Sal",
    "Sev",
    "Tal",
    "Tor",
    "Ul",
    "Val",
    "Ver",
    "Wen",
    "Yar",
    "Zel",
]
_SHUT = [
    "ado",
    "ambe",
    "arin",
    "aster",
    "beck",
    "bury",
    "dane",
    "dron",
    "ello",
    "enko",
    "eska",
    "etti",
    "field",
    "gan",
    "gora",
    "hart",
]
_SHUT += [
    "ides",
    "imov",
    "inho",
    "kade",
    "lund",
    "mant",
    "mer",
    "nova",
    "oglu",
    "orpe",
    "quist",
    "rano",
    "sted",
    "tano",
    "vick",
    "wane",
]
_HEAD = [
    "A",
    "Be",
    "Ca",
    "De",
    "E",
    "Fi",
    "Ha",
    "I",
    "Jo",
    "Ka",
    "Le",
    "Ma",
    "Ne",
    "O",
    "Pe",
    "Ri",
    "Sa",
    "Te",
    "Vi",
    "Zo",
]
_TAIL = ["bra", "dela", "lia", "mira", "nita", "ra", "sha", "tessa", "vena", "ya"]
_TAIL += ["bin", "dan", "gor", "lan", "mir", "nald", "rek", "ston", "van", "ym"]
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def surnames() -> Texts:
    """Return the city's surnames; the first ones are meant to be the common ones."""
    return texts([a + b for b, a in product(_SHUT, _OPEN)])


def given_names(*, female: bool) -> Texts:
    """Return the given names of one sex."""
    half = _TAIL[:10] if female else _TAIL[10:]
    return texts([a + b for a, b in product(_HEAD, half)])


def numbers(rng: np.random.Generator, size: int, below: int) -> Ints:
    """Return `size` different numbers in random order, so that a number tells nothing.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    size : int
        How many; far fewer than `below`.
    below : int
        All numbers are smaller than this.
    """
    drawn = np.unique(rng.integers(0, below, size=size + size // 4 + 16))
    return rng.permutation(drawn)[:size].astype(np.int64)


def plates(rng: np.random.Generator, size: int) -> Texts:
    """Return `size` different plates of the form digit, three letters, three digits."""
    base = len(_LETTERS)
    found = []
    for number in numbers(rng, size, 9 * base**3 * 1000).tolist():
        rest, digits = divmod(number, 1000)
        rest, third = divmod(rest, base)
        rest, second = divmod(rest, base)
        head, first = divmod(rest, base)
        letters = _LETTERS[first] + _LETTERS[second] + _LETTERS[third]
        found.append(f"{head + 1}{letters}{digits:03d}")
    return texts(found)


def serials(rng: np.random.Generator, size: int) -> Texts:
    """Return `size` different gun serial numbers."""
    base = len(_LETTERS)
    return texts(
        [
            f"{_LETTERS[n // 10**6 % base]}{_LETTERS[n // 10**6 // base]}{n % 10**6:06d}"
            for n in numbers(rng, size, base * base * 10**6).tolist()
        ]
    )
