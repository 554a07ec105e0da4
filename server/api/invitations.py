"""What a joiner fetches before signing in."""

from __future__ import annotations

from typing import Any

from server.api.auth import failed_lookups_count, services
from server.api.json import Blueprint
from server.api.schemas import InvitationAnswer, Lookup
from server.services.invitations import look_up
from sync.encoding import b64

routes = Blueprint(
    "invitation", __name__, url_prefix="/v1/invitation", description="Invitations"
)


@routes.post("")
@routes.arguments(Lookup())
@routes.response(200, InvitationAnswer)
def look(body: dict[str, bytes]) -> dict[str, Any]:
    """Fetch an invitation's sealed pack."""
    with failed_lookups_count():
        row = look_up(services(), body["lookup"])
    return {
        "pack": b64(row.pack) if row.pack else None,
        "log": b64(row.space_id) if row.space_id else None,
        "expires_at": row.expires_at,
    }
