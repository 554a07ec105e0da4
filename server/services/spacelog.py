"""One space's log inside one transaction: what ``check`` asks, what is appended.

Loads in two queries what judging a batch needs (known ids, parents and views in
one, the authors' tips in one each) and keeps itself up to date while it appends.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, column, text
from sqlalchemy.sql.selectable import TextualSelect

from sync.check import NO_TIP, EpochMark, Judgement, Space, Tip
from sync.entries import Epoch
from sync.envelope import RecordKey, Version, next_head, parse_header
from sync.kinds import ALL_ROLES, SPACES, ZERO32, SpaceKind
from sync.membership import Membership, space_id

_SPACE = """
SELECT s.space_id, s.circle_id, s.kind, s.subject, s.seq, s.head, s.epoch, s.kid,
       s.epoch_id, s.epoch_membership, l.seq AS log_seq, l.head AS log_head
FROM space s JOIN space l ON l.circle_id = s.circle_id AND l.kind = 0
WHERE s.space_id = :space"""
_FIND = text(_SPACE).columns(
    *map(
        column,
        (
            "space_id", "circle_id", "kind", "subject", "seq", "head", "epoch", "kid",
            "epoch_id", "epoch_membership", "log_seq", "log_head",
        ),
    )
)  # fmt: skip
# On PostgreSQL whoever writes to a space keeps its circle's log from changing, and
# takes the log before the space: otherwise two could wait for each other.
_LOCK_LOG = text(_SPACE + " FOR UPDATE OF s")
_LOCK_SPACE = text(_SPACE + " FOR SHARE OF l FOR UPDATE OF s")
_HOLD_LOG = text(_SPACE + " FOR SHARE OF s")

_TIP = text(
    "SELECT n, id FROM version WHERE space_id = :space AND device_id = :device "
    "ORDER BY n DESC LIMIT 1"
).columns(column("n"), column("id"))
_EPOCHS = text(
    "SELECT header FROM version WHERE space_id = :space AND record = :record"
)
CONTROL = bytes(33)  # the record that every control entry belongs to
_INSERT = text(
    "INSERT INTO version (space_id, seq, id, header, signature, body, body_hash, head,"
    " device_id, n, record, day) VALUES (:space, :seq, :id, :header, :signature, :body,"
    " :body_hash, :head, :device, :n, :record, :day)"
)
_BEGIN = text(
    "INSERT INTO space (space_id, circle_id, kind, subject, readers, seq, head, suite,"
    " epoch, kid, epoch_id, epoch_membership, lacks) VALUES (:space, :circle, :kind,"
    " :subject, :readers, 0, :zeros, :suite, 0, :no_kid, :zeros, :zeros, 0)"
)
_MOVE = text("UPDATE space SET seq = :seq, head = :head WHERE space_id = :space")
_ROTATE = text(
    "UPDATE space SET epoch = :epoch, kid = :kid, epoch_id = :id, "
    "epoch_membership = :membership, lacks = 1 WHERE space_id = :space"
)
_STORE_BODY = text(
    "UPDATE version SET body = :body WHERE space_id = :space AND id = :id"
)


def find(connection: Connection, space: bytes) -> Any:
    """The row of a space, with the head of its circle's log."""
    return connection.execute(_FIND, {"space": space}).first()


def find_to_write(connection: Connection, space: bytes) -> Any:
    """The same, and nobody else writes there until this transaction ends."""
    row = find(connection, space)
    if row is None or connection.dialect.name == "sqlite":
        return row
    lock = _LOCK_SPACE if row.kind else _LOCK_LOG
    connection.execute(lock, {"space": space}).first()
    # What the locking statement returns of a row that it did not lock may be older.
    return find(connection, space)


def find_log(connection: Connection, circle: bytes) -> Any:
    """The row of a circle's log, which does not move until the transaction ends."""
    hold = _FIND if connection.dialect.name == "sqlite" else _HOLD_LOG
    where = {"space": space_id(circle, SpaceKind.CIRCLE)}
    return connection.execute(hold, where).first()


@lru_cache(maxsize=256)
def _known(ids: int, seqs: int) -> TextualSelect:
    # Spelled out for each count: expanding a list costs more than the query.
    by_id = ", ".join(f":id{i}" for i in range(ids))
    by_seq = ", ".join(f":seq{i}" for i in range(seqs))
    columns = "SELECT id, seq, head, record, body IS NULL AS bare FROM version"
    parts = [f"{columns} WHERE space_id = :space AND id IN ({by_id})"]
    if seqs:
        parts.append(f"{columns} WHERE space_id = :space AND seq IN ({by_seq})")
    names = ("id", "seq", "head", "record", "bare")
    return text(" UNION ALL ".join(parts)).columns(*map(column, names))


