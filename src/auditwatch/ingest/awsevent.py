"""What one AWS CloudTrail event says: who called what, on what, from where, and how it ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from auditwatch.ingest.jsontext import LineError, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditwatch.ingest.documents import Note
    from auditwatch.ingest.jsontext import Object

__all__ = ["FIELDS", "Calls", "is_event"]

FIELDS: Final = (
    "event_id",
    "event_time",
    "operator_id",
    "operator_role",
    "agency",
    "terminal",
    "system",
    "transaction",
    "subject_kind",
    "subject_id",
    "outcome",
    "origin",
)
#: Events in which nobody called anything: sign-ins, AWS' own doings, its statistics.
NO_CALLS: Final = frozenset({"AwsConsoleSignIn", "AwsServiceEvent", "AwsCloudTrailInsight"})
DENIED: Final = re.compile(r"Denied|Unauthorized|NotAuthorized|Forbidden|InvalidClientTokenId")
ABSENT: Final = re.compile(r"NotFound|NoSuch|DoesNotExist")
#: Identity Center makes these roles' sessions and names each after the person who signed in.
NAMED_SESSIONS: Final = "AWSReservedSSO_"
#: Parameters that name one thing, the telling ones first, and how AWS ends their names.
NAMING: Final = (
    "secretId",
    "tableName",
    "functionName",
    "dBInstanceIdentifier",
    "dBSnapshotIdentifier",
    "clusterIdentifier",
    "snapshotId",
    "imageId",
    "volumeId",
    "instanceId",
    "roleArn",
    "roleName",
    "userName",
    "keyId",
    "modelId",
    "logGroupName",
    "streamName",
    "queueUrl",
    "topicArn",
    "documentName",
    "target",
    "trailName",
    "groupId",
    "name",
)
NAME_END: Final = re.compile(r"(?:Id|Name|Arn|Url|Identifier)$")


class Calls:
    """Turns events into the fields of lookups and counts what one lookup cannot say.

    Attributes
    ----------
    several : int
        Calls that name more than one resource: a lookup has one subject, the first.
    """

    def __init__(self) -> None:
        self.several = 0

    def take(self, record: Object) -> Mapping[str, str | None] | None:
        """Return the fields of a call, which may stand in an envelope.

        Parameters
        ----------
        record : dict
            An event, or an object of which exactly one value is an event.

        Returns
        -------
        mapping of str to str, or None
            Fields by canonical name; None for what is no call.

        Raises
        ------
        LineError
            ``not_event`` for any other object.
        """
        event = _event(record)
        if _text(event, "eventType") in NO_CALLS:
            return None
        resources = _resources(event)
        self.several += len({arn for _, arn in resources}) > 1
        kind, subject = resources[0] if resources else _named(event)
        operator, role = _operator(_inside(event, "userIdentity"))
        service = _service(event)
        return {
            "event_id": _text(event, "eventID"),
            "event_time": _text(event, "eventTime"),
            "operator_id": operator,
            "operator_role": role,
            "agency": _text(event, "recipientAccountId"),
            "terminal": _text(event, "sourceIPAddress"),
            "system": service,
            "transaction": f"AWS.{service}.{_text(event, 'eventName')}",
            "subject_kind": kind,
            "subject_id": subject,
            "outcome": _outcome(_text(event, "errorCode")),
            "origin": "batch" if _text(event, "userIdentity.type") == "AWSService" else None,
        }

    def notes(self) -> Iterator[Note]:
        """Yield the gap of calls on several resources, if there were any."""
        if self.several:
            calls = "1 call names" if self.several == 1 else f"{self.several:,} calls name"
            sentence = f"{calls} more than one resource; only the first is the lookup's subject"
            yield "several_subjects", sentence


def is_event(found: Object) -> bool:
    """Tell whether an object is an event, or an envelope with one."""
    return _is_event(found) or len(_enveloped(found)) == 1


def _event(record: Object) -> Object:
    """Return an event, out of its envelope if it stands in one."""
    if _is_event(record):
        return record
    inside = _enveloped(record)
    if len(inside) != 1:
        raise LineError("not_event")
    return inside[0]


def _enveloped(record: Object) -> list[Object]:
    """Return the events that stand in an object."""
    return [one for one in record.values() if isinstance(one, dict) and _is_event(one)]


def _is_event(found: Object) -> bool:
    """Tell whether an object is an event by itself."""
    return "eventName" in found and "eventSource" in found and "eventTime" in found


def _operator(identity: Object) -> tuple[str | None, str | None]:
    """Return who really acted, and the role that was taken on.

    A source identity is set at sign-in and stays, through every change of role. The name of a
    session is chosen by whoever takes the role on, so it is a person's name only where Identity
    Center chose it; elsewhere the role stands before it.
    """
    kind = _text(identity, "type")
    issuer = _text(identity, "sessionContext.sessionIssuer.userName")
    tail = (_text(identity, "arn") or "").rpartition(":")[2].split("/")
    if source := _text(identity, "sessionContext.sourceIdentity"):
        return source, issuer
    if kind == "Root":
        return f"root@{_text(identity, 'accountId') or ''}", "root"
    if kind == "AWSService":
        return _text(identity, "invokedBy"), None
    if kind == "AssumedRole" and len(tail) == 3:
        role, session = issuer or tail[1], tail[2]
        return (session if role.startswith(NAMED_SESSIONS) else f"{role}/{session}"), role
    if kind == "FederatedUser" and len(tail) == 2:
        return "/".join(filter(None, (issuer, tail[1]))), issuer
    ways = ("userName", "onBehalfOf.userId", "arn", "principalId")
    return next((name for way in ways if (name := _text(identity, way))), None), None


def _resources(event: Object) -> list[tuple[str | None, str]]:
    """Return kind and ARN of the resources that AWS names, without the bucket of an object."""
    found = event.get("resources")
    listed = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    named = [
        (_word(_text(one, "type")), arn)
        for one in listed
        if isinstance(one.get("ARN"), str) and (arn := _text(one, "ARN"))
    ]
    inner = [one for one in named if one[0] != "Bucket"]
    return inner or named


def _named(event: Object) -> tuple[str | None, str | None]:
    """Return kind and key of the one thing that the parameters name."""
    given = _inside(event, "requestParameters")
    bucket, key = _text(given, "bucketName"), _text(given, "key")
    if bucket:
        return "Object" if key else "Bucket", "/".join(
            filter(None, (f"arn:aws:s3:::{bucket}", key))
        )
    for name in NAMING:
        value = given.get(name)
        if isinstance(value, str) and (text := as_text(value)):
            thing = NAME_END.sub("", name) if name != "name" else None
            place = "/".join(filter(None, (thing, text)))
            account = _text(event, "recipientAccountId") or ""
            place = f"{account}:{_service(event)}:{place}"
            return thing, text if text.startswith("arn:") else place
    return None, None


def _word(kind: str | None) -> str | None:
    """Return the last word of a resource type, ``Object`` for ``AWS::S3::Object``."""
    return kind.rpartition("::")[2] if kind else None


def _service(event: Object) -> str:
    """Return the service that was called, ``s3`` for ``s3.amazonaws.com``."""
    return (_text(event, "eventSource") or "").removesuffix(".amazonaws.com")


def _outcome(error: str | None) -> str | None:
    """Return how a call failed; nothing for one that did not, of whose answer nothing is told."""
    if not error:
        return None
    if DENIED.search(error):
        return "denied"
    return "no_record" if ABSENT.search(error) else "error"


def _inside(holder: Object, name: str) -> Object:
    """Return an object that stands inside another; an empty one when there is none."""
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _text(holder: Object, path: str) -> str | None:
    """Return the text at a dotted path; None when there is none."""
    found: Any = holder
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return as_text(found) or None
