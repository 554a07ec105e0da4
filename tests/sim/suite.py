"""A suite of checked fakes: not secret, but nothing opens with a wrong key or bit.

Only the simulator registers it. It keeps the shape of suite 1 (sizes, labels, what is
bound to what) at a fiftieth of the cost, so that every mistake in the protocol's use
of keys shows. Anybody could forge these signatures: that is what makes them fakes.
"""

from hashlib import blake2b, shake_256

from sync import sealing, signing
from sync.errors import BadSignature, Unopened

FAKE = 0xF0
REAL = 1


def _hash(size: int, *parts: bytes) -> bytes:
    state = blake2b(digest_size=size)
    for part in parts:
        state.update(len(part).to_bytes(4, "big") + part)
    return state.digest()


def _mask(key: bytes, data: bytes) -> bytes:
    stream = int.from_bytes(shake_256(key).digest(len(data)), "big")
    return (int.from_bytes(data, "big") ^ stream).to_bytes(len(data), "big")


class FakeSigner:
    """Signatures that fit one key and one message."""

    def public(self, seed: bytes) -> bytes:
        return _hash(32, b"sign", seed)

    def sign(self, seed: bytes, message: bytes) -> bytes:
        return _hash(64, self.public(seed), message)

    def verify(self, key: bytes, message: bytes, signature: bytes) -> None:
        if _hash(64, key, message) != signature:
            raise BadSignature(detail="signature does not fit")

    def check_key(self, key: bytes) -> None:
        if len(key) != 32 or not any(key):
            raise BadSignature(detail="not a key")

    def check_wrap_key(self, key: bytes) -> None:
        self.check_key(key)


class FakeSealer:
    """Seals and wraps that open with the right key, context and bytes only."""

    def derive(self, secret: bytes, salt: bytes, info: bytes, size: int) -> bytes:
        return _hash(size, secret, salt, info)

    def encrypt(self, key: bytes, plaintext: bytes, aad: bytes) -> bytes:
        hidden = _mask(key, plaintext)
        return hidden + _hash(16, key, aad, hidden)

    def decrypt(self, key: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        hidden, tag = ciphertext[:-16], ciphertext[-16:]
        if _hash(16, key, aad, hidden) != tag:
            raise Unopened
        return _mask(key, hidden)

    def wrap_public(self, seed: bytes) -> bytes:
        return _hash(32, b"wrap", seed)

    def wrap(self, public: bytes, info: bytes, secret: bytes) -> bytes:
        once = _hash(32, public, info, secret)
        return once + self.encrypt(_hash(32, public, once), secret, info)

    def unwrap(self, seed: bytes, info: bytes, wrapped: bytes) -> bytes:
        once, rest = wrapped[:32], wrapped[32:]
        return self.decrypt(_hash(32, self.wrap_public(seed), once), rest, info)


def register() -> None:
    """Let this process know the fakes' suite byte."""
    signing.SIGNERS[FAKE] = FakeSigner()
    sealing.SEALERS[FAKE] = FakeSealer()