class SpaceLog:
    """Implements ``sync.check.State`` from the database.

    Attributes:
        seq, head: where the log stands, with what was appended here.
        fresh: whether the space has no row yet; its first version makes one.
    """

    def __init__(
        self, connection: Connection, space: Space, membership: Membership, row: Any
    ) -> None:
        self.connection, self.space, self.membership = connection, space, membership
        self.fresh = row is None
        self.seq: int = row.seq if row else 0
        self.head: bytes = row.head if row else ZERO32
        self.epoch: EpochMark | None = None
        if row and row.epoch:
            self.epoch = EpochMark(
                row.epoch, row.kid, row.epoch_id, row.epoch_membership
            )
        self._tips: dict[bytes, Tip] = {}
        self._records: dict[bytes, RecordKey] = {}
        self._bare: set[bytes] = set()
        self._kids: dict[int, bytes] | None = None
        self._heads: dict[int, bytes | None] = {0: ZERO32, self.seq: self.head}

    def load(self, versions: Sequence[Version], inc: int) -> None:
        """Look up everything that judging these versions will ask for."""
        if self.fresh or not versions:
            return
        ids, seqs = set(), set()
        for version in versions:
            ids |= {version.id, *version.header.parents}
            view = version.header.view
            if view.inc == inc and view.seq not in self._heads:
                seqs.add(view.seq)
        if not ids:  # wraps alone
            return
        wanted: dict[str, Any] = {"space": self.space.id}
        wanted |= {f"id{i}": name for i, name in enumerate(ids)}
        wanted |= {f"seq{i}": seq for i, seq in enumerate(seqs)}
        self._heads.update(dict.fromkeys(seqs))
        for row in self.connection.execute(_known(len(ids), len(seqs)), wanted).all():
            self._heads[row.seq], self._records[row.id] = row.head, row.record
            if row.bare:
                self._bare.add(row.id)

    def knows(self, version: Version) -> bool:
        """Whether a version is in this log already."""
        return version.id in self._records

    # -- what ``check`` asks --------------------------------------------------

    def tip(self, device: bytes) -> Tip:
        if device not in self._tips:
            where = {"space": self.space.id, "device": device}
            row = None if self.fresh else self.connection.execute(_TIP, where).first()
            self._tips[device] = (row.n, row.id) if row else NO_TIP
        return self._tips[device]

    def record_of(self, version: bytes) -> RecordKey | None:
        return self._records.get(version)

    def kid_of(self, epoch: int) -> bytes | None:
        if self.epoch and epoch == self.epoch.number:
            return self.epoch.kid
        if self._kids is None:  # asked only when an epoch begins: was its key used?
            where = {"space": self.space.id, "record": CONTROL}
            rows = self.connection.execute(_EPOCHS, where)
            headers = [parse_header(row.header) for row in rows]
            self._kids = {header.epoch: header.kid for header in headers}
        return self._kids.get(epoch)

    def closed_at(self, device: bytes) -> Tip | None:
        return None

    def head_at(self, seq: int) -> bytes | None:
        return self._heads.get(seq)

    # -- what is written ------------------------------------------------------

    def keep_body(self, version: Version) -> None:
        """A known version comes again: take back a body that was dropped."""
        if version.id in self._bare and version.body is not None:
            where = {"space": self.space.id, "id": version.id}
            self.connection.execute(_STORE_BODY, where | {"body": version.body})

    def append(self, version: Version, judged: Judgement, today: int) -> None:
        """Give a judged version the next place in the log."""
        header = version.header
        if self.fresh:
            self._begin(header.suite)
        self.seq, self.head = self.seq + 1, next_head(self.head, version.id)
        self.connection.execute(
            _INSERT,
            {
                "space": self.space.id, "seq": self.seq, "id": version.id,
                "header": version.raw, "signature": version.signature,
                "body": version.body, "body_hash": version.body_hash,
                "head": self.head, "device": header.device, "n": header.n,
                "record": judged.record, "day": today,
            },
        )  # fmt: skip
        self._tips[header.device] = (header.n, version.id)
        self._records[version.id] = judged.record
        self._heads[self.seq] = self.head
        if isinstance(judged.entry, Epoch):
            self._rotate(version, judged.entry)

    def save(self) -> None:
        """Move the space's row to where the log now stands."""
        where = {"space": self.space.id, "seq": self.seq, "head": self.head}
        self.connection.execute(_MOVE, where)

    def _begin(self, suite: int) -> None:
        kind = self.space.kind
        in_log = kind is SpaceKind.CIRCLE
        readers = ALL_ROLES if in_log else int(SPACES[kind].readers)
        self.connection.execute(
            _BEGIN,
            {
                "space": self.space.id, "circle": self.space.circle, "kind": int(kind),
                "subject": self.space.subject, "readers": readers, "suite": suite,
                "zeros": ZERO32, "no_kid": bytes(8),
            },
        )  # fmt: skip
        self.fresh = False

    def _rotate(self, version: Version, entry: Epoch) -> None:
        header = version.header
        self.epoch = EpochMark(header.epoch, header.kid, version.id, entry.membership)
        self.connection.execute(
            _ROTATE,
            {
                "space": self.space.id, "epoch": header.epoch, "kid": header.kid,
                "id": version.id, "membership": entry.membership,
            },
        )  # fmt: skip
