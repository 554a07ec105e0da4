"""Write ``sync/vectors/*.json``: what both languages must do, case by case.

    python -m tools.make_vectors

Deterministic: every random byte comes from ``Chance``, a hash of a name and a
counter, so a second run writes the same files (``tests/sync/test_vectors.py``
holds that, and that the Python code does what they say). ``Scene`` writes logs as
people's phones would, and as an attacker would; the hostile-server kit and the
tests of the core use it too. What the fields mean: ``sync/vectors/README.md``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync import encoding, entries, envelope, kinds, labels, records, sealing, signing
from sync.check import NO_TIP, EpochMark, Judgement, Serving, Space, Tip, check
from sync.encoding import b64, sha256
from sync.envelope import Header, RecordKey, Version, View
from sync.invitations import AccountKey, Identity, Invitation
from sync.keyring import Begun
from sync.kinds import ZERO16, ZERO32, CircleKind, Role, Rule, SpaceKind
from sync.membership import (
    Membership,
    account_id,
    certify,
    device_id,
    join_message,
    space_id,
)
from sync.merge import VALUES, Cell, fill, mark, merge_note, register
from sync.sealing import Context, EpochKey

FOLDER = Path(__file__).parent.parent / "sync" / "vectors"
Case = dict[str, Any]
TEXT = b'{"t":"text","text":"Tuesday at one","v":9}'


class Chance:
    """Bytes that look random and are the same every time."""

    def __init__(self, name: str) -> None:
        self.name, self.count = name.encode(), 0

    def __call__(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            count = self.count.to_bytes(8, "big")
            found += sha256(b"enid vectors\0", self.name, b"\0", count)
            self.count += 1
        return found[:size]


# -- people and what they write ---------------------------------------------------


class Phone:
    """One device of one account.

    Args:
        account: whose second device it is; by default an account of its own.
    """

    def __init__(self, name: str, account: str = "", suite: int = 1) -> None:
        self.suite = suite
        self.identity = Identity(Chance(f"account {account or name}")(32), suite)
        self.account, self.person = self.identity.account, person(account or name)
        self.seed = Chance(f"device {name}")(32)
        self.key = signing.public_key(suite, self.seed)
        self.device = device_id(self.key)
        self.certificate = certify(
            suite, self.identity.sign_seed, self.account, self.key
        )

    def sign(self, identity: bytes) -> bytes:
        """Sign a version."""
        return signing.sign(self.suite, self.seed, labels.SIGN_VERSION, identity)


def person(name: str) -> bytes:
    """A person's id."""
    return Chance(f"person {name}")(16)


ANN, BOB, LEE, CORA, MAL = (Phone(n) for n in ("ann", "bob", "lee", "cora", "mal"))
ANN_2 = Phone("ann's second", "ann")


class Known:
    """One space as somebody knows it: the ``State`` that judging needs."""

    def __init__(self, space: Space, membership: Membership) -> None:
        self.space, self.membership = space, membership
        self.versions: list[Version] = []
        self.judged: list[Judgement] = []
        self.heads: list[bytes] = [ZERO32]
        self.tips: dict[bytes, Tip] = {}
        self.begun: list[Begun] = []
        self.closed: dict[bytes, Tip] = {}

    @property
    def epoch(self) -> EpochMark | None:
        """The newest epoch."""
        return self.begun[-1].mark if self.begun else None

    def tip(self, device: bytes) -> Tip:
        """Newest (n, id)."""
        return self.tips.get(device, NO_TIP)

    def record_of(self, version: bytes) -> RecordKey | None:
        """The record of a version."""
        pairs = zip(self.versions, self.judged, strict=True)
        return {v.id: judged.record for v, judged in pairs}.get(version)

    def kid_of(self, epoch: int) -> bytes | None:
        """Key id of an epoch."""
        return {b.mark.number: b.mark.kid for b in self.begun}.get(epoch)

    def closed_at(self, device: bytes) -> Tip | None:
        """Where a lost device's chain ends."""
        return self.closed.get(device)

    def head_at(self, seq: int) -> bytes | None:
        """The log's head."""
        return self.heads[seq] if seq < len(self.heads) else None

    def serving(self, inc: int = 1, settled: bool = True) -> Serving:
        """What a server knows besides."""
        return Serving(inc, settled, self.head_at, settled)

    @property
    def view(self) -> View:
        """What somebody has verified who has seen all of it."""
        return View(1, len(self.versions), self.heads[-1])

    def take(self, version: Version, serving: Serving | None = None) -> Judgement:
        """Judge a version and keep it."""
        judged, header = check(version, self, serving), version.header
        if isinstance(judged.entry, entries.Epoch):
            self._close(judged.entry)
            epoch = EpochMark(
                header.epoch, header.kid, version.id, judged.entry.membership
            )
            self.begun.append(Begun(epoch, judged.entry, judged.account))
        self.versions.append(version)
        self.judged.append(judged)
        self.heads.append(envelope.next_head(self.heads[-1], version.id))
        self.tips[header.device] = (header.n, version.id)
        return judged

    def _close(self, entry: entries.Epoch) -> None:
        """PROTOCOL 8.3: at the tip that is listed, or at n = 0."""
        since = self.epoch.membership if self.epoch else ZERO32
        lost = self.membership.lost(
            since, entry.membership, self.space.kind, self.space.subject
        )
        self.closed |= dict.fromkeys(lost, NO_TIP)
        self.closed |= {device: (n, tip) for device, n, tip in entry.tips}


class Scene:
    """A circle with its log and its spaces, written by ``Phone``s.

    ``entry``, ``epoch_entry`` and ``content`` only make a version, with any header
    field overridden; ``enter``, ``begin`` and ``write`` also put it in place.
    """

    def __init__(
        self, name: str, founder: Phone = ANN, roles: Role = Role.LEADER,
        kind: CircleKind = CircleKind.GROUP,
    ) -> None:  # fmt: skip
        self.random = Chance(f"scene {name}")
        self.membership = Membership()
        self.genesis = self.founding(founder, roles, kind)
        self.circle = self.genesis.id
        self.log = Known(Space(self.circle, SpaceKind.CIRCLE), self.membership)
        self.log.take(self.genesis)
        self.spaces: dict[Space, Known] = {}
        self.keys: dict[bytes, list[EpochKey]] = {}

    def founding(self, by: Phone, roles: int, kind: int, **changes: Any) -> Version:
        """A genesis."""
        entry = entries.Genesis(
            kind, by.person, roles, by.identity.sign_key, by.identity.wrap_key,
            by.key, by.certificate,
        )  # fmt: skip
        entry = replace(entry, **changes)
        header = Header(
            by.suite, ZERO16, 0, bytes(8), Rule.CONTROL, 0, ZERO16, by.device, 1,
            ZERO32, View(), (), self.random(24),
        )  # fmt: skip
        return envelope.build(header, entries.encode(entry), by.sign)

    # -- the circle's log ---------------------------------------------------------

    def sign(self, by: Phone, where: Known, body: bytes, **changes: Any) -> Version:
        """A version that continues its device's chain, unless told otherwise."""
        return envelope.build(self.header(by, where, **changes), body, by.sign)

    def header(self, by: Phone, where: Known, **changes: Any) -> Header:
        """The header of the next version of a device."""
        n, tip = where.tip(by.device)
        usual = {
            "suite": by.suite, "space": where.space.id, "epoch": 0, "kid": bytes(8),
            "rule": Rule.CONTROL, "flags": 0, "rec": ZERO16, "device": by.device,
            "n": n + 1, "prev": tip, "view": where.view, "parents": (),
            "salt": self.random(24),
        }  # fmt: skip
        return Header(**{**usual, **changes})

    def entry(self, by: Phone, entry: entries.Entry, **changes: Any) -> Version:
        """An entry of the circle's log, not put in place."""
        return self.sign(by, self.log, entries.encode(entry), **changes)

    def enter(self, by: Phone, entry: entries.Entry) -> Version:
        """An entry of the circle's log."""
        version = self.entry(by, entry)
        self.log.take(version)
        return version

    def invite(self, by: Phone, whom: bytes, roles: Role) -> Invitation:
        """Open a place."""
        invitation = Invitation.new(self.random)
        self.enter(by, entries.Invite(whom, roles, invitation.public))
        return invitation

    def join_entry(
        self, invitation: Invitation, phone: Phone, circle: bytes = b""
    ) -> entries.Join:
        """What takes a place."""
        who = phone.identity
        entry = entries.Join(
            invitation.public, who.sign_key, who.wrap_key, phone.key,
            phone.certificate, bytes(64),
        )  # fmt: skip
        message = join_message(circle or self.circle, entry)
        proof = signing.sign(1, invitation.seed, labels.SIGN_JOIN, message)
        return replace(entry, proof=proof)

    def seat(self, by: Phone, phone: Phone, roles: Role) -> Phone:
        """Invite somebody and let them join."""
        invitation = self.invite(by, phone.person, roles)
        self.enter(phone, self.join_entry(invitation, phone))
        return phone

    def device(self, phone: Phone) -> entries.Device:
        """The entry by which a device certifies itself."""
        return entries.Device(phone.account, phone.key, phone.certificate)

    def grant(self, phone: Phone, roles: Role) -> entries.Grant:
        """The entry that seats an account known from elsewhere."""
        who = phone.identity
        return entries.Grant(phone.person, roles, who.sign_key, who.wrap_key)

    def removal(self, subject: Phone, what: int = entries.REMOVE_ACCOUNT) -> Any:
        """The entry that removes an account, or revokes a device."""
        device = what == entries.REMOVE_DEVICE
        return entries.Removal(
            self.membership.last_change, what,
            subject.device if device else subject.account,
        )  # fmt: skip

    def roles(self, phone: Phone, roles: int) -> entries.SetRoles:
        """The entry that changes roles."""
        return entries.SetRoles(self.membership.last_change, phone.account, roles)

    def copy(self) -> Scene:
        """The same people and logs, to go on in another way."""
        other = Scene.__new__(Scene)
        other.random = Chance(self.random.name.decode() + "'")
        other.genesis, other.circle = self.genesis, self.circle
        other.membership = Membership()
        other.log = Known(self.log.space, other.membership)
        for version in self.log.versions:
            other.log.take(version)
        other.spaces, other.keys = {}, {k: list(v) for k, v in self.keys.items()}
        for space, known in self.spaces.items():
            other.spaces[space] = Known(space, other.membership)
            for version in known.versions:
                other.spaces[space].take(version)
        return other

    # -- spaces -------------------------------------------------------------------

    def space(self, kind: SpaceKind, subject: bytes = ZERO16) -> Known:
        """One audience, from its empty log on."""
        space = Space(self.circle, kind, subject)
        return self.spaces.setdefault(space, Known(space, self.membership))

    def key(self, where: Known) -> EpochKey:
        """The key of the newest epoch."""
        return self.keys[where.space.id][-1]

    def new_key(self, where: Known) -> EpochKey:
        """A key for the next epoch, not used yet."""
        number = where.epoch.number + 1 if where.epoch else 1
        return EpochKey(1, where.space.id, number, self.random(32))

    def epoch_entry(
        self, where: Known, key: EpochKey, to: Iterable[bytes] | None = None,
        **changes: Any,
    ) -> entries.Epoch:  # fmt: skip
        """What begins the next epoch: proven, and with the right tips."""
        space, membership = where.space, self.membership
        readers = membership.readers(space.kind, space.subject)
        since = where.epoch.membership if where.epoch else ZERO32
        lost = membership.lost(since, membership.last_change, space.kind, space.subject)
        carried, link = self._proof(where, key)
        entry = entries.Epoch(
            space.circle, space.kind, space.subject,
            where.epoch.id if where.epoch else ZERO32, membership.last_change,
            key.commitment, carried, link,
            tuple((a,) for a in sorted(readers if to is None else to)),
            tuple(sorted((d, *where.tip(d)) for d in lost if where.tip(d)[0])),
        )  # fmt: skip
        return replace(entry, **changes)

    def _proof(
        self, where: Known, key: EpochKey
    ) -> tuple[tuple[tuple[bytes, bytes], ...], bytes]:
        if where.epoch is None:
            return (), ZERO32
        old = self.key(where)
        if kinds.SPACES[where.space.kind].carried:
            return ((old.kid, sealing.carry(key, old)),), ZERO32
        return (), old.link(key)

    def epoch(
        self, by: Phone, where: Known, key: EpochKey,
        entry: entries.Epoch | None = None, **changes: Any,
    ) -> Version:  # fmt: skip
        """The version that begins an epoch, not put in place."""
        entry = entry or self.epoch_entry(where, key)
        header = {"epoch": key.number, "kid": key.kid, **changes}
        return self.sign(by, where, entries.encode(entry), **header)

    def begin(self, by: Phone, where: Known, **changes: Any) -> EpochKey:
        """Begin the next epoch."""
        key = self.new_key(where)
        entry = self.epoch_entry(where, key, **changes)
        where.take(self.epoch(by, where, key, entry))
        self.keys.setdefault(where.space.id, []).append(key)
        return key

    def content(
        self, by: Phone, where: Known, content: bytes | None = TEXT, least: int = 256,
        key: EpochKey | None = None, **changes: Any,
    ) -> Version:  # fmt: skip
        """A version with content, sealed, not put in place."""
        key = key or self.key(where)
        usual = {
            "epoch": key.number, "kid": key.kid, "rule": Rule.LEAD,
            "rec": self.random(16), "flags": int(content is None),
        }  # fmt: skip
        header = self.header(by, where, **{**usual, **changes})
        if content is None:
            return envelope.build(header, b"", by.sign)
        body = sealing.seal_content(header, key, content, least)
        return envelope.build(header, body, by.sign)

    def write(self, by: Phone, where: Known, **changes: Any) -> Version:
        """A version with content."""
        version = self.content(by, where, **changes)
        where.take(version)
        return version

    # -- as JSON ------------------------------------------------------------------

    def to_json(self) -> Case:
        """Everything that stands in this scene."""
        return {
            "log": [wire(v) for v in self.log.versions],
            "spaces": [
                {"kind": s.kind, "subject": s.subject,
                 "versions": [wire(v) for v in known.versions]}
                for s, known in self.spaces.items()
            ],
        }  # fmt: skip


