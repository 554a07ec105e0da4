"""The verified log of every space that this account reads (PROTOCOL 14.2).

Pages go in through ``Replica.take_page``: chain of heads, judgement of each new
version, then one transaction that re-reads the cursor. What was verified once is
kept for ever, also when a restored server no longer has it: such versions have no
``seq`` and are put back. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync import entries, envelope, labels, records, sealing, signing
from sync.check import NO_TIP, EpochMark, Judgement, Space, Tip, check, still_counts
from sync.encoding import unb64
from sync.envelope import RecordKey, Version, View
from sync.errors import (
    AfterPull,
    BadRecord,
    EnidError,
    NoKey,
    ServerFault,
    Unknown,
    Unopened,
)
from sync.invitations import Identity, open_box
from sync.keyring import Begun, Random, Ring
from sync.kinds import SPACES, ZERO16, ZERO32, Role, Rule, SpaceKind
from sync.membership import Membership
from sync.sealing import Context, EpochKey
from sync.store import Store

WAITING = "waiting"
PAGE_VERSIONS_MAX = 4096  # 512 KiB hold fewer
GAP = "chain_conflict"
# A server that spoils a signature or leaves a gap must not spoil a version for good.
_JUDGED_AGAIN = ("bad_signature", GAP)


@dataclass(frozen=True)
class Opened:
    """One version that counts, opened.

    Attributes:
        id: version id; for an intent still in the outbox, its local name.
        content: a ``records.Record``, a ``records.Unknown``, or ``None`` if deleted.
        pending: whether it has not been seen in the verified log.
    """

    id: bytes
    account: bytes
    record: RecordKey
    parents: tuple[bytes, ...]
    content: records.Record | records.Unknown | None
    pending: bool = False


@dataclass
class Held:
    """One space as this account holds it; the ``State`` that judging needs."""

    store: Store
    space: Space
    membership: Membership
    ring: Ring
    closed: dict[bytes, Tip] = field(default_factory=dict)
    fresh_tips: dict[bytes, Tip] = field(default_factory=dict)
    fresh_records: dict[bytes, RecordKey] = field(default_factory=dict)
    fresh_heads: dict[int, bytes] = field(default_factory=dict)
    waiting: set[bytes] = field(default_factory=set)

    @property
    def id(self) -> bytes:
        """Space id, 16 bytes."""
        return self.ring_space

    def __post_init__(self) -> None:
        """Remember the id: hashing it again for every version is slow."""
        self.ring_space = self.space.id

    @property
    def epoch(self) -> EpochMark | None:
        """The newest epoch."""
        return self.ring.newest.mark if self.ring.newest else None

    def tip(self, device: bytes) -> Tip:
        """Newest (n, id) of a device, put back or not."""
        if device not in self.fresh_tips:
            row = self.store.one(
                "SELECT n, id FROM version WHERE space = ? AND device = ?"
                " AND account IS NOT NULL AND coalesce(code, '') != ?"
                " ORDER BY n DESC LIMIT 1",
                self.id, device, GAP,
            )  # fmt: skip
            self.fresh_tips[device] = (row[0], row[1]) if row else NO_TIP
        return self.fresh_tips[device]

    def record_of(self, version: bytes) -> RecordKey | None:
        """The record of a version held here."""
        if version in self.fresh_records:
            return self.fresh_records[version]
        row = self.store.one(
            "SELECT record FROM version WHERE space = ? AND id = ?", self.id, version
        )
        return row[0] if row else None

    def kid_of(self, epoch: int) -> bytes | None:
        """Key id of an epoch."""
        found = [b.mark.kid for b in self.ring.begun if b.mark.number == epoch]
        return found[0] if found else None

    def closed_at(self, device: bytes) -> Tip | None:
        """Where a lost device's chain ends."""
        return self.closed.get(device)

    def head_at(self, seq: int) -> bytes | None:
        """The head at a seq, while a page is judged; ``None`` past its end."""
        if not seq or seq in self.fresh_heads or 0 in self.fresh_heads:
            return self.fresh_heads.get(seq, None if seq else ZERO32)
        row = self.store.one(
            "SELECT head FROM version WHERE space = ? AND seq = ?", self.id, seq
        )
        return row[0] if row else None

    def begin_epoch(self, version: Version, judged: Judgement) -> None:
        """Take an epoch entry into the ring."""
        entry, header = judged.entry, version.header
        if not isinstance(entry, entries.Epoch):
            raise TypeError("only an epoch entry begins an epoch")
        # Whoever is not listed wrote nothing.
        self.closed |= dict.fromkeys(self.lost_by(entry), NO_TIP)
        for device, n, tip in entry.tips:
            self.closed[device] = (n, tip)
        mark = EpochMark(header.epoch, header.kid, version.id, entry.membership)
        self.ring.begun.append(Begun(mark, entry, judged.account))

    def lost_by(self, entry: entries.Epoch) -> set[bytes]:
        """Devices that lost a right here since the epoch before this one."""
        since, what = self.epoch.membership if self.epoch else ZERO32, self.space
        return self.membership.lost(since, entry.membership, what.kind, what.subject)

    def forget_fresh(self) -> None:
        """Drop what was cached of a transaction that did not happen."""
        self.fresh_tips.clear()
        self.fresh_records.clear()


