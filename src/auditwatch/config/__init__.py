"""What an installation can set, and the folder in which it stands."""

from auditwatch.config.reading import default_toml, load_settings
from auditwatch.config.settings import (
    Agency,
    ContextFiles,
    Findings,
    FollowedSource,
    Hook,
    Ingest,
    Review,
    Settings,
    SignIn,
)
from auditwatch.config.workspace import (
    FILE_NAME,
    Workspace,
    find_workspace,
    make_workspace,
    shipped_rules,
)

__all__ = [
    "FILE_NAME",
    "Agency",
    "ContextFiles",
    "Findings",
    "FollowedSource",
    "Hook",
    "Ingest",
    "Review",
    "Settings",
    "SignIn",
    "Workspace",
    "default_toml",
    "find_workspace",
    "load_settings",
    "make_workspace",
    "shipped_rules",
]
