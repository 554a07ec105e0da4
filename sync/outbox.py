"""Intents, and the batch that they are sealed into at send (PROTOCOL 14.3).

A person's act becomes an intent, sealed under the device's local key, in one
transaction. ``seal_batch`` turns intents into versions under the newest epoch; a
sealed batch is sent byte for byte until it has a definite answer, and a row leaves
only in the transaction that stores the verified page holding it (``sync.replica``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sync import entries, envelope, labels, records, sealing, signing
from sync.check import Space
from sync.encoding import b64, unb64
from sync.envelope import Header, RecordKey, Version, View, record_key
from sync.errors import BadRecord, NoKey
from sync.invitations import open_box, seal_box
from sync.kinds import SPACES, ZERO16, ZERO32, Rule, SpaceKind
from sync.membership import Account, Membership, certify, device_id
from sync.replica import Held, Opened, Replica, local_name
from sync.sealing import Context, EpochKey

SPACE_VERSIONS_MAX, REQUEST_VERSIONS_MAX = 64, 256
BATCH_BYTES_MAX = 350_000  # with packs, wraps and base64 less than 1 MiB


@dataclass(frozen=True)
class Intent:
    """What somebody wants written: a content, a deletion or a control entry."""

    rule: Rule
    rec: bytes = ZERO16
    content: bytes | None = None
    base: tuple[bytes, ...] = ()
    least: int = 256
    entry: bytes = b""

    def to_json(self) -> bytes:
        """For the outbox only."""
        content = None if self.content is None else b64(self.content)
        return json.dumps(
            [int(self.rule), b64(self.rec), content, [b64(b) for b in self.base],
             self.least, b64(self.entry)]
        ).encode()  # fmt: skip

    @classmethod
    def from_json(cls, data: bytes) -> Intent:
        """The inverse of ``to_json``."""
        rule, rec, content, base, least, entry = json.loads(data)
        return cls(
            Rule(rule), unb64(rec), None if content is None else unb64(content),
            tuple(unb64(b) for b in base), least, unb64(entry),
        )  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row of the outbox."""

    n: int
    space: bytes
    intent: Intent
    editor: bytes | None
    derived: str | None
    id: bytes | None
    code: str | None