def a_group(name: str = "group") -> Scene:
    """Ann leads, Bob is a member; a frame, a room and Bob's thread have begun."""
    scene = Scene(name)
    scene.seat(ANN, BOB, Role.MEMBER)
    for kind, subject in (
        (SpaceKind.FRAME, ZERO16), (SpaceKind.ROOM, ZERO16),
        (SpaceKind.THREAD, BOB.person),
    ):  # fmt: skip
        scene.begin(ANN, scene.space(kind, subject))
    return scene


def wire(version: Version) -> list[Any]:
    """A version as vectors have it: header, signature, body (or null, its hash)."""
    if version.body is None:
        return [version.raw, version.signature, None, version.body_hash]
    return [version.raw, version.signature, version.body]


def hexed(value: Any) -> Any:
    """JSON: bytes as hex, enumerations as numbers, tuples as lists."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return int(value.value)
    if isinstance(value, dict):
        return {hexed(k): hexed(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [hexed(v) for v in value]
    return value


def flipped(data: bytes, bit: int) -> bytes:
    """One bit changed, counted from the highest bit of the first byte."""
    changed = bytearray(data)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


# -- encodings --------------------------------------------------------------------


def base64url() -> Case:
    """PROTOCOL 3.2."""
    good = [b"", b"\0", b"\xff", b"\xfb\xef", b"\xff\xff\xfe", bytes(range(16))]
    cases: list[Case] = [
        {"name": f"{len(data)} bytes, spelled {b64(data)!r}", "expect": "ok",
         "text": b64(data), "bytes": data}
        for data in good
    ]  # fmt: skip
    bad = {
        "padding": "AA==",
        "one character": "A",
        "five characters": "AAAAA",
        "unused bits set, two characters": "AB",
        "unused bits set, three characters": "AAB",
        "the other alphabet's plus": "+_-A",
        "the other alphabet's slash": "A/AA",
        "a space inside": "AA AA",
        "a line end": "AAAA\n",
        "a letter outside ASCII": "AAA\u00e9",
        "a NUL": "AAA\u0000",
    }
    cases += [
        {"name": f"refused: {name}", "expect": "bad_envelope", "text": text}
        for name, text in bad.items()
    ]
    cases.append({"name": "refused: not the right size", "expect": "bad_envelope",
                  "text": "AAAA", "size": 16})  # fmt: skip
    return {"about": "PROTOCOL 3.2: base64url, canonical, no padding", "cases": cases}


def codes() -> Case:
    """PROTOCOL 3.4."""
    cases: list[Case] = []
    for name, groups in (("account key", 8), ("invitation", 5)):
        secret = bytearray(Chance(name)(-(-groups * 20 // 8)))
        secret[-1] &= 0xFF if groups == 8 else 0xF0
        code = encoding.code_from_bytes(bytes(secret), groups)
        kind = {"groups": groups, "bytes": bytes(secret), "code": code}
        typings = {
            "as printed": code,
            "in lower case": code.lower(),
            "without dashes": code.replace("-", ""),
            "with spaces and a line end": code.replace("-", " ") + "\n",
            "with dashes that a word processor made": code.replace("-", "\u2011"),
            "with O, I and L": code.replace("0", "O").replace("1", "l"),
        }
        cases += [
            {"name": f"{name} {how}", "expect": "ok", "typed": typed, **kind}
            for how, typed in typings.items()
        ]
        for group in range(groups):
            at = group * 6 + group % 5
            other = "Z" if code[at] != "Z" else "Y"
            typed = code[:at] + other + code[at + 1 :]
            cases.append({
                "name": f"{name} with a wrong character in group {group + 1}",
                "expect": "bad_code", "typed": typed, "groups": groups,
                "group": group + 1,
            })  # fmt: skip
        swapped = code.split("-")
        swapped[0], swapped[1] = swapped[1], swapped[0]
        wrong = {
            "with two groups swapped": ("-".join(swapped), 1),
            "with U, which is in no code": ("U" + code[1:], 1),
            "cut short": (code[:-1], groups),
            "empty": ("", 1),
        }
        cases += [
            {"name": f"{name} {how}", "expect": "bad_code", "typed": typed,
             "groups": groups, "group": group}
            for how, (typed, group) in wrong.items()
        ]  # fmt: skip
        cases.append({"name": f"{name} with a group too many", "expect": "bad_code",
                      "typed": code + "-" + code[:5], "groups": groups})  # fmt: skip
    return {"about": "PROTOCOL 3.4: typed codes", "cases": cases}


def ids() -> Case:
    """PROTOCOL 3.3, 2.2, 5.1, 5.3."""
    who, circle = ANN.identity, Chance("a circle")(32)
    version, body_hash = Chance("a version")(32), Chance("a body")(32)
    cases: list[Case] = [
        {"name": "an account", "of": "account", "sign_key": who.sign_key,
         "wrap_key": who.wrap_key, "id": ANN.account},
        {"name": "another wrap key is another account", "of": "account",
         "sign_key": who.sign_key, "wrap_key": BOB.identity.wrap_key,
         "id": account_id(who.sign_key, BOB.identity.wrap_key)},
        {"name": "a device", "of": "device", "device_key": ANN.key, "id": ANN.device},
        {"name": "a head", "of": "head", "head": ZERO32, "version": version,
         "id": envelope.next_head(ZERO32, version)},
        {"name": "the next head", "of": "head",
         "head": envelope.next_head(ZERO32, version), "version": body_hash,
         "id": envelope.next_head(envelope.next_head(ZERO32, version), body_hash)},
        {"name": "a version", "of": "version", "header": b"any bytes",
         "body_hash": body_hash, "id": envelope.version_id(b"any bytes", body_hash)},
        {"name": "a key", "of": "kid", "secret": Chance("a key")(32),
         "id": EpochKey(1, ZERO16, 1, Chance("a key")(32)).kid},
    ]  # fmt: skip
    for kind in SpaceKind:
        subject = BOB.person if kind is SpaceKind.THREAD else ZERO16
        cases.append({
            "name": f"the space {kind.name.lower()}", "of": "space", "circle": circle,
            "kind": kind, "subject": subject, "id": space_id(circle, kind, subject),
        })  # fmt: skip
    for rule in (Rule.LEAD, Rule.OWN, Rule.ALL):
        cases.append({
            "name": f"a record under {rule.name.lower()}", "of": "record",
            "rule": rule, "account": BOB.account, "rec": body_hash[:16],
            "id": envelope.record_key(rule, BOB.account, body_hash[:16]),
        })  # fmt: skip
    cases = [{**case, "expect": "ok"} for case in cases]
    return {"about": "PROTOCOL 2.2, 3.3, 5.1, 5.3, 6.2: names by hash", "cases": cases}


def tables() -> Case:
    """PROTOCOL 2.3, 2.4, 4.3, 12."""
    spaces = [
        {"name": kind.name.lower(), "expect": "ok", "of": "space", "kind": kind,
         "circle": row.circle, "readers": row.readers, "lead": row.lead,
         "rotate": row.rotate, "carried": row.carried, "automatic": row.automatic,
         "by_person": row.by_person, "least": row.least}
        for kind, row in kinds.SPACES.items()
    ]  # fmt: skip
    authority = [
        {"name": f"whom a {role.name or ''} of a {kind.name} may seat".lower(),
         "expect": "ok", "of": "authority", "circle": kind, "role": role, "over": over}
        for kind, table in kinds.AUTHORITY.items()
        for role, over in table.items()
    ]  # fmt: skip
    registry = [
        {"name": f"the label {name}", "expect": "ok", "of": "label", "label": name,
         "bytes": bytes(value)}
        for name, value in labels.REGISTRY.items()
    ]  # fmt: skip
    about = "PROTOCOL 2.3, 2.4, 4.3, 12: the tables, as data"
    return {"about": about, "cases": [*spaces, *authority, *registry]}


# -- strict Ed25519 ---------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]
_BASE_Y = 4 * pow(5, -1, P) % P


def _x_of(y: int, sign: int) -> int:
    xx = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - xx) % P:
        raise ValueError("not on the curve")
    return P - x if x & 1 != sign else x


def add(a: Point, b: Point) -> Point:
    """Point addition on Ed25519, for making bad keys only."""
    k = _D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + k, -1, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P) % P
    return x, y


def times(k: int, a: Point) -> Point:
    """Scalar multiplication."""
    found: Point = (0, 1)
    while k:
        if k & 1:
            found = add(found, a)
        a, k = add(a, a), k >> 1
    return found


def point(data: bytes) -> Point:
    """Decode a point."""
    number = int.from_bytes(data, "little")
    y = number & (1 << 255) - 1
    return _x_of(y, number >> 255), y


def spelled(a: Point, y_plus: int = 0) -> bytes:
    """Encode a point; ``y_plus`` gives a spelling that is not canonical."""
    return (a[1] + y_plus | (a[0] & 1) << 255).to_bytes(32, "little")


BASE: Point = (_x_of(_BASE_Y, 0), _BASE_Y)
# A point of order 8: a multiple by the prime order of one outside the main subgroup.
TORSION = next(
    t for t in (times(ORDER, (_x_of(y, 0), y)) for y in (3, 6, 10, 11, 12))
    if times(4, t) != (0, 1)
)  # fmt: skip


def _challenge(r: bytes, key: bytes, message: bytes) -> int:
    digest = hashlib.sha512(r + key + message).digest()
    return int.from_bytes(digest, "little") % ORDER


def _forged(key: bytes, a: int, message: bytes, torsion: int = 0) -> bytes:
    """A signature by the scalar ``a``, whose challenge a torsion point divides."""
    for nonce in range(2, 2000):
        r = spelled(add(times(nonce, BASE), times(torsion, TORSION)))
        k = _challenge(r, key, message)
        if k % 8 == 0 or torsion:
            return r + ((nonce + k * a) % ORDER).to_bytes(32, "little")
    raise AssertionError("no such nonce")


def signatures() -> Case:
    """PROTOCOL 5.5, SEC-07."""
    label, message = labels.SIGN_VERSION, Chance("signed")(32)
    signed = signing.sign(1, ANN.seed, label, message)
    s = int.from_bytes(signed[32:], "little")
    genuine = {"suite": 1, "key": ANN.key, "label": bytes(label),
               "message": message, "signature": signed}  # fmt: skip

    def bad(name: str, code: str = "bad_signature", **changes: Any) -> Case:
        return {"name": name, "expect": code, **genuine, **changes}

    cases: list[Case] = [{"name": "a genuine signature", "expect": "ok", **genuine}]
    for name, other in labels.REGISTRY.items():
        if name.startswith("SIGN_"):
            made = signing.sign(1, ANN.seed, other, message)
            cases.append({**genuine, "name": f"genuine under {name}", "expect": "ok",
                          "label": bytes(other), "signature": made})  # fmt: skip
            if other != label:
                cases.append(bad(f"made under {name}, shown as a version's",
                                 signature=made))  # fmt: skip
    malleable = signed[:32] + (s + ORDER).to_bytes(32, "little")
    cases += [
        bad("S + L, which a lax verifier takes", signature=malleable),
        bad("S = L", signature=signed[:32] + ORDER.to_bytes(32, "little")),
        bad("R changed in one bit", signature=flipped(signed, 3)),
        bad("S changed in one bit", signature=flipped(signed, 300)),
        bad("another message", message=Chance("another")(32)),
        bad("another key", key=BOB.key),
        bad("a signature of 63 bytes", signature=signed[:63]),
        bad("a signature of 65 bytes", signature=signed + b"\0"),
        bad("a key of 31 bytes", key=ANN.key[:31]),
        bad("a key of 33 bytes", key=ANN.key + b"\0"),
        bad("no signature at all", signature=bytes(64)),
        bad("a suite that is not known", "upgrade_required", suite=2),
        bad("suite 0", "upgrade_required", suite=0),
    ]
    whole = bytes(label) + message
    for order in range(8):
        key = spelled(times(order, TORSION))
        fits = _forged(key, 0, whole)
        name = "the identity point" if order == 0 else f"small-order point {order}"
        cases.append(bad(f"{name} as key, with a signature that fits it", key=key,
                         signature=fits))  # fmt: skip
    odd = {
        "y = 1 with the sign bit set": (1 | 1 << 255).to_bytes(32, "little"),
        "y = p - 1 with the sign bit set": (P - 1 | 1 << 255).to_bytes(32, "little"),
        "y = p, which is 0 once more": P.to_bytes(32, "little"),
        "y = p + 1, the identity once more": (P + 1).to_bytes(32, "little"),
        "y = p + 3, an ordinary point once more": (P + 3).to_bytes(32, "little"),
        "y = 2^255 - 1": ((1 << 255) - 1).to_bytes(32, "little"),
        "all ones": b"\xff" * 32,
        "y = 2, not on the curve": (2).to_bytes(32, "little"),
    }
    for name, key in odd.items():
        cases.append(bad(f"key that is not canonical: {name}", key=key,
                         signature=_forged(key, 0, whole)))  # fmt: skip
    scalar = int.from_bytes(Chance("scalar")(32), "little") % ORDER
    honest = spelled(times(scalar, BASE))
    mixed = spelled(add(times(scalar, BASE), TORSION))
    cases += [
        {**genuine, "name": "a key made from a bare scalar", "expect": "ok",
         "key": honest, "signature": _forged(honest, scalar, whole)},
        bad("a mixed-torsion key, with a signature that fits it", key=mixed,
            signature=_forged(mixed, scalar, whole)),
        bad("R with torsion, which a cofactored verifier takes", key=honest,
            signature=_forged(honest, scalar, whole, torsion=1)),
    ]  # fmt: skip
    return {"about": "PROTOCOL 5.5, SEC-07: strict Ed25519 with labels", "cases": cases}


# -- headers, versions, entries ---------------------------------------------------

FIELDS = (
    ("label", 15), ("suite", 1), ("space", 16), ("epoch", 4), ("kid", 8), ("rule", 1),
    ("flags", 1), ("rec", 16), ("device", 16), ("n", 8), ("prev", 32),
    ("view inc", 4), ("view seq", 8), ("view head", 32), ("parent count", 1),
)  # fmt: skip


def _place(field: str) -> tuple[int, int]:
    at = 0
    for name, size in FIELDS:
        if name == field:
            return at, size
        at += size
    raise KeyError(field)


def _with(raw: bytes, field: str, value: int) -> bytes:
    at, size = _place(field)
    return raw[:at] + value.to_bytes(size, "big") + raw[at + size :]


def _header(**changes: Any) -> Header:
    chance = Chance("a header")
    parents = tuple(sorted(chance(32) for _ in range(2)))
    usual = {
        "suite": 1, "space": chance(16), "epoch": 3, "kid": chance(8),
        "rule": Rule.OWN, "flags": 0, "rec": chance(16), "device": ANN.device,
        "n": 7, "prev": chance(32), "view": View(2, 40, chance(32)),
        "parents": parents, "salt": chance(24),
    }  # fmt: skip
    return Header(**{**usual, **changes})


def headers() -> Case:
    """PROTOCOL 5.1."""
    many = tuple(sorted(Chance(f"parent {i}")(32) for i in range(9)))
    good = {
        "with two parents": _header(),
        "without parents": _header(parents=()),
        "with eight parents": _header(parents=many[:8]),
        "first of its device": _header(n=1, prev=ZERO32),
        "a deletion": _header(flags=1),
        "control": _header(rule=Rule.CONTROL, rec=ZERO16, parents=()),
        "rule lead": _header(rule=Rule.LEAD),
        "rule all": _header(rule=Rule.ALL),
        "before anything was seen": _header(view=View()),
        "at the upper limits": _header(
            epoch=2**31 - 1, n=2**63 - 1, view=View(2**31 - 1, 2**63 - 1, ZERO32)
        ),
        "of a suite that is not known, which layout does not judge": _header(suite=9),
    }
    cases: list[Case] = [
        {"name": name, "expect": "ok", "header": bytes(header),
         "fields": {**vars(header), "view": [*vars(header.view).values()]}}
        for name, header in good.items()
    ]  # fmt: skip
    raw, first = bytes(_header()), bytes(_header(n=1, prev=ZERO32))
    one, two = _header().parents
    after = _place("parent count")[0] + 1
    bad = {
        "empty": b"",
        "another label": b"enid/version/2\0" + raw[15:],
        "one byte short": raw[:-1],
        "one byte left over": raw + b"\0",
        "cut in the middle": raw[:100],
        "rule 4": _with(raw, "rule", 4),
        "rule 255": _with(raw, "rule", 255),
        "a flag that has no meaning": _with(raw, "flags", 2),
        "deletion and another flag": _with(raw, "flags", 3),
        "n = 0": _with(first, "n", 0),
        "n of 64 bits": _with(raw, "n", 2**63),
        "n = 1 with a version before it": _with(raw, "n", 1),
        "n = 2 without a version before it": _with(first, "n", 2),
        "epoch of 32 bits": _with(raw, "epoch", 2**31),
        "view inc of 32 bits": _with(raw, "view inc", 2**31),
        "view seq of 64 bits": _with(raw, "view seq", 2**63),
        "parents in the wrong order": raw[:after] + two + one + raw[after + 64 :],
        "one parent twice": raw[:after] + one + one + raw[after + 64 :],
        "more parents counted than there are": _with(raw, "parent count", 3),
        "fewer parents counted than there are": _with(raw, "parent count", 1),
        "nine parents": bytes(_header(parents=many)),
        "255 parents counted": _with(raw, "parent count", 255),
    }
    cases += [
        {"name": f"refused: {name}", "expect": "bad_envelope", "header": data}
        for name, data in bad.items()
    ]
    return {"about": "PROTOCOL 5.1: the one header", "cases": cases}


# What a change of the lowest bit of each part of a version is refused with.
_BITS = {
    "label": "bad_envelope", "suite": "upgrade_required", "space": "bad_signature",
    "epoch": "bad_signature", "kid": "bad_signature", "rule": "bad_signature",
    "flags": "bad_signature", "rec": "bad_signature", "device": "bad_signature",
    "n": "bad_signature", "prev": "bad_signature", "view inc": "bad_signature",
    "view seq": "bad_signature", "view head": "bad_signature",
    "parent count": "bad_envelope",
}  # fmt: skip


def versions() -> Case:
    """PROTOCOL 5.1, 5.2."""
    key = EpochKey(1, _header().space, 3, Chance("an epoch key")(32))
    header = _header(kid=key.kid)
    body = sealing.seal_content(header, key, TEXT, 256)
    made = envelope.build(header, body, ANN.sign)
    deletion = envelope.build(_header(flags=1), b"", ANN.sign)
    genuine = {"device_key": ANN.key, "version": wire(made)}
    dropped = [made.raw, made.signature, None, made.body_hash]

    def changed(name: str, code: str, **parts: Any) -> Case:
        names = ("header", "signature", "body")
        row = [parts.get(n, v) for n, v in zip(names, wire(made), strict=True)]
        return {"name": name, "expect": code, "device_key": ANN.key, "version": row}

    cases: list[Case] = [
        {"name": "a sealed version", "expect": "ok", "id": made.id, **genuine},
        {"name": "the same once its body was dropped", "expect": "ok", "id": made.id,
         "device_key": ANN.key, "version": dropped},
        {"name": "a deletion", "expect": "ok", "id": deletion.id,
         "device_key": ANN.key, "version": wire(deletion)},
        {"name": "neither body nor hash", "expect": "bad_envelope",
         "device_key": ANN.key, "version": [made.raw, made.signature, None]},
        {"name": "a body hash of 31 bytes", "expect": "bad_envelope",
         "device_key": ANN.key, "version": [*dropped[:3], made.body_hash[:31]]},
        {"name": "another body's hash", "expect": "bad_signature",
         "device_key": ANN.key, "version": [*dropped[:3], sha256(b"other")]},
        {"name": "shown as another device's", "expect": "bad_signature",
         "device_key": BOB.key, "version": wire(made)},
        changed("a signature of 63 bytes", "bad_envelope",
                signature=made.signature[:63]),
        changed("a body of 65,585 bytes", "too_large", body=bytes(65585)),
        changed("no body under a body's signature", "bad_signature", body=b""),
        changed("one byte after the body", "bad_signature", body=body + b"\0"),
    ]  # fmt: skip
    for field, code in _BITS.items():
        at, size = _place(field)
        raw = flipped(made.raw, (at + size) * 8 - 1)
        name = f"one bit changed in the header: {field}"
        cases.append(changed(name, code, header=raw))
    end = len(made.raw)
    spots = {
        "header: a parent": ("header", made.raw, (end - 24) * 8 - 1),
        "header: the salt": ("header", made.raw, end * 8 - 1),
        "signature: R": ("signature", made.signature, 8),
        "signature: S": ("signature", made.signature, 263),
        "signature: the highest bit of S": ("signature", made.signature, 63 * 8),
        "body: the commitment": ("body", body, 0),
        "body: the ciphertext": ("body", body, 1000),
        "body: the tag": ("body", body, len(body) * 8 - 1),
    }
    for name, (part, data, bit) in spots.items():
        row = {part: flipped(data, bit)}
        cases.append(changed(f"one bit changed in the {name}", "bad_signature", **row))
    return {"about": "PROTOCOL 5.1: parse, then verify under the device key",
            "cases": cases}  # fmt: skip


def control() -> Case:
    """PROTOCOL 4.1."""
    chance, who = Chance("entries"), ANN.identity
    epoch = entries.Epoch(
        chance(32), SpaceKind.REGISTER, ZERO16, chance(32), chance(32), chance(32),
        ((chance(8), chance(80)), (chance(8), chance(80))), chance(32),
        tuple((a,) for a in sorted((ANN.account, BOB.account))),
        tuple(sorted(((ANN.device, 3, chance(32)), (BOB.device, 2**40, chance(32))))),
    )  # fmt: skip
    good: list[entries.Entry] = [
        entries.Genesis(2, ANN.person, 2, who.sign_key, who.wrap_key, ANN.key,
                        ANN.certificate),
        entries.Invite(BOB.person, 1, chance(32)),
        entries.Revoke(chance(32)),
        entries.Join(chance(32), who.sign_key, who.wrap_key, ANN.key,
                     ANN.certificate, chance(64)),
        entries.Grant(BOB.person, 3, who.sign_key, who.wrap_key),
        entries.Device(ANN.account, ANN_2.key, ANN_2.certificate),
        entries.SetRoles(ZERO32, BOB.account, 511),
        entries.Removal(chance(32), 1, BOB.account),
        entries.Removal(chance(32), 2, BOB.device),
        entries.Listing(chance(32), 1),
        entries.Listing(chance(32), 0),
        epoch,
        replace(epoch, carried=(), link=ZERO32, wrapped=(), tips=()),
    ]  # fmt: skip
    cases: list[Case] = [
        {"name": f"{place}: {type(entry).__name__.lower()}", "expect": "ok",
         "bytes": entries.encode(entry), "number": entry.number,
         "fields": vars(entry)}
        for place, entry in enumerate(good)
    ]  # fmt: skip
    seen = set()
    for entry in good:
        name, data = type(entry).__name__.lower(), entries.encode(entry)
        if name not in seen:
            seen.add(name)
            cases += [
                {"name": f"{name} with a byte left over", "expect": "bad_envelope",
                 "bytes": data + b"\0"},
                {"name": f"{name} one byte short", "expect": "bad_envelope",
                 "bytes": data[:-1]},
            ]  # fmt: skip
    rows = list(epoch.wrapped), list(epoch.tips)
    bad = {
        "no bytes at all": ("bad_envelope", b""),
        "number 0": ("upgrade_required", b"\0" * 40),
        "number 10": ("upgrade_required", b"\x0a" * 40),
        "number 17": ("upgrade_required", b"\x11" + entries.encode(epoch)[1:]),
        "number 255": ("upgrade_required", b"\xff"),
        "an epoch whose accounts are out of order": (
            "bad_envelope",
            entries.encode(replace(epoch, wrapped=tuple(rows[0][::-1]))),
        ),
        "an epoch with an account twice": (
            "bad_envelope",
            entries.encode(replace(epoch, wrapped=(rows[0][0], rows[0][0]))),
        ),
        "an epoch whose tips are out of order": (
            "bad_envelope",
            entries.encode(replace(epoch, tips=tuple(rows[1][::-1]))),
        ),
        "an epoch that counts more accounts than it has": (
            "bad_envelope",
            entries.encode(replace(epoch, wrapped=(), tips=()))[:-4] + b"\xff" * 4,
        ),
    }
    cases += [
        {"name": f"refused: {name}", "expect": code, "bytes": data}
        for name, (code, data) in bad.items()
    ]
    return {"about": "PROTOCOL 4.1: control entries", "cases": cases}


# -- circles' logs ----------------------------------------------------------------


def _folded(membership: Membership) -> Case:
    """What a log says, for comparison."""
    people = {a.person for a in membership.accounts.values()}
    acting = {p: membership.acting(p) for p in sorted(people)}
    return {
        "circle": membership.circle, "kind": membership.kind,
        "accounts": [
            {"account": a.id, "person": a.person, "roles": a.roles, "ever": a.ever}
            for _, a in sorted(membership.accounts.items())
        ],
        "devices": [
            {"device": d, "account": s.account, "revoked": s.revoked}
            for d, s in sorted(membership.devices.items())
        ],
        "places": [
            {"key": k, "person": p.person, "roles": p.roles, "state": p.state}
            for k, p in sorted(membership.invites.items())
        ],
        "groups": sorted(membership.groups),
        "changes": [c.id for c in membership.changes],
        "acting": {p: a.id for p, a in acting.items() if a},
    }  # fmt: skip


class _Cases:
    """Collects cases that judge one more version in a scene."""

    def __init__(self) -> None:
        self.scenes: dict[str, Case] = {}
        self.cases: list[Case] = []

    def add(
        self, name: str, expect: str, scene: Scene, version: Version | list[Any],
        where: Known | None = None, serving: Case | None = None, **more: Any,
    ) -> None:  # fmt: skip
        """One case; ``where`` is the circle's log unless given."""
        known = scene.to_json()
        label = next((k for k, v in self.scenes.items() if v == known), None)
        if label is None:
            label = f"scene {len(self.scenes) + 1}"
            self.scenes[label] = known
        space = (where or scene.log).space
        row = version if isinstance(version, list) else wire(version)
        case = {"name": name, "expect": expect, "scene": label, "kind": space.kind,
                "subject": space.subject, "version": row, **more}  # fmt: skip
        self.cases.append(case if serving is None else {**case, "serving": serving})

    def to_json(self, about: str) -> Case:
        """The file."""
        return {"about": about, "scenes": self.scenes, "cases": self.cases}


