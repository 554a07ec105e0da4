"""A lying server around the honest one, and clients that lack one defence.

``Liar`` stands behind the client's transport: the in-memory server answers, and each
lie may change the answer (or the request). ``Stage`` is a small circle of people
before anything is wrong; ``plant`` and ``forge`` put bytes into its logs that no
honest server would take in. ``weaken`` takes one defence out of the production code
by changing its source text, so that an attack can be shown to bite without it.
"""

from __future__ import annotations
import __future__

import copy
import importlib
import inspect
import os
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sync import entries, envelope, sealing
from sync.check import Space
from sync.client import Client
from sync.encoding import b64, unb64
from sync.envelope import Header, Version, View
from sync.errors import EnidError
from sync.kinds import ZERO16, Role, Rule, SpaceKind
from sync.sealing import EpochKey
from tests.people import (
    LATER,
    World,
    alarms,
    begin_group,
    join,
    shown,
    space,
    texts,
    write_text,
)
from tests.sim.memory_server import MemoryServer, MemorySpace, to_wire
from tools.make_vectors import Phone

Answer = dict[str, Any]
# Changes an answer in place: who asks (account or None), path, request, answer.
Lie = Callable[[bytes | None, str, Answer, Answer], None]
MAL = Phone("mal")


class Liar:
    """An honest server whose answers pass through lies.

    Attributes:
        lies: change answers.
        before: change requests before they arrive.
        seen: every request, for what must never be in one.
    """

    def __init__(self, honest: MemoryServer) -> None:
        self.honest, self.origin = honest, honest.origin
        self.lies: list[Lie] = []
        self.before: list[Callable[[str, Answer], None]] = []
        self.seen: list[tuple[str, Answer]] = []

    def request(
        self, method: str, path: str, body: Answer | None, token: str | None
    ) -> tuple[int, Answer]:
        asked = copy.deepcopy(body or {})
        self.seen.append((path, copy.deepcopy(asked)))
        for change in self.before:
            change(path, asked)
        status, answer = self.honest.request(method, path, asked, token)
        who = self.honest.tokens.get(token or "")
        for lie in self.lies:
            lie(who["account"] if who else None, path, body or {}, answer)
        return status, answer

    def tell(self, victim: Client | None, lie: Callable[[Answer], None]) -> None:
        """Lie in the answers to the syncs of one account, or of everybody."""

        def change(who: bytes | None, path: str, _: Answer, answer: Answer) -> None:
            heard = victim is None or who == victim.account
            if heard and path == "/v1/sync" and "pull" in answer:
                lie(answer)

        self.lies.append(change)

    def pushed(self, where: Space) -> list[Header]:
        """The headers of everything that anybody has pushed into a space."""
        return [
            envelope.parse_header(unb64(row[0]))
            for path, body in self.seen if path == "/v1/sync"
            for row in body.get("push", {}).get(b64(where.id), [])
        ]  # fmt: skip

    def turn_honest(self) -> None:
        """No more lies."""
        self.lies.clear()
        self.before.clear()


