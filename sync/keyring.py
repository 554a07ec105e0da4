"""Space keys by epoch, and what proves an epoch (PROTOCOL 6.3-6.5).

A ``Ring`` holds the epoch entries of one space in order and the keys that this
account has of them. It says under which epoch one may write, takes keys from
wraps and carried keys, and makes the next epoch. It stores nothing by itself.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sync import entries, sealing
from sync.check import EpochMark, Space
from sync.errors import NoKey, Unopened
from sync.kinds import SPACES, ZERO32, Rule, SpaceKind
from sync.membership import Account, Membership
from sync.sealing import EpochKey

Random = Callable[[int], bytes]


@dataclass(frozen=True)
class Begun:
    """An epoch entry that stands in the log."""

    mark: EpochMark
    entry: entries.Epoch
    author: bytes


@dataclass
class Ring:
    """The epochs of one space, oldest first, and the keys held."""

    suite: int
    space: Space
    begun: list[Begun] = field(default_factory=list)
    keys: dict[bytes, EpochKey] = field(default_factory=dict)
    confirmed: set[bytes] = field(default_factory=set)

    @property
    def newest(self) -> Begun | None:
        """The epoch that is written under."""
        return self.begun[-1] if self.begun else None

    def key(self, kid: bytes) -> EpochKey:
        """A key that is held.

        Raises:
            NoKey: it has not arrived (yet).
        """
        try:
            return self.keys[kid]
        except KeyError:
            raise NoKey(detail="no key for this epoch yet") from None

    def take_wrap(
        self, seed: bytes, account: bytes, kid: bytes, wrapped: bytes
    ) -> bool:
        """Take an own wrap; False when it is not the committed key."""
        epoch = self._epoch(kid)
        if epoch is None or kid in self.keys:
            return False
        try:
            key = sealing.unwrap(
                self.suite, seed, account, self.space.id, epoch.mark.number, kid,
                epoch.entry.commitment, wrapped,
            )  # fmt: skip
        except Unopened:
            return False
        self.keys[kid] = key
        return True

    def lacks(self, kid: bytes) -> bool:
        """Whether an epoch of this key has begun and its key is not held."""
        return self._epoch(kid) is not None and kid not in self.keys

    def take_secret(self, kid: bytes, secret: bytes) -> bool:
        """Take a key that came sealed in a record (the programme's)."""
        epoch = self._epoch(kid)
        if epoch is None or kid in self.keys:
            return False
        key = EpochKey(self.suite, self.space.id, epoch.mark.number, secret)
        try:
            self.keys[kid] = sealing.committed(key, kid, epoch.entry.commitment)
        except Unopened:
            return False
        return True

    def take_carried(self) -> bool:
        """Open what held keys carry, newest first; whether a key was gained."""
        gained = False
        for begun in reversed(self.begun):
            carrier = self.keys.get(begun.mark.kid)
            for kid, sealed in begun.entry.carried if carrier else ():
                if kid not in self.keys and carrier:
                    gained |= self._take_one(carrier, kid, sealed)
        return gained

    def _take_one(self, carrier: EpochKey, kid: bytes, sealed: bytes) -> bool:
        try:
            return self.take_secret(kid, sealing.open_carried(carrier, kid, sealed))
        except Unopened:
            return False

    def _epoch(self, kid: bytes) -> Begun | None:
        return next((b for b in reversed(self.begun) if b.mark.kid == kid), None)

    def writable(self, membership: Membership) -> EpochKey:
        """The key to write under.

        Raises:
            NoKey: ``no_key``, or ``unproven_epoch`` when the newest epoch proves
                nothing and waits for a person to confirm it (PROTOCOL 6.4).
        """
        if self.newest is None:
            raise NoKey(detail="this space has no epoch yet")
        key = self.key(self.newest.mark.kid)
        if not self._is_proven(membership):
            raise NoKey("unproven_epoch", "an epoch began that proves nothing")
        return key

    def _is_proven(self, membership: Membership) -> bool:
        """Whether every epoch back to one that needs no word follows from the last.

        An epoch whose predecessor's key never came cannot be judged: it is accepted
        only by an account that has held no older key of this space.
        """
        for place in range(len(self.begun) - 1, 0, -1):
            before, epoch = self.begun[place - 1], self.begun[place]
            if epoch.mark.id in self.confirmed:
                return True
            if before.mark.kid not in self.keys:
                older = {b.mark.kid for b in self.begun[: place - 1]}
                claims = epoch.entry.link != ZERO32 or bool(epoch.entry.carried)
                newcomer = claims and not older & set(self.keys)
                return newcomer or self._needs_no_proof(epoch, before, membership)
            if not self._follows(before, epoch) and not self._needs_no_proof(
                epoch, before, membership
            ):
                return False
        return True

    def _follows(self, before: Begun, epoch: Begun) -> bool:
        """Whether an epoch proves knowledge of the key before it (PROTOCOL 6.4)."""
        old, new = self.keys[before.mark.kid], self.keys.get(epoch.mark.kid)
        if new is None:
            return False
        if epoch.entry.link != ZERO32:
            return hmac.compare_digest(epoch.entry.link, old.link(new))
        sealed = dict(epoch.entry.carried).get(before.mark.kid)
        try:
            return bool(sealed) and hmac.compare_digest(
                sealing.open_carried(new, before.mark.kid, sealed or b""), old.secret
            )
        except Unopened:
            return False

    def _needs_no_proof(
        self, epoch: Begun, before: Begun, membership: Membership
    ) -> bool:
        """Nobody is left who could give it, or it is the person's own thread."""
        what = self.space
        in_thread = what.kind is SpaceKind.THREAD
        if in_thread and membership.acts_for(epoch.author, what.subject):
            return True
        known = (membership.accounts.get(a) for a in before.entry.accounts)
        return not any(  # by what stood then: somebody may have come back since
            membership.may_write(
                a, membership.roles_at(a, epoch.entry.membership),
                what.kind, what.subject, Rule.ALL,
            )
            for a in known if a
        )  # fmt: skip

    def is_due(self, membership: Membership) -> bool:
        """Whether somebody who held the newest key has lost the space."""
        return self.newest is not None and membership.is_due(
            self.newest.mark.membership, self.space.kind, self.space.subject
        )

    def next_epoch(
        self,
        membership: Membership,
        to: Iterable[Account],
        tips: Iterable[tuple[bytes, int, bytes]],
        random: Random,
    ) -> tuple[entries.Epoch, EpochKey, list[tuple[bytes, bytes]]]:
        """Make the next epoch: its entry, its key and a wrap for each account.

        Args:
            to: accounts to wrap to; the caller has decided who may have the key.
            tips: where the chains of lost devices end (device, n, id).
            random: gives n random bytes.
        """
        number = self.newest.mark.number + 1 if self.newest else 1
        key = EpochKey(self.suite, self.space.id, number, random(32))
        accounts = sorted(to, key=lambda a: a.id)
        old = self.keys.get(self.newest.mark.kid) if self.newest else None
        carried, link = self._proof(key, old)
        entry = entries.Epoch(
            self.space.circle, self.space.kind, self.space.subject,
            self.newest.mark.id if self.newest else ZERO32,
            membership.last_change, key.commitment, carried, link,
            tuple((a.id,) for a in accounts), tuple(sorted(tips)),
        )  # fmt: skip
        return entry, key, [(a.id, sealing.wrap(key, a)) for a in accounts]

    def _proof(
        self, key: EpochKey, old: EpochKey | None
    ) -> tuple[tuple[tuple[bytes, bytes], ...], bytes]:
        if old is None:
            return (), ZERO32
        if not SPACES[self.space.kind].carried:
            return (), old.link(key)
        held = sorted(self.keys.values(), key=lambda k: k.number)
        reached = {kid for b in self.begun for kid, _ in b.entry.carried}
        rows = [(k.kid, sealing.carry(key, k)) for k in held if k.kid not in reached]
        return tuple(rows), ZERO32
