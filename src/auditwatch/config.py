"""One frozen `Settings`, read from `auditwatch.toml`: every limit with its unit and source."""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import dataclass, field
from importlib.resources import files as package_files
from pathlib import Path
from typing import Final, Literal

import msgspec

from auditwatch.core.clock import zone
from auditwatch.core.errors import ConfigError, RefusedError, UsageError
from auditwatch.core.files import ensure_folder, write_atomic
from auditwatch.core.mask import Masker

__all__ = [
    "FILE_NAME",
    "FollowedSource",
    "Hook",
    "Settings",
    "Workspace",
    "default_toml",
    "find_workspace",
    "load_settings",
    "make_workspace",
    "shipped_rules",
]

FILE_NAME: Final = "auditwatch.toml"
SETTINGS_BYTES_MAX: Final = 1 << 16
RECORD_BYTES: Final = range(1 << 10, (1 << 26) + 1)  # a block of this size must fit into memory


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


@dataclass(frozen=True)
class Workspace:
    """The folder of one installation and where things are in it."""

    root: Path
    settings: Settings

    @property
    def rules(self) -> Path:
        """The agency's rule pack."""
        return self.root / "rules"

    @property
    def lake(self) -> Path:
        """Delta tables, one folder each."""
        return self.root / "lake"

    @property
    def staging(self) -> Path:
        """Records on their way from a file to the lake; gone when nobody is reading."""
        return self.root / ".staging"

    @property
    def spark(self) -> Path:
        """Where Spark keeps its log and passing files."""
        return self.root / ".spark"

    @property
    def database(self) -> Path | str:
        """The findings database: a file, or the URL of a server's."""
        return self.settings.findings.database or self.root / "findings.db"

    @property
    def context(self) -> Path:
        """Copies of the context tables as they were last given."""
        return self.root / "context"

    @property
    def reports(self) -> Path:
        """Where reports are written."""
        return self.root / "reports"

    def masker(self, *, reveal: bool = False) -> Masker:
        """Return what shows identities of this installation: masked, or revealed."""
        settings = self.settings
        return Masker(settings.review.mask_key or settings.agency.ori, reveal)

    @property
    def signing_key(self) -> Path:
        """What signs evidence packages; made with the first one, for this account only."""
        return self.root / "signing-key.pem"

    @property
    def lock_file(self) -> Path:
        """Held while a scan or an ingest is at work."""
        return self.root / ".lock"


def default_toml() -> str:
    """Return the text of a new `auditwatch.toml`, every setting with its default and unit."""
    return """\
# auditwatch settings. A line that is left out has the value shown here.

[agency]
name = "Example Agency"
ori = "CA0990100"
timezone = "America/Los_Angeles"   # IANA name; a night is a local calendar day in this zone

[ingest]
rejected_share_max = 0.01          # above this share of rejected lines a scan exits with 3
record_bytes_max = 1048576         # bytes; a longer record is rejected
cascade_seconds = 90               # machine-made follow-ups of one keystroke come within this time

[score]
history_nights = 60                # nights of profiles that a night is compared with
calibration_nights = 14            # recent nights that say what is usual
floor_decades = 2.0                # -log10 p; fainter surprises are not kept

[review]
findings_per_week = 20             # what the reviewers can read
minutes_per_finding = 15           # what one takes, for estimates of what a rule costs
mask_key = ""                      # secret behind the pseudonyms of masked output; ORI when empty

[findings]
database = ""                      # findings.db in this folder; or postgresql://USER@HOST/NAME

[sign_in]                          # how people come in to the reviewers' desk
way = "local"                      # local: passwords; proxy: a name from a proxy; oidc: an issuer
second_factor = "offered"          # of local accounts: offered, or required
proxy_header = "x-remote-user"     # header in which the proxy hands on the account's name
proxy_addresses = []               # from where the proxy comes, such as ["127.0.0.1"]
issuer = ""                        # of OpenID Connect, such as "https://id.example.org/realm"
client_id = ""                     # what the issuer calls this desk
secret_file = ""                   # file with the secret for it, relative to here
claim = "preferred_username"       # what of the issuer's word is the account's name

[engine]
name = "local"                     # what judges: local, or spark (extra spark, Java 17 or 21)
spark_master = "local[*]"          # where Spark runs; its nodes see this folder under this path

[context]                          # used when the command line names no file; relative to here
roster = ""
cases = ""
duty = ""
relations = ""
links = ""

# A scan without files reads what is new in each source named here.
# [sources.clets]
# files = "drop/clets-*.csv*"      # pattern, relative to here or absolute
# format = "auto"                  # as for --format
# mapping = ""                     # a mapping file, relative to here
# settle_seconds = 60              # written to more recently: left for the next scan
# overdue_hours = 0                # newest file older than this: the scan exits with 3; 0 for never

# A scan tells each hook named here what it came to, and nothing else ever reaches the network.
# [hooks.siem]
# url = "https://siem.example/in"  # or syslog+tls://host:6514, syslog+tcp, syslog+udp, smtp, smtps
# send = "night"                   # counts that name nobody; ocsf: new and grown findings, masked
# credential_env = ""              # environment variable with the bearer token or mail password
# user = ""                        # of mail: the account that the password is of
# sender = ""                      # of mail: the address it comes from
# to = []                          # of mail: the addresses it goes to
# ca_file = ""                     # certificates to trust instead of the system's, relative to here
# timeout_seconds = 10.0           # what one attempt may take
# attempts = 4                     # with waits of 1, 2, 4 s; then the scan exits with 6
"""


