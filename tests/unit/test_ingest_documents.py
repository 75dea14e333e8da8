"""FHIR AuditEvent and CloudTrail: what documents hold, who acted, on whom, and why."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from tests.documents_fabric import (
    NAMESPACE,
    account,
    bundle,
    call,
    element,
    event,
    gap_kinds,
    log_file,
    read_bytes,
    xml_bundle,
)

from auditwatch.config import Settings
from auditwatch.core.errors import AuditwatchError
from auditwatch.ingest import read_source

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "realdata"
CLOUD = REAL / "stratus_cloudtrail" / "detonation_events.jsonl"
HEALTH = REAL / "fhir_auditevent"
MEMORY_BYTES = 40 << 20


def _row(content: bytes, name: str, folder: Path) -> dict[str, Any]:
    """Return the only lookup of some content."""
    (found,) = read_bytes(content, name, folder).lookups.to_pylist()
    return dict(found)


# real trails -------------------------------------------------------------------------------------


@pytest.mark.skipif(not CLOUD.is_file(), reason="needs ../shared/realdata/stratus_cloudtrail")
def test_a_real_cloud_trail_is_the_same_in_every_wrapping(tmp_path: Path) -> None:
    """310 real events: one sign-in and 309 calls, as lines, bare lines, a log file and an array."""
    events = [json.loads(line)["event"] for line in CLOUD.read_text("utf-8").splitlines()]
    wrapped = {
        "trail.json": json.dumps({"Records": events}).encode(),
        "trail.json.gz": gzip.compress(json.dumps({"Records": events}).encode(), mtime=0),
        "array.json": json.dumps(events, indent=2).encode(),
        "bare.jsonl": "\n".join(map(json.dumps, events)).encode(),
        "printed.json": "\n".join(json.dumps(one, indent=1) for one in events).encode(),
    }
    read = [read_source(CLOUD, Settings(), rules=ROOT / "rules")]
    for name, content in wrapped.items():
        (tmp_path / name).write_bytes(content)
        read.append(read_source(tmp_path / name, Settings(), rules=ROOT / "rules"))
    assert account(read[0]) == {"accepted": 309, "header": 1}
    assert [account(one)["header"] for one in read[1:]] == [3, 3, 3, 1, 1]
    own = ["source_id", "line", "byte_start", "byte_end"]
    rows = [one.lookups.drop_columns(own).to_pylist() for one in read]
    assert all(one == rows[0] for one in rows)
    assert [one.rejects.num_rows for one in read] == [0] * 6
    terminals = read[0].lookups["terminal"].to_pylist()
    assert "08.1.250.216" in terminals  # as written, whatever addresses ought to look like
    outcomes = read[0].lookups["outcome"].to_pylist()
    assert (outcomes.count("denied"), outcomes.count("error")) == (51, 1)


@pytest.mark.skipif(not HEALTH.is_dir(), reason="needs ../shared/realdata/fhir_auditevent")
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("breakglass-start", ("Practitioner/f001", None, "FHIR.110113.110127", "ETREAT")),
        (
            "disclosure",
            ("SomeIdiot@nowhere", "Practitioner/example", "FHIR.110106.DISCLOSURE", "HMARKT"),
        ),
    ],
)
def test_the_real_examples_say_who_for_whom_what_and_why(
    name: str, wanted: tuple[str | None, ...]
) -> None:
    """HL7's own two examples, drafts between R4 and R5, are read whole."""
    path = HEALTH / f"auditevent-example-{name}.xml"
    found = read_source(path, Settings(), rules=ROOT / "rules")
    assert (account(found), found.rejects.num_rows) == ({"accepted": 1}, 0)
    row = found.lookups.to_pylist()[0]
    fields = ("operator_id", "requester_id", "transaction", "purpose")
    assert tuple(row[one] for one in fields) == wanted
    assert (row["subject_id"], row["subject_kind"]) == ("PATIENT/EXAMPLE", "person")
    assert (row["byte_start"], row["byte_end"]) == (0, path.stat().st_size)


# documents ---------------------------------------------------------------------------------------


def test_a_piece_is_a_line_and_its_bytes_are_exact(tmp_path: Path) -> None:
    """What stands around the records is a header each; a separator goes with its record."""
    content = bundle([event(1), event(2)])
    found = read_bytes(content, "auto", tmp_path)
    assert account(found) == {"accepted": 2, "header": 2}
    first, second = found.lookups.to_pylist()
    assert (first["line"], second["line"]) == (2, 3)
    assert first["byte_end"] == second["byte_start"]
    assert content[second["byte_start"] : second["byte_end"]].startswith(b'{"fullUrl"')
    assert content[second["byte_end"] :].startswith(b"]")