def logs() -> Case:
    """PROTOCOL 4."""
    found = _Cases()

    def good(name: str, scene: Scene, by: Phone, entry: entries.Entry) -> None:
        version, after = scene.entry(by, entry), scene.copy()
        after.log.take(version)
        found.add(name, "ok", scene, version, after=_folded(after.membership))

    def bad(name: str, code: str, scene: Scene, by: Phone, entry: Any) -> None:
        found.add(name, code, scene, scene.entry(by, entry))

    _good_logs(good)
    _bad_logs(bad)
    _geneses(found)
    return found.to_json("PROTOCOL 4: one more entry in a circle's log")


def _good_logs(good: Callable[[str, Scene, Phone, entries.Entry], None]) -> None:
    alone = Scene("alone")
    open_place = alone.copy()
    invitation = open_place.invite(ANN, BOB.person, Role.MEMBER)
    two = Scene("two leaders")
    two.seat(ANN, LEE, Role.LEADER)
    two.seat(LEE, BOB, Role.MEMBER)
    good(
        "a leader invites a member",
        alone,
        ANN,
        entries.Invite(BOB.person, Role.MEMBER, Invitation.new(alone.random).public),
    )
    good(
        "a leader invites the first coordinator",
        alone,
        ANN,
        entries.Invite(CORA.person, Role.COORDINATOR, BOB.key),
    )
    good("somebody joins", open_place, BOB, open_place.join_entry(invitation, BOB))
    good(
        "a place is closed by who opened it",
        open_place,
        ANN,
        entries.Revoke(invitation.public),
    )
    good(
        "a leader grants a seat",
        alone,
        ANN,
        alone.grant(LEE, Role.LEADER | Role.MEMBER),
    )
    good("a second device certifies itself", alone, ANN_2, alone.device(ANN_2))
    good("a leader removes a member", two, ANN, two.removal(BOB))
    good("a member leaves", two, BOB, two.removal(BOB))
    good("a leader removes a leader", two, ANN, two.removal(LEE))
    good("a leader makes a member a leader", two, LEE, two.roles(BOB, Role.LEADER))
    good(
        "a leader revokes a member's device",
        two,
        ANN,
        two.removal(BOB, entries.REMOVE_DEVICE),
    )
    good(
        "somebody revokes their own device",
        two,
        BOB,
        two.removal(BOB, entries.REMOVE_DEVICE),
    )
    gone = two.copy()
    gone.enter(ANN, gone.removal(BOB))
    good(
        "somebody who left is seated again by a grant",
        gone,
        ANN,
        gone.grant(BOB, Role.OBSERVER),
    )
    good("a removal follows a removal", gone, ANN, gone.removal(LEE))
    again = gone.copy()
    place = again.invite(LEE, BOB.person, Role.MEMBER)
    good(
        "a new account joins for the same person, and acts for it",
        again,
        MAL,
        again.join_entry(place, MAL),
    )
    programme = Scene("programme", CORA, Role.COORDINATOR, CircleKind.PROGRAMME)
    good("a coordinator lists a group", programme, CORA, entries.Listing(two.circle, 1))
    listed = programme.copy()
    listed.enter(CORA, entries.Listing(two.circle, 1))
    good("a coordinator drops a group", listed, CORA, entries.Listing(two.circle, 0))


