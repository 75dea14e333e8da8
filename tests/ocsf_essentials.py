"""What OCSF 1.8.0 asks of a Detection Finding, written out from its pages; shares no code with us.

Kinds are those of JSON; a mapping is an object, all of whose attributes must be known; a list of
one is an array of such; a dict of numbers to words is an enumeration whose caption stands beside.
"""

from __future__ import annotations

from typing import Any

TIME, TEXT, NUMBER, YES, FREE = "time", "text", "number", "yes", "free"

PRODUCT = {"name": TEXT, "vendor_name": TEXT, "version": TEXT}
USER = {"uid": TEXT, "type_id": NUMBER, "type": TEXT}
DETECTION_FINDING: dict[str, Any] = {
    "activity_id": NUMBER,
    "activity_name": TEXT,
    "category_uid": NUMBER,
    "category_name": TEXT,
    "class_uid": NUMBER,
    "class_name": TEXT,
    "type_uid": NUMBER,
    "type_name": TEXT,
    "time": TIME,
    "start_time": TIME,
    "end_time": TIME,
    "severity_id": NUMBER,
    "severity": TEXT,
    "status_id": NUMBER,
    "status": TEXT,
    "priority_id": NUMBER,
    "priority": TEXT,
    "verdict_id": NUMBER,
    "verdict": TEXT,
    "is_alert": YES,
    "message": TEXT,
    "metadata": {"version": TEXT, "profiles": [TEXT], "uid": TEXT, "product": PRODUCT},
    "finding_info": {
        "uid": TEXT,
        "title": TEXT,
        "desc": TEXT,
        "first_seen_time": TIME,
        "last_seen_time": TIME,
        "related_events_count": NUMBER,
        "types": [TEXT],
        "analytic": {
            "uid": TEXT,
            "name": TEXT,
            "type_id": NUMBER,
            "type": TEXT,
            "version": TEXT,
        },
    },
    "resources": [{"uid": TEXT, "type": TEXT}],
    "evidences": [{"uid": TEXT, "actor": {"user": USER}, "data": FREE}],
    "unmapped": FREE,
}
REQUIRED = (
    "activity_id",
    "category_uid",
    "class_uid",
    "type_uid",
    "time",
    "severity_id",
    "metadata",
    "finding_info",
)
ENUMERATIONS: dict[str, tuple[str, dict[int, str]]] = {
    "activity_id": ("activity_name", {1: "Create", 2: "Update", 3: "Close"}),
    "severity_id": (
        "severity",
        {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical", 6: "Fatal"},
    ),
    "status_id": (
        "status",
        {1: "New", 2: "In Progress", 3: "Suppressed", 4: "Resolved", 5: "Archived", 6: "Deleted"},
    ),
    "priority_id": ("priority", {0: "Unknown", 1: "Low", 2: "Medium", 3: "High", 4: "Critical"}),
    "verdict_id": (
        "verdict",
        {
            0: "Unknown",
            1: "False Positive",
            2: "True Positive",
            3: "Disregard",
            4: "Suspicious",
            5: "Benign",
            6: "Test",
            7: "Insufficient Data",
            8: "Security Risk",
            9: "Managed Externally",
            10: "Duplicate",
        },
    ),
}
ANALYTIC_TYPES = {
    0: "Unknown",
    1: "Rule",
    2: "Behavioral",
    3: "Statistical",
    4: "Learning (ML/DL)",
    99: "Other",
}


def faults(event: dict[str, Any]) -> list[str]:
    """Return what an event lacks or has wrong; nothing when it is a sound Detection Finding."""
    found = [f"{name} is missing" for name in REQUIRED if name not in event]
    found += _shape(event, DETECTION_FINDING, "event")
    for name, (beside, captions) in ENUMERATIONS.items():
        if captions.get(event.get(name)) != event.get(beside):
            found.append(f"{name} {event.get(name)} is not called {event.get(beside)}")
    analytic = event["finding_info"]["analytic"]
    if ANALYTIC_TYPES.get(analytic["type_id"]) != analytic["type"]:
        found.append("the type of the analytic is not called so")
    if (event["category_uid"], event["class_uid"]) != (2, 2004):
        found.append("not of class 2004 in category 2")
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        found.append("type_uid is not class and activity")
    if event["metadata"]["version"] != "1.8.0" or event["metadata"]["profiles"] != ["incident"]:
        found.append("not 1.8.0 with the incident profile")
    return found


def _shape(value: Any, wanted: Any, place: str) -> list[str]:
    """Return where a value is not of the kind that is asked."""
    if isinstance(wanted, dict):
        if not isinstance(value, dict):
            return [f"{place} is no object"]
        unknown = [f"{place}.{name} is not known" for name in value if name not in wanted]
        inner = [
            _shape(value[name], wanted[name], f"{place}.{name}")
            for name in wanted.keys() & value.keys()
        ]
        return unknown + [one for part in inner for one in part]
    if isinstance(wanted, list):
        if not isinstance(value, list):
            return [f"{place} is no array"]
        return [one for part in value for one in _shape(part, wanted[0], f"{place}[]")]
    right = {
        TEXT: isinstance(value, str) and bool(value),
        NUMBER: type(value) is int,
        TIME: type(value) is int and 10**12 < value < 10**13,  # milliseconds of our days
        YES: isinstance(value, bool),
        FREE: isinstance(value, dict),
    }
    return [] if right[wanted] else [f"{place} is no {wanted}"]