def test_a_second_array_of_records_is_read_too(tmp_path: Path) -> None:
    """A key that stands twice cannot hide the records under it."""
    content = log_file([call(1)])[:-1] + b',"Records":[' + call(2) + b"]}"
    assert account(read_bytes(content, "auto", tmp_path)) == {"accepted": 2, "header": 3}


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (log_file([call(1)])[:-1] + b',"Others":[' + call(2) + b"]}", "auto", "stray_record"),
        (bundle([event(1)]).replace(b'"entry"', b'"\\u0065ntry"'), "fhir-json", "nested_bundle"),
        (
            bundle([event(1), b'{"resourceType":"Bundle","entry":[]}']),
            "fhir-json",
            "nested_bundle",
        ),
        (xml_bundle([element(1)]).replace(b"<entry>", b"<other>", 1), "fhir-xml", "bad_xml"),
    ],
)
def test_records_where_none_may_stand_are_refused_not_passed_over(
    tmp_path: Path, content: bytes, name: str, code: str
) -> None:
    """What looks like a frame but holds records is a reject, never a header."""
    assert code in read_bytes(content, name, tmp_path).rejects["reason_code"].to_pylist()


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (b'{"a":1,"a":2}', "duplicate_key"),
        (b'{"a":NaN}', "not_finite"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "too_deep"),
        (b'{"a":"\xff"}', "not_utf8"),
        (b'{"a":"\0"}', "nul_byte"),
        (b'{"a" 1}', "bad_json"),
        (b'{"a":"b"c"}', "bad_json"),
        (b'x"y":"z"}', "bad_json"),
        (b'{"n":' + b"7" * 5000 + b"}", "too_long"),
        (b'"a, {b} ]"', "not_object"),
        (b'[{"a":1}]', "not_object"),
        (b"null", "not_object"),
        (b"{}", "not_event"),
    ],
)
def test_what_is_no_record_is_one_reject_between_its_neighbours(
    tmp_path: Path, record: bytes, code: str
) -> None:
    """Each kind of damage has its code, and the records around it are kept."""
    found = read_bytes(log_file([call(1), record, call(2)]), "auto", tmp_path)
    assert found.rejects["reason_code"].to_pylist() == [code]
    assert account(found) == {"accepted": 2, "rejected": 1, "header": 2}


def test_depth_without_end_is_one_reject(tmp_path: Path) -> None:
    """A hundred thousand open brackets are passed by to the end, and a gap tells of it."""
    content = log_file([call(1), b'{"a":' * 100_000])
    found = read_bytes(content, "auto", tmp_path)
    assert account(found) == {"accepted": 1, "rejected": 1, "header": 1}
    assert (found.rejects["reason_code"].to_pylist(), gap_kinds(found)) == (["cut_off"],) * 2


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;"><!ENTITY n "&m;&m;&m;">]>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://192.0.2.1/p"> %p;]>',
        b'<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd">',
    ],
)
@pytest.mark.parametrize("behind", [False, True])
def test_xml_with_a_document_type_is_refused_whole(
    tmp_path: Path, declaration: bytes, behind: bool
) -> None:
    """Entities that multiply, fetch files or reach out are never looked at."""
    body = b"<AuditEvent " + NAMESPACE + element(1).removeprefix(b"<AuditEvent")
    content = (body if behind else b"") + declaration.replace(b"DOCTYPE a", b"DOCTYPE AuditEvent")
    if behind:  # a second document, which has its own right to a document type
        content = body + b'<?xml version="1.0"?>' + declaration
    with pytest.raises(AuditwatchError) as caught:
        read_bytes(content + body, "fhir-xml", tmp_path)
    assert caught.value.code == "AW-INGEST-041"


def _giant(kind: str, size: int) -> tuple[str, bytes]:
    """Return a format and a document with one giant between two records."""
    text, many = b"y" * size, b"[]," * (1 << 19) + b"[]"
    return {
        "string": ("cloudtrail", log_file([call(1), b'{"a":"' + text + b'"}', call(2)])),
        "brackets": ("cloudtrail", log_file([call(1), b'{"a":[' + many + b"]}", call(2)])),
        "attribute": ("fhir-xml", xml_bundle([element(1), b"<a b='" + text + b"'/>", element(2)])),
        "text": ("fhir-xml", xml_bundle([element(1), text, element(2)])),
        "comment": ("fhir-xml", xml_bundle([element(1), b"<!--" + text + b"-->", element(2)])),
    }[kind]