def _bad_logs(bad: Callable[[str, str, Scene, Phone, Any], None]) -> None:
    scene = Scene("refusals")
    scene.seat(ANN, BOB, Role.MEMBER)
    scene.seat(ANN, CORA, Role.COORDINATOR)
    place = scene.invite(ANN, LEE.person, Role.LEADER)
    closed = scene.invite(ANN, LEE.person, Role.LEADER)
    scene.enter(ANN, entries.Revoke(closed.public))
    fresh, joins = Invitation.new(scene.random), scene.join_entry(place, MAL)
    invite = entries.Invite(LEE.person, Role.MEMBER, fresh.public)
    bad("a member invites", "role_denied", scene, BOB, invite)
    bad(
        "a leader invites a coordinator where there is one",
        "role_denied",
        scene,
        ANN,
        replace(invite, roles=Role.COORDINATOR),
    )
    bad(
        "an invitation for an owner",
        "role_denied",
        scene,
        ANN,
        replace(invite, roles=Role.OWNER),
    )
    bad("an invitation for no role", "bad_entry", scene, ANN, replace(invite, roles=0))
    bad(
        "an invitation for a role that has no meaning",
        "upgrade_required",
        scene,
        ANN,
        replace(invite, roles=512),
    )
    bad(
        "an invite key that stands in the log",
        "bad_entry",
        scene,
        ANN,
        replace(invite, invite_key=place.public),
    )
    bad(
        "an invite key of small order",
        "bad_signature",
        scene,
        ANN,
        replace(invite, invite_key=spelled((0, 1))),
    )
    bad("a stranger's entry", "unknown_author", scene, MAL, invite)
    bad(
        "a place is closed by somebody without authority",
        "role_denied",
        scene,
        BOB,
        entries.Revoke(place.public),
    )
    bad(
        "a place that nobody opened is closed",
        "unknown_invite",
        scene,
        ANN,
        entries.Revoke(fresh.public),
    )
    bad(
        "a place is closed twice",
        "invite_used",
        scene,
        ANN,
        entries.Revoke(closed.public),
    )
    bad(
        "a join without an invitation",
        "unknown_invite",
        scene,
        MAL,
        scene.join_entry(fresh, MAL),
    )
    bad(
        "a join with a revoked invitation",
        "invite_used",
        scene,
        MAL,
        scene.join_entry(closed, MAL),
    )
    bad(
        "a join proven for another circle",
        "bad_signature",
        scene,
        MAL,
        scene.join_entry(place, MAL, circle=sha256(b"elsewhere")),
    )
    bad(
        "a join with another invitation's proof",
        "bad_signature",
        scene,
        MAL,
        replace(scene.join_entry(fresh, MAL), invite_key=place.public),
    )
    bad(
        "a join with the server's keys in place of the joiner's (SEC-06)",
        "bad_signature",
        scene,
        MAL,
        replace(joins, wrap_key=ANN.identity.wrap_key),
    )
    bad(
        "a join with another's certificate",
        "bad_signature",
        scene,
        MAL,
        replace(joins, certificate=LEE.certificate),
    )
    bad(
        "a join by an account that is seated",
        "bad_entry",
        scene,
        Phone("b2", "bob"),
        scene.join_entry(place, Phone("b2", "bob")),
    )
    bad("a join whose device key is not its author's", "bad_entry", scene, LEE, joins)
    used = scene.copy()
    used.enter(MAL, scene.join_entry(place, MAL))
    bad(
        "an invitation used twice",
        "invite_used",
        used,
        LEE,
        used.join_entry(place, LEE),
    )
    bad(
        "a member grants a seat",
        "role_denied",
        scene,
        BOB,
        scene.grant(MAL, Role.MEMBER),
    )
    bad(
        "a grant to an account that is seated",
        "bad_entry",
        scene,
        ANN,
        scene.grant(BOB, Role.LEADER),
    )
    bad(
        "a grant to a small-order key",
        "bad_signature",
        scene,
        ANN,
        replace(scene.grant(MAL, Role.MEMBER), sign_key=spelled((0, 1))),
    )
    bad(
        "a device certified by nobody (SEC-04)",
        "bad_signature",
        scene,
        ANN_2,
        replace(scene.device(ANN_2), certificate=bytes(64)),
    )
    bad(
        "a device certified by another account (SEC-04)",
        "bad_signature",
        scene,
        MAL,
        replace(scene.device(MAL), account=ANN.account),
    )
    bad(
        "a device of an account that is not seated",
        "role_denied",
        scene,
        MAL,
        scene.device(MAL),
    )
    bad(
        "a device that is in the log already",
        "bad_entry",
        scene,
        BOB,
        scene.device(BOB),
    )
    bad(
        "a leader removes a coordinator", "role_denied", scene, ANN, scene.removal(CORA)
    )
    bad("a member removes a leader", "role_denied", scene, BOB, scene.removal(ANN))
    bad(
        "a member makes themselves a leader",
        "role_denied",
        scene,
        BOB,
        scene.roles(BOB, Role.LEADER),
    )
    bad("a role change to no role", "bad_entry", scene, CORA, scene.roles(BOB, 0))
    bad(
        "a removal of somebody who is not there",
        "bad_entry",
        scene,
        ANN,
        scene.removal(MAL),
    )
    bad(
        "a removal of something else",
        "bad_entry",
        scene,
        ANN,
        replace(scene.removal(BOB), what=3),
    )
    bad(
        "a removal of an unknown device",
        "unknown_author",
        scene,
        ANN,
        scene.removal(MAL, entries.REMOVE_DEVICE),
    )
    bad(
        "an epoch in a circle's log",
        "bad_entry",
        scene,
        ANN,
        entries.Epoch(scene.circle, 2, ZERO16, ZERO32, ZERO32, ZERO32),
    )
    bad(
        "a listing in a group",
        "role_denied",
        scene,
        CORA,
        entries.Listing(scene.circle, 1),
    )
    after = scene.copy()
    stale = after.removal(CORA)
    after.enter(CORA, after.removal(BOB))
    bad("a change that does not know the last one", "head_moved", after, CORA, stale)
    bad(
        "a change that names a later one",
        "head_moved",
        scene,
        ANN,
        replace(scene.removal(BOB), after=sha256(b"later")),
    )
    bad("somebody who was removed invites", "role_denied", after, BOB, invite)
    bad(
        "a new device of somebody who was removed",
        "role_denied",
        after,
        Phone("b2", "bob"),
        after.device(Phone("b2", "bob")),
    )
    revoked = scene.copy()
    revoked.enter(ANN, revoked.removal(BOB, entries.REMOVE_DEVICE))
    bad(
        "a revoked device leaves the circle",
        "device_revoked",
        revoked,
        BOB,
        revoked.removal(BOB),
    )
    bad(
        "a device is revoked twice",
        "bad_entry",
        revoked,
        ANN,
        revoked.removal(BOB, entries.REMOVE_DEVICE),
    )
    programme = Scene("listings", CORA, Role.COORDINATOR, CircleKind.PROGRAMME)
    bad(
        "a group is dropped that was not listed",
        "bad_entry",
        programme,
        CORA,
        entries.Listing(scene.circle, 0),
    )
    bad(
        "a listing that is neither",
        "bad_entry",
        programme,
        CORA,
        entries.Listing(scene.circle, 2),
    )


def _geneses(found: _Cases) -> None:
    scene = Scene("geneses")
    empty = Scene.copy(scene)
    empty.log.versions.clear()

    def begun(name: str, code: str, version: Version, circle: bytes = b"") -> None:
        found.add(name, code, empty, version, circle=circle or version.id)

    begun("a genesis", "ok", scene.genesis)
    begun(
        "a genesis of an unknown kind of circle",
        "upgrade_required",
        scene.founding(ANN, 2, 9),
    )
    begun("a genesis without a role", "bad_entry", scene.founding(ANN, 0, 2))
    begun(
        "a genesis with a role that has no meaning",
        "upgrade_required",
        scene.founding(ANN, 1024, 2),
    )
    begun(
        "a genesis with another's certificate",
        "bad_signature",
        scene.founding(ANN, 2, 2, certificate=BOB.certificate),
    )
    begun(
        "a genesis whose device key is not its author's",
        "bad_entry",
        scene.founding(ANN, 2, 2, device_key=BOB.key),
    )
    begun(
        "a genesis that began another circle than the one asked for",
        "bad_entry",
        scene.founding(MAL, 2, 2),
        scene.circle,
    )
    begun(
        "a log that begins with an invitation",
        "unknown_author",
        scene.entry(ANN, entries.Invite(BOB.person, 1, BOB.key)),
        scene.circle,
    )
    found.add("a second genesis", "chain_conflict", scene, scene.founding(ANN, 2, 2))
    found.add(
        "a second genesis by somebody else",
        "bad_entry",
        scene,
        scene.founding(MAL, 2, 2),
    )
    invite = entries.Invite(BOB.person, 1, BOB.key)
    odd: dict[str, tuple[str, Case]] = {
        "with a record id": ("bad_envelope", {"rec": bytes(15) + b"\1"}),
        "that deletes": ("bad_envelope", {"flags": 1}),
        "with a parent": ("bad_envelope", {"parents": (scene.circle,)}),
        "under an epoch": ("bad_entry", {"epoch": 1}),
        "with a key id": ("bad_entry", {"kid": b"\1" * 8}),
        "of another space": ("bad_envelope", {"space": bytes(16)}),
        "of another suite": ("bad_envelope", {"suite": 2}),
        "that leaves a gap in its device's chain": ("chain_conflict", {"n": 3}),
        "that does not follow its device's last": (
            "chain_conflict", {"prev": sha256(b"other")},
        ),
    }  # fmt: skip
    for name, (code, changes) in odd.items():
        found.add(f"an entry {name}", code, scene, scene.entry(ANN, invite, **changes))
    found.add(
        "an entry of an unknown number",
        "upgrade_required",
        scene,
        scene.sign(ANN, scene.log, b"\x0b" + bytes(32)),
    )
    found.add(
        "an entry signed by another device",
        "bad_signature",
        scene,
        _signed_by(BOB, scene.entry(ANN, invite)),
    )
    found.add(
        "an entry without its body",
        "bad_envelope",
        scene,
        [*wire(scene.entry(ANN, invite))[:2], None, sha256(entries.encode(invite))],
    )
    found.add(
        "content in a circle's log",
        "bad_entry",
        scene,
        scene.sign(ANN, scene.log, bytes(304), rule=Rule.ALL),
    )


def _signed_by(phone: Phone, version: Version) -> Version:
    return replace(version, signature=phone.sign(version.id))


