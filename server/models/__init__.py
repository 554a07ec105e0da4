"""The tables, one file per noun; Alembic reads them, services speak SQL to them.

All ids are raw bytes. Every table of a space begins with ``space_id`` and every
table of a circle with ``circle_id``, so that a distributed engine can shard by it;
foreign keys stay inside one space.
"""

from server.models.account import Account, Redeemed, Slot, Token
from server.models.circle import Invitation, Listing, Revoked, Seat
from server.models.space import Closing, Space, Version, Wrap
from server.models.state import ServerState

__all__ = [
    "Account", "Closing", "Invitation", "Listing", "Redeemed", "Revoked", "Seat",
    "ServerState", "Slot", "Space", "Token", "Version", "Wrap",
]  # fmt: skip
