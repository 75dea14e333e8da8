"""One's own account: the second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import segno
from markupsafe import Markup

from auditwatch.core.errors import UsageError
from auditwatch.review.factors import drop_factor, enrol_factor, key_uri, new_key, take_code
from auditwatch.review.visit import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["PAGES"]

ISSUER: Final = "auditwatch"


def show_account(visit: Visit) -> Response:
    """Show one's own account, and a new key where there is no second factor yet."""
    key = "" if visit.enrolled else new_key()
    return _shown(visit, key)


def enrol(visit: Visit) -> Response:
    """Take a device as second factor; its spare codes are shown now and never again."""
    if visit.enrolled:
        raise UsageError(
            "this account has a second factor", code="AW-REVIEW-025", hint="take it away first"
        )
    key, name = visit.answer("key"), visit.account.account
    try:
        with visit.desk.database.writing() as connection:
            spares = enrol_factor(
                connection, visit.desk.vault, name, key, visit.answer("code"), visit.desk.now()
            )
    except ValueError as error:
        raise UsageError(
            "not a key of this desk", code="AW-REVIEW-025", hint="open your account again"
        ) from error
    visit.desk.note(visit.account, "second factor", "", "enrolled")
    return visit.show("spares", spares=spares)


def drop(visit: Visit) -> Response:
    """Take the second factor away, for who has it at hand."""
    name, now = visit.account.account, visit.desk.now()
    with visit.desk.database.writing() as connection:
        right = take_code(connection, visit.desk.vault, name, visit.answer("code"), now)
        if right:
            drop_factor(connection, name)
    visit.desk.note(visit.account, "second factor", "", "dropped" if right else "not dropped")
    if not right:
        raise UsageError(
            "this code is not the one of your device now",
            code="AW-REVIEW-025",
            expected="the six digits that it shows, each of them for once, or a spare code",
        )
    return visit.go("/account?done=dropped#done")


def _shown(visit: Visit, key: str) -> Response:
    """Show the account."""
    return visit.show(
        "account",
        enrolled=visit.enrolled,
        required=visit.site.second_factor,
        dropped=not visit.enrolled and visit.query.get("done") == "dropped",
        key=key,
        spaced=" ".join(key[n : n + 4] for n in range(0, len(key), 4)),
        uri=(uri := key_uri(key, visit.account.account, ISSUER) if key else ""),
        picture=_drawn(uri) if uri else "",
    )


def _drawn(uri: str) -> Markup:
    """Draw an address as a code for a camera, dark on light in every colour scheme."""
    drawn = segno.make_qr(uri).svg_inline(scale=4, light="#fff", svgclass="camera", lineclass=None)
    return Markup(drawn)  # noqa: S704 - of squares alone


PAGES: Final = (
    Page("GET", "/account", "self", show_account),
    Page("POST", "/account/factor", "self", enrol),
    Page("POST", "/account/factor/drop", "self", drop),
)
