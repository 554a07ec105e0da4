"""The world of one history: people, phones that die, a network, a server, a clock.

Everything is drawn from one ``random.Random``, so a seed is a history. The phones run
the production core; only clock, chance, storage and transport are put in. What happens
when is ``history.py``'s; what people do is ``acts.py``'s.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sync.check import Space
from sync.client import Client
from sync.encoding import unb64
from sync.envelope import Version, parse
from sync.errors import EnidError, Later
from sync.invitations import Invitation
from sync.kinds import CircleKind, Role, Rule, SpaceKind
from sync.store import Store
from tests.sim.ghost import Act, Ghost
from tests.sim.memory_server import Down, MemoryServer, State
from tests.sim.suite import FAKE, REAL

START = 1_800_000_000.0
REQUESTS_MAX = 5000  # a history that is well needs a few hundred


class Crash(BaseException):
    """The phone died between two writes."""


class Runaway(BaseException):
    """The phones ask and ask: work is not bounded."""


class Keys:
    """A key file: replaced as a whole, or not at all."""

    def __init__(self, device: Device, secrets: dict[str, bytes]) -> None:
        self.device, self.secrets = device, secrets

    def load(self) -> dict[str, bytes]:
        return dict(self.secrets)

    def save(self, secrets: dict[str, bytes]) -> None:
        self.device.on_write()
        before = self.secrets.get("device", secrets["device"])
        self.device.renewals += before != secrets["device"]
        self.secrets = dict(secrets)


@dataclass(eq=False)
class Actor:
    """One account, and what the ghost knows of its owner."""

    name: str
    role: Role
    person: bytes
    account: bytes = b""
    code: str = ""
    founder: bytes | None = None
    joined: bool = False
    rights_changed: bool = False
    devices: list[Device] = field(default_factory=list)


@dataclass(eq=False)
class Editor:
    """Something open on a screen: what it was opened on, and what was typed."""

    id: bytes
    what: Space
    rule: Rule
    rec: bytes
    form: str
    base: tuple[bytes, ...]
    seen: list[Act]
    text: str


@dataclass(eq=False)
class Device:
    """One phone: its disk outlives the program that runs on it."""

    world: World
    actor: Actor
    number: int
    connection: sqlite3.Connection
    skew: float = 0.0
    away_until: float = 0.0
    state: str = "alive"  # or "dead": nothing is left of it; "lost": signed out
    cloned: bool = False
    fuse: int | None = None
    full: bool = False
    renewals: int = 0
    rows: dict[int, Act] = field(default_factory=dict)
    editors: list[Editor] = field(default_factory=list)
    running: Client | None = None
    failure: str = ""

    def __post_init__(self) -> None:
        self.keys, self.born = Keys(self, {}), self.world.now

    @property
    def name(self) -> str:
        return f"{self.actor.name}/{self.number}"

    @property
    def client(self) -> Client:
        """The running program, started again after a crash."""
        if self.running is None:
            self.running = Client(
                Store(self.connection, self.on_write), self.keys,
                Network(self.world, self), lambda: self.world.now + self.skew,
                self.world.random, self.world.suite,
            )  # fmt: skip
        return self.running

    def on_write(self) -> None:
        """Called before every durable write."""
        if self.fuse is None:
            return
        self.fuse -= 1
        if self.fuse < 0:
            self.fuse = None
            if self.full:
                raise sqlite3.OperationalError("database or disk is full")
            raise Crash

    def died(self) -> None:
        """The program is gone; what was written stays."""
        self.running, self.fuse = None, None
        self.editors.clear()


def pushed_in(body: dict[str, Any]) -> list[Version]:
    """The versions in a request."""
    rows = [row for rows in body.get("push", {}).values() for row in rows]
    return [
        parse(*(None if part is None else unb64(part) for part in row))  # type: ignore[arg-type]
        for row in rows
    ]


def one_row(device: Device, sql: str) -> Any:
    return device.connection.execute(sql).fetchone()


class Network:
    """What lies between one phone and the server."""

    origin = MemoryServer.origin

    def __init__(self, world: World, device: Device) -> None:
        self.world, self.device = world, device

    def request(
        self, method: str, path: str, body: dict[str, Any] | None, token: str | None
    ) -> tuple[int, dict[str, Any]]:
        world = self.world
        world.requests += 1
        if world.requests > REQUESTS_MAX:
            raise Runaway
        if path == "/v1/sync":
            world.sees_request(self.device, body or {})
        if world.happens("request_lost"):
            raise Later("no_answer")
        if world.happens("request_delayed"):
            due = world.now + world.rng.expovariate(1 / 20)
            world.late.append((due, method, path, body, token))
            world.ghost.delayed |= {v.id for v in pushed_in(body or {})}
            raise Later("no_answer")
        if world.happens("bad_answer"):
            return world.bad_answer()
        status, answer = world.serve(method, path, body, token)
        if world.happens("request_doubled"):
            status, answer = world.serve(method, path, body, token)
        if world.happens("reply_lost"):
            world.replies.append((self.device, answer, body))
            raise Later("no_answer")
        return status, answer


class World:
    """One history's people, phones, server, clock and chance."""

    acks_early = False  # a planted bug: the server answers before its commit

    def __init__(self, seed: int, rates: dict[str, float] | None = None) -> None:
        self.seed, self.rng = seed, random.Random(seed)
        self.now = START
        self.suite = REAL if self.rng.random() < 0.02 else FAKE
        self.rates: dict[str, float] = dict(rates or {})
        self.calm = True
        self.ghost = Ghost()
        self.server = MemoryServer(lambda: self.now)
        self.server.on_commit, self.server.on_version = self.on_commit, self.on_version
        self.actors: list[Actor] = []
        self.devices: list[Device] = []
        self.invitations: list[tuple[Actor, Invitation]] = []
        self.backups: list[State] = []
        self.late: list[tuple[float, str, str, Any, str | None]] = []
        self.replies: list[tuple[Device, Any, Any]] = []
        self.restores, self.restored_at = 0, 0.0
        self.rollbacks = 0
        self.group = self.programme = b""
        self.session = self.random(16)
        self.keeps_own_cells = self.rng.random() < 0.5
        self.words = self.requests = 0
        self.fresh: list[tuple[bytes, Version]] = []
        self.crash_at: tuple[int, bool] | None = None
        self.commits = 0
        self.snapshot: State | None = None
        self.events: list[str] = []
        self.digest = hashlib.sha256()
        self.removed_at: dict[bytes, float] = {}
        self.old_keys: dict[bytes, set[bytes]] = {}

    # -- chance -----------------------------------------------------------

    def random(self, size: int) -> bytes:
        return self.rng.randbytes(size)

    def happens(self, fault: str) -> bool:
        """Whether a fault strikes now; none does while the world is calm."""
        rate = self.rates.get(fault, 0.0)
        return not self.calm and rate > 0 and self.rng.random() < rate

    def word(self) -> str:
        self.words += 1
        return f"word{self.words}"

    def log(self, *what: Any) -> None:
        line = " ".join(str(w) for w in what)
        self.events.append(f"{self.now - START:9.1f} {line}")
        self.digest.update(line.encode() + b"\n")

    # -- the server's side ------------------------------------------------

    def serve(
        self, method: str, path: str, body: Any, token: str | None
    ) -> tuple[int, dict[str, Any]]:
        """One request at the server, which may die over it."""
        if self.happens("server_crash"):
            self.crash_at = (self.rng.randint(1, 3), self.rng.random() < 0.5)
        self.commits = 0
        self.fresh.clear()
        try:
            status, answer = self.server.request(method, path, body, token)
        except Down:
            raise Later("no_answer") from None
        finally:
            self.crash_at = None
            for _, version in self.fresh:
                self.ghost.committed.setdefault(version.id, self.now)
            if self.snapshot:
                self.server.state, self.snapshot = self.snapshot, None
        if path == "/v1/sync" and status == 200:
            self.sees_answer(body, answer)
        return status, answer

    def on_commit(self, space: bytes, before: bool) -> None:
        self.commits += before
        if self.crash_at is None or self.commits != self.crash_at[0]:
            return
        rolls_back = self.crash_at[1]
        if before and rolls_back:
            self.snapshot, self.kept = self.server.dump(), len(self.fresh)
        elif not before:
            if rolls_back:
                del self.fresh[self.kept :]
            if not (rolls_back and self.acks_early):
                raise Down

    def on_version(self, space: bytes, version: Version) -> None:
        self.fresh.append((space, version))

    def bad_answer(self) -> tuple[int, dict[str, Any]]:
        """A captive portal, a proxy, a tired server."""
        choice = self.rng.randrange(6)
        if choice == 0:
            raise Later("no_answer")  # HTML or half a body: not JSON at all
        return (
            (200, {}), (502, {}), (503, {"code": "busy", "retry": "later"}),
            (429, {"code": "rate_limited", "retry": "later"}), (304, {}),
        )[choice - 1]  # fmt: skip

    def deliver_late(self, everything: bool = False) -> None:
        """Requests that were given up arrive after all."""
        due = [r for r in self.late if everything or r[0] <= self.now]
        for request in due:
            self.late.remove(request)
            try:
                status, _ = self.serve(*request[1:])
                self.log("late", request[2], status)
            except Later:
                pass

    # -- what the ghost sees ----------------------------------------------

    def sees_request(self, device: Device, body: dict[str, Any]) -> None:
        rows = device.connection.execute("SELECT n, id FROM outbox WHERE id NOT NULL")
        for n, version in rows:
            if n in device.rows:
                self.ghost.versions[version] = device.rows[n]
        for name, wraps in body.get("wraps", {}).items():
            self.sees_wraps(device, unb64(name), [unb64(row[1]) for row in wraps])

    def sees_wraps(self, device: Device, space: bytes, accounts: list[bytes]) -> None:
        held = device.client.replica.spaces[space]
        membership, what = held.membership, held.space
        for account in accounts:
            known = membership.accounts.get(account)
            if known is None or not membership.may_write(
                known, known.ever, what.kind, what.subject, Rule.ALL
            ):
                self.ghost.violate("REL-12", f"{device.name} wraps to a stranger")

    def sees_answer(self, body: dict[str, Any], answer: dict[str, Any]) -> None:
        """What the server took in with its bytes, it has."""
        logs = self.server.state.spaces
        for version in pushed_in(body):
            home = logs.get(version.header.space)
            if home and version.id in home.by_id and version.body is not None:
                kept = home.versions[home.by_id[version.id]][0]
                if kept.body is None:
                    self.ghost.violate("REL-03", "bytes that were sent are gone")

    def act_of(self, device: Device, identity: bytes) -> Act | None:
        """The act behind something on a screen."""
        if identity.startswith(b"outbox") and len(identity) == 14:
            return device.rows.get(int.from_bytes(identity[6:], "big"))
        return self.ghost.versions.get(identity)

    def copies(self) -> set[int]:
        """The acts of which a copy is on the server or on a phone."""
        found = set()
        for home in self.server.state.spaces.values():
            for version, _, _ in home.versions:
                act = self.ghost.versions.get(version.id)
                if act:
                    found.add(act.number)
        for device in self.devices:
            if device.state != "dead":
                found |= self.copies_on(device)
        return found

    def copies_on(self, device: Device) -> set[int]:
        found: set[int] = set()
        if not one_row(device, "SELECT 1 FROM sqlite_master WHERE name = 'outbox'"):
            return found
        for (version,) in device.connection.execute("SELECT id FROM version"):
            act = self.ghost.versions.get(version)
            if act:
                found.add(act.number)
        for (n,) in device.connection.execute("SELECT n FROM outbox"):
            if n in device.rows:
                found.add(device.rows[n].number)
        return found

    # -- people and phones ------------------------------------------------

    def actor(self, name: str, role: Role, person: bytes | None = None) -> Actor:
        actor = Actor(name, role, person or self.random(16))
        self.actors.append(actor)
        return actor

    def phone(self, actor: Actor) -> Device:
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        device = Device(self, actor, len(self.devices), connection)
        if self.rates.get("skew") and self.rng.random() < 0.5:
            device.skew = self.rng.uniform(-9, 9) * 86400
        self.devices.append(device)
        actor.devices.append(device)
        return device

    def first_phone(self, actor: Actor, founder: bool = False) -> Device:
        """A new account on a new phone, admitted by the operator if a founder."""
        device = self.phone(actor)
        Client.create(device.keys, self.random, self.suite)
        client = device.client
        actor.account, actor.code = client.account, client.recovery_code() or ""
        if founder:
            invitation = Invitation.new(self.random, self.suite)
            actor.founder = invitation.lookup
            self.server.operator_code(invitation.lookup)
            with client.store.write():
                client.store.set_meta("lookup", invitation.lookup)
        return device

    def attempt(self, device: Device, what: str, do: Callable[[], Any]) -> bool:
        """Let a phone do something, which it may not survive; whether it did."""
        if self.happens("client_crash"):
            device.fuse, device.full = self.rng.randint(0, 25), False
        elif self.happens("disk_full"):
            device.fuse, device.full = self.rng.randint(0, 12), True
        outcome = "ok"
        try:
            do()
        except Crash:
            device.died()
            outcome = "crash"
        except sqlite3.OperationalError as error:
            if "full" not in str(error):
                raise
            outcome = "full"
        except EnidError as error:
            outcome = error.code
        finally:
            device.fuse = None
        device.failure = "" if outcome == "ok" else outcome
        self.log(device.name, what, outcome)
        return outcome == "ok"

    def sync(self, device: Device, rounds: int = 200) -> bool:
        """Sync; a phone that had seen more than the server has now must say so."""
        ahead = self.rollbacks and self.is_ahead(device)
        done = self.attempt(device, "sync", lambda: device.client.sync(rounds))
        if ahead and done and not one_row(device, "SELECT 1 FROM alarm"):
            self.ghost.violate("REL-18", f"{device.name} did not see the roll-back")
        return done

    def is_ahead(self, device: Device) -> bool:
        """Whether a phone has verified more than the server now has."""
        replica = device.client.replica
        for space, held in replica.spaces.items():
            cursor, there = replica.cursor(space), self.server.state.spaces.get(space)
            seat = held.membership.accounts.get(device.actor.account)
            if not seat or not seat.roles:
                continue
            current = cursor.seq and cursor.inc == self.server.inc
            if current and (there is None or there.head_at(cursor.seq) != cursor.head):
                return True
        return False

    def space(self, kind: SpaceKind, subject: bytes = bytes(16)) -> Space:
        return Space(self.group, kind, subject)

    def begin(self, roles: list[tuple[str, Role]], coordinator: bool) -> None:
        """A group, its leader and whoever joins at once, without any fault."""
        leader = self.actor("anna", Role.LEADER)
        first = self.first_phone(leader, founder=True)
        client = first.client
        client.person_circle()
        held = client.begin_circle(CircleKind.GROUP, Role.LEADER, leader.person)
        self.group, leader.joined = held.space.circle, True
        client.keep_slot()
        client.sync()
        joiners = [self.actor(name, role) for name, role in roles]
        if coordinator:
            joiners.append(self.actor("cora", Role.COORDINATOR))
        for actor in joiners:
            self.invite(first, actor)
        client.sync()
        for actor in joiners:
            self.join(actor)
        client.sync()

    def invite(self, device: Device, actor: Actor) -> None:
        made = device.client.invite(
            self.group, actor.person, actor.role, {"role": int(actor.role)},
            int(self.now) + 90 * 86400,
        )  # fmt: skip
        self.invitations.append((actor, made))

    def join(self, actor: Actor) -> bool:
        """Take the invitation made for an actor, on a new phone if there is none."""
        invitation = next(i for a, i in reversed(self.invitations) if a is actor)
        phones = [d for d in actor.devices if d.state == "alive"]
        device = phones[0] if phones else self.first_phone(actor)
        typed = Invitation.from_code(invitation.code, self.suite)

        def taking() -> None:
            client = device.client
            client.join(typed)
            client.person_circle()
            client.keep_slot()
            client.sync()
            actor.joined = True

        return self.attempt(device, "join", taking)
