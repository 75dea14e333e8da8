"""One frozen `Settings`: every limit with its unit and source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "Agency",
    "ContextFiles",
    "Engine",
    "Findings",
    "FollowedSource",
    "Hook",
    "Ingest",
    "Review",
    "Score",
    "Settings",
    "SignIn",
]


@dataclass(frozen=True)
class Agency:
    """Whose trail it is."""

    name: str = "Example Agency"
    ori: str = "CA0990100"
    timezone: str = "America/Los_Angeles"


@dataclass(frozen=True)
class Ingest:
    """Limits of reading.

    Parameters
    ----------
    rejected_share_max : float
        Above this share of rejected lines a scan finishes with exit code 3.
    record_bytes_max : int
        A longer record is rejected and reading goes on at the next line (bytes).
    cascade_seconds : int
        Machine-made follow-ups of one keystroke come within this many seconds (published advice
        for reading mobile-client logs: 60 to 120 s).
    """

    rejected_share_max: float = 0.01
    record_bytes_max: int = 1 << 20
    cascade_seconds: int = 90


@dataclass(frozen=True)
class Score:
    """Windows and floors of scoring.

    Parameters
    ----------
    history_nights : int
        Nights of profiles that a night is compared with.
    calibration_nights : int
        Recent nights whose pooled scores say what is usual.
    floor_decades : float
        Surprises below this many decades (-log10 p) are not kept.
    """

    history_nights: int = 60
    calibration_nights: int = 14
    floor_decades: float = 2.0


@dataclass(frozen=True)
class Review:
    """What reviewers can read, and what they see of identities.

    Parameters
    ----------
    findings_per_week : int
        The reviewers' budget.
    minutes_per_finding : int
        What one takes a reviewer on average, for estimates of what a rule costs.
    mask_key : str
        Secret that makes the pseudonyms of this installation; the ORI when empty.
    """

    findings_per_week: int = 20
    minutes_per_finding: int = 15
    mask_key: str = ""


@dataclass(frozen=True)
class Findings:
    """Where findings, decisions and the journal are kept.

    Parameters
    ----------
    database : str
        ``postgresql://USER@HOST/NAME``; the file ``findings.db`` of the workspace when empty.
    """

    database: str = ""


@dataclass(frozen=True)
class SignIn:
    """How people come in to the reviewers' desk.

    Parameters
    ----------
    way : str
        ``local``: accounts with passwords; ``proxy``: the name that a proxy in front hands on;
        ``oidc``: the agency's own sign-in (extra oidc).
    second_factor : str
        For local accounts: ``offered``, or ``required`` before anything else.
    proxy_header : str
        Header with the account's name.
    proxy_addresses : tuple of str
        Addresses of the proxy; whoever comes from elsewhere is refused.
    issuer : str
        Of OpenID Connect: an address that begins with https, whose configuration is read there.
    client_id : str
        What the issuer calls this desk.
    secret_file : str
        File with the secret that the issuer gave it; relative to the workspace.
    claim : str
        What of the issuer's word is the account's name.
    """

    way: Literal["local", "proxy", "oidc"] = "local"
    second_factor: Literal["offered", "required"] = "offered"
    proxy_header: str = "x-remote-user"
    proxy_addresses: tuple[str, ...] = ()
    issuer: str = ""
    client_id: str = ""
    secret_file: str = ""
    claim: str = "preferred_username"


@dataclass(frozen=True)
class Engine:
    """What judges lookups.

    Parameters
    ----------
    name : str
        ``local``, in this process, or ``spark``: the same results, from many machines.
    spark_master : str
        Where Spark runs: ``local[*]``, or a cluster's address, all of whose nodes see the workspace
        under the same path.
    """

    name: Literal["local", "spark"] = "local"
    spark_master: str = "local[*]"


@dataclass(frozen=True)
class ContextFiles:
    """Context tables to use when the command line names none; paths relative to the workspace."""

    roster: str = ""
    cases: str = ""
    duty: str = ""
    relations: str = ""
    links: str = ""


@dataclass(frozen=True)
class FollowedSource:
    """A drop folder that a scan without files reads from.

    Parameters
    ----------
    files : str
        Pattern of paths, such as ``drop/clets-*.csv``; relative to the workspace or absolute.
    format : str
        How to read them.
    mapping : str
        A mapping file, relative to the workspace; empty for none.
    settle_seconds : int
        A file that was written to more recently is left for the next scan (s).
    overdue_hours : int
        A source whose newest file is older is overdue and the scan incomplete (h); 0 for never.
    """

    files: str
    format: str = "auto"
    mapping: str = ""
    settle_seconds: int = 60
    overdue_hours: int = 0


@dataclass(frozen=True)
class Hook:
    """Somewhere outside that is told what a scan came to; there is none unless it is set.

    Parameters
    ----------
    url : str
        ``https://…`` is posted to; ``syslog+udp://``, ``syslog+tcp://``, ``syslog+tls://`` and
        ``smtp://``, ``smtps://`` name a host and a port.
    send : str
        ``night``: counts, nobody named; ``ocsf``: the new and grown findings, identities masked.
    credential_env : str
        Environment variable with the bearer token, or the password of `user`; empty for none.
    user, sender, to
        Of mail: account, address of the sender, addresses of those who get it.
    ca_file : str
        Certificates to trust instead of the system's, relative to the workspace.
    timeout_seconds : float
        What one attempt may take (s).
    attempts : int
        How often it is tried; waits of 1, 2, 4 … s lie between.
    """

    url: str
    send: Literal["night", "ocsf"] = "night"
    credential_env: str = ""
    user: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    ca_file: str = ""
    timeout_seconds: float = 10.0
    attempts: int = 4


@dataclass(frozen=True)
class Settings:
    """Everything an installation can set."""

    agency: Agency = field(default_factory=Agency)
    ingest: Ingest = field(default_factory=Ingest)
    score: Score = field(default_factory=Score)
    review: Review = field(default_factory=Review)
    findings: Findings = field(default_factory=Findings)
    sign_in: SignIn = field(default_factory=SignIn)
    engine: Engine = field(default_factory=Engine)
    context: ContextFiles = field(default_factory=ContextFiles)
    sources: dict[str, FollowedSource] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
