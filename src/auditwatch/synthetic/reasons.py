"""Reasons and case numbers as typed: by habit, vaguely, in the wrong field, with slips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.draws import Flags, Ints, Texts, chance, texts
from auditwatch.synthetic.vocabulary import ROLES
from auditwatch.synthetic.wording import HABITS, STREETS, VAGUE, WORDING_CODE, WORDINGS

if TYPE_CHECKING:
    from auditwatch.synthetic.acts import Acts
    from auditwatch.synthetic.world import World

__all__ = ["write_reasons"]

_LONGEST = max(len(phrases) for phrases in WORDINGS)
_VAGUE_BY_DAY = 0.037
_VAGUE_BY_NIGHT = 0.13
_NIGHT = (1, 5)
_WITH_STREET = 0.1
_WRONG_DIGITS = 0.012
_OTHER_HABIT = 0.06
_OTHER_TRADE = 0.006


def _worded(rng: np.random.Generator, world: World, acts: Acts, several: int) -> Ints:
    """Return kinds of wording, a few of them another that one's own or any trade often uses."""
    width = max(len(kinds) for kinds in HABITS.values())
    table = np.array(
        [
            [WORDING_CODE[HABITS[role][i % len(HABITS[role])]] for i in range(width)]
            for role in ROLES
        ],
        dtype=np.int64,
    )
    trade = world.staff.role[acts.operator]
    foreign = chance(rng, several, _OTHER_TRADE)[acts.typed]
    trade = np.where(foreign, rng.integers(0, len(ROLES), several)[acts.typed], trade)
    other = table[trade, rng.integers(0, width, several)[acts.typed]]
    return np.where(chance(rng, several, _OTHER_HABIT)[acts.typed] | foreign, other, acts.wording)


def _phrases(rng: np.random.Generator, operators: int, acts: Acts, wording: Ints) -> Texts:
    """Return each operator's favourite wording, now and then another one, in a personal case."""
    favourite = rng.integers(0, 10**6, size=(operators, len(WORDINGS)))
    capitals = rng.choice(3, size=operators, p=[0.45, 0.4, 0.15])
    moods = rng.choice([0, 1, 2], size=acts.typed.max(initial=0) + 1, p=[0.66, 0.22, 0.12])
    counts = np.array([len(phrases) for phrases in WORDINGS])
    place = (favourite[acts.operator, wording] + moods[acts.typed]) % counts[wording]
    table = texts([""] * (len(WORDINGS) * _LONGEST * 3))
    for kind, phrases in enumerate(WORDINGS):
        for number, phrase in enumerate(phrases):
            base = (kind * _LONGEST + number) * 3
            table[base : base + 3] = [phrase.upper(), phrase, phrase[:1].upper() + phrase[1:]]
    chosen: Texts = table[(wording * _LONGEST + place) * 3 + capitals[acts.operator]]
    return chosen


def _slipped(number: str, back: int) -> str:
    """Return a case number with two neighbouring digits changed over, `back` from its end."""
    place = len(number) - 1 - back
    return number[:place] + number[place + 1] + number[place] + number[place + 2 :]


def _typed_numbers(rng: np.random.Generator, world: World, acts: Acts, several: int) -> Texts:
    """Return the case number in mind, empty for none, a few with a slip of the fingers."""
    number = np.where(acts.case >= 0, world.casebook.number[acts.case], "").astype(np.object_)
    slips = chance(rng, several, _WRONG_DIGITS)[acts.typed]
    back = rng.integers(1, 4, several)[acts.typed]
    for row in np.flatnonzero(slips & (acts.case >= 0)).tolist():
        number[row] = _slipped(number[row], int(back[row]))
    return number


def _vague(rng: np.random.Generator, world: World, acts: Acts, several: int) -> Flags:
    """Return which reasons say nothing: few by day, more in the small hours, some people more."""
    hour = world.calendar.hour(acts.time)
    night = (hour >= _NIGHT[0]) & (hour < _NIGHT[1])
    lazy = rng.gamma(1.2, 1 / 1.2, size=world.staff.size)
    share = np.where(night, _VAGUE_BY_NIGHT, _VAGUE_BY_DAY) * lazy[acts.operator]
    return np.asarray(rng.random(several)[acts.typed] < share, dtype=np.bool_)


def write_reasons(rng: np.random.Generator, world: World, acts: Acts) -> tuple[Texts, Texts]:
    """Return the reason and the case number of each line as they were typed.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    world : World
        The city.
    acts : Acts
        Lookups with cascades; the lines of one cascade repeat what was typed once.

    Returns
    -------
    reasons, cases : ndarray of object

    Notes
    -----
    Shares follow one agency's published search log: 15 % number only, nearly always with an empty
    case field; vague 3-4 % by day and 11 % from one to five.
    """
    several, staff = int(acts.typed.max(initial=0)) + 1, world.staff.size
    typed, has_number = acts.typed, acts.case >= 0
    corner = texts(["", *(f" {street}" for street in STREETS)])
    at = np.where(chance(rng, several, _WITH_STREET), rng.integers(1, len(corner), several), 0)
    reason = _phrases(rng, staff, acts, _worded(rng, world, acts, several)) + corner[at][typed]
    number = _typed_numbers(rng, world, acts, several)
    u = rng.random(several)[typed]
    only = np.where(chance(rng, staff, 0.37), 0.72, 0.07)[acts.operator]
    inside = np.where(chance(rng, staff, 0.16), 0.75, 0.03)[acts.operator]
    number_only = has_number & (u < only)
    number_inside = has_number & ~number_only & (u < only + inside * (1 - only))
    vague_word = texts(VAGUE)[rng.integers(0, len(VAGUE), size=staff)][acts.operator]
    silent = _vague(rng, world, acts, several) | (acts.wording == WORDING_CODE["vague"])
    reason = np.where(silent, vague_word, reason)
    reason = np.where(number_only, number, np.where(number_inside, reason + " " + number, reason))
    kept = chance(rng, several, 0.02)[typed]
    case = np.where((number_only & ~kept) | number_inside, "", number)
    return reason.astype(np.object_), case.astype(np.object_)