class Stage:
    """Ann and Lee lead a group, Bob is a member; Ann and Lee have another group too.

    ``said`` holds every text that a person truly wrote.
    """

    def __init__(self) -> None:
        self.server = MemoryServer()
        self.liar = Liar(self.server)
        self.world = World(self.liar, self.server.operator_code, self.server)
        self.server.clock = lambda: self.world.time
        self.said: set[str] = set()
        self.ann = self.world.first()
        self.circle = begin_group(self.ann)
        self.frame = space(self.ann, self.circle, SpaceKind.FRAME)
        self.room = space(self.ann, self.circle, SpaceKind.ROOM)
        self.log = Space(self.circle, SpaceKind.CIRCLE)
        self.say(self.ann, self.frame, "Tuesday at one")
        self.bob = join(self.world, self.ann, self.circle, Role.MEMBER)
        self.lee = join(self.world, self.ann, self.circle, Role.LEADER)
        other = begin_group(self.ann)
        self.elsewhere = space(self.ann, other, SpaceKind.FRAME)
        self.say(self.ann, self.elsewhere, "in another group")
        invitation = self.ann.invite(other, os.urandom(16), Role.LEADER, {}, LATER)
        self.ann.sync()
        self.lee.join(invitation)
        self.say(self.ann, self.room, "a chair is free")
        self.say(self.lee, self.frame, "I lead next week")
        self.meet()
        self.meet()
        assert not alarms(self.ann) | alarms(self.lee) | alarms(self.bob)

    def say(self, who: Client, where: Space, text: str, **more: Any) -> bytes:
        """Somebody truly writes something."""
        self.said.add(text)
        return write_text(who, where, text, **more)

    def meet(self, *who: Client) -> None:
        """Everybody syncs; what a liar does to them is kept by each for itself."""
        for phone in who or (self.ann, self.bob, self.lee):
            attempt(phone)

    def remove_lee(self) -> None:
        """Ann removes Lee; her next write in a space begins a new epoch there."""
        self.ann.remove(self.circle, self.lee.account, entries.REMOVE_ACCOUNT)
        self.meet(self.ann)

    def home(self, where: Space) -> MemorySpace:
        """A space as the server keeps it."""
        return self.server.state.spaces[where.id]

    def versions(self, where: Space) -> list[Version]:
        """The server's log of a space."""
        return [version for version, _, _ in self.home(where).versions]

    # -- forging --------------------------------------------------------------------

    def forge(
        self, by: Client | Phone, where: Space, body: bytes = b"",
        key: EpochKey | None = None, **changes: Any,
    ) -> Version:  # fmt: skip
        """A version that would be next, sealed if there is a key for it.

        By a client it has that client's signature (it colludes); by ``MAL``, with
        ``device`` given, it has a stranger's under somebody else's name.
        """
        device = by.device if isinstance(by, Phone) else by.outbox.device
        home = self.home(where)
        n, tip = home.tip(changes.get("device", device))
        usual = {
            "suite": 1, "space": where.id, "epoch": key.number if key else 0,
            "kid": key.kid if key else bytes(8), "rule": Rule.CONTROL, "flags": 0,
            "rec": ZERO16, "device": device, "n": n + 1, "prev": tip,
            "view": View(1, len(home.versions), home.head), "parents": (),
            "salt": os.urandom(24),
        }  # fmt: skip
        header = Header(**{**usual, **changes})
        if key and header.rule:
            body = sealing.seal_content(header, key, body, 256)
        if isinstance(by, Phone):
            return envelope.build(header, body, by.sign)
        return by.outbox.build(header, body)

    def forge_entry(
        self, by: Client | Phone, entry: entries.Entry, **changes: Any
    ) -> Version:
        """A control entry for the circle's log."""
        return self.forge(by, self.log, entries.encode(entry), **changes)

    def plant(self, where: Space, version: Version, place: int | None = None) -> None:
        """Put a version into a log, unchecked; the heads after it are made again."""
        home = self.home(where)
        rows = [(v, record) for v, _, record in home.versions]
        rows.insert(len(rows) if place is None else place, (version, bytes(33)))
        self.rewrite(where, rows)
        home.tips[version.header.device] = (version.header.n, version.id)

    def rewrite(self, where: Space, rows: Sequence[tuple[Version, bytes]]) -> None:
        """Replace a log; ``rows`` are versions and their records."""
        home, head = self.home(where), bytes(32)
        home.versions, home.by_id = [], {}
        for place, (version, record) in enumerate(rows):
            head = envelope.next_head(head, version.id)
            home.versions.append((version, head, record))
            home.by_id[version.id] = place

    def page(self, versions: Sequence[Version]) -> Answer:
        """A first page of some log."""
        head = bytes(32)
        for version in versions:
            head = envelope.next_head(head, version.id)
        return {"after": 0, "seq": len(versions), "head": b64(head), "more": False,
                "versions": [to_wire(v) for v in versions],
                "reset": False}  # fmt: skip

    def key(self, of: Client, where: Space) -> EpochKey:
        """The newest key of a space that somebody holds."""
        ring = of.replica.spaces[where.id].ring
        assert ring.newest
        return ring.keys[ring.newest.mark.kid]

    # -- what may never happen ------------------------------------------------------

    def shown_anywhere(self, *phones: Client) -> set[str]:
        """All texts that these phones show as genuine."""
        return {
            text
            for phone in phones or (self.ann, self.bob, self.lee)
            for held in phone.replica.spaces.values()
            for text in texts(phone, held.space)
            if phone.replica.is_trusted(held.space.circle)
        }


def attempt(phone: Client) -> str | None:
    """Sync; the code of the error that a person would see."""
    try:
        phone.sync(rounds=20)
    except EnidError as error:
        return error.code
    return None


def kept(phone: Client) -> int:
    """How many versions and unsent items a phone holds."""
    count = phone.store.one(
        "SELECT (SELECT count(*) FROM version) + (SELECT count(*) FROM outbox)"
    )
    return int(count[0]) if count else 0


def holds(phone: Client, where: Space, version: Version) -> bool:
    """Whether a phone holds a version as a valid one."""
    return bool(phone.store.one(
        "SELECT 1 FROM version WHERE space = ? AND id = ? AND code IS NULL",
        where.id, version.id,
    ))  # fmt: skip


def seq(phone: Client, where: Space) -> int:
    """How far a phone has got in a space's log."""
    return phone.replica.cursor(where.id).seq


def pending(phone: Client) -> set[str]:
    """Texts that a phone shows as not sent yet."""
    return {
        text for held in phone.replica.spaces.values()
        for one in shown(phone, held.space) if one.pending
        for text in [getattr(one.content, "content", b"").decode()]
    }  # fmt: skip


Mutation = tuple[str, str, str]  # where, old text, new text


def weaken(monkeypatch: pytest.MonkeyPatch, mutations: Sequence[Mutation]) -> None:
    """Take defences away: change functions' source and run that instead.

    ``where`` is ``module.function`` or ``module.Class.function`` of ``sync``. The
    old text must stand in it exactly once, so a defence that moves is noticed here.
    """
    sources: dict[Any, str] = {}
    for where, old, new in mutations:
        function = _function(where)
        source = sources.get(function) or textwrap.dedent(inspect.getsource(function))
        assert source.count(old) == 1, f"{where} has changed: look for {old!r}"
        sources[function] = source.replace(old, new)
    flags = __future__.annotations.compiler_flag
    for function, source in sources.items():
        code = compile(source, function.__qualname__, "exec", flags)
        made: dict[str, Any] = {}
        exec(code, function.__globals__, made)  # noqa: S102 - our own, one line changed
        monkeypatch.setattr(function, "__code__", made[function.__name__].__code__)


def _function(where: str) -> Any:
    module, *path = where.split(".")
    found: Any = importlib.import_module(f"sync.{module}")
    for name in path:
        found = inspect.getattr_static(found, name)
    return getattr(found, "fget", None) or getattr(found, "__func__", found)
