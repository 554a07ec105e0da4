"""Spaces, their logs and their wraps."""

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.extensions import Model
from server.models.columns import Bytes, Count, Day, Hash, Id, Small


class Space(Model):
    """One audience, or a circle's log (kind 0).

    ``readers`` is the mask of roles that read it, ``lacks`` says that somebody may
    be without a wrap for the newest epoch.
    """

    space_id: Mapped[Id] = mapped_column(primary_key=True)
    circle_id: Mapped[Hash]
    kind: Mapped[Small]
    subject: Mapped[Id]
    readers: Mapped[int]
    seq: Mapped[Count]
    head: Mapped[Hash]
    suite: Mapped[Small]
    epoch: Mapped[int]
    kid: Mapped[bytes] = mapped_column(LargeBinary(8))
    epoch_id: Mapped[Hash]
    epoch_membership: Mapped[Hash]
    lacks: Mapped[Small]

    __table_args__ = (Index(None, "circle_id"),)


class Version(Model):
    """One version where it stands in its space's log; ``head`` is the log's there."""

    space_id: Mapped[Id] = mapped_column(ForeignKey(Space.space_id), primary_key=True)
    seq: Mapped[Count] = mapped_column(primary_key=True)
    id: Mapped[Hash]
    header: Mapped[Bytes]
    signature: Mapped[bytes] = mapped_column(LargeBinary(64))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    body_hash: Mapped[Hash]
    head: Mapped[Hash]
    device_id: Mapped[Id]
    n: Mapped[Count]
    record: Mapped[bytes] = mapped_column(LargeBinary(33))
    day: Mapped[Day]

    __table_args__ = (
        UniqueConstraint("space_id", "id"),
        UniqueConstraint("space_id", "device_id", "n"),
    )


class Wrap(Model):
    """An epoch's key sealed to one account; a bad one blocks nobody else's."""

    space_id: Mapped[Id] = mapped_column(ForeignKey(Space.space_id), primary_key=True)
    account_id: Mapped[Id] = mapped_column(primary_key=True)
    kid: Mapped[bytes] = mapped_column(LargeBinary(8), primary_key=True)
    by_account: Mapped[Id] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary(80))


class Closing(Model):
    """How far an account that lost a space may still read it."""

    space_id: Mapped[Id] = mapped_column(ForeignKey(Space.space_id), primary_key=True)
    account_id: Mapped[Id] = mapped_column(primary_key=True)
    seq: Mapped[Count]

    __table_args__ = (Index(None, "account_id"),)
