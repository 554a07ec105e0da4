"""Who is asking: a bearer token, or a cookie that only our own pages can use.

Never both. The bearer road reads no cookie and so needs no rule against forged
requests; the cookie road demands a header that names the account and proof that the
request comes from our own origin (SEC-49).
"""

from __future__ import annotations

from typing import cast

from flask import Flask, Request, current_app, g, request
from flask_login import current_user

from server.extensions import login
from server.limits import Limit
from server.services import Caller, Services
from server.services.session import find_caller
from sync.errors import AfterUser, EnidError, Never

ACCOUNT_HEADER = "Enid-Account"


def services() -> Services:
    """The application's services."""
    return cast(Services, current_app.extensions["enid"])


def caller() -> Caller:
    """Whoever is signed in; only inside a view that demands it."""
    return cast(Caller, current_user._get_current_object())


def limit(name: str) -> Limit:
    """``sync`` or ``lookups``."""
    return cast(Limit, current_app.extensions["enid_limits"][name])


class failed_lookups_count:
    """Count answers that say *no such code*, for each address (SEC-50)."""

    GUESSES = ("no_such_invite", "no_such_slot")

    def __enter__(self) -> None:
        limit("lookups").check(request.remote_addr or "")

    def __exit__(self, _kind: object, error: BaseException | None, _at: object) -> None:
        if isinstance(error, EnidError) and error.code in self.GUESSES:
            limit("lookups").hit(request.remote_addr or "")


def cookie_name(account: str) -> str:
    """The cookie of one account; ``account`` is the start of its id in hex.

    The prefix ``__Host-`` demands https, which loopback does not have.
    """
    secure = current_app.config["ENID_ORIGIN"].startswith("https:")
    return f"{'__Host-' if secure else ''}enid-{account[:8]}"


def token_of(asked: Request) -> str | None:
    """The token that a request carries, by whichever road.

    Raises:
        EnidError: ``two_credentials``, or ``cross_site`` for a foreign page.
    """
    authorization = asked.headers.get("Authorization")
    account = asked.headers.get(ACCOUNT_HEADER)
    if authorization is not None:
        if account is not None:
            raise Never("two_credentials", "either a bearer token or a cookie")
        scheme, _, token = authorization.partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None
    if account is None:
        return None
    site, origin = asked.headers.get("Sec-Fetch-Site"), asked.headers.get("Origin")
    ours = current_app.config["ENID_ORIGIN"]
    if site != "same-origin" and not (site is None and origin == ours):
        raise AfterUser("cross_site", "a cookie counts for our own pages only")
    return asked.cookies.get(cookie_name(account))


def init_app(app: Flask) -> None:
    login.init_app(app)
    # Addresses change between Wi-Fi and 4G: they are no part of a session (T2).
    login.session_protection = None


@login.request_loader
def load_caller(asked: Request) -> Caller | None:
    token = token_of(asked)
    found = find_caller(services(), token) if token else None
    g.account = found.account if found else None
    return found


@login.unauthorized_handler
def refuse() -> None:
    raise AfterUser("auth_required", "sign in first")
