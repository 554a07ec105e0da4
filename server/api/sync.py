"""The one request of a phone."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask_login import login_required

from server.api.auth import caller, limit, services
from server.api.json import Blueprint
from server.api.schemas import SyncAnswer, SyncRequestBody
from server.errors import problem
from server.services.sync import SyncRequest, not_written, sync

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
    if unwritable := not_written(answer):
        return problem(unwritable, **answer)  # what could be read is in it
    return Response(orjson.dumps(answer), mimetype="application/json")
