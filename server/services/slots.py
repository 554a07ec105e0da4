"""Account slots: a sealed account secret under a lookup id (PROTOCOL 7.3)."""

from __future__ import annotations

from sqlalchemy import Connection, text

from server.errors import bad_request
from server.services import Caller, Services
from server.services.invitations import at_rest
from sync.errors import AfterUser

_GET = text("SELECT slot FROM slot WHERE lookup_hash = :lookup")
_TAKEN = text(
    "SELECT 1 FROM slot WHERE lookup_hash = :lookup AND account_id <> :account"
)
_CLEAR = text("DELETE FROM slot WHERE account_id = :account")
_PUT = text(
    "INSERT INTO slot (lookup_hash, account_id, slot) VALUES (:lookup, :account, :slot)"
)


def put_slot(services: Services, caller: Caller, lookup: bytes, slot: bytes) -> None:
    """Keep the caller's one slot; the one before it goes."""
    if slot[:16] != caller.account:
        raise bad_request("a slot begins with its owner's account id", field="slot")
    row = {"lookup": at_rest(lookup), "account": caller.account, "slot": slot}

    def work(connection: Connection) -> None:
        if connection.execute(_TAKEN, row).first():
            raise bad_request("this lookup id is taken", field="lookup")
        connection.execute(_CLEAR, row)
        connection.execute(_PUT, row)

    services.database.write(work)


def get_slot(services: Services, lookup: bytes) -> bytes:
    """The slot under a lookup id, for whoever holds the recovery code."""
    with services.database.read() as connection:
        slot = connection.execute(_GET, {"lookup": at_rest(lookup)}).scalar()
    if slot is None:
        raise AfterUser("no_such_slot", "there is no account under this code")
    return bytes(slot)
