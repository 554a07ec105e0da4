"""Planted bugs: production code with one rule taken away, which must be caught.

Each mutant is one sentence, a patch, and the faults under which it shows. Most come
from the reliability plan (security.md 6.5), translated to this design, and the rest
from protocol.md 9. A mutant that no seed catches means that the oracle is blind there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from sync import check as check_module
from sync import sealing
from sync.check import Judgement, Serving
from sync.client import Client
from sync.encoding import b64, sha256, unb64
from sync.envelope import Version, record_key
from sync.errors import AfterPull, Never
from sync.keyring import Ring
from sync.kinds import ZERO16, Rule
from sync.merge import Cell, settled
from sync.outbox import Outbox, Row
from sync.replica import Held, Replica, local_name
from sync.store import Store
from tests.sim.memory_server import MemoryServer, MemorySpace
from tests.sim.world import World

Patch = tuple[Any, str, Any]


@dataclass(frozen=True)
class Mutant:
    """One planted bug.

    Attributes:
        says: what the mistaken code does.
        patches: what is replaced, as (owner, name, replacement).
        faults: rates that this mutant needs; others are drawn by the seed.
    """

    says: str
    patches: Callable[[], list[Patch]]
    faults: dict[str, float] = field(default_factory=dict)


MUTANTS: dict[str, Mutant] = {}


def mutant(says: str, **faults: float) -> Callable[..., Callable[[], list[Patch]]]:
    """Register a function that lists its patches."""

    def keep(patches: Callable[[], list[Patch]]) -> Callable[[], list[Patch]]:
        MUTANTS[patches.__name__] = Mutant(says, patches, faults)
        return patches

    return keep


@contextmanager
def planted(name: str) -> Iterator[dict[str, float]]:
    """Run with one bug planted; gives the rates that it needs."""
    chosen = MUTANTS[name]
    with ExitStack() as stack:
        for patch in chosen.patches():
            stack.enter_context(mock.patch.object(*patch))
        yield chosen.faults


# -- security.md 6.5 ------------------------------------------------------------------


@mutant("A server judges a version again that it has already.", reply_lost=0.25)
def no_id_dedupe() -> list[Patch]:
    right = MemoryServer._accept

    def accept(
        self: MemoryServer, account: bytes, who: Any, space: bytes, version: Version
    ) -> None:
        home = self.state.spaces.get(space)
        if home and version.id in home.by_id:
            check_module.check(version, home, Serving(self.inc, True, home.head_at))
        right(self, account, who, space, version)

    return [(MemoryServer, "_accept", accept)]


@mutant("A page that ends early moves the cursor to the log's end.", small_pages=1)
def page_taken_as_complete() -> list[Patch]:
    page_of, take = MemoryServer._page, Replica.take_page

    def page(self: MemoryServer, home: MemorySpace, *rest: Any) -> Any:
        found = page_of(self, home, *rest)
        if found:
            found["last"] = [len(home.versions), b64(home.head)]
        return found

    def take_page(self: Replica, space: bytes, inc: int, page: Any, now: int) -> None:
        take(self, space, inc, page, now)
        if page.get("more") and space in self.spaces:
            seq, head = page["last"]
            with self.store.write():
                self.store.run(
                    "UPDATE space SET seq = ?, head = ? WHERE id = ?",
                    seq, unb64(head), space,
                )  # fmt: skip

    return [(MemoryServer, "_page", page), (Replica, "take_page", take_page)]


@mutant("Of several heads only the last counts.", two_tabs=0.5)
def last_writer_wins() -> list[Patch]:
    right = Replica.heads

    def heads(self: Replica, space: bytes) -> Any:
        return {k: [max(v, key=lambda o: o.id)] for k, v in right(self, space).items()}

    return [(Replica, "heads", heads)]


@mutant("Deletions are swept away once everybody might have seen them.")
def deletions_are_swept() -> list[Patch]:
    right = Replica._contents

    def contents(self: Replica, held: Held) -> Any:
        return (pair for pair in right(self, held) if not pair[0].header.deleted)

    return [(Replica, "_contents", contents)]


@mutant("What was sent leaves the outbox.", request_lost=0.15)
def dropped_when_sent() -> list[Patch]:
    right = Client._request

    def request(self: Client) -> Any:
        made = right(self)
        with self.store.write():
            self.store.run("DELETE FROM outbox WHERE id IS NOT NULL")
        return made

    return [(Client, "_request", request)]


@mutant(
    "What was acknowledged leaves the outbox before it is seen in the log.",
    small_pages=1, restore=0.05, client_crash=0.15,
)  # fmt: skip
def dropped_when_acknowledged() -> list[Patch]:
    right = Client._take_refusals

    def take(self: Client, pushed: Any) -> None:
        right(self, pushed)
        for name, result in pushed.items():
            if "error" not in result:
                with self.store.write():
                    self.store.run(
                        "DELETE FROM outbox WHERE space = ? AND id IS NOT NULL",
                        unb64(name),
                    )

    return [(Client, "_take_refusals", take)]


@mutant("The cursor is saved before the rows.", client_crash=0.3)
def cursor_before_rows() -> list[Patch]:
    right = Replica._keep_page

    def keep(
        self: Replica, held: Held, start: Any, cursor: Any, versions: Any,
        reset: bool, now: int,
    ) -> None:  # fmt: skip
        if not reset:
            what = held.space
            with self.store.write():
                self.store.add_space(held.id, what.circle, what.kind, what.subject)
                self.store.run(
                    "UPDATE space SET inc = ?, seq = ?, head = ? WHERE id = ?",
                    cursor.inc, cursor.seq, cursor.head, held.id,
                )  # fmt: skip
        with mock.patch.object(self, "cursor", return_value=start):
            right(self, held, start, cursor, versions, reset, now)

    return [(Replica, "_keep_page", keep)]


@mutant(
    "A phone that was wiped comes back under its old device id.",
    evict=0.06, away=0.05,
)  # fmt: skip
def device_id_reused() -> list[Patch]:
    create, reopen = Client.create, Client.reopen

    def same(keys: Any) -> None:
        secrets = keys.load()
        keys.save({**secrets, "device": sha256(b"device", secrets["account"])})

    def creating(keys: Any, *rest: Any) -> None:
        create(keys, *rest)
        same(keys)

    def opening(keys: Any, *rest: Any) -> None:
        reopen(keys, *rest)
        same(keys)

    # The look for clones would otherwise notice, and put it right by a new device.
    return [
        (Client, "create", staticmethod(creating)),
        (Client, "reopen", staticmethod(opening)),
        (Replica, "_look_for_clone", lambda self, space, version: None),
    ]


@mutant("A full disk is not reported.", disk_full=0.3)
def full_disk_is_swallowed() -> list[Patch]:
    right = Store.run

    def run(self: Store, sql: str, *values: Any) -> int:
        try:
            return right(self, sql, *values)
        except sqlite3.OperationalError:
            return 0

    return [(Store, "run", run)]


@mutant("The server answers before its commit, which then fails.", server_crash=0.4)
def answered_before_commit() -> list[Patch]:
    return [(World, "acks_early", True)]


@mutant("A seq is given out before the commit that fills it.")
def seq_before_commit() -> list[Patch]:
    right = MemoryServer._page

    def page(self: MemoryServer, home: MemorySpace, *rest: Any) -> Any:
        found = right(self, home, *rest)
        if found and len(found["versions"]) > 1 and found["seq"] % 3 == 0:
            del found["versions"][-2]  # not committed yet, and never looked at again
        return found

    return [(MemoryServer, "_page", page)]


@mutant("A phone does not notice that the server was restored.", restore=0.05)
def restore_is_not_noticed() -> list[Patch]:
    return [
        (Replica, "_set_aside", lambda self, *rest: None),
        (Client, "_take_gone", lambda self, *rest: None),
    ]


@mutant(
    "Phones count whatever a removed writer's devices signed.",
    remove=0.06, haunt=0.3, restore=0, rollback=0, newcomer=0,
)  # fmt: skip
def removed_writer_counts() -> list[Patch]:
    from sync import replica

    return [(replica, "still_counts", lambda version, judged, state: True)]


@mutant("An answer that was given up on is taken in when it comes.", reply_lost=0.3)
def stale_answer_is_taken() -> list[Patch]:
    right = Client.sync_once

    def sync_once(self: Client) -> bool:
        network: Any = self.transport
        waiting = network.world.replies
        for late in [late for late in waiting if late[0] is network.device]:
            waiting.remove(late)
            if "pull" in late[1]:
                self.repairing, self.packs_asked = {}, []
                self._take(late[1], late[2])
        return right(self)

    return [(Client, "sync_once", sync_once)]


# -- protocol.md 9 --------------------------------------------------------------------


@mutant("A mark is over what was on the screen, not over what that was over.")
def over_is_not_cumulative() -> list[Patch]:
    from tests.sim import acts

    def mark(cells: Any, person: bytes, value: str, dot: bytes) -> Cell:
        on_screen = settled(cells).get(person, ())
        return Cell(person, value, dot, tuple(sorted(c.dot for c in on_screen)))

    return [(acts, "mark", mark)]


@mutant("A version names its phone's newest own as parent.", two_tabs=0.8)
def parent_is_newest_own() -> list[Patch]:
    def parents(self: Outbox, row: Row, before: Any) -> list[bytes]:
        key = record_key(row.intent.rule, self.replica.account, row.intent.rec)
        own = [
            r for r in self.rows(row.space) if r.n < row.n and r.intent.rec == key[17:]
        ]
        if own:
            return [local_name(own[-1].n)]
        last = self.store.one(
            "SELECT id FROM version WHERE space = ? AND record = ? AND device = ?"
            " AND code IS NULL ORDER BY n DESC LIMIT 1",
            row.space, key, self.device,
        )  # fmt: skip
        return [last[0]] if last else list(row.intent.base)

    return [(Outbox, "_parents", parents)]


@mutant("A parent of another record drops that record's ciphertext.", poison=0.3)
def foreign_parent_drops_bytes() -> list[Patch]:
    from tests.sim import memory_server

    right, append = check_module.check, MemorySpace.append

    def check(version: Version, state: Any, serving: Any = None) -> Judgement:
        try:
            return right(version, state, serving)
        except Never as error:
            if error.code != "bad_parent":
                raise
            author = state.membership.author(version.header.device)
            header = version.header
            return Judgement(author.id, record_key(header.rule, author.id, header.rec))

    def appending(self: MemorySpace, version: Version, judged: Judgement) -> None:
        append(self, version, judged)
        for parent in version.header.parents:
            place = self.by_id.get(parent)
            if place is not None:
                old, head, record = self.versions[place]
                dropped = Version(
                    old.raw, old.signature, None, old.body_hash, old.header
                )
                self.versions[place] = (dropped, head, record)

    return [(memory_server, "check", check), (MemorySpace, "append", appending)]


@mutant(
    "A known id discards the bytes that come with it.",
    compact=0.1, restore=0.06, evict=0.08, second_phone=0.1, newcomer=0.1,
)  # fmt: skip
def known_id_discards_bytes() -> list[Patch]:
    return [(MemoryServer, "_keep_bytes", lambda self, home, version: None)]


@mutant(
    "The server looks at the epoch before it looks whether it has the version.",
    reply_lost=0.3, remove=0.08, newcomer=0.15, evict=0,
)  # fmt: skip
def epoch_before_id() -> list[Patch]:
    right = MemoryServer._accept

    def accept(
        self: MemoryServer, account: bytes, who: Any, space: bytes, version: Version
    ) -> None:
        home, header = self.state.spaces.get(space), version.header
        if home and home.epoch and 0 < header.epoch < home.epoch.number:
            raise AfterPull("epoch_stale")
        right(self, account, who, space, version)

    return [(MemoryServer, "_accept", accept)]


@mutant(
    "A chain conflict always means that the profile was copied.",
    restore=0.06, clone=0, rollback=0,
)  # fmt: skip
def conflict_is_always_a_clone() -> list[Patch]:
    def behind(self: Client, space: bytes, error: dict[str, Any]) -> bool:
        if error["code"] != "chain_conflict":
            return False
        self.replica.cloned = True
        return True

    return [(Client, "_server_is_behind", behind)]


@mutant(
    "The tips of an epoch were taken before the leaver's last push.",
    remove=0.08, restore=0, rollback=0,
)  # fmt: skip
def tips_before_last_push() -> list[Patch]:
    right = Ring.next_epoch

    def next_epoch(self: Ring, membership: Any, to: Any, tips: Any, random: Any) -> Any:
        early = [(device, n - 1, bytes(32)) for device, n, _ in tips if n > 1]
        return right(self, membership, to, early, random)

    return [
        (Ring, "next_epoch", next_epoch),
        (check_module, "_check_tips", lambda *args, **kwargs: None),
    ]


@mutant(
    "A restored server takes new changes of rights before the old are back.",
    restore=0.06, remove=0.08, newcomer=0.1,
)  # fmt: skip
def rotation_before_repair() -> list[Patch]:
    return [(MemoryServer, "_complete", lambda self, home: True)]


@mutant("A record is named by its id alone, whoever wrote it.", poison=0.4)
def squatting() -> list[Patch]:
    from sync import outbox
    from tests.sim import acts

    def key(rule: Rule, account: bytes, rec: bytes) -> bytes:
        return bytes([rule]) + ZERO16 + rec

    return [
        (module, "record_key", key) for module in (check_module, outbox, acts)
    ]  # fmt: skip


@mutant(
    "An addition begins no epoch where the past is not handed on.",
    newcomer=0.2, confirm=0.2,
)  # fmt: skip
def addition_without_epoch() -> list[Patch]:
    def wrap_for(self: Client, lacking: dict[str, list[str]]) -> None:
        for name, accounts in lacking.items():
            held = self.replica.spaces.get(unb64(name, 16))
            newest = held.ring.newest if held else None
            if held is None or newest is None or newest.mark.kid not in held.ring.keys:
                continue
            wanted = {unb64(a, 16) for a in accounts}
            with self.store.write():
                for account in self.outbox.recipients(held):
                    if account.id in wanted:
                        key = held.ring.keys[newest.mark.kid]
                        self.store.run(
                            "INSERT OR REPLACE INTO wrap_out VALUES (?, ?, ?, ?)",
                            held.id, newest.mark.kid, account.id,
                            sealing.wrap(key, account),
                        )  # fmt: skip

    return [
        (Outbox, "newcomers", lambda self, *rest: set()),
        (Client, "_wrap_for", wrap_for),
    ]