# -- spaces -----------------------------------------------------------------------

HERE = {"inc": 1, "settled": True}


def judging() -> Case:
    """PROTOCOL 8."""
    found = _Cases()
    _contents(found)
    _epochs(found)
    _restored(found)
    _removed(found)
    return found.to_json("PROTOCOL 8: one more version in a space, judged by check()")


def _both(
    found: _Cases, name: str, expect: str, scene: Scene, version: Version, where: Known
) -> None:
    """What server and clients answer alike."""
    found.add(name, expect, scene, version, where)
    found.add(f"{name} (server)", expect, scene, version, where, HERE)


def _contents(found: _Cases) -> None:
    scene = a_group("contents")
    frame, room = (scene.space(k) for k in (SpaceKind.FRAME, SpaceKind.ROOM))
    thread = scene.space(SpaceKind.THREAD, BOB.person)
    first = scene.write(ANN, frame)
    mine = scene.write(BOB, room, rule=Rule.OWN, least=1024)
    _both(found, "a leader's record", "ok", scene, scene.content(ANN, frame), frame)
    _both(
        found,
        "a member's own record",
        "ok",
        scene,
        scene.content(BOB, room, rule=Rule.OWN, least=1024),
        room,
    )
    _both(
        found,
        "a person writes in their own thread",
        "ok",
        scene,
        scene.content(BOB, thread, rule=Rule.OWN, least=1024),
        thread,
    )
    _both(
        found,
        "a record of everybody's",
        "ok",
        scene,
        scene.content(BOB, room, rule=Rule.ALL),
        room,
    )
    rec = first.header.rec
    _both(
        found,
        "a newer version of a record",
        "ok",
        scene,
        scene.content(ANN, frame, rec=rec, parents=(first.id,)),
        frame,
    )
    _both(
        found,
        "a deletion",
        "ok",
        scene,
        scene.content(ANN, frame, None, rec=rec, parents=(first.id,)),
        frame,
    )
    _both(
        found,
        "a member writes where leaders do",
        "role_denied",
        scene,
        scene.content(BOB, frame),
        frame,
    )
    _both(
        found,
        "a stranger writes",
        "unknown_author",
        scene,
        scene.content(MAL, frame),
        frame,
    )
    other = scene.copy()
    other.seat(ANN, LEE, Role.MEMBER)
    _both(
        found,
        "a member writes in another's thread",
        "role_denied",
        other,
        other.content(LEE, thread, rule=Rule.OWN, least=1024),
        thread,
    )
    _both(
        found,
        "a version of another space",
        "bad_envelope",
        scene,
        scene.content(ANN, room),
        frame,
    )
    _both(
        found,
        "signed by another device",
        "bad_signature",
        scene,
        _signed_by(BOB, scene.content(ANN, frame)),
        frame,
    )
    made = scene.content(ANN, frame)
    swapped = envelope.build(made.header, first.body or b"", lambda _: made.signature)
    _both(
        found,
        "another record's body under this header (SEC-20)",
        "bad_signature",
        scene,
        swapped,
        frame,
    )
    _both(
        found,
        "content that says it is control",
        "bad_envelope",
        scene,
        scene.sign(ANN, frame, bytes(304), rule=Rule.CONTROL, rec=rec),
        frame,
    )
    _both(
        found,
        "an entry of the log in another space",
        "bad_entry",
        scene,
        scene.sign(ANN, frame, entries.encode(scene.removal(BOB))),
        frame,
    )
    _both(
        found,
        "an entry under a content's rule",
        "bad_padding",
        scene,
        scene.sign(
            ANN,
            frame,
            entries.encode(scene.removal(BOB)),
            rule=Rule.LEAD,
            epoch=1,
            kid=scene.key(frame).kid,
        ),
        frame,
    )
    _both(
        found,
        "a gap in the device's chain (SEC-24)",
        "chain_conflict",
        scene,
        scene.content(ANN, frame, n=4),
        frame,
    )
    _both(
        found,
        "the device's last version once more",
        "chain_conflict",
        scene,
        first,
        frame,
    )
    _both(
        found,
        "another version before it than the last",
        "chain_conflict",
        scene,
        scene.content(ANN, frame, prev=mine.id),
        frame,
    )
    _both(
        found,
        "a suite that is not the circle's (SEC-10)",
        "bad_envelope",
        scene,
        scene.content(ANN, frame, suite=2),
        frame,
    )
    _both(
        found,
        "an epoch that has not begun",
        "unknown_epoch",
        scene,
        scene.content(ANN, frame, epoch=2),
        frame,
    )
    _both(
        found,
        "a key id of another epoch",
        "bad_epoch",
        scene,
        scene.content(ANN, frame, kid=bytes(8)),
        frame,
    )
    _both(
        found,
        "a body that is not padded",
        "bad_padding",
        scene,
        _raw(scene, ANN, frame, bytes(303)),
        frame,
    )
    _both(
        found,
        "an empty body that deletes nothing",
        "bad_padding",
        scene,
        _raw(scene, ANN, frame, b""),
        frame,
    )
    _both(
        found,
        "a deletion with a body",
        "bad_padding",
        scene,
        _raw(scene, ANN, frame, bytes(304), flags=1),
        frame,
    )
    _both(
        found,
        "an own record in a room, padded too little",
        "bad_padding",
        scene,
        scene.content(BOB, room, rule=Rule.OWN),
        room,
    )
    _both(
        found,
        "a parent of another record",
        "bad_parent",
        scene,
        scene.content(ANN, frame, parents=(first.id,)),
        frame,
    )
    _both(
        found,
        "another's own record as parent (squatting)",
        "bad_parent",
        scene,
        scene.content(
            ANN,
            room,
            rule=Rule.OWN,
            least=1024,
            rec=mine.header.rec,
            parents=(mine.id,),
        ),
        room,
    )
    _both(
        found,
        "an epoch entry as parent",
        "bad_parent",
        scene,
        scene.content(ANN, frame, parents=(frame.versions[0].id,)),
        frame,
    )
    lost = scene.content(ANN, frame, rec=rec, parents=(sha256(b"never seen"),))
    found.add("an unknown parent", "ok", scene, lost, frame)
    found.add("an unknown parent (server)", "unknown_parent", scene, lost, frame, HERE)
    dropped = wire(scene.content(ANN, frame))
    dropped[2:] = [None, sha256(dropped[2])]
    found.add("content whose body was dropped", "ok", scene, dropped, frame)
    for name, view in {
        "another head": View(1, 1, sha256(b"fork")),
        "a head past the log's end": View(1, 9, sha256(b"later")),
        "a later incarnation": View(2, 1, frame.heads[1]),
    }.items():
        version = scene.content(ANN, frame, view=view)
        found.add(
            f"a view of {name} (server, SEC-24)",
            "view_mismatch",
            scene,
            version,
            frame,
            HERE,
        )
    found.add(
        "a view from before anything was seen (server)",
        "ok",
        scene,
        scene.content(ANN, frame, view=View()),
        frame,
        HERE,
    )
    _both(
        found,
        "an unknown entry in a space",
        "upgrade_required",
        scene,
        scene.sign(ANN, frame, b"\x20" + bytes(16)),
        frame,
    )


def _raw(scene: Scene, by: Phone, where: Known, body: bytes, **changes: Any) -> Version:
    key = scene.key(where)
    usual = {"rule": Rule.LEAD, "epoch": key.number, "kid": key.kid,
             "rec": scene.random(16)}  # fmt: skip
    return scene.sign(by, where, body, **{**usual, **changes})


def _epochs(found: _Cases) -> None:
    scene = a_group("epochs")
    scene.seat(ANN, LEE, Role.LEADER)
    frame, room = (scene.space(k) for k in (SpaceKind.FRAME, SpaceKind.ROOM))
    register = scene.space(SpaceKind.REGISTER)
    thread = scene.space(SpaceKind.THREAD, BOB.person)

    def epoch(by: Phone, where: Known, **changes: Any) -> Version:
        key = scene.new_key(where)
        entry = scene.epoch_entry(where, key, **changes)
        return scene.epoch(by, where, key, entry)

    _both(found, "a first epoch", "ok", scene, epoch(ANN, register), register)
    _both(found, "a next epoch", "ok", scene, epoch(ANN, frame), frame)
    _both(
        found,
        "a member begins an epoch of the room",
        "ok",
        scene,
        epoch(BOB, room),
        room,
    )
    _both(
        found,
        "a member begins an epoch of the frame",
        "role_denied",
        scene,
        epoch(BOB, frame),
        frame,
    )
    _both(
        found,
        "a person begins an epoch of their own thread",
        "ok",
        scene,
        epoch(BOB, thread),
        thread,
    )
    _both(
        found,
        "an epoch that names another space",
        "bad_entry",
        scene,
        epoch(ANN, frame, kind=SpaceKind.ROOM),
        frame,
    )
    _both(
        found,
        "an epoch that names another circle",
        "bad_entry",
        scene,
        epoch(ANN, frame, circle=sha256(b"other")),
        frame,
    )
    _both(
        found,
        "an epoch after another than the last",
        "head_moved",
        scene,
        epoch(ANN, frame, after=ZERO32),
        frame,
    )
    _both(
        found,
        "a first epoch after something",
        "head_moved",
        scene,
        epoch(ANN, register, after=sha256(b"x")),
        register,
    )
    key = scene.new_key(frame)
    entry = scene.epoch_entry(frame, key)
    _both(
        found,
        "an epoch that skips a number",
        "head_moved",
        scene,
        scene.epoch(ANN, frame, key, entry, epoch=3),
        frame,
    )
    _both(
        found,
        "an epoch with the last one's number (SEC-25)",
        "head_moved",
        scene,
        scene.epoch(ANN, frame, key, entry, epoch=1),
        frame,
    )
    _both(
        found,
        "an epoch that names an unknown change",
        "unknown_change",
        scene,
        epoch(ANN, frame, membership=sha256(b"x")),
        frame,
    )
    _both(
        found,
        "an epoch wrapped to an account that is not in the log (SEC-02)",
        "unknown_author",
        scene,
        epoch(ANN, frame, to=[ANN.account, MAL.account]),
        frame,
    )
    _both(
        found,
        "an epoch of the register wrapped to a member (SEC-02)",
        "bad_entry",
        scene,
        epoch(ANN, register, to=[ANN.account, BOB.account]),
        register,
    )
    _both(
        found,
        "an epoch that its author holds no key of",
        "bad_entry",
        scene,
        epoch(ANN, frame, to=[LEE.account]),
        frame,
    )
    again = EpochKey(1, frame.space.id, 2, scene.key(frame).secret)
    _both(
        found,
        "an epoch with a key that served before",
        "bad_entry",
        scene,
        scene.epoch(ANN, frame, again, scene.epoch_entry(frame, again)),
        frame,
    )
    stray = epoch(ANN, frame, tips=((BOB.device, 1, sha256(b"x")),))
    found.add(
        "an epoch that closes a device that lost nothing",
        "bad_entry",
        scene,
        stray,
        frame,
    )
    found.add(
        "an epoch that closes a device that lost nothing (server)",
        "epoch_stale",
        scene,
        stray,
        frame,
        HERE,
    )
    programme = Scene("wrong circle", CORA, Role.COORDINATOR, CircleKind.PROGRAMME)
    office = programme.space(SpaceKind.TEAM)
    _both(
        found,
        "a space that this kind of circle has not",
        "bad_entry",
        programme,
        programme.epoch(CORA, office, programme.new_key(office)),
        office,
    )
    second = scene.space(SpaceKind.FRAME, BOB.person)
    _both(
        found,
        "a second frame under a person's name",
        "bad_entry",
        scene,
        scene.epoch(ANN, second, scene.new_key(second)),
        second,
    )


def _restored(found: _Cases) -> None:
    """PROTOCOL 8.4: what is put back, and what must wait."""
    scene = a_group("restored")
    scene.seat(ANN, LEE, Role.LEADER)
    frame = scene.space(SpaceKind.FRAME)
    old, new = frame.view, replace(frame.view, inc=2)
    scene.write(LEE, frame)
    unsettled, settled = {"inc": 2, "settled": False}, {"inc": 2, "settled": True}
    key = scene.new_key(frame)
    entry = scene.epoch_entry(frame, key)
    removal = entries.encode(scene.removal(LEE))
    for name, expect, view, serving in (
        ("of before is put back", "ok", old, unsettled),
        ("made meanwhile waits", "restoring", new, unsettled),
        ("made later goes on", "ok", replace(new, head=frame.heads[old.seq]), settled),
    ):  # fmt: skip
        fits = replace(view, head=frame.heads[view.seq])
        found.add(
            f"after a restore, an epoch {name} (server)",
            expect,
            scene,
            scene.epoch(ANN, frame, key, entry, view=fits),
            frame,
            serving,
        )
        seen = View(view.inc, 1, scene.log.heads[1])
        found.add(
            f"after a restore, a removal {name} (server)",
            expect,
            scene,
            scene.sign(ANN, scene.log, removal, view=seen),
            None,
            serving,
        )
    found.add(
        "after a restore, content made meanwhile does not wait (server)",
        "ok",
        scene,
        scene.content(ANN, frame, view=new),
        frame,
        unsettled,
    )
    gone = scene.copy()
    gone.enter(ANN, gone.removal(LEE))
    known = gone.space(SpaceKind.FRAME)
    put_back = gone.content(LEE, known, view=old)
    found.add(
        "after a restore, what somebody wrote who has left since (server)",
        "ok",
        gone,
        put_back,
        known,
        unsettled,
    )
    found.add(
        "the same once all have synced (server)",
        "role_denied",
        gone,
        put_back,
        known,
        settled,
    )
    late = gone.epoch_entry(known, key, membership=ZERO32, tips=())
    found.add(
        "after a restore, an epoch that knew of no removal (server)",
        "ok",
        gone,
        gone.epoch(ANN, known, key, late, view=old),
        known,
        unsettled,
    )


