"""The people of a measurement: real accounts, made by the real client, over the wire.

A world is one programme with some groups: each has a leader, and members who have
joined by code. Everybody has a circle of their own; every member has written in their
thread and their notes. When it stands, each member reads 5 spaces and 3 circles' logs.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from sync import labels, records, sealing
from sync.check import Space
from sync.client import Client, Transport
from sync.encoding import b64, sha256
from sync.entries import Listing
from sync.envelope import Header, Version, View, next_head
from sync.invitations import Invitation
from sync.kinds import CircleKind, Role, Rule, SpaceKind
from sync.membership import space_id
from sync.outbox import Intent
from sync.replica import Held
from sync.store import Store

NEW = 12  # versions that a returning phone finds in its group's frame
SOON = int(time.time()) + 30 * 86400  # when invitations expire
WORKERS = 4

Wire = list[str]
Have = dict[str, list[Any]]


class Keys:
    """A key file in memory."""

    def __init__(self) -> None:
        self.secrets: dict[str, bytes] = {}

    def load(self) -> dict[str, bytes]:
        return dict(self.secrets)

    def save(self, secrets: dict[str, bytes]) -> None:
        self.secrets = dict(secrets)


@dataclass
class Group:
    """One group: its circle, its leader, its members."""

    circle: bytes
    leader: Client
    places: list[tuple[bytes, Invitation]]
    members: list[Client] = field(default_factory=list)

    def space(self, kind: SpaceKind, subject: bytes = bytes(16)) -> Space:
        return Space(self.circle, kind, subject)


@dataclass
class World:
    """All of it.

    Attributes:
        connect: gives a transport to one thread.
        admit: lets one account in, as the operator's invitation would.
    """

    connect: Callable[[], Transport]
    admit: Callable[[bytes], None]
    programme: bytes = b""
    groups: list[Group] = field(default_factory=list)
    say: Callable[[str], None] = print

    def build(self, groups: int, members: list[int]) -> World:
        """Make everybody; ``members`` says how many each group has."""
        started = time.monotonic()
        coordinator = self._founder(self.connect())
        self.programme = coordinator.begin_circle(
            CircleKind.PROGRAMME, Role.COORDINATOR, os.urandom(16)
        ).space.circle
        key = self._open_programme(coordinator)
        with ThreadPoolExecutor(WORKERS) as workers:
            self.groups = list(workers.map(self._begin_group, members[:groups]))
            log = coordinator.replica.log_of(self.programme)
            for group in self.groups:
                coordinator.outbox.write_entry(log, Listing(group.circle, 1))
            coordinator.sync()
            done = 0
            for group in workers.map(self._fill_group, self.groups):
                done += len(group.members)
                if done % 50 < len(group.members) or done == sum(members):
                    took = time.monotonic() - started
                    self.say(f"  set-up: {done} phones have joined, {took:.0f} s")
        for group in self.groups:
            for phone in group.members:
                _learn_programme_key(phone, self.programme, key)
        return self

    # -- people ---------------------------------------------------------------

    def _client(self, transport: Transport) -> Client:
        keys = Keys()
        Client.create(keys, os.urandom)
        # Groups are built in one thread and measured in another, never at once.
        memory = sqlite3.connect(":memory:", check_same_thread=False)
        return Client(Store(memory), keys, transport, time.time)

    def _founder(self, transport: Transport) -> Client:
        client, invitation = self._client(transport), Invitation.new(os.urandom)
        self.admit(invitation.lookup)
        with client.store.write():
            client.store.set_meta("lookup", invitation.lookup)
        client.person_circle()
        return client

    def _open_programme(self, coordinator: Client) -> tuple[bytes, bytes]:
        space = Space(self.programme, SpaceKind.PROGRAMME)
        calendar = {
            "name": "Balint groups", "tz": "Europe/London", "apologies_shown": "group",
        }  # fmt: skip
        write(coordinator, space, Rule.LEAD, records.dump("programme", calendar))
        coordinator.sync()
        ring = coordinator.replica.spaces[space.id].ring
        key = next(iter(ring.keys.values()))
        return key.kid, key.secret

    # -- groups ---------------------------------------------------------------

    def _begin_group(self, size: int) -> Group:
        leader = self._founder(self.connect())
        log = leader.begin_circle(CircleKind.GROUP, Role.LEADER, os.urandom(16))
        places = []
        for _ in range(size):
            person = os.urandom(16)
            invitation = leader.invite(
                log.space.circle, person, Role.MEMBER, {"name": "Balint"}, SOON
            )
            places.append((person, invitation))
        leader.sync()
        return Group(log.space.circle, leader, places)

    def _fill_group(self, group: Group) -> Group:
        transport = group.leader.transport
        for person, invitation in group.places:
            group.members.append(self._join(group, person, invitation, transport))
        leader = group.leader
        leader.sync()
        for number in range(1, 14):
            write(leader, group.space(SpaceKind.FRAME), Rule.LEAD, meeting(number))
        write(leader, group.space(SpaceKind.ROOM), Rule.LEAD, notice("Welcome"))
        write(leader, group.space(SpaceKind.REGISTER), Rule.OWN, sheet(group), 2048)
        write(leader, group.space(SpaceKind.LEADERS), Rule.LEAD, contact())
        leader.sync()
        for phone in group.members:
            phone.sync()
        for number in range(1, NEW + 1):
            text = f"Week {number}: we meet in the library, not in the seminar room."
            write(leader, group.space(SpaceKind.FRAME), Rule.LEAD, notice(text))
        leader.sync()
        return group

    def _join(
        self, group: Group, person: bytes, invitation: Invitation, transport: Transport
    ) -> Client:
        phone = self._client(transport)
        phone.join(invitation)
        own = phone.person_circle().space.circle
        write(phone, Space(own, SpaceKind.PERSONAL), Rule.OWN, note())
        agreed = {"rules_version": 1, "at": now()}
        thread = group.space(SpaceKind.THREAD, person)
        write(phone, thread, Rule.OWN, records.dump("agreement", agreed))
        phone.sync()
        return phone


def admit_into(database: str) -> Callable[[bytes], None]:
    """Put operators' invitations into a server's SQLite file."""

    def admit(lookup: bytes) -> None:
        connection = sqlite3.connect(database, timeout=10)
        with connection:
            connection.execute(
                "INSERT INTO invitation (lookup_hash, expires_at) VALUES (?, ?)",
                (sha256(labels.ID_LOOKUP, lookup), SOON),
            )
        connection.close()

    return admit


def _learn_programme_key(
    phone: Client, programme: bytes, key: tuple[bytes, bytes]
) -> None:
    """As the record ``programme_key`` in the group's frame would teach it."""
    held = phone.replica.spaces[space_id(programme, SpaceKind.PROGRAMME)]
    phone.replica.take_secrets(held, [key])


