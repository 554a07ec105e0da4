"""What the server keeps of a circle's log besides the log, for its queries."""

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from server.extensions import Model
from server.models.columns import Day, Hash, Id, Second


class Seat(Model):
    """An account that is seated in a circle now."""

    circle_id: Mapped[Hash] = mapped_column(primary_key=True)
    account_id: Mapped[Id] = mapped_column(primary_key=True)
    person_id: Mapped[Id]
    roles: Mapped[int]
    since: Mapped[Day]

    __table_args__ = (Index(None, "account_id"),)


class Listing(Model):
    """A group that a programme lists."""

    circle_id: Mapped[Hash] = mapped_column(primary_key=True)
    group_id: Mapped[Hash] = mapped_column(primary_key=True)

    __table_args__ = (Index(None, "group_id"),)


class Invitation(Model):
    """A pack under its lookup id; an operator's invitation has no space."""

    lookup_hash: Mapped[Hash] = mapped_column(primary_key=True)
    space_id: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    invite_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    by_account: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    expires_at: Mapped[Second]
    pack: Mapped[bytes | None] = mapped_column(LargeBinary)
    used_by: Mapped[bytes | None] = mapped_column(LargeBinary(16))

    __table_args__ = (Index(None, "space_id", "invite_key"),)


class Revoked(Model):
    """A device that a log here has signed out for good."""

    device_id: Mapped[Id] = mapped_column(primary_key=True)
