"""`auditwatch.toml`: its text when new, and read strictly."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Final

import msgspec

from auditwatch.config.settings import FollowedSource, Hook, Settings
from auditwatch.core.clock import zone
from auditwatch.core.errors import ConfigError, RefusedError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["default_toml", "load_settings"]

SETTINGS_BYTES_MAX: Final = 1 << 16
RECORD_BYTES: Final = range(1 << 10, (1 << 26) + 1)  # a block of this size must fit into memory


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
