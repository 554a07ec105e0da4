"""Records as people see them: the heads of each joined into one (PROTOCOL 9, 14.4).

Two people who changed one record apart from each other have left two heads. Where
they changed different fields, both changes stand; where they changed the same one,
both values are shown, and a newer version that names both heads settles it. Reads
the verified log with the outbox on top; writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync import envelope
from sync.check import Space
from sync.encoding import sha256
from sync.envelope import RecordKey
from sync.outbox import Outbox
from sync.records import Record
from sync.replica import Held, Opened

_ABSENT = object()


@dataclass(frozen=True)
class Item:
    """One record.

    Attributes:
        rec: 16 bytes, its name.
        account: who wrote its newest heads (the first, when several did).
        base: ids of the heads; what a next version is written on.
        differ: for each field that heads disagree about, all its values.
        pending: whether something of it is not sent yet.
    """

    space: Space
    rec: bytes
    account: bytes
    type: str
    fields: Mapping[str, Any]
    base: tuple[bytes, ...]
    differ: Mapping[str, tuple[Any, ...]]
    pending: bool


def items(outbox: Outbox, held: Held, record_type: str) -> list[Item]:
    """All records of a type in a space, in the order of their names."""
    found = [
        _item(outbox, held, key, heads, record_type)
        for key, heads in sorted(outbox.overlay(held).items())
        if any(is_of(head, record_type) for head in heads)
    ]
    return [item for item in found if item]


def editor_of(what: Space, key: RecordKey) -> bytes:
    """The editor of a record that has one form on this device, 16 bytes."""
    return sha256(b"editor", what.id, key)[:16]


def is_of(head: Opened, record_type: str) -> bool:
    """Whether a version holds a record of this type."""
    return isinstance(head.content, Record) and head.content.type == record_type


def _item(
    outbox: Outbox, held: Held, key: RecordKey, heads: Sequence[Opened], kind: str
) -> Item | None:
    mine = sorted((h for h in heads if is_of(h, kind)), key=lambda h: (h.account, h.id))
    sides = [h.content.fields for h in mine if isinstance(h.content, Record)]
    base = Lineage(outbox, held, key, heads).base_fields() if len(sides) > 1 else None
    fields, differ = joined(base, sides)
    seen = tuple(h.id for h in heads if h.content is None or h in mine)
    return Item(
        held.space, key[-16:], mine[0].account, kind, fields, seen, differ,
        any(h.pending for h in heads),
    )  # fmt: skip


class Lineage:
    """What the heads of one record come from."""

    def __init__(
        self, outbox: Outbox, held: Held, key: RecordKey, heads: Iterable[Opened]
    ) -> None:
        self.outbox, self.held, self.key = outbox, held, key
        self.heads = list(heads)
        rows = outbox.store.all(
            "SELECT header, signature, body, body_hash, account FROM version"
            " WHERE space = ? AND record = ? AND control = 0 AND code IS NULL",
            held.id, key,
        )  # fmt: skip
        self.accounts = [row[-1] for row in rows]
        self.versions = {v.id: v for v in (envelope.parse(*row[:-1]) for row in rows)}
        self.author = dict(zip(self.versions, self.accounts, strict=True))
        self.parents = {i: v.header.parents for i, v in self.versions.items()}
        self.parents |= {head.id: head.parents for head in self.heads}

    def base_fields(self) -> Mapping[str, Any] | None:
        """The fields of the one version that all heads come from, if it is held."""
        nearest = self._nearest()
        if nearest is None or nearest not in self.versions:
            return None
        opened = self.outbox.replica.open(
            self.held, self.versions[nearest], self.author[nearest], self.key
        )
        content = opened.content if opened else None
        return content.fields if isinstance(content, Record) else None

    def _nearest(self) -> bytes | None:
        lines = [self._ancestors(head.id) for head in self.heads]
        shared = set.intersection(*lines)
        older = {each for one in shared for each in self._ancestors(one)}
        nearest = shared - older
        return nearest.pop() if len(nearest) == 1 else None

    def _ancestors(self, version: bytes) -> set[bytes]:
        found: set[bytes] = set()
        ahead = list(self.parents.get(version, ()))
        while ahead:
            one = ahead.pop()
            if one not in found:
                found.add(one)
                ahead += self.parents.get(one, ())
        return found


def joined(
    base: Mapping[str, Any] | None, sides: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], dict[str, tuple[Any, ...]]]:
    """Join versions of one record field by field.

    Args:
        base: what all of them were made from; ``None`` when it is not held.
        sides: their fields, in an order that every device shares.

    Returns:
        The fields, and all values of each field on which two sides disagree; the
        first of them stands among the fields meanwhile.
    """
    fields: dict[str, Any] = {}
    differ: dict[str, tuple[Any, ...]] = {}
    for name in sorted({name for side in sides for name in side}):
        values = _standing(base, sides, name)
        if name == "changes":
            values = [_told_once(values)]
        if len(values) > 1:
            shown = tuple(None if v is _ABSENT else v for v in values)
            differ[name] = shown
        if values[0] is not _ABSENT:
            fields[name] = values[0]
    return fields, differ


def _standing(
    base: Mapping[str, Any] | None, sides: Sequence[Mapping[str, Any]], name: str
) -> list[Any]:
    values: list[Any] = []
    for side in sides:
        if side.get(name, _ABSENT) not in values:
            values.append(side.get(name, _ABSENT))
    if base is None or len(values) == 1:
        return values
    old = base.get(name, _ABSENT)
    return [value for value in values if value != old]


def _told_once(values: Sequence[Any]) -> tuple[Any, ...]:
    """The changes of a session that two people told apart from each other."""
    told: list[Any] = []
    for rows in values:
        told += [row for row in (() if rows is _ABSENT else rows) if row not in told]
    return tuple(sorted(told, key=lambda row: (row["at"], row["what"])))