@dataclass(frozen=True)
class _Judged:
    version: Version
    seq: int | None
    judgement: Judgement | None
    code: str | None
    author: bytes | None = None  # whose account signed it, whatever else it is
    accuses: str | None = None  # what in it speaks against the server or its author


class Replica:
    """All circles and spaces of one account, folded from the store."""

    def __init__(
        self, store: Store, identity: Identity, local_key: bytes, random: Random
    ) -> None:
        self.store, self.identity, self.random = store, identity, random
        self.local_key, self.suite = local_key, identity.suite
        self.account = identity.account
        self._public = (identity.sign_key, identity.wrap_key)
        self.wrap_seed = identity.wrap_seed
        self.circles: dict[bytes, Membership] = {}
        self.spaces: dict[bytes, Held] = {}
        self._opened: dict[bytes, records.Record | records.Unknown] = {}
        self.device = b""  # the client's own; a stranger's version of it is a clone's
        self.cloned = False
        self._asked_again: set[bytes] = set()
        self._trust: tuple[int, set[bytes]] = (-1, set())
        self.changed = True  # a log, an epoch or a key is new
        self._load()

    # -- loading ----------------------------------------------------------

    def _load(self) -> None:
        self._judge_what_is_known_now()
        rows = self.store.all(
            "SELECT id, circle, kind, subject FROM space ORDER BY kind != 0"
        )
        for space, circle, kind, subject in rows:
            self._hold(space, Space(circle, SpaceKind(kind), subject))
            self._fold(self.spaces[space])

    def _judge_what_is_known_now(self) -> None:
        """An update of the app may know an entry that froze a circle before."""
        for space, body in self.store.all(
            "SELECT space, body FROM version WHERE code = 'upgrade_required'"
        ):
            try:
                entries.decode(body or b"")
            except EnidError:
                continue
            with self.store.write():
                self.store.run(
                    "UPDATE version SET code = ? WHERE space = ? AND body = ?",
                    WAITING, space, body,
                )  # fmt: skip
                self.store.run(
                    "UPDATE space SET frozen = NULL WHERE circle ="
                    " (SELECT circle FROM space WHERE id = ?)",
                    space,
                )

    def _hold(self, space: bytes, what: Space) -> Held:
        membership = self.circles.setdefault(what.circle, Membership())
        held = Held(self.store, what, membership, Ring(self.suite, what))
        rows = self.store.all(
            "SELECT subject FROM confirmed WHERE circle = ?", what.circle
        )
        held.ring.confirmed = {row[0] for row in rows}
        self.spaces[space] = held
        return held

    def _fold(self, held: Held) -> None:
        for version in self._versions(held.id, "control = 1 AND code IS NULL"):
            entry = entries.decode(version.body or b"")
            if held.space.kind is SpaceKind.CIRCLE:
                if not held.membership.length:
                    held.membership.suite = version.header.suite
                held.membership.apply(version.id, version.header.device, entry)
            else:
                author = held.membership.author(version.header.device)
                held.begin_epoch(version, Judgement(author.id, b"", entry))
        waiting = self._versions(held.id, f"code = '{WAITING}'")
        for version in waiting:
            _let_wait(held, version)
        self._load_keys(held)

    def _load_keys(self, held: Held) -> None:
        rows = self.store.all("SELECT kid, sealed FROM key WHERE space = ?", held.id)
        for kid, sealed in rows:
            secret = open_box(self.local_key, self._key_context(held.id, kid), sealed)
            held.ring.take_secret(kid, secret)

    def _versions(self, space: bytes, where: str) -> Iterator[Version]:
        rows = self.store.all(
            "SELECT header, signature, body, body_hash FROM version"
            f" WHERE space = ? AND {where} ORDER BY ord",
            space,
        )
        return (envelope.parse(*row) for row in rows)

    def _key_context(self, space: bytes, kid: bytes) -> Context:
        return Context(self.suite, labels.LOCAL, b"key" + space + kid)

    # -- questions --------------------------------------------------------

    def cursor(self, space: bytes) -> View:
        """What has been verified of a space's log."""
        row = self.store.one("SELECT inc, seq, head FROM space WHERE id = ?", space)
        return View(*row) if row else View()

    def log_of(self, circle: bytes) -> Held:
        """The log of a circle."""
        return self.spaces[Space(circle, SpaceKind.CIRCLE).id]

    def frozen(self, circle: bytes) -> str | None:
        """Why nothing is written in a circle: an entry that is not valid."""
        row = self.store.one(
            "SELECT frozen FROM space WHERE id = ?", Space(circle, SpaceKind.CIRCLE).id
        )
        return row[0] if row else None

    def is_trusted(self, circle: bytes) -> bool:
        """Whether a circle is this account's by its own act (PROTOCOL 14.6).

        It began the circle or joined it, or was granted a seat by an account that
        sits in such a circle. A server may offer others; they are not shown.
        """
        return circle in self._trusted()

    def began(self, circle: bytes) -> bool:
        """Whether this account's own genesis stands at the head of a circle's log."""
        row = self.store.one("SELECT account FROM version WHERE id = ?", circle)
        return row is not None and row[0] == self.account

    def _trusted(self) -> set[bytes]:
        length = sum(m.length for m in self.circles.values())
        if length != self._trust[0]:
            self._trust = (length, self._trace_trust())
        return self._trust[1]

    def _trace_trust(self) -> set[bytes]:
        trusted: set[bytes] = set()
        known: set[bytes] = {self.account}
        while True:
            more = {
                c for c, m in self.circles.items()
                if c not in trusted and m.length and self._seated_by(c) & known
            }  # fmt: skip
            if not more:
                return trusted
            trusted |= more
            known |= {a for c in more for a in self.circles[c].accounts}

    def _seated_by(self, circle: bytes) -> set[bytes]:
        """The account whose act seated this account: itself, or a granter."""
        found = set()
        for version in self._versions(self.log_of(circle).id, "code IS NULL"):
            entry = entries.decode(version.body or b"")
            author = self.circles[circle].author(version.header.device).id
            begun = isinstance(entry, entries.Genesis | entries.Join)
            mine = author == self.account and begun
            granted = isinstance(entry, entries.Grant) and (
                (entry.sign_key, entry.wrap_key) == self._public
            )
            if mine or granted:
                found.add(author)
        return found

    # -- pages ------------------------------------------------------------

    def take_page(self, space: bytes, inc: int, page: dict[str, Any], now: int) -> None:
        """Verify one page of a space's log and keep it, or change nothing.

        Raises:
            ServerFault: the page does not continue what was verified.
        """
        versions = [_from_wire(row) for row in page["versions"]]
        held = self.spaces.get(space) or self._meet(space, versions)
        if held is None:
            return  # its circle's log has not been verified yet
        start = View(inc) if page["reset"] else self.cursor(space)
        if page["after"] != start.seq or (start.seq and start.inc != inc):
            raise ServerFault(detail="the page does not begin at the cursor")
        if len(versions) > PAGE_VERSIONS_MAX:
            raise ServerFault(detail="more versions than an answer holds")
        heads = [start.head]
        for version in versions:
            heads.append(envelope.next_head(heads[-1], version.id))
        if page["seq"] != start.seq + len(versions) or unb64(page["head"]) != heads[-1]:
            raise ServerFault(detail="the chain of heads is broken")
        cursor = View(inc, page["seq"], heads[-1])
        held.fresh_heads = dict(enumerate(heads, start.seq))
        try:
            self._keep_page(held, start, cursor, versions, page["reset"], now)
        except BaseException:
            self._reload()
            raise
        finally:
            held.fresh_heads = {}

    def _meet(self, space: bytes, versions: Sequence[Version]) -> Held | None:
        if not versions or versions[0].body is None:
            return None
        first = versions[0]
        try:
            entry = entries.decode(first.body or b"")
        except EnidError:
            return None
        if isinstance(entry, entries.Genesis) and first.header.space == ZERO16:
            what = Space(first.id, SpaceKind.CIRCLE)
        elif isinstance(entry, entries.Epoch) and entry.circle in self.circles:
            if entry.kind not in set(SPACES):
                return None
            what = Space(entry.circle, SpaceKind(entry.kind), entry.subject)
        else:
            return None
        if what.id != space:
            raise ServerFault(detail="the space's first entry names another space")
        return self._hold(space, what)

    def _reload(self) -> None:
        self.circles.clear()
        self.spaces.clear()
        self._load()

    def _keep_page(
        self, held: Held, start: View, cursor: View, versions: list[Version],
        reset: bool, now: int,
    ) -> None:  # fmt: skip
        known = self._known(held.id, versions)
        stand = not reset and any(seq is not None for seq in known.values())
        if stand or len({v.id for v in versions}) != len(versions):
            raise ServerFault(detail="a version came twice")
        judged = []
        for place, version in enumerate(versions, start.seq + 1):
            if version.id not in known:
                one = self._judge(held, version, place, cursor.inc)
                judged.append(one)
                if one.author:
                    self._look_for_clone(held.id, version)
        with self.store.write():
            what = held.space
            self.store.add_space(held.id, what.circle, what.kind, what.subject)
            if reset:
                self._set_aside(held.id, now)
            elif self.cursor(held.id) != start:
                raise ServerFault("cursor_moved", "another page came first")
            for place, version in enumerate(versions, start.seq + 1):
                if version.id in known:
                    self._place_again(held, version, place)
            for one in judged:
                self._keep(held, one)
                self._note(held, one, now)
            self._move_cursor(held.id, cursor, versions, now)
        if judged:
            self._try_waiting(held, now)

    def ask_for_withheld(self, now: int) -> None:
        """Notice heads that came without their body, and read their space again.

        A body is dropped only when a newer version replaces it. Once for each start
        the space is read from zero: the server may have become honest.
        """
        for (space,) in self.store.all(
            "SELECT DISTINCT space FROM version"
            " WHERE body IS NULL AND control = 0 AND code IS NULL"
        ):
            if space in self._asked_again or not self._lacks_a_head(self.spaces[space]):
                continue
            self._asked_again.add(space)
            with self.store.write():
                self.store.raise_alarm(now, space, "body_withheld")
                self.store.run("UPDATE version SET seq = NULL WHERE space = ?", space)
                self.store.run(
                    "UPDATE space SET inc = 0, seq = 0, head = ? WHERE id = ?",
                    ZERO32, space,
                )  # fmt: skip

    def _lacks_a_head(self, held: Held) -> bool:
        contents = list(self._contents(held))
        replaced = {(j.record, p) for v, j in contents for p in v.header.parents}
        return any(
            v.body is None and not v.header.deleted and (j.record, v.id) not in replaced
            for v, j in contents
        )

    def _look_for_clone(self, space: bytes, version: Version) -> None:
        """A version of this very device that it never made: its profile was copied."""
        if version.header.device == self.device and not self.store.one(
            "SELECT 1 FROM outbox WHERE space = ? AND id = ?", space, version.id
        ):
            self.cloned = True

    def _known(self, space: bytes, versions: list[Version]) -> dict[bytes, int | None]:
        """Those that are held already, and their places."""
        ids, marks = [v.id for v in versions], ",".join("?" * len(versions))
        rows = self.store.all(
            f"SELECT id, seq FROM version WHERE space = ? AND id IN ({marks})"
            " AND coalesce(code, '') NOT IN (?, ?)",
            space, *ids, *_JUDGED_AGAIN,
        )  # fmt: skip
        return dict(rows)

    def _judge(
        self, held: Held, version: Version, seq: int | None, inc: int = 0
    ) -> _Judged:
        device = version.header.device
        if device in held.waiting:
            _let_wait(held, version)
            return _Judged(version, seq, None, WAITING)
        try:
            judgement = check(version, held)
        except EnidError as error:
            return self._refused(held, version, seq, error)
        accuses = self._accused(held, version, judgement, seq, inc)
        held.fresh_tips[device] = (version.header.n, version.id)
        held.fresh_records[version.id] = judgement.record
        if judgement.entry:
            self.changed = True
        if isinstance(judgement.entry, entries.Epoch):
            held.begin_epoch(version, judgement)
            self._load_keys(held)  # one made here, whose wraps a restore has lost
        return _Judged(version, seq, judgement, None, judgement.account, accuses)

    def _refused(
        self, held: Held, version: Version, seq: int | None, error: EnidError
    ) -> _Judged:
        """It waits, or is skipped. In a circle's log there is nothing to wait for."""
        header = version.header
        early = isinstance(error, Unknown) or _follows_waiting(held, version)
        if early and held.space.kind is not SpaceKind.CIRCLE:
            _let_wait(held, version)
            return _Judged(version, seq, None, WAITING)
        author = self._signer(held, version)
        if author and error.code != GAP:
            held.fresh_tips[header.device] = (header.n, version.id)
        return _Judged(version, seq, None, error.code, author)

    def _signer(self, held: Held, version: Version) -> bytes | None:
        """Whose a refused version is; what nobody signed here moves no chain."""
        header = version.header
        try:
            seated = held.membership.device(header.device)
            signing.verify(
                header.suite, seated.key, labels.SIGN_VERSION, version.id,
                version.signature,
            )  # fmt: skip
        except EnidError:
            return None
        return seated.account if header.space == held.id else None

    def _accused(
        self, held: Held, version: Version, judged: Judgement, seq: int | None, inc: int
    ) -> str | None:
        """What a valid version still says against the server or its author."""
        header, epoch = version.header, held.epoch
        view, place = header.view, seq or 0
        seen = view.seq < place and held.head_at(view.seq) == view.head
        if place and view.inc == inc and not seen:
            return "view_mismatch"  # its author was shown another log (SEC-24)
        if isinstance(judged.entry, entries.Epoch):
            listed = {row[0] for row in judged.entry.tips}
            omitted = any(held.tip(d)[0] for d in held.lost_by(judged.entry) - listed)
            return "tips_omitted" if omitted else None
        late = bool(header.rule and epoch and header.epoch < epoch.number)
        known = late and header.view.inc == inc and self._stands_before(held, seq, inc)
        return "stale_epoch" if known else None

    def _stands_before(self, held: Held, seq: int | None, inc: int) -> bool:
        """Whether the newest epoch stands before a place of this log.

        After a restore it may be known and not be back yet.
        """
        row = self.store.one(
            "SELECT seq FROM version WHERE space = ? AND id = ?",
            held.id, held.epoch.id if held.epoch else b"",
        )  # fmt: skip
        if row is None:
            return True  # it came in this very page
        same = self.cursor(held.id).inc == inc
        return bool(same and row[0] and seq and row[0] < seq)

    def _keep(self, held: Held, one: _Judged) -> None:
        version, header, judged = one.version, one.version.header, one.judgement
        head = held.head_at(one.seq) if one.seq else None
        self.store.run(
            "INSERT OR REPLACE INTO version (space, id, seq, header, signature, body,"
            " body_hash, device, n, account, record, control, code, head)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            held.id, version.id, one.seq, version.raw, version.signature, version.body,
            version.body_hash, header.device, header.n, one.author,
            judged.record if judged else None, header.rule == 0, one.code, head,
        )  # fmt: skip

    def _note(self, held: Held, one: _Judged, now: int) -> None:
        """Freeze a circle on an invalid entry; remember what accuses the server."""
        header = one.version.header
        if one.accuses:
            self.store.raise_alarm(now, held.id, one.accuses)
        if one.code in (None, WAITING):
            return
        if header.rule == 0:
            self.store.run(
                "UPDATE space SET frozen = ? WHERE circle = ?",
                one.code, held.space.circle,
            )  # fmt: skip
        self.store.raise_alarm(now, held.id, one.code or "")

    def _set_aside(self, space: bytes, now: int) -> None:
        """A new incarnation: nothing is in its log until it is seen there."""
        delay = int.from_bytes(self.random(2), "big") % 31
        self.store.run("UPDATE version SET seq = NULL WHERE space = ?", space)
        self.store.run(
            "UPDATE version SET tries = 0 WHERE space = ? AND tries > 0", space
        )
        self.store.run(
            "UPDATE space SET repair_at = ? WHERE id = ?", now + delay, space
        )

    def _place_again(self, held: Held, version: Version, seq: int) -> None:
        self.store.run(
            "UPDATE version SET seq = ?, head = ?, body = coalesce(body, ?)"
            " WHERE space = ? AND id = ?",
            seq, held.head_at(seq), version.body, held.id, version.id,
        )  # fmt: skip

    def _move_cursor(
        self, space: bytes, cursor: View, versions: list[Version], now: int
    ) -> None:
        self.store.run(
            "UPDATE space SET inc = ?, seq = ?, head = ?, checked_at = ? WHERE id = ?",
            cursor.inc, cursor.seq, cursor.head, now, space,
        )  # fmt: skip
        for version in versions:  # seen in the verified log: only now is it sent
            row = self.store.one(
                "SELECT n, editor FROM outbox WHERE space = ? AND id = ?",
                space, version.id,
            )  # fmt: skip
            if row:
                self.store.run("DELETE FROM outbox WHERE n = ?", row[0])
            for name in (local_name(row[0]), row[1]) if row else ():
                if name:
                    self.store.run(
                        "INSERT OR REPLACE INTO editor VALUES (?, ?)", name, version.id
                    )

    def _try_waiting(self, held: Held, now: int) -> None:
        """Judge again what waited for an author, a parent or an epoch."""
        if held.space.kind is SpaceKind.CIRCLE:
            spaces = [h for h in self.spaces.values()
                      if h.space.circle == held.space.circle]  # fmt: skip
        else:
            spaces = [held]
        for one in spaces:
            if one.waiting:
                self._judge_again(one, now)

    def _judge_again(self, held: Held, now: int) -> None:
        waiting = list(self._versions(held.id, f"code = '{WAITING}'"))
        held.waiting.clear()
        judged = [self._judge(held, version, None) for version in waiting]
        with self.store.write():
            for one in judged:
                if one.code != WAITING:
                    self._settle(held, one, now)

    def _settle(self, held: Held, one: _Judged, now: int) -> None:
        judged = one.judgement
        self.store.run(
            "UPDATE version SET code = ?, account = ?, record = ?"
            " WHERE space = ? AND id = ?",
            one.code, one.author, judged.record if judged else None,
            held.id, one.version.id,
        )  # fmt: skip
        self._note(held, one, now)

    def adopt(self, what: Space, version: Version) -> Held:
        """Keep a genesis made here; the server gets it like anything it lacks."""
        held = self._hold(what.id, what)
        judged = self._judge(held, version, None)
        if judged.code:
            raise AfterPull(judged.code, "the new circle is not valid")
        try:
            with self.store.write():
                self.store.add_space(held.id, what.circle, what.kind, what.subject)
                self._keep(held, judged)
                self.store.run("UPDATE space SET repair_at = 0 WHERE id = ?", held.id)
        except BaseException:
            self._reload()  # a circle that only memory knows would be lost later
            raise
        return held

    def ensure(self, what: Space) -> Held:
        """The space, held from now on even if its log is still empty."""
        if what.id not in self.spaces:
            with self.store.write():
                self.store.add_space(what.id, what.circle, what.kind, what.subject)
            self._hold(what.id, what)
        return self.spaces[what.id]

    # -- keys -------------------------------------------------------------

    def stored_key(self, held: Held, kid: bytes, number: int) -> EpochKey:
        """A key made here whose epoch has not been seen in the log yet."""
        row = self.store.one(
            "SELECT sealed FROM key WHERE space = ? AND kid = ?", held.id, kid
        )
        if row is None:
            raise NoKey(detail="the key of a batched epoch is missing")
        secret = open_box(self.local_key, self._key_context(held.id, kid), row[0])
        return EpochKey(self.suite, held.id, number, secret)

    def keep_key(self, held: Held, key: EpochKey) -> None:
        """Make an epoch key durable, sealed under the local key."""
        context = self._key_context(held.id, key.kid)
        salt = self.random(sealing.SALT_BYTES)
        sealed = salt + sealing.seal(self.local_key, salt, context, key.secret)
        self.store.run(
            "INSERT OR REPLACE INTO key VALUES (?, ?, ?)", held.id, key.kid, sealed
        )

    def take_wraps(
        self, space: bytes, wraps: Sequence[tuple[bytes, bytes]], now: int
    ) -> bool:
        """Take own wraps and what they carry; whether a key was gained.

        Raises an alarm when none of an epoch's wraps is its committed key (SEC-11).
        """
        held = self.spaces.get(space)
        if held is None:
            return False
        before = set(held.ring.keys)
        for kid, wrapped in wraps:
            held.ring.take_wrap(self.wrap_seed, self.account, kid, wrapped)
        if any(held.ring.lacks(kid) for kid, _ in wraps):
            with self.store.write():
                self.store.raise_alarm(now, space, "unopened")
        return self._gained(held, before)

    def take_secrets(self, held: Held, secrets: Iterable[tuple[bytes, bytes]]) -> bool:
        """Take keys that came sealed in a record; whether one was gained."""
        before = set(held.ring.keys)
        for kid, secret in secrets:
            held.ring.take_secret(kid, secret)
        return self._gained(held, before)

    def _gained(self, held: Held, before: set[bytes]) -> bool:
        while held.ring.take_carried():
            pass
        gained = set(held.ring.keys) - before
        with self.store.write():
            for kid in gained:
                self.keep_key(held, held.ring.keys[kid])
        self.changed = self.changed or bool(gained)
        return bool(gained)

    # -- reading ----------------------------------------------------------

    def heads(self, space: bytes) -> dict[RecordKey, list[Opened]]:
        """The versions of each record that nothing newer replaces.

        Versions without a key yet, or misplaced types, are left out;
        ``unreadable`` counts them.
        """
        held = self.spaces.get(space)
        if held is None:
            return {}
        counted: dict[bytes, tuple[Version, bytes, bytes]] = {}
        replaced: set[tuple[RecordKey, bytes]] = set()
        for version, judged in self._contents(held):
            if still_counts(version, judged, held):
                counted[version.id] = (version, judged.account, judged.record)
                replaced |= {(judged.record, p) for p in version.header.parents}
        heads: dict[RecordKey, list[Opened]] = {}
        for identity, (version, account, record) in counted.items():
            if (record, identity) not in replaced:
                opened = self.open(held, version, account, record)
                if opened:
                    heads.setdefault(record, []).append(opened)
        return heads

    def _contents(self, held: Held) -> Iterator[tuple[Version, Judgement]]:
        rows = self.store.all(
            "SELECT header, signature, body, body_hash, account, record FROM version"
            " WHERE space = ? AND control = 0 AND code IS NULL ORDER BY ord",
            held.id,
        )
        for *parts, account, record in rows:
            yield envelope.parse(*parts), Judgement(account, record)

    def open(
        self, held: Held, version: Version, account: bytes, record: RecordKey
    ) -> Opened | None:
        """Open one version, or ``None`` when it cannot be read or is misplaced."""
        parents = version.header.parents
        if version.header.deleted:
            return Opened(version.id, account, record, parents, None)
        try:
            content = self._content(held, version)
        except (NoKey, Unopened, BadRecord):
            return None
        if isinstance(content, records.Record):
            kind, rule = held.space.kind.name.lower(), version.header.rule.name.lower()
            roles = role_names(held.membership.accounts[account].ever)
            fits = _concerns(content, held, account)
            if not fits or not records.accepted(content.type, kind, rule, roles):
                return None
        return Opened(version.id, account, record, parents, content)

    def _content(
        self, held: Held, version: Version
    ) -> records.Record | records.Unknown:
        if version.id not in self._opened:
            key = held.ring.key(version.header.kid)
            self._opened[version.id] = records.load(sealing.open_content(version, key))
        return self._opened[version.id]

    def unreadable(self, space: bytes) -> dict[str, int]:
        """How many versions of a space are skipped or wait, by code."""
        rows = self.store.all(
            "SELECT code, count(*) FROM version WHERE space = ? AND code IS NOT NULL"
            " GROUP BY code",
            space,
        )
        return dict(rows)


