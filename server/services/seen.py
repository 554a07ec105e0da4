"""Last seen, by day, told to those who look after a circle (PROTOCOL 9.4)."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text

from server.errors import no_such_space
from server.services import DAY_S, Caller, Services
from server.services.spacelog import find
from sync.encoding import b64
from sync.kinds import AUTHORITY, SpaceKind
from sync.membership import space_id

_SEEN = text(
    "SELECT seat.account_id, account.seen_on FROM seat "
    "LEFT JOIN account ON account.account_id = seat.account_id "
    "WHERE seat.circle_id = :circle ORDER BY seat.account_id"
)
_ROLES = text(
    "SELECT roles FROM seat WHERE circle_id = :circle AND account_id = :account"
)


def last_seen(
    services: Services, caller: Caller, circle: bytes
) -> dict[str, str | None]:
    """The day on which each account of a circle last signed in or synced."""
    where = {"circle": circle, "account": caller.account}
    with services.database.read() as connection:
        log = find(connection, space_id(circle, SpaceKind.CIRCLE))
        roles = connection.execute(_ROLES, where).scalar() or 0
        if log is None or not roles:
            raise no_such_space()
        membership = services.memberships.at(connection, circle, log.seq, log.head)
        if not any(roles & role for role in AUTHORITY[membership.kind]):
            raise no_such_space()
        rows = connection.execute(_SEEN, where).all()
    return {b64(row.account_id): _date(row.seen_on) for row in rows}


def _date(day: int | None) -> str | None:
    return datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat() if day else None
