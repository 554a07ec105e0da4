"""People with phones, for tests: each is a real ``Client`` on its own storage."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from typing import Any

from sync import records
from sync.check import Space
from sync.client import Client, Transport
from sync.invitations import Invitation
from sync.kinds import CircleKind, Role, Rule, SpaceKind
from sync.outbox import Intent
from sync.replica import Held, Opened
from sync.store import Store

LATER = 1_800_000_000 + 30 * 86_400


class MemoryKeys:
    """A key file that is not on disk."""

    def __init__(self, secrets: dict[str, bytes] | None = None) -> None:
        self.secrets = secrets or {}

    def load(self) -> dict[str, bytes]:
        return dict(self.secrets)

    def save(self, secrets: dict[str, bytes]) -> None:
        self.secrets = dict(secrets)


class World:
    """A server to talk to, a clock, and how to admit the first account."""

    def __init__(
        self, transport: Transport, admit: Callable[[bytes], None], server: Any
    ) -> None:
        self.transport, self.admit, self.server = transport, admit, server
        self.time = 1_800_000_000.0

    def phone(self, keys: MemoryKeys, store: Store | None = None) -> Client:
        """A phone with these keys."""
        store = store or Store(sqlite3.connect(":memory:"))
        return Client(store, keys, self.transport, lambda: self.time)

    def newcomer(self) -> Client:
        """A fresh phone with a fresh account that no server knows."""
        keys = MemoryKeys()
        Client.create(keys, os.urandom)
        return self.phone(keys)

    def first(self) -> Client:
        """The operator's first account."""
        phone, invitation = self.newcomer(), Invitation.new(os.urandom)
        self.admit(invitation.lookup)
        with phone.store.write():
            phone.store.set_meta("lookup", invitation.lookup)
        phone.person_circle()
        phone.keep_slot()
        phone.sync()
        return phone

    def second_device(self, phone: Client) -> Client:
        """Another device of the same account, opened by the recovery code."""
        keys, code = MemoryKeys(), phone.recovery_code()
        assert code
        Client.reopen(keys, code, self.transport, os.urandom)
        other = self.phone(keys)
        other.sync()
        return other

    def copy_of(self, phone: Client) -> Client:
        """The same profile on a second phone, as a phone's backup makes it."""
        connection = sqlite3.connect(":memory:")
        connection.deserialize(phone.store.connection.serialize())
        keys = MemoryKeys(phone.keys.load())
        return self.phone(keys, Store(connection))

    def restart(self, phone: Client) -> Client:
        """The app killed and opened again."""
        return self.phone(phone.keys, phone.store)  # type: ignore[arg-type]


def begin_group(leader: Client) -> bytes:
    """A group with one leader; its circle id."""
    held = leader.begin_circle(CircleKind.GROUP, Role.LEADER, os.urandom(16))
    return held.space.circle


def join(world: World, inviter: Client, circle: bytes, role: Role) -> Client:
    """Somebody new joins by a code, and has the keys that need no word."""
    person = os.urandom(16)
    invitation = inviter.invite(circle, person, role, {"name": "us"}, LATER)
    inviter.sync()
    phone = world.newcomer()
    phone.join(Invitation.from_code(invitation.code))
    phone.sync()
    inviter.sync()
    phone.sync()
    return phone


def space(phone: Client, circle: bytes, kind: SpaceKind) -> Space:
    """A space of a circle; a thread is the phone's own."""
    subject = bytes(16)
    if kind is SpaceKind.THREAD:
        subject = phone.replica.circles[circle].accounts[phone.account].person
    return Space(circle, kind, subject)


def write_text(
    phone: Client, what: Space, text: str, rec: bytes | None = None,
    base: tuple[bytes, ...] = (), editor: bytes | None = None,
) -> bytes:  # fmt: skip
    """Write a note (personal, own) or a notice (elsewhere, lead); its record id."""
    rec = rec or os.urandom(16)
    if what.kind is SpaceKind.PERSONAL:
        content, rule = records.dump("note", {"text": text}), Rule.OWN
    else:
        content, rule = b'{"t":"text","v":9,"text":"%s"}' % text.encode(), Rule.LEAD
        if what.kind is SpaceKind.THREAD or what.kind is SpaceKind.REGISTER:
            rule = Rule.OWN
    phone.outbox.write(what, Intent(rule, rec, content, base), editor or os.urandom(16))
    return rec


def shown(phone: Client, what: Space) -> list[Opened]:
    """What a screen shows of a space, pending things included."""
    held = phone.replica.spaces.get(what.id)
    if held is None:
        return []
    return [o for heads in phone.outbox.overlay(held).values() for o in heads]


def texts(phone: Client, what: Space) -> list[str]:
    """The texts shown of a space, sorted."""
    found = []
    for opened in shown(phone, what):
        content = opened.content
        if isinstance(content, records.Record):
            found.append(str(content.fields.get("text")))
        elif isinstance(content, records.Unknown):
            found.append(content.content.decode().split('"text":"')[1].rstrip('"}'))
    return sorted(found)


def alarms(phone: Client) -> set[str]:
    """Codes of the alarms raised on a phone."""
    return {row[0] for row in phone.store.all("SELECT code FROM alarm")}


def held(phone: Client, what: Space) -> Held:
    """A space as a phone holds it."""
    return phone.replica.spaces[what.id]
