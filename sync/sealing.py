"""Seal, open, wrap, unwrap (PROTOCOL 6; RFC 5869, RFC 9180, SP 800-38D).

One function seals and one opens; both demand a typed ``Context``. Every seal has
its own key: HKDF-SHA256 gives a one-time AES-256-GCM key (so the nonce is zero)
and a 32-byte commitment, which is compared first. A wrap can only be made for an
``Account`` of a verified membership log. The server never imports this module.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync import labels
from sync.encoding import sha256
from sync.envelope import SEALED_OVERHEAD, Header, Version
from sync.errors import Never, Unopened, UpgradeRequired
from sync.kinds import BUCKETS
from sync.labels import Label
from sync.membership import Account

SALT_BYTES = 24
WRAP_BYTES = 80


class Sealer(Protocol):
    """The secrecy half of a suite."""

    def derive(self, secret: bytes, salt: bytes, info: bytes, size: int) -> bytes:
        """``size`` bytes of key material."""

    def encrypt(self, key: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Ciphertext and 16-byte tag under a one-time key."""

    def decrypt(self, key: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """Plaintext, or ``Unopened``."""

    def wrap_public(self, seed: bytes) -> bytes:
        """The 32-byte public key that others wrap to."""

    def wrap(self, public: bytes, info: bytes, secret: bytes) -> bytes:
        """80 bytes that only the key's owner can unwrap."""

    def unwrap(self, seed: bytes, info: bytes, wrapped: bytes) -> bytes:
        """32 bytes, or ``Unopened``."""


class AesHpke:
    """Suite 1: HKDF-SHA256, AES-256-GCM, HPKE base with DHKEM(X25519)."""

    hpke = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    nonce = bytes(12)

    def derive(self, secret: bytes, salt: bytes, info: bytes, size: int) -> bytes:
        """HKDF-SHA256 (RFC 5869)."""
        return HKDF(SHA256(), size, salt or None, info).derive(secret)

    def encrypt(self, key: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """AES-256-GCM under a zero nonce: the key is used once."""
        return AESGCM(key).encrypt(self.nonce, plaintext, aad)

    def decrypt(self, key: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """Plaintext, or ``Unopened``."""
        try:
            return AESGCM(key).decrypt(self.nonce, ciphertext, aad)
        except InvalidTag:
            raise Unopened from None

    def wrap_public(self, seed: bytes) -> bytes:
        """X25519 public key."""
        return X25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()

    def wrap(self, public: bytes, info: bytes, secret: bytes) -> bytes:
        """HPKE single shot; a low-order public key is refused by OpenSSL."""
        key = X25519PublicKey.from_public_bytes(public)
        return self.hpke.encrypt(secret, key, info)

    def unwrap(self, seed: bytes, info: bytes, wrapped: bytes) -> bytes:
        """HPKE single shot."""
        try:
            key = X25519PrivateKey.from_private_bytes(seed)
            return self.hpke.decrypt(wrapped, key, info)
        except (InvalidTag, ValueError):
            raise Unopened from None


SEALERS: dict[int, Sealer] = {1: AesHpke()}


def sealer(suite: int) -> Sealer:
    """The secrecy half of a suite.

    Raises:
        UpgradeRequired: a suite that is not known here.
    """
    try:
        return SEALERS[suite]
    except KeyError:
        raise UpgradeRequired(detail=f"suite {suite} is not known here") from None


@dataclass(frozen=True)
class Context:
    """What a seal is for: its label and everything that must not be swapped."""

    suite: int
    label: Label
    bound: bytes


def seal(secret: bytes, salt: bytes, context: Context, plaintext: bytes) -> bytes:
    """Commitment (32 bytes), ciphertext and tag; the only place that encrypts."""
    box = sealer(context.suite)
    info = context.label + context.bound
    keys = box.derive(secret, salt, info, 64)
    return keys[32:] + box.encrypt(keys[:32], plaintext, info)


def open_sealed(secret: bytes, salt: bytes, context: Context, sealed: bytes) -> bytes:
    """The plaintext of ``seal``; the only place that decrypts.

    Raises:
        Unopened: wrong key, context or bytes; it does not say which.
    """
    box = sealer(context.suite)
    info = context.label + context.bound
    keys = box.derive(secret, salt, info, 64)
    if not hmac.compare_digest(keys[32:], sealed[:32]):
        raise Unopened
    return box.decrypt(keys[:32], sealed[32:], info)


@dataclass(frozen=True)
class EpochKey:
    """One space's key of one epoch: 32 secret bytes and what they belong to."""

    suite: int
    space: bytes
    number: int
    secret: bytes

    @property
    def kid(self) -> bytes:
        """8 bytes that name the key."""
        return sha256(labels.ID_KEY, self.secret)[:8]

    @property
    def commitment(self) -> bytes:
        """32 bytes for the epoch entry; tells nothing of the key."""
        return self._derive(labels.EPOCH_COMMIT, b"")

    def link(self, following: EpochKey) -> bytes:
        """32 bytes that only a holder of this key can give the next epoch."""
        bound = following.number.to_bytes(4, "big") + following.commitment
        return self._derive(labels.EPOCH_LINK, bound)

    def _derive(self, label: Label, bound: bytes) -> bytes:
        info = label + self.space + self.number.to_bytes(4, "big") + bound
        return sealer(self.suite).derive(self.secret, b"", info, 32)

    def __repr__(self) -> str:
        """Without the secret."""
        return f"EpochKey({self.space.hex()}, {self.number})"


def pad(content: bytes, least: int) -> bytes:
    """Length, content and zeros up to the smallest bucket of ``least`` or more.

    Raises:
        Never: ``too_large``.
    """
    size = max(len(content) + 4, least)
    for bucket in BUCKETS:
        if size <= bucket:
            return (len(content).to_bytes(4, "big") + content).ljust(bucket, b"\0")
    raise Never("too_large", "a record holds at most 65,532 bytes")


def unpad(padded: bytes) -> bytes:
    """The content of ``pad``."""
    size = int.from_bytes(padded[:4], "big")
    content, rest = padded[4 : 4 + size], padded[4 + size :]
    if len(content) != size or rest.strip(b"\0") or len(padded) not in BUCKETS:
        raise Unopened
    return content


def _content_context(header: bytes, suite: int) -> Context:
    return Context(suite, labels.EPOCH_CONTENT, header)


def seal_content(header: Header, key: EpochKey, content: bytes, least: int) -> bytes:
    """A version's body: ``content`` padded and bound to its header."""
    context = _content_context(bytes(header), key.suite)
    return seal(key.secret, header.salt, context, pad(content, least))


def open_content(version: Version, key: EpochKey) -> bytes:
    """The content of a version.

    Raises:
        Unopened: altered, or another key's; or its body is no longer kept.
    """
    if version.body is None or len(version.body) < SEALED_OVERHEAD:
        raise Unopened
    context = _content_context(version.raw, key.suite)
    return unpad(open_sealed(key.secret, version.header.salt, context, version.body))


def _wrap_info(key_space: bytes, number: int, kid: bytes, account: bytes) -> bytes:
    return labels.EPOCH_WRAP + key_space + number.to_bytes(4, "big") + kid + account


def wrap(key: EpochKey, to: Account) -> bytes:
    """80 bytes: the epoch key for one account of a verified log (SEC-02)."""
    info = _wrap_info(key.space, key.number, key.kid, to.id)
    return sealer(key.suite).wrap(to.wrap_key, info, key.secret)


def unwrap(
    suite: int, seed: bytes, account: bytes, space: bytes, number: int, kid: bytes,
    commitment: bytes, wrapped: bytes,
) -> EpochKey:  # fmt: skip
    """The epoch key from a wrap, held against the signed commitment (SEC-11).

    Raises:
        Unopened: not for this account and epoch, or not the committed key.
    """
    info = _wrap_info(space, number, kid, account)
    secret = sealer(suite).unwrap(seed, info, wrapped)
    return committed(EpochKey(suite, space, number, secret), kid, commitment)


def committed(key: EpochKey, kid: bytes, commitment: bytes) -> EpochKey:
    """The key, if it is the one that the epoch entry commits to."""
    right = hmac.compare_digest(key.kid + key.commitment, kid + commitment)
    if not right:
        raise Unopened
    return key


def _carry_context(carrier: EpochKey, kid: bytes) -> Context:
    return Context(carrier.suite, labels.EPOCH_CARRY, carrier.space + carrier.kid + kid)


def carry(carrier: EpochKey, old: EpochKey) -> bytes:
    """80 bytes: an old key sealed under a new one."""
    return seal(carrier.secret, b"", _carry_context(carrier, old.kid), old.secret)


def open_carried(carrier: EpochKey, kid: bytes, sealed: bytes) -> bytes:
    """The 32 secret bytes of an old key; the caller holds them to its entry."""
    return open_sealed(carrier.secret, b"", _carry_context(carrier, kid), sealed)