def _removed(found: _Cases) -> None:
    """PROTOCOL 6.5, 8.3: what a departure closes."""
    scene = a_group("removed")
    scene.seat(ANN, LEE, Role.LEADER)
    quiet = Phone("lee's second", "lee")
    scene.enter(quiet, scene.device(quiet))
    frame, room = (scene.space(k) for k in (SpaceKind.FRAME, SpaceKind.ROOM))
    scene.write(LEE, frame)
    scene.enter(ANN, scene.removal(LEE))
    found.add(
        "a leader who left still writes (server)",
        "role_denied",
        scene,
        scene.content(LEE, frame),
        frame,
        HERE,
    )
    found.add(
        "what a leader wrote before leaving (client)",
        "ok",
        scene,
        scene.content(LEE, frame),
        frame,
        counts=True,
    )
    found.add(
        "a member writes under the old epoch while nobody may rotate (server)",
        "ok",
        scene,
        scene.content(BOB, room, rule=Rule.OWN, least=1024),
        room,
        HERE,
    )
    key = scene.new_key(frame)

    def epoch(by: Phone = ANN, **changes: Any) -> Version:
        entry = scene.epoch_entry(frame, key, **changes)
        return scene.epoch(by, frame, key, entry)

    tip = scene.space(SpaceKind.FRAME).tip(LEE.device)
    _both(
        found, "an epoch that lists the tips of who left", "ok", scene, epoch(), frame
    )
    stale = epoch(tips=((LEE.device, 7, tip[1]),))
    found.add(
        "an epoch with a tip that is not the server's last (server)",
        "epoch_stale",
        scene,
        stale,
        frame,
        HERE,
    )
    found.add(
        "an epoch with a tip that is not this client's last", "ok", scene, stale, frame
    )
    missing = epoch(tips=())
    found.add(
        "an epoch that lists no tips (server)",
        "epoch_stale",
        scene,
        missing,
        frame,
        HERE,
    )
    found.add("an epoch that lists no tips", "ok", scene, missing, frame)
    ignorant = epoch(membership=ZERO32, tips=())
    found.add(
        "an epoch that does not know of the removal (server)",
        "epoch_stale",
        scene,
        ignorant,
        frame,
        HERE,
    )
    found.add("an epoch that did not know of the removal", "ok", scene, ignorant, frame)
    _both(
        found,
        "an epoch wrapped to who has left (SEC-02)",
        "bad_entry",
        scene,
        epoch(to=[ANN.account, LEE.account]),
        frame,
    )
    takeover = epoch(LEE, to=[ANN.account, BOB.account, LEE.account])
    found.add(
        "an epoch by a leader after they left (SEC-27)",
        "role_denied",
        scene,
        takeover,
        frame,
    )
    found.add(
        "an epoch by a leader after they left (server)",
        "role_denied",
        scene,
        takeover,
        frame,
        HERE,
    )
    rotated = scene.copy()
    where = rotated.space(SpaceKind.FRAME)
    old = rotated.key(where)
    rotated.begin(ANN, where)
    found.add(
        "content of the old epoch (server, SEC-25)",
        "epoch_stale",
        rotated,
        rotated.content(ANN, where, key=old),
        where,
        HERE,
    )
    found.add(
        "content of the old epoch: a client judges it, and warns",
        "ok",
        rotated,
        rotated.content(BOB, where, key=old, rule=Rule.OWN),
        where,
        counts=True,
    )
    found.add(
        "written by a removed leader after the tip (SEC-27)",
        "ok",
        rotated,
        rotated.content(LEE, where, key=old),
        where,
        counts=False,
    )
    found.add(
        "written by a device that had written nothing (SEC-27)",
        "ok",
        rotated,
        rotated.content(quiet, where, key=old),
        where,
        counts=False,
    )
    back = rotated.new_key(where)
    entry = rotated.epoch_entry(where, back, membership=ZERO32)
    found.add(
        "an epoch that names an older change than the one before",
        "bad_entry",
        rotated,
        rotated.epoch(ANN, where, back, entry),
        where,
    )
    again = rotated.copy()
    again.enter(ANN, again.grant(LEE, Role.LEADER))
    there = again.space(SpaceKind.FRAME)
    found.add(
        "written by a leader who was seated again",
        "ok",
        again,
        again.content(LEE, there, key=again.key(there)),
        there,
        counts=True,
    )
    found.add(
        "the same (server)",
        "ok",
        again,
        again.content(LEE, there, key=again.key(there)),
        there,
        HERE,
    )
    demoted = a_group("demoted")
    demoted.seat(ANN, LEE, Role.LEADER)
    known = demoted.space(SpaceKind.FRAME)
    demoted.write(LEE, known)
    demoted.enter(ANN, demoted.roles(LEE, Role.MEMBER))
    demoted.begin(ANN, known)
    found.add(
        "a leader's words after they became a member",
        "ok",
        demoted,
        demoted.content(LEE, known),
        known,
        counts=False,
    )
    found.add(
        "a leader's words after they became a member (server)",
        "role_denied",
        demoted,
        demoted.content(LEE, known),
        known,
        HERE,
    )
    found.add(
        "a member's own words after they were a leader",
        "ok",
        demoted,
        demoted.content(LEE, known, rule=Rule.OWN),
        known,
        counts=True,
    )
    lost = a_group("revoked")
    second = Phone("bob's second", "bob")
    lost.enter(second, lost.device(second))
    there = lost.space(SpaceKind.ROOM)
    lost.write(second, there, rule=Rule.OWN, least=1024)
    lost.enter(ANN, lost.removal(second, entries.REMOVE_DEVICE))
    found.add(
        "a revoked device writes (server)",
        "device_revoked",
        lost,
        lost.content(second, there, rule=Rule.OWN, least=1024),
        there,
        HERE,
    )
    lost.begin(ANN, there)
    found.add(
        "a revoked device's words after the tip",
        "ok",
        lost,
        lost.content(second, there, rule=Rule.OWN, least=1024),
        there,
        counts=False,
    )
    found.add(
        "the other device of the same person goes on",
        "ok",
        lost,
        lost.content(BOB, there, rule=Rule.OWN, least=1024),
        there,
        counts=True,
    )


# -- keys -------------------------------------------------------------------------


def rings() -> Case:
    """PROTOCOL 6.3, 6.4."""
    scenes: dict[str, Case] = {}
    cases: list[Case] = []

    def add(
        name: str, expect: str, scene: Scene, where: Known,
        secrets: Sequence[EpochKey], **more: Any,
    ) -> None:  # fmt: skip
        scenes[name] = scene.to_json()
        cases.append({
            "name": name, "expect": expect, "scene": name, "kind": where.space.kind,
            "subject": where.space.subject,
            "secrets": [[begun.mark.kid, k.secret] for begun in where.begun
                        for k in secrets if k.number == begun.mark.number],
            "confirmed": [], **more,
        })  # fmt: skip

    def keys(scene: Scene, where: Known) -> list[EpochKey]:
        return scene.keys[where.space.id]

    empty = Scene("nothing begun")
    frame = empty.space(SpaceKind.FRAME)
    add("no epoch has begun", "no_key", empty, frame, [])
    one = a_group("one epoch")
    frame, room = (one.space(k) for k in (SpaceKind.FRAME, SpaceKind.ROOM))
    key = keys(one, frame)[0]
    add(
        "the first epoch is written under",
        "ok",
        one,
        frame,
        [key],
        kid=key.kid,
        holds=[key.kid],
    )
    add("a key that has not come", "no_key", one, frame, [])
    wrong = EpochKey(1, frame.space.id, 1, key.secret[::-1])
    add("a key that is not the committed one (SEC-11)", "no_key", one, frame, [wrong])
    one.begin(ANN, frame)
    one.begin(ANN, frame)
    oldest, older, newest = keys(one, frame)
    everything = [oldest.kid, older.kid, newest.kid]
    add(
        "one key opens the whole history",
        "ok",
        one,
        frame,
        [newest],
        kid=newest.kid,
        holds=everything,
    )
    add(
        "an old key opens nothing newer",
        "no_key",
        one,
        frame,
        [older],
        holds=everything[:2],
    )
    one.begin(ANN, room)
    old, new = keys(one, room)
    add("a link proves the key before", "ok", one, room, [old, new], kid=new.kid)
    add(
        "a newcomer takes the link on trust",
        "ok",
        one,
        room,
        [new],
        kid=new.kid,
        holds=[new.kid],
    )
    for kind, name, changes in (
        (SpaceKind.ROOM, "no link", {"link": ZERO32}),
        (SpaceKind.ROOM, "a link that is not right", {"link": sha256(b"guess")}),
        (SpaceKind.FRAME, "nothing carried", {"carried": ()}),
        (SpaceKind.FRAME, "a carried row that does not open", None),
    ):
        scene = a_group(name)
        where = scene.space(kind)
        before = keys(scene, where)[0]
        garbage = {"carried": ((before.kid, bytes(80)),)}
        after = scene.begin(ANN, where, **(changes if changes else garbage))
        add(
            f"an epoch with {name} is not written under",
            "unproven_epoch",
            scene,
            where,
            [before, after],
        )
        add(
            f"an epoch with {name}, confirmed by a person",
            "ok",
            scene,
            where,
            [before, after],
            kid=after.kid,
            confirmed=[where.begun[-1].mark.id],
        )
        follow = scene.begin(ANN, where)
        add(
            f"one proven against an epoch with {name}",
            "unproven_epoch",
            scene,
            where,
            [before, after, follow],
        )
    alone = a_group("no holder left")
    alone.seat(ANN, LEE, Role.LEADER)
    leaders = alone.space(SpaceKind.LEADERS)
    alone.begin(ANN, leaders, to=[ANN.account])
    alone.enter(ANN, alone.removal(ANN))
    second = alone.begin(LEE, leaders, link=ZERO32)
    add(
        "an epoch without proof once no holder is left",
        "ok",
        alone,
        leaders,
        [second],
        kid=second.kid,
        holds=[second.kid],
    )
    own = a_group("own thread")
    thread = own.space(SpaceKind.THREAD, BOB.person)
    before = keys(own, thread)[0]
    after = own.begin(BOB, thread, link=ZERO32)
    add(
        "a person begins their own thread anew without proof",
        "ok",
        own,
        thread,
        [before, after],
        kid=after.kid,
    )
    about = "PROTOCOL 6.3, 6.4: which keys a ring holds, and what it writes under"
    return {"about": about, "scenes": scenes, "cases": cases}


def sealed() -> Case:
    """PROTOCOL 5.4, 6.2."""
    key = EpochKey(1, _header().space, 3, Chance("an epoch key")(32))
    header = _header(kid=key.kid, parents=())
    given = {"secret": key.secret, "space": key.space, "epoch": key.number}
    cases: list[Case] = []
    sizes = [0, 1, 252, 253, 1020, 1021, 2044, 2045, 4092, 4093, 16380, 16381, 65532]
    for size in sizes:
        body = sealing.seal_content(header, key, b"a" * size, 256)
        found = {"body": body} if size < 300 else {"body_hash": sha256(body)}
        cases.append({
            "name": f"{size} bytes of content in {len(body) - 48}", "expect": "ok",
            "header": bytes(header), **given, "content": b"a", "times": size,
            "least": 256, "padded": len(body) - 48, **found,
        })  # fmt: skip
    for least in (1024, 2048):
        body = sealing.seal_content(header, key, TEXT, least)
        cases.append({
            "name": f"a short content padded to {least}", "expect": "ok",
            "header": bytes(header), **given, "content": TEXT, "times": 1,
            "least": least, "padded": least, "body_hash": sha256(body),
        })  # fmt: skip
    cases.append({
        "name": "65,533 bytes of content are too many", "expect": "too_large",
        "header": bytes(header), **given, "content": b"a", "times": 65533,
        "least": 256,
    })  # fmt: skip
    body = sealing.seal_content(header, key, TEXT, 256)

    def closed(name: str, raw: bytes = bytes(header), **changes: Any) -> Case:
        usual = {"name": name, "expect": "unopened", "header": raw, "body": body}
        return {**usual, **given, **changes}

    context = Context(1, labels.EPOCH_CONTENT, bytes(header))
    for name, padded in {
        "zeros that are not": b"\0\0\0\x01aX".ljust(256, b"\0"),
        "a length past the end": b"\0\0\x01\0".ljust(256, b"\0"),
        "a length of 4 GiB": b"\xff" * 4 + bytes(252),
        "a size that is no bucket": bytes(255),
        "nothing": b"",
    }.items():
        odd = sealing.seal(key.secret, header.salt, context, padded)
        cases.append(closed(f"padding: {name}", body=odd))
    two, second = _two_key_blob(header, key)
    cases += [
        closed("another key", secret=Chance("another")(32)),
        closed("another header", raw=bytes(_header(kid=key.kid, n=8, parents=()))),
        closed("another salt", raw=flipped(bytes(header), len(bytes(header)) * 8 - 1)),
        closed("the commitment changed", body=flipped(body, 255)),
        closed("the first byte of ciphertext changed", body=flipped(body, 256)),
        closed("the tag changed", body=flipped(body, len(body) * 8 - 1)),
        closed("cut short", body=body[:-1]),
        closed("shorter than its overhead", body=body[:47]),
        closed("no body", body=b""),
        {**closed("a blob that fits two keys, under the first (SEC-11)", body=two),
         "fits_without_commitment": True},
        {**closed("a blob that fits two keys, under the second (SEC-11)", body=two),
         "secret": second.secret, "fits_without_commitment": True},
    ]  # fmt: skip
    return {"about": "PROTOCOL 5.4, 6.2: content sealed and opened", "cases": cases}


