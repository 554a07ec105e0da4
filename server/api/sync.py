"""The one request of a phone."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask_login import login_required

from server.api.auth import caller, limit, services
from server.api.json import Blueprint
from server.api.schemas import SyncAnswer, SyncRequestBody
from server.services.sync import SyncRequest, sync

routes = Blueprint("sync", __name__, url_prefix="/v1/sync", description="Push and pull")


@routes.post("")
@login_required
@routes.arguments(SyncRequestBody())
@routes.response(200, SyncAnswer)
@routes.doc(security=[{"bearer": []}, {"cookie": []}])
def exchange(body: dict[str, Any]) -> Response:
    """Push versions, wraps and packs; pull what has moved."""
    limit("sync").hit(caller().account)
    answer = sync(services(), caller(), SyncRequest(**body))
    return Response(orjson.dumps(answer), mimetype="application/json")
