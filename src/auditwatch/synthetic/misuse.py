"""What every scenario of misuse hands back, and the few ways in which somebody looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.acts import Acts, make_acts
from auditwatch.synthetic.asking import PLATE_KEYS
from auditwatch.synthetic.moments import Moments
from auditwatch.synthetic.pretexts import asked_by, pretext
from auditwatch.synthetic.vocabulary import PURPOSE_CODE, TRANSACTION_CODE
from auditwatch.synthetic.wording import WORDING_CODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditwatch.synthetic.draws import Ints
    from auditwatch.synthetic.pretexts import Pretext
    from auditwatch.synthetic.world import World

__all__ = ["Misuse", "aim", "as_acts", "glances", "keyed", "sitting"]


@dataclass(frozen=True)
class Misuse:
    """One misused lookup as somebody keyed it.

    Parameters
    ----------
    time : int
        Instant, seconds since 1970.
    operator, terminal, subject : int
        Numbers into the world.
    transaction, wording, purpose : str
        Message key, kind of wording, purpose code.
    case : int
        Case that is given, -1 for none.
    requester : int
        For whom; -1 for the operator.
    """

    time: int
    operator: int
    terminal: int
    subject: int
    transaction: str
    wording: str
    purpose: str
    case: int = -1
    requester: int = -1


def aim(world: World, key: str, person: int) -> tuple[str, int]:
    """Return key and subject for a person: their vehicle, or themselves where they have none."""
    if key not in PLATE_KEYS:
        return key, person
    vehicle = int(world.residents.vehicle_of[person])
    return (key, vehicle) if vehicle >= 0 else ("DQ", person)


def keyed(
    world: World,
    rng: np.random.Generator,
    operator: int,
    moment: tuple[int, int],
    asked: tuple[str, int],
    *,
    excuse: Pretext | None = None,
) -> Misuse:
    """Return one misused lookup, under the operator's usual pretext if no other is given.

    Parameters
    ----------
    world : World
        The city in progress.
    rng : Generator
        Source of chance.
    operator : int
        Who.
    moment : (int, int)
        Instant and terminal.
    asked : (str, int)
        Message key, and the person; their vehicle where the key asks for one.
    excuse : Pretext, optional
        Wording, purpose and case to give.
    """
    time, terminal = moment
    key, subject = aim(world, *asked)
    given = excuse or pretext(world, rng, operator, key, time)
    return Misuse(
        time,
        operator,
        terminal,
        subject,
        key,
        given.wording,
        given.purpose,
        given.case,
        asked_by(world, rng, operator, time),
    )


def glances(
    world: World,
    rng: np.random.Generator,
    operator: int,
    times: Iterable[tuple[int, int]],
    *,
    keys: Sequence[str],
    people: Sequence[int],
) -> list[Misuse]:
    """Return one look at each moment, at any of some people by any of some keys.

    Parameters
    ----------
    world : World
        The city in progress.
    rng : Generator
        Source of chance.
    operator : int
        Who.
    times : iterable of (int, int)
        Instants and terminals.
    keys : sequence of str
        Message keys; one that stands twice comes up twice as often.
    people : sequence of int
        Persons; likewise.
    """
    return [
        keyed(world, rng, operator, moment, (str(rng.choice(keys)), int(rng.choice(people))))
        for moment in times
    ]


def sitting(
    world: World,
    rng: np.random.Generator,
    operator: int,
    moment: tuple[int, int],
    asked: Iterable[tuple[str, int]],
    *,
    excuse: Pretext | None = None,
) -> list[Misuse]:
    """Return looks one after the other, some seconds to some minutes apart.

    Parameters
    ----------
    world : World
        The city in progress.
    rng : Generator
        Source of chance.
    operator : int
        Who.
    moment : tuple of int
        Instant of the first and terminal of all.
    asked : iterable of (str, int)
        Key and person of each look.
    excuse : Pretext, optional
        What to give as the reason of all of them; else a usual one for each person.
    """
    time, terminal = moment
    found: list[Misuse] = []
    said, last = excuse, -1
    for key, person in asked:
        if excuse is None and person != last:
            said = pretext(world, rng, operator, key, time)
        found.append(keyed(world, rng, operator, (time, terminal), (key, person), excuse=said))
        time, last = time + int(rng.integers(20, 260)), person
    return found


def as_acts(found: Sequence[Misuse], number: int) -> Acts:
    """Return the misused lookups of one episode as acts.

    Parameters
    ----------
    found : sequence of Misuse
        What a scenario handed back.
    number : int
        Number of the episode in the whole city.
    """

    def column(name: str) -> Ints:
        return np.array([getattr(m, name) for m in found], dtype=np.int64)

    operator, requester = column("operator"), column("requester")
    none = np.full(len(found), -1, dtype=np.int64)
    return make_acts(
        Moments(none, operator, column("time"), column("terminal")),
        requester=np.where(requester < 0, operator, requester),
        subject=column("subject"),
        case=column("case"),
        transaction=np.array([TRANSACTION_CODE[m.transaction] for m in found], dtype=np.int64),
        wording=np.array([WORDING_CODE[m.wording] for m in found], dtype=np.int64),
        purpose=np.array([PURPOSE_CODE[m.purpose] for m in found], dtype=np.int64),
        episode=number,
    )