def _two_key_blob(header: Header, key: EpochKey) -> tuple[bytes, EpochKey]:
    """A body whose ciphertext and tag fit two keys at once (SEC-11).

    GCM's tag is linear in the ciphertext: one free block makes both tags equal.
    Its commitment can be neither key's, since that is a hash of each.
    """
    other = EpochKey(1, key.space, key.number, Chance("second")(32))
    context = labels.EPOCH_CONTENT + bytes(header)
    one, two = (
        sealing.sealer(1).derive(k.secret, header.salt, context, 64)[:32]
        for k in (key, other)
    )
    ciphertext = Chance("two keys")(256)
    free = _colliding(one, two, context, ciphertext)
    tag = _tag(one, context, free)
    return bytes(32) + free + tag, other


def _tag(key: bytes, aad: bytes, ciphertext: bytes) -> bytes:
    """The tag that GCM gives a ciphertext (by encrypting what it decrypts to)."""
    stream = AESGCM(key).encrypt(bytes(12), bytes(len(ciphertext)), aad)
    plain = bytes(a ^ b for a, b in zip(stream, ciphertext, strict=False))
    return AESGCM(key).encrypt(bytes(12), plain, aad)[-16:]


def _colliding(one: bytes, two: bytes, aad: bytes, ciphertext: bytes) -> bytes:
    """Change the last block so that the tags under both keys are equal.

    The difference of the two tags is affine in the bits of that block: 128
    equations with 128 unknowns over GF(2).
    """
    head = ciphertext[:-16]

    def difference(block: int) -> int:
        whole = head + block.to_bytes(16, "big")
        a, b = _tag(one, aad, whole), _tag(two, aad, whole)
        return int.from_bytes(a, "big") ^ int.from_bytes(b, "big")

    base = difference(0)
    rows = [(difference(1 << i) ^ base, 1 << i) for i in range(128)]
    pivots: dict[int, tuple[int, int]] = {}
    for value, used in rows:
        value, used = _reduced(value, used, pivots)
        if value:
            pivots[value.bit_length()] = (value, used)
    left, block = _reduced(base, 0, pivots)
    if left:
        raise AssertionError("choose another ciphertext")
    return head + block.to_bytes(16, "big")


def _reduced(
    value: int, used: int, pivots: dict[int, tuple[int, int]]
) -> tuple[int, int]:
    for bit in sorted(pivots, reverse=True):
        if value.bit_length() == bit:
            value, used = value ^ pivots[bit][0], used ^ pivots[bit][1]
    return value, used


def _hkdf_extract(salt: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), secret, "sha256")


def _hkdf_expand(prk: bytes, info: bytes, size: int) -> bytes:
    found, block, i = b"", b"", 1
    while len(found) < size:
        block = hmac.digest(prk, block + info + bytes([i]), "sha256")
        found, i = found + block, i + 1
    return found[:size]


def _hpke(public: bytes, info: bytes, secret: bytes, seed: bytes) -> bytes:
    """HPKE base mode (RFC 9180) with a sender key that is not random."""
    sender = X25519PrivateKey.from_private_bytes(seed)
    enc = sender.public_key().public_bytes_raw()
    shared = sender.exchange(X25519PublicKey.from_public_bytes(public))
    kem, whole = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"

    def extract(suite: bytes, salt: bytes, label: bytes, key: bytes) -> bytes:
        return _hkdf_extract(salt, b"HPKE-v1" + suite + label + key)

    def expand(suite: bytes, prk: bytes, label: bytes, more: bytes, n: int) -> bytes:
        size = n.to_bytes(2, "big")
        return _hkdf_expand(prk, size + b"HPKE-v1" + suite + label + more, n)

    prk = extract(kem, b"", b"eae_prk", shared)
    agreed = expand(kem, prk, b"shared_secret", enc + public, 32)
    context = b"\0" + extract(whole, b"", b"psk_id_hash", b"")
    context += extract(whole, b"", b"info_hash", info)
    prk = extract(whole, agreed, b"secret", b"")
    key = expand(whole, prk, b"key", context, 32)
    nonce = expand(whole, prk, b"base_nonce", context, 12)
    return enc + AESGCM(key).encrypt(nonce, secret, b"")


def wraps() -> Case:
    """PROTOCOL 6.2, 6.6."""
    key = EpochKey(1, Chance("a space")(16), 5, Chance("an epoch key")(32))
    seed, chance = BOB.identity.wrap_seed, Chance("senders")
    info = b"".join((labels.EPOCH_WRAP, key.space, (5).to_bytes(4, "big"), key.kid))
    made = _hpke(BOB.identity.wrap_key, info + BOB.account, key.secret, chance(32))
    genuine = {
        "of": "wrap", "seed": seed, "account": BOB.account, "space": key.space,
        "epoch": 5, "kid": key.kid, "commitment": key.commitment, "wrap": made,
    }  # fmt: skip

    def bad(name: str, **changes: Any) -> Case:
        return {"name": name, "expect": "unopened", **genuine, **changes}

    other = EpochKey(1, key.space, 5, Chance("another")(32))
    swapped = _hpke(BOB.identity.wrap_key, info + BOB.account, other.secret, chance(32))
    cases: list[Case] = [
        {"name": "a wrap", "expect": "ok", **genuine, "secret": key.secret},
        bad("another account's seed", seed=ANN.identity.wrap_seed),
        bad("shown to another account (SEC-01)", account=ANN.account),
        bad("shown for another space (SEC-01)", space=bytes(16)),
        bad("shown for another epoch (SEC-25)", epoch=4),
        bad("shown under another key id", kid=other.kid),
        bad("a key that the epoch does not commit to (SEC-11)", wrap=swapped),
        bad("another commitment", commitment=other.commitment),
        bad("cut short", wrap=made[:-1]),
        bad("zeros", wrap=bytes(80)),
        bad("a low-order sender key", wrap=bytes(32) + made[32:]),
    ]
    cases += [
        bad(f"one bit changed, {bit}", wrap=flipped(made, bit))
        for bit in (0, 100, 256, 400, 511, 512, 639)
    ]
    old = EpochKey(1, key.space, 4, Chance("older")(32))
    row = sealing.carry(key, old)
    carried = {"of": "carried", "secret": key.secret, "space": key.space, "epoch": 5,
               "kid": old.kid, "sealed": row}  # fmt: skip
    cases += [
        {"name": "a carried key", "expect": "ok", **carried, "opened": old.secret},
        {"name": "a carried key under another's id", "expect": "unopened",
         **carried, "kid": key.kid},
        {"name": "a carried key in another space", "expect": "unopened",
         **carried, "space": bytes(16)},
        {"name": "a carried key with one bit changed", "expect": "unopened",
         **carried, "sealed": flipped(row, 300)},
        {"name": "what is derived from a key", "expect": "ok", "of": "key",
         "secret": old.secret, "space": key.space, "epoch": 4, "kid": old.kid,
         "commitment": old.commitment, "next_epoch": 5,
         "next_commitment": key.commitment, "link": old.link(key)},
    ]  # fmt: skip
    return {"about": "PROTOCOL 6.2, 6.6: wraps, carried keys, what a key gives",
            "cases": cases}  # fmt: skip


def accounts() -> Case:
    """PROTOCOL 7.1, 7.2."""
    account_key = AccountKey(Chance("account key")(20))
    other = AccountKey(Chance("other account key")(20))
    who, random = ANN.identity, Chance("slot")
    slot = account_key.seal_slot(who, random)
    cases: list[Case] = [
        {"name": "an account secret", "expect": "ok", "of": "identity",
         "secret": who.secret, "sign_seed": who.sign_seed, "sign_key": who.sign_key,
         "wrap_seed": who.wrap_seed, "wrap_key": who.wrap_key,
         "record_secret": who.record_secret, "account": who.account},
        {"name": "an account key", "expect": "ok", "of": "account key",
         "key": account_key.key, "code": account_key.code,
         "lookup": account_key.lookup},
        {"name": "a slot", "expect": "ok", "of": "slot", "key": account_key.key,
         "slot": slot, "salt": slot[16:40], "secret": who.secret},
    ]  # fmt: skip
    mals = other.seal_slot(MAL.identity, random)
    bad = {
        "another account key": slot,
        "somebody else's slot (SEC-01)": mals,
        "another account's name on it": MAL.account + slot[16:],
        "zeros": bytes(120),
        "cut short": slot[:119],
        "the secret in clear (SEC-10)": MAL.account + MAL.identity.secret,
    }
    for name, data in bad.items():
        key = other.key if name == "another account key" else account_key.key
        cases.append({"name": f"refused: {name}", "expect": "unopened", "of": "slot",
                      "key": key, "slot": data})  # fmt: skip
    lying = Context(1, labels.SLOT_SEAL, MAL.account)
    secret = sealing.sealer(1).derive(account_key.key, b"", labels.SLOT_SEAL, 32)
    salt = random(24)
    forged = MAL.account + salt + sealing.seal(secret, salt, lying, who.secret)
    cases.append({
        "name": "refused: sealed for another account than its keys give (SEC-01)",
        "expect": "unopened", "of": "slot", "key": account_key.key, "slot": forged,
    })  # fmt: skip
    for bit in (0, 130, 320, 600, 959):
        cases.append({"name": f"refused: bit {bit} of the slot changed",
                      "expect": "unopened", "of": "slot", "key": account_key.key,
                      "slot": flipped(slot, bit)})  # fmt: skip
    certificate = {"of": "certificate", "sign_key": who.sign_key,
                   "account": ANN.account, "device_key": ANN.key,
                   "certificate": ANN.certificate}  # fmt: skip
    cases += [
        {"name": "a certificate", "expect": "ok", **certificate},
        {"name": "a certificate shown for another device (SEC-04)",
         "expect": "bad_signature", **certificate, "device_key": MAL.key},
        {"name": "a certificate shown for another account (SEC-04)",
         "expect": "bad_signature", **certificate, "account": MAL.account},
    ]  # fmt: skip
    return {"about": "PROTOCOL 7.1, 7.2: identity, account key, slot", "cases": cases}


def invited() -> Case:
    """PROTOCOL 7.3, 7.4."""
    random = Chance("invitations")
    one, two = Invitation.new(random), Invitation.new(random)
    circle = Chance("a circle")(32)
    pack = {"circle": b64(circle), "inviter": b64(ANN.account), "name": "Tuesday"}
    box = one.seal_pack(pack, random)
    key = sealing.sealer(1).derive(one.secret, b"", labels.INVITE_PACK, 32)
    context = Context(1, labels.INVITE_PACK, one.lookup)

    def boxed(plain: bytes) -> bytes:
        salt = random(24)
        return salt + sealing.seal(key, salt, context, plain)

    def bad(name: str, data: bytes, secret: bytes = one.secret) -> Case:
        return {"name": f"refused: {name}", "expect": "unopened", "of": "pack",
                "secret": secret, "box": data}  # fmt: skip

    joined = Scene("an invitation")
    place = joined.invite(ANN, BOB.person, Role.MEMBER)
    entry = joined.join_entry(place, BOB)
    proof = {"of": "proof", "circle": joined.circle, "entry": entries.encode(entry)}
    cases: list[Case] = [
        {"name": "an invitation", "expect": "ok", "of": "invitation",
         "secret": one.secret, "code": one.code, "lookup": one.lookup,
         "seed": one.seed, "public": one.public},
        {"name": "a pack", "expect": "ok", "of": "pack", "secret": one.secret,
         "box": box, "pack": pack},
        {"name": "a pack padded to 1 KiB", "expect": "ok", "of": "pack",
         "secret": one.secret, "box": one.seal_pack({}, random), "pack": {}},
        bad("another invitation's pack (SEC-05)", box, two.secret),
        bad("a pack in clear (SEC-10)", json.dumps(pack).encode()),
        bad("one bit of the salt changed", flipped(box, 5)),
        bad("one bit of the commitment changed", flipped(box, 200)),
        bad("one bit of the ciphertext changed", flipped(box, 2000)),
        bad("cut short", box[:-1]),
        bad("nothing", b""),
        bad("a list", boxed(sealing.pad(b"[]", 1024))),
        bad("no JSON", boxed(sealing.pad(b"{", 1024))),
        bad("no UTF-8", boxed(sealing.pad(b"\xff\xfe", 1024))),
        bad("very deep", boxed(sealing.pad(b"[" * 4000, 1024))),
        bad("not padded", boxed(json.dumps(pack).encode())),
        {"name": "a join's proof", "expect": "ok", **proof},
        {"name": "a join's proof in another circle (SEC-05)",
         "expect": "bad_signature", **proof, "circle": circle},
        {"name": "a join with another device (SEC-06)", "expect": "bad_signature",
         **proof, "entry": entries.encode(replace(entry, device_key=MAL.key))},
    ]  # fmt: skip
    return {"about": "PROTOCOL 7.3, 7.4: invitations, packs, joining", "cases": cases}


# -- merging ----------------------------------------------------------------------


def _cells(cells: Iterable[Cell]) -> list[Any]:
    return [[c.person, c.value, c.dot, c.over] for c in cells]


def _dot(number: int) -> bytes:
    return number.to_bytes(8, "big")


