"""Sign in and out."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, jsonify, request
from flask_login import login_required

from server.api.auth import caller, cookie_name, failed_lookups_count, services
from server.api.json import Blueprint
from server.api.schemas import Challenge, Empty, SessionAnswer, SessionRequest
from server.services.session import Claim, make_challenge, open_session, sign_out
from sync.encoding import b64

COOKIE_S = 400 * 86400  # the token's own expiry is the one that counts
routes = Blueprint("session", __name__, url_prefix="/v1/session", description="Sign in")


@routes.post("/challenge")
@routes.arguments(Empty())
@routes.response(200, Challenge)
def challenge(_body: dict[str, Any]) -> dict[str, Any]:
    """Get a challenge to sign."""
    made, inc = make_challenge(services())
    return {"challenge": b64(made), "inc": inc, "time": services().now}


@routes.post("")
@routes.arguments(SessionRequest())
@routes.response(201, SessionAnswer)
def sign_in(body: dict[str, Any]) -> Response:
    """Enrol or renew with a signed challenge."""
    deliver = body.pop("deliver")
    with failed_lookups_count():
        session = open_session(services(), Claim(**body))
    answer = {
        "account": b64(session.account),
        "device": b64(session.device),
        "expires_at": session.expires_at,
        "inc": session.inc,
        "created": session.created,
    }
    if deliver == "bearer":
        return _created(answer | {"token": session.token})
    response = _created(answer)
    name = cookie_name(session.account.hex())
    response.set_cookie(
        name, session.token, max_age=COOKIE_S, httponly=True, samesite="Strict",
        secure=name.startswith("__Host-"), path="/",
    )  # fmt: skip
    return response


@routes.delete("")
@login_required
@routes.response(204)
@routes.doc(security=[{"bearer": []}, {"cookie": []}])
def leave() -> Response:
    """Sign this device's token out."""
    sign_out(services(), caller())
    response = Response(status=204)
    for name in request.cookies:
        if name == cookie_name(caller().account.hex()):
            secure = current_app.config["ENID_ORIGIN"].startswith("https:")
            response.delete_cookie(name, path="/", secure=secure)
    return response


def _created(answer: dict[str, Any]) -> Response:
    response = jsonify(answer)
    response.status_code = 201
    return response