@pytest.mark.parametrize("kind", ["string", "brackets", "attribute", "text", "comment"])
def test_a_giant_record_is_refused_in_little_memory(kind: str, tmp_path: Path) -> None:
    """A record far longer than what may be held is one reject, hashed and passed by."""
    name, content = _giant(kind, MEMORY_BYTES)
    path = tmp_path / "giant"
    path.write_bytes(content)
    tracemalloc.start()
    found = read_source(path, Settings(), rules=ROOT / "rules", format_name=name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY_BYTES
    assert found.lookups["event_id"].to_pylist() == ["E1", "E2"]
    assert set(found.rejects["reason_code"].to_pylist()) <= {"too_long"}


# CloudTrail --------------------------------------------------------------------------------------


def _role(role: str, session: str, **more: Any) -> dict[str, Any]:
    """Return who acts in a role."""
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::42:assumed-role/{role}/{session}",
        "sessionContext": {"sessionIssuer": {"userName": role}, **more},
    }


@pytest.mark.parametrize(
    ("identity", "operator", "role"),
    [
        ({"type": "IAMUser", "userName": "t1"}, "t1", None),
        ({"type": "Root", "accountId": "42"}, "root@42", "root"),
        (_role("export", "any-name"), "export/any-name", "export"),
        (_role("export", "any-name", sourceIdentity="t2"), "t2", "export"),
        (_role("AWSReservedSSO_Read_1", "t3@example.org"), "t3@example.org", None),
        ({"type": "FederatedUser", "arn": "arn:aws:sts::42:federated-user/f"}, "f", None),
        ({"type": "AWSService", "invokedBy": "backup.amazonaws.com"}, "backup.amazonaws.com", None),
        ({"type": "AWSAccount", "principalId": "AIDA1", "accountId": "43"}, "AIDA1", None),
    ],
)
def test_the_operator_is_who_really_acted(
    tmp_path: Path, identity: dict[str, Any], operator: str, role: str | None
) -> None:
    """A session's name counts only where its user could not choose it."""
    row = _row(call(1, userIdentity=identity) + b"\n", "cloudtrail", tmp_path)
    assert row["operator_id"] == operator
    assert role is None or row["operator_role"] == role
    assert row["origin"] == ("batch" if identity["type"] == "AWSService" else "manual")


@pytest.mark.parametrize(
    ("more", "field", "value"),
    [
        ({"errorCode": "AccessDenied"}, "outcome", "denied"),
        ({"errorCode": "Client.UnauthorizedOperation"}, "outcome", "denied"),
        ({"errorCode": "NoSuchKey"}, "outcome", "no_record"),
        ({"errorCode": "ThrottlingException"}, "outcome", "error"),
        ({}, "outcome", None),
        ({"requestParameters": {"bucketName": "b", "key": "k"}}, "subject_id", "ARN:AWS:S3:::B/K"),
        ({"requestParameters": {"secretId": "x"}}, "subject_id", ":S3:SECRET/X"),
        ({"requestParameters": ["x"], "resources": {"ARN": 1}}, "subject_id", None),
        ({"sourceIPAddress": "10.07.300.1"}, "terminal", "10.07.300.1"),
        ({"eventSource": "dynamodb.amazonaws.com"}, "transaction", "AWS.DYNAMODB.GETOBJECT"),
    ],
)
def test_a_call_says_how_it_ended_and_on_what(
    tmp_path: Path, more: dict[str, Any], field: str, value: str | None
) -> None:
    """Errors become outcomes; one named thing becomes the subject; addresses stay text."""
    assert _row(call(1, **more) + b"\n", "cloudtrail", tmp_path)[field] == value


@pytest.mark.parametrize("kind", ["AwsConsoleSignIn", "AwsServiceEvent", "AwsCloudTrailInsight"])
def test_what_nobody_called_is_no_lookup(tmp_path: Path, kind: str) -> None:
    """Sign-ins, AWS' own doings and its statistics are counted as headers."""
    found = read_bytes(log_file([call(1, eventType=kind), call(2)]), "auto", tmp_path)
    assert account(found) == {"accepted": 1, "header": 3}


