"""One use case, one file, one transaction. Nothing here knows of HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from server.database import Database
from server.services.circles import Memberships

DAY_S = 86400


@dataclass(frozen=True)
class Services:
    """What the use cases work with.

    Attributes:
        origin: the address that sessions are signed for.
        secret: 32 bytes that authenticate challenges.
        clock: unix seconds.
        memberships: folded logs that this process remembers.
    """

    database: Database
    origin: str
    secret: bytes
    clock: Callable[[], float]
    memberships: Memberships = field(default_factory=Memberships)

    @property
    def now(self) -> int:
        return int(self.clock())

    @property
    def today(self) -> int:
        """Days since 1970-01-01, UTC."""
        return self.now // DAY_S


@dataclass(frozen=True)
class Caller:
    """Who is asking: what one token stands for.

    Attributes:
        inc: the server's incarnation, read with the token.
        peek: the log that an invitation lets this token see, 16 bytes.
        seen_on, used_on: days on which account and token were last noted.
    """

    account: bytes
    device: bytes
    token_hash: bytes
    inc: int
    peek: bytes | None
    synced_inc: int
    circles: int
    seen_on: int
    used_on: int

    is_authenticated = is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.account.hex()
