"""Canonical bytes: base64url, fixed layouts and typed-in codes (PROTOCOL 3).

Every layout has exactly one spelling; a decoder refuses all others. Leaves the
meaning of the bytes to the modules above.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sync.errors import Never

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TYPED = str.maketrans("OIL", "011", " -\t\r\n\u2010\u2011\u2013")


def b64(data: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    text = binascii.b2a_base64(data, newline=False).rstrip(b"=")
    return text.translate(_TO_URL).decode("ascii")


def unb64(text: str, size: int | None = None) -> bytes:
    """Decode canonical base64url.

    Raises:
        Never: ``bad_envelope`` for any other spelling or size.
    """
    try:
        padded = text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4)
        data = binascii.a2b_base64(padded, strict_mode=True)
    except (ValueError, AttributeError) as error:
        raise Never("bad_envelope", "not base64url") from error
    rest = len(text) % 4  # the bits that the last character has to spare are zero
    spelled = not rest or b64(data[-(len(data) % 3) :]) == text[-rest:]
    if not spelled or (size is not None and len(data) != size):
        raise Never("bad_envelope", "not canonical base64url of the right size")
    return data


_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/\0\0\0")


def sha256(*parts: bytes) -> bytes:
    """SHA-256 of the concatenation of ``parts``, 32 bytes."""
    return hashlib.sha256(b"".join(parts)).digest()


class Reader:
    """Takes fixed-size fields off a byte string, never past its end."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        end = self.at + size
        if end > len(self.data):
            raise Never("bad_envelope", "too short")
        chunk, self.at = self.data[self.at : end], end
        return chunk

    def number(self, size: int) -> int:
        """The next big-endian unsigned integer of ``size`` bytes."""
        return int.from_bytes(self.take(size), "big")

    def end(self) -> None:
        """Refuse bytes left over."""
        if self.at != len(self.data):
            raise Never("bad_envelope", "bytes left over")


@dataclass(frozen=True)
class Fixed:
    """A field of exactly ``size`` bytes."""

    size: int

    def write(self, value: bytes) -> bytes:
        """The bytes themselves."""
        if len(value) != self.size:
            raise Never("bad_envelope", f"{len(value)} bytes, not {self.size}")
        return value

    def read(self, reader: Reader) -> bytes:
        """The next ``size`` bytes."""
        return reader.take(self.size)


@dataclass(frozen=True)
class Number:
    """A big-endian unsigned integer of ``size`` bytes."""

    size: int

    def write(self, value: int) -> bytes:
        """Big-endian bytes."""
        return int(value).to_bytes(self.size, "big")

    def read(self, reader: Reader) -> int:
        """The next integer."""
        return reader.number(self.size)


@dataclass(frozen=True)
class ListOf:
    """A u16 count, then that many rows of ``columns``."""

    columns: tuple[Fixed | Number, ...]

    def write(self, rows: Sequence[Sequence[Any]]) -> bytes:
        """Count and rows."""
        out = [len(rows).to_bytes(2, "big")]
        for row in rows:
            out += [c.write(v) for c, v in zip(self.columns, row, strict=True)]
        return b"".join(out)

    def read(self, reader: Reader) -> tuple[tuple[Any, ...], ...]:
        """All rows, as tuples."""
        count = reader.number(2)
        return tuple(tuple(c.read(reader) for c in self.columns) for _ in range(count))


Field = Fixed | Number | ListOf


def _check_character(group: int, characters: str) -> str:
    return CROCKFORD[sha256(bytes([group]), characters.encode())[0] >> 3]


def code_from_bytes(secret: bytes, groups: int) -> str:
    """Spell a secret as ``groups`` of four Crockford characters and a check.

    Args:
        secret: at least ``groups`` x 20 bits; surplus low bits must be zero.
        groups: 8 for an account key (160 bits), 5 for an invitation (100 bits).
    """
    number = int.from_bytes(secret, "big") >> (len(secret) * 8 - groups * 20)
    digits = [CROCKFORD[(number >> 5 * i) & 31] for i in range(groups * 4)][::-1]
    words = ["".join(digits[i * 4 : i * 4 + 4]) for i in range(groups)]
    return "-".join(w + _check_character(i, w) for i, w in enumerate(words))


def bytes_from_code(code: str, groups: int) -> bytes:
    """Read a typed code; O, I, L, spaces, dashes and lower case are forgiven.

    Raises:
        Never: ``bad_code`` naming the first group (counted from 1) that looks wrong.
    """
    typed = code.upper().translate(_TYPED)
    for i in range(groups):
        word = typed[i * 5 : i * 5 + 5]
        spelled = len(word) == 5 and all(c in CROCKFORD for c in word)
        if not spelled or word[4] != _check_character(i, word[:4]):
            raise Never("bad_code", f"group {i + 1} looks wrong", group=i + 1)
    if len(typed) != groups * 5:
        raise Never("bad_code", f"expected {groups} groups of five characters")
    digits = "".join(typed[i * 5 : i * 5 + 4] for i in range(groups))
    number = 0
    for digit in digits:
        number = number << 5 | CROCKFORD.index(digit)
    size = -(-groups * 20 // 8)
    return (number << (size * 8 - groups * 20)).to_bytes(size, "big")
