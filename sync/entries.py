"""Control entries: the clear bodies of a circle's log and of epochs (PROTOCOL 4).

Each entry is a kind byte and fixed fields in a fixed order. No typed word and no
date stands in one: an entry starts or ends a right. What an entry may do is
decided in ``sync.membership`` and ``sync.check``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from sync.encoding import Field, Fixed, ListOf, Number, Reader
from sync.errors import Never, UpgradeRequired
from sync.kinds import ZERO32

ID, KEY, SIGNATURE, HASH = Fixed(16), Fixed(32), Fixed(64), Fixed(32)
REMOVE_ACCOUNT, REMOVE_DEVICE = 1, 2


class Entry:
    """Base of all entries; subclasses give ``number`` and ``layout``."""

    number: ClassVar[int]
    layout: ClassVar[tuple[Field, ...]]


@dataclass(frozen=True)
class Genesis(Entry):
    """Begins a circle; its id is the circle's id."""

    number, layout = 1, (Number(1), ID, Number(2), KEY, KEY, KEY, SIGNATURE)
    kind: int
    person: bytes
    roles: int
    sign_key: bytes
    wrap_key: bytes
    device_key: bytes
    certificate: bytes


@dataclass(frozen=True)
class Invite(Entry):
    """Opens a place for whoever holds the private half of ``invite_key``."""

    number, layout = 2, (ID, Number(2), KEY)
    person: bytes
    roles: int
    invite_key: bytes


@dataclass(frozen=True)
class Revoke(Entry):
    """Closes an invitation that nobody has used."""

    number, layout = 3, (KEY,)
    invite_key: bytes


@dataclass(frozen=True)
class Join(Entry):
    """Takes an open place; signed by the invite key and by the new device."""

    number, layout = 4, (KEY, KEY, KEY, KEY, SIGNATURE, SIGNATURE)
    invite_key: bytes
    sign_key: bytes
    wrap_key: bytes
    device_key: bytes
    certificate: bytes
    proof: bytes


@dataclass(frozen=True)
class Grant(Entry):
    """Seats an account that the author has verified in another circle."""

    number, layout = 5, (ID, Number(2), KEY, KEY)
    person: bytes
    roles: int
    sign_key: bytes
    wrap_key: bytes


@dataclass(frozen=True)
class Device(Entry):
    """A device shows the certificate of an identity that is seated here."""

    number, layout = 6, (ID, KEY, SIGNATURE)
    account: bytes
    device_key: bytes
    certificate: bytes


@dataclass(frozen=True)
class SetRoles(Entry):
    """Replaces an account's roles; compare-and-set on ``after``."""

    number, layout = 7, (HASH, ID, Number(2))
    after: bytes
    account: bytes
    roles: int


@dataclass(frozen=True)
class Removal(Entry):
    """Ends an account's seat or a device; compare-and-set on ``after``."""

    number, layout = 8, (HASH, Number(1), ID)
    after: bytes
    what: int
    subject: bytes


@dataclass(frozen=True)
class Listing(Entry):
    """A programme lists (1) or drops (0) one of its groups."""

    number, layout = 9, (HASH, Number(1))
    group: bytes
    listed: int


@dataclass(frozen=True)
class Epoch(Entry):
    """Begins an epoch of a space; compare-and-set on ``after``.

    Attributes:
        circle, kind, subject: whose space this is; its id is derived from them.
        after: id of the epoch entry before this one (zeros at first).
        membership: the last removal or role change that the author knows.
        commitment: 32 bytes derived from the epoch key (PROTOCOL 6.2).
        carried: rows (kid, 80 sealed bytes): older keys under the new one.
        link: HMAC under the key before, or zeros.
        wrapped: accounts first wrapped to.
        tips: rows (device, n, id): where the chain of each device ends whose
            account lost the space, or which was revoked.
    """

    number = 16
    layout = (
        HASH, Number(1), ID, HASH, HASH, HASH,
        ListOf((Fixed(8), Fixed(80))), HASH, ListOf((ID,)),
        ListOf((ID, Number(8), HASH)),
    )  # fmt: skip
    circle: bytes
    kind: int
    subject: bytes
    after: bytes
    membership: bytes
    commitment: bytes
    carried: tuple[tuple[bytes, bytes], ...] = ()
    link: bytes = ZERO32
    wrapped: tuple[tuple[bytes], ...] = ()
    tips: tuple[tuple[bytes, int, bytes], ...] = ()

    @property
    def accounts(self) -> frozenset[bytes]:
        """The accounts first wrapped to."""
        return frozenset(row[0] for row in self.wrapped)


ENTRIES: dict[int, type[Entry]] = {
    cls.number: cls
    for cls in (
        Genesis, Invite, Revoke, Join, Grant, Device, SetRoles, Removal, Listing, Epoch,
    )
}  # fmt: skip


def encode(entry: Entry) -> bytes:
    """The entry's only spelling."""
    values = [getattr(entry, f.name) for f in fields(entry)]  # type: ignore[arg-type]
    parts = [f.write(v) for f, v in zip(entry.layout, values, strict=True)]
    return bytes([entry.number]) + b"".join(parts)


def decode(data: bytes) -> Entry:
    """Read an entry.

    Raises:
        UpgradeRequired: a kind that is not known here; the circle freezes.
        Never: ``bad_envelope``.
    """
    reader = Reader(data)
    number = reader.number(1)
    cls = ENTRIES.get(number)
    if cls is None:
        raise UpgradeRequired(detail=f"control entry {number} is not known here")
    values = [f.read(reader) for f in cls.layout]
    reader.end()
    if number == Epoch.number and not _sorted_once(values):
        raise Never("bad_envelope", "an epoch's lists are not in order")
    return cls(*values)


def _sorted_once(values: Sequence[Any]) -> bool:
    wrapped, tips = values[8], values[9]
    return all(list(rows) == sorted(set(rows)) for rows in (wrapped, tips))
