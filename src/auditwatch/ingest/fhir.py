"""HL7 FHIR AuditEvent in the words of R4 and of R5, whatever it was written in.

R5 renamed what R4 had: type and subtype became category and code, purposeOfEvent and purposeOfUse
became authorization, altId and name went into who, network became networkString. Drafts between
the two mix them, so every name is looked for; an element that repeats and one that stands alone are
read alike, since XML does not tell them apart.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, Final

from auditwatch.ingest.jsontext import LineError, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from auditwatch.ingest.documents import Note
    from auditwatch.ingest.jsontext import Object

__all__ = ["FIELDS", "AuditEvents"]

FIELDS: Final = (
    "event_id",
    "event_time",
    "operator_id",
    "operator_role",
    "requester_id",
    "agency",
    "terminal",
    "system",
    "transaction",
    "subject_kind",
    "subject_id",
    "subject_name",
    "purpose",
    "reason",
    "case_id",
    "outcome",
)
#: R4's outcome codes, and R5's issue severities: all but success.
FAILED: Final = frozenset({"4", "8", "12", "error", "fatal"})
#: DICOM's events of a program or of a sign-in: nobody's record was opened.
NO_LOOKUPS: Final = frozenset({"110100", "110114"})
#: Participation types of the one who receives what is disclosed (DICOM, HL7 v3).
RECIPIENTS: Final = frozenset({"110152", "IRCP"})
#: Object role of an entity that is a patient.
PATIENT_ROLE: Final = "1"
PEOPLE: Final = frozenset({"Patient", "Person", "RelatedPerson", "Group"})
PURPOSE_SYSTEMS: Final = re.compile(r"v3-(?:ActReason|PurposeOfUse)$|2\.16\.840\.1\.113883\.5\.8$")
VERSION: Final = re.compile(r"/_history/[^/]*$")

#: Where things may stand, the surest first.
WHO: Final = ("altId", "who.identifier.value", "who.reference", "who.display", "name")
ROLE: Final = ("role.coding.code", "role.coding.display", "role.text")
PLACE: Final = (
    "network.address",
    "networkString",
    "networkUri",
    "location.display",
    "location.reference",
)
WHAT: Final = ("what.reference", "what.identifier.value", "reference.reference")
SYSTEM: Final = (
    "source.observer.display",
    "source.observer.identifier.value",
    "source.observer.reference",
)
SITE: Final = ("source.site", "source.site.display", "source.site.reference")
KIND: Final = ("type.code", "type.coding.code", "category.coding.code")
SUBKIND: Final = ("subtype.code", "subtype.coding.code", "code.coding.code", "action")
OUTCOME: Final = ("outcome", "outcome.code.code", "outcome.coding.code", "outcome.code")
EVENT_PURPOSES: Final = ("purposeOfEvent", "authorization")
AGENT_PURPOSES: Final = ("purposeOfUse", "authorization")
ENCOUNTER: Final = ("encounter.reference", "encounter.identifier.value")


class AuditEvents:
    """Turns resources into the fields of lookups and counts what one lookup cannot say.

    Attributes
    ----------
    several : int
        Events that name more than one patient: a lookup has one subject, the first.
    """

    def __init__(self) -> None:
        self.several = 0

    def take(self, resource: Object) -> Mapping[str, str | None] | None:
        """Return the fields of an AuditEvent, which may stand in an entry of a Bundle.

        Parameters
        ----------
        resource : dict
            The resource, or an entry with one.

        Returns
        -------
        mapping of str to str, or None
            Fields by canonical name; None for what is no lookup.

        Raises
        ------
        LineError
            ``nested_bundle`` for a Bundle where a record should stand.
        """
        event = _resource(resource)
        kind = event.get("resourceType")
        if kind == "Bundle":
            raise LineError("nested_bundle")
        if kind != "AuditEvent":
            return None
        subjects = _patients(event)
        if not subjects and _first(event, KIND) in NO_LOOKUPS:
            return None
        self.several += len({key for key, _ in subjects}) > 1
        return _fields(event, subjects)

    def notes(self) -> Iterator[Note]:
        """Yield the gap of events with several patients, if there were any."""
        if self.several:
            events = "1 event names" if self.several == 1 else f"{self.several:,} events name"
            sentence = f"{events} more than one patient; only the first is the lookup's subject"
            yield "several_subjects", sentence


def _resource(found: Object) -> Object:
    """Return a resource, out of the entry of a Bundle if it stands in one."""
    inside = found.get("resource")
    return inside if isinstance(inside, dict) and "resourceType" not in found else found


def _fields(event: Object, subjects: list[tuple[str, str | None]]) -> Mapping[str, str | None]:
    """Return the fields of an event that is a lookup."""
    agent = _asking(event)
    kind, key, name = _subject(event, subjects)
    kinds = (_first(event, KIND), _first(event, SUBKIND))
    return {
        "event_id": _first(event, ("id",)),
        "event_time": _first(event, ("recorded",)),
        "operator_id": _first(agent, WHO),
        "operator_role": _first(agent, ROLE),
        "requester_id": _first(_recipient(event), WHO),
        "agency": _first(event, SITE),
        "terminal": _first(agent, PLACE),
        "system": _first(event, SYSTEM),
        "transaction": ".".join(filter(None, ("FHIR", *kinds))),
        "subject_kind": kind,
        "subject_id": key,
        "subject_name": name,
        "purpose": _purpose(event, EVENT_PURPOSES) or _purpose(agent, AGENT_PURPOSES),
        "reason": _first(event, ("purposeOfEvent.text", "authorization.text")),
        "case_id": _encounter(event),
        "outcome": "error" if _first(event, OUTCOME) in FAILED else None,
    }


def _asking(event: Object) -> Object:
    """Return the agent who asked: a person marked so, else what is marked, else the only one."""
    agents = list(_objects(event, "agent"))
    marked = [one for one in agents if _first(one, ("requestor",)) == "true"]
    people = [one for one in marked if _type(_first(one, ("who.reference",))) != "Device"]
    return next(iter(people or marked or (agents if len(agents) == 1 else [])), {})


def _recipient(event: Object) -> Object:
    """Return the agent to whom data went, as disclosures name one."""
    for agent in _objects(event, "agent"):
        if RECIPIENTS & set(_texts(agent, "type.coding.code")):
            return agent
    return {}


def _patients(event: Object) -> list[tuple[str, str | None]]:
    """Return key and name of the patients that an event names, in order."""
    found = []
    if direct := _first(event, ("patient.reference", "patient.identifier.value")):
        found.append((_key(direct), _first(event, ("patient.display",))))
    for entity in _objects(event, "entity"):
        key = _key(_first(entity, WHAT) or "")
        roles = {*_texts(entity, "role.code"), *_texts(entity, "role.coding.code")}
        if key and (_type(key) in PEOPLE or (PATIENT_ROLE in roles and not _type(key))):
            found.append((key, _first(entity, ("name", "what.display"))))
    return found


def _subject(
    event: Object, patients: list[tuple[str, str | None]]
) -> tuple[str | None, str | None, str | None]:
    """Return kind, key and name: the first patient, else what was searched for, else the thing."""
    if patients:
        return "person", *patients[0]
    for entity in _objects(event, "entity"):
        if query := _decoded(_first(entity, ("query",))):
            return "query", query, None
    for entity in _objects(event, "entity"):
        if key := _key(_first(entity, WHAT) or ""):
            return _type(key) or "object", key, _first(entity, ("name", "what.display"))
    return None, None, None


def _encounter(event: Object) -> str | None:
    """Return the stay or visit that the event belongs to: a hospital's case."""
    if found := _first(event, ENCOUNTER):
        return _key(found)
    keys = (_key(_first(entity, WHAT) or "") for entity in _objects(event, "entity"))
    return next((key for key in keys if _type(key) == "Encounter"), None)


