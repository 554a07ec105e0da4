"""People with phones, as small as the server's tests need them.

They sign and certify with the core, seal nothing (the server cannot tell), and keep
their own chain and view for each space.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from server import services_of
from server.services.invitations import lookup_of, new_operator_code
from sync import entries as e
from sync import envelope, labels, membership, signing
from sync.check import Space
from sync.encoding import b64, bytes_from_code, sha256, unb64
from sync.envelope import Header, Version, View
from sync.kinds import ZERO16, ZERO32, CircleKind, Role, Rule, SpaceKind

ORIGIN = "http://localhost:8000"
SIZE = 1024 + envelope.SEALED_OVERHEAD


def wire(version: Version) -> list[str | None]:
    """A version as it is pushed."""
    head: list[str | None] = [b64(version.raw), b64(version.signature)]
    if version.body is None:
        return [*head, None, b64(version.body_hash)]
    return [*head, b64(version.body)]


def operator_lookup(app: Flask, days: int = 14) -> bytes:
    """The lookup id of a fresh operator's code."""
    return lookup_of(bytes_from_code(new_operator_code(services_of(app), days), 5))


@dataclass
class Circle:
    """A circle as its people know it."""

    id: bytes
    kind: CircleKind
    last_change: bytes = ZERO32
    epochs: dict[bytes, tuple[int, bytes, bytes]] = field(default_factory=dict)

    @property
    def log(self) -> bytes:
        return Space(self.id, SpaceKind.CIRCLE).id

    def space(self, kind: SpaceKind, subject: bytes = ZERO16) -> bytes:
        return Space(self.id, kind, subject).id


