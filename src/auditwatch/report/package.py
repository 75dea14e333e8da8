"""The evidence package of a finding: all that another party needs to check it for itself."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from auditwatch import __version__
from auditwatch.core.words import harmless
from auditwatch.engine.lake import Lake
from auditwatch.report.case import case_evidence, case_paper
from auditwatch.report.caserecord import NOTE_MAX
from auditwatch.report.caserules import SENTENCE_MAX
from auditwatch.report.document import Table
from auditwatch.report.evidence import EVIDENCE_COLUMNS
from auditwatch.report.formats import paper_formats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditwatch.config import Workspace
    from auditwatch.core.mask import Masker
    from auditwatch.findings.model import Finding
    from auditwatch.findings.steps import Step
    from auditwatch.report.case import CaseMatter
    from auditwatch.report.document import Document
    from auditwatch.report.evidence import EvidenceMaker

__all__ = ["package_files"]

FORMAT: Final = 1
#: Left out of the access log: with them no two copies would be the same bytes.
COPIES: Final = "copy-made"

README: Final = """\
EVIDENCE PACKAGE {name} ({kind})

{shown}

  case.html        the case to read, in any browser; nothing is loaded from elsewhere
  case.json        the same, every table, for programs
  finding.json     the finding as it stands
  lookups.jsonl    each record of the trail: its file, line, bytes, and the SHA-256 of that file
  rules/           the text of each rule that spoke; case.html says if the pack changed since
  history.jsonl    every step of the reviewers and every decision, oldest first
  access.jsonl     who looked at this finding, as the journal has it; copies made are not in here
  manifest.json    what was made, by whom, with which version, up to which entry of the journal
  SHA256SUMS       the SHA-256 of every file above, and of signer.pem
  SHA256SUMS.sig   Ed25519 signature of SHA256SUMS
  signer.pem       the public key that it can be checked with

TO CHECK IT WITHOUT AUDITWATCH (sha256sum, OpenSSL 3), in the folder where it was unpacked:

  sha256sum -c SHA256SUMS
  openssl pkeyutl -verify -pubin -inkey signer.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig

Then compare the key with the one that the agency told you on another way:

  openssl pkey -pubin -in signer.pem -outform DER | tail -c 32 | sha256sum

With auditwatch: auditwatch verify PACKAGE.zip --signer FINGERPRINT

A sound package shows that nothing in it was changed since it was made. Whether the trail was true
when it was read it cannot show; the SHA-256 of each file of the trail lets its keeper compare.
A finding is a question put to a person, never a verdict.
"""
SHOWN: Final = {
    False: "Identities are pseudonyms; words of free text that may name somebody are hidden.",
    True: "This copy shows identities: handle it as you would handle the trail itself.",
}


def package_files(
    matter: CaseMatter,
    steps: Sequence[Step],
    workspace: Workspace,
    masker: Masker,
    *,
    makers: Sequence[str],
) -> dict[str, bytes]:
    """Return the files of a package: the same for the same findings, history and makers.

    Parameters
    ----------
    matter : CaseMatter
        As `case.case_matter` returns it, of one finding.
    steps : sequence of Step
        What reviewers did with it.
    workspace : Workspace
        Where lookups, sources and rules are.
    masker : Masker
        Shows or masks identities; the same for every file.
    makers : sequence of str
        Who makes it, then who agreed to a full one.
    """
    seen = [one for one in matter.actions if one.action != COPIES]
    matter, lake = replace(matter, actions=seen), Lake(workspace.lake)
    finding = matter.findings[0]
    maker, evidence = case_evidence(matter, lake, workspace, masker)
    paper = case_paper(matter, lake, workspace, masker)
    shown = masker.reveal
    kind = "full" if shown else "masked"
    manifest = {
        "format": FORMAT,
        "finding": finding.finding_id,
        "kind": kind,
        "made_by": makers[0],
        "agreed_by": makers[1] if len(makers) > 1 else "",
        "auditwatch": __version__,
        "rules_version": finding.rules_version,
        "model_id": finding.model_id,
        "journal": {
            "entry": seen[-1].number if seen else 0,
            "digest": seen[-1].digest if seen else "",
        },
    }
    rows = evidence[finding.finding_id].to_pylist()
    access = ({**asdict(one), "detail": maker.note(one.detail, NOTE_MAX)} for one in seen)
    return {
        "README.txt": README.format(name=matter.name, kind=kind, shown=SHOWN[shown]).encode(),
        "case.html": paper_formats()["html"].write(paper),
        "case.json": paper_formats()["json"].write(paper),
        "finding.json": _json(_finding(finding, maker)),
        "lookups.jsonl": _lines(rows if shown else _masked(rows, maker)),
        "history.jsonl": _lines(_history(matter, steps, maker)),
        "access.jsonl": _lines(access),
        "manifest.json": _json(manifest),
        **_rules(paper),
    }


def _finding(finding: Finding, maker: EvidenceMaker) -> dict[str, Any]:
    """Return a finding with its sentences and identities as shown."""
    plain = asdict(finding)
    for name in ("operator", "subject"):
        plain[f"{name}_ids"] = [maker.name(name, one) for one in plain[f"{name}_ids"]]
    for name in ("reasons", "counter_evidence"):
        plain[name] = [maker.sentence(one, SENTENCE_MAX) for one in plain[name]]
    return plain | {"title": maker.sentence(finding.title, SENTENCE_MAX)}


def _masked(rows: Iterable[dict[str, Any]], maker: EvidenceMaker) -> Iterator[dict[str, Any]]:
    """Yield records as the case file shows them, each with where its bytes are."""
    names = [column.name for column in EVIDENCE_COLUMNS]
    for row in rows:
        told = dict(zip(names, maker.row(row), strict=False))
        place = {name: row[name] for name in ("source_id", "byte_start", "byte_end")}
        yield {**told, **place}


def _history(
    matter: CaseMatter, steps: Sequence[Step], maker: EvidenceMaker
) -> Iterator[dict[str, Any]]:
    """Yield what was done and decided, oldest first; notes as shown."""
    told = [("step", one.at, asdict(one)) for one in steps]
    told += [("decision", one.at, asdict(one)) for own in matter.reviews.values() for one in own]
    told += [("register", one.at, asdict(one)) for one in matter.entries]
    for kind, _, row in sorted(told, key=lambda one: one[1]):
        who = (
            {"operator_id": maker.name("operator", row["operator_id"])}
            if "operator_id" in row
            else {}
        )
        yield {"kind": kind, **row, **who, "note": maker.note(row["note"], NOTE_MAX)}


def _rules(paper: Document) -> dict[str, bytes]:
    """Return the text of each rule that the case file shows, as a file."""
    found = {}
    for section in paper.sections:
        for block in section.blocks:
            if isinstance(block, Table) and block.name.startswith("rule "):
                name = harmless(block.name.removeprefix("rule "), 80).replace("/", "-")
                text = "".join(f"{row[1]}\n" for row in block.rows)
                found[f"rules/{name}.yml"] = text.encode()
    return found


def _json(value: object) -> bytes:
    """Return a value as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2) + b"\n"


def _lines(rows: Iterable[object]) -> bytes:
    """Return values as JSON, one a line."""
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
