"""Text on its way to a page: harmless, short enough, and without names."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

__all__ = [
    "HOUR_NOT_KEPT",
    "MASKED",
    "harmless",
    "local_day",
    "local_time",
    "long_day",
    "masked_reason",
    "name_words",
    "visible",
]

#: Stands for a hidden word, the same length for every word.
HOUR_NOT_KEPT: Final = "hour not kept"
MASKED: Final = "•••"

#: Format characters that reorder or hide text, beside all control characters.
FORMATS: Final = ("Cc", "Cf", "Co", "Cs", "Cn")
TOKENS: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")

#: Words of reasons that name nobody. A word that is not here is hidden: a name must never show
#: because nobody thought of it, and a reviewer can reveal the finding.
ORDINARY: Final = frozenset(
    """
    a about access accident active activity actual add additional address admin administrative
    admission after again against agency agent alarm alert all also alpr an and another anonymous
    any apartment applicant application area arrest arrested arrestee as ask asked assault assist
    assistance assisting at attempt attempted audit auto background bail battery be before being
    bolo booking broadcast build building burglary business but by bulk call called caller calls
    car card care carry case ccw cell certification check checked checking checks child civil
    clearance clerk cli clets close code collision come command community complaint complaints
    completed compliance computer conceal concealed conducted confirm confirmation contact
    contacted contract copy correct correction could counter county court crash crim crime
    criminal curious current custody damage daily data database date day dept deputy desk detail
    detained detainee detective detention did disabled dispatch dispatched disposition dispute
    dismissed distribution division dmv do domestic driver drivers driving drug duplicate during
    dui dv employee employment enforcement enter entry error ex expired explain extra facility
    failure family felony field file fight fingerprint firearm firearms first flag fleet follow
    followup for forensic found fraud friend from front fugitive gang gas general get girlfriend
    boyfriend wife husband gun guns harassment has have hazard he health hearing help her him
    his history hit hold holder home homicide hospital hot hotel house housing i ice id identify
    identity if impound impounded in incident info information initial injury inmate inquiry
    insurance intake intel intelligence internal into investigate investigating investigation
    investigations investigative is issue issued it jail job judge juvenile known last law
    lawful lead leave license licence licensing lic line list lobby location locate located log
    lookup loss lost lot mail maintenance male female man manager match medical meet meeting
    member mental message misc missing monitoring motor moving municipal my name ncic near
    need needed neighbor neighbour neighborhood neighbourhood new night no none normal not note
    notice notification notified number of off offender offense office officer old on one open
    operation operator or order other ours out outstanding over own owner parked parking parole
    part partial partner party passenger patrol pawn pending per permit person personal
    personnel phone photo pick place plate please plan pol police policy possible post pre
    premises previous prior prisoner probation process processing project property prosecution
    prosecutor protective protest provide public purchase purpose purposes pursuit qa query
    question quality ran random re read reason recheck record records recovered recovery reference
    referral reg registered registration registrant regular release released relative removal
    repeat replacement report reported reporting repossessed request requested requesting
    requestor requester require required research residence resident residential response
    restraining results return returned review road robbery roll routine run running safety sale
    same school search searched secondary section security see seized self serial series serve
    served service sex sexual she sheriff shift shop shoplifting shooting should show sighting
    site situation someone speed speeding stalking standard state statement station status
    statute stay still stolen stop stopped store street subject submit subpoena suicide summary
    supervision supervisor support surveillance suspect suspected suspended suspicious system
    tag tags task tampering team tech terminal test testing that the theft their them there
    they this threat threats tip title to today took tool tow towed traffic training transfer
    transport trespass trespasser truck type u under undercover unit unknown unlicensed unpaid
    up update updated upon us use used user using vacation valid validation various vehicle
    vehicles verification verified verify via victim view violation violations violence visit
    visitor voluntary vin wanted wants warrant warrants was watch we weapon weapons weekly
    welfare went were when where who why will with without witness woman work working wrong year
    you yes asdf test xxx na n/a tbd etc in invest veh vehs susp subj poss unk info chk ck hit hits
    lookout bolo broadcast alpr lpr t-stop tstop bkgd apt bldg dept det ofc off sgt rpt rept appl
    applicant ltc ccw prob dv dui gta res resp req xfer btwn w/o r/o
    btg coverage crem disaster donat etreat famrqt hlegal hmarkt hoperat hpaymt hqualimp hresch
    hsysadmin patadmin patrqt patsfty pubhlth purposeofuse pwatrny recordmgt remitadv suprnwk
    sysadmin threat treat
    """.split()  # noqa: SIM905 - a list of 600 quoted words is no easier to read
)


def harmless(text: str, longest: int) -> str:
    """Return text that can neither hide, reorder nor flood what stands around it.

    Parameters
    ----------
    text : str
        From a trail, so possibly hostile.
    longest : int
        Characters to show; a longer text ends in an ellipsis and its length.

    Returns
    -------
    str
        One line; control, format and unassigned characters (bidirectional overrides and zero-width
        characters among them) stand as U+FFFD. Escaping for HTML is the template's work.
    """
    shown = visible(" ".join(text[: longest + 1].split()))
    if len(text) <= longest:
        return shown
    return f"{shown[:longest].rstrip()}… ({len(text):,} characters)"


def visible(text: str) -> str:
    """Return text with every control, format and unassigned character as U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("\ufffd" if unicodedata.category(c) in FORMATS else c for c in text)


def name_words(texts: Iterable[str | None]) -> frozenset[str]:
    """Return the words of names and ids, in lower case, to hide wherever they stand."""
    return frozenset(word.lower() for text in texts if text for word in TOKENS.findall(text))


def masked_reason(text: str, names: frozenset[str]) -> str:
    """Return a reason with everything hidden that may name someone.

    Parameters
    ----------
    text : str
        As typed.
    names : frozenset of str
        Words to hide even if they are ordinary, as from `name_words`.

    Notes
    -----
    Words with a digit are hidden (case numbers, plates, dates of birth), words of `names`, and
    words that are not among the ordinary words of reasons.
    """
    return TOKENS.sub(lambda word: _word(word[0], names), text)


def _word(word: str, names: frozenset[str]) -> str:
    """Return one word, or what stands for it."""
    plain = word.lower()
    if len(plain) > 1 and plain in names:
        return MASKED
    return word if plain in ORDINARY else MASKED


def long_day(night: str) -> str:
    """Return a night in words: ``Thursday, 5 March 2026``."""
    day = date.fromisoformat(night)
    return f"{day:%A}, {day.day} {day:%B} {day.year}"


def local_time(time: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """Return an instant on the agency's clock: ``2026-03-05 21:14 PST``, or with its seconds."""
    return f"{time.astimezone(zone):{'%Y-%m-%d %H:%M:%S %Z' if seconds else '%Y-%m-%d %H:%M %Z'}}"


def local_day(time: datetime, zone: ZoneInfo) -> str:
    """Return the day of a lookup whose source keeps no hour: ``2026-03-05, hour not kept``."""
    return f"{time.astimezone(zone):%Y-%m-%d}, {HOUR_NOT_KEPT}"