class Phone:
    """One person's only device, and its connection to one server."""

    def __init__(self, app: Flask, person: bytes = b"") -> None:
        self.app = app
        self.client: Any = FlaskClient(app, use_cookies=False)
        self.identity, self.seed = os.urandom(32), os.urandom(32)
        self.person = person or os.urandom(16)
        self.sign_key = signing.public_key(1, self.identity)
        self.wrap_key = os.urandom(32)
        self.key = signing.public_key(1, self.seed)
        self.account = membership.account_id(self.sign_key, self.wrap_key)
        self.device = membership.device_id(self.key)
        self.tips: dict[bytes, tuple[int, bytes]] = {}
        self.views: dict[bytes, tuple[int, int, bytes]] = {}
        self.token = ""

    @property
    def certificate(self) -> bytes:
        return membership.certify(1, self.identity, self.account, self.key)

    # -- signing in -----------------------------------------------------------

    def challenge(self) -> str:
        return self.client.post("/v1/session/challenge", json={}).json["challenge"]

    def claim(self, **changes: Any) -> dict[str, Any]:
        challenge = unb64(changes.pop("challenge", None) or self.challenge())
        origin = changes.pop("origin", ORIGIN)
        message = sha256(origin.encode()) + challenge + self.account
        claim: dict[str, Any] = {
            "challenge": b64(challenge), "suite": 1, "sign_key": b64(self.sign_key),
            "wrap_key": b64(self.wrap_key), "device_key": b64(self.key),
            "certificate": b64(self.certificate), "deliver": "bearer",
            "signature": b64(signing.sign(1, self.seed, labels.SIGN_SESSION, message)),
        }  # fmt: skip
        lookup = changes.pop("lookup", None)
        return claim | ({"lookup": b64(lookup)} if lookup else {}) | changes

    def sign_in(self, lookup: bytes | None = None, **changes: Any) -> Any:
        answer = self.client.post(
            "/v1/session", json=self.claim(lookup=lookup, **changes)
        )
        if answer.status_code == 201 and "token" in answer.json:
            self.token = answer.json["token"]
        return answer

    def enrol(self) -> Phone:
        assert self.sign_in(operator_lookup(self.app)).status_code == 201
        return self

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    # -- making versions ------------------------------------------------------

    def make(self, place: bytes, body: bytes, **fields: Any) -> Version:
        """A version that continues this phone's chain in a space."""
        n, prev = self.tips.get(place, (0, ZERO32))
        view = self.views.get(place)
        values: dict[str, Any] = {
            "suite": 1, "space": place, "epoch": 0, "kid": bytes(8),
            "rule": Rule.CONTROL, "flags": 0, "rec": ZERO16, "device": self.device,
            "n": n + 1, "prev": prev, "view": View(*view) if view else View(),
            "parents": (), "salt": os.urandom(24),
        }  # fmt: skip
        header = Header(**values | fields)

        def sign(name: bytes) -> bytes:
            return signing.sign(1, self.seed, labels.SIGN_VERSION, name)

        version = envelope.build(header, body, sign)
        self.tips[place] = (header.n, version.id)
        return version

    def unmake(self, place: bytes, version: Version) -> None:
        """Go on as if a version had not been made."""
        self.tips[place] = (version.header.n - 1, version.header.prev)

    def entry(self, circle: Circle, entry: e.Entry) -> Version:
        version = self.make(circle.log, e.encode(entry))
        if isinstance(entry, e.Removal | e.SetRoles):
            circle.last_change = version.id
        return version

    def genesis(
        self, kind: CircleKind = CircleKind.GROUP, roles: Role = Role.LEADER
    ) -> tuple[Circle, Version]:
        entry = e.Genesis(
            kind, self.person, roles, self.sign_key, self.wrap_key, self.key,
            self.certificate,
        )  # fmt: skip
        version = self.make(b"new", e.encode(entry), space=ZERO16)
        circle = Circle(version.id, kind)
        self.tips[circle.log] = self.tips.pop(b"new")
        return circle, version

    def grant(self, circle: Circle, other: Phone, roles: Role) -> Version:
        grant = e.Grant(other.person, roles, other.sign_key, other.wrap_key)
        return self.entry(circle, grant)

    def certify_in(self, circle: Circle) -> Version:
        return self.entry(circle, e.Device(self.account, self.key, self.certificate))

    def join(self, circle: Circle, invite_seed: bytes) -> Version:
        public = signing.public_key(1, invite_seed)
        blank = e.Join(public, self.sign_key, self.wrap_key, self.key,
                       self.certificate, bytes(64))  # fmt: skip
        message = membership.join_message(circle.id, blank)
        proof = signing.sign(1, invite_seed, labels.SIGN_JOIN, message)
        joined = e.Join(public, self.sign_key, self.wrap_key, self.key,
                        self.certificate, proof)  # fmt: skip
        return self.entry(circle, joined)

    def remove(self, circle: Circle, other: Phone) -> Version:
        entry = e.Removal(circle.last_change, e.REMOVE_ACCOUNT, other.account)
        return self.entry(circle, entry)

    def epoch(
        self, circle: Circle, kind: SpaceKind, subject: bytes = ZERO16, **changes: Any
    ) -> Version:
        space = circle.space(kind, subject)
        number, _kid, before = circle.epochs.get(space, (0, b"", ZERO32))
        kid = os.urandom(8)
        values: dict[str, Any] = {
            "circle": circle.id, "kind": kind, "subject": subject, "after": before,
            "membership": circle.last_change, "commitment": os.urandom(32),
            "wrapped": ((self.account,),),
        }  # fmt: skip
        body = e.encode(e.Epoch(**values | changes))
        version = self.make(space, body, epoch=number + 1, kid=kid)
        circle.epochs[space] = (number + 1, kid, version.id)
        return version

    def write(
        self, circle: Circle, kind: SpaceKind, subject: bytes = ZERO16, **fields: Any
    ) -> Version:
        """A content version of random bytes."""
        space = circle.space(kind, subject)
        number, kid, _id = circle.epochs.get(space, (1, bytes(8), b""))
        values = {"epoch": number, "kid": kid, "rule": Rule.ALL, "rec": os.urandom(16)}
        body = fields.pop("body", None)
        body = os.urandom(SIZE) if body is None else body
        return self.make(space, body, **values | fields)

    # -- talking to the server ------------------------------------------------

    def post(self, **request: Any) -> Any:
        return self.client.post("/v1/sync", json=request, headers=self.headers)

    def sync(self, **request: Any) -> dict[str, Any]:
        answer = self.post(**request)
        assert answer.status_code == 200, answer.json
        return answer.json

    def push(self, space: bytes, *versions: Version, **more: Any) -> dict[str, Any]:
        """What became of versions of one space."""
        push = {b64(space): [wire(version) for version in versions]}
        return self.sync(push=push, **more)["pushed"][b64(space)]

    def accepted(self, space: bytes, *versions: Version, **more: Any) -> None:
        outcome = self.push(space, *versions, **more)
        assert outcome == {"accepted": len(versions)}

    def pull(self) -> dict[str, Any]:
        """Pull what is new and look at it, as a client does."""
        have = {b64(s): [i, q, b64(h)] for s, (i, q, h) in self.views.items()}
        answer = self.sync(have=have)
        for space, page in answer["pull"].items():
            head = unb64(page["head"])
            self.views[unb64(space)] = (answer["inc"], page["seq"], head)
        return answer["pull"]

    def have(self) -> dict[str, list[Any]]:
        return {b64(s): [i, q, b64(h)] for s, (i, q, h) in self.views.items()}


def group_of(leader: Phone, *members: Phone) -> Circle:
    """A group with a room; everybody seated, certified and able to write."""
    circle, genesis = leader.genesis()
    grants = [leader.grant(circle, member, Role.MEMBER) for member in members]
    leader.accepted(circle.log, genesis, *grants)
    for member in members:
        member.accepted(circle.log, member.certify_in(circle))
    room = circle.space(SpaceKind.ROOM)
    leader.accepted(room, leader.epoch(circle, SpaceKind.ROOM))
    return circle
