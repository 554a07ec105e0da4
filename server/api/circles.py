"""What those who look after a circle may ask about it."""

from __future__ import annotations

from flask import Response, jsonify
from flask_login import login_required

from server.api.auth import caller, services
from server.api.json import Blueprint
from server.api.schemas import LastSeen
from server.errors import no_such_space
from server.services.seen import last_seen
from sync.encoding import unb64
from sync.errors import EnidError

routes = Blueprint("circle", __name__, url_prefix="/v1/circles", description="Circles")


@routes.get("/<string:circle>/last-seen")
@login_required
@routes.response(200, LastSeen)
@routes.doc(security=[{"bearer": []}, {"cookie": []}])
def seen(circle: str) -> Response:
    """On which day each account of a circle was last here."""
    try:
        name = unb64(circle, 32)
    except EnidError:
        raise no_such_space() from None
    return jsonify({"accounts": last_seen(services(), caller(), name)})
