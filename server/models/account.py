"""Accounts and how they sign in."""

from sqlalchemy import Index, LargeBinary, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.extensions import Model
from server.models.columns import Bytes, Day, Hash, Id, Second, Small


class Account(Model):
    """One identity; ``synced_inc`` is the incarnation that it has put back."""

    account_id: Mapped[Id] = mapped_column(primary_key=True)
    suite: Mapped[Small]
    sign_key: Mapped[Hash]
    wrap_key: Mapped[Hash]
    synced_inc: Mapped[int]
    seen_on: Mapped[Day]
    circles: Mapped[int]


class Token(Model):
    """One signed-in device; only the token's hash is kept."""

    token_hash: Mapped[Hash] = mapped_column(primary_key=True)
    account_id: Mapped[Id]
    device_id: Mapped[Id]
    expires_at: Mapped[Second]
    used_on: Mapped[Day]
    peek_space: Mapped[bytes | None] = mapped_column(LargeBinary(16))

    __table_args__ = (Index(None, "account_id"), Index(None, "device_id"))


class Slot(Model):
    """An account secret, sealed under the owner's recovery code."""

    lookup_hash: Mapped[Hash] = mapped_column(primary_key=True)
    account_id: Mapped[Id] = mapped_column(unique=True)
    slot: Mapped[Bytes]


class Redeemed(Model):
    """A challenge that was used, until it has expired anyway."""

    challenge_hash: Mapped[Hash]
    expires_at: Mapped[Second]

    __table_args__ = (PrimaryKeyConstraint("challenge_hash"),)