class Outbox:
    """What is not yet in the verified log.

    Args:
        seed: the device's signing seed; its public key must stand in each log.
    """

    def __init__(self, replica: Replica, seed: bytes) -> None:
        self.replica, self.store, self.random = replica, replica.store, replica.random
        self.suite, self.identity = replica.suite, replica.identity
        self.seed, self.rights = seed, True
        self.device_key = signing.public_key(self.suite, seed)
        self.device = replica.device = device_id(self.device_key)
        self.local = Context(self.suite, labels.LOCAL, b"intent")
        self._intents: dict[bytes, Intent] = {}

    # -- intents ----------------------------------------------------------

    def write(self, what: Space, intent: Intent, editor: bytes) -> int:
        """Keep an intent durably; one of the same editor that waits is replaced.

        Args:
            editor: 16 bytes that name where it was typed; two tabs are two editors.
        """
        held = self.replica.ensure(what)
        with self.store.write():
            waiting = self._unsealed_of(held.id, editor, intent)
            if waiting is None:
                return self._insert(held.id, intent, editor, None)
            base = tuple(dict.fromkeys((*waiting.intent.base, *intent.base)))
            merged = replace(intent, base=base)
            # Under a new number: what another tab was opened on must not change.
            self.store.run("DELETE FROM outbox WHERE n = ?", waiting.n)
            return self._insert(held.id, merged, editor, None)

    def write_entry(self, held: Held, entry: entries.Entry) -> int:
        """Keep the intent to write a control entry in a circle's log."""
        intent = Intent(Rule.CONTROL, entry=entries.encode(entry))
        with self.store.write():
            return self._insert(held.id, intent, None, None)

    def want(self, held: Held, derived: str) -> None:
        """Ask for a derived entry (``epoch`` or ``device``) unless asked before."""
        if self.store.one(
            "SELECT 1 FROM outbox WHERE space = ? AND derived = ?", held.id, derived
        ):
            return
        with self.store.write():
            self._insert(held.id, Intent(Rule.CONTROL), None, derived)

    def _unsealed_of(self, space: bytes, editor: bytes, intent: Intent) -> Row | None:
        mine = self.rows(space, editor)
        last = mine[-1] if mine else None
        same = last and (last.intent.rule, last.intent.rec) == (intent.rule, intent.rec)
        return last if last and same and last.id is None and last.code is None else None

    def _insert(
        self, space: bytes, intent: Intent, editor: bytes | None, derived: str | None
    ) -> int:
        return self.store.run(
            "INSERT INTO outbox (space, intent, editor, derived) VALUES (?, ?, ?, ?)",
            space, self._seal_local(intent), editor, derived,
        )  # fmt: skip

    def _seal_local(self, intent: Intent) -> bytes:
        secret = self.replica.local_key
        return seal_box(secret, self.local, intent.to_json(), self.random)

    def rows(
        self, space: bytes | None = None, editor: bytes | None = None
    ) -> list[Row]:
        """Rows in order: of one space, of one editor, or all."""
        found = self.store.all(
            "SELECT n, space, intent, editor, derived, id, code FROM outbox"
            f" WHERE {'TRUE' if space is None else 'space = ?'}"
            f" AND {'TRUE' if editor is None else 'editor = ?'} ORDER BY n",
            *(value for value in (space, editor) if value is not None),
        )
        return [self._row(*row) for row in found]

    def _row(self, n: int, space: bytes, sealed: bytes, *rest: Any) -> Row:
        if sealed not in self._intents:
            opened = open_box(self.replica.local_key, self.local, sealed)
            self._intents[sealed] = Intent.from_json(opened)
        return Row(n, space, self._intents[sealed], *rest)

    # -- what the screen shows --------------------------------------------

    def overlay(self, held: Held) -> dict[RecordKey, list[Opened]]:
        """The records of a space with the intents on top: one fold, not two."""
        heads = self.replica.heads(held.id)
        shown: dict[int, Row] = {}
        for row in self.rows(held.id):
            if row.intent.rule is Rule.CONTROL:
                continue
            key = record_key(row.intent.rule, self.replica.account, row.intent.rec)
            gone = set(self._parents(row, shown.values()))
            kept = [o for o in heads.get(key, []) if o.id not in gone]
            shown[row.n] = row
            try:
                heads[key] = [*kept, self._as_opened(row, key)]
            except BadRecord:
                continue  # a faulty program wrote it; it hides nothing else
        return heads

    def _as_opened(self, row: Row, key: RecordKey) -> Opened:
        content = row.intent.content
        opened = None if content is None else records.load(content)
        name = local_name(row.n)  # its version id changes when it is sealed anew
        return Opened(name, self.replica.account, key, row.intent.base, opened, True)

    def _parents(self, row: Row, before: Iterable[Row]) -> list[bytes]:
        """The editor's base, and its own version before this one."""
        own = [local_name(b.n) for b in before if b.editor and b.editor == row.editor]
        named = [*(own[-1:] or [row.editor or b""]), *row.intent.base]
        found = (self._verified(name) for name in named)
        return [name for name in dict.fromkeys(found) if name]

    def _verified(self, name: bytes) -> bytes:
        """The version that a local name or an editor stands for, once it was seen."""
        row = self.store.one("SELECT last FROM editor WHERE id = ?", name)
        return row[0] if row else name

    # -- sealing ----------------------------------------------------------

    def seal_batch(self, rights: bool = True) -> None:
        """Seal what can be sealed now, logs first, within the limits of a request.

        A row whose key, seat or device is not there yet stays as it is; so do
        changes of rights unless ``rights`` (a server just restored refuses them).
        """
        self.rights = rights
        spaces = sorted(
            self._unsealed_spaces(),
            key=lambda s: self.replica.spaces[s].space.kind != SpaceKind.CIRCLE,
        )
        for space in spaces:
            held = self.replica.spaces[space]
            if not self.replica.frozen(held.space.circle):
                with self.store.write():
                    self._seal_space(held)

    def _unsealed_spaces(self) -> set[bytes]:
        rows = self.store.all(
            "SELECT DISTINCT space FROM outbox WHERE id IS NULL AND code IS NULL"
        )
        return {row[0] for row in rows}

    def _seal_space(self, held: Held) -> None:
        rows = self.rows(held.id)
        room = SPACE_VERSIONS_MAX - sum(r.id is not None for r in rows)
        rows.sort(key=lambda r: (r.derived != "device", r.derived != "epoch", r.n))
        for row in rows:
            if room <= 0 or self._batched() >= REQUEST_VERSIONS_MAX:
                return
            if row.id is not None or row.code is not None:
                continue
            try:
                if self._is_denied(held, row):
                    self.to_tray(row.n, "role_denied")
                elif self._is_moot(held, row):
                    self.store.run("DELETE FROM outbox WHERE n = ?", row.n)
                else:
                    room -= self._seal_row(held, row)
            except NoKey:
                continue  # waits for a key, a seat or a person's word

    def _is_denied(self, held: Held, row: Row) -> bool:
        """Whether the log took the right to write this away after it was written."""
        membership, what = held.membership, held.space
        mine = membership.accounts.get(self.replica.account)
        if mine is None or row.intent.rule is Rule.CONTROL:
            return False
        return not membership.may_write(
            mine, mine.roles, what.kind, what.subject, row.intent.rule
        )

    def _is_moot(self, held: Held, row: Row) -> bool:
        """What was asked for has happened meanwhile, by somebody else's act."""
        membership = held.membership
        if row.derived == "device":
            return self.device in membership.devices
        if row.derived == "epoch":
            return not (self.newcomers(held) or held.ring.is_due(membership))
        if row.intent.rule is not Rule.CONTROL or not membership.length:
            return False
        entry = entries.decode(row.intent.entry)
        if not isinstance(entry, entries.Removal):
            return False
        if entry.what == entries.REMOVE_DEVICE:
            device = membership.devices.get(entry.subject)
            return device is not None and device.revoked
        account = membership.accounts.get(entry.subject)
        return account is not None and not account.roles

    def newcomers(self, held: Held, own_act: bool = False) -> set[bytes]:
        """Recipients whom the newest epoch does not name, where none is carried."""
        newest = held.ring.newest
        if newest is None or SPACES[held.space.kind].carried:
            return set()
        return {a.id for a in self.recipients(held, own_act)} - newest.entry.accounts

    def _batched(self) -> int:
        row = self.store.one(
            "SELECT count(*), coalesce(sum(length(body)), 0) FROM outbox"
            " WHERE id IS NOT NULL"
        )
        count, size = row or (0, 0)
        return REQUEST_VERSIONS_MAX if size > BATCH_BYTES_MAX else int(count)

    def _seal_row(self, held: Held, row: Row) -> int:
        if held.space.kind is SpaceKind.CIRCLE:
            self._seal_entry(held, row)
            return 1
        self._must_be_seated(held)
        if row.derived == "epoch":
            self._must_have_rights()
            self._begin_epoch(held, row.n)
            return 1
        extra = self._rotate_if_due(held, own_act=True)
        key = self._writing_key(held)
        header = self._header(held, row.intent, key)
        content = row.intent.content
        header = replace(
            header,
            flags=envelope.DELETED if content is None else 0,
            parents=self._sealed_parents(held, row),
        )
        body = b"" if content is None else self._seal_content(held, header, key, row)
        self._keep_sealed(row.n, header, body)
        return 1 + extra

    def _seal_content(
        self, held: Held, header: Header, key: EpochKey, row: Row
    ) -> bytes:
        least = row.intent.least
        if header.rule is Rule.OWN:
            least = max(least, SPACES[held.space.kind].least)
        return sealing.seal_content(header, key, row.intent.content or b"", least)

    def _sealed_parents(self, held: Held, row: Row) -> tuple[bytes, ...]:
        mine = self.rows(held.id, row.editor) if row.editor else []
        before = [r for r in mine if r.n < row.n and r.id]
        sealed = dict(self._sealed_names(held.id, row.n))
        parents = (sealed.get(p) or p for p in self._parents(row, before))
        known = [p for p in parents if p in sealed.values() or held.record_of(p)]
        return tuple(sorted(known[: envelope.PARENTS_MAX]))

    def _sealed_names(self, space: bytes, before: int) -> Iterator[tuple[bytes, bytes]]:
        """Local name and version id of the rows sealed before one."""
        for n, identity in self.store.all(
            "SELECT n, id FROM outbox WHERE space = ? AND n < ? AND id IS NOT NULL",
            space, before,
        ):  # fmt: skip
            yield local_name(n), identity

    def _seal_entry(self, held: Held, row: Row) -> None:
        membership = held.membership
        entry = self._entry(membership, row)
        if not isinstance(entry, entries.Join | entries.Device):
            self._must_be_seated(held)
        if isinstance(entry, entries.Removal | entries.SetRoles):
            self._must_have_rights()
            entry = replace(entry, after=membership.last_change)
        header = self._header(held, row.intent, None)
        self._keep_sealed(row.n, header, entries.encode(entry))

    def _entry(self, membership: Membership, row: Row) -> entries.Entry:
        if row.derived != "device":
            return entries.decode(row.intent.entry)
        account = self.replica.account
        certificate = certify(
            self.suite, self.identity.sign_seed, account, self.device_key
        )
        return entries.Device(account, self.device_key, certificate)

    def _must_be_seated(self, held: Held) -> None:
        """The device stands in the log, or its entry goes out in this batch."""
        if self.device in held.membership.devices:
            return
        log = self.replica.log_of(held.space.circle)
        if not self.store.one(
            "SELECT 1 FROM outbox WHERE space = ? AND derived = 'device'"
            " AND id IS NOT NULL",
            log.id,
        ):
            raise NoKey("not_seated", "this device is not in the circle's log yet")

    def _must_have_rights(self) -> None:
        if not self.rights:
            raise NoKey("restoring", "the server takes no change of rights yet")

    # -- epochs -----------------------------------------------------------

    def _batched_epoch(self, held: Held) -> Header | None:
        row = self.store.one(
            "SELECT header FROM outbox WHERE space = ? AND derived = 'epoch'"
            " AND id IS NOT NULL",
            held.id,
        )
        return envelope.parse_header(row[0]) if row else None

    def _rotate_if_due(self, held: Held, own_act: bool = False) -> int:
        if self._batched_epoch(held) or not self.rights:
            return 0
        ring, what = held.ring, held.space
        mine = held.membership.accounts.get(self.replica.account)
        permitted = mine and held.membership.may_rotate(
            mine, mine.roles, what.kind, what.subject
        )
        due = not ring.newest or ring.is_due(held.membership)
        due = due or (self._is_own(held) and bool(self.newcomers(held, own_act)))
        if not permitted or not due:
            return 0
        if ring.newest and not self._may_replace(held):
            return 0
        n = self._insert(held.id, Intent(Rule.CONTROL), None, "epoch")
        self._begin_epoch(held, n, own_act)
        return 1

    def _may_replace(self, held: Held) -> bool:
        """A proof can be given, or none is needed."""
        newest, ring, what = held.ring.newest, held.ring, held.space
        if newest is None or newest.mark.kid in ring.keys or self._is_own(held):
            return True
        readers = held.membership.readers(what.kind, what.subject)
        return newest.entry.accounts.isdisjoint(readers)  # nobody is left who could

    def _is_own(self, held: Held) -> bool:
        account, person = self.replica.account, held.space.subject
        thread = held.space.kind is SpaceKind.THREAD
        return thread and held.membership.acts_for(account, person)

    def recipients(self, held: Held, own_act: bool = False) -> list[Account]:
        """Whom the next epoch of a space is wrapped to (PROTOCOL 6.5).

        ``own_act``: the person writes in their own thread, with the readers' names
        on the screen, and so admits every leader.
        """
        what = held.space
        readers = held.membership.readers(what.kind, what.subject)
        if SPACES[what.kind].automatic or (own_act and self._is_own(held)):
            return list(readers.values())
        newest = held.ring.newest
        known = set(newest.entry.accounts) if newest else set()
        known |= {self.replica.account} | self._confirmed(what.circle)
        person = held.membership.acting(what.subject)
        if what.kind is SpaceKind.THREAD and person:
            known.add(person.id)
        return [a for a in readers.values() if a.id in known]

    def _confirmed(self, circle: bytes) -> set[bytes]:
        rows = self.store.all("SELECT subject FROM confirmed WHERE circle = ?", circle)
        return {row[0] for row in rows}

    def _begin_epoch(self, held: Held, n: int, own_act: bool = False) -> None:
        membership, what = held.membership, held.space
        since = held.epoch.membership if held.epoch else ZERO32
        lost = membership.lost(since, membership.last_change, what.kind, what.subject)
        tips = [(d, *held.tip(d)) for d in lost if held.tip(d)[0]]
        entry, key, wraps = held.ring.next_epoch(
            membership, self.recipients(held, own_act), tips, self.random
        )
        self.replica.keep_key(held, key)
        for account, wrapped in wraps:
            self.store.run(
                "INSERT OR REPLACE INTO wrap_out VALUES (?, ?, ?, ?)",
                held.id, key.kid, account, wrapped,
            )  # fmt: skip
        header = self._header(held, Intent(Rule.CONTROL), key)
        self._keep_sealed(n, header, entries.encode(entry))

    def _writing_key(self, held: Held) -> EpochKey:
        batched = self._batched_epoch(held)
        if batched:
            return self.replica.stored_key(held, batched.kid, batched.epoch)
        return held.ring.writable(held.membership)

    # -- one version ------------------------------------------------------

    def _header(self, held: Held, intent: Intent, key: EpochKey | None) -> Header:
        n, prev = self._own_tip(held)
        view = self.replica.cursor(held.id)
        if not view.inc:  # nothing seen of this space, but of this server
            view = View(self.store.meta("inc") or 0)
        return Header(
            self.suite, held.id, key.number if key else 0,
            key.kid if key else bytes(8), intent.rule, 0, intent.rec, self.device,
            n + 1, prev, view, (), self.random(24),
        )  # fmt: skip

    def _own_tip(self, held: Held) -> tuple[int, bytes]:
        row = self.store.one(
            "SELECT chain, id FROM outbox WHERE space = ? AND id IS NOT NULL"
            " ORDER BY chain DESC LIMIT 1",
            held.id,
        )
        tip = held.tip(self.device)
        return (row[0], row[1]) if row and row[0] > tip[0] else tip

    def build(self, header: Header, body: bytes) -> Version:
        """Sign a version with the device key."""
        return envelope.build(
            header, body,
            lambda i: signing.sign(self.suite, self.seed, labels.SIGN_VERSION, i),
        )  # fmt: skip

    def _keep_sealed(self, n: int, header: Header, body: bytes) -> None:
        version = self.build(header, body)
        self.store.run(
            "UPDATE outbox SET chain = ?, id = ?, header = ?, signature = ?, body = ?"
            " WHERE n = ?",
            header.n, version.id, version.raw, version.signature, version.body, n,
        )  # fmt: skip

    # -- answers ----------------------------------------------------------

    def batch(self) -> Iterator[tuple[bytes, list[tuple[int, bytes, bytes, bytes]]]]:
        """Sealed rows by space, in the order of the device's chain."""
        spaces = self.store.all("SELECT DISTINCT space FROM outbox WHERE id NOT NULL")
        for (space,) in spaces:
            rows = self.store.all(
                "SELECT n, header, signature, body FROM outbox"
                " WHERE space = ? AND id IS NOT NULL ORDER BY chain",
                space,
            )
            yield space, rows

    def unseal(self, space: bytes, chain: int) -> None:
        """Undo the sealing of a space's rows from ``chain`` on; they were refused."""
        self.replica.changed = True  # what was derived must be asked for again
        epochs = self.store.all(
            "SELECT header FROM outbox WHERE space = ? AND derived = 'epoch'"
            " AND chain >= ?",
            space, chain,
        )  # fmt: skip
        for (header,) in epochs:
            kid = envelope.parse_header(header).kid
            self.store.run(
                "DELETE FROM wrap_out WHERE space = ? AND kid = ?", space, kid
            )
        self.store.run(
            "DELETE FROM outbox WHERE space = ? AND derived IS NOT NULL AND chain >= ?",
            space, chain,
        )  # fmt: skip
        self.store.run(
            "UPDATE outbox SET chain = NULL, id = NULL, header = NULL,"
            " signature = NULL, body = NULL WHERE space = ? AND chain >= ?",
            space, chain,
        )  # fmt: skip

    def to_tray(self, n: int, code: str) -> None:
        """Put one item aside, where its owner can see, export or retry it.

        Its editor may go on meanwhile: what is in the tray follows nothing newer.
        """
        self.store.run("UPDATE outbox SET code = ?, editor = NULL WHERE n = ?", code, n)

    def retry(self, n: int) -> None:
        """Take one item out of the tray and try it again."""
        with self.store.write():
            self.store.run("UPDATE outbox SET code = NULL WHERE n = ?", n)