# -- what they write -------------------------------------------------------------------


def write(
    client: Client, space: Space, rule: Rule, content: bytes, least: int = 256
) -> None:
    """Keep the intent to write one new record."""
    intent = Intent(rule, os.urandom(16), content, least=least)
    client.outbox.write(space, intent, os.urandom(16))


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def note() -> bytes:
    text = "What stayed with me was how quickly we all wanted to solve it for him."
    return records.dump("note", {"title": "Tuesday", "text": text})


def notice(text: str) -> bytes:
    return records.dump("notice", {"text": text, "at": now()})


def meeting(number: int) -> bytes:
    values = {
        "on": date(2027, 1, 4 + number), "start": "17:30", "minutes": 90,
        "tz": "Europe/London", "led_by": [os.urandom(16)], "state": "planned",
        "place": "Seminar room 3, second floor",
    }  # fmt: skip
    return records.dump("session", values)


def contact() -> bytes:
    values = {"person": os.urandom(16), "email": "a.person@example.org"}
    return records.dump("contact", values)


def sheet(group: Group) -> bytes:
    cells = [[p, "here", os.urandom(8), []] for p, _ in group.places]
    values = {"session": os.urandom(16), "cells": cells, "finished": True}
    return records.dump("sheet", values)


def statement(person: bytes) -> bytes:
    cells = [[person, "here", os.urandom(8), []]]
    values = {"session": os.urandom(16), "person": person, "cells": cells}
    return records.dump("statement", values)


# -- requests made ahead of time -------------------------------------------------------


def cursors(client: Client) -> Have:
    """What a request says that this client has."""
    rows = client.store.all("SELECT id, inc, seq, head FROM space WHERE inc > 0")
    return {b64(space): [inc, seq, b64(head)] for space, inc, seq, head in rows}


def back(client: Client, space: Space, versions: int) -> list[Any]:
    """The cursor that this client had some versions ago."""
    inc, seq = client.replica.cursor(space.id).inc, 0
    head = bytes(32)
    ids = client.store.all(
        "SELECT id FROM version WHERE space = ? AND seq IS NOT NULL ORDER BY seq",
        space.id,
    )
    for (identity,) in ids[: len(ids) - versions]:
        seq, head = seq + 1, next_head(head, identity)
    return [inc, seq, b64(head)]


@dataclass
class Chain:
    """Versions that one device writes into one space that nobody else writes into.

    Each is sealed and signed before the measurement, as of the cursor that the phone
    will have when its turn comes: it has seen its own last version back.
    """

    client: Client
    held: Held
    rule: Rule
    content: bytes
    least: int = 256

    def __post_init__(self) -> None:
        self.n, self.prev = self.held.tip(self.client.outbox.device)
        self.view: View = self.client.replica.cursor(self.held.id)
        self.key = self.held.ring.writable(self.held.membership)

    def have(self) -> list[Any]:
        """The cursor before the next version."""
        return [self.view.inc, self.view.seq, b64(self.view.head)]

    def next(self) -> Wire:
        """The next version, as it stands on the wire."""
        outbox = self.client.outbox
        header = Header(
            outbox.suite, self.held.id, self.key.number, self.key.kid, self.rule, 0,
            os.urandom(16), outbox.device, self.n + 1, self.prev, self.view, (),
            os.urandom(24),
        )  # fmt: skip
        body = sealing.seal_content(header, self.key, self.content, self.least)
        version: Version = outbox.build(header, body)
        self.n, self.prev = self.n + 1, version.id
        head = next_head(self.view.head, version.id)
        self.view = replace(self.view, seq=self.view.seq + 1, head=head)
        return [b64(version.raw), b64(version.signature), b64(body)]