def _purpose(holder: Object, names: Iterable[str]) -> str | None:
    """Return the declared codes, joined by a semicolon when there are several."""
    codes = [_code(one) for name in names for one in _objects(holder, name)]
    return ";".join(dict.fromkeys(filter(None, codes))) or None


def _code(concept: Object) -> str | None:
    """Return the code of a concept, HL7's own where it is told in several vocabularies."""
    codings = list(_objects(concept, "coding"))
    own = [one for one in codings if PURPOSE_SYSTEMS.search(_first(one, ("system",)) or "")]
    return next((code for one in own + codings if (code := _first(one, ("code",)))), None)


def _key(reference: str) -> str:
    """Return a reference without its version: one patient has one key."""
    return VERSION.sub("", reference.strip()).rstrip("/")


def _type(reference: str | None) -> str | None:
    """Return the type that a reference names, such as Patient."""
    parts = (reference or "").split("/")
    return parts[-2] if len(parts) > 1 and parts[-2].isalpha() else None


def _decoded(query: str | None) -> str | None:
    """Return what a base64 query says if it is text on one line; None for anything else."""
    try:
        text = base64.b64decode(query or "", validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return text if text.strip() and text.isprintable() else None


def _objects(start: Object, name: str) -> Iterator[Object]:
    """Yield the objects that stand at a name, one or many."""
    found = start.get(name)
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, dict):
            yield one


def _texts(start: Any, path: str) -> Iterator[str]:
    """Yield the texts that stand at a dotted path, elements that repeat one after another."""
    step, _, rest = path.partition(".")
    found = start.get(step) if isinstance(start, dict) else None
    for one in found if isinstance(found, list) else [found]:
        if rest:
            yield from _texts(one, rest)
        elif not isinstance(one, dict | list) and (text := as_text(one)):
            yield text


def _first(start: Object, paths: Iterable[str]) -> str | None:
    """Return the first text that stands at one of some paths."""
    return next((text for path in paths for text in _texts(start, path)), None)
