"""Strict Ed25519 behind a suite byte (PROTOCOL 5.5, SEC-07, RFC 8032).

One function signs and one verifies; both demand the label of what is signed.
Public keys must be canonical, not of small order and free of torsion; a key is
examined once and remembered. OpenSSL refuses S >= L and compares R byte for
byte. Leaves to callers whose key it is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from nacl.bindings import crypto_core_ed25519_is_valid_point

from sync.errors import BadSignature, UpgradeRequired
from sync.labels import Label


class Signer(Protocol):
    """The signature half of a suite."""

    def public(self, seed: bytes) -> bytes:
        """The 32-byte public key of a 32-byte seed."""

    def sign(self, seed: bytes, message: bytes) -> bytes:
        """A 64-byte signature."""

    def verify(self, key: bytes, message: bytes, signature: bytes) -> None:
        """Raise ``BadSignature`` unless the signature is right."""

    def check_key(self, key: bytes) -> None:
        """Raise ``BadSignature`` for an unsafe public key."""

    def check_wrap_key(self, key: bytes) -> None:
        """Raise ``BadSignature`` for a key that nothing can be wrapped to."""


class StrictEd25519:
    """Suite 1."""

    def public(self, seed: bytes) -> bytes:
        """The 32-byte public key of a 32-byte seed."""
        return _private(seed).public_key().public_bytes_raw()

    def sign(self, seed: bytes, message: bytes) -> bytes:
        """A 64-byte signature (RFC 8032)."""
        return _private(seed).sign(message)

    def verify(self, key: bytes, message: bytes, signature: bytes) -> None:
        """Raise ``BadSignature`` unless the signature is right."""
        try:
            _strict_key(key).verify(signature, message)
        except InvalidSignature:
            raise BadSignature(detail="signature does not fit") from None

    def check_key(self, key: bytes) -> None:
        """Raise ``BadSignature`` for an unsafe public key."""
        _strict_key(key)

    def check_wrap_key(self, key: bytes) -> None:
        """Raise ``BadSignature`` for an X25519 key of small order."""
        try:
            _PROBE.exchange(X25519PublicKey.from_public_bytes(key))
        except ValueError:  # the shared secret would be all zeros
            raise BadSignature(detail="wrap key has a small order") from None


_PROBE = X25519PrivateKey.from_private_bytes(bytes([64] * 32))


@lru_cache(maxsize=1024)
def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


@lru_cache(maxsize=65536)
def _strict_key(key: bytes) -> Ed25519PublicKey:
    # Without this check, a server that supplies the identity point as a key
    # has a signature that fits every message.
    if len(key) != 32 or not crypto_core_ed25519_is_valid_point(key):
        raise BadSignature(detail="public key is not canonical and torsion-free")
    return Ed25519PublicKey.from_public_bytes(key)


SIGNERS: dict[int, Signer] = {1: StrictEd25519()}


def _signer(suite: int) -> Signer:
    try:
        return SIGNERS[suite]
    except KeyError:
        raise UpgradeRequired(detail=f"suite {suite} is not known here") from None


def public_key(suite: int, seed: bytes) -> bytes:
    """The 32-byte public key of a 32-byte seed."""
    return _signer(suite).public(seed)


def sign(suite: int, seed: bytes, label: Label, message: bytes) -> bytes:
    """Sign ``label || message``; 64 bytes."""
    return _signer(suite).sign(seed, label + message)


def verify(
    suite: int, key: bytes, label: Label, message: bytes, signature: bytes
) -> None:
    """Verify a signature over ``label || message``.

    Raises:
        BadSignature: wrong signature, wrong label or an unsafe key.
        UpgradeRequired: a suite that is not known here.
    """
    if len(signature) != 64:
        raise BadSignature(detail="a signature has 64 bytes")
    _signer(suite).verify(key, label + message, signature)


def check_key(suite: int, key: bytes) -> None:
    """Refuse a public key that must not stand in a log (SEC-07)."""
    _signer(suite).check_key(key)


def check_wrap_key(suite: int, key: bytes) -> None:
    """Refuse a key that nothing can be wrapped to: it would stop every rotation."""
    _signer(suite).check_wrap_key(key)
