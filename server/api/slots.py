"""Account slots."""

from __future__ import annotations

from flask_login import login_required

from server.api.auth import caller, failed_lookups_count, services
from server.api.json import Blueprint
from server.api.schemas import Lookup, SlotAnswer, SlotRequest
from server.services.slots import get_slot, put_slot
from sync.encoding import b64

routes = Blueprint("slot", __name__, url_prefix="/v1/slot", description="Account slots")


@routes.put("")
@login_required
@routes.arguments(SlotRequest())
@routes.response(204)
@routes.doc(security=[{"bearer": []}, {"cookie": []}])
def put(body: dict[str, bytes]) -> None:
    """Keep the caller's sealed account secret."""
    put_slot(services(), caller(), body["lookup"], body["slot"])


@routes.post("")
@routes.arguments(Lookup())
@routes.response(200, SlotAnswer)
def get(body: dict[str, bytes]) -> dict[str, str]:
    """Fetch a sealed account secret by its recovery code's lookup id."""
    with failed_lookups_count():
        return {"slot": b64(get_slot(services(), body["lookup"]))}