def registers() -> Case:
    """PROTOCOL 9.2."""
    ann, bob = person("ann"), person("bob")
    absent, late = Cell(ann, "absent", _dot(1)), Cell(ann, "late", _dot(2))
    settling = mark([absent, late], ann, "late", _dot(3))
    back = mark([settling], ann, "none", _dot(4))
    shallow = Cell(ann, "here", _dot(5), (_dot(3),))
    here = Cell(bob, "here", _dot(6))
    shown: dict[str, list[Cell]] = {
        "nobody is marked": [],
        "one mark": [absent],
        "two leaders agree": [absent, Cell(ann, "absent", _dot(9))],
        "two leaders differ": [absent, late],
        "a leader marks again and settles it": [absent, late, settling],
        "an old sheet comes after the cell that settled it": [settling, absent, late],
        "over is cumulative: what was settled stays settled": [
            absent, late, mark([settling], ann, "here", _dot(7)),
        ],
        "a cell that is only over the last one lets the older come back": [
            absent, late, shallow,
        ],
        "a mark taken back": [absent, late, settling, back],
        "a mark taken back never differs": [Cell(ann, "none", _dot(8)), late],
        "a mark made after one was taken back": [
            back, mark([back, settling], ann, "here", _dot(10)),
        ],
        "a mark that was not on the screen is not overridden": [
            absent, late, mark([absent], ann, "here", _dot(11)),
        ],
        "two people": [absent, here],
        "the same cell many times": [absent, absent, absent],
        "three values at once": [absent, late, Cell(ann, "here", _dot(12))],
    }  # fmt: skip
    shown |= {
        f"the value {value}": [Cell(ann, value, _dot(20 + i))]
        for i, value in enumerate(VALUES)
    }
    cases: list[Case] = [
        {"name": name, "expect": "ok", "of": "register", "cells": _cells(cells),
         "shown": {
             p: {"state": s.state, "values": s.values, "cells": _cells(s.cells)}
             for p, s in register(cells).items()
         }}
        for name, cells in shown.items()
    ]  # fmt: skip
    for name, screen in {
        "a first mark": [],
        "a mark over another": [absent],
        "a mark over two that differ": [absent, late],
        "a mark over one that settled two": [absent, late, settling],
        "a mark after one was taken back": [settling, back],
        "a mark beside another person's": [here],
    }.items():
        made = mark(screen, ann, "excused", _dot(99))
        cases.append({"name": name, "expect": "ok", "of": "mark",
                      "cells": _cells(screen), "person": ann, "value": "excused",
                      "dot": _dot(99), "cell": _cells([made])[0]})  # fmt: skip
    cases.append({"name": "a value that is no mark", "expect": "bad_record",
                  "of": "mark", "cells": [], "person": ann, "value": "asleep",
                  "dot": _dot(99)})  # fmt: skip
    screen, dots = [absent, Cell(bob, "none", _dot(13))], [_dot(50), _dot(51)]
    made_cells = fill(screen, [ann, bob], "here", dots)
    cases.append({"name": "filling marks who is not marked, and nobody else",
                  "expect": "ok", "of": "fill", "cells": _cells(screen),
                  "roster": [ann, bob], "value": "here", "dots": dots,
                  "made": _cells(made_cells)})  # fmt: skip
    return {"about": "PROTOCOL 9.2: cells, marks and what a register shows",
            "cases": cases}  # fmt: skip


def notes() -> Case:
    """PROTOCOL 9.4."""
    base = "one\n\ntwo\n\nthree"
    triples: dict[str, tuple[str | None, str, str]] = {
        "both sides the same": (base, "new", "new"),
        "both sides the same without a base": (None, "new", "new"),
        "nothing was changed": (base, base, base),
        "one side changed": (base, "ONE\n\ntwo\n\nthree", base),
        "each changed another paragraph": (
            base, "ONE\n\ntwo\n\nthree", "one\n\ntwo\n\nTHREE",
        ),
        "both changed one paragraph": (
            base, "one\n\nTWO\n\nthree", "one\n\n2\n\nthree",
        ),
        "both made the same change": (
            base, "ONE\n\ntwo\n\nTHREE", "ONE\n\ntwo\n\nthree",
        ),
        "no base": (None, "one", "two"),
        "one added at the end, one changed the start": (
            base, base + "\n\nfour", "ONE\n\ntwo\n\nthree",
        ),
        "both added at the end": (base, base + "\n\nfour", base + "\n\nfive"),
        "both added at the start": (base, "zero\n\n" + base, "null\n\n" + base),
        "one removed what the other changed": (
            base, "one\n\nthree", "one\n\nTWO\n\nthree",
        ),
        "one removed, the other changed elsewhere": (
            base, "one\n\nthree", "ONE\n\ntwo\n\nthree",
        ),
        "each removed another": (base, "two\n\nthree", "one\n\ntwo"),
        "written from nothing by both": ("", "one", "two"),
        "written from nothing by one": ("", "one", ""),
        "all removed by one": (base, "", base),
        "all removed by one, changed by the other": (base, "", "one\n\nTWO\n\nthree"),
        "a paragraph that stands twice": ("a\n\nb\n\na", "b\n\na", "a\n\nb"),
        "line ends of two kinds": (
            "one\r\n\r\ntwo", "ONE\r\n\r\ntwo", "one\r\n\r\nTWO",
        ),
        "blank lines with spaces are kept": (
            "one\n \t\ntwo", "ONE\n \t\ntwo", "one\n \t\nTWO",
        ),
        "one line inside a paragraph is no paragraph": (
            "one\ntwo", "ONE\ntwo", "one\nTWO",
        ),
        "letters outside the first plane": (
            "\U0001f642\n\nb", "\U0001f642!\n\nb", "\U0001f642\n\nB",
        ),
    }  # fmt: skip
    cases: list[Case] = [
        {"name": name, "expect": "ok", "base": base, "mine": mine, "theirs": theirs,
         "joined": merge_note(base, mine, theirs)}
        for name, (base, mine, theirs) in triples.items()
    ]  # fmt: skip
    return {"about": "PROTOCOL 9.4: notes by paragraph; null: a person decides",
            "cases": cases}  # fmt: skip


# -- records ----------------------------------------------------------------------


def contents() -> Case:
    """PROTOCOL 9.1."""
    who, session, other = (b64(person(n)) for n in ("ann", "a session", "another"))
    dot, over = b64(_dot(1)), b64(_dot(2))
    good: dict[str, dict[str, Any]] = {
        "agreement": {"rules_version": 2, "at": "2026-10-27T12:41:05Z"},
        "apology": {"session": session, "written_at": "2026-10-27T12:41:05Z",
                    "withdrawn": False, "reason": "On nights.\nSorry!"},
        "apology_flag": {"session": session, "person": who, "withdrawn": True},
        "contact": {"person": who, "email": "ann@example.org", "phone": "01632 960001",
                    "supervisors": [{"name": "Dr A. Rowe", "role": "supervisor"}]},
        "group": {"name": "Tuesday group", "code": "g14"},
        "note": {"title": "Bed 4", "text": "Nothing.\n\nNor did I. \U0001f642"},
        "notice": {"title": "Room", "text": "Upstairs.", "at": "2026-10-27T12:41:05Z"},
        "person": {"person": who, "name": "Si\u00e2n \u00d3 Briain",
                   "roles": ["member"],
                   "leave": [{"first_on": "2026-10-27", "last_on": "2027-02-01"}]},
        "programme": {"name": "Demo", "tz": "Europe/London",
                      "apologies_shown": "group", "late_minutes": 10,
                      "help": [{"name": "Helpline", "reach": "116 123"}]},
        "programme_key": {"circle": b64(bytes(32)),
                          "epochs": [[1, b64(bytes(8)), b64(bytes(32))]]},
        "rota": {"anchor": "2026-10-26", "weeks": ["DDDNNOO"],
                 "codes": {"D": [["08:00", "17:00"]], "N": [["20:00", "08:00"]]}},
        "rules": {"version": 1, "rules": ["What is said here stays here."],
                  "guidelines": [{"text": "Phones away.", "why": "We listen."}]},
        "session": {"on": "2026-10-27", "start": "13:00", "minutes": 90,
                    "tz": "Europe/London", "led_by": [who], "state": "planned",
                    "changes": [{"what": "place", "after": "Room 2", "by": who,
                                 "at": "2026-10-27T12:41:05Z"}]},
        "settings": {"values": {"theme": "dark"}},
        "sheet": {"session": session, "finished": True,
                  "cells": [[who, "late", dot, [over]]], "visitors": {other: "Kim"}},
        "sitting": {"person": who, "week": "2026-10-26", "session": session},
        "statement": {"session": session, "person": who,
                      "cells": [[who, "here", dot, []]]},
    }  # fmt: skip
    cases: list[Case] = []

    def add(name: str, expect: str, content: str, **more: Any) -> None:
        case = {"name": name, "expect": expect, "content": content}
        cases.append({**case, **more})

    def spelled_out(kind: str, **changes: Any) -> str:
        values = {**good[kind], "t": kind, "v": 1, **changes}
        return json.dumps({k: v for k, v in values.items() if v != "absent"})

    for kind, values in good.items():
        content = records.canonical({**values, "t": kind, "v": 1}).decode()
        add(f"a {kind}", "ok", content, known=True, canonical=content)
        first = next(name for name in values)
        add(
            f"a {kind} with a field that it does not know",
            "bad_record",
            spelled_out(kind, colour="red"),
        )
        add(
            f"a {kind} without {first}",
            "bad_record"
            if records.SCHEMAS[kind].schema["required"].count(first)
            else "ok",
            spelled_out(kind, **{first: "absent"}),
        )
        add(f"a {kind} with null", "bad_record", spelled_out(kind, **{first: None}))
    add("a type that is not known", "ok", '{"t":"poll","v":1,"x":[1]}', known=False)
    add("a version that is not known", "ok", spelled_out("note", v=2), known=False)
    add(
        "a version spelled 1.0",
        "ok",
        '{"t":"note","v":1.0,"text":"a"}',
        known=True,
        canonical='{"t":"note","text":"a","v":1}',
    )
    add(
        "other spacing and order",
        "ok",
        '{ "v":1, "text":"\\u0061", "t":"note" }',
        known=True,
        canonical='{"t":"note","text":"a","v":1}',
    )
    bad = {
        "nothing": "",
        "a list": "[]",
        "a number": "1",
        "JSON cut short": '{"t":"note","v":1,"text":"a"',
        "two values": '{"t":"note","v":1,"text":"a"} {}',
        "no type": '{"v":1,"text":"a"}',
        "no version": '{"t":"note","text":"a"}',
        "a version in words": '{"t":"note","v":"1","text":"a"}',
        "a version that is true": '{"t":"note","v":true,"text":"a"}',
        "NaN": '{"t":"note","v":NaN,"text":"a"}',
        "very deep": '{"t":"note","v":1,"text":' + "[" * 5000 + "]" * 5000 + "}",
        "half of a surrogate pair": '{"t":"note","v":1,"text":"\\ud800"}',
        "a NUL": '{"t":"note","v":1,"text":"\\u0000"}',
        "a text that is too long": spelled_out("notice", text="a" * 4001),
        "a name of two lines": spelled_out("group", name="a\nb"),
        "an empty name": spelled_out("group", name=""),
        "a day that does not exist": spelled_out("session", on="2026-02-30"),
        "a day in another spelling": spelled_out("session", on="27.10.2026"),
        "a time of 24:00": spelled_out("session", start="24:00"),
        "minutes in words": spelled_out("session", minutes="90"),
        "half a minute": spelled_out("session", minutes=90.5),
        "a state that is none": spelled_out("session", state="moved"),
        "a week that begins on a Tuesday": spelled_out("sitting", week="2026-10-27"),
        "a week of six letters": spelled_out("rota", weeks=["DDDNNO"]),
        "true in words": spelled_out("apology", withdrawn="true"),
        "a moment without its zone": spelled_out("notice", at="2026-10-27T12:41:05"),
        "a person of 15 bytes": spelled_out("apology_flag", person=b64(bytes(15))),
        "a person with padding": spelled_out("apology_flag", person=who + "=="),
        "a mark that is none": spelled_out("sheet", cells=[[who, "asleep", dot, []]]),
        "a mark without over": spelled_out("sheet", cells=[[who, "here", dot]]),
        "one dot twice in a sheet": spelled_out(
            "sheet", cells=[[who, "here", dot, []], [other, "here", dot, []]]
        ),
        "a mark over itself": spelled_out("sheet", cells=[[who, "here", dot, [dot]]]),
        "a statement about somebody else": spelled_out(
            "statement", cells=[[other, "here", dot, []]]
        ),
        "a programme key of 31 bytes": spelled_out(
            "programme_key", epochs=[[1, b64(bytes(8)), b64(bytes(31))]]
        ),
    }
    for name, content in bad.items():
        add(f"refused: {name}", "bad_record", content)
    return {"about": "PROTOCOL 9.1: opened contents; what is not known is kept",
            "cases": cases}  # fmt: skip


SUBJECTS: dict[str, Callable[[], Case]] = {
    "base64url": base64url, "codes": codes, "ids": ids, "tables": tables,
    "signatures": signatures, "headers": headers, "versions": versions,
    "entries": control, "logs": logs, "check": judging, "rings": rings,
    "sealing": sealed, "wraps": wraps, "accounts": accounts, "invitations": invited,
    "registers": registers, "notes": notes, "records": contents,
}  # fmt: skip


def made(subject: str) -> str:
    """The text of one file."""
    return json.dumps(hexed(SUBJECTS[subject]()), indent=1, ensure_ascii=True) + "\n"


def main() -> None:
    """Write all files and say how many cases there are."""
    total = 0
    for subject in SUBJECTS:
        text = made(subject)
        (FOLDER / f"{subject}.json").write_text(text)
        count = len(json.loads(text)["cases"])
        total += count
        print(f"{subject:12} {count:4} cases {len(text) // 1024:5} KiB")
    print(f"{'':12} {total:4} cases")


if __name__ == "__main__":
    main()