# FHIR --------------------------------------------------------------------------------------------

ACT = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


def _purpose(*codes: str) -> list[dict[str, Any]]:
    """Return purposes."""
    return [
        {"coding": [{"system": "x", "code": "local"}, {"system": ACT, "code": c}]} for c in codes
    ]


@pytest.mark.parametrize(
    ("more", "field", "value"),
    [
        ({"purposeOfEvent": _purpose("TREAT")}, "purpose", "TREAT"),
        ({"authorization": _purpose("TREAT", "HRESCH")}, "purpose", "TREAT;HRESCH"),
        (
            {"agent": [{"altId": "n1", "requestor": True, "purposeOfUse": _purpose("BTG")}]},
            "purpose",
            "BTG",
        ),
        ({}, "purpose", None),
        ({"patient": {"reference": "Patient/1"}}, "subject_id", "PATIENT/1"),
        ({"entity": [{"what": {"reference": "Patient/1/_history/7"}}]}, "subject_id", "PATIENT/1"),
        (
            {"entity": [{"what": {"reference": "http://other/Patient/1"}}]},
            "subject_id",
            "HTTP://OTHER/PATIENT/1",
        ),
        (
            {"entity": [{"what": {"identifier": {"value": "MRN7"}}, "role": {"code": "1"}}]},
            "subject_kind",
            "person",
        ),
        ({"entity": [{"what": {"reference": "Binary/9"}}]}, "subject_kind", "binary"),
        (
            {"entity": [{"query": base64.b64encode(b"Patient?name=x").decode()}]},
            "subject_id",
            "PATIENT?NAME=X",
        ),
        ({"entity": [{"query": base64.b64encode(b"\xff\0").decode()}]}, "subject_id", None),
        ({"entity": [{"query": "not base64!"}]}, "subject_id", None),
        ({"encounter": {"reference": "Encounter/e1"}}, "case_id", "ENCOUNTER/E1"),
        ({"outcome": "8"}, "outcome", "error"),
        ({"outcome": {"code": {"code": "fatal"}}}, "outcome", "error"),
        ({"outcome": "0"}, "outcome", None),
        (
            {
                "agent": [
                    {"who": {"reference": "Device/app"}, "requestor": True},
                    {"who": {"reference": "Practitioner/p"}, "requestor": True},
                ]
            },
            "operator_id",
            "Practitioner/p",
        ),
        (
            {"agent": [{"altId": "d1", "requestor": True}, {"altId": "n1", "requestor": False}]},
            "operator_id",
            "d1",
        ),
    ],
)
def test_an_event_is_read_in_the_words_of_either_release(
    tmp_path: Path, more: dict[str, Any], field: str, value: str | None
) -> None:
    """Purposes, patients, queries, stays and outcomes, wherever R4 and R5 put them."""
    assert _row(event(1, **more) + b"\n", "fhir-json", tmp_path)[field] == value


def test_nobody_is_guessed_among_several_agents(tmp_path: Path) -> None:
    """Two agents of whom none is marked as asking: the record is refused."""
    agents = [{"altId": "a", "requestor": False}, {"altId": "b", "requestor": False}]
    found = read_bytes(event(1, agent=agents) + b"\n", "fhir-json", tmp_path)
    assert found.rejects["reason_code"].to_pylist() == ["missing_operator"]


def test_several_patients_of_one_event_are_told(tmp_path: Path) -> None:
    """A lookup has one subject; that an event names more is a gap, counted once a file."""
    both = [{"what": {"reference": f"Patient/{n}"}} for n in (1, 2)]
    found = read_bytes(event(1, entity=both) + b"\n" + event(2) + b"\n", "fhir-json", tmp_path)
    assert found.lookups["subject_id"].to_pylist() == ["PATIENT/1", None]
    assert gap_kinds(found) == ["several_subjects"]


def test_the_same_event_is_the_same_lookup_in_json_and_xml(tmp_path: Path) -> None:
    """What a document is written in changes nothing but its bytes."""
    own = ["source_id", "byte_start", "byte_end"]
    read = [
        read_bytes(bundle([event(1), event(2)]), "fhir-json", tmp_path, "a"),
        read_bytes(xml_bundle([element(1), element(2)]), "fhir-xml", tmp_path, "b"),
    ]
    first, second = (one.lookups.drop_columns(own).to_pylist() for one in read)
    assert first == second