def load_settings(path: Path) -> Settings:
    """Read `auditwatch.toml` strictly.

    Raises
    ------
    ConfigError
        ``AW-CONFIG-001`` not readable as TOML, an unknown key or a wrong type; ``-002`` unknown
        time zone; ``-003`` a value out of range.
    """
    raw = _read_toml(path)
    _refuse_unknown(raw, path)
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(
            str(error),
            code="AW-CONFIG-001",
            where=str(path),
            hint="docs/reference/settings.md shows each setting with a value of its kind",
        ) from error
    zone(settings.agency.timezone)
    _check_ranges(settings, path)
    return settings


def _read_toml(path: Path) -> dict[str, object]:
    """Read the file as TOML, whatever stands in it."""
    try:
        with path.open("rb") as file:
            data = file.read(SETTINGS_BYTES_MAX + 1)
        if len(data) > SETTINGS_BYTES_MAX:
            raise ConfigError(
                "too large for settings",
                code="AW-CONFIG-001",
                where=str(path),
                expected=f"at most {SETTINGS_BYTES_MAX:,} bytes",
                hint="move it away and make a new one: auditwatch init",
            )
        return tomllib.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise RefusedError(
            f"cannot read the settings: {error.strerror}",
            code="AW-FILES-001",
            where=str(path),
            hint="check owner and mode of the workspace",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        said = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise ConfigError(
            f"not readable as TOML: {said}",
            code="AW-CONFIG-001",
            where=str(path),
            expected="UTF-8 text as auditwatch init writes it",
            hint="correct the place named, or compare with docs/reference/settings.md",
        ) from error


def _refuse_unknown(raw: dict[str, object], path: Path) -> None:
    """Refuse sections and keys that no setting has, naming the nearest."""
    from auditwatch.core.strict import suggest  # noqa: PLC0415 - YAML only when something is wrong

    defaults = msgspec.to_builtins(Settings())
    named = {"sources": FollowedSource(""), "hooks": Hook("")}
    for part, empty in named.items():
        given = raw.get(part)
        for name, values in given.items() if isinstance(given, dict) else ():
            defaults[f"{part}.{name}"] = msgspec.to_builtins(empty)
            raw = {**raw, f"{part}.{name}": values}
    for section, values in raw.items():
        if section in named:
            continue
        known = defaults.get(section, defaults)
        inside = list(values) if isinstance(values, dict) else []
        for name in inside if section in defaults else [section]:
            if name not in known:
                raise ConfigError(
                    f"unknown setting {name!r}",
                    code="AW-CONFIG-001",
                    where=str(path),
                    expected="one of " + ", ".join(known),
                    hint=suggest(name, known),
                )


def _check_ranges(settings: Settings, path: Path) -> None:
    """Refuse values that no scan can work with."""
    limits: tuple[tuple[bool, str, str], ...] = (
        (0 <= settings.ingest.rejected_share_max <= 1, "ingest.rejected_share_max", "0 to 1"),
        (
            settings.ingest.record_bytes_max in RECORD_BYTES,
            "ingest.record_bytes_max",
            f"{RECORD_BYTES[0]} to {RECORD_BYTES[-1]}",
        ),
        (0 <= settings.ingest.cascade_seconds <= 3600, "ingest.cascade_seconds", "0 to 3600"),
        (1 <= settings.score.history_nights <= 400, "score.history_nights", "1 to 400"),
        (1 <= settings.score.calibration_nights <= 90, "score.calibration_nights", "1 to 90"),
        (0 <= settings.score.floor_decades <= 12, "score.floor_decades", "0 to 12"),
        (
            1 <= settings.review.findings_per_week <= 10_000,
            "review.findings_per_week",
            "1 to 10000",
        ),
        (
            1 <= settings.review.minutes_per_finding <= 10_000,
            "review.minutes_per_finding",
            "1 to 10000",
        ),
    )
    way = settings.sign_in
    limits += (
        (
            way.way != "proxy" or bool(way.proxy_addresses and way.proxy_header),
            "sign_in.proxy_addresses",
            "with way = proxy, a header and at least one address",
        ),
        (
            way.way != "oidc" or bool(way.issuer and way.client_id and way.secret_file),
            "sign_in.issuer",
            "with way = oidc, an issuer, a client_id and a secret_file",
        ),
    )
    limits += tuple(
        (bool(one.files) and one.settle_seconds >= 0 and one.overdue_hours >= 0, name, expected)
        for key, one in settings.sources.items()
        for name, expected in [(f"sources.{key}", "a pattern in files, and no time below 0")]
    )
    limits += tuple(
        (
            0.1 <= one.timeout_seconds <= 300 and 1 <= one.attempts <= 8,
            f"hooks.{key}",
            "timeout_seconds 0.1 to 300, attempts 1 to 8",
        )
        for key, one in settings.hooks.items()
    )
    for holds, name, expected in limits:
        if not holds:
            raise ConfigError(
                f"{name} is out of range", code="AW-CONFIG-003", where=str(path), expected=expected
            )


def find_workspace(given: Path | None, start: Path) -> Workspace:
    """Return the workspace at `given`, or the nearest one at or above `start`.

    Raises
    ------
    UsageError
        ``AW-CONFIG-004`` when there is none.
    """
    candidates = [given] if given else [start, *start.parents]
    for folder in candidates:
        if _is_file(folder / FILE_NAME):
            return Workspace(folder, load_settings(folder / FILE_NAME))
    raise UsageError(
        "no workspace here",
        code="AW-CONFIG-004",
        where=str(given or start),
        expected=f"a folder with {FILE_NAME}",
        hint=f"make one: auditwatch init {given or 'FOLDER'}",
    )


def _is_file(path: Path) -> bool:
    """Tell whether a file is there; a path that the system refuses holds none."""
    try:
        return path.is_file()
    except OSError:
        return False


def make_workspace(root: Path, pack: str = "") -> Path:
    """Make a workspace, or add what an existing one lacks; return its folder.

    Parameters
    ----------
    root : Path
        Its folder.
    pack : str
        Name of the rule pack to copy: a folder of ``packs/``; the police pack when empty.

    Raises
    ------
    RefusedError
        When the system refuses.
    UsageError
        ``AW-CONFIG-007`` no pack of that name.
    """
    source = _pack(pack) if pack else shipped_rules()
    ensure_folder(root)
    if not (root / FILE_NAME).exists():
        write_atomic(root / FILE_NAME, default_toml().encode())
    if not (root / "rules").exists():
        _copy_rules(root, source)
    return root


def _pack(name: str) -> Path:
    """Return the folder of another pack that came with this installation."""
    installed = Path(str(package_files("auditwatch"))) / "shipped_packs"
    packs = installed if installed.is_dir() else Path(__file__).parents[2] / "packs"
    known = {path.name: path for path in packs.iterdir() if path.is_dir()}
    if name not in known:
        raise UsageError(
            f"no rule pack {name!r}",
            code="AW-CONFIG-007",
            expected="one of " + ", ".join(sorted(known)),
            hint="or init without --rules, and put your own pack into the rules folder",
        )
    return known[name]


def _copy_rules(root: Path, source: Path) -> None:
    """Copy a pack under a passing name first, so that half a pack is never used."""
    passing = root / ".rules.new"
    shutil.rmtree(passing, ignore_errors=True)
    for path in sorted(source.rglob("*.yml")):
        write_atomic(passing / path.relative_to(source), path.read_bytes())
    try:
        passing.rename(root / "rules")
    except OSError as error:
        raise RefusedError(
            f"cannot put the rules in place: {error.strerror}",
            code="AW-FILES-001",
            where=str(root / "rules"),
            hint="look at what stands there now; move it away and run init again",
        ) from error


def shipped_rules() -> Path:
    """Return the rule pack that came with this installation."""
    installed = Path(str(package_files("auditwatch"))) / "shipped_rules"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "rules"
