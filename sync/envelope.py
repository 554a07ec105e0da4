"""One immutable version of a record under one header (PROTOCOL 5).

Parses and builds the bytes and names them by hash. Whether a version is
genuine, permitted and in place is ``sync.check``'s to say; what it contains is
``sync.sealing``'s to open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from sync import labels
from sync.encoding import Reader, sha256
from sync.errors import Never
from sync.kinds import ZERO16, ZERO32, Rule

DELETED = 1
PARENTS_MAX = 8
HEADER_BYTES = len(labels.VERSION) + 172  # plus 32 for each parent
SEALED_OVERHEAD = 32 + 16  # commitment and tag around the padded plaintext
BODY_BYTES_MAX = 65536 + SEALED_OVERHEAD


@dataclass(frozen=True)
class View:
    """What an author had verified of a space's log: incarnation, seq, head."""

    inc: int = 0
    seq: int = 0
    head: bytes = ZERO32

    def __bytes__(self) -> bytes:
        """44 bytes: u32, u64, 32 bytes."""
        return self.inc.to_bytes(4, "big") + self.seq.to_bytes(8, "big") + self.head


@dataclass(frozen=True)
class Header:
    """The clear, signed and authenticated part of a version (PROTOCOL 5.1).

    Attributes:
        space: 16 bytes; zero in a genesis only.
        epoch, kid: key epoch (u32) and key id (8 bytes); zero in a circle's log.
        rec: record id, 16 bytes; zero in control entries.
        device, n, prev: author device, its counter in this space from 1, and the
            id of its version before this one (zeros at first).
        parents: ids of the versions that this one replaces, at most 8.
        salt: 24 random bytes, new for every version.
    """

    suite: int
    space: bytes
    epoch: int
    kid: bytes
    rule: Rule
    flags: int
    rec: bytes
    device: bytes
    n: int
    prev: bytes
    view: View
    parents: tuple[bytes, ...]
    salt: bytes

    def __bytes__(self) -> bytes:
        """The canonical bytes."""
        return b"".join(
            (
                labels.VERSION,
                bytes([self.suite]),
                self.space,
                self.epoch.to_bytes(4, "big"),
                self.kid,
                bytes([self.rule, self.flags]),
                self.rec,
                self.device,
                self.n.to_bytes(8, "big"),
                self.prev,
                bytes(self.view),
                bytes([len(self.parents)]),
                *self.parents,
                self.salt,
            )
        )

    @property
    def deleted(self) -> bool:
        """Whether this version deletes its record."""
        return bool(self.flags & DELETED)


def parse_header(data: bytes) -> Header:
    """Read a header, refusing every other spelling.

    Raises:
        Never: ``bad_envelope``.
    """
    reader = Reader(data)
    if reader.take(len(labels.VERSION)) != labels.VERSION:
        raise Never("bad_envelope", "not a version of this protocol")
    suite = reader.number(1)
    space, epoch, kid = reader.take(16), reader.number(4), reader.take(8)
    rule, flags = reader.number(1), reader.number(1)
    rec, device, n = reader.take(16), reader.take(16), reader.number(8)
    prev = reader.take(32)
    view = View(reader.number(4), reader.number(8), reader.take(32))
    count = reader.number(1)
    if count > PARENTS_MAX:
        raise Never("bad_envelope", "a version has at most 8 parents")
    parents = tuple(reader.take(32) for _ in range(count))
    salt = reader.take(24)
    reader.end()
    header_is_lawful = (
        rule <= max(Rule)
        and flags <= DELETED
        and 0 < n < 1 << 63
        and view.seq < 1 << 63
        and view.inc < 1 << 31
        and epoch < 1 << 31
        and list(parents) == sorted(set(parents))
        and (n > 1) == (prev != ZERO32)
    )
    if not header_is_lawful:
        raise Never("bad_envelope", "a header field is out of range")
    return Header(
        suite, space, epoch, kid, Rule(rule), flags, rec, device, n, prev, view,
        parents, salt,
    )  # fmt: skip


def version_id(header: bytes, body_hash: bytes) -> bytes:
    """``SHA-256(header || SHA-256(body))``, 32 bytes."""
    return sha256(header, body_hash)


def next_head(head: bytes, identity: bytes) -> bytes:
    """The log's head after one more version: ``SHA-256(head || id)``."""
    return sha256(head, identity)


# A record's name inside its space: rule, owner account (or zeros), rec.
RecordKey = bytes


def record_key(rule: Rule, account: bytes, rec: bytes) -> RecordKey:
    """Name a record so that nobody can squat another's (PROTOCOL 5.3); 33 bytes."""
    return bytes([rule]) + (account if rule is Rule.OWN else ZERO16) + rec


@dataclass(frozen=True)
class Version:
    """A header, its signature, and its body while the body is kept.

    Attributes:
        raw: the header's bytes exactly as signed.
        signature: 64 bytes over ``id``.
        body: commitment and ciphertext, or a control entry's clear bytes; ``None``
            once the server has dropped what a newer version replaced.
        body_hash: SHA-256 of the body.
    """

    raw: bytes
    signature: bytes
    body: bytes | None
    body_hash: bytes
    header: Header = field(compare=False)

    @cached_property
    def id(self) -> bytes:
        """32 bytes; the same everywhere and for ever."""
        return version_id(self.raw, self.body_hash)


def build(header: Header, body: bytes, sign: Callable[[bytes], bytes]) -> Version:
    """Make a version; ``sign`` takes the id and returns 64 bytes."""
    raw, body_hash = bytes(header), sha256(body)
    return Version(raw, sign(version_id(raw, body_hash)), body, body_hash, header)


def parse(
    raw: bytes, signature: bytes, body: bytes | None, body_hash: bytes | None = None
) -> Version:
    """Read a version as it came off the wire or disk.

    Raises:
        Never: ``bad_envelope`` or ``too_large``.
    """
    if len(raw) > HEADER_BYTES + 32 * PARENTS_MAX or len(signature) != 64:
        raise Never("bad_envelope", "header or signature has a wrong size")
    if body is not None:
        if len(body) > BODY_BYTES_MAX:
            raise Never("too_large", "a body has at most 65,584 bytes")
        body_hash = sha256(body)
    elif body_hash is None or len(body_hash) != 32:
        raise Never("bad_envelope", "neither a body nor its hash")
    return Version(raw, signature, body, body_hash, parse_header(raw))
