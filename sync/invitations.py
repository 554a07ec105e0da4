"""Codes, packs, the account key and its slot (PROTOCOL 7).

An invitation is one secret of 100 bits; through HKDF it gives a lookup id, an
invite key and a pack key. An account key of 160 bits gives a lookup id and the
key that seals the account secret. Nothing else is made of either.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sync import labels, sealing, signing
from sync.encoding import bytes_from_code, code_from_bytes
from sync.errors import Unopened
from sync.keyring import Random
from sync.labels import Label
from sync.membership import account_id
from sync.sealing import SALT_BYTES, Context

INVITE_GROUPS, ACCOUNT_GROUPS = 5, 8


def _derive(suite: int, secret: bytes, label: Label, size: int) -> bytes:
    return sealing.sealer(suite).derive(secret, b"", label, size)


def seal_box(
    secret: bytes, context: Context, plaintext: bytes, random: Random
) -> bytes:
    """Salt, commitment and ciphertext under a fresh salt."""
    salt = random(SALT_BYTES)
    return salt + sealing.seal(secret, salt, context, plaintext)


def open_box(secret: bytes, context: Context, box: bytes) -> bytes:
    """The plaintext of ``seal_box``, or ``Unopened``."""
    salt, sealed = box[:SALT_BYTES], box[SALT_BYTES:]
    return sealing.open_sealed(secret, salt, context, sealed)


@dataclass(frozen=True)
class Invitation:
    """One invitation's secret (13 bytes, the last 4 bits zero)."""

    secret: bytes
    suite: int = 1

    @classmethod
    def new(cls, random: Random, suite: int = 1) -> Invitation:
        """A fresh invitation."""
        raw = bytearray(random(13))
        raw[-1] &= 0xF0
        return cls(bytes(raw), suite)

    @classmethod
    def from_code(cls, code: str, suite: int = 1) -> Invitation:
        """Read a typed code, or raise ``bad_code`` naming the wrong group."""
        return cls(bytes_from_code(code, INVITE_GROUPS), suite)

    @property
    def code(self) -> str:
        """25 characters in five groups."""
        return code_from_bytes(self.secret, INVITE_GROUPS)

    @property
    def lookup(self) -> bytes:
        """16 bytes under which the server keeps the pack."""
        return _derive(self.suite, self.secret, labels.INVITE_LOOKUP, 16)

    @property
    def seed(self) -> bytes:
        """The invite key's private half, 32 bytes."""
        return _derive(self.suite, self.secret, labels.INVITE_KEY, 32)

    @property
    def public(self) -> bytes:
        """The invite key's public half, as the log knows it."""
        return signing.public_key(self.suite, self.seed)

    def _context(self) -> Context:
        return Context(self.suite, labels.INVITE_PACK, self.lookup)

    def seal_pack(self, pack: dict[str, Any], random: Random) -> bytes:
        """Seal what the joiner reads before any key has come."""
        key = _derive(self.suite, self.secret, labels.INVITE_PACK, 32)
        plaintext = sealing.pad(json.dumps(pack).encode(), 1024)
        return seal_box(key, self._context(), plaintext, random)

    def open_pack(self, box: bytes) -> dict[str, Any]:
        """The pack; the joiner believes only the circle id found in it."""
        key = _derive(self.suite, self.secret, labels.INVITE_PACK, 32)
        try:
            pack = json.loads(sealing.unpad(open_box(key, self._context(), box)))
        except (ValueError, RecursionError) as error:
            raise Unopened from error
        if not isinstance(pack, dict):
            raise Unopened
        return pack


@dataclass(frozen=True)
class Identity:
    """What one account is made of.

    Attributes:
        secret: the account secret, 32 bytes; or, once that is erased, ``kept``: the
            96 bytes derived from it, which open the same identity but no slot.
    """

    secret: bytes
    suite: int = 1

    @property
    def sign_seed(self) -> bytes:
        """Private half of the signing identity."""
        return self._part(0, labels.SECRET_SIGN)

    @property
    def wrap_seed(self) -> bytes:
        """Private half of the key that epoch keys are wrapped to."""
        return self._part(1, labels.SECRET_WRAP)

    @property
    def record_secret(self) -> bytes:
        """The key under which an owner's devices meet on one record id."""
        return self._part(2, labels.SECRET_RECORD)

    @property
    def kept(self) -> bytes:
        """What stays on the device when the account secret is erased, 96 bytes."""
        return self.sign_seed + self.wrap_seed + self.record_secret

    def _part(self, place: int, label: Label) -> bytes:
        if len(self.secret) == 96:
            return self.secret[place * 32 : place * 32 + 32]
        return _derive(self.suite, self.secret, label, 32)

    @property
    def sign_key(self) -> bytes:
        """32 public bytes."""
        return signing.public_key(self.suite, self.sign_seed)

    @property
    def wrap_key(self) -> bytes:
        """32 public bytes."""
        return sealing.sealer(self.suite).wrap_public(self.wrap_seed)

    @property
    def account(self) -> bytes:
        """The account's id, 16 bytes."""
        return account_id(self.sign_key, self.wrap_key)


@dataclass(frozen=True)
class AccountKey:
    """The recovery code: 20 random bytes, eight groups, 40 typed characters."""

    key: bytes
    suite: int = 1

    @classmethod
    def from_code(cls, code: str, suite: int = 1) -> AccountKey:
        """Read a typed recovery code, or raise ``bad_code``."""
        return cls(bytes_from_code(code, ACCOUNT_GROUPS), suite)

    @property
    def code(self) -> str:
        """40 characters in eight groups."""
        return code_from_bytes(self.key, ACCOUNT_GROUPS)

    @property
    def lookup(self) -> bytes:
        """16 bytes under which the server keeps the slot."""
        return _derive(self.suite, self.key, labels.SLOT_LOOKUP, 16)

    def _context(self, account: bytes) -> Context:
        return Context(self.suite, labels.SLOT_SEAL, account)

    def seal_slot(self, identity: Identity, random: Random) -> bytes:
        """Account id and sealed secret: what the server keeps, 120 bytes."""
        key = _derive(self.suite, self.key, labels.SLOT_SEAL, 32)
        account = identity.account
        return account + seal_box(key, self._context(account), identity.secret, random)

    def open_slot(self, slot: bytes) -> Identity:
        """The identity; its keys are computed again and held to the id (SEC-01)."""
        key, account = _derive(self.suite, self.key, labels.SLOT_SEAL, 32), slot[:16]
        identity = Identity(
            open_box(key, self._context(account), slot[16:]), self.suite
        )
        if identity.account != account:
            raise Unopened
        return identity