_OWN_THREAD = ("apology", "agreement")
_OWN_NAME = ("apology_flag", "sitting")


def _concerns(content: records.Record, held: Held, account: bytes) -> bool:
    """Whether a record speaks of the person whom its author and its thread allow."""
    author = held.membership.accounts[account].person
    if content.type in _OWN_THREAD:
        return author == held.space.subject
    if content.type in _OWN_NAME:
        return bool(content.fields["person"] == author)
    if content.type == "statement":
        return bool(content.fields["person"] == held.space.subject)
    return True


def local_name(n: int) -> bytes:
    """What an intent in the outbox is called until its version has been seen."""
    return b"outbox" + n.to_bytes(8, "big")


def _let_wait(held: Held, version: Version) -> None:
    """The device's later versions wait too, and the epochs that follow this one."""
    held.waiting.add(version.header.device)
    if version.header.rule is Rule.CONTROL:
        held.waiting.add(version.id)


def _follows_waiting(held: Held, version: Version) -> bool:
    if version.header.rule is not Rule.CONTROL or not held.waiting:
        return False
    entry = entries.decode(version.body or b"")
    return isinstance(entry, entries.Epoch) and entry.after in held.waiting


def role_names(roles: Role) -> set[str]:
    """Roles as the words of the table of types."""
    return {role.name.lower() for role in Role if role and role & roles and role.name}


def _from_wire(row: list[Any]) -> Version:
    header, signature, body, *rest = row
    return envelope.parse(
        unb64(header), unb64(signature), None if body is None else unb64(body),
        unb64(rest[0]) if rest else None,
    )  # fmt: skip
