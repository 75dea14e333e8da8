"""Purpose codes: what may be declared, on which days, in which states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from auditwatch.check.section import Section

__all__ = ["KEYS", "STATES", "Purpose", "Spell", "read_purposes"]

KEYS: Final = ("code", "name", "means", "authority", "valid_from", "valid_to", "jurisdictions")

#: What a declared code can be on a day, worst last.
STATES: Final = ("valid", "not_yet", "withdrawn", "elsewhere")


@dataclass(frozen=True)
class Spell:
    """A time and a place in which a code may be declared.

    Parameters
    ----------
    valid_from, valid_to : date or None
        First day, and first day no longer; None where there is no limit.
    jurisdictions : frozenset of str or None
        Two-letter codes of the states that know the code; None for all.
    """

    valid_from: date | None
    valid_to: date | None
    jurisdictions: frozenset[str] | None

    def state(self, day: date) -> str:
        """Return ``valid``, ``withdrawn`` or ``not_yet`` on a day."""
        if self.valid_from is not None and day < self.valid_from:
            return "not_yet"
        return "withdrawn" if self.valid_to is not None and day >= self.valid_to else "valid"

    def meets(self, other: Spell) -> bool:
        """Tell whether both hold on some day in some state."""
        apart = any(
            before.valid_to is not None
            and after.valid_from is not None
            and before.valid_to <= after.valid_from
            for before, after in ((self, other), (other, self))
        )
        places, others = self.jurisdictions, other.jurisdictions
        return not apart and (places is None or others is None or bool(places & others))


@dataclass(frozen=True)
class Purpose:
    """A code with every spell in which it may be declared."""

    code: str
    spells: tuple[Spell, ...]

    def state(self, day: date, jurisdiction: str | None) -> str | None:
        """Return what the code is on a day in a state.

        Parameters
        ----------
        day : date
            The lookup's own night.
        jurisdiction : str or None
            Two letters; None where it is not known.

        Returns
        -------
        str or None
            One of `STATES`; None when it turns on the jurisdiction, which is not known.
        """
        if jurisdiction is None:
            states = {spell.state(day) for spell in self.spells if spell.jurisdictions is None}
            bound = [spell for spell in self.spells if spell.jurisdictions is not None]
            if bound and "valid" not in states:
                return None
        else:
            states = {spell.state(day) for spell in self.spells if _holds_in(spell, jurisdiction)}
        return min(states, key=STATES.index, default="elsewhere")

    @property
    def limits(self) -> Iterator[date]:
        """Every day on which it came into force or was withdrawn."""
        for spell in self.spells:
            yield from filter(None, (spell.valid_from, spell.valid_to))


def _holds_in(spell: Spell, jurisdiction: str) -> bool:
    """Tell whether a state knows the code in this spell."""
    return spell.jurisdictions is None or jurisdiction in spell.jurisdictions


def read_purposes(sections: Iterable[Section]) -> dict[str, Purpose]:
    """Read the items of ``catalogue/purposes.yml``.

    A code may be listed several times, for other days or other states.

    Raises
    ------
    RuleError
        ``AW-RULES-005`` a spell that ends before it begins, ``-007`` two spells of one code that
        meet on some day in some state.
    """
    found: dict[str, list[Spell]] = {}
    for section in sections:
        code = section.text("code")
        section.text("name")
        spell = Spell(
            section.day("valid_from"),
            section.day("valid_to"),
            frozenset(section.texts("jurisdictions")) or None,
        )
        if spell.valid_from and spell.valid_to and spell.valid_to <= spell.valid_from:
            raise section.error("valid_to is not after valid_from", "valid_to", code="AW-RULES-005")
        others = found.setdefault(code, [])
        if any(spell.meets(other) for other in others):
            raise section.error(
                f"{code!r} a second time",
                "code",
                code="AW-RULES-007",
                expected="once, or with other days or other jurisdictions",
            )
        others.append(spell)
    return {code: Purpose(code, tuple(spells)) for code, spells in found.items()}
